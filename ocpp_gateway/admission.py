"""Who may knock how often: token buckets in memory, asked before any question to the database (SECURITY A3, A17).

What is locked is the source, never the identity: nobody can shut out a charger from elsewhere. Limits hold for one
gateway process; 0 switches one off.
"""

import math
import time
from collections import OrderedDict

from django.conf import settings

MOST_REMEMBERED = 50_000


class Bucket:
    """So many tokens at once, and so many more a second. Times are of the monotonic clock."""

    __slots__ = ("_at", "_burst", "_per_second", "_tokens")

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second, self._burst, self._tokens = per_second, burst, burst
        self._at = time.monotonic()

    def lacks(self) -> float:
        """Seconds until there is a token, 0 when there is one now."""
        if not self._per_second:
            return 0.0
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        return max(0.0, (1 - self._tokens) / self._per_second)

    def take(self) -> float:
        """Take a token, on credit when there is none; the seconds to wait for it."""
        wait = self.lacks()
        self._tokens -= 1
        return wait


class Buckets:
    """One bucket for each key, `per_minute` tokens each; the least used ones are forgotten."""

    def __init__(self, per_minute: float) -> None:
        self._per_minute = per_minute
        self._buckets: OrderedDict[object, Bucket] = OrderedDict()

    def lacks(self, key: object) -> float:
        """Seconds until this key has a token again, 0 when it has one."""
        bucket = self._buckets.get(key)
        return bucket.lacks() if bucket else 0.0

    def take(self, key: object) -> None:
        """Take a token of this key, if it has one."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(self._per_minute / 60, self._per_minute)
            if len(self._buckets) > MOST_REMEMBERED:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        if not bucket.lacks():
            bucket.take()

    def forget(self, key: object) -> None:
        """This key starts afresh."""
        self._buckets.pop(key, None)


class Door:
    """The limits of handshakes of one gateway process.

    A charger with a wrong password uses up its own allowance long before that of its address, and chargers that
    have been let in from an address keep coming in from there: a site behind one address is not locked out by one
    of its chargers (T12).
    """

    def __init__(self) -> None:
        self.waiting = 0
        self._most_waiting = int(settings.OCPP_HANDSHAKES_WAITING)
        self._failed = Buckets(settings.OCPP_FAILED_PER_MINUTE)
        self._failed_pairs = Buckets(settings.OCPP_FAILED_PER_IDENTITY)
        self._unauthenticated = Buckets(settings.OCPP_UNAUTHENTICATED_PER_MINUTE)
        self._replacements = Buckets(settings.OCPP_REPLACEMENTS_PER_MINUTE)
        self._told, self._told_of_source = Buckets(1), Buckets(10)
        self._trusted: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._charge_points: OrderedDict[tuple[str, str], int | None] = OrderedDict()

    @property
    def is_crowded(self) -> bool:
        """Do more handshakes wait than the database can be asked about in good time?"""
        return 0 < self._most_waiting <= self.waiting

    def lacks(self, source: str, identity: str) -> int:
        """Whole seconds until this source may knock for this identity again, 0 for now."""
        pair = (source, identity.lower())
        wait = self._failed_pairs.lacks(pair)
        if pair not in self._trusted:
            wait = max(wait, self._failed.lacks(source), self._unauthenticated.lacks(source))
        return math.ceil(wait)

    def refused(self, source: str, identity: str, charge_point_id: int | None, *, is_guess: bool) -> None:
        """A handshake was refused; `is_guess` when its password or identity was wrong."""
        pair = (source, identity.lower())
        self._unauthenticated.take(source)
        if is_guess:
            self._failed_pairs.take(pair)
            self._failed.take(source)
            self._charge_points[pair] = charge_point_id
            if len(self._charge_points) > MOST_REMEMBERED:
                self._charge_points.popitem(last=False)

    def welcomed(self, source: str, identity: str) -> None:
        """A charger proved who it is."""
        pair = (source, identity.lower())
        self._trusted[pair] = None
        self._trusted.move_to_end(pair)
        if len(self._trusted) > MOST_REMEMBERED:
            self._trusted.popitem(last=False)
        self._failed_pairs.forget(pair)

    def replaces(self, charge_point_id: int) -> int:
        """A charger opens one more socket beside its present one: whole seconds to wait, 0 when it may."""
        wait = self._replacements.lacks(charge_point_id)
        if not wait:
            self._replacements.take(charge_point_id)
        return math.ceil(wait)

    def to_be_told(self, source: str, identity: str) -> tuple[bool, int | None]:
        """Whether this lock-out is worth a record (once a minute, ten a source), and its charge point if known."""
        pair = (source, identity.lower())
        if self._told.lacks(pair) or self._told_of_source.lacks(source):
            return False, None
        self._told.take(pair)
        self._told_of_source.take(source)
        return True, self._charge_points.get(pair)
