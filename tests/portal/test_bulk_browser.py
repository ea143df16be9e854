"""Choosing chargers with a real browser: keys, ranges, all; then a bulk action from the preview to its stop."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, CommandBatch, Site
from chargepoints.pacing import Pace
from hub.teams.models import User
from tests import browsers
from tests.batch_tools import advanced, answered, fleet, states
from tests.conftest import StartServer
from tests.portal.live_tools import append

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(server: StartServer, alice: User, site: Site, page: Page) -> str:
    """The address of a portal with 120 chargers, in which Alice is signed in."""
    fleet(site, 120)
    url = server(env={"HUB_LIVE_HEARTBEAT": "1"}).url
    browsers.sign_in(page, url, alice)
    return url


def test_choosing(desk: str, page: Page, site: Site) -> None:
    """X, Shift and a click, all on the page, all that match, none; a live update takes no tick away."""
    page.goto(desk)
    bar, boxes = page.locator("#bulk"), page.locator(".pick")
    expect(bar).to_be_hidden()
    page.locator("tr[data-cp] th a").nth(1).focus()
    page.keyboard.press("x")
    expect(boxes.nth(1)).to_be_checked()
    expect(bar.get_by_role("status")).to_have_text("1 chosen")
    boxes.nth(4).click(modifiers=["Shift"])
    expect(bar.get_by_role("status")).to_have_text("4 chosen")
    point = site.charge_points.get(name="B-002")
    ChargePoint.objects.filter(pk=point.pk).update(firmware="9.9.9")
    append(point, 1)
    expect(page.locator(f"#cp{point.pk}-firmware")).to_have_text("9.9.9")
    expect(page.locator(".pick:checked")).to_have_count(4)
    page.keyboard.press("x")
    expect(bar.get_by_role("status")).to_have_text("3 chosen")
    page.get_by_label("Choose all on this page").check()
    expect(bar.get_by_role("status")).to_have_text("100 chosen")
    bar.get_by_label("All 120 that match").check()
    expect(bar.get_by_role("status")).to_have_text("All chosen")
    bar.get_by_role("button", name="Clear cache").click()
    expect(page.locator("#preview-h")).to_have_text("Goes to 120 chargers")
    page.goto(desk)
    boxes.nth(0).check()
    page.get_by_role("button", name="Choose none").click()
    expect(page.locator(".pick:checked")).to_have_count(0)
    expect(bar).to_be_hidden()
    boxes.nth(0).check()
    page.fill("#q", "B-11")
    expect(page.locator("tr[data-cp]")).to_have_count(10)
    expect(bar).to_be_hidden()


def test_from_the_keyboard_to_the_stop(desk: str, page: Page) -> None:
    page.goto(desk)
    page.locator("tr[data-cp] th a").first.focus()
    for _ in range(3):
        page.keyboard.press("x")
        row = page.evaluate("document.activeElement.closest('tr').nextElementSibling.dataset.cp")
        page.locator(f"tr[data-cp='{row}'] th a").focus()
    page.get_by_role("button", name="Reboot").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#preview-h")).to_have_text("Goes to 3 chargers")
    page.select_option("[name=offline]", "3600")
    page.locator("summary", has_text="Pace and safety").click()
    page.fill("[name=at_once]", "1")
    page.fill("[name=reason]", "Frozen display")
    page.get_by_role("button", name="Reboot: 3 chargers").click()
    expect(page).to_have_url(re.compile(r"/batches/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("heading", name="Reboot, soft")).to_be_visible()
    batch = CommandBatch.objects.get()
    assert (batch.at_once, batch.keep_s, batch.reason) == (1, 3600, "Frozen display")
    advanced(batch)
    expect(page.locator("tr.r", has_text="Under way")).to_have_count(1)
    answered(CommandStatus.REJECTED, Effect.NONE)
    advanced(batch)
    expect(page.get_by_text("Rejected by the charger.")).to_be_visible()
    expect(page.locator("#progress-h")).to_contain_text("1 of 3")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("tr.r .st", has_text="Not sent")).to_have_count(2)
    assert states(batch) == ["failed", "stopped", "stopped"]
    page.get_by_role("button", name="Try 1 again").click()
    expect(page.get_by_text("1 charger will be tried again.")).to_be_visible()
    CommandBatch.objects.update(state="halted", state_why="1 of 1 failed.")
    page.goto(desk + reverse("batch", args=[batch.pk]))
    page.get_by_role("link", name="Go on").click()
    page.get_by_role("dialog", name="Go on").get_by_label("Reason").fill("It was unplugged")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It goes on.")).to_be_visible()


def test_without_script(server: StartServer, alice: User, site: Site, browser: Browser) -> None:
    """Boxes, bar, preview and batch are plain forms."""
    fleet(site, 3)
    url = server().url
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    browsers.sign_in(page, url, alice)
    page.goto(url)
    page.locator(".pick").nth(0).check()
    page.locator(".pick").nth(2).check()
    page.get_by_role("button", name="Clear cache").click()
    expect(page.locator("#preview-h")).to_have_text("Goes to 2 chargers")
    page.get_by_role("button", name="Clear cache: 2 chargers").click()
    expect(page.get_by_role("heading", name="Clear cache")).to_be_visible()
    context.close()
    assert CommandBatch.objects.get().rows.count() == 2
    assert CommandBatch.objects.get().at_once == Pace().at_once
