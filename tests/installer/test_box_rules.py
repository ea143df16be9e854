"""Rules about the whole charge point: what is said of facts, and what is asked for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from installer.acceptance import box, settings
from installer.acceptance.facts import (
    Ask,
    BootSeen,
    Facts,
    LinkSeen,
    Said,
    Sent,
    Setting,
    TimeTold,
)
from installer.acceptance.plan import judge
from installer.choices import StepKind
from tests.installer.rule_facts import FACTS, FAILED, NOW, PASSED, RUNNING, sent


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
