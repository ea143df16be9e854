"""Meter readings."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from chargepoints import sql
from chargepoints.readings import Measured, Reading, Totals
from chargepoints.services.changes import changed

REGISTER, POWER, SOC = "Energy.Active.Import.Register", "Power.Active.Import", "SoC"
_TOTALLED = frozenset({REGISTER, POWER, SOC})
_AT_THE_OUTLET = frozenset({"", "Outlet", "EV"})

_CHARGES = """
SELECT w.ordinal, g.id, g.state IN ('starting', 'charging', 'paused', 'stopping'), g.metered_at
FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::timestamptz[])
    WITH ORDINALITY AS w (id, number, tx, at, ordinal)
JOIN LATERAL (
    SELECT c.id, c.state, c.metered_at FROM chargepoints_charge c
    WHERE w.tx <> '' AND c.charge_point_id = w.id AND c.transaction_id = w.tx
    UNION ALL
    SELECT c.id, c.state, c.metered_at FROM chargepoints_charge c
    JOIN chargepoints_connector k ON k.id = c.connector_id
    WHERE w.tx = '' AND w.number > 0 AND c.charge_point_id = w.id AND k.charge_point_id = w.id AND k.number = w.number
      AND c.state IN ('starting', 'charging', 'paused', 'stopping') AND c.started_at <= w.at
    LIMIT 1
) g ON true
"""

# No index is made for this: it is asked only about values that are not newer than the charge's newest.
_STORED = """
SELECT DISTINCT s.charge_id, s.at, s.connector_number, s.measurand, s.phase, s.location, s.context, s.raw
FROM unnest(%s::bigint[], %s::timestamptz[]) AS w (id, at)
JOIN chargepoints_metersample s ON s.charge_id = w.id AND s.at = w.at
"""

# Of values outside a charge; the negative number of the charge point stands where others have their charge.
_STORED_OUTSIDE = """
SELECT DISTINCT -s.charge_point_id, s.at, s.connector_number, s.measurand, s.phase, s.location, s.context, s.raw
FROM unnest(%s::bigint[], %s::timestamptz[]) AS w (id, at)
JOIN chargepoints_metersample s ON s.charge_point_id = w.id AND s.at = w.at
WHERE s.charge_id IS NULL AND s.received_at > %s
"""
_REPEATED_WITHIN = timedelta(days=31)

_COPY = """
COPY chargepoints_metersample (charge_point_id, connector_number, charge_id, at, received_at, value, measurand, phase,
    location, context, unit, raw) FROM STDIN
"""

# Only open charges move, and only forwards: values that arrive after the stop never reopen it (QUIRKS 4.8).
_TOTALS = """
WITH charges AS (
    UPDATE chargepoints_charge g SET
        energy_wh = GREATEST(g.energy_wh, COALESCE(n.register - COALESCE(g.meter_start_wh, n.register), g.energy_wh)),
        power_w = COALESCE(n.power, g.power_w), soc = COALESCE(n.soc, g.soc), metered_at = n.at
    FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::int[], %s::timestamptz[])
        AS n (id, register, power, soc, at)
    WHERE g.id = n.id AND g.state IN ('starting', 'charging', 'paused', 'stopping')
        AND (g.metered_at IS NULL OR g.metered_at <= n.at)
)
UPDATE chargepoints_connector k SET power_w = COALESCE(n.power, k.power_w),
    register_wh = COALESCE(n.register, k.register_wh), metered_at = n.at
FROM unnest(%s::bigint[], %s::int[], %s::bigint[], %s::int[], %s::timestamptz[]) AS n (id, number, register, power, at)
WHERE k.charge_point_id = n.id AND k.number = n.number AND (k.metered_at IS NULL OR k.metered_at <= n.at)
"""


@dataclass(frozen=True, slots=True)
class _Target:
    """The charge that a reading belongs to, as it was before these readings."""

    charge_id: int
    is_open: bool
    metered_at: datetime | None


def readings_record(*, readings: Sequence[Reading]) -> list[bool]:
    """Store every sample as it came and move the running totals of charges and connectors.

    Which readings are repeats: every sample of theirs is stored already, for the same charge, connector and time
    (T3), or for the same connector and time outside a charge. These change nothing.
    """
    if not readings:
        return []
    targets = _targets(readings)
    repeated = _repeats(readings, targets)
    lines: list[str] = []
    for index, reading in enumerate(readings):
        if not repeated[index]:
            lines += _lines(reading, targets[index].charge_id if index in targets else None)
    if lines:
        sql.copy(_COPY, lines)
    _move([(reading, targets.get(index)) for index, reading in enumerate(readings) if not repeated[index]])
    changed({reading.charge_point_id for reading in readings}, "row", "connectors", "power")
    return repeated


def _repeats(readings: Sequence[Reading], targets: Mapping[int, _Target]) -> list[bool]:
    moments = Counter((target.charge_id, readings[index].at) for index, target in targets.items())
    doubtful = [
        index
        for index, target in targets.items()
        if not target.is_open
        or (target.metered_at is not None and readings[index].at <= target.metered_at)
        or moments[target.charge_id, readings[index].at] > 1
    ]
    outside = [index for index in range(len(readings)) if index not in targets]
    found = [False] * len(readings)
    known: set[tuple[object, ...]] = set()
    if doubtful:
        rows = sql.rows(_STORED, [targets[i].charge_id for i in doubtful], [readings[i].at for i in doubtful])
        known |= {tuple(row) for row in rows}
    if outside:
        since = min(readings[i].received_at for i in outside) - _REPEATED_WITHIN
        ids, times = [readings[i].charge_point_id for i in outside], [readings[i].at for i in outside]
        known |= {tuple(row) for row in sql.rows(_STORED_OUTSIDE, ids, times, since)}
    for index in sorted(doubtful + outside):
        reading = readings[index]
        place = targets[index].charge_id if index in targets else -reading.charge_point_id
        head = (place, reading.at, reading.connector_number)
        described = {(*head, *_told(s.measured), s.raw) for s in reading.samples}
        found[index] = bool(described) and described <= known
        known |= described
    return found


def _told(measured: Measured) -> tuple[str, ...]:
    return (measured.measurand, measured.phase, measured.location, measured.context)


def _lines(reading: Reading, charge_id: int | None) -> list[str]:
    charge = sql.NULL if charge_id is None else charge_id
    # The same for all samples.
    head = f"{reading.charge_point_id}\t{reading.connector_number}\t{charge}\t{reading.at}\t{reading.received_at}"
    return [
        f"{head}\t{sample.decimal or sql.NULL}\t{_described(sample.measured)}\t"
        f"{sample.raw if sample.raw is sample.decimal else sql.columns(sample.raw)}"
        for sample in reading.samples
    ]


@lru_cache(4096)
def _described(measured: Measured) -> str:
    return sql.columns(*_told(measured), measured.unit)


def _targets(readings: Sequence[Reading]) -> dict[int, _Target]:
    found = sql.rows(
        _CHARGES,
        [reading.charge_point_id for reading in readings],
        [reading.connector_number for reading in readings],
        [reading.transaction_id for reading in readings],
        [reading.at for reading in readings],
    )
    return {row[0] - 1: _Target(*row[1:]) for row in found}


def totals_of(reading: Reading) -> Totals:
    """Register, power and battery of a reading: the whole, or the sum over phases where no whole was given."""
    if reading.totals is None:
        reading.totals = _totals(reading)
    return reading.totals


def _totals(reading: Reading) -> Totals:
    wholes: dict[str, Decimal] = {}
    sums: dict[str, Decimal] = {}
    for sample in reading.samples:
        measured = sample.measured
        measurand = measured.measurand
        if measurand in _TOTALLED and measured.location in _AT_THE_OUTLET:
            if sample.decimal and measured.phase:
                sums[measurand] = sums.get(measurand, 0) + Decimal(sample.decimal)
            elif sample.decimal:
                wholes.setdefault(measurand, Decimal(sample.decimal))
    found = sums | wholes
    soc = _whole_number(found.get(SOC))
    return Totals(
        register=_whole_number(found.get(REGISTER), 2**62),
        power=_whole_number(found.get(POWER)),
        soc=None if soc is None else min(max(soc, 0), 100),
    )


def _whole_number(value: Decimal | None, most: int = 2**31 - 1) -> int | None:
    return None if value is None or abs(value) > most else int(value)


def _move(readings: Sequence[tuple[Reading, _Target | None]]) -> None:
    """Many readings at once move the totals as they would one after the other: older than the newest, none."""
    by_charge: dict[int, tuple[object, ...]] = {}
    by_connector: dict[tuple[int, int], tuple[object, ...]] = {}
    newest: dict[object, datetime] = {}
    for reading, target in readings:
        totals, at = totals_of(reading), reading.at
        if target is not None and at >= newest.get(target.charge_id, target.metered_at or at):
            pk = target.charge_id
            newest[pk] = at
            _, register, power, soc, _ = by_charge.get(pk, (pk, None, None, None, at))
            values = (_highest(register, totals.register), _later(power, totals.power), _later(soc, totals.soc))
            by_charge[pk] = (pk, *values, at)
        key = (reading.charge_point_id, reading.connector_number)
        if reading.connector_number and at >= newest.get(key, at):
            newest[key] = at
            *_, register, power, _ = by_connector.get(key, (*key, None, None, at))
            by_connector[key] = (*key, _later(register, totals.register), _later(power, totals.power), at)
    if by_charge or by_connector:
        sql.execute(_TOTALS, *_columns(by_charge, 5), *_columns(by_connector, 5))


def _later(before: object, now: int | None) -> object:
    return before if now is None else now


def _highest(before: object, now: int | None) -> object:
    return max(before, now) if isinstance(before, int) and now is not None else _later(before, now)


def _columns(
    rows: dict[int, tuple[object, ...]] | dict[tuple[int, int], tuple[object, ...]], width: int
) -> list[list[object]]:
    ordered = [rows[key] for key in sorted(rows)]  # type: ignore[index]
    return [list(column) for column in zip(*ordered, strict=True)] or [[] for _ in range(width)]
