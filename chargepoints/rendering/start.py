"""The dialog that starts a charge: what will be sent, who pays, at which price, and where it can start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from chargepoints.choices import Verdict
from chargepoints.models import ChargeKey, ChargePoint, Connector, PaymentMethod, PriceGroup
from chargepoints.permissions import Person
from chargepoints.rendering.prices import price_words, vat_words
from chargepoints.rendering.status import Look, connector_look
from chargepoints.reports import KeyQuestion
from chargepoints.selectors.drivers import sees_money_of
from chargepoints.selectors.keys import keys_find
from chargepoints.selectors.prices import cost_would_be, price_for, price_group_of, usage_of
from chargepoints.selectors.starts import (
    default_method,
    drivers_without_key,
    start_key,
    start_methods,
    start_obstacles,
    start_price_groups,
)
from chargepoints.selectors.wallets import method_lines
from chargepoints.services.keys import keys_authorise, methods_unpayable
from hub.templatetags.desk import money_words

Context = dict[str, object]
EXAMPLE_WH, EXAMPLE_S = 20_000, 3600


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """A key that was found; `why_not` says why the charger would be told to refuse it, whoever pays."""

    key: ChargeKey
    why_not: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class MethodChoice:
    """A payment method; `holds` is what a wallet has, empty for who sees no money."""

    method: PaymentMethod
    is_default: bool
    holds: str
    why_not: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ConnectorChoice:
    """A connector as it is now; `why_not` says why no charge can start there."""

    connector: Connector
    look: Look
    why_not: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class PriceChoice:
    """Which price counts: the groups to choose from, the one that is `chosen` ("" is the charger's own) and its words.

    `example` is what 20 kWh in an hour cost; both are empty where there is no price.
    """

    groups: Sequence[PriceGroup]
    own: PriceGroup | None
    chosen: str
    group: PriceGroup | None
    words: str
    vat: str
    example: str


def start_context(person: Person, charge_point: ChargePoint, given: Mapping[str, object], query: str) -> Context:
    """What the dialog shows. `given` is what was chosen so far, by the names of the form's fields."""
    now = timezone.now()
    told = {name: str(given.get(name) or "") for name in ("id_tag", "connector", "payment_method", "price_group")}
    chosen = start_key(person, charge_point, told["id_tag"]) if told["id_tag"] else None
    keys = _keys(person, charge_point, chosen, query, now)
    key = next((choice.key for choice in keys if choice.chosen), None)
    sees_money = sees_money_of(person, charge_point.site.team.organisation_id)
    price = _price(person, charge_point, told["price_group"], now) if sees_money else None
    places = _connectors(charge_point, key, told["connector"])
    context: Context = {
        "keys": keys,
        "keyless": drivers_without_key(person, charge_point, query),
        "key": key,
        "sees_money": sees_money,
        "price": price,
        "places": places,
        "is_free": any(not place.why_not for place in places),
        "limits": {name: str(given.get(f"limit_{name}") or "") for name in ("kwh", "minutes", "amount")},
        "q": query,
    }
    if key is not None:
        group = price.group.pk if price and price.group and told["price_group"] else None
        context["methods"] = _methods(person, charge_point, key, told["payment_method"], group, now)
    return context


def _keys(
    person: Person, charge_point: ChargePoint, chosen: ChargeKey | None, query: str, now: datetime
) -> list[KeyChoice]:
    """The keys that match, the chosen one first; the only one that there is counts as chosen."""
    found = [key for key in keys_find(person, charge_point, query) if key != chosen]
    found = [chosen, *found] if chosen else found
    questions = [KeyQuestion(charge_point.pk, key.id_tag, 0, is_order=True) for key in found]
    answers = keys_authorise(questions=questions, now=now, money=False)
    reasons = ["" if answer.verdict == Verdict.ACCEPTED else answer.reason for answer in answers]
    only = not chosen and len(found) == 1
    return [
        KeyChoice(key, reason, chosen=(only or key == chosen) and not reason)
        for key, reason in zip(found, reasons, strict=True)
    ]


def _methods(
    person: Person, charge_point: ChargePoint, key: ChargeKey, given: str, group: int | None, now: datetime
) -> list[MethodChoice]:
    """Who can pay, each with the reason why it would be refused; the key's own is chosen unless it is refused."""
    methods, default = start_methods(person, charge_point, key), default_method(key)
    reasons = methods_unpayable(
        questions=[KeyQuestion(charge_point.pk, key.id_tag, 0, method.pk, group, True) for method in methods], now=now
    )
    sees = sees_money_of(person, charge_point.site.team.organisation_id)
    holds = [
        f"{money_words(line.free, line.method.currency)} free" if line.is_wallet else ""
        for line in (method_lines(methods) if sees else [])
    ]
    return [
        MethodChoice(
            method=method,
            is_default=method == default,
            holds=holds[index] if sees else "",
            why_not=reasons[index],
            chosen=not reasons[index] and (str(method.pk) == given if given else method == default),
        )
        for index, method in enumerate(methods)
    ]


def _price(person: Person, charge_point: ChargePoint, given: str, now: datetime) -> PriceChoice:
    groups, own = start_price_groups(person, charge_point), price_group_of(charge_point.site, charge_point)
    group = next((group for group in groups if str(group.pk) == given), None)
    counts = group or own
    price = price_for(counts, now)
    example = ""
    if price is not None and counts is not None:
        cost = cost_would_be(price, usage_of(now, EXAMPLE_WH, EXAMPLE_S), ZoneInfo(charge_point.site.time_zone))
        example = "" if cost.missing else money_words(cost.total, counts.currency)
    return PriceChoice(
        groups=[each for each in groups if each != own],
        own=own,
        chosen=str(group.pk) if group else "",
        group=counts if price else None,
        words=price_words(price) if price else "",
        vat=vat_words(price) if price else "",
        example=example,
    )


def _connectors(charge_point: ChargePoint, key: ChargeKey | None, given: str) -> list[ConnectorChoice]:
    """All connectors; the only one where a charge can start is chosen."""
    obstacles = start_obstacles(charge_point, key)
    free = [number for number, why_not in obstacles.items() if not why_not]
    return [
        ConnectorChoice(
            connector,
            connector_look(connector),
            obstacles.get(connector.number, ""),
            chosen=connector.number in free and (free == [connector.number] or str(connector.number) == given),
        )
        for connector in charge_point.connectors.all()
    ]
