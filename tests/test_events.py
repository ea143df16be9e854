"""Telling viewers: only about what is watched, folded into few tasks, never in anybody's way."""

import asyncio
import os
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator

import msgspec
import pytest
import redis
from kombu.utils.json import loads

from chargepoints import events
from chargepoints.events import Touch
from hub import bus

QUEUE = "live"


@pytest.fixture
def watched(clean_redis: redis.Redis) -> Iterator[redis.Redis]:
    """Somebody looks at the log and the panels of charge point 1, nobody at 2."""
    clean_redis.zadd(bus.WATCHED_KEY, {"log:1": time.time() + 60, "cp:1": time.time() + 60})
    yield clean_redis
    clean_redis.flushdb()


def tasks(client: redis.Redis) -> list[list[tuple[int, list[str]]]]:
    """The changes of every `live.render` in the queue, oldest first."""
    waiting = [msgspec.json.decode(raw) for raw in reversed(client.lrange(QUEUE, 0, -1))]
    assert {message["headers"]["task"] for message in waiting} <= {"live.render"}
    return [loads(b64decode(message["body"]))[0][0] for message in waiting]


def until_changes(client: redis.Redis, wanted: dict[int, set[str]]) -> int:
    """Wait until the queued tasks say exactly `wanted` together; how many tasks it took."""
    deadline = time.monotonic() + 5
    while True:
        queued = tasks(client)
        told: dict[int, set[str]] = {}
        for change in queued:
            for pk, facets in change:
                told.setdefault(pk, set()).update(facets)
        if told == wanted:
            return len(queued)
        assert time.monotonic() < deadline, f"{told} is not {wanted}"
        time.sleep(0.01)


def test_only_what_is_watched_is_told(watched: redis.Redis) -> None:
    """A charge point nobody looks at costs no task; of a watched one only the watched facets are told."""
    events.touched([Touch(2, frozenset({"log", "row"})), Touch(1, frozenset({"log", "row", "head"}))])
    assert until_changes(watched, {1: {"log", "head"}}) == 1


def test_a_burst_is_folded(watched: redis.Redis) -> None:
    """1,000 touches become a handful of tasks; nothing of them is left out."""
    began = time.monotonic()
    for _ in range(500):
        events.touched([Touch(1, frozenset({"log"})), Touch(1, frozenset({"power"}))])
    spent = time.monotonic() - began
    sent = until_changes(watched, {1: {"log", "power"}})
    assert sent <= 2 + spent / events.WINDOW_SECONDS


async def test_the_own_copy_decides_without_asking(watched: redis.Redis) -> None:
    """With the process's own copy the sender asks nobody: Redis forgetting changes nothing until the refresh."""
    watchers = events.Watchers()
    await watchers.start()
    try:
        sender = events.Sender(watchers)
        watched.delete(bus.WATCHED_KEY)
        sender.add([Touch(1, frozenset({"log"})), Touch(2, frozenset({"log"}))])
        assert await asyncio.to_thread(until_changes, watched, {1: {"log"}}) == 1
    finally:
        await watchers.stop()
        await bus.listener().close()


SCRIPT = """
import logging, threading, time, django
django.setup()
from chargepoints.events import Touch, touched
heard = threading.Event()
class Ear(logging.Handler):
    def emit(self, record):
        heard.set()
logging.getLogger("chargepoints.events").addHandler(Ear())
began = time.monotonic()
for _ in range(100):
    touched([Touch(1, frozenset({"log"}))])
assert time.monotonic() - began < 1
assert heard.wait(30)
touched([Touch(1, frozenset({"log"}))])
print("undisturbed")
"""


def test_a_broker_that_is_away_disturbs_nobody() -> None:
    """Nothing is raised, nothing waits; the log says what was not sent."""
    away = {**os.environ, "REDIS_URL": "redis://127.0.0.1:1/0", "DJANGO_SETTINGS_MODULE": "hub.settings"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=away, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "undisturbed\n", done.stderr
    assert "live wake-up not sent" in done.stderr
