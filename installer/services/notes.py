"""Notes of installer and operator: each side writes one for a charge point, both read both."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from chargepoints.exceptions import ActionRefused
from hub.audit.choices import ActorKind
from hub.audit.records import Actor, audit_record
from installer.choices import Side
from installer.exceptions import EditConflict
from installer.models import JobChargePoint, Note

LONGEST = 4000


@transaction.atomic
def note_save(*, actor: Actor, row: JobChargePoint, text: str, seen: str | None = None) -> Mapping[str, object]:
    """Keep the note of the actor's side; an empty one takes it away.

    `seen`: the note as it was read before it was changed. Raises EditConflict, ActionRefused for one that is too long.
    """
    side = Side.INSTALLER if actor.kind == ActorKind.JOB_LINK else Side.OPERATOR
    wanted = text.replace("\r\n", "\n").strip().replace("\x00", "")
    if len(wanted) > LONGEST:
        raise ActionRefused(f"A note has {LONGEST} characters at most; this one has {len(wanted)}.")
    note = Note.objects.select_for_update().filter(row=row, side=side).first()
    present = note.text if note else ""
    if seen is not None and seen.replace("\r\n", "\n").strip() not in {present, wanted}:
        raise EditConflict("note", wanted, present)
    if wanted == present:
        return {"note": wanted}
    if wanted:
        Note.objects.update_or_create(
            row=row,
            side=side,
            defaults={"text": wanted, "author_name": actor.name[:160], "edited_at": timezone.now()},
        )
    elif note is not None:
        note.delete()
    audit_record(
        actor=actor,
        act="noted",
        obj=row.charge_point,
        place=row.charge_point.place,
        before={"note": present},
        after={"note": wanted},
    )
    return {"note": wanted}
