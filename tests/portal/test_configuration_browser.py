"""The settings' tab in a real Chromium: a change is asked for in a dialog, and the table follows by itself."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from chargepoints.models import ChargePoint, Command, ConfigurationItem
from hub.teams.models import User
from tests import factories
from tests.browsers import sign_in
from tests.conftest import StartServer
from tests.stage import eventually

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_setting_is_changed(page: Page, server: StartServer, charge_point: ChargePoint, alice: User) -> None:
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration="connected", state="available")
    item = ConfigurationItem.objects.create(
        charge_point=charge_point, key="HeartbeatInterval", value="300", reported_at=factories.now()
    )
    running = server()
    sign_in(page, running.url, alice)
    page.goto(running.url + reverse("charge_point_configuration", args=[charge_point.pk]))
    page.get_by_role("link", name="Change HeartbeatInterval").click()
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("#f-key")).to_have_value("HeartbeatInterval")
    dialog.locator("#f-value").fill("60")
    dialog.get_by_role("button", name="Change setting").click()
    expect(page.locator("#say")).to_contain_text("Change setting HeartbeatInterval: queued.")
    command = eventually(Command.objects.first)
    assert command is not None
    assert command.parameters == {"key": "HeartbeatInterval", "value": "60"}
    ConfigurationItem.objects.filter(pk=item.pk).update(value="60")
    expect(page.locator("#settings tbody")).to_contain_text("60", timeout=15_000)
    page.get_by_role("link", name="Change HeartbeatInterval").click()
    expect(page.locator("dialog[open] #f-value")).to_have_value("60")
