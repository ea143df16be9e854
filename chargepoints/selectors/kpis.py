"""The figures at the head of the overview: a handful of exact aggregates."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, DateTimeField, Func, Q, Sum, Value
from django.db.models.functions import Now
from django.utils import timezone

from chargepoints.choices import OPEN_CHARGE_STATES, ChargeState, CommandStatus, Effect, Integration
from chargepoints.models import Connector
from chargepoints.permissions import Person, charge_points_for, charges_for, commands_for, sites_for
from chargepoints.selectors.overview import CONNECTOR_GROUPS, power_now

# Midnight is never longer ago than the day on which the clocks go back.
LONGEST_DAY = timedelta(hours=25)
FAILED_CHARGES = (ChargeState.CANCELLED, ChargeState.FAILED)
FAILED_COMMANDS = (CommandStatus.REJECTED, CommandStatus.FAILED, CommandStatus.EXPIRED)


@dataclass(frozen=True, slots=True)
class Kpis:
    """Power in W, energy in Wh; `connectors` by group, with "offline" for those of chargers out of reach."""

    power_w: int
    limit_w: int
    connectors: dict[str, int]
    energy_wh: int
    charges: int
    running: int
    failed_starts: int

    @property
    def connectors_total(self) -> int:
        """All connectors."""
        return sum(self.connectors.values())

    @property
    def first_try(self) -> float | None:
        """The share of start attempts of today that led to a charge with energy, in percent; None without any."""
        attempts = self.charges + self.failed_starts
        return 100 * self.charges / attempts if attempts else None


def today(zone: str) -> Func:
    """Midnight in the time zone that the column `zone` names: every site has its own day."""
    local = Func(zone, Now(), function="timezone")
    midnight = Func(Value("day"), local, function="date_trunc")
    return Func(zone, midnight, function="timezone", output_field=DateTimeField())


def kpis(user: Person, now: datetime | None = None) -> Kpis:
    """The figures for everything `user` may see: five queries."""
    now = now or timezone.now()
    mine = charge_points_for(user)
    connected = Q(charge_point__integration=Integration.CONNECTED)
    counts = Connector.objects.filter(charge_point__in=mine).aggregate(
        watts=Sum("power_w", filter=power_now(now)),
        offline=Count("pk", filter=~connected),
        **{
            group: Count("pk", filter=connected & Q(status__in=statuses))
            for group, statuses in CONNECTOR_GROUPS.items()
        },
    )
    watts = counts.pop("watts") or 0
    # The constant bound lets an index cut off the past; the day of each site is then exact.
    begun = charges_for(user).filter(
        started_at__gte=now - LONGEST_DAY, started_at__gt=today("charge_point__site__time_zone")
    )
    charges = begun.aggregate(
        energy=Sum("energy_wh"),
        good=Count("pk", filter=~Q(state__in=FAILED_CHARGES)),
        failed=Count("pk", filter=Q(state__in=FAILED_CHARGES)),
    )
    in_vain = commands_for(user).filter(
        Q(status__in=FAILED_COMMANDS) | Q(effect=Effect.MISSING),
        kind="start",
        created_at__gte=now - LONGEST_DAY,
        created_at__gt=today("charge_point__site__time_zone"),
    )
    limit = sites_for(user).aggregate(limit=Sum("power_limit_w"))["limit"]
    return Kpis(
        power_w=watts,
        limit_w=limit or 0,
        connectors=counts,
        energy_wh=charges["energy"] or 0,
        charges=charges["good"],
        running=charges_for(user).filter(state__in=OPEN_CHARGE_STATES).count(),
        failed_starts=charges["failed"] + in_vain.count(),
    )
