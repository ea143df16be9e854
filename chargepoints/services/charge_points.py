"""Charge points as people make and change them. Whoever calls has checked the right to edit."""

from collections.abc import Collection, Mapping, Sequence

from django.db import transaction

from chargepoints.choices import Registration
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Site
from chargepoints.services.boot_requests import boot_ask
from chargepoints.services.changes import changed
from chargepoints.services.connections import connections_recheck
from chargepoints.services.connectors import ConnectorFacts, connector_facts, connectors_keep
from chargepoints.services.identities import identity_take
from chargepoints.services.locks import charge_point_locked, identities_locked
from chargepoints.services.notes import note_append
from chargepoints.services.passwords import password_chosen, password_store
from chargepoints.services.states import states_refresh
from chargepoints.services.strangers import attempts_tie
from hub.audit.records import Actor, audit_record, facts_of

DESCRIPTION = ("name", "vendor", "model", "sticker", "location", "note")
OPERATION = ("security_profile", "registration", "heartbeat_interval", "assume_version", "is_strict")
EDITABLE = (*DESCRIPTION, *OPERATION)
_RECORDED = (*EDITABLE, "identity", "wanted_identity", "is_active")


@transaction.atomic
def charge_point_create(
    *,
    actor: Actor,
    site: Site,
    values: Mapping[str, object],
    connectors: Sequence[ConnectorFacts] = (),
    identity: str = "",
    password: str | None = "",
) -> tuple[ChargePoint, str]:
    """Make a charge point; it, and its password, which is kept nowhere. `values`: EDITABLE and `is_active`.

    `password`: empty makes one, None leaves it without. An identity that another charge point has becomes a claim.
    Raises ValidationError (by field) for values that do not fit, ActionRefused for a site that is archived.
    """
    identities_locked(identities=[identity])
    place = Site.objects.select_for_update(of=("self",)).select_related("team").get(pk=site.pk)
    if place.archived_at is not None:
        raise ActionRefused("Somebody has archived this site meanwhile.")
    made = ChargePoint(site=place, **values)
    identity_take(charge_point=made, identity=identity)
    made.full_clean()
    made.save(force_insert=True)
    given = password_chosen(charge_point=made, password=password)
    if given:
        password_store(charge_point=made, password=given)
    connectors_keep(charge_point=made, wanted=connectors)
    note_append(charge_point_id=made.pk, action="Registered", fact=made.name, text=f"by {actor.name}")
    audit_record(actor=actor, act="created", obj=made, place=made.place, after=_facts(made))
    attempts_tie(charge_points=[made])
    states_refresh(charge_point_ids=[made.pk])
    made.refresh_from_db()
    return made, given


@transaction.atomic
def charge_point_edit(
    *,
    actor: Actor,
    charge_point: ChargePoint,
    values: Mapping[str, object],
    connectors: Sequence[ConnectorFacts] | None = None,
) -> ChargePoint:
    """Change what `values` (out of EDITABLE) and `connectors` say; None leaves the connectors as they are.

    Raises ValidationError (by field), and ActionRefused for removing a connector with a history.
    """
    found = charge_point_locked(charge_point=charge_point)
    before = _facts(found)
    registration = found.registration
    for field in EDITABLE:
        if field in values:
            setattr(found, field, values[field])
    found.full_clean()
    found.save(update_fields=EDITABLE)
    if connectors is not None:
        connectors_keep(charge_point=found, wanted=connectors)
    audit_record(actor=actor, act="edited", obj=found, place=found.place, before=before, after=_facts(found))
    connections_recheck(charge_point_ids=[found.pk])
    states_refresh(charge_point_ids=[found.pk])
    changed([found.pk], "power")
    if found.registration != registration:
        told = Registration(found.registration).label
        boot_ask(actor=actor, charge_point=found, reason=f"Registration set to {told}.")
    return found


@transaction.atomic
def charge_point_set_active(*, actor: Actor, charge_point: ChargePoint, is_active: bool) -> bool:
    """Put the charger in service, or out of it: refused then, unless an installer works on it. Whether that was new."""
    found = charge_point_locked(charge_point=charge_point)
    if found.is_active == is_active:
        return False
    found.is_active = is_active
    note_append(
        charge_point_id=found.pk,
        action="Activation",
        fact="activated" if is_active else "deactivated",
        text=f"by {actor.name}",
    )
    found.save(update_fields=["is_active"])
    audit_record(
        actor=actor,
        act="activated" if is_active else "deactivated",
        obj=found,
        place=found.place,
        before={"is_active": not is_active},
        after={"is_active": is_active},
    )
    connections_recheck(charge_point_ids=[found.pk])
    states_refresh(charge_point_ids=[found.pk])
    return True


@transaction.atomic
def charge_points_commission(*, charge_point_ids: Collection[int], on: bool) -> None:
    """Let charge points in for tests though they are not active, or no longer; the sockets that may not stay close."""
    moved = ChargePoint.objects.filter(pk__in=charge_point_ids, commissioning=not on).order_by("pk")
    changed = list(moved.select_for_update(no_key=True).values_list("pk", flat=True))
    ChargePoint.objects.filter(pk__in=changed).update(commissioning=on)
    if changed and not on:
        connections_recheck(charge_point_ids=changed)


def _facts(charge_point: ChargePoint) -> dict[str, object]:
    return {
        **facts_of(charge_point, "site", *_RECORDED),
        "connectors": connector_facts(charge_point=charge_point),
    }
