"""Prices: examples that can be checked by hand, and properties that hold for all."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoints.pricing import Cost, Spot, Tariff, Usage, Window, cost_of, energy_at, minor_unit

OSLO = ZoneInfo("Europe/Oslo")
START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
NIGHT = Window(22 * 60, 6 * 60, per_kwh=Decimal("1.00"), label="night")
DAY = Window(6 * 60, 22 * 60, per_kwh=Decimal("3.00"), label="day")


def usage(minutes: int, wh: int, *, start: datetime = START, idle: int = 0) -> Usage:
    """A charge with constant power, then `idle` minutes without."""
    end = start + timedelta(minutes=minutes)
    full = end - timedelta(minutes=idle)
    curve = [(start, 0), (full, wh)] + ([(end, wh)] if idle else [])
    return Usage(start, end, curve, full if idle else None)


def d(text: str) -> Decimal:
    return Decimal(text)


@pytest.mark.parametrize(
    ("tariff", "used", "total"),
    [
        (Tariff("NOK", per_kwh=d("4.50")), usage(60, 20_000), "90.00"),
        (Tariff("NOK", start_fee=d("10"), per_kwh=d("2.5")), usage(60, 12_345), "40.86"),
        (Tariff("NOK", per_minute=d("0.5"), free_minutes=15), usage(60, 1_000), "22.50"),
        (Tariff("NOK", per_minute=d("0.5"), free_minutes=90), usage(60, 1_000), "0.00"),
        (Tariff("NOK", idle_per_minute=d("2"), idle_grace_minutes=10), usage(60, 5_000, idle=25), "30.00"),
        (Tariff("NOK", idle_per_minute=d("2"), idle_maximum=d("12")), usage(60, 5_000, idle=25), "12.00"),
        (Tariff("NOK", per_kwh=d("1"), minimum=d("20")), usage(60, 5_000), "20.00"),
        (Tariff("NOK", per_kwh=d("1"), minimum=d("20")), usage(60, 0), "0.00"),
        (Tariff("JPY", per_kwh=d("33.3")), usage(60, 10_000), "333"),
    ],
)
def test_by_hand(tariff: Tariff, used: Usage, total: str) -> None:
    assert cost_of(tariff, used, OSLO).total == d(total)


def test_vat_on_top_and_within() -> None:
    within = cost_of(Tariff("NOK", per_kwh=d("5"), vat_percent=d("25")), usage(60, 20_000), OSLO)
    assert (within.net, within.vat, within.total) == (d("80.00"), d("20.00"), d("100.00"))
    on_top = cost_of(Tariff("NOK", per_kwh=d("5"), vat_percent=d("25"), includes_vat=False), usage(60, 20_000), OSLO)
    assert (on_top.net, on_top.vat, on_top.total) == (d("100.00"), d("25.00"), d("125.00"))


def test_a_window_that_runs_past_midnight_splits_the_energy() -> None:
    # 20:00 to 24:00 local time, 40 kWh: two hours by day, two by night.
    cost = cost_of(
        Tariff("NOK", windows=(NIGHT, DAY)), usage(240, 40_000, start=datetime(2026, 6, 1, 18, tzinfo=UTC)), OSLO
    )
    assert [(line.label, line.quantity, line.amount) for line in cost.lines] == [
        ("Energy, day", d("20"), d("60.0000")),
        ("Energy, night", d("20"), d("20.0000")),
    ]


def test_what_begins_on_friday_night_is_friday_s_until_it_ends() -> None:
    friday = replace(NIGHT, weekdays=frozenset({4}))
    saturday_0400 = datetime(2026, 6, 6, 2, tzinfo=UTC)
    cost = cost_of(Tariff("NOK", per_kwh=d("9"), windows=(friday,)), usage(60, 1_000, start=saturday_0400), OSLO)
    assert cost.total == d("1.00")


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(2026, 3, 28, 23, tzinfo=UTC), 23), (datetime(2026, 10, 24, 22, tzinfo=UTC), 25)]
)
def test_days_on_which_clocks_change(day: datetime, hours: int) -> None:
    """One kWh an hour through the whole local day: 00:00-02:30 at another price, by the wall clock."""
    small = Window(0, 150, per_kwh=d("10"), label="small hours")
    cost = cost_of(Tariff("NOK", per_kwh=d("1"), windows=(small,)), usage(hours * 60, hours * 1000, start=day), OSLO)
    by_label = {line.label: line.quantity for line in cost.lines}
    # In spring 02:00-03:00 does not exist, in autumn it comes twice.
    expected = {23: d("2"), 25: d("3")}[hours]
    assert by_label["Energy, small hours"] == expected
    assert sum(by_label.values()) == hours


def test_hourly_prices_with_limits_and_fall_back() -> None:
    hours = {START: d("1.00"), START + timedelta(hours=1): d("-4"), START + timedelta(hours=2): d("80")}
    spot = Spot(hours, factor=d("1.1"), fallback=d("2"), minimum=d("0"), maximum=d("5"))
    cost = cost_of(Tariff("NOK", per_kwh=d("0.30"), spot=spot), usage(240, 4_000), OSLO)
    assert [(line.unit_price, line.quantity) for line in cost.lines] == [
        (d("1.40"), d("1")),
        (d("0.30"), d("1")),
        (d("5.30"), d("1")),
        (d("2.30"), d("1")),
    ]
    assert cost.missing == ""
    gone = cost_of(Tariff("NOK", spot=replace(spot, fallback=None)), usage(240, 4_000), OSLO)
    assert gone.missing == "There is no hourly price for 2026-06-01 11:00 UTC, and no fall-back."


amounts = st.decimals(min_value=0, max_value=100, places=4, allow_nan=False, allow_infinity=False)
windows = st.lists(
    st.builds(
        Window,
        from_minute=st.integers(0, 1439),
        to_minute=st.integers(1, 1440),
        weekdays=st.frozensets(st.integers(0, 6)),
        per_kwh=st.none() | amounts,
        per_minute=st.none() | amounts,
        label=st.sampled_from(["", "a", "b"]),
    ),
    max_size=3,
)
spots = st.none() | st.builds(
    Spot,
    hours=st.dictionaries(
        st.integers(0, 60).map(lambda hour: START + timedelta(hours=hour)),
        st.decimals(min_value=-10, max_value=10, places=4),
        max_size=40,
    ),
    fallback=st.decimals(min_value=-1, max_value=10, places=4),
)
tariffs = st.builds(
    Tariff,
    currency=st.sampled_from(["NOK", "EUR", "JPY"]),
    vat_percent=st.sampled_from([d("0"), d("12"), d("25"), d("7.7")]),
    includes_vat=st.booleans(),
    start_fee=amounts,
    per_kwh=amounts,
    per_minute=amounts,
    free_minutes=st.integers(0, 120),
    idle_per_minute=amounts,
    idle_grace_minutes=st.integers(0, 60),
    idle_maximum=st.none() | amounts,
    minimum=amounts,
    windows=windows,
    spot=spots,
)


@st.composite
def usages(draw: Callable[[st.SearchStrategy[int]], int]) -> Usage:
    """A charge of up to two days with up to six readings, some of it idle."""
    start = START + timedelta(seconds=draw(st.integers(0, 3600)))
    curve, at, wh = [(start, 0)], start, 0
    for _ in range(draw(st.integers(1, 6))):
        at += timedelta(seconds=draw(st.integers(1, 8 * 3600)))
        wh += draw(st.integers(0, 50_000))
        curve.append((at, wh))
    idle = draw(st.integers(0, 4 * 3600))
    end = at + timedelta(seconds=idle)
    return Usage(start, end, [*curve, (end, wh)] if idle else curve, at if idle else None)


@given(tariffs, usages())
def test_never_negative_and_sums_up(tariff: Tariff, used: Usage) -> None:
    cost = cost_of(tariff, used, OSLO)
    assert min(cost.net, cost.vat, cost.total) >= 0
    assert cost.net + cost.vat == cost.total
    assert all(line.amount >= 0 and line.quantity >= 0 for line in cost.lines)
    assert cost.total == cost.total.quantize(minor_unit(tariff.currency))
    assert sum(line.quantity for line in cost.lines if line.kind == "energy") * 1000 == used.curve[-1][1]
    gross = sum((line.amount for line in cost.lines), d("0"))
    stated = cost.total if tariff.includes_vat else cost.net
    assert abs(gross - stated) <= minor_unit(tariff.currency) / 2
    assert stated >= (tariff.minimum if used.curve[-1][1] else 0) - minor_unit(tariff.currency) / 2


def plain(tariff: Tariff) -> Tariff:
    """Without what is charged once."""
    return replace(tariff, start_fee=d("0"), minimum=d("0"), free_minutes=0, idle_per_minute=d("0"))


def exact(cost: Cost) -> Decimal:
    return sum((line.amount for line in cost.lines), d("0"))


@given(tariffs, usages(), st.floats(0.01, 0.99))
def test_additive_over_splits(tariff: Tariff, used: Usage, share: float) -> None:
    """What is charged in two parts costs what it costs as a whole, up to the lines' fourth decimal."""
    tariff = plain(tariff)
    used = replace(used, idle_from=None)
    middle = used.started_at + timedelta(seconds=int((used.ended_at - used.started_at).total_seconds() * share))
    at_middle = energy_at(used.curve, middle)
    first = Usage(used.started_at, middle, [p for p in used.curve if p[0] < middle] + [(middle, at_middle)])
    later = [(at, wh - at_middle) for at, wh in used.curve if at > middle]
    second = Usage(middle, used.ended_at, [(middle, 0), *later])
    parts = [cost_of(tariff, part, OSLO) for part in (first, second)]
    whole = cost_of(tariff, used, OSLO)
    if all(part.curve[-1][1] for part in (first, second)):
        # A cut moves at most one Wh across each price, because cumulated energy is whole.
        slack = d("0.0001") * (len(whole.lines) + sum(len(part.lines) for part in parts))
        dearest = max((line.unit_price for line in whole.lines), default=d("0"))
        cuts = len(whole.lines) + 2
        assert abs(sum(map(exact, parts), d("0")) - exact(whole)) <= slack + cuts * dearest / 1000


@given(tariffs, usages(), st.integers(1, 20_000))
def test_more_energy_never_costs_less(tariff: Tariff, used: Usage, more: int) -> None:
    total = used.curve[-1][1]
    if total:
        # As before, with more in each interval.
        grown = [(at, wh + wh * more // total) for at, wh in used.curve]
        before, after = cost_of(tariff, used, OSLO), cost_of(tariff, replace(used, curve=grown), OSLO)
        # Cumulated energy is whole: one Wh may change its window at each cut.
        dearest = max(line.unit_price for line in after.lines)
        slack = d("0.0001") * len(after.lines) + (len(after.lines) + 2) * dearest / 1000
        assert exact(after) >= exact(before) - slack


@given(tariffs, usages(), st.integers(1, 3600))
def test_longer_idle_never_costs_less(tariff: Tariff, used: Usage, more: int) -> None:
    idle_from = used.idle_from or used.ended_at
    longer = replace(used, ended_at=used.ended_at + timedelta(seconds=more), idle_from=idle_from)
    same = replace(used, idle_from=idle_from)
    assert cost_of(tariff, longer, OSLO).total >= cost_of(tariff, same, OSLO).total
