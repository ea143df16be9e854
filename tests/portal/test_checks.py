"""Run a check from the page: one press starts it, the panel follows it, and its verdict stays on its command."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, Command, Connection
from chargepoints.selectors.attention import attention
from chargepoints.selectors.commands import commands_running, commands_today
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.conftest import signed_in
from tests.factories import now
from tests.portal.charge_tools import HTMX


def url(charge_point: ChargePoint) -> str:
    return reverse("action", args=[charge_point.pk, "check"])


def made(charge_point: ChargePoint, **fields: object) -> Command:
    """A check that runs, with two steps."""
    values: dict[str, object] = {"status": "sent", "author_name": "Alice", "created_at": now(), "sent_at": now()}
    check = Command.objects.create(charge_point=charge_point, kind="check", expires_at=now(), **(values | fields))
    for number, status in ((1, "accepted"), (2, "sent")):
        Command.objects.create(
            charge_point=charge_point,
            kind="trigger",
            parameters={"message": "StatusNotification", "connector": number},
            connector_number=number,
            parent=check,
            status=status,
            answer="Accepted" if status == "accepted" else "",
            author_name="Alice",
            created_at=now(),
            sent_at=now(),
            answered_at=now() + timedelta(milliseconds=180) if status == "accepted" else None,
            expires_at=now(),
        )
    return check


def test_one_press_gives_the_verdict_of_an_offline_charger(alice_client: Client, charge_point: ChargePoint) -> None:
    ended = now() - timedelta(hours=2)
    Connection.objects.filter(pk=charge_point.pk).update(
        generation=3, disconnected_at=ended, close_code=1006, refused_at=now(), refused_reason="wrong-password"
    )
    page = alice_client.get(reverse("charge_point", args=[charge_point.pk])).content.decode()
    assert f'<form id="check-form" method="post" action="{url(charge_point)}"' in page
    assert 'id="act-check" form="check-form"' in page
    html = alice_client.post(url(charge_point), headers=HTMX).content.decode()
    assert 'id="action-dialog"' in html
    assert "(code 1006). Its last knock at " in html
    assert "was refused: wrong password." in html
    assert "Set a new password" in html
    check = Command.objects.get()
    assert (check.status, check.effect) == (CommandStatus.ACCEPTED, Effect.MISSING)
    assert AuditEntry.objects.filter(act="charge_point.commanded").count() == 1
    answer = alice_client.post(url(charge_point))
    assert answer.headers["Location"].startswith("/commands/")
    page = alice_client.get(answer.headers["Location"]).content.decode()
    assert "Offline since " in page
    assert "Something is wrong" in page


def test_a_charger_without_identity_has_a_verdict_too(alice_client: Client, charge_point: ChargePoint) -> None:
    ChargePoint.objects.update(identity=None, integration="no_integration")
    assert "has no identity" in alice_client.post(url(charge_point), headers=HTMX).content.decode()


def test_roles(nordlys: Organisation, charge_point: ChargePoint, far_charge_point: ChargePoint) -> None:
    for role, status in ((Role.SUPPORT, 200), (Role.OPERATIONS, 200), (Role.READ_ONLY, 403), (Role.FINANCE, 403)):
        person = factories.user()
        factories.member(nordlys, person, role)
        assert signed_in(person).post(url(charge_point), headers=HTMX).status_code == status


def test_ownership_login_and_method(
    client: Client,
    alice_client: Client,
    bob_client: Client,
    charlie_client: Client,
    charge_point: ChargePoint,
    far_charge_point: ChargePoint,
) -> None:
    check, far = (reverse("check", args=[made(point).pk]) for point in (charge_point, far_charge_point))
    assert client.post(url(charge_point)).status_code == 302
    assert client.get(check).status_code == 302
    assert bob_client.get(check).status_code == 200
    for foreign in (bob_client.get(far), charlie_client.get(check), charlie_client.post(url(charge_point))):
        assert foreign.status_code == 404
    assert alice_client.post(check).status_code == 405
    reboot = Command.objects.create(
        charge_point=charge_point, kind="reboot", author_name="A", created_at=now(), expires_at=now()
    )
    assert alice_client.get(reverse("check", args=[reboot.pk])).status_code == 404
    assert alice_client.get("/commands/7/check/").status_code == 404


def test_the_running_one_is_shown(alice_client: Client, charge_point: ChargePoint) -> None:
    check = made(charge_point)
    html = alice_client.post(url(charge_point), headers=HTMX).content.decode()
    assert reverse("check", args=[check.pk]) in html
    for words in ('hx-trigger="every 1s"', "Asked connector 1 for its status", "Accepted after 180 ms", "Waiting for"):
        assert words in html
    page = alice_client.get(reverse("charge_point", args=[charge_point.pk])).content.decode()
    assert 'id="act-check" form="check-form" aria-haspopup="dialog" aria-pressed="true"' in page
    assert [line.kind for line in commands_today(charge_point)[0]] == ["check"], "its steps are no commands of people"
    assert list(commands_running(charge_point)) == ["check"]


@pytest.mark.parametrize("steps", [2, 8])
def test_queries_do_not_grow(
    alice_client: Client, charge_point: ChargePoint, django_assert_num_queries: DjangoAssertNumQueries, steps: int
) -> None:
    check = made(charge_point)
    Command.objects.bulk_create(
        Command(
            charge_point=charge_point,
            kind="trigger",
            parent=check,
            parameters={"message": "Heartbeat"},
            created_at=now(),
            expires_at=now(),
        )
        for _ in range(steps)
    )
    alice_client.get("/")
    with django_assert_num_queries(4):
        alice_client.get(reverse("check", args=[check.pk]))


def test_a_verdict(alice_client: Client, charge_point: ChargePoint) -> None:
    """What a charger calls its faults is text; nothing asks again when it is over."""
    told = {"is_sound": False, "sentence": "<b>odd</b>.", "advice": "Reboot it.", "evidence": ["<i>x</i>"]}
    told["repaired"] = ["connector 2 says Available but a charge was open since 09:12: closed as lost stop"]
    check = made(charge_point, status="accepted", effect="missing", effect_text="<b>odd</b>.", result=told)
    html = alice_client.get(reverse("check", args=[check.pk])).content.decode()
    for words in ("&lt;b&gt;odd", "Reboot it.", "&lt;i&gt;x", "Connector 2 says Available"):
        assert words in html
    assert "every 1s" not in html


def test_needs_attention(alice: User, charge_point: ChargePoint) -> None:
    """What a check found is listed until a later one finds it well; its steps are not."""
    first = made(charge_point, status="accepted", effect="missing", effect_text="It hums.")
    Command.objects.filter(parent=first).update(status="accepted", effect="missing")
    entry = next(entry for entry in attention(alice) if entry.command)
    assert (entry.why, entry.detail, entry.command) == ("A check found something wrong.", "It hums.", first)
    assert sum(entry.command is not None for entry in attention(alice)) == 1
    made(charge_point, status="accepted", effect="seen", effect_text="All well.", created_at=now() + timedelta(1))
    assert not any(entry.command for entry in attention(alice))
