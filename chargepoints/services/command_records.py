"""Remote actions go on record with who asked for them."""

from chargepoints.actions import ACTIONS
from chargepoints.models import Command
from chargepoints.withheld import tellable
from hub.audit.choices import ActorKind
from hub.audit.records import Actor, audit_record


def command_record(*, command: Command, actor: Actor | None) -> None:
    """One entry on the charge point; without `actor` the command's author, or Hub, has asked for it.

    `charge_point.site.team` must be loaded. Parameters are kept without credentials and without long lists.
    """
    label = ACTIONS[command.kind].label
    told = tellable(command.parameters)
    assert isinstance(told, dict)
    audit_record(
        actor=actor or _author(command),
        act="commanded",
        obj=command.charge_point,
        place=command.charge_point.place,
        after={"command": label, **told, "command_id": command.pk},
        reason=command.reason,
    )


def command_back_record(*, command: Command, actor: Actor) -> None:
    """It was taken back before it was sent. `charge_point.site.team` must be loaded."""
    audit_record(
        actor=actor,
        act="command_taken_back",
        obj=command.charge_point,
        place=command.charge_point.place,
        after={"command": ACTIONS[command.kind].label, "command_id": command.pk},
    )


def _author(command: Command) -> Actor:
    if command.api_key is not None:
        return Actor.of(command.api_key, command.author_address)
    if command.author is None:
        return Actor(ActorKind.HUB, command.author_name, address=command.author_address)
    return Actor.of(command.author, command.author_address)
