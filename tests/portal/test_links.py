"""The 24-hour strip: pure, from periods to half-hours."""

from datetime import UTC, datetime, timedelta

from chargepoints.models import ChargePoint, LinkPeriod
from chargepoints.selectors.links import SLOT, SLOTS, Slot, link_strips, strip

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SINCE = NOW - SLOT * SLOTS


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def test_always_connected_is_one_run() -> None:
    made = strip([(hours_ago(30), NOW)], SINCE, NOW)
    assert [(run.start, run.count, run.slot) for run in made.runs] == [(0, SLOTS, Slot.UP)]
    assert made.percent_up == 100
    assert made.connects == 0


def test_never_connected_is_one_run() -> None:
    made = strip([], SINCE, NOW)
    assert [run.slot for run in made.runs] == [Slot.DOWN]
    assert made.percent_up == 0


def test_a_quick_reconnect_breaks_its_half_hour() -> None:
    made = strip([(hours_ago(30), hours_ago(1.25)), (hours_ago(1.25), NOW)], SINCE, NOW)
    assert [(run.count, run.slot) for run in made.runs] == [(45, Slot.UP), (1, Slot.BROKEN), (2, Slot.UP)]
    assert made.connects == 1


def test_offline_at_the_end() -> None:
    made = strip([(hours_ago(30), hours_ago(2))], SINCE, NOW)
    assert [(run.count, run.slot) for run in made.runs] == [(44, Slot.UP), (4, Slot.DOWN)]
    assert made.percent_up == 92


def test_a_period_that_a_crash_left_open_ends_at_the_next(charge_point: ChargePoint) -> None:
    LinkPeriod.objects.create(charge_point=charge_point, generation=1, started_at=hours_ago(40))
    LinkPeriod.objects.create(
        charge_point=charge_point, generation=2, started_at=hours_ago(3.25), ended_at=hours_ago(1)
    )
    made = link_strips([charge_point.pk], NOW)[charge_point.pk]
    assert [(run.count, run.slot) for run in made.runs] == [
        (41, Slot.UP),
        (1, Slot.BROKEN),
        (4, Slot.UP),
        (2, Slot.DOWN),
    ]


def test_runs_add_up(charge_point: ChargePoint) -> None:
    for generation in range(20):
        start = hours_ago(23 - generation)
        LinkPeriod.objects.create(
            charge_point=charge_point,
            generation=generation,
            started_at=start,
            ended_at=start + timedelta(minutes=25),
        )
    made = link_strips([charge_point.pk], NOW)[charge_point.pk]
    assert sum(run.count for run in made.runs) == SLOTS
    assert made.connects == 20
