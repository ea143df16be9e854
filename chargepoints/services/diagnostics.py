"""Diagnostics and logs that chargers upload: each try is a row, from its first byte until its bytes are deleted."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from chargepoints.action_choices import TransferKind
from chargepoints.actions import ACTIONS
from chargepoints.choices import Category, CommandStatus, Direction, Effect
from chargepoints.exceptions import ChangeRefused
from chargepoints.models import Command, DiagnosticsFile, Transfer
from chargepoints.received import NAMELESS, bytes_delete, file_name, has_room, size_words, written_at
from chargepoints.reports import JobReport, NewLine
from chargepoints.services.changes import changed
from chargepoints.services.log_lines import log_lines_append
from chargepoints.services.transfers import transfer_find
from chargepoints.withheld import HIDDEN
from hub.audit.records import Actor, audit_record

# Tries of one address at once (a charger may not have noticed yet that its last one was cut), and altogether.
AT_ONCE, TRIES = 3, 20
# A file on its way of which nothing came for so long belongs to a process that is gone.
LOST_AFTER = timedelta(minutes=10)
NOTHING_ARRIVED = "It says Uploaded, but nothing arrived"
STILL_COMING = "It is still coming. Wait until it is complete, or has broken off."
_OPEN = (CommandStatus.SENT, CommandStatus.ACCEPTED, CommandStatus.EXPIRED)


class Outcome(StrEnum):
    """How an upload ended."""

    COMPLETE = "complete"
    BROKEN = "broke off"
    TOO_LARGE = "too large"
    NO_ROOM = "no room"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload that may come; `most_bytes` is how large its file may be."""

    pk: UUID
    most_bytes: int


@dataclass(frozen=True, slots=True)
class Refused:
    """An upload that may not, and the HTTP status that says so."""

    status: int


@transaction.atomic
def diagnostics_begin(
    *, token: str, name: str, media_type: str, length: int | None, most_length: int, address: str
) -> Begun | Refused | None:
    """Let an upload to a one-time address begin; None when there is no such address (now).

    `length` is what the request says of its body (bytes), `most_length` what that may be; None: it does not say.
    """
    transfer = transfer_find(token=token, kind=TransferKind.DIAGNOSTICS)
    if transfer is None or transfer.uses >= TRIES:
        return None
    is_too_large = length is not None and length > most_length
    is_refused = is_too_large or not has_room(length or 0)
    if not is_refused and _coming(transfer) >= AT_ONCE:
        return Refused(429)
    told = str((transfer.command.result or {}).get("fileName") or "")
    made = DiagnosticsFile.objects.create(
        charge_point=transfer.charge_point,
        command=transfer.command,
        name=(file_name(name) or file_name(told) or NAMELESS).replace(token, HIDDEN),
        media_type=media_type.replace("\x00", "")[:100],
        remote_address=address[:64],
        keep_until=timezone.now() + timedelta(days=settings.DIAGNOSTICS_DAYS),
    )
    if is_refused:
        diagnostics_end(pk=made.pk, outcome=Outcome.TOO_LARGE if is_too_large else Outcome.NO_ROOM, size=length or 0)
    Transfer.objects.filter(pk=transfer.pk).update(used_at=timezone.now(), uses=F("uses") + 1)
    if is_refused:
        return Refused(413 if is_too_large else 507)
    changed([made.charge_point_id], "commands")
    return Begun(made.pk, settings.DIAGNOSTICS_MAX_BYTES)


def _coming(transfer: Transfer) -> int:
    return DiagnosticsFile.objects.filter(command=transfer.command_id, **COMING).count()


# A file on its way: only what has ended has a checksum or a reason why its bytes are gone.
COMING = {"is_complete": False, "sha256": "", "deleted_at": None}


@transaction.atomic
def diagnostics_progress(*, pk: UUID, size: int) -> None:
    """So many bytes have come. The time that the command's effect may take begins anew."""
    found = DiagnosticsFile.objects.select_related("command").filter(pk=pk, **COMING).first()
    if found is None:
        return
    DiagnosticsFile.objects.filter(pk=pk, **COMING).update(size=size)
    command = found.command
    if command and command.effect == Effect.AWAITED:
        seconds = ACTIONS[command.kind].proof_seconds * settings.EFFECT_TIMEOUT_SCALE
        due = timezone.now() + timedelta(seconds=seconds)
        Command.objects.filter(pk=command.pk, effect=Effect.AWAITED, effect_due_at__lt=due).update(effect_due_at=due)


@transaction.atomic
def diagnostics_end(
    *, pk: UUID, outcome: Outcome, size: int, sha256: str = "", name: str = "", media_type: str = ""
) -> None:
    """The upload is over. With a checksum its bytes are kept, complete or not; else the row says why there are none.

    `name` and `media_type` are those of a form's file, where they are not known at the begin.
    """
    found = DiagnosticsFile.objects.select_related("command").get(pk=pk)
    if name := file_name(name):
        found.name = name
    found.media_type = media_type.replace("\x00", "")[:100] or found.media_type
    found.size, found.sha256, found.is_complete = size, sha256, outcome is Outcome.COMPLETE
    if not sha256:
        found.deleted_at, found.deleted_why = timezone.now(), _why(outcome, size)
    # The line first: it takes the lock of the connection, as everything does that writes for a charger.
    _line(found, outcome)
    found.save(update_fields=["name", "media_type", "size", "sha256", "is_complete", "deleted_at", "deleted_why"])
    if found.is_complete and found.command:
        _received(found, found.command)
    changed([found.charge_point_id], "commands", "actions", "row")


def _why(outcome: Outcome, size: int) -> str:
    match outcome:
        case Outcome.TOO_LARGE:
            return f"It was larger than {size_words(settings.DIAGNOSTICS_MAX_BYTES)}, the most that is taken."
        case Outcome.NO_ROOM:
            return "There was no room for it on the disk."
        case Outcome.MALFORMED:
            return "It came in a form that could not be read."
    return "It broke off." if size else "Nothing came."


def _line(found: DiagnosticsFile, outcome: Outcome) -> None:
    told = f"{found.name}, {size_words(found.size)}"
    line = NewLine(
        charge_point_id=found.charge_point_id,
        at=timezone.now(),
        direction=Direction.NONE,
        category=Category.STATE,
        action="Upload",
        fact="Received" if found.is_complete else outcome.capitalize(),
        text=f"{told}. {found.deleted_why}".removesuffix(". ") if found.deleted_why else told,
        is_error=not found.is_complete,
        command_id=found.command_id,
    )
    log_lines_append(lines=[line])


def _received(found: DiagnosticsFile, command: Command) -> None:
    """The proof is there; its address has done its work, and what broke off before is worth nothing any more."""
    now = timezone.now()
    Command.objects.filter(pk=command.pk, status__in=_OPEN).exclude(effect=Effect.SEEN).update(
        effect=Effect.SEEN, effect_at=now, effect_text=f"Received: {found.name}, {size_words(found.size)}"
    )
    Transfer.objects.filter(command=command, closed_at=None).update(closed_at=now)
    earlier = DiagnosticsFile.objects.filter(command=command, is_complete=False, deleted_at=None).exclude(sha256="")
    for each in earlier:
        _forget(each, "A complete one came later.")


def _forget(found: DiagnosticsFile, why: str) -> None:
    """Its bytes go once the row says so for good."""
    found.deleted_at, found.deleted_why = timezone.now(), why[:200]
    found.save(update_fields=["deleted_at", "deleted_why"])
    transaction.on_commit(lambda: bytes_delete(found.pk), robust=True)


@transaction.atomic
def diagnostics_delete(*, diagnostics: DiagnosticsFile, reason: str, actor: Actor) -> None:
    """Delete its bytes; the row stays and says why. On record. Raises ChangeRefused while it is still coming."""
    found = DiagnosticsFile.objects.select_for_update().get(pk=diagnostics.pk)
    if found.deleted_at is not None:
        raise ChangeRefused("Its bytes are gone already.")
    if not found.is_complete and not found.sha256:
        raise ChangeRefused(STILL_COMING)
    audit_record(
        actor=actor,
        act="deleted",
        obj=found,
        place=diagnostics.charge_point.place,
        before={"name": found.name, "size": found.size, "charge_point": str(diagnostics.charge_point)},
        reason=reason,
    )
    _forget(found, f"{actor.name}: {reason}")
    changed([found.charge_point_id], "commands")


@transaction.atomic
def diagnostics_download_record(*, diagnostics: DiagnosticsFile, actor: Actor) -> None:
    """Somebody takes its bytes away: on record."""
    audit_record(
        actor=actor,
        act="downloaded",
        obj=diagnostics,
        place=diagnostics.charge_point.place,
        after={"name": diagnostics.name, "size": diagnostics.size, "charge_point": str(diagnostics.charge_point)},
    )


def diagnostics_expire() -> None:
    """Once an hour: delete the bytes that were kept long enough, and end uploads whose process is gone."""
    now = timezone.now()
    due = DiagnosticsFile.objects.filter(deleted_at=None, keep_until__lte=now).exclude(**COMING)
    for pk in due.values_list("pk", flat=True):
        _expire(pk, f"Kept for {settings.DIAGNOSTICS_DAYS} days.")
    lost = (now - LOST_AFTER).timestamp()
    for coming in DiagnosticsFile.objects.filter(**COMING, received_at__lt=now - LOST_AFTER):
        if (written_at(coming.pk) or 0) < lost:
            _expire(coming.pk, "Hub was stopped while it came.")


@transaction.atomic
def _expire(pk: UUID, why: str) -> None:
    found = DiagnosticsFile.objects.select_for_update().filter(pk=pk, deleted_at=None).first()
    if found is not None:
        _forget(found, why)


def is_own_upload(command: Command) -> bool:
    """Whether its file comes to us, so that we see it arrive."""
    return command.parameters.get("own") is True


def upload_awaits(command: Command) -> bool:
    """Whether the charger has more to tell of an upload to us: its last word may come after its file."""
    last = str(command.progress[-1][1]) if command.progress else ""
    return is_own_upload(command) and last not in {"Uploaded", "UploadFailed", "UploadFailure"}


def upload_judge(*, command: Command, report: JobReport) -> tuple[Effect, str] | None:
    """What a charger's last word on an upload to us proves; None: nothing, because we have seen better."""
    if command.effect == Effect.SEEN:
        return None
    if not report.done:
        return Effect.MISSING, report.word
    if DiagnosticsFile.objects.filter(command=command, **COMING).exists():
        return None
    return Effect.MISSING, NOTHING_ARRIVED
