"""One command's page, and the words of its life line."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, Command
from chargepoints.rendering.commands import command_title
from chargepoints.rendering.steps import steps
from chargepoints.selectors.commands import commands_running, commands_today
from tests.factories import now


def command(charge_point: ChargePoint, **fields: object) -> Command:
    """A command of a charge point, asked for just now."""
    values: dict[str, object] = {
        "kind": "reboot",
        "parameters": {"type": "Soft"},
        "author_name": "Alice",
        "created_at": now(),
        "expires_at": now(),
        **fields,
    }
    return Command.objects.create(charge_point=charge_point, **values)


def at(start: datetime, milliseconds: float) -> datetime:
    return start + timedelta(milliseconds=milliseconds)


def test_works(alice_client: Client, charge_point: ChargePoint) -> None:
    made = command(charge_point, reason="<i>frozen</i>", author_address="10.0.0.9", answer="NotSupported")
    html = alice_client.get(reverse("command", args=[made.pk])).content.decode()
    for text in ("Reboot, soft", "Alice", "10.0.0.9", "&lt;i&gt;frozen", "NotSupported", str(made.pk), "NORD-1"):
        assert text in html


def test_needs_login(client: Client, charge_point: ChargePoint) -> None:
    assert client.get(reverse("command", args=[command(charge_point).pk])).status_code == 302


def test_ownership(
    bob_client: Client, charlie_client: Client, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    near, far = (reverse("command", args=[command(of).pk]) for of in (charge_point, far_charge_point))
    assert bob_client.get(near).status_code == 200
    assert bob_client.get(far).status_code == 404
    assert charlie_client.get(near).status_code == 404


def test_wrong_method_and_bad_id(alice_client: Client, charge_point: ChargePoint) -> None:
    assert alice_client.post(reverse("command", args=[command(charge_point).pk])).status_code == 405
    assert alice_client.get(reverse("command", args=[uuid4()])).status_code == 404
    assert alice_client.get("/commands/7/").status_code == 404


START = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
SENT = {"created_at": START, "sent_at": at(START, 38)}
ANSWERED = {**SENT, "answered_at": at(START, 279)}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"created_at": START, "status": CommandStatus.QUEUED}, "now:Queued na:Sent na:Accepted na:Booted"),
        (
            {"created_at": START, "status": CommandStatus.DISPATCHED},
            "done:Queued now:Sending na:Accepted na:Booted",
        ),
        ({**SENT, "status": CommandStatus.SENT}, "done:Queued done:Sent now:Waiting na:Booted"),
        (
            {**ANSWERED, "status": CommandStatus.ACCEPTED, "effect": Effect.AWAITED},
            "done:Queued done:Sent done:Accepted now:Booted?",
        ),
        (
            {**ANSWERED, "status": CommandStatus.ACCEPTED, "effect": Effect.SEEN},
            "done:Queued done:Sent done:Accepted done:Booted",
        ),
        (
            {**ANSWERED, "status": CommandStatus.ACCEPTED, "effect": Effect.MISSING},
            "done:Queued done:Sent done:Accepted fail:No effect",
        ),
        ({**ANSWERED, "status": CommandStatus.REJECTED}, "done:Queued done:Sent fail:Rejected na:No effect"),
        ({**ANSWERED, "status": CommandStatus.FAILED}, "done:Queued done:Sent fail:Failed na:No effect"),
        ({**ANSWERED, "status": CommandStatus.EXPIRED}, "done:Queued done:Sent fail:No answer na:No effect"),
        (
            {"created_at": START, "status": CommandStatus.EXPIRED},
            "done:Queued fail:Not sent fail:Expired na:No effect",
        ),
        (
            {**ANSWERED, "status": CommandStatus.EXPIRED, "effect": Effect.SEEN},
            "done:Queued done:Sent fail:No answer done:Booted",
        ),
    ],
)
def test_life_line(fields: dict[str, object], expected: str) -> None:
    made = Command(kind="reboot", parameters={"type": "Soft"}, **fields)
    assert " ".join(f"{step.look}:{step.name}" for step in steps(made)) == expected


def test_life_line_times() -> None:
    made = Command(
        kind="reboot", status=CommandStatus.ACCEPTED, effect=Effect.SEEN, effect_at=at(START, 7879), **ANSWERED
    )
    assert [step.when for step in steps(made)] == ["0 ms", "+38 ms", "+241 ms", "+7.6 s"]


def test_titles() -> None:
    assert command_title(Command(kind="unlock", connector_number=2)) == "Unlock 2"
    trigger = Command(kind="trigger", parameters={"message": "Heartbeat"})
    assert command_title(trigger) == "Trigger Heartbeat"
    assert command_title(Command(kind="unheard-of")) == "unheard-of"


def test_today_and_running(charge_point: ChargePoint) -> None:
    command(charge_point, created_at=now() - timedelta(days=2), status=CommandStatus.ACCEPTED)
    for _ in range(21):
        command(charge_point, status=CommandStatus.ACCEPTED, effect=Effect.SEEN)
    waits = command(charge_point, kind="unlock", status=CommandStatus.ACCEPTED, effect=Effect.AWAITED)
    shown, total = commands_today(charge_point)
    assert (len(shown), total) == (20, 22)
    assert shown[0] == waits
    assert commands_running(charge_point) == {"unlock": waits}
