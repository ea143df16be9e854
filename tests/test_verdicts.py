"""The verdict of a check, and what it asks: pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoints.checking import Ask, Ending, Next, Step, is_asked, next_step
from chargepoints.choices import ConnectorStatus, Refusal
from chargepoints.verdicts import (
    LONGEST,
    CheckFound,
    ConnectorFound,
    LinkFound,
    OpenCharge,
    StepTaken,
    verdict_of,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OSLO = ZoneInfo("Europe/Oslo")
FAST = "Connected, answers in 180 ms;"
HERE = LinkFound("NORD-1", True, NOW - timedelta(hours=3), heard_at=NOW - timedelta(seconds=40))
ANSWERS = (StepTaken("TriggerMessage StatusNotification 1", "Accepted", 180), StepTaken("B", "Accepted", 2_400))


def connector(number: int, status: str, **fields: object) -> ConnectorFound:
    return ConnectorFound(number, status, **({"is_fresh": True, "is_promised": True} | fields))  # type: ignore[arg-type]


def gone(**fields: object) -> LinkFound:
    values: dict[str, object] = {"since": NOW - timedelta(minutes=58), "close_code": 1006} | fields
    return LinkFound("NORD-1", False, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "sentence", "is_sound"),
    [
        (
            CheckFound(NOW, OSLO, HERE, ANSWERS, [connector(1, "Available"), connector(2, "Charging", charge=None)]),
            "Connected, answers in 180 ms; connector 2 says Charging but no charge is known.",
            False,
        ),
        (
            CheckFound(NOW, OSLO, HERE, ANSWERS, [connector(1, "Available"), connector(2, "Unavailable")]),
            "Connected, answers in 180 ms; connector 1 says Available; connector 2 says Unavailable.",
            True,
        ),
        (
            CheckFound(
                NOW,
                OSLO,
                HERE,
                ANSWERS,
                [connector(2, "Available", charge=OpenCharge(NOW - timedelta(minutes=228), closed=True))],
            ),
            f"{FAST} connector 2 says Available but a charge was open since 09:12: closed as lost stop.",
            True,
        ),
        (
            CheckFound(
                NOW,
                OSLO,
                HERE,
                ANSWERS,
                [
                    connector(
                        1, "Available", charge=OpenCharge(NOW - timedelta(1), metered_at=NOW - timedelta(seconds=9))
                    )
                ],
            ),
            f"{FAST} connector 1 says Available but a charge is open since 19 Nov 13:00, metered 9 s ago.",
            False,
        ),
        (
            CheckFound(NOW, OSLO, HERE, ANSWERS, [connector(1, "Faulted", fault="GroundFailure")], box_fault="E7"),
            "Connected, answers in 180 ms; the charger itself is faulted: E7; connector 1 is faulted: GroundFailure.",
            False,
        ),
        (
            CheckFound(NOW, OSLO, HERE, [StepTaken("A", "no answer")], [connector(1, "Available", is_fresh=False)]),
            "Connected, but it does not answer: last heard 40 s ago.",
            False,
        ),
        (
            CheckFound(NOW, OSLO, HERE, ANSWERS, [connector(1, "Available", is_fresh=False)]),
            "Connected, answers in 180 ms; connector 1 did not tell its state.",
            False,
        ),
        (CheckFound(NOW, OSLO, HERE, ANSWERS), "Connected, answers in 180 ms; it has reported no connector yet.", True),
        (
            CheckFound(NOW, OSLO, gone(refused="wrong-password", refused_at=NOW - timedelta(minutes=1))),
            "Offline since 12:02 (code 1006). Its last knock at 12:59 was refused: wrong password.",
            False,
        ),
        (CheckFound(NOW, OSLO, gone(since=None, close_code=None)), "It has never connected.", False),
        (CheckFound(NOW, OSLO, gone(broke=True)), "The connection ended during the check (code 1006).", False),
        (
            CheckFound(NOW, OSLO, LinkFound("", False)),
            "It has no identity: no charger can connect as it.",
            False,
        ),
    ],
)
def test_sentences(found: CheckFound, sentence: str, is_sound: bool) -> None:
    verdict = verdict_of(found)
    assert (verdict.sentence, verdict.is_sound) == (sentence, is_sound)
    assert bool(verdict.advice) != is_sound


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2026, 11, 20), timezones=st.just(UTC))  # noqa: DTZ001 - made aware
WORDS = st.text(max_size=60)
LINKS = st.builds(
    LinkFound,
    identity=st.sampled_from(["", "NORD-1"]),
    connected=st.booleans(),
    since=st.none() | MOMENTS,
    close_code=st.none() | st.integers(1000, 4999),
    refused_at=st.none() | MOMENTS,
    refused=st.sampled_from(["", "of-old", *Refusal.values]),
    heard_at=st.none() | MOMENTS,
    registration=st.sampled_from(["", "Accepted", "Pending", "Rejected"]),
    broke=st.booleans(),
)
CHARGES = st.builds(
    OpenCharge, started_at=MOMENTS, closed=st.booleans(), is_new=st.booleans(), metered_at=st.none() | MOMENTS
)
CONNECTORS = st.builds(
    ConnectorFound,
    number=st.integers(1, 9),
    status=st.sampled_from(["", "Own word", *ConnectorStatus.values]),
    is_fresh=st.booleans(),
    fault=WORDS,
    charge=st.none() | CHARGES,
    is_promised=st.booleans(),
)
STEPS = st.builds(StepTaken, what=WORDS, ended=WORDS, milliseconds=st.none() | st.integers(0, 40_000))
FOUND = st.builds(
    CheckFound,
    now=st.just(NOW),
    zone=st.sampled_from([OSLO, UTC]),
    link=LINKS,
    steps=st.lists(STEPS, max_size=4),
    connectors=st.lists(CONNECTORS, max_size=4),
    box_fault=WORDS,
    maintenance=st.booleans(),
)


@given(FOUND)
def test_never_empty_and_never_contradictory(found: CheckFound) -> None:
    verdict = verdict_of(found)
    assert 1 < len(verdict.sentence) <= LONGEST
    assert verdict.sentence[-1] in ".…"
    assert bool(verdict.advice) != verdict.is_sound, "either nothing is wrong, or it says what to do"
    answers = any(step.milliseconds is not None for step in found.steps)
    is_here = found.link.connected and bool(found.link.identity)
    assert ("answers in" in verdict.sentence) == (is_here and answers and found.link.registration != "Rejected")
    assert verdict.sentence.startswith("Connected") == is_here
    if verdict.is_sound:
        assert is_here
        assert not found.box_fault
        assert all(connector.status != "Faulted" for connector in found.connectors)
    if "answers in" in verdict.sentence:
        closed = [c for c in found.connectors if c.charge and c.charge.closed]
        assert len(verdict.repaired) == len(closed)
    else:
        assert not verdict.repaired
    assert len(verdict.evidence) >= len(found.steps) + len(found.connectors)


ENDINGS = st.sampled_from([ending for ending in Ending if ending is not Ending.OPEN])


@given(st.lists(st.integers(1, 9), unique=True, max_size=5), st.booleans(), st.data())
def test_a_check_ends(numbers: list[int], can_trigger: bool, data: st.DataObject) -> None:
    """Whatever is answered: no call twice, a few calls only, and one that is open is waited for."""
    steps: list[Step] = []
    while (following := next_step(numbers=numbers, steps=steps, can_trigger=can_trigger)) is not None:
        waiting = [*steps, Step(following.ask, Ending.OPEN, following.connector)]
        assert next_step(numbers=numbers, steps=waiting, can_trigger=can_trigger) is None
        assert not is_asked(numbers=numbers, steps=waiting, can_trigger=can_trigger)
        steps.append(Step(following.ask, data.draw(ENDINGS), following.connector))
        assert len(steps) <= max(len(numbers), 1) + 2
    assert is_asked(numbers=numbers, steps=steps, can_trigger=can_trigger)
    assert steps, "something is always asked"
    assert len({(step.ask, step.connector) for step in steps}) == len(steps)
    if all(step.ending is not Ending.ACCEPTED for step in steps):
        assert steps[-1].ask is Ask.SETTING, "one that seems dead was asked what every charger has to answer"


def test_the_order() -> None:
    one = Step(Ask.STATUS, Ending.ACCEPTED, 1)
    assert next_step(numbers=[1, 2], steps=[], can_trigger=True) == Next(Ask.STATUS, 1)
    assert next_step(numbers=[1, 2], steps=[one], can_trigger=True) == Next(Ask.STATUS, 2)
    assert next_step(numbers=[], steps=[], can_trigger=True) == Next(Ask.STATUS)
    assert next_step(numbers=[1], steps=[], can_trigger=False) == Next(Ask.SETTING)
    refused = Step(Ask.STATUS, Ending.REFUSED, 1)
    assert next_step(numbers=[1, 2], steps=[refused], can_trigger=True) == Next(Ask.HEARTBEAT)
    unknown = Step(Ask.STATUS, Ending.UNKNOWN, 1)
    assert next_step(numbers=[1, 2], steps=[unknown], can_trigger=True) == Next(Ask.SETTING)
