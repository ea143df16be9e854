"""How often something may be tried, counted in the cache for all processes together."""

import hashlib
import logging
from dataclasses import dataclass

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most `limit` times in `seconds` for each source (an address, a user, an e-mail address).

    Without Redis nothing is counted and nothing refused: people must be able to help themselves then, too.
    """

    name: str
    limit: int
    seconds: int

    @property
    def minutes(self) -> int:
        """How long somebody who is over the limit has to wait at most."""
        return -(-self.seconds // 60)

    def count(self, source: object) -> None:
        """One more of `source`."""
        key = self._key(source)
        try:
            cache.add(key, 0, self.seconds)
            cache.incr(key)
        except (RedisError, ValueError) as error:  # ValueError: it ran out between the two
            logger.warning("an attempt was not counted: %s", error)

    def is_over(self, source: object) -> bool:
        """Whether `source` has to wait."""
        try:
            return int(cache.get(self._key(source), 0)) >= self.limit
        except RedisError as error:
            logger.warning("attempts could not be read: %s", error)
            return False

    def forget(self, source: object) -> None:
        """Begin anew, after a success."""
        try:
            cache.delete(self._key(source))
        except RedisError as error:
            logger.warning("attempts could not be forgotten: %s", error)

    def _key(self, source: object) -> str:
        return f"throttle:{self.name}:{hashlib.sha256(str(source).encode()).hexdigest()}"


# Somebody who sits at an open session guesses the password or a code.
PROOFS = Throttle("proofs", limit=10, seconds=15 * 60)
