"""What the desk shows of installers' tests: their key, their charges, and the actions sent by a link."""

import re

import pytest
from django.test import Client

from chargepoints.choices import Integration, KeyState
from chargepoints.models import ChargeKey, ChargePoint, Command
from chargepoints.selectors.keys import keys_find
from hub.audit.records import HUB
from hub.teams.models import Organisation, User
from installer.models import InstallerJob, JobLink
from installer.selectors.problems import problems_of
from installer.services import test_keys
from installer.services.actions import action_send
from tests.conftest import signed_in
from tests.portal.charge_tools import charge
from tests.portal.job_tools import html, job_at, link_of


@pytest.fixture
def key(nordlys: Organisation) -> ChargeKey:
    """The key of Nordlys' tests."""
    return test_keys.test_key_for(nordlys)


@pytest.fixture
def rebooted(charge_point: ChargePoint) -> tuple[InstallerJob, JobLink]:
    """A job by whose link the charger was told to restart."""
    job = job_at(charge_point)
    link = link_of(job)[0]
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.CONNECTED)
    action_send(link=link, row=job.rows.get(), kind="reboot", connector=None, key="")
    return job, link


def test_the_key_stands_in_the_list_as_what_it_is(alice_client: Client, key: ChargeKey) -> None:
    shown = html(alice_client, "/keys/")
    assert key.id_tag in shown
    assert "App token, Installation tests" in shown
    assert '<span class="sub">installers</span>' in shown
    assert "in open jobs" in shown
    assert f"/keys/{key.pk}/block/" in shown
    assert f"/keys/{key.pk}/edit/" not in shown
    assert f"/keys/{key.pk}/delete/" not in shown
    assert key.id_tag not in html(alice_client, "/keys/?state=nobody")


@pytest.mark.parametrize("act", ["edit", "delete"])
def test_it_cannot_be_made_another(alice_client: Client, key: ChargeKey, act: str) -> None:
    for send in (alice_client.get, alice_client.post):
        answer = send(f"/keys/{key.pk}/{act}/", follow=True)
        assert answer.redirect_chain == [("/keys/", 302)]
        assert "for the tests of installers" in answer.content.decode()
    before = key.payment_method_id
    key.refresh_from_db()
    assert key.payment_method_id == before


def test_it_can_be_blocked(alice_client: Client, key: ChargeKey) -> None:
    assert alice_client.post(f"/keys/{key.pk}/block/", {"reason": "Misused"}).status_code == 302
    key.refresh_from_db()
    assert key.state == KeyState.BLOCKED


def test_another_operator_s_is_not_there(charlie_client: Client, key: ChargeKey) -> None:
    assert charlie_client.get(f"/keys/{key.pk}/edit/").status_code == 404


def test_nobody_chooses_it_for_a_start(alice: User, charge_point: ChargePoint, key: ChargeKey) -> None:
    assert keys_find(alice, charge_point, key.id_tag) == []


def test_a_test_charge_says_so(alice_client: Client, charge_point: ChargePoint, key: ChargeKey) -> None:
    running = charge(charge_point, "7001", minutes=None, key=key)
    for path in ("/charges/", f"/charges/{running.pk}/", f"/charge-points/{charge_point.pk}/"):
        assert "Installation test" in html(alice_client, path)


def test_the_job_leads_to_the_life_line(
    alice_client: Client, rebooted: tuple[InstallerJob, JobLink], charlie_client: Client
) -> None:
    job, link = rebooted
    command = Command.objects.get()
    shown = html(alice_client, f"/jobs/{job.pk}/")
    assert re.search(rf'{link.label}</b><span>sent Reboot .*href="/commands/{command.pk}/"', shown)
    page = html(alice_client, f"/commands/{command.pk}/")
    assert f"Installer (job {job.number})" in page
    assert charlie_client.get(f"/commands/{command.pk}/").status_code == 404


def test_the_life_line_is_for_who_sees_the_charger(
    rebooted: tuple[InstallerJob, JobLink], bob: User, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    job, _ = rebooted
    ChargePoint.objects.filter(pk=charge_point.pk).update(site=far_charge_point.site)
    shown = html(signed_in(bob), f"/jobs/{job.pk}/")
    assert "sent Reboot" in shown
    assert "what came of it" not in shown


def test_a_charge_that_still_runs_is_something_open(charge_point: ChargePoint) -> None:
    job = job_at(charge_point)
    charge(charge_point, "7001", minutes=None)
    assert "NORD-1: a charge is running." in problems_of(job)


def test_the_key_is_on_record(key: ChargeKey, alice_client: Client) -> None:
    shown = html(alice_client, "/audit/")
    assert f"created charge key {key.id_tag}" in shown
    assert HUB.name in shown
