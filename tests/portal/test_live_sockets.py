"""Live sockets from outside: a real server, a real worker, a viewer that keeps its cursor."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from chargepoints import events
from chargepoints.models import ChargePoint
from hub.teams.models import User
from tests.conftest import StartServer, StartWorker
from tests.portal.live_tools import WebViewer, append, cast_off, sequences, session_cookie
from tests.stage import Server

pytestmark = pytest.mark.django_db(transaction=True)

SERVERS = ["daphne", "uvicorn"]
# A second instead of 15: the heartbeat is what heals, and the tests wait for it.
BRISK = {"HUB_LIVE_HEARTBEAT": "1"}


@pytest.fixture
def viewers() -> Iterator[list[WebViewer]]:
    """Viewers to be closed at the end."""
    made: list[WebViewer] = []
    yield made
    for viewer in made:
        viewer.close()


def watch(
    viewers: list[WebViewer], server: Server, path: str, person: User | None, cursor: int | None = None
) -> WebViewer:
    """A connected viewer."""
    viewer = WebViewer(server.ws_url + path, session_cookie(person) if person else "", cursor)
    viewers.append(viewer)
    viewer.open()
    return viewer


def log_of(charge_point: ChargePoint) -> str:
    """The socket's address."""
    return f"/ws/charge-points/{charge_point.pk}/"


@pytest.mark.parametrize("name", SERVERS)
def test_strangers_are_told_why(
    name: str,
    server: StartServer,
    viewers: list[WebViewer],
    charge_point: ChargePoint,
    foreign_charge_point: ChargePoint,
    alice: User,
) -> None:
    """No login: 4401. A foreign or unknown charge point: 4404. Both after the handshake, so the browser knows."""
    running = server(name)
    assert watch(viewers, running, log_of(charge_point), None).close_code() == 4401
    assert watch(viewers, running, "/ws/overview/", None).close_code() == 4401
    assert watch(viewers, running, log_of(foreign_charge_point), alice).close_code() == 4404
    assert watch(viewers, running, "/ws/charge-points/999999/", alice).close_code() == 4404


@pytest.mark.parametrize("name", SERVERS)
def test_lines_arrive_as_they_are_committed(
    name: str,
    server: StartServer,
    worker: StartWorker,
    viewers: list[WebViewer],
    charge_point: ChargePoint,
    alice: User,
    bob: User,
) -> None:
    """What is there is caught up in frames of 200; what comes is pushed to every viewer, before any heartbeat."""
    append(charge_point, 450)
    running = server(name)
    worker()
    both = [watch(viewers, running, log_of(charge_point), person, 0) for person in (alice, bob)]
    for viewer in both:
        viewer.until_seen(sequences(charge_point))
        assert [frame["t"] for frame in viewer.frames][:3] == ["log"] * 3
        viewer.until_frame(t="hb")
        viewer.frames.clear()
    for _ in range(20):
        append(charge_point)
        for viewer in both:
            viewer.until_seen(sequences(charge_point))
    for viewer in both:
        assert [frame["p"] for frame in viewer.frames if frame["t"] == "log"] == sequences(charge_point)[-21:-1]
        assert not any(frame["t"] == "hb" for frame in viewer.frames)


@pytest.mark.parametrize("name", SERVERS)
def test_nothing_lost_while_the_server_is_killed(
    name: str,
    server: StartServer,
    worker: StartWorker,
    viewers: list[WebViewer],
    charge_point: ChargePoint,
    alice: User,
) -> None:
    """20 lines a second; the server dies, is away for 3 s and comes back on the same port."""
    running = server(name)
    worker()
    first = append(charge_point)[0]
    viewer = watch(viewers, running, log_of(charge_point), alice, first)
    stop = threading.Event()
    writer = threading.Thread(target=_write, args=(charge_point, stop))
    writer.start()
    try:
        _follow(viewer, seconds=1.5)
        running.kill()
        away = time.monotonic()
        with pytest.raises(ConnectionClosed):
            _follow(viewer, seconds=10)
        while time.monotonic() - away < 3:
            assert not _reopened(viewer)
        running.start()
        viewer.open()
        _follow(viewer, seconds=1.5)
    finally:
        stop.set()
        writer.join()
    expected = sequences(charge_point)[1:]
    assert len(expected) > 90
    viewer.until_seen(expected)


def _follow(viewer: WebViewer, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        viewer.read()


def _reopened(viewer: WebViewer) -> bool:
    try:
        viewer.open()
    except (OSError, InvalidHandshake):
        return False
    return True


def _write(charge_point: ChargePoint, stop: threading.Event) -> None:
    try:
        while not stop.wait(0.05):
            append(charge_point)
    finally:
        connection.close()


def test_a_lost_wake_up_costs_a_heartbeat(
    server: StartServer, viewers: list[WebViewer], charge_point: ChargePoint, alice: User
) -> None:
    """Without a worker nothing is ever pushed: the heartbeat finds rows, and what else has changed."""
    running = server(env=BRISK)
    viewer = watch(viewers, running, log_of(charge_point), alice, 0)
    viewer.until_frame(t="hb")
    append(charge_point, 3)
    viewer.until_seen(sequences(charge_point), seconds=5)
    ChargePoint.objects.filter(pk=charge_point.pk).update(maintenance=True, state="maintenance")
    viewer.until_frame(t="panel", id="head", seconds=5)


def test_who_loses_the_right_is_sent_away(
    server: StartServer, viewers: list[WebViewer], charge_point: ChargePoint, alice: User, bob: User
) -> None:
    """A membership that ends closes the socket with 4404, a session that ends with 4401."""
    running = server(env=BRISK)
    bobs = watch(viewers, running, log_of(charge_point), bob)
    alices = watch(viewers, running, log_of(charge_point), alice)
    table = watch(viewers, running, "/ws/overview/", alice)
    for viewer in (bobs, alices, table):
        viewer.until_frame(t="hb")
    cast_off(bob)
    assert bobs.close_code() == 4404
    Session.objects.all().delete()
    assert alices.close_code() == 4401
    assert table.close_code() == 4401


def test_far_behind_says_how_much_is_left_out(
    server: StartServer, viewers: list[WebViewer], charge_point: ChargePoint, alice: User
) -> None:
    """10,001 lines behind: a gap frame for one line, then the newest 10,000, in order."""
    first = append(charge_point)[0]
    for _ in range(10):
        append(charge_point, 1000)
    append(charge_point)
    viewer = watch(viewers, server(), log_of(charge_point), alice, first)
    viewer.until_seen(sequences(charge_point)[2:], seconds=30)
    assert viewer.frames[0] == {"t": "gap", "n": 1}
    viewer.close()
    exactly = watch(viewers, server(), log_of(charge_point), alice, sequences(charge_point)[1])
    exactly.until_seen(sequences(charge_point)[2:], seconds=30)
    assert "gap" not in {frame["t"] for frame in exactly.frames}


def test_a_slow_viewer_gets_no_more_than_it_reads(
    server: StartServer, viewers: list[WebViewer], charge_point: ChargePoint, alice: User
) -> None:
    """Unread frames stop at about a megabyte; when it reads on, it gets everything, once."""
    append(charge_point, 4000, request='[2,"1","StatusNotification",{"info":"' + "x" * 1000 + '"}]')
    viewer = WebViewer(server().ws_url + log_of(charge_point), session_cookie(alice), 0, acknowledges=False)
    viewers.append(viewer)
    viewer.open()
    while viewer.read(1.0):
        assert len(viewer.seen) < 2000
    viewer.acknowledges = True
    viewer.acknowledge()
    viewer.until_seen(sequences(charge_point), seconds=30)


@pytest.mark.parametrize("name", SERVERS)
def test_overview_cells(
    name: str,
    server: StartServer,
    worker: StartWorker,
    viewers: list[WebViewer],
    charge_point: ChargePoint,
    foreign_charge_point: ChargePoint,
    alice: User,
) -> None:
    """The rows asked for get their cells now and when they change; foreign ones never."""
    running = server(name)
    worker()
    viewer = watch(viewers, running, "/ws/overview/", alice)
    assert viewer.socket is not None
    viewer.socket.send(f'{{"rows": [{charge_point.pk}, {foreign_charge_point.pk}, 0, "x"]}}')
    viewer.until_frame(t="cell")
    viewer.until_frame(t="panel", id="kpis")
    viewer.frames.clear()
    ChargePoint.objects.filter(pk=charge_point.pk).update(firmware="9.9.9-new")
    for each in (charge_point, foreign_charge_point):
        events.touched([events.Touch(each.pk, frozenset({"row"}))])
    cell = viewer.until_frame(t="cell", seconds=2)
    assert "9.9.9-new" in cell["h"]
    assert f'id="cp{charge_point.pk}-firmware"' in cell["h"]
    viewer.until_frame(t="panel", id="kpis", seconds=4)
    assert not any(f"cp{foreign_charge_point.pk}-" in str(frame.get("h")) for frame in viewer.frames)


def test_panels_are_named(
    server: StartServer, worker: StartWorker, viewers: list[WebViewer], charge_point: ChargePoint, bob: User
) -> None:
    """A touched facet reaches the viewer as the name of its panel."""
    running = server()
    worker()
    viewer = watch(viewers, running, log_of(charge_point), bob)
    viewer.until_frame(t="hb")
    events.touched([events.Touch(charge_point.pk, frozenset({"commands", "power"}))])
    viewer.until_frame(t="panel", id="commands", seconds=2)
    viewer.until_frame(t="panel", id="power", seconds=2)
    assert not any(frame.get("id") == "head" for frame in viewer.frames)
