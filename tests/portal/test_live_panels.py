"""Panels and cells that change under a person's eyes, in a real Chromium."""

import pytest
from playwright.sync_api import Page, expect

from chargepoints import events
from chargepoints.models import ChargePoint
from hub.teams.models import User
from tests.browsers import sign_in
from tests.conftest import StartServer, StartWorker
from tests.portal.test_live_page import LONG, visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_panel_is_fetched_when_it_is_out_of_date(
    page: Page, server: StartServer, worker: StartWorker, charge_point: ChargePoint, alice: User
) -> None:
    """Only the panel that was touched, and it shows what is true now."""
    running = server()
    worker()
    visit(page, running, charge_point, alice)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    ChargePoint.objects.filter(pk=charge_point.pk).update(firmware="9.9.9-new")
    events.touched([events.Touch(charge_point.pk, frozenset({"head"}))])
    expect(page.locator("#head")).to_contain_text("9.9.9-new", timeout=LONG)
    assert [url.rpartition("/panels/")[2] for url in asked if "/panels/" in url] == ["head/"]


def test_the_overview_is_live(
    page: Page, server: StartServer, worker: StartWorker, charge_point: ChargePoint, alice: User
) -> None:
    """A cell changes without a reload, and the figures above are fetched again."""
    running = server()
    worker()
    sign_in(page, running.url, alice)
    page.goto(f"{running.url}/")
    expect(page.locator("html")).to_have_attribute("data-live", "live", timeout=LONG)
    ChargePoint.objects.filter(pk=charge_point.pk).update(firmware="9.9.9-new")
    with page.expect_response("**/overview/kpis/", timeout=LONG):
        events.touched([events.Touch(charge_point.pk, frozenset({"row"}))])
        expect(page.locator(f"#cp{charge_point.pk}-firmware")).to_have_text("9.9.9-new", timeout=LONG)
