"""How a charge ended: the pure decision."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoints.choices import ChargeState, Verdict
from chargepoints.endings import FAULTS, Ended, charge_ended, lost_ended, stop_ended
from chargepoints.rendering.charges import REASONS

COMPLETED, CANCELLED, FAILED = ChargeState.COMPLETED, ChargeState.CANCELLED, ChargeState.FAILED
VERDICTS = st.sampled_from(["", *Verdict.values])
WORDS = st.sampled_from(["", "Local", "EVDisconnected", "SomethingOfItsOwn", *sorted(FAULTS)])
ENERGY = st.integers(0, 100_000)
REGISTER = st.none() | st.integers(-10, 100_000)


@pytest.mark.parametrize(
    ("ended", "state"),
    [
        (Ended(1, "Accepted", "Local", 0, 1), COMPLETED),
        (Ended(900, "Blocked", "DeAuthorized", 0, 900), COMPLETED),
        (Ended(0, "Accepted", "Local", 100, 100), CANCELLED),
        (Ended(0, "", "", 0, 0), CANCELLED),
        (Ended(0, "Accepted", "EVDisconnected", 100, None), COMPLETED),
        (Ended(0, "Accepted", "Local", None, 100), COMPLETED),
        (Ended(0, "Accepted", "Local", 100, 90), COMPLETED),
        (Ended(0, "Accepted", "DeAuthorized", 100, 100), FAILED),
        (Ended(0, "Blocked", "Local", 100, 100), FAILED),
        (Ended(0, "ConcurrentTx", "", None, None), FAILED),
        (Ended(0, "Accepted", "EmergencyStop", 5, 5), FAILED),
    ],
)
def test_stopped(ended: Ended, state: ChargeState) -> None:
    assert stop_ended(ended) == state


@pytest.mark.parametrize(
    ("was", "metered", "begin", "state"),
    [
        ("starting", False, 100, CANCELLED),
        ("starting", False, None, CANCELLED),
        ("charging", False, 100, COMPLETED),
        ("paused", False, None, COMPLETED),
        ("charging", True, 100, CANCELLED),
        ("charging", True, None, COMPLETED),
    ],
)
def test_lost(was: str, metered: bool, begin: int | None, state: ChargeState) -> None:
    assert lost_ended(Ended(0, "Accepted", "", begin, None), was=was, metered=metered) == state


@given(ENERGY, VERDICTS, WORDS, st.booleans())
def test_energy_is_never_cancelled_and_a_failure_has_its_reason(
    energy: int, verdict: str, reason: str, charged: bool
) -> None:
    state = charge_ended(energy_wh=energy, verdict=verdict, reason=reason, charged=charged)
    assert state in {COMPLETED, CANCELLED, FAILED}
    assert (state == COMPLETED) or energy == 0
    assert (state != CANCELLED) or not charged
    assert (state == FAILED) == (energy == 0 and (verdict not in {"", "Accepted"} or reason in FAULTS))


@given(ENERGY, VERDICTS, WORDS, REGISTER, REGISTER)
def test_an_end_is_final(energy: int, verdict: str, reason: str, begin: int | None, end: int | None) -> None:
    assert stop_ended(Ended(energy, verdict, reason, begin, end)) in {COMPLETED, CANCELLED, FAILED}


def test_each_fault_has_words() -> None:
    assert set(REASONS) >= FAULTS
