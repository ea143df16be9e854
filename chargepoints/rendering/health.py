"""The page *Health*: each part of Hub, whether it works, and what to do when it does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from redis.exceptions import RedisError

from chargepoints.models import GatewayProcess
from chargepoints.selectors.health import Disk, Waiting, disk_read, gateways_read, waiting_read
from chargepoints.services.connections import DEAD_AFTER_SECONDS
from hub.pulse import Pulse, pulse_read

# A second is what a sweep takes to come round; five mean that nobody sweeps.
SLOW_COMMAND_S, SLOW_ANSWER_S, SLOW_DELIVERY_S, LATE_CLOCK_S = 5, 60, 300, 10
MANY_TASKS, LITTLE_DISK, MANY_SESSIONS = 1000, 0.1, 0.8


@dataclass(frozen=True, slots=True)
class Part:
    """One part: `look` is ok, warn or bad; `advice` is empty when all is well."""

    name: str
    look: str
    word: str
    facts: str
    advice: str = ""

    @property
    def glyph(self) -> str:
        """The icon of the look."""
        return "circle-check" if self.look == "ok" else "triangle-alert"


@dataclass(frozen=True, slots=True)
class Health:
    """The parts, the worst first to be told of, and what runs where."""

    parts: Sequence[Part]
    waiting: Waiting
    pulse: Pulse | None
    gateways: Sequence[GatewayProcess]

    @property
    def bad(self) -> int:
        """How many parts need somebody."""
        return sum(part.look != "ok" for part in self.parts)


def health_read() -> Health:
    """The state of everything now. Only PostgreSQL must be there; the page is nothing without it."""
    waiting, gateways = waiting_read(), gateways_read()
    try:
        pulse: Pulse | None = pulse_read()
    except RedisError:
        pulse = None
    parts = [
        _database(waiting),
        _redis(pulse),
        _gateways(gateways, waiting),
        _workers(pulse),
        _clock(pulse),
        _queues(pulse),
        _commands(waiting),
        _deliveries(waiting),
        _disk(disk_read()),
    ]
    return Health(parts, waiting, pulse, gateways)


def _database(waiting: Waiting) -> Part:
    facts = f"{size(waiting.database_bytes)}, {waiting.sessions} of {waiting.sessions_most} connections"
    if waiting.sessions > waiting.sessions_most * MANY_SESSIONS:
        return Part("PostgreSQL", "warn", "Nearly full", facts, "Raise max_connections, or run fewer processes.")
    return Part("PostgreSQL", "ok", "Works", facts)


def _redis(pulse: Pulse | None) -> Part:
    if pulse is None:
        advice = "Nothing is lost, but pages are not live and tasks do not start. Start Redis or Valkey (REDIS_URL)."
        return Part("Redis", "bad", "Away", "", advice)
    return Part("Redis", "ok", "Works", f"{size(pulse.memory_bytes)}, answers in {pulse.took_s * 1000:.0f} ms")


def _gateways(gateways: Sequence[GatewayProcess], waiting: Waiting) -> Part:
    living = [one for one in gateways if _ago(one.seen_at, waiting.now) < DEAD_AFTER_SECONDS]
    facts = f"{count(len(living), 'process')}, {count(waiting.connected, 'charger')} connected"
    if not living:
        return Part("Gateway", "bad", "None", facts, "No charger can connect. Start a process with HUB_ROLES=gateway.")
    return Part("Gateway", "ok", "Works", facts)


def _workers(pulse: Pulse | None) -> Part:
    if pulse is None:
        return Part("Workers", "warn", "Unknown", "", "Redis must be there to know.")
    facts = f"{count(len(pulse.workers), 'process')}, {count(sum(one.threads for one in pulse.workers), 'thread')}"
    if not pulse.workers:
        return Part("Workers", "bad", "None", facts, "Start one: celery --app=hub worker (README, For real).")
    served = {queue for one in pulse.workers for queue in one.queues}
    if missing := [queue.name for queue in pulse.queues if queue.name not in served]:
        advice = f"Nobody takes from: {', '.join(missing)}. Start a worker for it, or add it to --queues."
        return Part("Workers", "bad", "Incomplete", facts, advice)
    return Part("Workers", "ok", "Work", facts)


def _clock(pulse: Pulse | None) -> Part:
    if pulse is None:
        return Part("Clock", "warn", "Unknown", "", "Redis must be there to know.")
    if pulse.clock_ago is None or pulse.clock_ago > LATE_CLOCK_S:
        facts = "" if pulse.clock_ago is None else f"last tick {pulse.clock_ago:.0f} s ago"
        return Part(
            "Clock", "bad", "Stopped", facts, "Nothing expires and no bill is made. Start celery --app=hub beat."
        )
    return Part("Clock", "ok", "Ticks", f"last tick {pulse.clock_ago:.0f} s ago")


def _queues(pulse: Pulse | None) -> Part:
    if pulse is None:
        return Part("Queues", "warn", "Unknown", "", "Redis must be there to know.")
    facts = ", ".join(f"{queue.name} {queue.waiting}" for queue in pulse.queues) + f"; in hand {pulse.in_hand}"
    if any(queue.waiting > MANY_TASKS for queue in pulse.queues):
        return Part("Queues", "warn", "Long", facts, "More comes in than is done. Start another worker.")
    return Part("Queues", "ok", "Short", facts)


def _commands(waiting: Waiting) -> Part:
    facts = (
        f"{waiting.commands} to send, {waiting.unanswered} without an answer yet, {waiting.effects} whose effect is "
        f"awaited, {waiting.kept} kept for later"
    )
    oldest = _ago(waiting.oldest_command, waiting.now)
    if oldest > SLOW_COMMAND_S:
        advice = f"The oldest has waited {oldest:.0f} s for its gateway. Look at gateway and workers above."
        return Part("Commands", "warn", "Slow", facts, advice)
    unanswered = _ago(waiting.oldest_unanswered, waiting.now)
    if unanswered > SLOW_ANSWER_S:
        return Part(
            "Commands",
            "warn",
            "Stuck",
            facts,
            f"One was sent {unanswered:.0f} s ago and has not ended. Is the clock there?",
        )
    return Part("Commands", "ok", "Move", facts + (f"; the oldest has waited {oldest:.1f} s" if oldest else ""))


def _deliveries(waiting: Waiting) -> Part:
    facts = f"{count(waiting.deliveries, 'webhook message')} and {count(waiting.bills, 'bill')} to do"
    if _ago(waiting.oldest_delivery, waiting.now) > SLOW_DELIVERY_S:
        return Part("Follow-ups", "warn", "Late", facts, "A webhook does not take its messages. See its delivery log.")
    return Part("Follow-ups", "ok", "Done", facts)


def _disk(disk: Disk | None) -> Part:
    if disk is None:
        return Part("Disk", "bad", "Unknown", "", "The directory of HUB_FILES_DIR cannot be read.")
    facts = f"{size(disk.free)} of {size(disk.total)} free for files"
    if disk.free < disk.total * LITTLE_DISK:
        return Part("Disk", "warn", "Filling up", facts, "Delete diagnostics, or give HUB_FILES_DIR a larger disk.")
    return Part("Disk", "ok", "Free", facts)


def _ago(moment: datetime | None, now: datetime) -> float:
    """Seconds since a moment; 0 for none."""
    return max((now - moment).total_seconds(), 0) if moment else 0


def count(number: int, noun: str) -> str:
    """`1 process`, `2 processes`."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}".replace(",", " ")


def size(octets: int) -> str:
    """`870 kB`, `1.4 GB`; powers of ten."""
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if octets >= factor:
            return f"{octets / factor:.1f} {unit}"
    return f"{octets / 1000:.0f} kB"
