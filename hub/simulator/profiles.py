"""Charging profiles: what was installed and what it allows now."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.simulator.car import VOLTAGE
from hub.simulator.clock import now, parse, text

Profile = dict[str, Any]
DAY = 86_400.0
STATION_MAX = "ChargePointMaxProfile"


@dataclass(frozen=True)
class Session:
    """What a limit depends on. `started` None: no charge is running there."""

    connector: int
    transaction: int | None
    started: datetime | None
    phases: int


@dataclass
class Profiles:
    """The installed profiles, each with its connector (0: the whole charger)."""

    installed: list[tuple[int, Profile]] = field(default_factory=list)

    def add(self, connector: int, profile: Profile) -> None:
        """Install a profile; the same id, or the same purpose and level there, is replaced."""
        self.installed = [
            (place, old)
            for place, old in self.installed
            if old["chargingProfileId"] != profile["chargingProfileId"]
            and (place, old["chargingProfilePurpose"], old["stackLevel"])
            != (connector, profile["chargingProfilePurpose"], profile["stackLevel"])
        ]
        self.installed.append((connector, profile))

    def clear(self, wanted: Profile) -> bool:
        """Remove what matches a ClearChargingProfile request; False when nothing does."""
        kept = [(place, old) for place, old in self.installed if not _matches(place, old, wanted)]
        cleared = len(kept) < len(self.installed)
        self.installed = kept
        return cleared

    def end_charge(self, connector: int) -> None:
        """A TxProfile ends with its transaction."""
        self.installed = [
            (place, old)
            for place, old in self.installed
            if place != connector or old["chargingProfilePurpose"] != "TxProfile"
        ]

    def limit(self, session: Session, at: datetime | None = None, *, sharers: int = 1) -> float | None:
        """The limit in W for a connector, None without one. The station's limit is split by `sharers`."""
        moment = at or now()
        own = self._highest("TxProfile", session, moment)
        if own is None:
            own = self._highest("TxDefaultProfile", session, moment)
        station = self._highest(STATION_MAX, session, moment)
        limits = [own] if own is not None else []
        limits += [station / max(1, sharers)] if station is not None else []
        return min(limits) if limits else None

    def composite(self, session: Session, duration: int, unit: str, most: float) -> dict[str, Any]:
        """The schedule from now on, in W or A per phase; `most` W where no profile limits."""
        begin = now()
        step = 1 if duration <= 600 else 15
        periods: list[dict[str, Any]] = []
        for offset in range(0, max(1, duration), step):
            watts = self.limit(session, begin + timedelta(seconds=offset))
            watts = most if watts is None else min(watts, most)
            value = round(watts if unit == "W" else watts / VOLTAGE / session.phases, 1)
            if not periods or periods[-1]["limit"] != value:
                periods.append({"startPeriod": offset, "limit": value, "numberPhases": session.phases})
        return {
            "duration": duration,
            "startSchedule": text(begin),
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": periods,
        }

    def _highest(self, purpose: str, session: Session, moment: datetime) -> float | None:
        """The limit of the valid profile with the highest stack level."""
        found: list[tuple[int, int, float]] = [
            (old["stackLevel"], place, watts)
            for place, old in self.installed
            if old["chargingProfilePurpose"] == purpose
            and place in (0, session.connector)
            and old.get("transactionId") in (None, session.transaction)
            and (watts := _watts(old, session, moment)) is not None
        ]
        return max(found)[2] if found else None


def _matches(place: int, profile: Profile, wanted: Profile) -> bool:
    """What the request does not name matches everything; an id stands for itself."""
    if "id" in wanted:
        return bool(profile["chargingProfileId"] == wanted["id"])
    here = profile | {"connectorId": place}
    named = ("connectorId", "stackLevel", "chargingProfilePurpose")
    return all(here[name] == wanted[name] for name in named if name in wanted)


def _watts(profile: Profile, session: Session, moment: datetime) -> float | None:
    """What a profile allows at a moment; None when it says nothing then."""
    opens, closes = parse(profile.get("validFrom")), parse(profile.get("validTo"))
    if (opens and moment < opens) or (closes and moment >= closes):
        return None
    schedule = profile["chargingSchedule"]
    elapsed = _elapsed(profile, session, moment)
    if elapsed is None or elapsed < 0 or elapsed >= schedule.get("duration", float("inf")):
        return None
    past = [period for period in schedule["chargingSchedulePeriod"] if period["startPeriod"] <= elapsed]
    if not past:
        return None
    limit = float(past[-1]["limit"])
    if schedule["chargingRateUnit"] == "W":
        return limit
    phases = min(int(past[-1].get("numberPhases", 3)), session.phases)
    return limit * VOLTAGE * phases


def _elapsed(profile: Profile, session: Session, moment: datetime) -> float | None:
    """Seconds since the schedule began."""
    begin = parse(profile["chargingSchedule"].get("startSchedule"))
    kind = profile["chargingProfileKind"]
    if kind == "Relative" or begin is None:
        begin = session.started or moment
    elapsed = (moment - begin).total_seconds()
    if kind == "Recurring":
        return elapsed % (DAY if profile.get("recurrencyKind") == "Daily" else 7 * DAY)
    return elapsed
