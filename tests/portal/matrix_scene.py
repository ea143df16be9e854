"""The people and the objects that the matrix is walked with."""

import copy
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.test.client import ClientHandler
from django.urls import URLPattern, URLResolver, get_resolver

from chargepoints.models import ChargePoint, Site
from hub.teams.choices import Role
from hub.teams.models import ApiKey, Member, Organisation, User
from tests import factories
from tests.conftest import signed_in
from tests.portal.api_tools import key_made
from tests.portal.matrix_objects import OBJECTS, ONE, WHOLE, Arguments, first_of
from tests.portal.matrix_tables.line import ANYBODY, Url

NEAR, FAR, FOREIGN = "near", "far", "foreign"
_WRITE = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(?:teams|chargepoints|audit|installer)_', re.IGNORECASE)


@dataclass
class Scene:
    """Everybody, and one charge point of each kind of place."""

    people: dict[str, User]
    roles: dict[str, Role]
    points: dict[str, ChargePoint]
    _clients: dict[tuple[str, bool], Client] = field(default_factory=dict)
    _handler: ClientHandler = field(default_factory=lambda: ClientHandler(enforce_csrf_checks=False))

    def person(self, name: str) -> User | None:
        """Somebody of the cast; None for nobody."""
        return self.people.get(name)

    def client(self, name: str, url: Url) -> Client:
        """The browser of that person, or a program with a key; nothing is left of the last visit."""
        known = self._clients.get((name, url.as_key))
        if known is None:
            known = self._clients[name, url.as_key] = self._fresh(self.person(name), url)
        visit = Client()
        # Middleware is loaded once: it looks at every static file there is, which takes longer than most pages.
        visit.handler = self._handler
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
    """A key with the same role and limits as the person's membership, in use: its next call notes nothing."""
    own = Member.objects.get(user=person)
    sites = tuple(Site.objects.filter(limits__member=own))
    key, secret = key_made(own.team or own.organisation, Role(own.role), sites=sites)
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=factories.now())
    return secret


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
            if place == NEAR or (url.of not in ONE and (place != FAR or url.of not in WHOLE)):
                yield place, {**OBJECTS[url.of](point), **url.more}
        elif place != FAR:
            yield place, {"object_id": first_of(url.of, point), **url.more}


def address(url: Url, arguments: Arguments) -> str:
    """The path of a route with its arguments filled in."""
    if url.path:
        return f"/{url.path}"
    known = {"id": arguments.get("pk"), **arguments}
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(known[found[1]]), routes()[url.name])


def expected(url: Url, method: str, scene: Scene, name: str, place: str) -> set[str]:
    """What the table says that the person gets."""
    allowed = url.get if method == "GET" else url.post
    if name in url.but and allowed is not None and (not place or scene.sees(name, place)):
        return {url.but[name]}
    if allowed == ANYBODY:
        return {"in"}
    person, role = scene.person(name), scene.roles.get(name)
    if allowed is None and ANYBODY in (url.get, url.post):
        return {"405"}
    if person is None or role is None:
        return {"401", "405"} if url.as_key and allowed is None else {"401"} if url.as_key else {"login"}
    if url.staff and not person.is_staff:
        return {"in"} if url.led_away else {"login"}
    if allowed is None:
        return {"405"}
    assert not isinstance(allowed, str)
    if url.early and role not in allowed:
        return {str(url.refused)}
    if place and not scene.sees(name, place):
        return {"404"}
    return {"in"} if role in allowed else {str(url.refused)}


def observed(method: str, answer: HttpResponseBase) -> str:
    """What the person got: "in", "login", or a status that says no.

    A form that was not filled in has been got into, and so has the page that says that a list is not kept any more.
    """
    status, where = answer.status_code, answer.headers.get("Location", "")
    if status == 302 and "/login/?next=" in where:
        return "login"
    told = status == 410 or (method == "POST" and status in {400, 409, 422})
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


@cache
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
