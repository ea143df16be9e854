"""Charges that end. A stop is a fact: it is stored whatever it says, and never refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chargepoints import sql
from chargepoints.choices import OPEN_CHARGE_STATES, ChargeState, Verdict
from chargepoints.models import Charge
from chargepoints.reports import Stop, Stopped
from chargepoints.services.changes import changed
from chargepoints.services.effects import effects_seen_stopped
from chargepoints.services.profiles import profiles_ended
from chargepoints.services.states import states_refresh

# By station and id, never by id alone: another station's id must not end this one's charge (CVE-2026-28230).
_FIND = """
SELECT g.id, g.charge_point_id, g.transaction_id, g.state, g.meter_start_wh, g.meter_stop_wh, g.energy_wh,
       g.needs_review, g.started_at, g.stop_received_at, k.status
FROM chargepoints_charge g
JOIN unnest(%s::bigint[], %s::text[]) AS w (id, tx) ON g.charge_point_id = w.id AND g.transaction_id = w.tx
LEFT JOIN chargepoints_connector k ON k.id = g.connector_id
ORDER BY g.id FOR UPDATE OF g
"""

_END = """
UPDATE chargepoints_charge g SET state = n.state, ended_at = n.ended_at, stop_received_at = n.received_at,
    meter_stop_wh = n.meter_stop, energy_wh = n.energy, stop_reason = n.reason, needs_review = n.review,
    power_w = NULL
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::text[],
    %s::text[]) AS n (id, state, ended_at, received_at, meter_stop, energy, reason, review) WHERE g.id = n.id
"""

_CABLE_OUT = frozenset({"Available", "Unavailable", "Reserved"})
_LATE = "Its stop arrived after it had been closed for want of one."


@dataclass(frozen=True, slots=True)
class _Found:
    id: int
    charge_point_id: int
    transaction_id: str
    state: str
    meter_start: int | None
    meter_stop: int | None
    energy: int
    review: str
    started_at: datetime
    stopped_at: datetime | None
    connector_status: str | None


def charges_stop(*, stops: Sequence[Stop]) -> list[Stopped]:
    """Record the ends of charges, in order. Unknown ones are kept as charges of their own that need review.

    The first stop of a charge wins; a repeat changes nothing (T3). A stop that comes after the charge was closed
    without one completes it.
    """
    found = {
        (row[1], row[2]): _Found(*row)
        for row in sql.rows(
            _FIND,
            [stop.charge_point_id for stop in stops] * 2,
            [stop.transaction_id for stop in stops] + [_orphan(stop) for stop in stops],
        )
    }
    answers: list[Stopped] = []
    ends: dict[int, tuple[Stop, _Found]] = {}
    orphans: list[Stop] = []
    for stop in stops:
        charge = found.get((stop.charge_point_id, stop.transaction_id))
        if charge is None and (stop.charge_point_id, _orphan(stop)) in found:
            answers.append(Stopped(known=False, repeated=True, note="repeated, already kept for review"))
        elif charge is None:
            orphans.append(stop)
            answers.append(Stopped(known=False, note="no charge with this id: kept for review"))
        elif charge.stopped_at is not None or charge.id in ends:
            answers.append(Stopped(known=True, repeated=True, note="repeated, already stopped"))
        else:
            ends[charge.id] = (stop, charge)
            answers.append(_answer(stop, charge))
    _end(list(ends.values()))
    _keep(orphans)
    effects_seen_stopped(charge_ids=list(ends))
    profiles_ended(transactions=[(stop.charge_point_id, stop.transaction_id) for stop, _ in ends.values()])
    ids = {stop.charge_point_id for stop in stops}
    states_refresh(charge_point_ids=ids)
    changed(ids, "power")
    return answers


def _answer(stop: Stop, charge: _Found) -> Stopped:
    energy, review = energy_of(charge.meter_start, stop.meter_stop_wh, charge.energy)
    late = charge.state not in OPEN_CHARGE_STATES
    return Stopped(known=True, energy_wh=energy, note=_LATE if late else review)


def energy_of(meter_start: int | None, meter_stop: int | None, metered: int) -> tuple[int, str]:
    """Energy of a charge in Wh from its registers, and why somebody should look at it (empty when sound).

    Never negative: a register that fell, or that is missing, leaves the last metered energy and asks for review.
    """
    if meter_start is None or meter_stop is None or meter_stop < 0:
        return metered, "A register is missing: the energy is the last one metered."
    if meter_stop < meter_start:
        return metered, f"The register fell from {meter_start} to {meter_stop} Wh."
    return meter_stop - meter_start, ""


def _end(ends: Sequence[tuple[Stop, _Found]]) -> None:
    if not ends:
        return
    columns: list[tuple[object, ...]] = []
    for stop, charge in sorted(ends, key=lambda pair: pair[1].id):
        energy, review = energy_of(charge.meter_start, stop.meter_stop_wh, charge.energy)
        late = charge.state not in OPEN_CHARGE_STATES
        if late:
            review = _LATE
        state = ChargeState.COMPLETED if late or charge.connector_status in _CABLE_OUT else ChargeState.STOPPED
        ended = max(stop.ended_at, charge.started_at)
        columns.append(
            (charge.id, str(state), ended, stop.received_at, stop.meter_stop_wh, energy, stop.reason, review)
        )
    sql.execute(_END, *(list(column) for column in zip(*columns, strict=True)))


def _orphan(stop: Stop) -> str:
    return f"orphan:{stop.fingerprint}"


def _keep(orphans: Sequence[Stop]) -> None:
    """Stops that nobody can match: stored once each, found again by their content."""
    Charge.objects.bulk_create(
        [
            Charge(
                charge_point_id=stop.charge_point_id,
                transaction_id=_orphan(stop),
                state=ChargeState.COMPLETED,
                id_tag=stop.id_tag,
                verdict=Verdict.INVALID,
                started_at=stop.ended_at,
                ended_at=stop.ended_at,
                stop_received_at=stop.received_at,
                meter_stop_wh=stop.meter_stop_wh,
                stop_reason=stop.reason,
                needs_review=f"A stop for transaction {stop.transaction_id}, which was never started here.",
            )
            for stop in orphans
        ],
        ignore_conflicts=True,
    )
