"""Writing the audit log: one call, in the transaction of what it records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from hub.audit.choices import ActorKind
from hub.audit.models import AuditEntry
from hub.http import remote_address
from hub.teams.models import ApiKey, User

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from where."""

    kind: ActorKind
    name: str
    pk: int | None = None
    address: str = ""

    @classmethod
    def of(cls, person: User | ApiKey | AnonymousUser, address: str = "") -> "Actor":
        """A person or an API key."""
        if isinstance(person, ApiKey):
            return cls(ActorKind.API_KEY, person.name, person.pk, address)
        return cls(ActorKind.PERSON, str(person), person.pk, address)

    @classmethod
    def asking(cls, request: HttpRequest) -> "Actor":
        """Whoever makes this request."""
        return cls.of(request.user, remote_address(request))


HUB = Actor(ActorKind.HUB, "Hub")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an act belongs, which decides who may read of it: ids, None where it is wider than that."""

    organisation_id: int | None = None
    team_id: int | None = None
    site_id: int | None = None


def audit_record(
    *,
    actor: Actor,
    act: str,
    obj: Model,
    place: Place,
    before: Facts | None = None,
    after: Facts | None = None,
    reason: str = "",
) -> AuditEntry | None:
    """Store one act (`act` is a past participle: the entry says `<noun>.<act>`); secrets do not belong in the facts.

    Of `before` and `after` only what differs is kept. An edit that changed nothing is not recorded: None.
    """
    old, new = _differing(_plain(before or {}), _plain(after or {}))
    if before is not None and after is not None and old == new:
        return None
    entry = _entry(actor, act, obj, place, old, new, reason)
    entry.save(force_insert=True)
    return entry


def audit_record_all(*, actor: Actor, act: str, made: Sequence[tuple[Model, Place, Facts]]) -> None:
    """Store the same act on many objects, with what they are now, by few statements."""
    entries = [_entry(actor, act, obj, place, {}, _plain(after), "") for obj, place, after in made]
    AuditEntry.objects.bulk_create(entries, batch_size=500)


def _entry(
    actor: Actor, act: str, obj: Model, place: Place, old: dict[str, object], new: dict[str, object], reason: str
) -> AuditEntry:
    noun = str(obj._meta.verbose_name).replace(" ", "_").lower()
    return AuditEntry(
        at=timezone.now(),
        organisation_id=place.organisation_id,
        team_id=place.team_id,
        site_id=place.site_id,
        actor_kind=actor.kind,
        actor_id=actor.pk,
        actor_name=actor.name[:160],
        address=actor.address[:64],
        act=f"{noun}.{act}"[:48],
        noun=noun[:32],
        object_id=str(obj.pk)[:40],
        object_name=str(obj)[:160],
        before=old,
        after=new,
        reason=reason[:200],
    )


def facts_of(obj: Model, *fields: str) -> dict[str, object]:
    """The values of these fields, as the audit log keeps them; a foreign key by its name."""
    found: dict[str, object] = {}
    for field in fields:
        value = getattr(obj, field)
        found[field] = str(value) if isinstance(value, Model) else value
    return found


def _plain(facts: Facts) -> dict[str, object]:
    return {name: _json(value) for name, value in facts.items()}


def _json(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        found: object = value
    elif isinstance(value, datetime | date):
        found = value.isoformat()
    elif isinstance(value, Mapping):
        found = {str(name): _json(each) for name, each in value.items()}
    elif isinstance(value, list | tuple | set | frozenset):
        found = [_json(each) for each in value]
    else:
        found = str(value).replace("\x00", "")  # jsonb takes no NUL
    return found


def _differing(old: dict[str, object], new: dict[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    if not old or not new:
        return old, new
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return ({name: old[name] for name in names if name in old}, {name: new[name] for name in names if name in new})
