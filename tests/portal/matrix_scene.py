"""The people and the objects that the matrix is walked with."""

import copy
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Model
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from chargepoints.models import ChargePoint, HomeCharger, SiteLimit
from hub.teams.choices import Role
from hub.teams.models import ApiKey, Member, Organisation, User
from tests import factories
from tests.conftest import signed_in
from tests.portal.admin_tools import address_of, objects
from tests.portal.matrix import ANYBODY, Roles, Url

NEAR, FAR, FOREIGN = "near", "far", "foreign"
NOT_SIGNED_IN = "nobody"
Arguments = dict[str, object]
_WRITE = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(?:teams|chargepoints|audit)_', re.IGNORECASE)


@dataclass
class Scene:
    """Everybody, and one charge point of each kind of place."""

    people: dict[str, User]
    roles: dict[str, Role]
    points: dict[str, ChargePoint]
    _clients: dict[tuple[str, bool], Client] = field(default_factory=dict)

    def person(self, name: str) -> User | None:
        """Somebody of the cast; None for nobody."""
        return self.people.get(name)

    def client(self, name: str, url: Url) -> Client:
        """The browser of that person, or a program with a key; nothing is left of the last visit."""
        known = self._clients.get((name, url.as_key))
        if known is None:
            known = self._clients[name, url.as_key] = self._fresh(self.person(name), url)
        visit = Client()
        visit.defaults, visit.cookies = known.defaults, copy.deepcopy(known.cookies)
        return visit

    @staticmethod
    def _fresh(person: User | None, url: Url) -> Client:
        if person is None:
            return Client()
        return Client(headers={"authorization": f"Bearer {_key(person)}"}) if url.as_key else signed_in(person)

    def sees(self, name: str, place: str) -> bool:
        """Whether objects of that place are there for that person."""
        if name == "charlie":
            return place == FOREIGN
        return place == NEAR or (place == FAR and name != "bob")


def _key(person: User) -> str:
    """A key with the same role and limits as the person's membership."""
    text = f"hub_{person.username[:8].ljust(8, '0')}_" + "k" * 43
    own = Member.objects.get(user=person)
    member = Member.objects.create(organisation=own.organisation, team=own.team, role=own.role)
    limits = SiteLimit.objects.filter(member=own)
    SiteLimit.objects.bulk_create(SiteLimit(member=member, site=limit.site) for limit in limits)
    ApiKey.objects.create(
        member=member, name=text, prefix=text[:12], key_hash=hashlib.sha256(text.encode()).hexdigest()
    )
    return text


# What an address names, as its arguments, from a charge point of the place.
OBJECTS: dict[str, Callable[[ChargePoint], Arguments]] = {
    "charge_point": lambda point: {"pk": point.pk},
    "site": lambda point: {"pk": point.site_id},
    "command": lambda point: {"pk": point.commands.all()[0].pk},
    "log_line": lambda point: {"pk": point.pk, "seq": point.log_lines.all()[0].seq},
    "organisation": lambda point: {"pk": point.site.team.organisation_id},
    "team": lambda point: {"pk": point.site.team_id},
    "user": lambda point: {"id": _first(User, point)},
    "home_charger": lambda point: {"pk": _first(HomeCharger, point)},
    "home_driver": lambda point: {"pk": HomeCharger.objects.get(charge_point=point).driver_id},
}
# Of the whole organisation, so that none is out of Bob's reach alone.
WHOLE = frozenset({"organisation", "team", "user", "home_charger", "home_driver"})


def _first(model: type[Model], point: ChargePoint) -> object:
    return address_of(objects(model, _operator(point))[0])


def _operator(point: ChargePoint) -> Organisation:
    return point.site.team.organisation


def cases(url: Url, scene: Scene, who: str) -> Iterator[tuple[str, Arguments]]:
    """Each place to try the address with, and its arguments; a place of "" when it names no object.

    What differs for nobody is left out: only Bob is limited to a site, and only staff see the administration.
    """
    if not url.of:
        yield "", dict(url.more)
        return
    for place, point in scene.points.items():
        if (place == FAR and who != "bob") or (place == FOREIGN and url.staff and who != "alice"):
            continue
        if isinstance(url.of, str):
            if place != FAR or url.of not in WHOLE:
                yield place, {**OBJECTS[url.of](point), **url.more}
        elif place != FAR:
            yield place, {"object_id": _first(url.of, point), **url.more}


def address(url: Url, arguments: Arguments) -> str:
    """The path of a route with its arguments filled in."""
    if url.path:
        return f"/{url.path}"
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(arguments[found[1]]), routes()[url.name])


def expected(url: Url, method: str, scene: Scene, name: str, place: str) -> set[str]:
    """What the table says that the person gets."""
    allowed = url.get if method == "GET" else url.post
    if allowed == ANYBODY:
        return {"in"}
    person, role = scene.person(name), scene.roles.get(name)
    if person is None or role is None:
        return {"401", "405"} if url.as_key and allowed is None else {"401"} if url.as_key else {"login"}
    if url.staff and not person.is_staff:
        return {"in"} if url.led_away else {"login"}
    if allowed is None:
        return {"405"}
    if place and not scene.sees(name, place):
        return {"404"}
    assert not isinstance(allowed, str)
    return {"in"} if _gets_in(url, allowed, name, role) else {str(url.refused)}


def _gets_in(url: Url, allowed: Roles, name: str, role: Role) -> bool:
    return role in allowed and not (url.whole and name == "bob")


def observed(method: str, answer: HttpResponseBase) -> str:
    """What the person got: "in", "login", or a status that says no."""
    status, where = answer.status_code, answer.headers.get("Location", "")
    if status == 302 and "/login/?next=" in where:
        return "login"
    told = method == "POST" and status in {400, 409, 422}
    return "in" if status < 400 or told else str(status)


@contextmanager
def writes() -> Iterator[list[str]]:
    """The statements that change the domain's tables while this lasts."""
    found: list[str] = []

    def note(execute: Callable[..., object], sql: str, params: object, many: bool, context: object) -> object:
        if _WRITE.match(str(sql)):
            found.append(str(sql)[:200])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def routes() -> dict[str, str]:
    """Every address there is: by name with namespace, or by route when it has none."""
    return dict(_walk(get_resolver(), "", ""))


def _walk(resolver: URLResolver, namespace: str, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield (f"{namespace}{entry.name}" if entry.name else route), route
        else:
            yield from _walk(entry, namespace + (f"{entry.namespace}:" if entry.namespace else ""), route)


def cast(alice: User, bob: User, charlie: User, nordlys: Organisation) -> tuple[dict[str, User], dict[str, Role]]:
    """Alice, Bob and Charlie, and one person for each of the other roles."""
    people = {"alice": alice, "bob": bob, "charlie": charlie}
    roles = {"alice": Role.ADMIN, "bob": Role.OPERATIONS, "charlie": Role.ADMIN}
    for name, role in (("finance", Role.FINANCE), ("support", Role.SUPPORT), ("reader", Role.READ_ONLY)):
        people[name], roles[name] = factories.user(name), role
        factories.member(nordlys, people[name], role)
    return people, roles
