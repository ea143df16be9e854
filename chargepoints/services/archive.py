"""Taking charge points off the desk, and bringing them back. What they did is kept."""

from django.db import transaction
from django.utils import timezone

from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint
from chargepoints.services.identities import FACTS, claimants_of, identity_settled, identity_take
from chargepoints.services.locks import charge_point_locked, charge_points_locked, charges_refuse, identities_locked
from chargepoints.services.maintenance import maintenance_settle
from chargepoints.services.notes import note_append
from hub.audit.records import Actor, audit_record, facts_of

_RECORDED = (*FACTS, "former_identity", "archived_at")


@transaction.atomic
def charge_point_archive(*, actor: Actor, charge_point: ChargePoint) -> None:
    """Take a charge point off the desk: its identity becomes free, its socket is closed.

    Raises ActionRefused while a charge runs.
    """
    former = charge_point.identity or ""
    identities_locked(identities=[former])
    charge_points_locked(pks=[charge_point.pk, *claimants_of(former)])
    found = charge_point_locked(charge_point=charge_point)
    if (found.identity or "") != former:
        raise ActionRefused("Somebody has changed the identity meanwhile. Look at it again.")
    charges_refuse(charge_point=found, what="nobody would see how it ends")
    before = facts_of(found, *_RECORDED)
    found.archived_at = timezone.now()
    found.former_identity = former or found.wanted_identity
    identity_take(charge_point=found, identity="")
    note_append(charge_point_id=found.pk, action="Archived", fact=former or "no identity", text=f"by {actor.name}")
    found.save(update_fields=["archived_at", "former_identity", "identity", "wanted_identity", "wanted_since"])
    audit_record(
        actor=actor, act="archived", obj=found, place=found.place, before=before, after=facts_of(found, *_RECORDED)
    )
    identity_settled(charge_point=found, former=former)


@transaction.atomic
def charge_point_restore(*, actor: Actor, charge_point: ChargePoint) -> ChargePoint:
    """Bring an archived charge point back, with its identity, or the claim to it where it is taken by now.

    Raises ActionRefused when its site is archived, or another charge point there has its name.
    """
    identities_locked(identities=[charge_point.former_identity])
    found = charge_points_locked(pks=[charge_point.pk])[charge_point.pk]
    if found.archived_at is None:
        return found
    if found.site.archived_at is not None:
        raise ActionRefused(f"Its site {found.site} is archived. Restore the site first.")
    if ChargePoint.objects.filter(site=found.site, name=found.name, archived_at__isnull=True).exists():
        raise ActionRefused(f"{found.site} has another charge point called {found.name} by now. Rename that one first.")
    before = facts_of(found, *_RECORDED)
    identity_take(charge_point=found, identity=found.former_identity)
    found.archived_at, found.former_identity = None, ""
    note_append(
        charge_point_id=found.pk, action="Restored", fact=found.identity or "no identity", text=f"by {actor.name}"
    )
    found.save(update_fields=["archived_at", "former_identity", "identity", "wanted_identity", "wanted_since"])
    audit_record(
        actor=actor, act="restored", obj=found, place=found.place, before=before, after=facts_of(found, *_RECORDED)
    )
    maintenance_settle(charge_point=found)
    identity_settled(charge_point=found, former="")
    return found
