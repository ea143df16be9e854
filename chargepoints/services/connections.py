"""Who is connected, through which gateway process, and who was refused."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from chargepoints import sql
from chargepoints.choices import Category, Direction
from chargepoints.reports import Closed, NewLine, Opened, Refused
from chargepoints.services.certificates import certificates_used
from chargepoints.services.changes import changed
from chargepoints.services.credentials import passwords_used
from chargepoints.services.log_lines import log_lines_append
from chargepoints.services.states import states_refresh
from hub import bus

# A gateway that was not seen for this long has died, and its chargers are not connected through it any more.
DEAD_AFTER_SECONDS = 20

_OPEN = """
UPDATE chargepoints_connection c SET generation = c.generation + 1, gateway = n.gateway, is_connected = true,
    connected_at = n.at, last_seen_at = n.at, remote_address = n.address, subprotocol = n.subprotocol,
    security_profile = n.profile, close_code = NULL, close_reason = ''
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::int[])
    AS n (id, gateway, at, address, subprotocol, profile)
JOIN chargepoints_connection old ON old.charge_point_id = n.id
WHERE c.charge_point_id = n.id
RETURNING c.charge_point_id, c.generation,
    CASE WHEN old.is_connected AND old.gateway <> n.gateway THEN old.gateway ELSE '' END
"""

# H8: what a charger has once proved it must prove for ever.
_RAISE = """
UPDATE chargepoints_chargepoint p SET security_profile = n.profile
FROM unnest(%s::bigint[], %s::int[]) AS n (id, profile) WHERE p.id = n.id AND p.security_profile < n.profile
"""

_PERIOD_OPEN = """
INSERT INTO chargepoints_linkperiod (charge_point_id, generation, started_at, remote_address, subprotocol, close_reason)
SELECT c.charge_point_id, c.generation, c.connected_at, c.remote_address, c.subprotocol, ''
FROM chargepoints_connection c WHERE c.charge_point_id = ANY(%s)
"""

# Only the current connection can end "connected"; an older socket that closes late changes nothing (H12).
_CLOSE = """
UPDATE chargepoints_connection c SET is_connected = false, disconnected_at = n.at, close_code = n.code,
    close_reason = n.reason
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::int[], %s::text[])
    AS n (id, generation, at, code, reason)
WHERE c.charge_point_id = n.id AND c.generation = n.generation AND c.is_connected RETURNING c.charge_point_id
"""

_PERIOD_CLOSE = """
UPDATE chargepoints_linkperiod p SET ended_at = n.at, close_code = n.code, close_reason = n.reason
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::int[], %s::text[])
    AS n (id, generation, at, code, reason)
WHERE p.charge_point_id = n.id AND p.generation = n.generation AND p.ended_at IS NULL
"""

_NO_POWER = """
UPDATE chargepoints_connector SET power_w = NULL WHERE charge_point_id = ANY(%s) AND power_w IS NOT NULL
"""


def connections_open(*, opened: Sequence[Opened]) -> list[tuple[int, str]]:
    """Take each charge point's connection to a new generation: the generations, in order, 0 for a deleted one.

    Beside each is the other gateway process that held the connection until now, empty when none did. At most one
    entry for a charge point. The newest connection is the current one from now on (H12).
    """
    ids = [entry.charge_point_id for entry in opened]
    rows = sql.rows(
        _OPEN,
        ids,
        [entry.gateway for entry in opened],
        [entry.at for entry in opened],
        [entry.remote_address for entry in opened],
        [entry.subprotocol for entry in opened],
        [entry.security_profile for entry in opened],
    )
    found: dict[int, tuple[int, str]] = {row[0]: (row[1], row[2]) for row in rows}
    sql.execute(_PERIOD_OPEN, ids)
    sql.execute(_RAISE, ids, [entry.security_profile for entry in opened])
    passwords_used(used=[(entry.charge_point_id, entry.credential) for entry in opened if entry.is_staged])
    if certificates := [entry.certificate for entry in opened if entry.certificate]:
        certificates_used(fingerprints=certificates)
    states_refresh(charge_point_ids=ids)
    return [found.get(pk, (0, "")) for pk in ids]


_FREE = """
SELECT c.charge_point_id FROM chargepoints_connection c WHERE c.charge_point_id = ANY(%s) AND NOT c.is_connected
"""


def connections_free(*, charge_point_ids: Sequence[int]) -> set[int]:
    """Those of these charge points that are not connected now; sure for as long as their rows are locked."""
    return {row[0] for row in sql.rows(_FREE, list(charge_point_ids))}


def connections_close(*, closed: Sequence[Closed]) -> None:
    """End these connections, unless a newer one has taken over; its link period ends in any case."""
    columns = (
        [entry.charge_point_id for entry in closed],
        [entry.generation for entry in closed],
        [entry.at for entry in closed],
        [entry.code for entry in closed],
        [entry.reason[:125] for entry in closed],
    )
    ended = [row[0] for row in sql.rows(_CLOSE, *columns)]
    sql.execute(_PERIOD_CLOSE, *columns)
    if ended:
        sql.execute(_NO_POWER, ended)
    states_refresh(charge_point_ids=ended)


_GATEWAYS = """
SELECT charge_point_id, gateway FROM chargepoints_connection WHERE charge_point_id = ANY(%s) AND is_connected
"""


def connections_recheck(*, charge_point_ids: Sequence[int]) -> None:
    """After the commit, have the gateways look again whether these may be connected, and close what may not.

    A wake-up that gets lost is healed: each gateway looks at all its sockets every 30 s.
    """
    held: dict[str, list[int]] = {}
    for pk, gateway in sql.rows(_GATEWAYS, sorted(charge_point_ids)):
        held.setdefault(gateway, []).append(pk)
    messages = [(bus.gateway_channel(gateway), {"recheck": pks}) for gateway, pks in held.items()]
    if messages:
        transaction.on_commit(lambda: bus.publish(messages), robust=True)


_ATTEMPT = """
INSERT INTO chargepoints_connectionattempt AS a (fingerprint, charge_point_id, identity, remote_address, user_name,
    subprotocols, path, reason, http_status, password_hmac, count, first_at, last_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, %s, %s)
ON CONFLICT (fingerprint) DO UPDATE SET count = a.count + 1, last_at = excluded.last_at,
    charge_point_id = excluded.charge_point_id, password_hmac = excluded.password_hmac
"""

_REFUSED = """
UPDATE chargepoints_connection c SET refused_at = n.at, refused_reason = n.reason
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[]) AS n (id, at, reason) WHERE c.charge_point_id = n.id
"""


def attempts_record(*, refused: Sequence[Refused]) -> None:
    """Keep refused handshakes with their reason; the same knock again only counts up."""
    for entry in sorted(refused, key=_fingerprint):
        sql.execute(
            _ATTEMPT,
            _fingerprint(entry),
            entry.charge_point_id,
            entry.identity[:255],
            entry.remote_address[:64],
            entry.user_name[:255],
            entry.subprotocols[:255],
            entry.path[:512],
            str(entry.reason),
            entry.http_status,
            entry.password_hmac,
            entry.at,
            entry.at,
        )
    known = {entry.charge_point_id: entry for entry in refused if entry.charge_point_id is not None}
    if known:
        ids = sorted(known)
        sql.execute(_REFUSED, ids, [known[pk].at for pk in ids], [str(known[pk].reason) for pk in ids])
        states_refresh(charge_point_ids=ids)


def _fingerprint(entry: Refused) -> str:
    parts = (entry.identity, entry.remote_address, entry.user_name, entry.subprotocols, entry.reason)
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


_BEAT = """
INSERT INTO chargepoints_gatewayprocess AS g (id, host, pid, started_at, seen_at)
VALUES (%s, %s, %s, %s, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp() RETURNING g.xmax = 0
"""


@transaction.atomic
def gateway_beat(*, process_id: str, host: str, pid: int, started_at: datetime) -> bool:
    """Say that this gateway process lives. True when it was not known: new, or declared dead meanwhile."""
    return bool(sql.rows(_BEAT, process_id, host, pid, started_at)[0][0])


# Locked in the order in which the journals lock them, whoever's they are.
_REASSERT = """
WITH back AS MATERIALIZED (
    SELECT c.charge_point_id AS id FROM chargepoints_connection c
    JOIN unnest(%s::bigint[], %s::bigint[]) AS n (id, generation)
        ON c.charge_point_id = n.id AND c.generation = n.generation AND NOT c.is_connected
    ORDER BY c.charge_point_id FOR UPDATE OF c
)
UPDATE chargepoints_connection c SET is_connected = true FROM back WHERE c.charge_point_id = back.id
RETURNING c.charge_point_id
"""

_REOPEN = """
UPDATE chargepoints_linkperiod p SET ended_at = NULL, close_code = NULL, close_reason = ''
FROM chargepoints_connection c
WHERE c.charge_point_id = ANY(%s) AND p.charge_point_id = c.charge_point_id AND p.generation = c.generation
"""


@transaction.atomic
def connections_reassert(*, generations: dict[int, int]) -> None:
    """A gateway that was declared dead but lives: its sockets are connected after all."""
    ids = [row[0] for row in sql.rows(_REASSERT, list(generations), list(generations.values()))]
    sql.execute(_REOPEN, ids)
    states_refresh(charge_point_ids=ids)


_DEAD = """
DELETE FROM chargepoints_gatewayprocess WHERE seen_at < clock_timestamp() - make_interval(secs => %s)
    AND pg_postmaster_start_time() < clock_timestamp() - make_interval(secs => %s) RETURNING id
"""

_LEFT = """
SELECT c.charge_point_id, c.generation, clock_timestamp() FROM chargepoints_connection c
WHERE c.is_connected AND NOT EXISTS (SELECT FROM chargepoints_gatewayprocess g WHERE g.id = c.gateway)
ORDER BY c.charge_point_id FOR UPDATE OF c
"""


@transaction.atomic
def connections_reap() -> int:
    """Disconnect the chargers of gateway processes that died without a word; how many.

    Not within the first seconds of a database that was away: the living gateways must be able to report first.
    """
    sql.rows(_DEAD, DEAD_AFTER_SECONDS, DEAD_AFTER_SECONDS)
    left = [Closed(row[0], row[1], row[2], 1006, "The gateway process ended.") for row in sql.rows(_LEFT)]
    if left:
        connections_close(closed=left)
        log_lines_append(lines=[_reaped(entry) for entry in left])
        changed([entry.charge_point_id for entry in left], "row", "head")
    return len(left)


def _reaped(entry: Closed) -> NewLine:
    return NewLine(
        charge_point_id=entry.charge_point_id,
        at=entry.at,
        direction=Direction.NONE,
        category=Category.LINK,
        action="Disconnect",
        fact=f"code {entry.code}",
        text=entry.reason,
        generation=entry.generation,
    )
