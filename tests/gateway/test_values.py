"""Reading what chargers send never fails, and what is made of it always fits (hypothesis)."""

import contextlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chargepoints.readings import Measured, Reading, Sample
from chargepoints.rules import RULES
from chargepoints.services.meters import totals_of
from chargepoints.services.statuses import status_parse
from chargepoints.services.stops import energy_of
from chargepoints.services.transaction_ids import small_id_scramble, transaction_id_scramble
from ocpp_gateway import values
from ocpp_gateway.errors import OcppError, Version
from ocpp_gateway.findings import in_values
from ocpp_gateway.frames import Call
from ocpp_gateway.lenient import read
from ocpp_gateway.v16.meter_values import readings
from ocpp_gateway.v16.routes import ROUTES

RECEIVED = datetime(2026, 11, 20, 8, tzinfo=UTC)
digits = st.text("0123456789.,eE+- \u0660\uff11_", max_size=30)
times = st.datetimes(timezones=st.timezones() | st.none()).map(datetime.isoformat)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | digits | times
anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
HUGE = 10**5000
registers = st.none() | st.integers(-5, 2**62)


@given(anything)
@example("24:00:00")
@example("2026-11-20T08:00:00\ud800")
@example("0001-01-01T00:00:00+23:59")
@example("9999-12-31T23:59:59-23:59")
def test_time_is_total_and_utc(raw: Any) -> None:
    found = values.time(raw)
    assert found is None or found.tzinfo is UTC


@given(anything)
def test_event_time_is_near_the_time_of_receipt(raw: Any) -> None:
    found = values.event_time(raw, RECEIVED)
    assert RECEIVED - timedelta(days=366) <= found <= RECEIVED + timedelta(hours=1)


@given(anything, st.text() | st.sampled_from(["kWh", "KW", " wh ", "kvarh", "Percent", "Celcius"]))
@example(HUGE, "kWh")
@example("1e999999999", "kWh")
@example("1e-999999999", "kWh")
@example("0e999999999", "kWh")
@example("sNaN", "kWh")
@example("-Infinity", "W")
@example("9" * 5000, "W")
def test_numbers_and_units_fit_the_database(raw: Any, unit: str) -> None:
    named, number = values.unit(unit, values.number(raw))
    assert len(named) <= 16
    assert "\x00" not in named
    assert number is None or (number.is_finite() and len(str(number)) < 80)


@pytest.mark.parametrize(
    ("unit", "number", "named", "wanted"),
    [
        ("kWh", "1.5", "Wh", "1500"),
        ("KWH", "2", "Wh", "2000"),
        ("kW", "7,4", "W", "7400"),
        ("A", "16", "A", "16"),
        ("", "3", "", "3"),
    ],
)
def test_units(unit: str, number: str, named: str, wanted: str) -> None:
    assert values.unit(unit, values.number(number)) == (named, Decimal(wanted))


@given(anything)
@example(HUGE)
@example(-1)
@example(float("inf"))
def test_connector_can_be_stored(raw: Any) -> None:
    assert 0 <= values.connector(raw) <= 2**31 - 1


@given(st.integers(0, 2**31 - 1))
def test_connector_keeps_what_is_right(number: int) -> None:
    assert values.connector(number) == values.connector(str(number)) == values.connector(float(number)) == number


@given(anything)
@example(HUGE)
def test_texts_and_registers_can_be_stored(raw: Any) -> None:
    text = values.text(raw, 20)
    assert len(text) <= 20
    assert "\x00" not in text
    text.encode()
    register = values.watt_hours(raw)
    assert register is None or 0 <= register < 2**62
    whole = values.whole(raw)
    assert whole is None or isinstance(whole, int)
    assert status_parse(values.text(raw))


sampled = st.fixed_dictionaries(
    {"value": scalars},
    optional={
        "measurand": st.sampled_from(["Energy.Active.Import.Register", "Power.Active.Import", "SoC", "Voltage"])
        | st.text(),
        "unit": st.sampled_from(["Wh", "kWh", "W", "kW", "Percent"]) | st.text(),
        "phase": st.sampled_from(["L1", "L2", "L3", "L1-N"]) | st.text(),
        "location": st.sampled_from(["Outlet", "Inlet", "Body"]) | st.text(),
        "format": st.sampled_from(["Raw", "SignedData"]),
    },
)


@given(
    st.lists(st.fixed_dictionaries({"timestamp": scalars, "sampledValue": st.lists(sampled, max_size=6)}), max_size=3)
)
def test_meter_values_give_totals_that_fit(told: list[dict[str, Any]]) -> None:
    for reading in readings(1, 1, told, RECEIVED, ""):
        totals = totals_of(reading)
        assert totals.register is None or abs(totals.register) < 2**62
        assert totals.power is None or abs(totals.power) < 2**31
        assert totals.soc is None or 0 <= totals.soc <= 100


def test_whole_before_phases() -> None:
    """The sum where a charger tells only its phases; never both added."""

    def power(*told: tuple[str, int]) -> int | None:
        samples = [Sample(Measured("Power.Active.Import", "W", phase), str(watts), str(watts)) for phase, watts in told]
        return totals_of(Reading(1, 1, RECEIVED, RECEIVED, samples)).power

    assert power(("L1", 100), ("L2", 200), ("L3", 300)) == 600
    assert power(("L1", 100), ("", 650), ("L3", 300)) == 650
    assert power() is None


@given(
    st.sampled_from(sorted(ROUTES)),
    st.dictionaries(st.sampled_from(["connectorId", "status", "idTag", "timestamp"]), anything),
)
def test_every_payload_is_read_or_refused(action: str, payload: dict[str, Any]) -> None:
    with contextlib.suppress(OcppError):
        found = read(Version.V16, Call("1", action, payload))
        assert None not in found.payload.values()
        assert bool(found.note) == bool(found.findings)
        assert found.note or found.payload == payload
        odd = in_values(action, payload, datetime.now(UTC)) | found.findings
        assert odd.keys() <= RULES.keys()


@pytest.mark.parametrize("name", ["transactionId", "connectorId", "meterStart", "timestamp"])
def test_absurd_values_are_judged(name: str) -> None:
    assert in_values("StartTransaction", {name: HUGE}, RECEIVED).keys() <= RULES.keys()


@given(st.lists(st.integers(1, 2**31 - 2), min_size=2, max_size=50, unique=True))
def test_transaction_ids_are_unique_and_positive(numbers: list[int]) -> None:
    """A bijection: no two charges get one id, none gets 0, and none is the successor of the one before."""
    ids = [transaction_id_scramble(number) for number in numbers]
    assert len(set(ids)) == len(numbers)
    assert all(0 < number < 2**31 for number in ids)


def test_transaction_ids_cannot_be_guessed() -> None:
    ids = [transaction_id_scramble(number) for number in range(1, 2001)]
    assert len(set(ids)) == 2000
    steps = [abs(after - before) for before, after in pairwise(ids)]
    assert len(set(steps)) > 1990


def test_short_transaction_ids_are_all_of_them_once() -> None:
    """D12: 65,535 charges of one charge point, each with an id of its own; another charge point has another order."""
    ids = [small_id_scramble(7, number) for number in range(1, 2**16)]
    assert set(ids) == set(range(1, 2**16))
    assert len({after - before for before, after in pairwise(ids)}) > 30_000
    assert ids[:9] != [small_id_scramble(8, number) for number in range(1, 10)]


@given(registers, registers, st.integers(0, 2**62))
def test_energy_is_never_negative(begin: int | None, end: int | None, metered: int) -> None:
    energy, review = energy_of(begin, end, metered)
    assert energy >= 0
    assert review or energy == (end or 0) - (begin or 0)
