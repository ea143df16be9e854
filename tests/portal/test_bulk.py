"""From chosen chargers to a batch: the preview, who is left out and why, and the one POST that begins it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.action import Action
from chargepoints.action_choices import BatchState
from chargepoints.choices import Integration
from chargepoints.forms.batches import BULK_ACTIONS, PaceForm, SelectionForm, bulk_action_form
from chargepoints.models import ChargePoint, CommandBatch, ConfigurationItem, Site
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.batch_tools import charging, fleet, offline, online
from tests.conftest import signed_in
from tests.factories import now

QUERIES = 20
PACE = {"at_once": "20", "skip_busy": "on"}


def asked(kind: str, *points: ChargePoint, **more: str) -> dict[str, Any]:
    """What the bar of the overview sends."""
    return {"kind": kind, "cp": [point.pk for point in points], **more}


def preview(client: Client, given: dict[str, Any]) -> str:
    """The page."""
    response = client.get(reverse("batch_new"), given)
    assert response.status_code == 200
    return response.content.decode()


def send(client: Client, given: dict[str, Any], **more: object) -> tuple[int, str]:
    """Send the form as the page shows it; status, and the page or where it leads."""
    seen = re.search(r'name="seen" form="plan" value="(\w+)"', preview(client, given))
    assert seen
    response = client.post(reverse("batch_new"), {**PACE, "type": "Soft", **given, "seen": seen[1], **more})
    return response.status_code, response.headers.get("Location", "") or response.content.decode()


@pytest.fixture
def points(site: Site) -> list[ChargePoint]:
    """Three that are there."""
    return fleet(site, 3)


def test_works(alice_client: Client, alice: User, points: list[ChargePoint]) -> None:
    html = preview(alice_client, asked("reboot", *points))
    assert "Goes to 3 chargers" in html
    assert "left out" not in html
    status, where = send(alice_client, asked("reboot", *points), reason="Frozen", type="Hard")
    batch = CommandBatch.objects.get()
    assert (status, where) == (302, reverse("batch", args=[batch.pk]))
    assert (batch.kind, batch.parameters, batch.reason) == ("reboot", {"type": "Hard"}, "Frozen")
    assert (batch.author, batch.author_address, batch.at_once, batch.skip_busy) == (alice, "127.0.0.1", 20, True)
    assert list(batch.rows.values_list("charge_point", flat=True)) == [point.pk for point in points]
    entry = AuditEntry.objects.get(act="command_batch.created")
    assert (entry.actor_name, entry.after["charge_points"], entry.reason) == ("Alice", 3, "Frozen")


def test_needs_login(client: Client, points: list[ChargePoint]) -> None:
    for response in (client.get(reverse("batch_new")), client.post(reverse("batch_new"))):
        assert response.headers["Location"].startswith("/login/")


@pytest.mark.parametrize("kind", ["", "nonsense", "start", "firmware", "rotate_password"])
def test_what_is_not_for_many(alice_client: Client, points: list[ChargePoint], kind: str) -> None:
    for method in (alice_client.get, alice_client.post):
        assert method(reverse("batch_new"), asked(kind, *points)).status_code == 404


def test_who_may_not(nordlys: Organisation, points: list[ChargePoint]) -> None:
    """Finance sees chargers and commands none; Support reboots and configures nothing."""
    for role, allowed in ((Role.FINANCE, set()), (Role.READ_ONLY, set()), (Role.SUPPORT, {"reboot", "trigger"})):
        person = factories.user()
        factories.member(nordlys, person, role)
        client = signed_in(person)
        for kind in ("reboot", "trigger", "configure"):
            wanted = 200 if kind in allowed else 403
            assert client.get(reverse("batch_new"), asked(kind, *points)).status_code == wanted
        overview = client.get("/").content.decode()
        assert ('class="pick"' in overview) == bool(allowed)
        assert ('value="configure"' in overview) is False


def test_what_is_foreign_is_not_there(
    bob_client: Client, points: list[ChargePoint], far_charge_point: ChargePoint, foreign_charge_point: ChargePoint
) -> None:
    online([far_charge_point, foreign_charge_point])
    given = asked("reboot", *points, far_charge_point, foreign_charge_point)
    html = preview(bob_client, given)
    assert "Goes to 3 chargers" in html
    assert "NORD-2" not in html
    assert "FJORD-1" not in html
    assert send(bob_client, given)[0] == 302
    assert CommandBatch.objects.get().rows.count() == 3


def test_everybody_left_out_has_a_reason(alice: User, site: Site, foreign_site: Site) -> None:
    """Offline, never seen, no identity, deactivated, rejected, without the profile, of another operator, no right."""
    factories.member(foreign_site.team.organisation, alice, Role.OPERATIONS)
    team = factories.team(factories.organisation("Zeta"), "Zeta")
    seen_only = factories.site(team, "Zeta")
    factories.member(team.organisation, alice, Role.READ_ONLY)
    good, away, gone, rejected, poor = fleet(site, 5)
    offline([away])
    ChargePoint.objects.filter(pk=gone.pk).update(is_active=False)
    ChargePoint.objects.filter(pk=rejected.pk).update(registration_told="Rejected")
    nobody = factories.charge_point(site, None, name="nobody")
    ChargePoint.objects.filter(pk=nobody.pk).update(integration=Integration.NO_INTEGRATION)
    new = factories.charge_point(site, "NEW-1")
    foreign, barred = fleet(foreign_site, 1, "F")[0], fleet(seen_only, 1, "Z")[0]
    for point, profiles in ((good, "Core, remotetrigger"), (poor, "Core,Reservation")):
        ConfigurationItem.objects.create(
            charge_point=point, key="SupportedFeatureProfiles", value=profiles, reported_at=now()
        )
    given = asked("trigger", good, away, gone, rejected, poor, nobody, new, foreign, barred)
    status, _ = send(signed_in(alice), given, message="Heartbeat")
    assert status == 302
    batch = CommandBatch.objects.get()
    found = {row.charge_point.name: row.why for row in batch.rows.select_related("charge_point")}
    assert found == {
        good.name: "",
        away.name: "The charger is offline. Nothing can be sent to it now.",
        new.name: "The charger is offline. Nothing can be sent to it now.",
        gone.name: "It is deactivated.",
        rejected.name: "The charger is rejected: nothing is sent to it until it has been accepted.",
        poor.name: "It does not have the profile RemoteTrigger, by its own setting SupportedFeatureProfiles.",
        nobody.name: "This charge point has no identity yet.",
        foreign.name: "It belongs to another operator than the first one, Nordlys Charging.",
        barred.name: "Your role does not allow this here. It needs: run a check and reboot.",
    }


def test_offline_ones_can_be_waited_for(alice_client: Client, points: list[ChargePoint]) -> None:
    offline(points[:1])
    given = asked("reboot", *points)
    assert "1 left out" in preview(alice_client, given)
    waiting = {**given, **PACE, "offline": "3600"}
    response = alice_client.get(reverse("batch_new"), waiting, headers={"HX-Request": "true"})
    part = response.content.decode()
    assert part.lstrip().startswith("<section") or 'id="preview"' in part[:400]
    assert "Goes to 3 chargers" in part
    assert "waits until it is back" in part
    assert "left out" not in part
    assert "<html" not in part
    assert send(alice_client, waiting)[0] == 302
    assert CommandBatch.objects.get().keep_s == 3600


def test_busy_ones_wait_or_are_warned_of(alice_client: Client, points: list[ChargePoint]) -> None:
    charging(points[0])
    given = asked("reboot", *points)
    assert "It waits until its charge has ended." in preview(alice_client, given)
    assert "A reboot ends the running charge." in preview(alice_client, {**given, "at_once": "20"})
    assert "It is sent all the same." in preview(alice_client, asked("clear_cache", *points))


def test_all_that_match_are_kept_as_a_filter(alice_client: Client, site: Site, far_site: Site) -> None:
    fleet(site, 3)
    fleet(far_site, 2, "F")
    given: dict[str, Any] = {"kind": "clear_cache", "all": "1", "site": site.pk, "q": "B-", "cp": [1, 2]}
    html = preview(alice_client, given)
    assert "Goes to 3 chargers" in html
    assert f'<input type="hidden" name="site" value="{site.pk}">' in html
    assert 'name="cp"' not in html
    assert send(alice_client, given)[0] == 302
    assert CommandBatch.objects.get().rows.count() == 3


def test_others_match_meanwhile(alice_client: Client, site: Site) -> None:
    """What a person has not seen is not begun."""
    fleet(site, 3)
    given: dict[str, Any] = {"kind": "clear_cache", "all": "1", "q": "B-"}
    status, html = send(alice_client, given, seen="0123456789abcdef")
    assert status == 409
    assert "Other chargers match now" in html
    assert not CommandBatch.objects.exists()


def test_more_than_fifty_are_confirmed_by_typing(alice_client: Client, site: Site) -> None:
    fleet(site, 51)
    given: dict[str, Any] = {"kind": "clear_cache", "all": "1"}
    for typed in ("", "50", "all"):
        status, html = send(alice_client, given, count=typed)
        assert status == 422
        assert "Type 51" in html
    assert not CommandBatch.objects.exists()
    assert send(alice_client, given, count="51")[0] == 302


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("reboot", {"type": "Gentle"}, "Select a valid choice"),
        ("configure", {"key": "", "value": "1"}, "Name the setting."),
        ("availability", {"type": "Inoperative"}, "Choose a connector."),
        ("reboot", {"at_once": "0"}, "greater than or equal to 1"),
        ("reboot", {"halt_percent": "101"}, "less than or equal to 100"),
        ("reboot", {"not_before": "soon"}, "Type a date and a time"),
        ("reboot", {"offline": "12"}, "Select a valid choice"),
        ("reboot", {"reason": "x" * 201}, "at most 200 characters"),
    ],
)
def test_bad_input_stands_at_its_field(
    alice_client: Client, points: list[ChargePoint], kind: str, given: dict[str, str], said: str
) -> None:
    status, html = send(alice_client, asked(kind, *points), **given)
    assert status == 422
    assert said in html
    assert not CommandBatch.objects.exists()


def test_connectors_are_those_of_the_largest(alice_client: Client, site: Site) -> None:
    points = [factories.charge_point(site, f"C-{number}", connectors=number) for number in (1, 3)]
    online(points)
    html = preview(alice_client, asked("availability", *points))
    assert "Connector 3" in html
    given = asked("availability", *points, connector="0", type="Inoperative")
    assert send(alice_client, given, type="Inoperative")[0] == 302
    assert CommandBatch.objects.get().parameters == {"connector": 0, "type": "Inoperative"}


def test_planned(alice_client: Client, points: list[ChargePoint], site: Site) -> None:
    """The time is that of the sites."""
    Site.objects.update(time_zone="Europe/Oslo")
    local = (now() + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    status, _ = send(alice_client, asked("reboot", *points), not_before=f"{local:%Y-%m-%dT%H:%M}")
    assert status == 302
    batch = CommandBatch.objects.get()
    assert batch.state == BatchState.SCHEDULED
    assert batch.not_before in {local - timedelta(hours=1), local - timedelta(hours=2)}


def test_nobody_chosen(alice_client: Client, points: list[ChargePoint]) -> None:
    html = preview(alice_client, asked("reboot"))
    assert "No charger is chosen." in html
    assert "plan-send" not in html
    response = alice_client.post(reverse("batch_new"), {**asked("reboot"), **PACE, "type": "Soft"})
    assert response.status_code == 422
    for odd in (["x"], ["-1"], ["9" * 40], ["\x00"]):
        assert "No charger is chosen." in preview(alice_client, {"kind": "reboot", "cp": odd})


def test_texts_are_escaped(alice_client: Client, points: list[ChargePoint]) -> None:
    ChargePoint.objects.filter(pk=points[0].pk).update(name="<script>alert(1)</script>")
    offline(points[:1])
    assert "<script>alert" not in preview(alice_client, asked("reboot", *points))


def test_query_count_is_constant(
    alice_client: Client, site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fleet(site, 2)
    given = {"kind": "reboot", "all": "1"}
    with django_assert_max_num_queries(QUERIES) as few:
        preview(alice_client, dict(given))
    fleet(site, 500, "M")
    with django_assert_max_num_queries(QUERIES) as many:
        preview(alice_client, dict(given))
    assert len(few.captured_queries) == len(many.captured_queries)


@pytest.mark.parametrize("action", BULK_ACTIONS, ids=lambda action: str(action.kind))
def test_the_two_forms_of_a_page_share_no_name(action: Action, points: list[ChargePoint]) -> None:
    """Both are sent at once."""
    own = bulk_action_form(action, points[0], {}, is_sent=False)
    assert set(own.fields) & {*PaceForm.base_fields, *SelectionForm.base_fields} == set()
