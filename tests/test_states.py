"""SPEC section 1: states and combined texts, over every combination of facts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoints.choices import ConnectorStatus, Integration, State
from chargepoints.models import ChargePoint, Connection, Connector
from chargepoints.services.states import states_refresh
from chargepoints.states import (
    LinkFacts,
    StateFacts,
    charge_point_state,
    combined_status,
    integration_state,
)

facts = st.builds(
    StateFacts,
    integration=st.sampled_from(Integration),
    maintenance=st.booleans(),
    box_faulted=st.booleans(),
    connectors=st.lists(st.sampled_from(ConnectorStatus), max_size=6),
    open_charge=st.booleans(),
    blocked=st.booleans(),
    reserved=st.booleans(),
    scheduled=st.booleans(),
)
# What a connected charge point without faults is doing, the most active first.
BUSY: tuple[tuple[State, set[ConnectorStatus], str], ...] = (
    (State.BUSY_CHARGING, {ConnectorStatus.CHARGING}, ""),
    (
        State.BUSY_NON_CHARGING,
        {ConnectorStatus.PREPARING, ConnectorStatus.SUSPENDED_EV, ConnectorStatus.SUSPENDED_EVSE},
        "",
    ),
    (State.BUSY_NON_RELEASED, {ConnectorStatus.FINISHING}, ""),
    (State.BUSY_BLOCKED, set(), "blocked"),
    (State.BUSY_RESERVED, {ConnectorStatus.RESERVED}, "reserved"),
    (State.BUSY_SCHEDULED, set(), "scheduled"),
    (State.BUSY, {ConnectorStatus.OCCUPIED}, "open_charge"),
)


@given(facts)
def test_precedence(known: StateFacts) -> None:
    """maintenance > disconnected > error > busy-* > available > passive/other."""
    state = charge_point_state(known)
    if known.maintenance:
        assert state is State.MAINTENANCE
    elif known.integration is Integration.DISCONNECTED:
        assert state is State.DISCONNECTED
    elif known.integration is not Integration.CONNECTED:
        assert state is State.PASSIVE
    elif known.box_faulted or ConnectorStatus.FAULTED in known.connectors:
        assert state is State.ERROR
    else:
        active = [
            busy for busy, statuses, flag in BUSY if statuses & set(known.connectors) or (flag and getattr(known, flag))
        ]
        usable = ConnectorStatus.AVAILABLE in known.connectors
        assert state is (active[0] if active else State.AVAILABLE if usable else State.OTHER)


@given(facts)
def test_the_order_of_connectors_does_not_matter(known: StateFacts) -> None:
    assert charge_point_state(known) is charge_point_state(
        StateFacts(
            integration=known.integration,
            maintenance=known.maintenance,
            box_faulted=known.box_faulted,
            connectors=sorted([*known.connectors, *known.connectors]),
            open_charge=known.open_charge,
            blocked=known.blocked,
            reserved=known.reserved,
            scheduled=known.scheduled,
        )
    )


@pytest.mark.parametrize("status", [status for status in ConnectorStatus if status != ConnectorStatus.FAULTED])
def test_one_usable_connector_makes_the_box_available(status: ConnectorStatus) -> None:
    idle = {ConnectorStatus.UNKNOWN, ConnectorStatus.AVAILABLE, ConnectorStatus.UNAVAILABLE}
    both = StateFacts(Integration.CONNECTED, connectors=(status, ConnectorStatus.AVAILABLE))
    assert (charge_point_state(both) is State.AVAILABLE) == (status in idle)


@pytest.mark.parametrize("box", ["", *(s for s in ConnectorStatus if s != ConnectorStatus.FAULTED)])
@pytest.mark.parametrize(
    ("reported", "state"),
    [
        (ConnectorStatus.CHARGING, State.BUSY_CHARGING),
        (ConnectorStatus.AVAILABLE, State.AVAILABLE),
        (ConnectorStatus.FAULTED, State.ERROR),
        (ConnectorStatus.UNAVAILABLE, State.OTHER),
    ],
)
def test_connector_0_never_hides_its_connectors(
    box: str, reported: ConnectorStatus, state: State, charge_point: ChargePoint
) -> None:
    Connection.objects.update(is_connected=True, generation=1)
    ChargePoint.objects.update(box_status=box)
    Connector.objects.filter(number=2).update(status=reported)
    states_refresh(charge_point_ids=[charge_point.pk])
    charge_point.refresh_from_db()
    assert (charge_point.integration, charge_point.state) == ("connected", state.value)


@given(st.sampled_from([None, "", "CP-1"]), st.booleans(), st.booleans(), st.booleans())
def test_integration(identity: str | None, connected: bool, ever: bool, refused: bool) -> None:
    state = integration_state(LinkFacts(identity, connected, ever, refused))
    if not identity:
        assert state is Integration.NO_INTEGRATION
    elif connected:
        assert state is Integration.CONNECTED
    elif refused:
        assert state is Integration.ERROR
    else:
        assert state is (Integration.DISCONNECTED if ever else Integration.PENDING)


@pytest.mark.parametrize(
    ("integration", "state", "text"),
    [
        (Integration.CONNECTED, State.AVAILABLE, "connected (available)"),
        (Integration.CONNECTED, State.BUSY_CHARGING, "connected (busy-charging)"),
        (Integration.DISCONNECTED, State.MAINTENANCE, "disconnected (maintenance)"),
        (Integration.DISCONNECTED, State.DISCONNECTED, "disconnected"),
        (Integration.PENDING, State.PASSIVE, "pending"),
        (Integration.ERROR, State.PASSIVE, "error"),
        (Integration.ERROR, State.ERROR, "error"),
        (Integration.CONNECTED, State.OTHER, "connected (other)"),
    ],
)
def test_combined_status(integration: Integration, state: State, text: str) -> None:
    assert combined_status(identity="CP-1", integration=integration, state=state) == text


def test_combined_status_without_or_with_a_taken_identity() -> None:
    def told(**known: object) -> str:
        return combined_status(integration=Integration.PENDING, state=State.PASSIVE, **known)  # type: ignore[arg-type]

    assert told(identity=None) == told(identity="") == "No serial"
    assert told(identity=None, in_use_by="Norway") == "No serial"
    assert told(identity="CP-1", in_use_by="Norway") == "Serial is in use by: Norway"
    public = told(identity="CP-1", in_use_by="Norway", same_organisation=False)
    assert public == "Serial is in use by another organisation"


@given(facts)
def test_combined_status_is_built_from_the_states(known: StateFacts) -> None:
    """The state is left out where it is passive or says the same as the integration."""
    state = charge_point_state(known)
    text = combined_status(identity="CP-1", integration=known.integration, state=state)
    label = known.integration.label
    plain = state is State.PASSIVE or state.value == known.integration.value
    assert text == (label if plain else f"{label} ({state.value})")
