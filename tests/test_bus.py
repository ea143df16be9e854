"""The bus against a real Redis: fan-out, outages of the subscription, and who is watching."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest
import redis

from chargepoints import events
from hub import bus


@pytest.fixture
async def listener(clean_redis: redis.Redis) -> AsyncIterator[bus.Listener]:
    """The listener of this test's event loop."""
    yield bus.listener()
    await bus.listener().close()


async def until(condition: Callable[[], bool], what: str, seconds: float = 5.0) -> None:
    """Poll `condition` until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        await asyncio.sleep(0.01)


async def test_every_subscriber_gets_every_message_in_order(listener: bus.Listener) -> None:
    """Two callbacks on one channel share one subscription; one that fails does not silence the other."""
    got: list[object] = []

    def broken(message: dict[str, object]) -> None:
        raise ValueError(message)

    await listener.subscribe("hub:live:a", broken)
    await listener.subscribe("hub:live:a", lambda message: got.append(message["n"]))
    bus.publish(("hub:live:a", {"n": number}) for number in range(100))
    await until(lambda: len(got) == 100, "100 messages")
    assert got == list(range(100))


async def test_after_unsubscribing_nothing_comes(listener: bus.Listener, clean_redis: redis.Redis) -> None:
    """The last callback of a channel ends its subscription in Redis, too."""
    got: list[object] = []
    await listener.subscribe("hub:live:a", got.append)
    await listener.subscribe("hub:live:b", got.append)
    await listener.unsubscribe("hub:live:a", got.append)
    await until(lambda: clean_redis.pubsub_channels("hub:live:*") == [b"hub:live:b"], "one channel left")
    bus.publish([("hub:live:a", {}), ("hub:live:b", {"n": 1})])
    await until(lambda: bool(got), "the message of the other channel")
    assert got == [{"n": 1}]


async def test_a_cut_subscription_comes_back_whole(listener: bus.Listener, clean_redis: redis.Redis) -> None:
    """Redis cuts the connection; what was subscribed before and what is new both arrive afterwards."""
    got: list[object] = []
    await listener.subscribe("hub:live:before", lambda _: got.append("before"))
    assert clean_redis.client_kill_filter(_type="pubsub") == 1
    await listener.subscribe("hub:live:after", lambda _: got.append("after"))
    await until(lambda: len(clean_redis.pubsub_channels("hub:live:*")) == 2, "both channels again")
    bus.publish([("hub:live:before", {}), ("hub:live:after", {})])
    await until(lambda: sorted(map(str, got)) == ["after", "before"], "both messages")


async def test_a_channel_subscribed_during_an_outage_works_later(
    listener: bus.Listener, clean_redis: redis.Redis
) -> None:
    """While new connections are refused and the old one is cut, subscribing neither raises nor is forgotten."""
    got: list[object] = []
    await listener.subscribe("hub:live:before", got.append)
    limit = clean_redis.config_get("maxclients")["maxclients"] or "10000"
    clean_redis.config_set("maxclients", 1)
    try:
        clean_redis.client_kill_filter(_type="pubsub")
        await asyncio.wait_for(listener.subscribe("hub:live:during", got.append), 20)
    finally:
        clean_redis.config_set("maxclients", limit)
    await until(lambda: len(clean_redis.pubsub_channels("hub:live:*")) == 2, "both channels", seconds=20)


async def test_watching_ends_by_itself(listener: bus.Listener) -> None:
    """A watch is announced for a time; then nobody is watching any more."""
    await listener.watch(["log:1"], seconds=0.3)
    assert bus.watched(["log:1", "log:2"]) == {"log:1"}
    await until(lambda: bus.watched(["log:1"]) == set(), "the end of the watch")


async def test_a_process_knows_its_watchers(listener: bus.Listener) -> None:
    """The own copy has who came before, who comes now, and forgets who left."""
    await listener.watch(["log:1"], seconds=30)
    watchers = events.Watchers()
    await watchers.start()
    try:
        assert watchers.watched(["log:1", "log:2"]) == {"log:1"}
        await listener.watch(["log:2"], seconds=0.5)
        await until(lambda: watchers.watched(["log:2"]) == {"log:2"}, "the new watcher")
        await until(lambda: watchers.watched(["log:2"]) == set(), "the end of the watch")
        assert watchers.watched(["log:1"]) == {"log:1"}
    finally:
        await watchers.stop()
