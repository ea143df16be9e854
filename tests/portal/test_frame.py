"""The frame of the desk: parts of the side bar by right, and More on a phone."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, expect

from chargepoints.models import ChargePoint
from hub.teams.models import User
from tests import browsers, factories
from tests.conftest import StartServer


def parts(client: Client) -> list[str]:
    """The addresses that the side bar offers, without what is only for phones."""
    html = client.get("/sites/").content.decode()
    bar = html[html.index('<nav class="nav"') : html.index("<details")]
    return re.findall(r'<a href="([^"]+)"', bar)


def test_parts_are_those_of_the_role(alice_client: Client, bob_client: Client) -> None:
    assert {"/", "/sites/", "/organisation/", "/admin/"} <= set(parts(alice_client))
    assert {"/", "/sites/"} <= set(parts(bob_client))
    assert not {"/organisation/", "/admin/"} & set(parts(bob_client))


def test_where_one_is_is_marked_once_in_the_bar(alice_client: Client) -> None:
    for path in ("/sites/", "/organisation/"):
        html = alice_client.get(path).content.decode()
        bar = html[html.index('<nav class="nav"') : html.index("<details")]
        assert re.findall(r'<a href="([^"]+)" aria-current="page"', bar) == [path]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_phone_and_a_move(
    browser: Browser, server: StartServer, alice: User, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    """More opens and closes by keyboard; the charge point moves after its consequences were read."""
    running = server()
    target = factories.site(charge_point.site.team, "Zuidas", time_zone="Europe/Amsterdam")
    with browsers.opened(browser, width=390, height=844) as page:
        browsers.sign_in(page, running.url, alice)
        page.goto(running.url + "/sites/")
        more = page.locator("details.more")
        expect(page.get_by_role("link", name="Sites", exact=True)).to_be_visible()
        expect(more.get_by_role("button", name="Sign out")).to_be_hidden()
        more.locator("summary").press("Enter")
        expect(more.get_by_role("button", name="Sign out")).to_be_visible()
        expect(more.get_by_role("link", name="Organisation")).to_be_visible()
        page.keyboard.press("Escape")
        expect(more.get_by_role("button", name="Sign out")).to_be_hidden()
        expect(more.locator("summary")).to_be_focused()

        page.goto(running.url + reverse("charge_point", args=[charge_point.pk]))
        page.click("#act-change-site")
        dialog = page.locator("dialog[open]")
        page.locator("#f-q").type("zui", delay=20)
        expect(dialog.get_by_role("radio")).to_have_count(1)
        expect(page.locator("#move-send")).to_have_count(0)
        dialog.get_by_role("radio").check()
        expect(dialog).to_contain_text("Europe/Amsterdam instead of Europe/Oslo")
        page.click("#move-send")
        expect(page.locator("#say")).to_contain_text("NORD-1 is on Zuidas now.")
    charge_point.refresh_from_db()
    assert charge_point.site == target
