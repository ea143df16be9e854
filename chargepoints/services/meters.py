"""Meter readings."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import psycopg

from chargepoints import sql
from chargepoints.reports import Reading
from chargepoints.services.changes import changed

REGISTER, POWER, SOC = "Energy.Active.Import.Register", "Power.Active.Import", "SoC"
_TOTALLED = frozenset({REGISTER, POWER, SOC})
_AT_THE_OUTLET = frozenset({"", "Outlet", "EV"})
_BEYOND = Decimal(10) ** 15

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
    WHERE w.tx = '' AND w.number > 0 AND k.charge_point_id = w.id AND k.number = w.number
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
COPY chargepoints_metersample (charge_point_id, connector_number, charge_id, at, received_at, measurand, phase,
    location, context, unit, value, raw) FROM STDIN
"""

# Only open charges move, and only forwards: values that arrive after the stop never reopen it (QUIRKS 4.8).
_CHARGE_TOTALS = """
UPDATE chargepoints_charge g SET
    energy_wh = GREATEST(g.energy_wh, COALESCE(n.register - COALESCE(g.meter_start_wh, n.register), g.energy_wh)),
    power_w = COALESCE(n.power, g.power_w), soc = COALESCE(n.soc, g.soc), metered_at = n.at
FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::int[], %s::timestamptz[]) AS n (id, register, power, soc, at)
WHERE g.id = n.id AND g.state IN ('starting', 'charging', 'paused', 'stopping')
    AND (g.metered_at IS NULL OR g.metered_at <= n.at)
"""

_CONNECTOR_TOTALS = """
UPDATE chargepoints_connector k SET power_w = COALESCE(n.power, k.power_w),
    register_wh = COALESCE(n.register, k.register_wh), metered_at = n.at
FROM unnest(%s::bigint[], %s::int[], %s::bigint[], %s::int[], %s::timestamptz[]) AS n (id, number, register, power, at)
WHERE k.charge_point_id = n.id AND k.number = n.number AND (k.metered_at IS NULL OR k.metered_at <= n.at)
"""


@dataclass(slots=True)
class _Totals:
    register: int | None = None
    power: int | None = None
    soc: int | None = None


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
    with sql.cursor() as cur, cur.copy(_COPY.encode()) as copy:
        for index, reading in enumerate(readings):
            if not repeated[index]:
                _copy(copy, reading, targets[index].charge_id if index in targets else None)
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
        described = {(*head, s.measurand, s.phase, s.location, s.context, s.raw) for s in reading.samples}
        found[index] = bool(described) and described <= known
        known |= described
    return found


def _copy(copy: psycopg.Copy, reading: Reading, charge_id: int | None) -> None:
    # The times are the same for all samples: written once, as text.
    at, received_at = reading.at.isoformat(" "), reading.received_at.isoformat(" ")
    head = (reading.charge_point_id, reading.connector_number, charge_id, at, received_at)
    for sample in reading.samples:
        value = _storable(sample.value)
        described = (sample.measurand, sample.phase, sample.location, sample.context, sample.unit)
        copy.write_row((*head, *described, None if value is None else str(value), sample.raw))


def _targets(readings: Sequence[Reading]) -> dict[int, _Target]:
    found = sql.rows(
        _CHARGES,
        [reading.charge_point_id for reading in readings],
        [reading.connector_number for reading in readings],
        [reading.transaction_id for reading in readings],
        [reading.at for reading in readings],
    )
    return {row[0] - 1: _Target(*row[1:]) for row in found}


def _storable(value: Decimal | None) -> Decimal | None:
    """None for what the column cannot hold; the raw text is kept beside it."""
    # A comparison with NaN would raise; infinities fall out of the range.
    return value if value is not None and not value.is_nan() and -_BEYOND < value < _BEYOND else None


def totals_of(reading: Reading) -> _Totals:
    """Register, power and battery of a reading: the whole, or the sum over phases where no whole was given."""
    wholes: dict[str, Decimal] = {}
    sums: dict[str, Decimal] = {}
    for sample in reading.samples:
        measurand = sample.measurand
        if measurand in _TOTALLED and sample.location in _AT_THE_OUTLET:
            value = _storable(sample.value)
            if value is not None and sample.phase:
                sums[measurand] = sums.get(measurand, 0) + value
            elif value is not None:
                wholes.setdefault(measurand, value)
    found = sums | wholes
    soc = _whole_number(found.get(SOC))
    return _Totals(
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
    if by_charge:
        sql.execute(_CHARGE_TOTALS, *_columns(by_charge))
    if by_connector:
        sql.execute(_CONNECTOR_TOTALS, *_columns(by_connector))


def _later(before: object, now: int | None) -> object:
    return before if now is None else now


def _highest(before: object, now: int | None) -> object:
    return max(before, now) if isinstance(before, int) and now is not None else _later(before, now)


def _columns(rows: dict[int, tuple[object, ...]] | dict[tuple[int, int], tuple[object, ...]]) -> list[list[object]]:
    ordered = [rows[key] for key in sorted(rows)]  # type: ignore[index]
    return [list(column) for column in zip(*ordered, strict=True)]
