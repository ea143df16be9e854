"""What an installer has a charger do: start, stop, unlock, reboot."""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chargepoints.choices import OPEN_CHARGE_STATES, CommandStatus
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, ChargePoint, Command
from chargepoints.services.commands import command_create
from hub.audit.records import Actor
from installer.models import InstallerJob, JobChargePoint, JobEdit, JobLink
from installer.selectors.rows import rows_of
from installer.services.jobs import job_begin, job_locked, job_workable
from installer.services.links import link_actor
from installer.services.test_keys import test_key_for

KINDS = ("start", "stop", "unlock", "reboot")
# A glove taps twice; after a refusal the second tap is meant.
SAME_WITHIN = timedelta(seconds=10)
_REFUSED = (CommandStatus.REJECTED, CommandStatus.FAILED, CommandStatus.EXPIRED, CommandStatus.CANCELLED)
_EDIT_KIND, _SENT = "action", 200


@transaction.atomic
def action_send(
    *, link: JobLink, row: JobChargePoint, kind: str, connector: int | None, key: str, actor: Actor | None = None
) -> Command:
    """Send one of KINDS to the charger of this row of the link's job, on record with the link as author.

    `connector`: needed for unlock; start and stop take the only one there is without it. A start charges with the
    organisation's test key. `key`: of the phone; the same key again, and the same action within ten seconds, gives
    the command that there is. Empty: no key. `actor`: the link, with its address where it is known.

    Raises JobIsOver, and ActionRefused with a sentence for the installer; a refusal uses up no key.
    """
    job = job_locked(link.job)
    job_workable(job)
    found = rows_of(job).select_related("charge_point__site__team").filter(pk=row.pk).first()
    if found is None or kind not in KINDS:
        raise ActionRefused("This charge point is not part of the job any more.")
    point, by = found.charge_point, actor or link_actor(link, "")
    if key and (known := _known(link, key)):
        return known
    number = _connector(point, kind, connector)
    command = _just_sent(job, point, kind, number) or command_create(
        charge_point=point,
        kind=kind,
        parameters=_parameters(job, point, kind, number),
        author=None,
        author_name=installer_name(job),
        author_address=by.address,
        actor=by,
    )
    if key:
        JobEdit.objects.create(
            link=link, key=key, kind=_EDIT_KIND, answer={"command": str(command.pk)}, http_status=_SENT
        )
    job_begin(job=job)
    return command


def installer_name(job: InstallerJob) -> str:
    """The author of a job's commands, as the desk names it."""
    return f"Installer (job {job.number})"


def _known(link: JobLink, key: str) -> Command | None:
    """What was sent under this key. Raises ActionRefused when it was used for something else."""
    edit = JobEdit.objects.filter(link=link, key=key).first()
    if edit is None:
        return None
    command = Command.objects.filter(pk=edit.answer.get("command")).first() if edit.kind == _EDIT_KIND else None
    if command is None:
        raise ActionRefused("The page is an old one. Load it again.")
    return command


def _connector(point: ChargePoint, kind: str, asked: int | None) -> int | None:
    """The connector that is meant; None for the charger as a whole, and where nothing tells which."""
    if kind == "reboot" or asked is not None:
        return None if kind == "reboot" else asked
    running = _running(point).values_list("connector__number", flat=True)
    numbers = list(running if kind == "stop" else point.connectors.values_list("number", flat=True))
    return numbers[0] if len(numbers) == 1 else None


def _running(point: ChargePoint) -> QuerySet[Charge]:
    return Charge.objects.filter(charge_point=point, state__in=OPEN_CHARGE_STATES).order_by("-started_at", "-pk")


def _parameters(job: InstallerJob, point: ChargePoint, kind: str, number: int | None) -> dict[str, object]:
    if kind == "reboot":
        return {"type": "Soft"}
    if kind == "stop":
        running = _running(point)
        charges = list(running if number is None else running.filter(connector__number=number))
        if not charges:
            raise ActionRefused("No charge is running there.")
        if number is None and len(charges) > 1:
            raise ActionRefused("Choose a connector.")
        return {"charge": charges[0].pk}
    if number is None:
        raise ActionRefused("Choose a connector.")
    return {"connector": number} | ({"id_tag": test_key_for(job.organisation).id_tag} if kind == "start" else {})


def _just_sent(job: InstallerJob, point: ChargePoint, kind: str, number: int | None) -> Command | None:
    """The same action of the same job a moment ago, when it was the last one there and was not refused."""
    sent = Command.objects.filter(
        charge_point=point,
        created_at__gt=timezone.now() - SAME_WITHIN,
        connector_number=number,
        author=None,
        author_name=installer_name(job),
    )
    newest = sent.order_by("-created_at").first()
    return newest if newest is not None and newest.kind == kind and newest.status not in _REFUSED else None
