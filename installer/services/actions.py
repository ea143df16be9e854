"""What an installer has a charger do: start, stop, unlock, reboot."""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chargepoints.choices import OPEN_CHARGE_STATES, CommandStatus, KeyState
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, ChargePoint, Command
from chargepoints.services.commands import command_create
from hub.audit.records import Actor
from installer.choices import ActionKind
from installer.fits import Fit, actions_fit
from installer.models import InstallerJob, JobChargePoint, JobEdit, JobLink
from installer.selectors.rows import rows_of
from installer.services.jobs import job_begin, job_locked, job_workable
from installer.services.links import link_actor
from installer.services.test_keys import test_key_for

# A glove taps twice; after a refusal the second tap is meant.
SAME_WITHIN = timedelta(seconds=10)
_REFUSED = (CommandStatus.REJECTED, CommandStatus.FAILED, CommandStatus.EXPIRED, CommandStatus.CANCELLED)
_EDIT_KIND, _SENT = "action", 200


@transaction.atomic
def action_send(
    *, link: JobLink, row: JobChargePoint, kind: str, connector: int | None, key: str, actor: Actor | None = None
) -> Command:
    """Send one of ActionKind to the charger of this row of the link's job, on record with the link as author.

    `connector`: needed for unlock; start and stop take the only one there is without it. A start charges with the
    organisation's test key. `key`: of the phone; the same key again, and the same action within ten seconds, gives
    the command that there is. Empty: no key. `actor`: the link, with its address where it is known.

    Raises JobIsOver, and ActionRefused with a sentence for the installer; a refusal uses up no key.
    """
    job = job_locked(link.job)
    job_workable(job)
    found = rows_of(job).select_related("charge_point__site__team").filter(pk=row.pk).first()
    if found is None or kind not in ActionKind:
        raise ActionRefused("This charge point is not part of the job any more.")
    point, by = found.charge_point, actor or link_actor(link, "")
    if key and (known := _known(link, key)):
        return known
    # First: what the first tap has done may be what hinders the second.
    command = _just_sent(job, point, ActionKind(kind), connector) or command_create(
        charge_point=point,
        kind=kind,
        parameters=_parameters(job, point, _fitting(point, ActionKind(kind), connector)),
        author=None,
        author_name=job.command_author,
        author_address=by.address,
        actor=by,
    )
    if key:
        JobEdit.objects.create(
            link=link, key=key, kind=_EDIT_KIND, answer={"command": str(command.pk)}, http_status=_SENT
        )
    job_begin(job=job)
    return command


def _known(link: JobLink, key: str) -> Command | None:
    """What was sent under this key. Raises ActionRefused when it was used for something else."""
    edit = JobEdit.objects.filter(link=link, key=key).first()
    if edit is None:
        return None
    command = Command.objects.filter(pk=edit.answer.get("command")).first() if edit.kind == _EDIT_KIND else None
    if command is None:
        raise ActionRefused("The page is an old one. Load it again.")
    return command


def _fitting(point: ChargePoint, kind: ActionKind, connector: int | None) -> Fit:
    """The action that is meant. Raises ActionRefused where it does not fit, or where nothing tells which one."""
    offers = actions_fit(point, list(_running(point)))
    anywhere = connector is None or kind == ActionKind.REBOOT
    meant = [one for one in offers if one.kind == kind and (anywhere or one.connector == connector)]
    if not meant and kind == ActionKind.STOP:
        raise ActionRefused("No charge is running there.")
    if not meant:
        runs = any(one.connector == connector for one in offers)
        raise ActionRefused("A charge runs there." if runs else f"The charger has no connector {connector}.")
    if len(meant) > 1:
        raise ActionRefused("Choose a connector.")
    return meant[0]


def _running(point: ChargePoint) -> QuerySet[Charge]:
    running = Charge.objects.filter(charge_point=point, state__in=OPEN_CHARGE_STATES)
    return running.select_related("connector").order_by("-started_at", "-pk")


def _parameters(job: InstallerJob, point: ChargePoint, fit: Fit) -> dict[str, object]:
    if fit.why_not:
        raise ActionRefused(fit.why_not)
    if fit.kind == ActionKind.REBOOT:
        return {"type": "Soft"}
    if fit.kind == ActionKind.STOP:
        return {"charge": next(one.pk for one in _running(point) if _number(one) == fit.connector)}
    if fit.kind == ActionKind.START:
        key = test_key_for(job.organisation)
        if key.state == KeyState.BLOCKED:
            raise ActionRefused("The operator has blocked test charges. Ask them.")
        return {"connector": fit.connector, "id_tag": key.id_tag}
    return {"connector": fit.connector}


def _number(charge: Charge) -> int | None:
    return charge.connector.number if charge.connector else None


def _just_sent(job: InstallerJob, point: ChargePoint, kind: ActionKind, connector: int | None) -> Command | None:
    """The same action of the same job a moment ago, when it was the last one there and was not refused."""
    sent = Command.objects.filter(
        charge_point=point,
        created_at__gt=timezone.now() - SAME_WITHIN,
        kind__in=ActionKind.values,
        author=None,
        author_name=job.command_author,
    )
    if kind == ActionKind.REBOOT or connector is not None:
        sent = sent.filter(connector_number=None if kind == ActionKind.REBOOT else connector)
    newest = sent.order_by("-created_at").first()
    return newest if newest is not None and newest.kind == kind and newest.status not in _REFUSED else None
