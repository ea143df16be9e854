"""How often somebody may do something, counted in Redis so that all processes count together.

A Redis that is away limits nobody: the door is the key, this only keeps one caller from crowding out the others.
"""

import ipaddress
import logging
import time
from dataclasses import dataclass

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

# Seconds: how long a caller waits for Redis at most, and how long it is then left alone.
PATIENCE, REST = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of a limit: `remaining` of `limit` until it starts anew in `reset` seconds."""

    limit: int
    used: int
    reset: int

    @property
    def is_spent(self) -> bool:
        """Whether this was one too many."""
        return self.used > self.limit

    @property
    def remaining(self) -> int:
        """How many more there may be."""
        return max(self.limit - self.used, 0)


class Limits:
    """Counters with a window that opens at the first of them."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
        )
        self._rests_until = 0.0

    def take(self, name: str, limit: int, window: int = 60) -> Budget | None:
        """Count one for `name` and say what is left of `limit` in `window` seconds; None: there is no limit now."""
        if limit <= 0 or time.monotonic() < self._rests_until:
            return None
        key = f"hub:limit:{name}"
        try:
            with self._redis.pipeline() as pipe:
                pipe.set(key, 0, ex=window, nx=True)
                pipe.incr(key)
                pipe.ttl(key)
                _, used, left = pipe.execute()
        except RedisError as error:
            self._rests_until = time.monotonic() + REST
            logger.warning("limits are off while Redis is away: %s", error)
            return None
        return Budget(limit, int(used), max(int(left), 1))


limits = Limits(settings.REDIS_URL)


def source_of(address: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 6 and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)
