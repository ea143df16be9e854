"""The limits at which a charge ends by itself, and how far it is, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from chargepoints.models import Charge, Command, PaymentMethod, PriceGroup
from chargepoints.permissions import Person
from chargepoints.selectors.drivers import sees_money_of
from chargepoints.services.limits import limits_of
from hub.templatetags.desk import money_words


@dataclass(frozen=True, slots=True)
class LimitLine:
    """One limit: of what, `10 kWh`, how far it is as `4.20 of 10 kWh`, and in percent (100 at most)."""

    name: str
    limit: str
    words: str
    percent: int


def limit_lines(
    charge: Charge, *, cost: Decimal | None = None, currency: str = "", now: datetime | None = None
) -> list[LimitLine]:
    """The limits of a charge whose start command is loaded; that of its cost only where `cost` so far is told."""
    limits, lines = limits_of(charge.start_command), []
    if limits.wh is not None:
        done, limit = f"{charge.energy_wh / 1000:.2f}", _kwh(limits.wh)
        lines.append(LimitLine("energy", limit, f"{done} of {limit}", _percent(charge.energy_wh, limits.wh)))
    if limits.seconds is not None:
        seconds, limit = _lasted(charge, now or timezone.now()), _minutes(limits.seconds)
        lines.append(LimitLine("time", limit, f"{seconds // 60} of {limit}", _percent(seconds, limits.seconds)))
    if limits.amount is not None and cost is not None and currency:
        limit = money_words(limits.amount, currency)
        words = f"{money_words(cost, currency)} of {limit}"
        lines.append(LimitLine("cost", limit, words, _percent(cost, limits.amount)))
    return lines


def _lasted(charge: Charge, now: datetime) -> int:
    begin = charge.start_received_at or charge.started_at
    return max(int(((charge.ended_at or now) - begin).total_seconds()), 0)


def limit_words(charge: Charge) -> str:
    """For everybody who sees the charger: `Stops at 10 kWh (42 %) or 30 min (10 %)`; empty without limits."""
    told = [f"{line.limit} ({line.percent} %)" for line in limit_lines(charge)]
    if limits_of(charge.start_command).amount is not None:
        told.append("a limit of its cost")
    return f"Stops at {' or '.join(told)}" if told else ""


def start_facts(person: Person, command: Command) -> list[tuple[str, str]]:
    """What was chosen for a start, by name: who pays, the price, the limits; no prices for who sees no money."""
    if command.kind != "start":
        return []
    given = command.parameters
    facts: list[tuple[str, str]] = []
    organisation = command.charge_point.site.team.organisation_id
    if method := PaymentMethod.objects.filter(pk=_pk(given, "payment_method"), organisation=organisation).first():
        facts.append(("Who pays", f"{method.name} ({method.get_kind_display()})"))
    sees = sees_money_of(person, organisation)
    if sees and (group := PriceGroup.objects.filter(pk=_pk(given, "price_group"), organisation=organisation).first()):
        facts.append(("Price group", group.name))
    limits = limits_of(command)
    if limits.wh is not None:
        facts.append(("Stops at", _kwh(limits.wh)))
    if limits.seconds is not None:
        facts.append(("Stops after", _minutes(limits.seconds)))
    if limits.amount is not None:
        facts.append(("Stops at a cost of", f"{limits.amount:f}" if sees else "a limit"))
    return facts


def _pk(given: Mapping[str, object], name: str) -> int:
    value = given.get(name)
    return value if isinstance(value, int) else 0


def _percent(done: int | Decimal, of: int | Decimal) -> int:
    return min(int(done * 100 / of), 100)


def _kwh(watt_hours: int) -> str:
    return f"{(Decimal(watt_hours) / 1000).normalize():f} kWh"


def _minutes(seconds: int) -> str:
    return f"{(Decimal(seconds) / 60).normalize():f} min"
