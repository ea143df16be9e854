"""The register's truth: what is billed, what is held, and what is proposed instead."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoints.choices import Hold
from chargepoints.metering import Metered, Point, judge

START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
END = START + timedelta(hours=1)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def points(*registers: int | None) -> list[Point]:
    """One reading each ten minutes."""
    return [Point(at(10 * (index + 1)), register) for index, register in enumerate(registers)]


SOUND = Metered(START, END, 100_000, 110_000, points(102_000, 104_000, 106_000, 108_000), max_power_w=22_000)


def test_a_sound_charge() -> None:
    judged = judge(SOUND)
    assert (judged.energy_wh, judged.strategy, judged.holds, judged.idle_from) == (10_000, "register", [], None)
    assert judged.curve == [(START, 0), *((at(10 * n), 2_000 * n) for n in range(1, 5)), (END, 10_000)]


def test_idle_begins_when_all_energy_was_there() -> None:
    judged = judge(replace(SOUND, meter_stop_wh=108_000, points=points(104_000, 108_000, 108_000, 108_000, 108_000)))
    assert (judged.energy_wh, judged.idle_from, judged.holds) == (8_000, at(20), [])


def test_values_that_count_from_the_charges_own_zero() -> None:
    judged = judge(replace(SOUND, points=points(2_000, 5_000, 9_000)))
    assert (judged.energy_wh, judged.holds) == (10_000, [])
    assert judged.curve[1:4] == [(at(10), 2_000), (at(20), 5_000), (at(30), 9_000)]


def test_begin_and_end_of_the_samples_stand_in_for_registers() -> None:
    told = [Point(START, 5_000, context="Transaction.Begin"), Point(END, 9_000, context="Transaction.End")]
    judged = judge(replace(SOUND, meter_start_wh=None, meter_stop_wh=None, points=told))
    assert (judged.energy_wh, judged.holds, judged.strategy) == (4_000, [], "register")


def test_a_periodic_value_at_the_moment_of_the_begin_is_no_second_reading() -> None:
    told = [Point(START, 0, context="Sample.Periodic"), Point(START, 100_000, context="Transaction.Begin")]
    assert judge(replace(SOUND, points=told)).holds == []


WRONG: dict[str, tuple[Metered, Hold, int, int]] = {
    "the register fell": (replace(SOUND, meter_stop_wh=90_000), Hold.NEGATIVE, 8_000, 8_000),
    "the end counts from zero": (replace(SOUND, meter_stop_wh=9_000, points=()), Hold.NEGATIVE, 0, 9_000),
    "it fell and rose again": (
        replace(SOUND, points=points(104_000, 500, 2_500, 4_500)),
        Hold.NEGATIVE,
        10_000,
        8_000,
    ),
    "faster than the connector": (
        replace(SOUND, meter_stop_wh=160_000, points=points(102_000, 104_000)),
        Hold.TOO_FAST,
        0,
        4_000,
    ),
    "the meter's total": (
        replace(SOUND, meter_start_wh=0, meter_stop_wh=4_711_000, points=points(4_703_000, 4_707_000)),
        Hold.ODOMETER,
        0,
        8_000,
    ),
    "the meter's total, after another charge": (
        replace(SOUND, meter_start_wh=0, meter_stop_wh=4_711_000, points=(), before=(START, 4_702_000)),
        Hold.ODOMETER,
        0,
        9_000,
    ),
    "no register at the end": (replace(SOUND, meter_stop_wh=None), Hold.MISSING_REGISTER, 8_000, 8_000),
    "no register at the begin": (replace(SOUND, meter_start_wh=None), Hold.MISSING_REGISTER, 6_000, 8_000),
    "the stop never came": (replace(SOUND, meter_stop_wh=None, has_stop=False), Hold.LOST_STOP, 8_000, 8_000),
    "the start never came": (
        replace(SOUND, meter_start_wh=None, has_start=False, points=()),
        Hold.UNKNOWN_START,
        0,
        0,
    ),
    "it overlaps the one before": (replace(SOUND, before=(at(10), 100_000)), Hold.OVERLAP, 10_000, 10_000),
    "its register overlaps the one before": (
        replace(SOUND, before=(START, 103_000), points=()),
        Hold.OVERLAP,
        10_000,
        7_000,
    ),
    "it overlaps the next": (replace(SOUND, after=(at(30), 105_000)), Hold.OVERLAP, 10_000, 10_000),
    "charging, and no energy": (
        Metered(START, END, 5_000, 5_000, [Point(at(0), None, 6_000), Point(at(60), None, 6_000)]),
        Hold.ZERO_ENERGY,
        0,
        6_000,
    ),
    "ends before it begins": (replace(SOUND, ended_at=at(-10), points=()), Hold.BAD_CLOCK, 0, 0),
    "lasts forty days": (replace(SOUND, ended_at=START + timedelta(days=40)), Hold.BAD_CLOCK, 10_000, 10_000),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_held_with_a_proposal(name: str) -> None:
    metered, rule, energy, proposed = WRONG[name]
    judged = judge(metered)
    assert rule in [held.rule for held in judged.holds]
    assert (judged.energy_wh, judged.proposed_wh) == (energy, proposed)
    assert judged.proposed_why
    assert all(held.text for held in judged.holds)


def test_a_cable_that_was_only_plugged_in_is_no_reason_to_look() -> None:
    assert judge(Metered(START, END, 5_000, 5_000, was_charging=False)).holds == []


registers = st.integers(-5_000, 5_000_000)
maybe = st.none() | registers


@st.composite
def charges(draw: Callable[..., object]) -> Metered:
    """Any charge whatever, sound or not."""
    seconds = draw(st.integers(-600, 40 * 86_400))
    moments = st.integers(-3_600, 90_000)
    told = draw(
        st.lists(
            st.builds(
                lambda s, register, power, context: Point(START + timedelta(seconds=s), register, power, context),
                moments,
                maybe,
                st.none() | st.integers(-100, 400_000),
                st.sampled_from(["Sample.Periodic", "Transaction.Begin", "Transaction.End", ""]),
            ),
            max_size=12,
        )
    )
    neighbour = st.none() | st.tuples(moments.map(lambda s: START + timedelta(seconds=s)), maybe)
    assert isinstance(seconds, int)
    assert isinstance(told, list)
    return Metered(
        START,
        START + timedelta(seconds=seconds),
        draw(maybe),  # type: ignore[arg-type]
        draw(maybe),  # type: ignore[arg-type]
        told,
        draw(st.none() | st.integers(1_000, 400_000)),  # type: ignore[arg-type]
        draw(neighbour),  # type: ignore[arg-type]
        draw(neighbour),  # type: ignore[arg-type]
    )


@given(charges())
def test_nothing_impossible_becomes_energy(metered: Metered) -> None:
    judged = judge(metered)
    most = metered.possible(metered.started_at, metered.ended_at)
    assert 0 <= judged.energy_wh <= most
    assert judged.proposed_wh is None or 0 <= judged.proposed_wh <= most
    assert (judged.proposed_wh is None) == (not judged.holds)
    assert judged.curve[0][0] == metered.started_at
    assert judged.curve[-1][1] == judged.energy_wh
    assert all(low <= high and before <= after for (before, low), (after, high) in pairwise(judged.curve))
    if not judged.holds:
        assert judged.strategy == "register"
        assert judged.idle_from is None or metered.started_at < judged.idle_from < metered.ended_at


@given(st.integers(0, 10_000_000), st.lists(st.integers(0, 3_000), min_size=1, max_size=12))
def test_an_honest_meter_is_believed(begin: int, steps: list[int]) -> None:
    told, register = [], begin
    for index, step in enumerate(steps):
        register += step
        told.append(Point(at(10 * (index + 1)), register))
    metered = Metered(START, told[-1].at, begin, register, told, max_power_w=22_000, was_charging=register > begin)
    judged = judge(metered)
    assert (judged.energy_wh, judged.holds) == (register - begin, [])
    assert [wh for _, wh in judged.curve][1:] == [(point.register_wh or 0) - begin for point in told]
