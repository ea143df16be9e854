"""Charge keys: the list, and cards that were just held to a charger."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from chargepoints.choices import Direction, KeyState
from chargepoints.models import ChargeKey, ChargePoint, Driver, LogLine, PaymentMethod, Site
from chargepoints.permissions import Person, charge_points_for, keys_for, sites_for
from hub.teams.choices import Right
from hub.teams.models import Organisation, Team

PAGE = 50
SOON = timedelta(days=30)
LEARN_FOR = timedelta(minutes=10)
GROUPS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class KeyFilters:
    """What a person asked to see; everything empty is every key."""

    words: tuple[str, ...] = ()
    state: str = ""
    group: str = ""
    driver: int | None = None

    def __bool__(self) -> bool:
        return self != KeyFilters()


@dataclass(frozen=True, slots=True)
class Held:
    """A card that a charger has just asked for in vain."""

    id_tag: str
    at: datetime


def charge_keys_find(person: Person, filters: KeyFilters, now: datetime | None = None) -> QuerySet[ChargeKey]:
    """The keys of `person` that match every filter."""
    now = now or timezone.now()
    found = keys_for(person)
    for word in filters.words:
        found = found.filter(
            Q(id_tag__icontains=word)
            | Q(label__icontains=word)
            | Q(driver__name__icontains=word)
            | Q(driver__user_id__icontains=word)
            | Q(driver__email__icontains=word)
        )
    by_state = {
        "active": Q(state=KeyState.ACTIVE) & (Q(expires_at__isnull=True) | Q(expires_at__gt=now)),
        "blocked": Q(state=KeyState.BLOCKED),
        "expired": Q(expires_at__lte=now),
        "expiring": Q(expires_at__gt=now, expires_at__lte=now + SOON),
        "nobody": Q(driver__isnull=True, for_tests=False),
    }
    if filters.state in by_state:
        found = found.filter(by_state[filters.state])
    if filters.group:
        found = found.filter(parent_id_tag=filters.group)
    return found.filter(driver=filters.driver) if filters.driver is not None else found


def charge_keys_page(
    found: QuerySet[ChargeKey], after: int | None, size: int = PAGE
) -> tuple[list[ChargeKey], int | None]:
    """One page in order of the id tag, and the key of the next page. `after` is the last key before it."""
    last = ChargeKey.objects.values("id_tag", "pk").filter(pk=after or 0).first()
    if last is not None:
        found = found.filter(Q(id_tag__gt=last["id_tag"]) | Q(id_tag=last["id_tag"], pk__gt=last["pk"]))
    rows = list(with_places(found).order_by("id_tag", "pk")[: size + 1])
    return rows[:size], rows[size - 1].pk if len(rows) > size else None


def with_places(found: QuerySet[ChargeKey]) -> QuerySet[ChargeKey]:
    """With the driver, and where each key works: two queries."""
    return found.select_related("driver", "organisation").prefetch_related(
        "limits__team", "limits__site", "limits__charge_point"
    )


def driver_keys(driver: Driver) -> list[ChargeKey]:
    """All keys of a driver."""
    return list(
        with_places(ChargeKey.objects.filter(driver=driver)).select_related("payment_method").order_by("id_tag")
    )


def key_groups(person: Person) -> list[str]:
    """The groups that keys of `person` belong to."""
    groups = keys_for(person).exclude(parent_id_tag="").order_by("parent_id_tag")
    return list(groups.values_list("parent_id_tag", flat=True).distinct()[:GROUPS_SHOWN])


def key_places(
    person: Person, organisation: Organisation
) -> tuple[QuerySet[Team], QuerySet[Site], QuerySet[ChargePoint]]:
    """The teams, sites and charge points that a key of the organisation can be limited to."""
    sites = sites_for(person).filter(team__organisation=organisation).order_by("name")
    teams = Team.objects.filter(sites__in=sites).distinct().order_by("name")
    points = charge_points_for(person).filter(site__in=sites).order_by("name")
    return teams, sites, points


def key_methods(organisation: Organisation, driver: Driver | None) -> QuerySet[PaymentMethod]:
    """What a key may be paid with: the driver's own, and those of teams."""
    mine = Q(driver=driver) if driver is not None else Q(pk__in=[])
    return PaymentMethod.objects.filter(mine | Q(team__isnull=False), organisation=organisation).order_by(
        F("team").asc(nulls_first=True), "name"
    )


def learning_points(person: Person) -> QuerySet[ChargePoint]:
    """The charge points whose log tells `person` of cards."""
    return charge_points_for(person, Right.EDIT).select_related("site").order_by("name")


def cards_held(charge_point: ChargePoint, now: datetime | None = None) -> list[Held]:
    """Cards that the charger asked for in the last ten minutes and that no key is, the last first."""
    now = now or timezone.now()
    since = int((now - LEARN_FOR).timestamp() * 1_000_000)
    lines = LogLine.objects.filter(
        charge_point=charge_point, seq__gte=since, action="Authorize", direction=Direction.IN, is_error=True
    )
    held: dict[str, Held] = {}
    for at, request in lines.order_by("-seq").values_list("at", "request")[:100]:
        if tag := _tag(request):
            held.setdefault(tag.lower(), Held(tag, at))
    known = _known(charge_point.site.team.organisation_id, held)
    return [one for tag, one in held.items() if tag not in known]


def _known(organisation_id: int, tags: Iterable[str]) -> set[str]:
    keys = ChargeKey.objects.annotate(lower=Lower("id_tag")).filter(organisation=organisation_id, lower__in=list(tags))
    return set(keys.values_list("lower", flat=True))


def _tag(frame: str) -> str:
    try:
        tag = json.loads(frame)[3]["idTag"]
    except (ValueError, LookupError, TypeError):
        return ""
    return tag.strip() if isinstance(tag, str) else ""
