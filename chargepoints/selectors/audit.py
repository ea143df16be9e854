"""The audit log: what a person may read of it, filtered, in pages and in batches; newest first."""

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from chargepoints.models import Site
from chargepoints.permissions import (
    Person,
    audit_for,
    batches_for,
    charge_points_for,
    charges_for,
    commands_for,
    memberships_of,
    organisations_for,
    sites_for,
    teams_for,
)
from hub.audit.choices import ActorKind
from hub.audit.models import AuditEntry
from hub.audit.records import Place
from hub.teams.choices import Right, roles_with
from hub.teams.models import Organisation, User

PAGE, BATCH = 50, 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# Noun and id of an object, as entries name it.
Named = tuple[str, str]


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """What of the log is asked for; an empty value asks for nothing. `act` is a verb or a whole act."""

    words: tuple[str, ...] = ()
    noun: str = ""
    act: str = ""
    kind: str = ""
    person: int | None = None
    site: int | None = None
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def __bool__(self) -> bool:
        return self != AuditFilters()

    def told(self) -> dict[str, object]:
        """The filters that are set."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value not in ((), "", None)}


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the log: right after this entry."""

    at: datetime
    pk: int

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """From an address; None when it is no cursor."""
        micros, _, pk = text.partition("-")
        if not (text.isascii() and micros.isdigit() and pk.isdigit() and len(micros) < 18 and len(pk) < 19):
            return None
        return cls(_EPOCH + int(micros) * _MICROSECOND, int(pk))

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.pk}"


def audit_readable(person: Person) -> bool:
    """Whether the person may read the audit log of anything at all."""
    return memberships_of(person).filter(role__in=roles_with(Right.AUDIT)).exists()


def audit_find(person: Person, filters: AuditFilters) -> QuerySet[AuditEntry]:
    """The entries that the person may read and asked for, newest first."""
    rows = audit_for(person)
    for word in filters.words:
        rows = rows.filter(Q(object_name__icontains=word) | Q(actor_name__icontains=word) | Q(reason__icontains=word))
    if filters.act:
        rows = rows.filter(act=filters.act) if "." in filters.act else rows.filter(act__endswith=f".{filters.act}")
    if filters.person is not None:
        rows = rows.filter(actor_kind=ActorKind.PERSON, actor_id=filters.person)
    exact = {
        "noun": filters.noun,
        "actor_kind": filters.kind,
        "site_id": filters.site,
        "object_id": filters.object_id,
        "at__gte": filters.since,
        "at__lt": filters.until,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value not in ("", None)})
    # A team may be gone, so it is joined and never asked for.
    return rows.select_related("organisation", "team").order_by("-at", "-id")


def audit_page(rows: QuerySet[AuditEntry], after: Cursor | None, size: int = PAGE) -> tuple[list[AuditEntry], str]:
    """`size` entries after the cursor, and the cursor of the next page; empty on the last."""
    if after is not None:
        rows = rows.filter(at__lte=after.at).exclude(at=after.at, id__gte=after.pk)
    found = list(rows[: size + 1])
    more = len(found) > size
    last = found[size - 1] if more else None
    return found[:size], str(Cursor(last.at, last.pk)) if last else ""


def audit_batches(rows: QuerySet[AuditEntry]) -> Iterator[list[AuditEntry]]:
    """All entries in batches by cursor: constant memory here and in the database, and no cursor held open there."""
    after: Cursor | None = None
    while True:
        found, following = audit_page(rows, after, BATCH)
        if found:
            yield found
        if not following:
            return
        after = Cursor.read(following)


def audit_choices(person: Person) -> tuple[list[User], list[Site]]:
    """The people and the sites whose acts the person can ask for."""
    sites = [site for archived in (False, True) for site in sites_for(person, Right.AUDIT, archived=archived)]
    people = User.objects.filter(
        Q(memberships__organisation__in=organisations_for(person, Right.AUDIT))
        | Q(memberships__team__in=teams_for(person, Right.AUDIT))
        | Q(memberships__site_limits__site__in=[site.pk for site in sites])
    ).distinct()
    return sorted(people, key=lambda each: str(each).casefold()), sorted(sites, key=lambda each: each.name.casefold())


def audit_targets(person: Person, entries: Iterable[AuditEntry]) -> set[Named]:
    """Those of the entries' objects that have a page which the person may open. A constant number of queries."""
    wanted: dict[str, set[str]] = {}
    for entry in entries:
        wanted.setdefault(entry.noun, set()).add(entry.object_id)
        command = str(entry.after.get("command_id", "")) if isinstance(entry.after, dict) else ""
        if command:
            wanted.setdefault("command", set()).add(command)
    points = wanted.get("charge_point", set())
    sites = wanted.get("site", set())
    found: set[Named] = set()
    for archived in (False, True):
        open_sites = sites_for(person, archived=archived).filter(pk__in=_numbers(sites))
        found |= {("site", str(pk)) for pk in open_sites.values_list("pk", flat=True)}
    open_points = charge_points_for(person).filter(pk__in=_numbers(points))
    found |= {("charge_point", str(pk)) for pk in open_points.values_list("pk", flat=True)}
    charges = charges_for(person).filter(pk__in=_numbers(wanted.get("charge", set())))
    found |= {("charge", str(pk)) for pk in charges.values_list("pk", flat=True)}
    batches = batches_for(person).filter(pk__in=wanted.get("command_batch", set()))
    found |= {("command_batch", str(pk)) for pk in batches.values_list("pk", flat=True)}
    commands = commands_for(person).filter(pk__in=wanted.get("command", set()))
    return found | {("command", str(pk)) for pk in commands.values_list("pk", flat=True)}


def audit_scopes(person: Person) -> list[tuple[Organisation, Place]]:
    """The organisations whose log the person reads, with the part of each: where an export is put on record."""
    memberships = memberships_of(person).filter(role__in=roles_with(Right.AUDIT)).select_related("organisation")
    parts = {(each.organisation, each.team_id) for each in memberships}
    whole = {organisation for organisation, team in parts if team is None}
    return [
        (organisation, Place(organisation.pk, team))
        for organisation, team in sorted(parts, key=lambda part: (part[0].pk, part[1] or 0))
        if team is None or organisation not in whole
    ]


def _numbers(texts: set[str]) -> list[int]:
    return [int(text) for text in texts if text.isdecimal() and len(text) < 19]
