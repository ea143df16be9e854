"""In a browser: change a price and see what it would cost while typing; then ask the calculator."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.urls import reverse
from playwright.sync_api import Page, expect

from chargepoints.models import ChargePoint
from hub.teams.models import Organisation, User
from tests import browsers
from tests.conftest import StartServer
from tests.portal.accessibility_tools import problems
from tests.portal.price_tools import group_made

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_change_a_price_and_calculate(
    server: StartServer, page: Page, alice: User, nordlys: Organisation, charge_point: ChargePoint
) -> None:
    group = group_made(nordlys, is_default=True)
    running = server()
    browsers.sign_in(page, running.url, alice)
    page.goto(running.url + reverse("price_group", args=[group.pk]))
    page.get_by_role("link", name="Change price").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("20 kWh × 4.50")  # noqa: RUF001 - the sign of multiplication
    page.get_by_label("Energy (NOK per kWh)").fill("6")
    expect(preview).to_contain_text("20 kWh × 6")  # noqa: RUF001
    page.get_by_role("button", name="Add a time of day").click()
    page.get_by_label("Name").fill("Night")
    page.get_by_label("NOK per kWh", exact=True).fill("2")
    expect(preview).to_contain_text("50 kWh × 2")  # noqa: RUF001
    page.evaluate(AXE_SCRIPT)
    assert problems(page) == []
    page.get_by_role("button", name="Save the price").click()
    expect(page.locator(".pricelist .now")).to_contain_text("NOK 6 / kWh (Night differs)")
    expect(page.locator(".pricelist .past")).to_contain_text("NOK 4.50 / kWh")
    page.get_by_role("link", name="Calculate").click()
    page.get_by_role("button", name="Calculate").click()
    bill = page.locator("#bill")
    expect(bill).to_contain_text("20 kWh")
    page.get_by_label("Energy (kWh)").fill("10")
    expect(bill).to_contain_text("10 kWh")
    assert "kwh=10" in page.url
    page.evaluate(AXE_SCRIPT)
    assert problems(page) == []
