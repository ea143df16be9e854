"""The messages that an operator may begin to write by hand: each is sound as it is offered."""

from ocpp_gateway.errors import Version
from ocpp_gateway.examples import examples
from ocpp_gateway.schemas import payload_problem
from ocpp_gateway.versions import DIALECTS


def test_each_example_can_be_sent() -> None:
    found = examples("ocpp1.6")
    assert set(found) == set(DIALECTS[Version.V16].by_hand)
    assert {action: payload_problem("ocpp1.6", action, payload) for action, payload in found.items()} == dict.fromkeys(
        found, ""
    )


def test_no_example_does_harm() -> None:
    """The harmless word where a message has one: nothing is cut off by a press too many."""
    found = examples("ocpp1.6")
    assert found["Reset"] == {"type": "Soft"}
    assert found["ChangeAvailability"]["type"] == "Operative"
    assert found["SetChargingProfile"]["csChargingProfiles"]["chargingProfilePurpose"] == "TxDefaultProfile"


def test_a_version_that_is_not_spoken() -> None:
    assert examples("ocpp9.9") == {}
