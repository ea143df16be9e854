"""The curve of a charge: pure, from readings to a drawing."""

from datetime import UTC, datetime, timedelta

from chargepoints.rendering.charge_chart import BOTTOM, LEFT, MOST_POINTS, RIGHT, TOP, charge_chart, thinned
from chargepoints.selectors.charge_detail import Reading

BEGIN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(minutes: float, **fields: int) -> Reading:
    return Reading(BEGIN + timedelta(minutes=minutes), **fields)


class TestCurve:
    """The drawing in numbers."""

    def test_a_gap_is_a_gap(self) -> None:
        chart = charge_chart(
            [at(0, power_w=7_000), at(5, power_w=7_000), at(40, power_w=7_000), at(45, power_w=7_000)],
            BEGIN,
            BEGIN + timedelta(hours=1),
            zone="Europe/Oslo",
            first_wh=None,
        )
        assert chart.power.count("M") == 2
        assert not chart.energy

    def test_everything_stays_inside(self) -> None:
        readings = [at(minute, power_w=22_000, register_wh=minute * 400, soc=minute) for minute in range(61)]
        chart = charge_chart(
            readings, BEGIN, BEGIN + timedelta(hours=1), zone="Europe/Oslo", first_wh=0, limit_w=22_000
        )
        for path in (chart.power, chart.energy, chart.battery):
            points = [tuple(map(float, pair.split())) for pair in path[1:].split("L")]
            assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in points)
        assert chart.limit_y is not None
        assert chart.columns[0].label == "13:00"

    def test_power_out_of_the_register(self) -> None:
        chart = charge_chart(
            [at(0, register_wh=1_000), at(30, register_wh=6_000)],
            BEGIN,
            BEGIN + timedelta(hours=1),
            zone="Europe/Oslo",
            first_wh=1_000,
        )
        assert chart.is_derived
        assert "at most 10.0 kW" in chart.label

    def test_no_peak_is_lost(self) -> None:
        curve = [(BEGIN + timedelta(seconds=number), 1.0) for number in range(5_000)]
        curve[1_234] = (curve[1_234][0], 99.0)
        found = thinned(curve)
        assert len(found) <= MOST_POINTS
        assert max(value for _, value in found) == 99.0
