"""The overview of a large fleet: first byte over HTTP, and how many queries it takes."""

import http.client
import time

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.teams.models import User
from tests.bench.chargers import chargers
from tests.bench.errors import BenchError
from tests.bench.scene import SERVERS, Scene
from tests.bench.table import Cell, percentile, show
from tests.portal.live_tools import session_cookie

PATHS = {"page": "/", "filter by status": "/?status=ready", "search": "/?q=0042"}


def measure(scene: Scene) -> None:
    """Every page once to warm up, then `times` requests of each."""
    count, times = scene.size(1_000, 10_000, 10_000), scene.size(10, 50, 100)
    small, large = chargers(100), chargers(count)
    queries = {path: _queries(large.person, path) for path in PATHS.values()}
    for path, number in queries.items():
        if number != _queries(small.person, path):
            raise BenchError(f"{path}: {number} queries for {count} chargers, another number for 100")
    rows: list[list[Cell]] = []
    cookie = session_cookie(large.person)
    for name in SERVERS:
        with scene.web(name) as server:
            for what, path in PATHS.items():
                taken = [_first_byte(server.port, path, cookie) for _ in range(times + 1)][1:]
                rows.append([f"{name}, {what}", count, queries[path], percentile(taken, 0.5), percentile(taken, 0.95)])
    show("Overview: milliseconds to the first byte", ("", "chargers", "queries", "p50", "p95"), rows)


def _queries(person: User, path: str) -> int:
    client = Client(headers={"host": "localhost"})
    client.force_login(person)
    with CaptureQueriesContext(connection) as found:
        if client.get(path).status_code != 200:
            raise BenchError(f"{path} does not answer")
    return len(found)


def _first_byte(port: int, path: str, cookie: str) -> float:
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        begin = time.perf_counter()
        asked.request("GET", path, headers={"Host": "localhost", "Cookie": cookie})
        answer = asked.getresponse()
        answer.read(1)
        taken = (time.perf_counter() - begin) * 1000
        if answer.status != 200:
            raise BenchError(f"{path} answers {answer.status}")
        return taken
    finally:
        asked.close()
