"""The power chart: pure, from readings to a drawing."""

from datetime import UTC, datetime, timedelta

import pytest

from chargepoints.rendering.power import BOTTOM, LEFT, RIGHT, TOP, power_chart

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
SPAN = timedelta(hours=6)


def minutes_ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def test_empty() -> None:
    chart = power_chart({1: []}, now=NOW, span=SPAN, zone="Europe/Oslo", limit_w=None)
    assert chart.is_empty
    assert chart.limit_y is None


def test_lines_stay_inside_and_hours_are_local() -> None:
    curve = [(minutes_ago(360 - 2 * step), 22_000.0) for step in range(181)]
    chart = power_chart({1: curve, 2: []}, now=NOW, span=SPAN, zone="Europe/Oslo", limit_w=22_000)
    points = [tuple(map(float, pair.split())) for pair in chart.lines[0].path[1:].split("L")]
    assert min(x for x, _ in points) == LEFT
    assert max(x for x, _ in points) == RIGHT
    assert all(TOP <= y <= BOTTOM for _, y in points)
    assert chart.limit_y == points[0][1]
    assert [tick.label for tick in chart.columns] == [f"{hour}:00" for hour in ("08", "09", 10, 11, 12, 13)]
    assert not chart.lines[1].path


def test_a_long_silence_is_a_gap() -> None:
    curve = [(minutes_ago(60), 1.0), (minutes_ago(58), 1.0), (minutes_ago(30), 1.0), (minutes_ago(28), 1.0)]
    chart = power_chart({1: curve}, now=NOW, span=SPAN, zone="UTC", limit_w=None)
    assert chart.lines[0].path.count("M") == 2


@pytest.mark.parametrize("peak", [400.0, 7_400.0, 22_000.0, 150_000.0, 1_000_000.0, 9_000_000.0])
def test_the_axis_fits_and_is_readable(peak: float) -> None:
    chart = power_chart({1: [(minutes_ago(1), peak)]}, now=NOW, span=SPAN, zone="UTC", limit_w=None)
    assert chart.lines[0].path
    top = float(chart.rows[-1].label)
    assert top >= peak / 1000
    assert chart.rows[-1].at == TOP
