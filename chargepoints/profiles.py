"""Charging profiles as OCPP 1.6 writes them: whether one can be sent, in sentences. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from chargepoints.moments import moment_read

PURPOSES = ("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")
KINDS = ("Absolute", "Recurring", "Relative")
UNITS = ("A", "W")
# What chargers write for the unit of a profile in ChargingScheduleAllowedChargingRateUnit (QUIRKS 7.4).
_UNIT_WORDS = {"A": {"current", "a", "amp", "amps"}, "W": {"power", "w", "watt", "watts"}}


@dataclass(frozen=True, slots=True)
class ProfileLimits:
    """What the charger has said that it takes; None where it has not."""

    stack_level: int | None = None
    periods: int | None = None
    units: str | None = None


def profile_problem(profile: dict[str, Any], limits: ProfileLimits) -> str:
    """Why the profile cannot be sent, in a sentence; empty when it can (CSMS.md 2.2, SetChargingProfile)."""
    return next(_problems(profile, limits), "")


def _problems(profile: dict[str, Any], limits: ProfileLimits) -> Iterator[str]:
    schedule = profile.get("chargingSchedule")
    if not isinstance(schedule, dict):
        yield "A charging profile has a schedule."
        return
    if profile.get("chargingProfilePurpose") not in PURPOSES:
        yield f"The purpose of a charging profile is one of {', '.join(PURPOSES)}."
    yield from _kind(profile, schedule)
    level = profile.get("stackLevel")
    if not _whole(level):
        yield "The stack level is a number, 0 or more."
    elif limits.stack_level is not None and level is not None and level > limits.stack_level:
        yield f"The charger takes stack levels up to {limits.stack_level}."
    times = [profile.get("validFrom"), profile.get("validTo"), schedule.get("startSchedule")]
    if any(at is not None and moment_read(at) is None for at in times):
        yield "A time is written like 2030-01-31T12:00:00Z."
    yield from _unit(schedule, limits)
    yield from _periods(schedule, limits)


def _kind(profile: dict[str, Any], schedule: dict[str, Any]) -> Iterator[str]:
    kind = profile.get("chargingProfileKind")
    if kind not in KINDS:
        yield f"The kind of a charging profile is one of {', '.join(KINDS)}."
    if kind == "Recurring" and profile.get("recurrencyKind") not in {"Daily", "Weekly"}:
        yield "A recurring profile is daily or weekly."
    if kind != "Recurring" and "recurrencyKind" in profile:
        yield "Only a recurring profile is daily or weekly."
    if kind == "Relative" and "startSchedule" in schedule:
        yield "A relative profile starts with the charge and has no start of its own."
    if kind in {"Absolute", "Recurring"} and "startSchedule" not in schedule:
        yield "The schedule of this profile needs a start."
    if "duration" in schedule and not (_whole(schedule["duration"]) and schedule["duration"]):
        yield "The duration is a number of seconds."


def _unit(schedule: dict[str, Any], limits: ProfileLimits) -> Iterator[str]:
    unit = schedule.get("chargingRateUnit")
    if unit not in UNITS:
        yield "Limits are in A or in W."
        return
    allowed = {word.strip().lower() for word in (limits.units or "").replace(";", ",").split(",")} - {""}
    known = {one for one in UNITS if allowed & _UNIT_WORDS[one]}
    if known and unit not in known:
        yield f"The charger takes limits in {' or '.join(sorted(known))} only."


def _periods(schedule: dict[str, Any], limits: ProfileLimits) -> Iterator[str]:
    periods = schedule.get("chargingSchedulePeriod")
    if not isinstance(periods, list) or not periods or not all(isinstance(period, dict) for period in periods):
        yield "A schedule has at least one period."
        return
    if limits.periods is not None and len(periods) > limits.periods:
        yield f"The charger takes schedules of at most {limits.periods} periods."
    starts = [period.get("startPeriod") for period in periods]
    if not all(_whole(start) for start in starts):
        yield "A period starts at a number of seconds."
        return
    if starts[0] != 0:
        yield "The first period starts at 0."
    if any(after <= before for before, after in pairwise(starts)):
        yield "The periods are sorted by their start, each start once."
    rates = [period.get("limit") for period in periods]
    if "minChargingRate" in schedule:
        rates.append(schedule["minChargingRate"])
    if not all(_rate(rate) for rate in rates):
        yield "A limit is a number, not below 0, with at most one decimal."
    if any(period.get("numberPhases", 3) not in {1, 2, 3} for period in periods):
        yield "A period uses 1, 2 or 3 phases."


def _whole(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**31


def _rate(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    number = Decimal(str(value))
    return number.is_finite() and number >= 0 and number * 10 == (number * 10).to_integral_value()
