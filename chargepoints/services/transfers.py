"""One-time addresses for files: made in the transaction that sends the command, known to nobody but the charger."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from chargepoints.action_choices import TransferKind
from chargepoints.models import FirmwareFile, Transfer

# A charger may fetch hours later (its own schedule, retries); after that the address is worth nothing.
OPEN_FOR = timedelta(hours=24)


def transfer_stage(
    *,
    command_id: UUID,
    charge_point_id: int,
    kind: TransferKind,
    firmware: FirmwareFile | None = None,
    begins: datetime | None = None,
) -> str:
    """A new address for this command; the ones before it are closed. Only the SHA-256 of its token is stored.

    It is good for a day from now, or from `begins` where that is later. To fetch `firmware` from it is
    `.../files/<token>/<name>`, to upload `.../files/<token>/`.
    """
    now = timezone.now()
    Transfer.objects.filter(command_id=command_id, closed_at=None).update(closed_at=now)
    token = secrets.token_urlsafe(32)
    Transfer.objects.create(
        token_sha256=token_digest(token),
        kind=kind,
        charge_point_id=charge_point_id,
        command_id=command_id,
        firmware=firmware,
        expires_at=max(now, begins or now) + OPEN_FOR,
    )
    return f"{settings.FILES_URL}/{token}/{quote(firmware.name) if firmware else ''}"


def transfers_close(*, command_ids: Sequence[UUID], at: datetime) -> None:
    """These commands have ended: their addresses are worth nothing any more."""
    Transfer.objects.filter(command__in=command_ids, closed_at=None).update(closed_at=at)


def token_digest(token: str) -> str:
    """How a token is stored and looked up: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def transfer_find(*, token: str, kind: TransferKind) -> Transfer | None:
    """The open transfer of this token; None for an unknown, closed or expired one: nobody is told which."""
    found = Transfer.objects.select_related("charge_point__site__team", "command", "firmware")
    return found.filter(
        token_sha256=token_digest(token), kind=kind, closed_at=None, expires_at__gt=timezone.now()
    ).first()
