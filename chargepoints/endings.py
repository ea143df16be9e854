"""How a charge ended: completed, cancelled or failed (SPEC section 1). Pure; nothing else decides it."""

from dataclasses import dataclass

from chargepoints.choices import ChargeState, Verdict

# Ends that nobody chose, in the words of OCPP 1.6 and 2.x. Whoever pulls the cable, presses stop or reboots has chosen.
FAULTS = frozenset(
    {
        *("DeAuthorized", "EmergencyStop", "PowerLoss", "Reboot"),
        *("GroundFault", "OvercurrentFault", "PowerQuality"),
    }
)
_LET_IN = frozenset({Verdict.ACCEPTED, ""})


@dataclass(frozen=True, slots=True)
class Ended:
    """What of an ended charge counts; energy and registers in Wh."""

    energy_wh: int
    verdict: str
    reason: str
    meter_start_wh: int | None
    meter_stop_wh: int | None


def charge_ended(*, energy_wh: int, verdict: str, reason: str, charged: bool) -> ChargeState:
    """The state of a charge that is over.

    `charged` says that energy may have come which no register tells: what nobody knows is not called cancelled.
    """
    if energy_wh > 0:
        return ChargeState.COMPLETED
    if verdict not in _LET_IN or reason in FAULTS:
        return ChargeState.FAILED
    return ChargeState.COMPLETED if charged else ChargeState.CANCELLED


def stop_ended(ended: Ended) -> ChargeState:
    """The state of a charge that has its stop: both registers must agree that nothing came."""
    sound = ended.meter_start_wh is not None and ended.meter_stop_wh == ended.meter_start_wh
    return charge_ended(energy_wh=ended.energy_wh, verdict=ended.verdict, reason=ended.reason, charged=not sound)


def lost_ended(ended: Ended, *, was: str, metered: bool) -> ChargeState:
    """The state of a charge whose stop never came: `was` is its state, `metered` whether it had any reading.

    Readings after a known begin tell that nothing came; without any, the connector's word counts.
    """
    known = metered and ended.meter_start_wh is not None
    charged = not known and was != ChargeState.STARTING
    return charge_ended(energy_wh=ended.energy_wh, verdict=ended.verdict, reason=ended.reason, charged=charged)
