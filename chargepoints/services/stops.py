"""Charges that end. A stop is a fact: it is stored whatever it says, and never refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chargepoints import sql
from chargepoints.choices import OPEN_CHARGE_STATES, ChargeState, Verdict
from chargepoints.endings import Ended, stop_ended
from chargepoints.models import Charge
from chargepoints.reports import Stop, Stopped
from chargepoints.services.changes import changed
from chargepoints.services.effects import effects_seen_stopped
from chargepoints.services.orphans import Match, orphans_match
from chargepoints.services.profiles import profiles_ended
from chargepoints.services.states import states_refresh

# By station and id, never by id alone: another station's id must not end this one's charge (CVE-2026-28230).
_FIND = """
SELECT g.id, g.charge_point_id, g.transaction_id, g.state, g.meter_start_wh, g.meter_stop_wh, g.energy_wh,
       g.needs_review, g.started_at, g.stop_received_at, g.stop_fingerprint, k.status,
       g.forced_at IS NOT NULL, g.verdict
FROM chargepoints_charge g
JOIN unnest(%s::bigint[], %s::text[]) AS w (id, tx) ON g.charge_point_id = w.id AND g.transaction_id = w.tx
LEFT JOIN chargepoints_connector k ON k.id = g.connector_id
ORDER BY g.id FOR UPDATE OF g
"""

_MATCHED_BEFORE = """
SELECT g.charge_point_id, g.stop_fingerprint, g.transaction_id FROM chargepoints_charge g
JOIN unnest(%s::bigint[], %s::text[]) AS w (id, fingerprint)
    ON g.charge_point_id = w.id AND g.stop_fingerprint = w.fingerprint
"""

_END = """
UPDATE chargepoints_charge g SET state = n.state, ended_at = n.ended_at, stop_received_at = n.received_at,
    meter_stop_wh = n.meter_stop, energy_wh = n.energy, stop_reason = n.reason, needs_review = n.review,
    stop_fingerprint = n.matched, power_w = NULL, bill_due = true
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::text[],
    %s::text[], %s::text[]) AS n (id, state, ended_at, received_at, meter_stop, energy, reason, review, matched)
WHERE g.id = n.id
"""

_CABLE_OUT = frozenset({"Available", "Unavailable", "Reserved"})
_LATE = "Its stop arrived after it had been closed for want of one."
_FORCED = "It was stopped by force: energy without payment."
_OWN = "Its own stop arrived after one under another id had been taken for it."


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
    matched: str | None
    connector_status: str | None
    forced: bool
    verdict: str

    @property
    def settled(self) -> bool:
        """Whether a further stop is only a repeat: it was stopped, under its own id or once corrected by that."""
        guessed = self.matched is not None and not self.review.startswith(_OWN)
        return self.stopped_at is not None and not guessed


@dataclass(frozen=True, slots=True)
class _End:
    stop: Stop
    charge: _Found
    state: ChargeState
    energy: int
    review: str
    matched: str | None


def charges_stop(*, stops: Sequence[Stop]) -> list[Stopped]:
    """Record the ends of charges, in order.

    The first stop of a charge wins; a repeat changes nothing (T3). A stop that comes after the charge was closed
    without one completes it. One with an unknown id ends the charge that it can only mean (D12), and is else kept as
    a charge of its own; both need review.
    """
    found = _found([(stop.charge_point_id, tx) for stop in stops for tx in (stop.transaction_id, _orphan(stop))])
    unknown = [stop for stop in stops if not _known(stop, found)]
    before = _matched_before(unknown)
    matches = orphans_match(stops=[stop for stop in unknown if _key(stop) not in before])
    found |= _found([(pk, match.transaction_id) for (pk, _), match in matches.items()])
    answers: list[Stopped] = []
    ends: dict[int, _End] = {}
    orphans: list[Stop] = []
    for stop in stops:
        match = matches.get(_key(stop))
        charge = found.get((stop.charge_point_id, match.transaction_id if match else stop.transaction_id))
        if _key(stop) in before:
            note = "repeated, already matched"
            answers.append(Stopped(known=False, repeated=True, note=note, matched=before[_key(stop)]))
        elif charge is None and (stop.charge_point_id, _orphan(stop)) in found:
            answers.append(Stopped(known=False, repeated=True, note="repeated, already kept for review"))
        elif charge is None:
            orphans.append(stop)
            answers.append(Stopped(known=False, note="no charge with this id: kept for review"))
        elif charge.id in ends or charge.settled:
            answers.append(Stopped(known=True, repeated=True, note="repeated, already stopped"))
        else:
            end = ends[charge.id] = _judged(stop, charge, match)
            matched = charge.transaction_id if match else ""
            answers.append(Stopped(known=match is None, energy_wh=end.energy, note=end.review, matched=matched))
    _store([ends[pk] for pk in sorted(ends)])
    _keep(orphans)
    effects_seen_stopped(charge_ids=list(ends))
    profiles_ended(transactions=[(end.charge.charge_point_id, end.charge.transaction_id) for end in ends.values()])
    ids = {stop.charge_point_id for stop in stops}
    states_refresh(charge_point_ids=ids)
    changed(ids, "power")
    return answers


def _found(wanted: Sequence[tuple[int, str]]) -> dict[tuple[int, str], _Found]:
    if not wanted:
        return {}
    rows = sql.rows(_FIND, [pk for pk, _ in wanted], [tx for _, tx in wanted])
    return {(row[1], row[2]): _Found(*row) for row in rows}


def _known(stop: Stop, found: Mapping[tuple[int, str], _Found]) -> bool:
    return any((stop.charge_point_id, tx) in found for tx in (stop.transaction_id, _orphan(stop)))


def _key(stop: Stop) -> tuple[int, str]:
    return stop.charge_point_id, stop.fingerprint


def _matched_before(stops: Sequence[Stop]) -> dict[tuple[int, str], str]:
    """Transaction ids of the charges that these very stops have ended already."""
    if not stops:
        return {}
    rows = sql.rows(_MATCHED_BEFORE, [stop.charge_point_id for stop in stops], [stop.fingerprint for stop in stops])
    return {(row[0], row[1]): row[2] for row in rows}


def _judged(stop: Stop, charge: _Found, match: Match | None) -> _End:
    """What the stop makes of the charge, and all that somebody should look at."""
    energy, review = energy_of(charge.meter_start, stop.meter_stop_wh, charge.energy)
    told = [review] if review else []
    if match is not None:
        told.insert(0, f"Its stop came with the id {stop.transaction_id[:24]}: matched {match.why}.")
    elif charge.matched:
        told.insert(0, _OWN)
    elif charge.forced:
        told.insert(0, _FORCED)
    elif charge.state not in OPEN_CHARGE_STATES:
        told.insert(0, _LATE)
    state, matched = _state(stop, charge, energy), stop.fingerprint if match else charge.matched
    return _End(stop, charge, state, energy, " ".join(told)[:200], matched)


def _state(stop: Stop, charge: _Found, energy: int) -> ChargeState:
    """Stopped while the cable is in; else how the charge has ended."""
    if charge.forced:
        return ChargeState.COMPLETED
    if charge.state in OPEN_CHARGE_STATES and charge.connector_status not in _CABLE_OUT:
        return ChargeState.STOPPED
    return stop_ended(Ended(energy, charge.verdict, stop.reason, charge.meter_start, stop.meter_stop_wh))


def energy_of(meter_start: int | None, meter_stop: int | None, metered: int) -> tuple[int, str]:
    """Energy of a charge in Wh from its registers, and why somebody should look at it (empty when sound).

    Never negative: a register that fell, or that is missing, leaves the last metered energy and asks for review.
    """
    if meter_start is None or meter_stop is None or meter_stop < 0:
        return metered, "A register is missing: the energy is the last one metered."
    if meter_stop < meter_start:
        return metered, f"The register fell from {meter_start} to {meter_stop} Wh."
    return meter_stop - meter_start, ""


def _store(ends: Sequence[_End]) -> None:
    if not ends:
        return
    columns = [
        (
            end.charge.id,
            str(end.state),
            max(end.stop.ended_at, end.charge.started_at),
            end.stop.received_at,
            end.stop.meter_stop_wh,
            end.energy,
            end.stop.reason,
            end.review,
            end.matched,
        )
        for end in ends
    ]
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
