"""The rarer actions in a real Chromium: behind "More actions", with rows that are added and a drawing that follows."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from chargepoints.choices import Integration
from chargepoints.models import ChargePoint, Command, Connection
from hub.teams.models import User
from tests.browsers import sign_in
from tests.conftest import StartServer
from tests.factories import now

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_profile_from_the_panel(page: Page, server: StartServer, charge_point: ChargePoint, alice: User) -> None:
    """By keyboard to the dialog; a live refresh closes nothing; what was typed is what is queued."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.CONNECTED, state="available")
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, connected_at=now(), subprotocol="ocpp1.6")
    running = server()
    sign_in(page, running.url, alice)
    page.goto(running.url + reverse("charge_point", args=[charge_point.pk]))
    expect(page.locator("#live")).to_have_text("Live")
    page.keyboard.press("a")
    expect(page.locator("#act-reboot")).to_be_focused()
    more = page.locator("#acts-more")
    more.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#act-set_profile")).to_be_visible()
    panel = reverse("panel", args=[charge_point.pk, "actions"])
    with page.expect_response(lambda answer: panel in answer.url):
        page.evaluate("window.hubLive.refresh('actions')")
    expect(page.locator("#act-set_profile")).to_be_visible()
    page.locator("#act-set_profile").press("Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_label("Every", exact=True)).to_be_hidden()
    dialog.get_by_text("the whole charger", exact=True).click()
    dialog.get_by_label("When", exact=True).select_option("Recurring")
    expect(dialog.get_by_label("Every", exact=True)).to_be_visible()
    dialog.get_by_label("Limit", exact=True).fill("16")
    dialog.get_by_role("button", name="Add a period").click()
    second = dialog.get_by_role("group", name="Period 2")
    second.get_by_label("From", exact=True).fill("6:30")
    second.get_by_label("Limit", exact=True).fill("32")
    second.get_by_label("Phases", exact=True).focus()
    drawing = dialog.get_by_role("img", name="Limits: from 0:00 16 A; from 6:30 32 A")
    expect(drawing).to_be_visible()
    dialog.get_by_role("button", name="Add a period").click()
    expect(dialog.get_by_role("group", name="Period 3")).to_be_visible()
    dialog.get_by_role("button", name="Remove period 3").click()
    expect(dialog.get_by_role("group", name="Period 3")).to_have_count(0)
    expect(drawing).to_be_visible()
    dialog.get_by_role("button", name="Set charging profile").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("#say")).to_contain_text("Set charging profile")
    profile = Command.objects.get().parameters["profile"]
    periods = profile["chargingSchedule"]["chargingSchedulePeriod"]
    assert [(one["startPeriod"], one["limit"]) for one in periods] == [(0, 16.0), (23400, 32.0)]
    page.locator("#act-call").click()
    dialog.get_by_label("Message", exact=True).select_option("Reset")
    expect(dialog.get_by_label("Payload", exact=True)).to_have_value('{\n  "type": "Soft"\n}')
    dialog.get_by_label("Payload", exact=True).fill('{"type": "Now"}')
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_role("alert")).to_have_text("Reset: type is none of the allowed values.")
    expect(dialog.get_by_label("Message", exact=True)).to_have_value("Reset")
    expect(dialog.get_by_label("Payload", exact=True)).to_have_value('{"type": "Now"}')
