"""Transaction ids: unique, positive, not to be guessed, never used twice (CSMS.md 2.1, StartTransaction)."""

import hashlib
from collections.abc import Sequence

from django.conf import settings

from chargepoints import sql

# For each charge point in turn the how-manieth short id of its own it gets, or else a number for a long one.
_GIVE = """
WITH short AS (
    UPDATE chargepoints_chargepoint p SET small_ids_given = p.small_ids_given + w.count
    FROM (SELECT id, count(*)::int AS count FROM unnest(%s::bigint[]) AS id GROUP BY id) w
    WHERE p.id = w.id AND p.small_transaction_ids AND p.small_ids_given + w.count <= 65535
    RETURNING p.id, p.small_ids_given - w.count AS before
)
SELECT n.id, s.before + row_number() OVER (PARTITION BY n.id ORDER BY n.ordinal),
    CASE WHEN s.id IS NULL THEN nextval('chargepoints_transaction_id') END
FROM unnest(%s::bigint[]) WITH ORDINALITY AS n (id, ordinal) LEFT JOIN short s ON s.id = n.id ORDER BY n.ordinal
"""

_TAKEN = """
SELECT g.charge_point_id, g.transaction_id FROM chargepoints_charge g
JOIN unnest(%s::bigint[], %s::text[]) AS n (id, tx) ON g.charge_point_id = n.id AND g.transaction_id = n.tx
"""


def transaction_ids_give(*, charge_point_ids: Sequence[int]) -> list[str]:
    """A new id for a charge of each of these charge points; one that comes twice gets two.

    Ids are long unless the charge point is set to short ones (1 to 65535), which are unique for it alone: a charge is
    always looked up together with its charge point. When those are used up it gets long ones.
    """
    if not charge_point_ids:
        return []
    ids, short = list(charge_point_ids), False
    given: list[str] = []
    for pk, small, number in sql.rows(_GIVE, ids, ids):
        short = short or small is not None
        given.append(str(transaction_id_scramble(number) if small is None else small_id_scramble(pk, small)))
    return _not_taken(ids, given) if short else given


def _not_taken(ids: list[int], given: list[str]) -> list[str]:
    """A long id of former days, or of another secret key, may look like a short one."""
    taken = {(row[0], row[1]) for row in sql.rows(_TAKEN, ids, given)}
    again = [index for index, known in enumerate(zip(ids, given, strict=True)) if known in taken]
    for index, other in zip(again, transaction_ids_give(charge_point_ids=[ids[i] for i in again]), strict=True):
        given[index] = other
    return given


def transaction_id_scramble(number: int) -> int:
    """A positive 31-bit id for the `number`-th charge: unique, and not to be guessed from the one before.

    A Feistel network is a bijection of the 31-bit numbers; walking the cycle skips 0, which some chargers take for
    "none" (QUIRKS 4.1). Ids that can be guessed let one charger stop another's charge (CSMS.md 2.1).
    """
    value = _feistel(number, 16, "")
    while not 1 <= value <= 2**31 - 1:
        value = _feistel(value, 16, "")
    return value


def small_id_scramble(charge_point_id: int, number: int) -> int:
    """The same with 16 bits, for the `number`-th short id of a charge point (D12)."""
    value = _feistel(number, 8, f":{charge_point_id}")
    return value or _feistel(value, 8, f":{charge_point_id}")


def _feistel(value: int, half: int, whose: str) -> int:
    mask = (1 << half) - 1
    left, right = value >> half, value & mask
    for turn in range(4):
        seed = f"{settings.SECRET_KEY}:transaction:{turn}:{right}{whose}".encode()
        left, right = right, left ^ int.from_bytes(hashlib.blake2b(seed, digest_size=half // 8).digest(), "big")
    return left << half | right
