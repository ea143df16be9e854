"""Chargers that fetch firmware over their one-time address: each fetch is counted, and a line of their log."""

from dataclasses import dataclass

from django.db.models import F
from django.utils import timezone

from chargepoints.action_choices import TransferKind
from chargepoints.choices import Category, CommandStatus, Direction, Effect
from chargepoints.models import FirmwareFile, Transfer
from chargepoints.reports import NewLine
from chargepoints.services.log_lines import log_lines_append
from chargepoints.services.transfers import transfer_find
from hub.templatetags.desk import sized

TOKEN_LENGTH = 43
_OPEN = (CommandStatus.SENT, CommandStatus.ACCEPTED, CommandStatus.EXPIRED)


@dataclass(frozen=True, slots=True)
class Fetch:
    """What a charger may fetch now, and for which of its commands."""

    transfer: Transfer
    file: FirmwareFile


def fetch_find(*, token: str) -> Fetch | None:
    """What stands behind a token; None when it opens nothing (any more): nobody is told why.

    A charger that was silent may have taken the command all the same; one that refused it fetches nothing.
    """
    if len(token) != TOKEN_LENGTH:
        return None
    found = transfer_find(token=token, kind=TransferKind.FIRMWARE)
    if found is None or found.firmware is None:
        return None
    is_open = found.command.status in _OPEN and found.command.effect != Effect.SEEN
    return Fetch(found, found.firmware) if is_open else None


def fetch_begun(*, fetch: Fetch) -> None:
    """Count a fetch that begins."""
    Transfer.objects.filter(pk=fetch.transfer.pk).update(uses=F("uses") + 1, used_at=timezone.now())


def fetch_ended(*, fetch: Fetch, sent: int, wanted: int, status: int, address: str) -> None:
    """Note on the charger's log how much of the file went out, in bytes; less than was wanted is an error."""
    size = sized(fetch.file.size)
    rest = "" if sent == wanted else ", then the charger broke off"
    _note(fetch, f"{sized(sent)} of {size}, {status}{rest}", f"{fetch.file.name}, to {address}", sent != wanted)


def fetch_failed(*, fetch: Fetch, status: int, why: str, address: str) -> None:
    """Note on the charger's log that there was nothing to send."""
    _note(fetch, f"{status}, {why}", f"{fetch.file.name}, to {address}", is_error=True)


def _note(fetch: Fetch, fact: str, text: str, is_error: bool) -> None:
    line = NewLine(
        charge_point_id=fetch.transfer.charge_point_id,
        at=timezone.now(),
        direction=Direction.NONE,
        category=Category.STATE,
        action="Firmware fetched",
        fact=fact,
        text=text,
        is_error=is_error,
        command_id=fetch.transfer.command_id,
    )
    log_lines_append(lines=[line])
