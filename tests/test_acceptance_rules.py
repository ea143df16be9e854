"""The rules of the acceptance test: what is said of facts, what is asked for, and in which order the steps go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from installer.acceptance import box, charging, settings
from installer.acceptance.facts import (
    Ask,
    BootSeen,
    CardSeen,
    ChargeSeen,
    Facts,
    LinkSeen,
    Plate,
    PlugSeen,
    Said,
    Sent,
    Setting,
    TimeTold,
)
from installer.acceptance.plan import Planned, judge, limit_of, next_move
from installer.choices import StepKind, StepState

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OSLO = ZoneInfo("Europe/Oslo")
PASSED, FAILED, RUNNING, SKIPPED = StepState.PASSED, StepState.FAILED, StepState.RUNNING, StepState.SKIPPED
FACTS = Facts(
    now=NOW,
    zone=OSLO,
    begun=NOW - timedelta(seconds=60),
    connector=1,
    link=LinkSeen(is_connected=True, since=NOW - timedelta(minutes=5), version="OCPP 1.6", profile=1, seq=7),
    boot=BootSeen(at=NOW, wanted_since=NOW - timedelta(hours=1), model="Acme Twin", serial="ACE-1", seq=8),
    plate=Plate(identity="ACE-1", connectors=[1], reported=frozenset({1}), told=1),
    plug=PlugSeen(status="Available", has_lock=True, type="Type 2"),
    key="KEY",
)
CHARGE = ChargeSeen(pk=5, transaction="17", is_open=True, is_ours=True, began=NOW - timedelta(seconds=90))


def sent(ask: Ask, said: Said, word: str = "", *, age: int = 30, no_effect: bool = False) -> Sent:
    """What was sent for `ask` so many seconds ago, and answered a second later."""
    at = NOW - timedelta(seconds=age)
    answered = None if said is Said.OPEN else at + timedelta(seconds=1)
    return Sent(ask.kind, ask.parameters, said, word, at, answered, no_effect, seq=9)


def test_the_link() -> None:
    verdict = box.connected(FACTS)
    assert (verdict.state, verdict.seq) == (PASSED, 7)
    assert verdict.words == "Connected since 12:55:00, OCPP 1.6, security profile 1."
    away = replace(FACTS, link=LinkSeen(refused="It called without a password."))
    assert judge("connected", away).words == "It called without a password."
    late = judge("connected", replace(away, is_over=True))
    assert (late.state, late.words) == (FAILED, "It called without a password. Then run this step again.")
    assert judge("connected", replace(FACTS, link=LinkSeen(has_identity=False))).state is FAILED
    assert "has not called" in judge("connected", replace(FACTS, link=LinkSeen(), is_over=True)).words


@pytest.mark.parametrize("kind", [kind for kind in StepKind if kind is not StepKind.CONNECTED])
def test_everything_else_waits_for_the_charger_and_for_its_acceptance(kind: StepKind) -> None:
    away = replace(FACTS, link=LinkSeen())
    assert judge(kind, away).words.startswith("The charger is offline. Waiting")
    assert judge(kind, replace(away, is_over=True)).state is FAILED
    rejected = judge(kind, replace(FACTS, boot=BootSeen(registration="Rejected")))
    assert rejected.words == "The charger is rejected: the operator has to accept it first."


def test_a_boot_is_asked_for_then_the_charger_restarts() -> None:
    assert box.booted(FACTS).words == "Acme Twin; booted 13:00:00."
    old = replace(FACTS, boot=replace(FACTS.boot, at=NOW - timedelta(hours=2)))
    assert box.booted(old).ask == box.BOOT
    assert box.booted(replace(old, sent=[sent(box.BOOT, Said.YES)])).ask is None
    silent = replace(old, sent=[sent(box.BOOT, Said.SILENT)])
    assert box.booted(silent).ask == box.BOOT, "what was not answered is asked again"
    for said, no_effect in ((Said.NO, False), (Said.UNKNOWN, False), (Said.YES, True)):
        asked = replace(old, sent=[sent(box.BOOT, said, no_effect=no_effect)])
        assert box.booted(asked).ask == box.RESET
    unknown = replace(old, refused={box.BOOT: "The charger has no RemoteTrigger."})
    assert box.booted(unknown).ask == box.RESET
    assert box.booted(replace(unknown, charges=1)).ask is None
    refused = replace(unknown, sent=[sent(box.RESET, Said.NO)])
    assert box.booted(refused).words.startswith("Switch it off and on")
    pending = replace(FACTS, boot=replace(FACTS.boot, registration="Pending"), is_over=True)
    assert judge("booted", pending).words == "The operator has to accept it."


@pytest.mark.parametrize(
    ("told", "name", "same"),
    [
        ("ACE-1", "ace1", True),
        ("ACE0482913", "482913", True),
        ("1", "ACE-1", True),
        ("X", "", False),
        ("A", "B", False),
    ],
)
def test_serials_that_mean_the_same(told: str, name: str, same: bool) -> None:
    assert box.is_same(told, name) is same


def test_serial_and_connectors() -> None:
    assert box.serial(FACTS).words == "Serial ACE-1, 1 connector reported."
    other = replace(FACTS, plate=replace(FACTS.plate, identity="ZZ"))
    assert box.serial(other).words.startswith("It says serial ACE-1, and its identity is ZZ.")
    assert box.serial(replace(other, plate=replace(other.plate, sticker="ace 1"))).state is PASSED
    wrong = box.serial(replace(FACTS, plate=replace(FACTS.plate, told=2)))
    assert wrong.words == "It says that it has 2 connectors, and 1 are registered. Ask the operator to correct it."
    unknown = replace(FACTS, plate=replace(FACTS.plate, told=None))
    assert box.serial(unknown).ask == box.COUNT
    assert box.serial(replace(unknown, sent=[sent(box.COUNT, Said.OPEN)])).ask is None
    assert box.serial(replace(unknown, sent=[sent(box.COUNT, Said.NO)])).state is PASSED
    quiet = replace(FACTS, plate=replace(FACTS.plate, connectors=[1, 2], told=2))
    verdict = box.serial(quiet)
    assert verdict.words == "Connector 2 has not reported yet."
    assert verdict.ask is not None
    assert verdict.ask.parameters == {"message": "StatusNotification", "connector": 2}
    assert box.serial(replace(FACTS, boot=BootSeen())).state is RUNNING
    nameless = replace(FACTS, boot=replace(FACTS.boot, serial=""))
    assert box.serial(nameless).words == "It tells no serial, 1 connector reported."


def told(*offsets: float, age: int = 0) -> list[TimeTold]:
    return [TimeTold(offset, NOW - timedelta(seconds=age), 3) for offset in offsets]


def test_the_clock() -> None:
    assert box.clock(replace(FACTS, times=told(0.24))).words == "+0.2 s to ours."
    assert box.clock(replace(FACTS, times=told(-7200, -59))).state is PASSED, "one of them was fresh"
    first = box.clock(replace(FACTS, times=told(7200)))
    assert (first.words, first.state) == ("Its clock is ahead by 2 h. It is asked once more.", RUNNING)
    asks = [first.ask]
    assert first.ask is not None
    second = box.clock(replace(FACTS, times=told(7200), sent=[sent(first.ask, Said.YES)]))
    assert second.ask is not None
    asks.append(second.ask)
    assert [ask.parameters["message"] for ask in asks if ask] == ["StatusNotification", "MeterValues"]
    both = [sent(first.ask, Said.YES), sent(second.ask, Said.YES)]
    assert box.clock(replace(FACTS, times=told(-7200, age=600), sent=both)).state is RUNNING, "nothing new has come"
    wrong = box.clock(replace(FACTS, times=told(-7200), sent=both))
    assert wrong.state is FAILED
    assert wrong.words.startswith("Its clock is behind by 2 h. Set its time server")
    assert judge("clock", replace(FACTS, is_over=True)).words.startswith("It has told no time.")


READ = Ask("read_configuration", (("keys", ("Interval", "Mode")),))


def written(*each: Setting, sends: tuple[Sent, ...] = ()) -> Facts:
    return replace(FACTS, settings=list(each), sent=[sent(READ, Said.YES, age=50), *sends])


def test_settings_are_read_written_and_read_back() -> None:
    interval, mode = Setting("Interval", "60"), Setting("Mode", "Fast")
    write = Ask("configure", (("key", "Interval"), ("value", "60")))
    assert settings.configuration(replace(FACTS, settings=[])).state is PASSED
    assert settings.configuration(replace(FACTS, settings=[interval, mode])).ask == READ
    right = replace(mode, value=" fast")
    assert settings.configuration(written(replace(interval, value="900"), right)).ask == write
    assert settings.configuration(written(interval, right, sends=(sent(write, Said.OPEN),))).ask is None
    after = (sent(write, Said.YES, age=40),)
    assert settings.configuration(written(replace(interval, value="60"), right, sends=after)).ask == READ
    back = (*after, sent(READ, Said.YES, age=10))
    good = settings.configuration(written(replace(interval, value="60"), right, sends=back))
    assert (good.state, good.words) == (PASSED, "2 settings: 1 written, 1 right already.")
    later = settings.configuration(written(replace(interval, value="900", needs_reboot=True), right, sends=back))
    assert later.words == "2 settings: 1 written, 1 right already; in force after a restart: Interval."
    hidden = settings.configuration(written(replace(interval, is_hidden=True), right, sends=back))
    assert hidden.state is PASSED


@pytest.mark.parametrize(
    ("said", "word", "why"),
    [
        (Said.NO, "Rejected", "Interval (Rejected)"),
        (Said.UNKNOWN, "Not supported by this charger", "Interval (not known to the charger)"),
        (Said.YES, "Accepted", "Interval (reads back otherwise)"),
    ],
)
def test_settings_that_are_not_written(said: Said, word: str, why: str) -> None:
    write = Ask("configure", (("key", "interval"), ("value", "60")))
    sends = (sent(write, said, word, age=40), sent(READ, Said.YES, age=10))
    verdict = settings.configuration(written(Setting("Interval", "60", value="900"), sends=sends))
    assert verdict.words == f"Not written: {why}. Ask the operator, or leave this step out."
    refused = replace(
        written(Setting("Interval", "60")),
        refused={
            Ask("configure", (("key", "Interval"), ("value", "60"))): "The charger says that Interval is read-only."
        },
    )
    assert "(The charger says that Interval is read-only)" in settings.configuration(refused).words


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
