"""Stops whose transaction id is unknown, and the running charge that such a stop can only mean.

A charger that never got the answer to its start reports the stop with -1, 0 or an id of its own; others cut the id to
16 or 24 bits (CSMS.md D12, 4.3 pitfall 2). A stop names no connector, so the only candidates are the charges that run
at the charge point; a match needs evidence, and one charge alone to have it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chargepoints import sql
from chargepoints.reports import Stop

# Acknowledged: the charger went on after the start on the same connection, or has used the id since. The first is
# sure, because a charger has one call at a time on its way (OCPP-J 1.6, 4.1.1).
_RUNNING = """
SELECT g.id, g.charge_point_id, g.transaction_id, g.id_tag, g.started_at, g.meter_start_wh, s.generation,
    s.seq IS NULL
    OR s.generation = (
        SELECT l.generation FROM chargepoints_logline l
        WHERE l.charge_point_id = g.charge_point_id AND l.seq > s.seq AND l.direction = 'in' ORDER BY l.seq LIMIT 1)
    OR EXISTS (
        SELECT FROM chargepoints_logline l
        WHERE l.charge_point_id = g.charge_point_id AND l.seq > s.seq AND l.transaction_id = g.transaction_id)
FROM chargepoints_charge g
LEFT JOIN LATERAL (
    SELECT l.seq, l.generation FROM chargepoints_logline l
    WHERE l.charge_point_id = g.charge_point_id
        AND l.seq > (extract(epoch FROM g.start_received_at) * 1000000)::bigint - 60000000
        AND l.action = 'StartTransaction' AND l.transaction_id = g.transaction_id
    ORDER BY l.seq DESC LIMIT 1
) s ON true
WHERE g.charge_point_id = ANY(%s) AND g.state IN ('starting', 'charging', 'paused', 'stopping')
"""

# Clocks of chargers step a little between a start and its stop.
_SLACK = timedelta(minutes=5)
_TRUNCATIONS = (0xFFFF, 0xFFFFFF)


@dataclass(frozen=True, slots=True)
class _Running:
    id: int
    charge_point_id: int
    transaction_id: str
    id_tag: str
    started_at: datetime
    meter_start: int | None
    generation: int | None
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class Match:
    """The charge that a stop under another id means, and why, in words."""

    transaction_id: str
    why: str


def orphans_match(*, stops: Sequence[Stop]) -> dict[tuple[int, str], Match]:
    """The charges meant by those of these unknown stops that can only mean one, by charge point and fingerprint."""
    if not stops:
        return {}
    rows = sql.rows(_RUNNING, sorted({stop.charge_point_id for stop in stops}))
    running = [_Running(*row) for row in rows]
    found: dict[tuple[int, str], Match] = {}
    for stop in stops:
        evident = [(charge, why) for charge in running if (why := _evidence(stop, charge))]
        if len(evident) == 1:
            charge, why = evident[0]
            found[stop.charge_point_id, stop.fingerprint] = Match(charge.transaction_id, why)
    return found


def _evidence(stop: Stop, charge: _Running) -> str:
    """Why the stop means this charge; empty when nothing says so or something speaks against it."""
    if charge.charge_point_id != stop.charge_point_id or _impossible(stop, charge):
        return ""
    if stop.meter_start_wh is not None:
        return "by its register at the start"
    if stop.id_tag:
        return "by its key"
    if any(str(int(charge.transaction_id) & bits) == stop.transaction_id for bits in _TRUNCATIONS):
        return "by the lower digits of its id"
    went_on = charge.acknowledged or charge.generation == stop.generation
    return "" if went_on else "because the answer to its start was lost"


def _impossible(stop: Stop, charge: _Running) -> bool:
    """An earlier end, a lower register, another key or another register at the begin: not this charge."""
    return (
        stop.ended_at < charge.started_at - _SLACK
        or _falls(charge.meter_start, stop.meter_stop_wh)
        or (stop.id_tag != "" and stop.id_tag.lower() != charge.id_tag.lower())
        or (stop.meter_start_wh is not None and stop.meter_start_wh != charge.meter_start)
    )


def _falls(before: int | None, after: int | None) -> bool:
    return before is not None and after is not None and after < before
