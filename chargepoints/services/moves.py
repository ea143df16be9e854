"""Change site: a charge point goes to another site of its organisation (SPEC section 4)."""

from django.db import transaction
from django.utils import timezone

from chargepoints.choices import Category, Direction
from chargepoints.exceptions import ChangeRefused
from chargepoints.models import ChargePoint, Site
from chargepoints.reports import NewLine
from chargepoints.selectors.moves import move_refusal
from chargepoints.services.changes import changed
from chargepoints.services.log_lines import log_lines_store, sequences_allocate
from hub.audit.records import Actor, audit_record


@transaction.atomic
def charge_point_change_site(*, actor: Actor, charge_point: ChargePoint, site: Site, reason: str = "") -> ChargePoint:
    """Move a charge point. The caller has checked the right to edit both sites; here the facts are checked.

    Raises ChangeRefused while a charge runs, when the name is taken there, or when the site is archived. The
    sequence of the log line comes first: its lock keeps the gateway from starting a charge meanwhile.
    """
    reserved = sequences_allocate(lines={charge_point.pk: 1})
    moving = _locked_charge_point(charge_point)
    target = Site.objects.select_for_update(of=("self",), no_key=True).select_related("team").get(pk=site.pk)
    if refusal := move_refusal(moving, target):
        raise ChangeRefused(refusal)
    here = moving.site
    moving.site = target
    moving.save(update_fields=["site"])
    before, after = {"site": str(here)}, {"site": str(target)}
    # On record at both: who reads of one site only shall find it too.
    for act, place in (("moved_away", here.place), ("moved_here", target.place)):
        audit_record(actor=actor, act=act, obj=moving, place=place, before=before, after=after, reason=reason)
    text = f"by {actor.name}{f', {reason}' if reason else ''}"
    line = NewLine(
        charge_point_id=moving.pk,
        at=timezone.now(),
        direction=Direction.NONE,
        category=Category.STATE,
        action="Change site",
        fact=f"{here} → {target}",
        text=text,
    )
    log_lines_store(lines=[line], reserved=reserved)
    changed([moving.pk], "row", "head", "connectors", "commands", "power", "actions")
    return moving


def _locked_charge_point(charge_point: ChargePoint) -> ChargePoint:
    rows = ChargePoint.objects.select_for_update(of=("self",)).select_related("site__team")
    return rows.get(pk=charge_point.pk)
