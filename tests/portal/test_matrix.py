"""Every address and every live socket, as everybody: nobody sees or does more than the table in `matrix.py` says.

An address or socket that is not in the table fails here, and so does a line of the table whose address is gone.
"""

from collections import Counter
from contextlib import suppress

import pytest
from django.db import transaction
from websockets.exceptions import ConnectionClosed

from chargepoints import events
from chargepoints.models import ChargePoint
from chargepoints.routing import websocket_urlpatterns
from hub.teams.choices import RIGHTS as ROLE_RIGHTS
from hub.teams.choices import Right, Role
from hub.teams.models import Organisation, User
from tests.conftest import StartServer
from tests.portal.admin_tools import history_of
from tests.portal.live_tools import WebViewer, append, session_cookie
from tests.portal.matrix import RIGHTS, SOCKETS, TABLE, Url
from tests.portal.matrix_scene import (
    FAR,
    FOREIGN,
    NEAR,
    NOT_SIGNED_IN,
    OBJECTS,
    Scene,
    address,
    cases,
    cast,
    expected,
    observed,
    routes,
    writes,
)

WALK_THE_ADMINISTRATION = frozenset({"alice", "bob", NOT_SIGNED_IN})


@pytest.fixture
def scene(
    filled: None,
    alice: User,
    bob: User,
    charlie: User,
    nordlys: Organisation,
    charge_point: ChargePoint,
    far_charge_point: ChargePoint,
    foreign_charge_point: ChargePoint,
) -> Scene:
    """Two operators with one row of everything, and everybody."""
    history_of(far_charge_point)
    people, roles = cast(alice, bob, charlie, nordlys)
    return Scene(people, roles, {NEAR: charge_point, FAR: far_charge_point, FOREIGN: foreign_charge_point})


class TestAddresses:
    """The table and the resolver know each other, and everybody gets what the table says."""

    def test_every_address_is_in_the_table(self) -> None:
        named = {url.name for url in TABLE}
        assert sorted(set(routes()) - named) == []
        assert sorted(named - set(routes())) == []

    def test_no_line_stands_twice(self) -> None:
        lines = Counter((url.name, str(sorted(url.more.items(), key=str)), str(url.of)) for url in TABLE)
        assert [line for line, count in lines.items() if count > 1] == []

    @pytest.mark.parametrize("who", ["alice", "bob", "finance", "support", "reader", "charlie", NOT_SIGNED_IN])
    def test_everybody_everywhere(self, who: str, scene: Scene) -> None:
        wrong = [found for url in TABLE for found in walked(url, scene, who)]
        assert not wrong, "\n".join(wrong)


def walked(url: Url, scene: Scene, who: str) -> list[str]:
    """What is not as the table says when this person tries the address, by GET and by POST, with each object."""
    wrong: list[str] = []
    if url.staff and who not in WALK_THE_ADMINISTRATION:
        return wrong
    for place, arguments in list(cases(url, scene, who)):
        where = address(url, arguments)
        for method in ("GET", "POST"):
            wanted = expected(url, method, scene, who, place)
            client = scene.client(who, url)
            with transaction.atomic(), writes() as written:
                answer = client.generic(method, where)
                transaction.set_rollback(True)
            got = observed(method, answer)
            if got not in wanted:
                wrong.append(f"{who} {method} {where} ({place}): {got} {answer.status_code}, not {sorted(wanted)}")
            if got != "in" and written:
                wrong.append(f"{who} {method} {where} ({place}): refused, but {written}")
    return wrong


class TestSockets:
    """The same for live sockets, in a real server."""

    def test_every_socket_and_every_facet_is_in_the_table(self) -> None:
        assert {str(entry.pattern) for entry in websocket_urlpatterns} == {socket.route for socket in SOCKETS}
        told = [facet for socket in SOCKETS for facet in socket.facets]
        assert sorted(told) == sorted(events.FACETS)

    @pytest.mark.django_db(transaction=True)
    def test_everybody_on_every_socket(self, server: StartServer, scene: Scene) -> None:
        for point in scene.points.values():
            append(point)
        running = server(env={"HUB_LIVE_HEARTBEAT": "1"})
        wrong = []
        for socket in SOCKETS:
            for place, point in scene.points.items():
                arguments = OBJECTS[socket.of](point) if socket.of else {}
                path = "/" + socket.route.replace("<int:pk>", str(arguments.get("pk", "")))
                for who in [*scene.people, NOT_SIGNED_IN]:
                    person = scene.person(who)
                    shown = person is not None and scene.roles[who] in socket.roles and scene.sees(who, place)
                    closed = "4401" if person is None else "4404" if socket.of else "nothing"
                    wanted = "shown" if shown else closed
                    got = watched(running.ws_url + path, person, point, wanted)
                    if got != wanted:
                        wrong.append(f"{who} {path} ({place} {point.identity}): {got}, not {wanted}")
        assert wrong == []


def watched(url: str, person: User | None, point: ChargePoint, wanted: str) -> str:
    """What a viewer gets who asks for this charge point: "shown", "nothing" in two heartbeats, or a close code."""
    viewer = WebViewer(url, session_cookie(person) if person else "", cursor=0)
    try:
        viewer.open()
        assert viewer.socket is not None
        with suppress(ConnectionClosed):
            viewer.socket.send(f'{{"rows": [{point.pk}]}}')
        for _ in range(40):
            viewer.read(0.25)
            kinds = [frame["t"] for frame in viewer.frames]
            if "log" in kinds or "cell" in kinds:
                return "shown"
            if wanted != "shown" and kinds.count("hb") > 1:
                return "nothing"
    except ConnectionClosed as closed:
        return str(closed.rcvd.code if closed.rcvd else 1006)
    finally:
        viewer.close()
    return "silence"


def test_the_roles_are_as_the_table_says() -> None:
    head, *lines = RIGHTS.strip().splitlines()
    rights = [Right(word) for word in head.split()]
    told = {
        Role(role): {right for right, mark in zip(rights, marks, strict=True) if mark == "x"}
        for role, *marks in (line.split() for line in lines)
    }
    assert told == ROLE_RIGHTS
    assert rights == list(Right)
