"""Asking a charger to boot again in words only: it says who it is once more, and is told its registration."""

from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint
from chargepoints.services.commands import command_create
from hub.audit.choices import ActorKind
from hub.audit.records import Actor
from hub.teams.models import User


def boot_ask(*, actor: Actor, charge_point: ChargePoint, reason: str) -> None:
    """Ask for a BootNotification, at which a changed registration is told. Who is offline boots anyway."""
    person = User.objects.filter(pk=actor.pk or 0).first() if actor.kind == ActorKind.PERSON else None
    try:
        command_create(
            charge_point=charge_point,
            kind="trigger",
            parameters={"message": "BootNotification", "connector": None},
            author=person,
            author_address=actor.address,
            author_name=actor.name,
            reason=reason,
        )
    except ActionRefused:
        return
