"""What the tests of kept commands share."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import F
from django.test import Client
from django.urls import reverse

from chargepoints.choices import CommandStatus, Integration
from chargepoints.models import ChargePoint, Command, Connection
from chargepoints.services.commands import command_create
from chargepoints.services.dispatches import commands_claim
from chargepoints.services.releases import SETTLED_AFTER
from hub.teams.models import User
from tests.factories import now

MOMENTS = ("created_at", "not_before", "keep_until", "expires_at", "dispatched_at", "sent_at", "answered_at")


def link(charge_point: ChargePoint, *, up: bool, since: datetime | None = None) -> None:
    """The charger is connected, long enough to be sent something, or it is not; as the gateway writes it."""
    integration = Integration.CONNECTED if up else Integration.DISCONNECTED
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=integration)
    Connection.objects.filter(pk=charge_point.pk).update(
        is_connected=up, gateway="gateway-1" if up else "", connected_at=since or now() - SETTLED_AFTER * 2
    )
    charge_point.refresh_from_db()


def kept(charge_point: ChargePoint, kind: str = "reboot", *, hours: float = 1, author: User | None = None) -> Command:
    """A command that waits for a charger that is offline."""
    parameters: dict[str, object] = {"type": "Soft"} if kind == "reboot" else {}
    until = now() + timedelta(hours=hours)
    return command_create(charge_point=charge_point, kind=kind, parameters=parameters, author=author, keep_until=until)


def planned(charge_point: ChargePoint, at: datetime, *, keep_until: datetime | None = None) -> Command:
    """A soft reboot at a time."""
    return command_create(
        charge_point=charge_point,
        kind="reboot",
        parameters={"type": "Soft"},
        author=None,
        not_before=at,
        keep_until=keep_until,
    )


def later(charge_point: ChargePoint, span: timedelta) -> None:
    """So much time passes."""
    rows = Command.objects.filter(charge_point=charge_point)
    rows.update(**{name: F(name) - span for name in MOMENTS})
    Connection.objects.filter(pk=charge_point.pk).update(connected_at=F("connected_at") - span)


def state(command: Command) -> tuple[str, str]:
    """Status and answer as they are now."""
    command.refresh_from_db()
    return command.status, command.answer


def sent_now(charge_point: ChargePoint) -> list[Command]:
    """What the gateway gets to send now, one at a time."""
    generation = Connection.objects.get(pk=charge_point.pk).generation
    claimed = commands_claim(generations={charge_point.pk: generation}, answer_timeout=30)
    return [Command.objects.get(pk=one.id) for one in claimed]


def answered(command: Command) -> None:
    """The charger has accepted it."""
    Command.objects.filter(pk=command.pk).update(status=CommandStatus.ACCEPTED, answered_at=now())


def text_of(client: Client, name: str, *args: object, **query: str | int) -> str:
    """A page as text."""
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, response.content
    return response.content.decode()


def command_urls(busy: ChargePoint, offline: ChargePoint) -> Iterator[str]:
    """The lists of commands, one of them, one that is planned, and the dialog of a charger that is offline."""
    ahead = planned(busy, now() + timedelta(hours=1))
    yield from (reverse("command", args=[command.pk]) for command in (ahead, busy.commands.exclude(pk=ahead.pk)[0]))
    yield from (reverse("commands"), reverse("commands") + "?q=nothing-like-this")
    yield from (reverse("charge_point_commands", args=[point.pk]) for point in (busy, offline))
    yield reverse("action", args=[offline.pk, "reboot"])
