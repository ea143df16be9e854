"""The state functions of SPEC section 1: pure, from facts to words. Nothing else decides a state."""

from collections.abc import Sequence
from dataclasses import dataclass

from chargepoints.choices import ConnectorStatus, Integration, State


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What is known about the connection of a charge point."""

    identity: str | None
    is_connected: bool = False
    ever_connected: bool = False
    last_attempt_refused: bool = False


@dataclass(frozen=True, slots=True)
class StateFacts:
    """What the state of a charge point is derived from; connector statuses without connector 0."""

    integration: Integration
    maintenance: bool = False
    box_faulted: bool = False
    connectors: Sequence[ConnectorStatus] = ()
    open_charge: bool = False
    blocked: bool = False
    reserved: bool = False
    scheduled: bool = False


def integration_state(facts: LinkFacts) -> Integration:
    """The connection state. A refused attempt after the last good one shows as an error until it connects."""
    if not facts.identity:
        return Integration.NO_INTEGRATION
    if facts.is_connected:
        return Integration.CONNECTED
    if facts.last_attempt_refused:
        return Integration.ERROR
    return Integration.DISCONNECTED if facts.ever_connected else Integration.PENDING


_NON_CHARGING = {
    ConnectorStatus.PREPARING,
    ConnectorStatus.SUSPENDED_EV,
    ConnectorStatus.SUSPENDED_EVSE,
}


def charge_point_state(facts: StateFacts) -> State:
    """The one state of the box: maintenance > disconnected > error > busy-* > available > passive/other."""
    if facts.maintenance:
        return State.MAINTENANCE
    if facts.integration is Integration.DISCONNECTED:
        return State.DISCONNECTED
    if facts.integration is not Integration.CONNECTED:
        return State.PASSIVE
    seen = set(facts.connectors)
    if facts.box_faulted or ConnectorStatus.FAULTED in seen:
        return State.ERROR
    return _busy(facts, seen) or _idle(seen)


def _busy(facts: StateFacts, seen: set[ConnectorStatus]) -> State | None:
    """The busy state, the most active first; None when nothing is going on."""
    ranked = (
        (ConnectorStatus.CHARGING in seen, State.BUSY_CHARGING),
        (bool(seen & _NON_CHARGING), State.BUSY_NON_CHARGING),
        (ConnectorStatus.FINISHING in seen, State.BUSY_NON_RELEASED),
        (facts.blocked, State.BUSY_BLOCKED),
        (facts.reserved or ConnectorStatus.RESERVED in seen, State.BUSY_RESERVED),
        (facts.scheduled, State.BUSY_SCHEDULED),
        (facts.open_charge or ConnectorStatus.OCCUPIED in seen, State.BUSY),
    )
    return next((state for holds, state in ranked if holds), None)


def _idle(seen: set[ConnectorStatus]) -> State:
    """Available when any connector can be used; else other (nothing reported, or all unavailable)."""
    return State.AVAILABLE if ConnectorStatus.AVAILABLE in seen else State.OTHER


def combined_status(
    *,
    identity: str | None,
    integration: Integration,
    state: State,
    in_use_by: str | None = None,
    same_organisation: bool = True,
) -> str:
    """The status text of overview and installer page, exactly as SPEC section 1 words it.

    `in_use_by` names the team that already uses the identity; it is told only within the same organisation.
    """
    if not identity:
        return "No serial"
    if in_use_by is not None:
        who = in_use_by if same_organisation else "another organisation"
        return f"Serial is in use by{':' if same_organisation else ''} {who}"
    if state == State.PASSIVE or state.value == integration.value:
        return integration.label
    return f"{integration.label} ({state.value})"
