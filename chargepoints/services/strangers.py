"""Taking in chargers that nobody has registered, where the setting HUB_UNKNOWN_CHARGERS says so."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction

from chargepoints import sql
from chargepoints.choices import Registration
from chargepoints.models import ChargePoint, Site
from chargepoints.selectors.strangers import QUARANTINE_SITE, QUARANTINE_TEAM, receiving_organisation, waiting_in
from chargepoints.services.states import states_refresh
from hub.audit.choices import ActorKind
from hub.audit.records import Actor, audit_record
from hub.teams.models import Organisation, Team

# Two gateways that take in at the same time would both see room for one more.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(7305811402::bigint)"

# Nothing of a known charger is touched: neither of one that is there, nor of one that was archived or sent away.
_KNOWN = """
SELECT key FROM unnest(%s::text[]) AS key
WHERE EXISTS (SELECT FROM chargepoints_chargepoint p WHERE lower(p.identity) = key)
    OR EXISTS (SELECT FROM chargepoints_chargepoint p WHERE lower(p.former_identity) = key)
    OR EXISTS (SELECT FROM chargepoints_chargepoint p WHERE lower(p.wanted_identity) = key AND p.wanted_identity <> '')
    OR EXISTS (SELECT FROM chargepoints_connectionattempt a
               WHERE a.charge_point_id IS NULL AND lower(a.identity) = key AND a.ignored_at IS NOT NULL)
"""

_TIE = """
UPDATE chargepoints_connectionattempt a SET charge_point_id = n.id, ignored_at = NULL, ignored_by = ''
FROM unnest(%s::bigint[], %s::text[]) AS n (id, key)
WHERE a.charge_point_id IS NULL AND lower(a.identity) = n.key
"""


@dataclass(frozen=True, slots=True)
class Stranger:
    """A handshake of an identity that no charge point has, as far as taking it in is concerned."""

    identity: str
    remote_address: str
    password_hmac: str


def attempts_tie(*, charge_points: Sequence[ChargePoint]) -> None:
    """What was refused of these identities while nobody had them belongs to their charge points from now on."""
    named = [point for point in charge_points if point.identity]
    if named:
        sql.execute(_TIE, [point.pk for point in named], [str(point.identity).lower() for point in named])


@transaction.atomic
def strangers_take_in(*, strangers: Sequence[Stranger]) -> list[ChargePoint]:
    """Make charge points of these unknown chargers, to wait for a person; those that were made.

    They keep the password they offer (trust on first use), or need none when they offer none. Nothing happens where
    the setting says `refuse`, no organisation receives them, or HUB_UNKNOWN_LIMIT of them wait already.
    """
    organisation = receiving_organisation() if settings.UNKNOWN_CHARGERS != "refuse" else None
    if organisation is None:
        return []
    sql.rows(_ONE_AT_A_TIME)
    wanted = {stranger.identity.lower(): stranger for stranger in strangers}
    known = {row[0] for row in sql.rows(_KNOWN, sorted(wanted))}
    room = settings.UNKNOWN_LIMIT - waiting_in(organisation).count()
    fresh = [stranger for key, stranger in wanted.items() if key not in known][: max(room, 0)]
    site = _quarantine(organisation) if fresh else None
    made = [point for stranger in fresh if site and (point := _take_in(stranger, site))]
    attempts_tie(charge_points=made)
    states_refresh(charge_point_ids=[point.pk for point in made])
    return made


def _quarantine(organisation: Organisation) -> Site:
    team, _ = Team.objects.get_or_create(organisation=organisation, name=QUARANTINE_TEAM)
    site, _ = Site.objects.get_or_create(team=team, name=QUARANTINE_SITE, archived_at=None)
    return site


def _take_in(stranger: Stranger, site: Site) -> ChargePoint | None:
    """None when a person gave the identity or the name away at this very moment: then that counts."""
    registration = Registration.ACCEPTED if settings.UNKNOWN_CHARGERS == "accept" else Registration.PENDING
    try:
        with transaction.atomic():
            made = ChargePoint.objects.create(
                site=site,
                name=stranger.identity,
                identity=stranger.identity,
                password_hmac=stranger.password_hmac,
                security_profile=1 if stranger.password_hmac else 0,
                registration=registration,
            )
    except IntegrityError:
        return None
    audit_record(
        actor=Actor(ActorKind.CHARGER, stranger.identity, made.pk, stranger.remote_address),
        act="let_in",
        obj=made,
        place=site.place,
        after={"identity": made.identity, "registration": registration, "password": bool(stranger.password_hmac)},
        reason=f"HUB_UNKNOWN_CHARGERS={settings.UNKNOWN_CHARGERS}",
    )
    return made
