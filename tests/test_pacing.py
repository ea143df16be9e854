"""The pace of batches: canaries, steps, limits and halts, whatever the chargers do."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoints.pacing import Pace, Tally, halt_why, is_finished, is_still, room, stage_end

CANARY = "1 of the first 2 failed; the others were not begun."
PACES = st.builds(
    Pace,
    at_once=st.integers(1, 20),
    canaries=st.integers(0, 5),
    step=st.integers(0, 10),
    halt_percent=st.sampled_from([0, 10, 50]),
)


@pytest.mark.parametrize(
    ("pace", "ended", "end"),
    [
        (Pace(), 0, None),
        (Pace(canaries=2), 0, 2),
        (Pace(canaries=2), 1, 2),
        (Pace(canaries=2), 2, None),
        (Pace(canaries=2, step=10), 2, 12),
        (Pace(canaries=2, step=10), 11, 12),
        (Pace(canaries=2, step=10), 12, 22),
        (Pace(step=5), 0, 5),
        (Pace(step=5), 5, 10),
    ],
)
def test_stages(pace: Pace, ended: int, end: int | None) -> None:
    assert stage_end(pace, ended) == end


@pytest.mark.parametrize(
    ("pace", "tally", "number"),
    [
        (Pace(at_once=20), Tally(waiting=500), 20),
        (Pace(at_once=20), Tally(waiting=500, running=15), 5),
        (Pace(at_once=20), Tally(waiting=500, running=30), 0),
        (Pace(at_once=20), Tally(waiting=3), 3),
        (Pace(at_once=20, per_minute=6), Tally(waiting=500, recent=4), 2),
        (Pace(canaries=2), Tally(waiting=500), 2),
        (Pace(canaries=2), Tally(waiting=500, running=1, done=1), 0),
        (Pace(canaries=2), Tally(waiting=500, watched=1, done=1), 0),
        (Pace(canaries=2, step=10), Tally(waiting=500, done=2), 10),
        # Watched chargers take no place among those that are under way.
        (Pace(at_once=5), Tally(waiting=500, watched=50), 5),
    ],
)
def test_room(pace: Pace, tally: Tally, number: int) -> None:
    assert room(pace, tally) == number


@pytest.mark.parametrize(
    ("pace", "tally", "why"),
    [
        (Pace(canaries=2), Tally(waiting=5, done=1, failed=1), "1 of the first 2 failed; the others were not begun."),
        (
            Pace(canaries=2),
            Tally(waiting=5, running=1, failed=1),
            "1 of the first 2 failed; the others were not begun.",
        ),
        (Pace(canaries=2), Tally(waiting=5, done=1, failed=1, is_resumed=True), ""),
        (Pace(canaries=2), Tally(done=1, failed=1), ""),
        (Pace(halt_percent=10), Tally(waiting=5, failed=2, judged=2, judged_failed=2), ""),
        (
            Pace(halt_percent=10),
            Tally(waiting=5, done=1, failed=2, judged=3, judged_failed=2),
            "2 of 3 failed, more than 10 %.",
        ),
        (Pace(halt_percent=10), Tally(waiting=5, done=9, failed=1, judged=10, judged_failed=1), ""),
        (Pace(halt_percent=10), Tally(waiting=5, done=9, failed=5, judged=4, judged_failed=0, is_resumed=True), ""),
        (Pace(), Tally(waiting=5, failed=100, judged=100, judged_failed=100), ""),
    ],
)
def test_halts(pace: Pace, tally: Tally, why: str) -> None:
    assert halt_why(pace, tally) == why


@given(pace=PACES, rows=st.integers(1, 60), seed=st.integers(0, 10_000), fault=st.sampled_from([0.0, 0.1, 1.0]))
def test_whatever_happens_it_keeps_its_limits_and_ends(pace: Pace, rows: int, seed: int, fault: float) -> None:
    chance = random.Random(seed)
    tally, begun, halted = Tally(waiting=rows), 0, False
    for _ in range(10 * rows + 10):
        if is_finished(tally) or (halted and is_still(tally)):
            break
        ending = chance.randint(0, tally.running) if tally.running else 0
        failing = sum(chance.random() < fault for _ in range(max(ending, tally.running and 1)))
        ending = max(ending, 1) if tally.running else 0
        tally = replace(
            tally,
            running=tally.running - ending,
            done=tally.done + ending - failing,
            failed=tally.failed + failing,
            judged=tally.judged + ending,
            judged_failed=tally.judged_failed + failing,
        )
        halted = halted or bool(halt_why(pace, tally))
        if not halted:
            number, end = room(pace, tally), stage_end(pace, tally.ended)
            tally = replace(tally, waiting=tally.waiting - number, running=tally.running + number)
            begun += number
            assert tally.running <= pace.at_once
            assert end is None or tally.begun <= end
            if pace.canaries and not pace.halt_percent and tally.ended < pace.canaries:
                assert begun <= pace.canaries
    assert is_finished(tally) or (halted and is_still(tally))
    assert tally.waiting + tally.ended == rows
    assert begun == tally.ended
    if fault == 0:
        assert not halted
        assert tally.done == rows
