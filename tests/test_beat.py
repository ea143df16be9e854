"""The clock and the workers' signs of life, against a real Redis, a real worker and two real clocks."""

import pytest
import redis
from django.test import override_settings

from hub import bus
from hub.beat import is_first
from hub.pulse import QUEUES, pulse_read, worker_lives
from tests.conftest import StartWorker
from tests.processes import until


def test_a_turn_is_had_once(clean_redis: redis.Redis) -> None:
    """Of two clocks one sends; the turn ends by itself before the next one is due."""
    assert [is_first("bills-due", 2.0), is_first("bills-due", 2.0), is_first("other", 2.0)] == [True, False, True]
    left = clean_redis.pttl("hub:turn:bills-due")
    assert 0 < left <= 1800
    clean_redis.delete("hub:turn:bills-due")
    assert is_first("bills-due", 2.0)


def test_without_redis_everybody_is_first() -> None:
    """Then sending fails anyway, and says so; a clock must not stop for it."""
    bus.client.cache_clear()
    try:
        with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
            assert is_first("bills-due", 2.0)
    finally:
        bus.client.cache_clear()


def test_pulse(clean_redis: redis.Redis) -> None:
    """A worker is there until it has been silent; queues are counted; no clock is None."""
    worker_lives(name="celery@one", queues=["urgent", "live"], threads=8)
    clean_redis.lpush("urgent", "a", "b")
    found = pulse_read()
    assert [(one.name, one.queues, one.threads) for one in found.workers] == [("celery@one", ("urgent", "live"), 8)]
    assert {queue.name: queue.waiting for queue in found.queues} == {"urgent": 2} | dict.fromkeys(QUEUES[1:], 0)
    assert found.clock_ago is None
    assert found.memory_bytes > 0
    assert 0 < clean_redis.ttl("hub:worker:celery@one") <= 15


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_with_its_clock(worker: StartWorker) -> None:
    """It takes from every queue that a task is sent to, and its clock ticks."""
    worker(beat=True)
    until(lambda: bool(pulse_read().workers) and pulse_read().clock_ago is not None, "a worker and its clock")
    found = pulse_read()
    assert set(found.workers[0].queues) == set(QUEUES)
    assert found.clock_ago is not None
    assert found.clock_ago < 10
