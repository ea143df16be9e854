"""What a phone sends: each edit has a key of its own, is applied once, and gets the same answer whenever it comes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from chargepoints.exceptions import ActionRefused
from hub.audit.records import Actor
from installer.choices import EditKind
from installer.exceptions import EditConflict
from installer.models import JobChargePoint, JobEdit, JobLink
from installer.selectors.rows import rows_of
from installer.services.jobs import job_begin, job_locked, job_workable
from installer.services.notes import note_save
from installer.services.pairing import password_take_over
from installer.services.photos import photo_remove
from installer.services.placing import connector_place, identity_place
from installer.services.skips import step_skip

DONE, WRONG = 200, 422


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: what kind, of which charge point of the job, and its fields as text, such as `value` and `seen`."""

    kind: str
    row_id: int
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the phone is told: `body` has `error`, `field`, `yours` and `theirs` when it cannot be applied."""

    http_status: int
    body: Mapping[str, object]
    is_replay: bool = False


Apply = Callable[[Actor, JobChargePoint, Mapping[str, str]], Mapping[str, object]]


def _identity(actor: Actor, row: JobChargePoint, fields: Mapping[str, str]) -> Mapping[str, object]:
    """`value`, and `seen`: what stood there when it was typed."""
    return identity_place(actor=actor, row=row, identity=fields.get("value", ""), seen=fields.get("seen"))


def _connector(actor: Actor, row: JobChargePoint, fields: Mapping[str, str]) -> Mapping[str, object]:
    return connector_place(actor=actor, row=row, number=fields.get("value", ""), seen=fields.get("seen"))


def _note(actor: Actor, row: JobChargePoint, fields: Mapping[str, str]) -> Mapping[str, object]:
    return note_save(actor=actor, row=row, text=fields.get("text", ""), seen=fields.get("seen"))


def _skip(actor: Actor, row: JobChargePoint, fields: Mapping[str, str]) -> Mapping[str, object]:
    return step_skip(actor=actor, row=row, step_id=fields.get("step", ""), reason=fields.get("reason", ""))


def _photo_removed(actor: Actor, row: JobChargePoint, fields: Mapping[str, str]) -> Mapping[str, object]:
    return photo_remove(actor=actor, row=row, photo=fields.get("photo", ""))


def _pairing(actor: Actor, row: JobChargePoint, fields: Mapping[str, str]) -> Mapping[str, object]:
    return password_take_over(actor=actor, row=row, knock=fields.get("knock", ""))


APPLY: dict[str, Apply] = {
    EditKind.IDENTITY: _identity,
    EditKind.CONNECTOR: _connector,
    EditKind.NOTE: _note,
    EditKind.SKIP: _skip,
    EditKind.PHOTO_REMOVED: _photo_removed,
    EditKind.PAIRING: _pairing,
}


@transaction.atomic
def edit_apply(*, link: JobLink, actor: Actor, key: str, edit: Edit, how: Apply | None = None) -> Answer:
    """Apply `edit` once. The row of its job is locked, so that the same key sent twice at once waits for the first.

    What cannot be applied is answered with 422 and a sentence, and stays so for this key: the phone shows it and the
    person decides. A dead-lock or a database that is away raises, stores nothing, and the phone sends it again.
    `how`: for an edit that is more than text, what applies it instead of APPLY's.
    """
    job, kind = job_locked(link.job), edit.kind.replace("\x00", "")[:16]
    known = JobEdit.objects.filter(link=link, key=key).first()
    if known is not None:
        return Answer(known.http_status, known.answer, is_replay=True)
    try:
        with transaction.atomic():
            job_workable(job)
            row = rows_of(job).select_related("charge_point__site__team").filter(pk=edit.row_id).first()
            apply = how or APPLY.get(edit.kind)
            if row is None or apply is None:
                raise ActionRefused("This charge point is not part of the job any more.")
            fields = {name: value.replace("\x00", "") for name, value in edit.fields.items()}
            status, body = DONE, dict(apply(actor, row, fields))
            job_begin(job=job)
    except EditConflict as conflict:
        told = {"field": conflict.field, "yours": conflict.yours, "theirs": conflict.theirs}
        status, body = WRONG, {"error": str(conflict), **told}
    except ActionRefused as refusal:
        status, body = WRONG, {"error": str(refusal), "field": kind}
    except ValidationError as wrong:
        status, body = WRONG, {"error": " ".join(wrong.messages), "field": kind}
    JobEdit.objects.create(link=link, key=key, kind=kind, answer=body, http_status=status)
    return Answer(status, body)
