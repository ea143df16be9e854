"""Work that takes several calls: the next one is queued when the one before was accepted."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from chargepoints.models import Command
from chargepoints.services.changes import changed
from hub.queue import enqueue_on_commit

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
    """Queue the next piece of the work of `first`, in the name of the same author."""
    now = timezone.now()
    command = Command.objects.create(
        charge_point_id=first.charge_point_id,
        kind=first.kind,
        parameters=parameters | {"follows": str(first.pk), "piece": piece},
        connector_number=first.connector_number,
        author_id=first.author_id,
        author_name=first.author_name,
        author_address=first.author_address,
        reason=first.reason,
        created_at=now,
        expires_at=now + SEND_WITHIN,
    )
    enqueue_on_commit("commands.dispatch", str(command.pk))
    changed([first.charge_point_id], "commands", "actions", "row")
    return command
