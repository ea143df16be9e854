"""Chargers that nobody has registered: those that were refused, by identity, and those that were let in to wait."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Lower

from chargepoints.models import ChargePoint, Connection, ConnectionAttempt, Site
from chargepoints.models.charge_point import IDENTITY_PATTERN
from chargepoints.permissions import Person, charge_points_for, sites_for, unknown_attempts_for
from hub.teams.choices import Right
from hub.teams.models import Organisation

# Where chargers wait that came in by themselves; made when the first one comes.
QUARANTINE_TEAM, QUARANTINE_SITE = "Quarantine", "Unknown chargers"
PAGE_ROWS = 50
SITES_SHOWN = 8
_IN_QUARANTINE = {"site__name": QUARANTINE_SITE, "site__team__name": QUARANTINE_TEAM}

Groups = QuerySet[Any, Any]


@dataclass(frozen=True, slots=True)
class Unknown:
    """All refused handshakes of one identity; `newest` is the last of them."""

    key: str
    knocks: int
    addresses: int
    first_at: datetime
    last_at: datetime
    ignored_at: datetime | None
    newest: ConnectionAttempt

    @property
    def more_addresses(self) -> int:
        """How many other addresses it came from."""
        return self.addresses - 1

    @property
    def why_not(self) -> str:
        """Why it cannot be accepted, and what to do; empty when it can."""
        return identity_why_not(self.newest.identity)


def identity_why_not(identity: str) -> str:
    """Why no charge point can have this identity, in a sentence for the person who can mend it."""
    if not identity:
        return "It gives no identity. Put one behind the last / of the address in the charger."
    if not re.fullmatch(IDENTITY_PATTERN, identity):
        return (
            "No charge point can have this identity: up to 48 letters, digits and * - _ = + | @ . are allowed. "
            "Change it in the charger."
        )
    return ""


def receiving_organisation() -> Organisation | None:
    """The organisation that unknown chargers belong to: the one that says so, or the only one."""
    found = list(Organisation.objects.order_by("-receives_unknown", "pk")[:2])
    return found[0] if len(found) == 1 or (found and found[0].receives_unknown) else None


def waiting_in(organisation: Organisation) -> QuerySet[ChargePoint]:
    """The chargers that were let in by themselves and that nobody has accepted."""
    return ChargePoint.objects.filter(
        **_IN_QUARANTINE,
        site__team__organisation=organisation,
        archived_at__isnull=True,
        site__archived_at__isnull=True,
    )


def waiting_for(person: Person) -> QuerySet[ChargePoint]:
    """Those of them that `person` may accept or reject."""
    return charge_points_for(person, Right.EDIT).filter(**_IN_QUARANTINE)


def is_waiting(charge_point: ChargePoint) -> bool:
    """Whether nobody has accepted this charge point yet; `site` and `team` must be loaded."""
    site = charge_point.site
    return site.name == QUARANTINE_SITE and site.team.name == QUARANTINE_TEAM and charge_point.archived_at is None


def waiting_rows(person: Person, words: Sequence[str]) -> list[ChargePoint]:
    """The waiting chargers with their links, newest first: one query. There are never many (HUB_UNKNOWN_LIMIT)."""
    found = waiting_for(person).select_related("connection", "site__team")
    for word in words:
        fields = ("identity", "vendor", "model", "serial", "connection__remote_address")
        found = found.filter(_any(fields, word))
    return list(found.order_by("-created_at", "-pk")[:200])


def unknown_found(person: Person, words: Sequence[str], *, ignored: bool = False) -> Groups:
    """One row for each unknown identity with its figures; an identity is ignored when any of its rows is."""
    known = ChargePoint.objects.annotate(lower=Lower("identity")).filter(lower=OuterRef("key"))
    rows = unknown_attempts_for(person).annotate(key=Lower("identity")).filter(~Exists(known))
    for word in words:
        matching = ConnectionAttempt.objects.filter(
            _any(("identity", "remote_address", "user_name"), word), charge_point__isnull=True
        )
        rows = rows.filter(key__in=matching.annotate(lower=Lower("identity")).values("lower"))
    groups = (
        rows.order_by()
        .values("key")
        .annotate(
            knocks=Sum("count"),
            addresses=Count("remote_address", distinct=True),
            begun=Min("first_at"),
            last=Max("last_at"),
            ignored=Max("ignored_at"),
        )
    )
    return groups.filter(ignored__isnull=not ignored)


def unknown_page(
    person: Person, groups: Groups, after: tuple[datetime, str] | None = None, size: int = PAGE_ROWS
) -> tuple[list[Unknown], tuple[datetime, str] | None]:
    """A page of them, newest first, and the key of the next page: two queries. `after` is the row before it."""
    if after is not None:
        moment, key = after
        groups = groups.filter(Q(last__lt=moment) | Q(last=moment, key__gt=key))
    rows = list(groups.order_by("-last", "key")[: size + 1])
    shown = rows[:size]
    newest = _newest(person, [row["key"] for row in shown])
    found = [
        Unknown(
            key=row["key"],
            knocks=row["knocks"],
            addresses=row["addresses"],
            first_at=row["begun"],
            last_at=row["last"],
            ignored_at=row["ignored"],
            newest=newest[row["key"]],
        )
        for row in shown
        if row["key"] in newest
    ]
    return found, (shown[-1]["last"], shown[-1]["key"]) if len(rows) > size else None


def _newest(person: Person, keys: Sequence[str]) -> dict[str, ConnectionAttempt]:
    rows = unknown_of(person, keys).order_by("key", "-last_at", "-pk").distinct("key")
    return {row.key: row for row in rows}


def unknown_of(person: Person, identities: Sequence[str]) -> QuerySet[Any]:
    """The refused handshakes of these unknown identities, whatever their case; `key` is it in lower case."""
    keys = [identity.lower() for identity in identities]
    return unknown_attempts_for(person).annotate(key=Lower("identity")).filter(key__in=keys)


def unknown_addresses(person: Person, identity: str) -> list[str]:
    """Where an unknown identity came from, newest first, ten at most."""
    rows = unknown_of(person, [identity]).order_by().values("remote_address").annotate(last=Max("last_at"))
    return [row["remote_address"] for row in rows.order_by("-last")[:10]]


def sites_to_accept(person: Person, words: Sequence[str] = ()) -> QuerySet[Site]:
    """The sites that `person` may put a charger into, found by name, town or team."""
    found = sites_for(person, Right.EDIT).exclude(name=QUARANTINE_SITE, team__name=QUARANTINE_TEAM)
    for word in words:
        found = found.filter(_any(("name", "city", "address", "team__name"), word))
    return found.select_related("team").order_by("name", "pk")


def site_suggested(person: Person, address: str, remembered: int | None) -> Site | None:
    """Where a charger probably stands: with all others of its address, else where the last was put, else the only one.

    Three queries at most.
    """
    mine = sites_to_accept(person)
    near = Connection.objects.filter(remote_address=address, charge_point__site__in=mine, is_connected=True)
    beside = set(near.order_by().values_list("charge_point__site", flat=True).distinct()[:2]) if address else set()
    wanted = next(iter(beside)) if len(beside) == 1 else remembered
    found = mine.filter(pk=wanted).first() if wanted else None
    if found is not None:
        return found
    few = list(mine[:2])
    return few[0] if len(few) == 1 else None


def _any(fields: Sequence[str], word: str) -> Q:
    return reduce(or_, (Q(**{f"{field}__icontains": word}) for field in fields))
