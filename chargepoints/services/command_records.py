"""Remote actions go on record with who asked for them."""

from collections.abc import Mapping

from django.db import transaction

from chargepoints.actions import ACTIONS
from chargepoints.models import Command
from chargepoints.permissions import Person, organisations_of
from chargepoints.withheld import tellable
from hub.audit.choices import ActorKind
from hub.audit.records import Actor, Place, audit_record
from hub.teams.choices import Right


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


@transaction.atomic
def commands_export_record(*, actor: Actor, person: Person, filters: Mapping[str, object]) -> None:
    """The person takes commands away as a file: one entry for each organisation whose commands they see."""
    for organisation in organisations_of(person, Right.VIEW).order_by("pk"):
        place = Place(organisation.pk)
        audit_record(actor=actor, act="commands_exported", obj=organisation, place=place, after={**filters})


def _author(command: Command) -> Actor:
    if command.api_key is not None:
        return Actor.of(command.api_key, command.author_address)
    if command.author is None:
        return Actor(ActorKind.HUB, command.author_name, address=command.author_address)
    return Actor.of(command.author, command.author_address)
