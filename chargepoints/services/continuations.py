"""Work that takes several calls: the next one goes out when the one before was accepted."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from chargepoints.choices import CommandStatus
from chargepoints.models import Command
from chargepoints.services.changes import changed

# As for the first one: what was not sent by then is not sent at all.
SEND_WITHIN = timedelta(seconds=30)


def command_first(command_id: UUID) -> tuple[Command, int]:
    """The command that carries the whole work, and which of its pieces this one is (the first is 0)."""
    command = Command.objects.get(pk=command_id)
    follows = command.parameters.get("follows")
    if not follows:
        return command, 0
    return Command.objects.get(pk=UUID(str(follows))), int(command.parameters["piece"])


def command_continue(*, first: Command, piece: int, parameters: dict[str, object]) -> Command:
    """The next piece of the work of `first`, in the name of the same author.

    It is ready to be claimed: the gateway that stores the answer before it looks for more as soon as that is committed.
    """
    now = timezone.now()
    command = Command.objects.create(
        charge_point_id=first.charge_point_id,
        kind=first.kind,
        parameters=parameters | {"follows": str(first.pk), "piece": piece},
        connector_number=first.connector_number,
        status=CommandStatus.DISPATCHED,
        author_id=first.author_id,
        author_name=first.author_name,
        author_address=first.author_address,
        reason=first.reason,
        created_at=now,
        dispatched_at=now,
        expires_at=now + SEND_WITHIN,
    )
    changed([first.charge_point_id], "commands", "actions", "row")
    return command
