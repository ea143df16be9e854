"""Working at the desk with a real browser: filter, keys, dialogs, copying; and the same without script."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from chargepoints.choices import ChargeState
from chargepoints.models import Charge, ChargePoint, Command, Connection
from hub.teams.models import Organisation, User
from tests import browsers, factories
from tests.conftest import StartServer
from tests.factories import now

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def online(charge_point: ChargePoint, nordlys: Organisation) -> ChargePoint:
    """NORD-1, connected; its operator has a driver Kari with one card."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration="connected", state="available")
    Connection.objects.filter(pk=charge_point.pk).update(
        is_connected=True, connected_at=now(), last_seen_at=now(), subprotocol="ocpp1.6"
    )
    factories.charge_key(id_tag="CARD-KARI", holder=factories.driver(nordlys, "Kari Nordmann"))
    factories.charge_key(id_tag="CARD-OLA", holder=factories.driver(nordlys, "Ola Berg"))
    return charge_point


@pytest.fixture
def desk(server: StartServer, alice: User, online: ChargePoint, page: Page) -> str:
    """The address of a portal in which Alice is signed in."""
    url = server().url
    browsers.sign_in(page, url, alice)
    return url


def test_filter_while_typing(desk: str, page: Page, far_charge_point: ChargePoint) -> None:
    page.goto(desk)
    page.keyboard.press("/")
    page.keyboard.type("nord-2", delay=20)
    expect(page.locator("tr[data-cp]")).to_have_count(1)
    expect(page.locator("tr[data-cp]")).to_contain_text("NORD-2")
    expect(page.locator("#q")).to_be_focused()
    assert page.url == f"{desk}/?q=nord-2"
    page.reload()
    expect(page.locator("tr[data-cp]")).to_have_count(1)
    page.fill("#q", "")
    expect(page.locator("tr[data-cp]")).to_have_count(2)
    page.select_option("select[name=site]", label="Aker Brygge")
    expect(page.locator("tr[data-cp]")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?site=\d+$"))


def test_a_reboot_by_keyboard(desk: str, page: Page, online: ChargePoint) -> None:
    page.goto(desk + reverse("charge_point", args=[online.pk]))
    page.keyboard.press("a")
    expect(page.locator("#act-reboot")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Reboot")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("Enter")
    page.fill("#f-reason", "display frozen")
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="Reboot, soft: queued.")).to_be_visible()
    expect(page.locator("#commands")).to_contain_text("display frozen")
    expect(page.locator("#act-reboot")).to_have_attribute("aria-pressed", "true")
    assert Command.objects.get().reason == "display frozen"


def test_a_second_press_asks_first(desk: str, page: Page, online: ChargePoint) -> None:
    page.goto(desk + reverse("charge_point", args=[online.pk]))
    for label in ("Reboot", "Send another"):
        page.click("#act-reboot")
        page.get_by_role("dialog").get_by_role("button", name=label, exact=True).click()
        expect(page.locator("dialog")).to_have_count(0)
    assert Command.objects.count() == 2


def test_start_with_a_search(desk: str, page: Page, online: ChargePoint) -> None:
    page.goto(desk + reverse("charge_point", args=[online.pk]))
    page.click("#act-start")
    dialog = page.get_by_role("dialog", name="Start charge")
    expect(page.locator("#f-q")).to_be_focused()
    expect(dialog.locator("#keys input")).to_have_count(2)
    page.keyboard.type("kari", delay=20)
    expect(dialog.locator("#keys input")).to_have_count(1)
    dialog.get_by_role("button", name="Start charge").click()
    expect(dialog.get_by_role("alert")).to_have_text("Choose a connector.")
    dialog.get_by_role("radio", name=re.compile("^2 ")).check()
    dialog.get_by_role("button", name="Start charge").click()
    expect(page.locator("dialog")).to_have_count(0)
    assert Command.objects.get().parameters == {"connector": 2, "id_tag": "CARD-KARI"}


def test_a_refusal_stays_in_the_dialog(desk: str, page: Page, online: ChargePoint) -> None:
    page.goto(desk + reverse("charge_point", args=[online.pk]))
    page.click("#act-reboot")
    expect(page.get_by_role("dialog")).to_be_visible()
    ChargePoint.objects.update(integration="disconnected")
    page.click("#action-send")
    alert = page.get_by_role("dialog").get_by_role("alert")
    expect(alert).to_have_text("The charger is offline. Nothing can be sent to it now.")
    # It cannot be sent now; it can be kept.
    expect(page.get_by_text("Offline. Keep it until it reconnects?")).to_be_visible()
    expect(page.locator(".when [value=now]")).to_have_count(0)
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator("dialog")).to_have_count(0)


def test_stop_from_the_connector_with_a_running_clock(desk: str, page: Page, online: ChargePoint) -> None:
    charge = Charge.objects.create(
        charge_point=online,
        connector=online.connectors.get(number=1),
        transaction_id="88123",
        state=ChargeState.CHARGING,
        started_at=now() - timedelta(minutes=28),
    )
    page.goto(desk + reverse("charge_point", args=[online.pk]))
    clock = page.locator("#conn-1 time[data-clock]")
    shown = clock.inner_text()
    assert shown.startswith("00:28:")
    expect(clock).not_to_have_text(shown)
    page.locator("#conn-1").get_by_role("link", name="Stop the charge", exact=False).first.click()
    page.click("#action-send")
    expect(page.locator("dialog")).to_have_count(0)
    assert Command.objects.get().charge == charge


def test_a_command_page_follows_until_it_is_over(desk: str, page: Page, online: ChargePoint) -> None:
    page.goto(desk + reverse("charge_point", args=[online.pk]))
    page.click("#act-reboot")
    page.click("#action-send")
    page.locator("#commands").get_by_role("link", name="Reboot, soft").click()
    expect(page.locator("#command .now")).to_have_count(1)
    Command.objects.update(status="rejected", sent_at=now(), answered_at=now(), answer="Rejected")
    expect(page.locator("#command .fail")).to_contain_text("Rejected")
    expect(page.locator("#command")).not_to_have_attribute("hx-trigger", re.compile("every"))


def test_copy_the_address(desk: str, page: Page, online: ChargePoint) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=desk)
    page.goto(desk + reverse("charge_point_integration", args=[online.pk]))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#address").inner_text()
    assert copied.endswith("/ocpp/NORD-1")


def test_an_ended_login_leads_to_the_sign_in_page(desk: str, page: Page, online: ChargePoint) -> None:
    page.goto(desk + reverse("charge_point", args=[online.pk]))
    page.context.clear_cookies()
    page.click("#act-reboot")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_theme_and_density_are_kept(desk: str, page: Page, alice: User) -> None:
    page.goto(desk)
    page.get_by_title("Dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_title("Compact rows").click()
    expect(page.locator("html")).to_have_attribute("data-density", "compact")
    alice.refresh_from_db()
    assert (alice.theme, alice.density) == ("dark", "compact")


def test_everything_works_without_script(
    server: StartServer, browser: Browser, alice: User, online: ChargePoint, far_charge_point: ChargePoint
) -> None:
    url = server().url
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        browsers.sign_in(page, url, alice)
        page.goto(url)
        page.fill("#q", "nord-1")
        page.click("noscript button, button:text('Filter')")
        expect(page.locator("tr[data-cp]")).to_have_count(1)
        page.click("a.open")
        page.click("#act-start")
        page.fill("#f-q", "kari")
        page.click("button:text('Search')")
        expect(page.locator("#keys input")).to_have_count(1)
        page.locator("input[name=connector]").first.check()
        page.click("#action-send")
        expect(page.get_by_role("status").filter(has_text="Start charge 1: queued.")).to_be_visible()
    finally:
        context.close()
    assert Command.objects.get().parameters == {"connector": 1, "id_tag": "CARD-KARI"}
