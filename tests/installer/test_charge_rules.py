"""Rules about one connector and the order of the steps: what is said of facts, and what is asked for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from installer.acceptance import box, charging
from installer.acceptance.facts import (
    Ask,
    CardSeen,
    PlugSeen,
    Said,
)
from installer.acceptance.plan import Planned, judge, limit_of, next_move
from installer.choices import StepKind, StepState
from tests.installer.rule_facts import CHARGE, FACTS, FAILED, NOW, PASSED, RUNNING, SKIPPED, sent

START = Ask("start", (("connector", 1), ("id_tag", "KEY")))


def test_a_start() -> None:
    assert charging.start(FACTS).ask == START
    assert charging.start(replace(FACTS, charge=CHARGE)).words == "Charge 17 began at 12:58:30."
    assert charging.start(replace(FACTS, charge=replace(CHARGE, verdict="Blocked"))).state is FAILED
    theirs = charging.start(replace(FACTS, charge=replace(CHARGE, is_ours=False)))
    assert (theirs.state, theirs.ask) == (RUNNING, None)
    broken = charging.start(replace(FACTS, plug=PlugSeen("Faulted", "GroundFailure")))
    assert broken.words == "Connector 1 is faulted (GroundFailure). Put that right."
    assert charging.start(replace(FACTS, refused={START: "Not now."})).words == "Not now."
    assert charging.start(replace(FACTS, sent=[sent(START, Said.OPEN)])).ask is None
    yes = charging.start(replace(FACTS, sent=[sent(START, Said.YES)]))
    assert (yes.words, yes.ask) == ("Plug in a car or a test box: the charge begins by itself.", None)
    assert charging.start(replace(FACTS, sent=[sent(START, Said.YES, no_effect=True)])).ask == START
    assert charging.start(replace(FACTS, sent=[sent(START, Said.SILENT)] * 3)).ask is None


def test_a_refused_start_is_sent_again_when_a_car_comes() -> None:
    no = replace(FACTS, sent=[sent(START, Said.NO, "Rejected")])
    assert charging.start(no).ask is None
    car = PlugSeen("Preparing", since=NOW)
    assert charging.start(replace(no, plug=car)).ask == START
    assert charging.start(replace(no, plug=replace(car, since=NOW - timedelta(hours=1)))).ask is None
    assert charging.start(replace(no, plug=car, sent=[sent(START, Said.NO)] * 3)).ask is None
    late = judge("start", replace(no, is_over=True)).words
    assert late.startswith("The charger has refused to start a charge (Rejected).")


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        ({"energy_wh": 350, "flowed_s": 62.0, "peak_w": 11_000}, PASSED, "350 Wh in 62 s, up to 11.0 kW."),
        ({"energy_wh": 350, "flowed_s": 62.0}, PASSED, "350 Wh in 62 s, no power told."),
        ({"energy_wh": 90, "flowed_s": 20.0}, RUNNING, "90 Wh in 20 s of 60 s."),
        ({"peak_w": 3000}, RUNNING, "Power is seen, but the register has not risen yet."),
        ({}, RUNNING, "Waiting for energy. Let the car or the test box take power."),
        ({"is_open": False, "reason": "Local"}, FAILED, "The charge ended (Local) after 0 Wh in 0 s."),
    ],
)
def test_energy(change: dict[str, object], state: StepState, words: str) -> None:
    verdict = charging.energy(replace(FACTS, charge=replace(CHARGE, **change)))  # type: ignore[arg-type]
    assert verdict.state is state
    assert verdict.words.startswith(words)
    assert judge("energy", replace(FACTS, is_over=True)).state is FAILED


def test_readings_are_asked_for_when_none_comes() -> None:
    ask = charging.energy(replace(FACTS, charge=CHARGE)).ask
    assert ask is not None
    assert ask.parameters == {"message": "MeterValues", "connector": 1}
    assert charging.energy(replace(FACTS, charge=replace(CHARGE, metered_at=NOW))).ask is None
    again = replace(FACTS, charge=CHARGE, sent=[sent(ask, Said.YES, age=21)])
    assert charging.energy(again).ask == ask
    assert charging.energy(replace(again, sent=[sent(ask, Said.YES, age=5)])).ask is None


def test_a_stop() -> None:
    ask = Ask("stop", (("charge", 5),))
    running = replace(FACTS, charge=CHARGE)
    assert charging.stop(running).ask == ask
    assert charging.stop(replace(running, sent=[sent(ask, Said.YES)])).words == "It stops the charge."
    no = charging.stop(replace(running, sent=[sent(ask, Said.NO, "Rejected")]))
    assert no.words == "The charger has refused to stop (Rejected). Stop the charge at the charger."
    ended = replace(CHARGE, is_open=False, ended=NOW, reason="Remote", energy_wh=360)
    assert (
        charging.stop(replace(FACTS, charge=ended)).words == "Charge 17 ended at 13:00:00 with 360 Wh, reason Remote."
    )
    assert charging.stop(FACTS).state is FAILED


@pytest.mark.parametrize(
    ("said", "word", "state"),
    [
        (Said.YES, "Unlocked", PASSED),
        (Said.NO, "UnlockFailed", FAILED),
        (Said.NO, "NotSupported", SKIPPED),
        (Said.UNKNOWN, "", SKIPPED),
        (Said.OPEN, "", RUNNING),
        (Said.SILENT, "", RUNNING),
    ],
)
def test_the_lock(said: Said, word: str, state: StepState) -> None:
    ask = Ask("unlock", (("connector", 1),))
    assert charging.unlock(FACTS).ask == ask
    assert charging.unlock(replace(FACTS, sent=[sent(ask, said, word)])).state is state
    ccs = charging.unlock(replace(FACTS, plug=PlugSeen(has_lock=False, type="CCS")))
    assert (ccs.state, ccs.words) == (SKIPPED, "A CCS connector has no lock that can be released from here.")
    assert charging.unlock(replace(FACTS, charge=CHARGE)).ask is None


def test_a_card() -> None:
    assert box.key_read(FACTS).words == "Hold a card to the reader."
    assert box.key_read(replace(FACTS, card=CardSeen(NOW, 4))).words == "A card was read at 13:00:00."


def planned(*states: tuple[str, int, StepState, bool]) -> list[Planned]:
    return [Planned(StepKind(kind), number, state, asked) for kind, number, state, asked in states]


def test_the_order_and_what_stands_in_the_way() -> None:
    todo = StepState.TODO
    steps = planned(
        ("key", 0, todo, True), ("start", 2, todo, True), ("start", 1, todo, True), ("clock", 0, todo, True)
    )
    order = []
    while (move := next_move(steps)) is not None:
        order.append((move.step.kind, move.step.connector))
        steps = [replace(one, state=PASSED) if one == move.step else one for one in steps]
    assert order == [("clock", 0), ("start", 1), ("start", 2), ("key", 0)]
    blocked = next_move(planned(("connected", 0, FAILED, False), ("clock", 0, todo, True)))
    assert blocked is not None
    assert blocked.blocked == "“Charger called us” comes first, and has not passed."
    alone = next_move(planned(("connected", 0, todo, False), ("clock", 0, todo, True)))
    assert alone is not None
    assert not alone.blocked
    left = planned(("start", 1, SKIPPED, False), ("energy", 1, todo, True))
    left[0] = replace(left[0], skip_reason="No car")
    move = next_move(left)
    assert move is not None
    assert move.skipped == "“Test charge started” was left out: No car"
    assert next_move(planned(("clock", 0, todo, False))) is None


def test_the_time_that_a_step_may_take() -> None:
    assert limit_of("energy", energy_s=600, settings=0) == timedelta(seconds=900)
    assert limit_of("configuration", energy_s=60, settings=14) == timedelta(seconds=260)
    assert limit_of("key", energy_s=60, settings=14) == timedelta(minutes=3)
