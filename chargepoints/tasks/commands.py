"""Commands on their way, and what is due."""

from uuid import UUID

from celery import shared_task

from chargepoints.services import checks, commands, dispatches, idempotency, releases


@shared_task(name="commands.dispatch")
def dispatch(command_id: str) -> None:
    """Hand one queued command to its gateway."""
    dispatches.command_dispatch(command_id=UUID(command_id))


@shared_task(name="commands.due")
def due() -> None:
    """Expire what got no answer, flag what had no effect, and release what was kept."""
    commands.commands_due()
    releases.commands_release()
    checks.checks_advance()


@shared_task(name="commands.check")
def check(check_id: str) -> None:
    """Go on with one check: a step of it was answered."""
    checks.check_advance(check_id=UUID(check_id))


@shared_task(name="chargepoints.idempotency_keys_forget")
def idempotency_keys_forget() -> None:
    """Forget what programs asked for more than a day ago."""
    idempotency.idempotency_keys_forget()
