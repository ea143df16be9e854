"""Signs of life of workers and of the clock, in Redis: they vanish by themselves when nobody renews them."""

import json
import os
import socket
import time
from dataclasses import dataclass

from redis.exceptions import RedisError

from hub import bus

QUEUES = ("urgent", "live", "default", "webhooks")
_WORKERS, _CLOCK = "hub:worker:", "hub:clock"
_WORKER_SECONDS = 15


@dataclass(frozen=True, slots=True)
class WorkerPulse:
    """A worker that lives: its name and process, its queues and threads, and how long ago it said so (s)."""

    name: str
    pid: int
    queues: tuple[str, ...]
    threads: int
    ago: float


@dataclass(frozen=True, slots=True)
class QueueLength:
    """How many tasks wait in a queue."""

    name: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """What Redis knows of the workers. `clock_ago` is None when no beat has ticked for a minute."""

    workers: tuple[WorkerPulse, ...]
    queues: tuple[QueueLength, ...]
    in_hand: int
    clock_ago: float | None
    memory_bytes: int
    took_s: float


def worker_lives(*, name: str, queues: list[str], threads: int) -> None:
    """Say that this worker lives; nothing happens while Redis is away."""
    told = {"pid": os.getpid(), "queues": queues, "threads": threads, "at": time.time()}
    _quietly(_WORKERS + name, json.dumps(told), _WORKER_SECONDS)


def clock_ticks() -> None:
    """Say that the beat of this machine ticks."""
    _quietly(_CLOCK, json.dumps({"at": time.time(), "host": socket.gethostname()}), 60)


def _quietly(key: str, value: str, seconds: int) -> None:
    try:
        bus.client().set(key, value, ex=seconds)
    except RedisError:
        return


def pulse_read() -> Pulse:
    """Everything at once, in three round trips. Raises RedisError."""
    begun = time.monotonic()
    client = bus.client()
    keys = sorted(key.decode() for key in client.scan_iter(match=_WORKERS + "*", count=500))
    with client.pipeline(transaction=False) as pipe:
        for queue in QUEUES:
            pipe.llen(queue)
        pipe.hlen("unacked")
        pipe.get(_CLOCK)
        pipe.info("memory")
        for key in keys:
            pipe.get(key)
        answers = pipe.execute()
    lengths, rest = answers[: len(QUEUES)], answers[len(QUEUES) :]
    in_hand, clock, memory, told = rest[0], rest[1], rest[2], rest[3:]
    now = time.time()
    return Pulse(
        workers=tuple(
            _worker(key.removeprefix(_WORKERS), value, now) for key, value in zip(keys, told, strict=True) if value
        ),
        queues=tuple(QueueLength(name, waiting) for name, waiting in zip(QUEUES, lengths, strict=True)),
        in_hand=in_hand,
        clock_ago=max(now - json.loads(clock)["at"], 0) if clock else None,
        memory_bytes=int(memory["used_memory"]),
        took_s=time.monotonic() - begun,
    )


def _worker(name: str, value: bytes, now: float) -> WorkerPulse:
    told = json.loads(value)
    return WorkerPulse(name, told["pid"], tuple(told["queues"]), told["threads"], max(now - told["at"], 0))
