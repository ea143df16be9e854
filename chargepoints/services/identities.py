"""Identities: given, changed, claimed while another charge point has them, and handed on when they become free.

An identity is unique, whatever its case and whoever's it is. One that is taken is kept as a claim
(`wanted_identity`, the identity itself stays empty); the oldest claim gets it once it is free (SPEC section 1).
"""

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower
from django.utils import timezone

from chargepoints.choices import Category
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint
from chargepoints.selectors.identity import charge_points_identified
from chargepoints.services.connections import connections_recheck
from chargepoints.services.locks import (
    charge_point_locked,
    charge_points_locked,
    charges_refuse,
    identities_locked,
)
from chargepoints.services.notes import note_append
from chargepoints.services.passwords import password_chosen, password_store
from chargepoints.services.states import states_refresh
from chargepoints.services.strangers import attempts_tie
from hub.audit.records import HUB, Actor, audit_record, facts_of

FACTS = ("identity", "wanted_identity")
_COLUMNS = ("identity", "wanted_identity", "wanted_since")


def identity_take(*, charge_point: ChargePoint, identity: str) -> None:
    """Give a charge point `identity` (or none), or the claim to it; stored by the caller.

    The identity must be locked (`identities_locked`).
    """
    is_taken = bool(identity) and charge_points_identified(identity).exclude(pk=charge_point.pk).exists()
    if is_taken and charge_point.wanted_identity.lower() != identity.lower():
        charge_point.wanted_since = timezone.now()
    charge_point.identity = None if is_taken or not identity else identity
    charge_point.wanted_identity = identity if is_taken else ""
    charge_point.wanted_since = charge_point.wanted_since if is_taken else None


@transaction.atomic
def identity_change(*, actor: Actor, charge_point: ChargePoint, identity: str, password: str | None) -> str:
    """Give a charge point another identity, or none; the password that it has from now on, empty where it has none.

    `password`: the new one; empty: one is made; None: none. Only the case differs: the password stays as it is.
    Raises ActionRefused while a charge runs, ValidationError for a password that no charger takes.
    """
    identities_locked(identities=[charge_point.identity or "", identity])
    charge_points_locked(pks=[charge_point.pk, *claimants_of(charge_point.identity or "")])
    found = charge_point_locked(charge_point=charge_point)
    if found.identity != charge_point.identity:
        raise ActionRefused("Somebody has changed the identity meanwhile. Look at it again.")
    charges_refuse(charge_point=found, what="its messages would belong to nobody")
    former, before = found.identity or "", facts_of(found, *FACTS)
    is_other = (former or found.wanted_identity).lower() != identity.lower()
    identity_take(charge_point=found, identity=identity)
    found.save(update_fields=_COLUMNS)
    given = ""
    if is_other:
        given = password_chosen(charge_point=found, password=password)
        password_store(charge_point=found, password=given)
    shown = found.identity or found.wanted_identity or "none"
    note_append(
        charge_point_id=found.pk,
        action="Identity",
        fact=f"{former or 'none'} → {shown}",
        text=f"by {actor.name}" + (". Another charge point has it" if found.wanted_identity else ""),
        category=Category.SECURITY,
    )
    audit_record(
        actor=actor,
        act="identity changed",
        obj=found,
        place=found.place,
        before=before,
        after={**facts_of(found, *FACTS), **({"password": "set anew" if given else "none"} if is_other else {})},
    )
    identity_settled(charge_point=found, former=former if is_other else "")
    return given


def identity_settled(*, charge_point: ChargePoint, former: str) -> None:
    """What follows when a locked charge point got or lost an identity: knocks, claims, its socket, states."""
    attempts_tie(charge_points=[charge_point])
    if former:
        claims_settle(identity=former)
    connections_recheck(charge_point_ids=[charge_point.pk])
    states_refresh(charge_point_ids=[charge_point.pk])


def claims_settle(*, identity: str) -> ChargePoint | None:
    """Hand an identity that is free to the oldest claim; who has it now. The identity must be locked."""
    if charge_points_identified(identity).exists():
        return None
    claimants = claimants_of(identity)
    if not claimants:
        return None
    heir = charge_points_locked(pks=claimants[:1])[claimants[0]]
    if heir.archived_at is not None or heir.wanted_identity.lower() != identity.lower():
        return None
    before = facts_of(heir, *FACTS)
    identity_take(charge_point=heir, identity=heir.wanted_identity)
    heir.save(update_fields=_COLUMNS)
    attempts_tie(charge_points=[heir])
    note_append(
        charge_point_id=heir.pk,
        action="Identity",
        fact=f"none → {heir.identity}",
        text="it has become free",
        category=Category.SECURITY,
    )
    audit_record(
        actor=HUB,
        act="identity taken",
        obj=heir,
        place=heir.place,
        before=before,
        after=facts_of(heir, *FACTS),
        reason="The charge point that had it gave it up.",
    )
    states_refresh(charge_point_ids=[heir.pk, *claimants])
    return heir


def claims_settle_free() -> int:
    """Hand on what became free in another way, such as in the administration; how many."""
    holders = ChargePoint.objects.annotate(name_lower=Lower("identity")).filter(name_lower=OuterRef("wanted_lower"))
    free = (
        ChargePoint.objects.exclude(wanted_identity="")
        .filter(archived_at__isnull=True)
        .annotate(wanted_lower=Lower("wanted_identity"))
        .filter(~Exists(holders))
        .values_list("wanted_lower", flat=True)
        .distinct()
    )
    settled = 0
    for identity in sorted(free):
        with transaction.atomic():
            identities_locked(identities=[identity])
            settled += claims_settle(identity=identity) is not None
    return settled


def claimants_of(identity: str) -> list[int]:
    """Who claims this identity, the oldest claim first."""
    if not identity:
        return []
    return list(
        ChargePoint.objects.exclude(wanted_identity="")
        .annotate(wanted_lower=Lower("wanted_identity"))
        .filter(wanted_lower=identity.lower(), archived_at__isnull=True)
        .order_by("wanted_since", "pk")
        .values_list("pk", flat=True)
    )
