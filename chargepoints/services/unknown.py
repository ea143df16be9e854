"""What people decide about chargers that nobody has registered: accept, ignore, reject."""

import hashlib
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from chargepoints.choices import OPEN_CHARGE_STATES, Refusal, Registration
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, ChargePoint, ConnectionAttempt, Connector, Site
from chargepoints.selectors.identity import charge_points_identified
from chargepoints.selectors.strangers import identity_why_not, is_waiting
from chargepoints.services.boot_requests import boot_ask
from chargepoints.services.changes import changed
from chargepoints.services.connections import connections_recheck
from chargepoints.services.credentials import password_hmac
from chargepoints.services.passwords import password_made
from chargepoints.services.states import states_refresh
from chargepoints.services.strangers import attempts_tie
from hub.audit.records import Actor, Place, audit_record, facts_of

MOST_CONNECTORS = 20
TAKEN = "Somebody has registered this identity meanwhile. Nothing was changed."
GONE = "Somebody has decided about this charger meanwhile. Nothing was changed."


class Proof(StrEnum):
    """How a charger that is accepted proves who it is from now on."""

    OFFERED = "offered"
    NEW = "new"
    NONE = "none"


def proofs_of(attempt: ConnectionAttempt) -> list[Proof]:
    """What can be chosen for a charger that knocked like this, the best first."""
    if attempt.password_hmac:
        return [Proof.OFFERED, Proof.NEW]
    return [Proof.NEW] if attempt.user_name else [Proof.NEW, Proof.NONE]


@transaction.atomic
def unknown_accept(
    *, actor: Actor, attempt: ConnectionAttempt, site: Site, name: str, connectors: int, proof: Proof
) -> tuple[ChargePoint, str]:
    """Register the charger that knocked; the charge point and its new password, which is kept nowhere, or "".

    Raises ActionRefused when it cannot be, or is registered already, and ValidationError for a name that is taken.
    """
    identity = attempt.identity
    if why := identity_why_not(identity):
        raise ActionRefused(why)
    if proof not in proofs_of(attempt):
        raise ActionRefused("It has knocked differently meanwhile. Choose again how it proves itself.")
    _name_free(site, name)
    password = password_made() if proof is Proof.NEW else ""
    known = {Proof.OFFERED: attempt.password_hmac, Proof.NONE: ""}
    try:
        with transaction.atomic():
            if charge_points_identified(identity).exists():
                raise ActionRefused(TAKEN)
            made = ChargePoint.objects.create(
                site=site,
                name=name,
                identity=identity,
                password_hmac=password_hmac(identity, password) if password else known[proof],
                security_profile=0 if proof is Proof.NONE else 1,
            )
    except IntegrityError:
        raise ActionRefused(TAKEN) from None
    _connectors(made, connectors)
    attempts_tie(charge_points=[made])
    states_refresh(charge_point_ids=[made.pk])
    facts = facts_of(made, "site", "name", "identity", "security_profile") | {"password": proof}
    audit_record(actor=actor, act="accepted", obj=made, place=site.place, after={**facts, "connectors": connectors})
    return made, password


@transaction.atomic
def stranger_accept(*, actor: Actor, charge_point: ChargePoint, site: Site, name: str, connectors: int) -> ChargePoint:
    """Move a charger that was let in to wait to its site, and tell it at once, if it is there, that it is accepted.

    Raises ActionRefused and ValidationError as `unknown_accept`.
    """
    found = _waiting(charge_point)
    _name_free(site, name)
    before = facts_of(found, "site", "name", "registration")
    found.site, found.name, found.registration = site, name, Registration.ACCEPTED
    found.save(update_fields=["site", "name", "registration"])
    _connectors(found, connectors)
    audit_record(
        actor=actor,
        act="accepted",
        obj=found,
        place=site.place,
        before=before,
        after=facts_of(found, "site", "name", "registration"),
    )
    changed([found.pk], "row", "head", "connectors", "actions")
    if found.registration_told != Registration.ACCEPTED:
        boot_ask(actor=actor, charge_point=found, reason="It was accepted.")
    return found


@transaction.atomic
def stranger_reject(*, actor: Actor, charge_point: ChargePoint) -> None:
    """Archive a charger that was let in to wait, end its connection and refuse it from then on.

    Its identity is ignored until somebody asks for it again. Raises ActionRefused.
    """
    found = _waiting(charge_point)
    identity, place = found.identity or "", found.place
    before = facts_of(found, "identity", "is_active", "archived_at")
    offered = found.password_hmac
    found.former_identity, found.identity, found.wanted_identity = identity, None, ""
    found.password_hmac = found.next_password_hmac = ""
    found.is_active, found.archived_at = False, timezone.now()
    found.save()
    audit_record(
        actor=actor,
        act="rejected",
        obj=found,
        place=place,
        before=before,
        after=facts_of(found, "identity", "is_active", "archived_at"),
    )
    _ignored(actor, found, identity, offered)
    states_refresh(charge_point_ids=[found.pk])
    connections_recheck(charge_point_ids=[found.pk])


@transaction.atomic
def unknown_ignore(*, actor: Actor, attempts: QuerySet[ConnectionAttempt], place: Place) -> int:
    """Hide an unknown identity, all of whose refused handshakes are `attempts`, until somebody asks; how many rows."""
    newest = attempts.filter(ignored_at__isnull=True).order_by("-last_at").first()
    if newest is None or attempts.filter(ignored_at__isnull=False).exists():
        return 0
    audit_record(actor=actor, act="ignored", obj=newest, place=place, after={"identity": newest.identity})
    return _all(attempts).update(ignored_at=timezone.now(), ignored_by=actor.name[:160])


@transaction.atomic
def unknown_unignore(*, actor: Actor, attempts: QuerySet[ConnectionAttempt], place: Place) -> int:
    """Show an identity again; how many rows."""
    newest = attempts.filter(ignored_at__isnull=False).order_by("-last_at").first()
    if newest is None:
        return 0
    audit_record(actor=actor, act="unignored", obj=newest, place=place, after={"identity": newest.identity})
    return _all(attempts).update(ignored_at=None, ignored_by="")


def _all(attempts: QuerySet[ConnectionAttempt]) -> QuerySet[ConnectionAttempt]:
    """The same rows by number: an update takes no annotations."""
    return ConnectionAttempt.objects.filter(pk__in=list(attempts.order_by().values_list("pk", flat=True)))


def _waiting(charge_point: ChargePoint) -> ChargePoint:
    """The charger, locked; of two people who decide at once the second is told."""
    query = ChargePoint.objects.select_for_update(of=("self",)).select_related("site__team", "connection")
    found = query.get(pk=charge_point.pk)
    if not is_waiting(found):
        raise ActionRefused(GONE)
    if Charge.objects.filter(charge_point=found, state__in=OPEN_CHARGE_STATES).exists():
        raise ActionRefused("A charge is running. Stop it first, or wait for its end.")
    return found


def _name_free(site: Site, name: str) -> None:
    if ChargePoint.objects.filter(site=site, name=name, archived_at__isnull=True).exists():
        raise ValidationError({"name": f"{site.name} has a charge point called {name} already. Choose another name."})


def _connectors(charge_point: ChargePoint, count: int) -> None:
    """Connectors 1 to `count`; what the charger reports beyond them is added by itself."""
    rows = [Connector(charge_point=charge_point, number=number) for number in range(1, count + 1)]
    Connector.objects.bulk_create(rows, ignore_conflicts=True)


def _ignored(actor: Actor, charge_point: ChargePoint, identity: str, offered: str) -> None:
    """An entry of the refused identities that says from the start that it is ignored."""
    now = timezone.now()
    ConnectionAttempt.objects.create(
        fingerprint=hashlib.blake2b(f"rejected\x1f{charge_point.pk}".encode(), digest_size=16).hexdigest(),
        identity=identity,
        remote_address=charge_point.connection.remote_address,
        user_name=identity if offered else "",
        password_hmac=offered,
        subprotocols=charge_point.connection.subprotocol,
        reason=Refusal.UNKNOWN_IDENTITY,
        http_status=401,
        ignored_at=now,
        ignored_by=actor.name[:160],
        first_at=now,
        last_at=now,
    )
