"""A charge point is added in a real Chromium; a charger calls with what the page shows, and the page tells it."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from chargepoints.models import ChargePoint, Site
from hub.teams.models import User
from tests.browsers import sign_in
from tests.conftest import StartServer
from tests.station import Station

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATIENCE = 15_000


async def call(url: str, password: str, seen: threading.Event) -> None:
    """A charger that starts, reports its connectors, and stays until the page has shown it."""
    async with Station(url, "BAY-7", password) as station:
        await station.boot()
        for number in (1, 2):
            await station.status(number, "Available")
        await asyncio.to_thread(seen.wait, PATIENCE / 1000)


def test_from_the_form_to_the_first_call(page: Page, server: StartServer, site: Site, alice: User) -> None:
    running = server()
    sign_in(page, running.url, alice)
    page.goto(running.url + "/")
    page.get_by_role("link", name="Add a charger").click()
    page.get_by_label("Site").fill(site.name)
    page.get_by_label("Name").fill("Bay 7")
    page.get_by_label("Identity").fill("BAY-7")
    expect(page.get_by_label("Password to type")).to_be_hidden()
    page.get_by_role("button", name="Add a connector").click()
    expect(page.locator("[name=connectors-1-number]")).to_have_value("2")
    expect(page.get_by_label("Name")).to_have_value("Bay 7")
    page.get_by_label("Name").press("Enter")
    password = page.locator("#password").inner_text()
    made = ChargePoint.objects.get()
    assert page.url == running.url + reverse("charge_point_integration", args=[made.pk])
    expect(page.locator("#calls")).to_contain_text("Waiting for its first call")
    seen = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(asyncio.run, call(running.ocpp_url, password, seen))
        try:
            expect(page.locator("#calls h2")).to_have_text("It works", timeout=PATIENCE)
            expect(page.locator("#calls")).to_contain_text("1 Ready, 2 Ready")
            expect(page.locator("#head")).to_contain_text("connected (available)")
            expect(page.locator("#password")).to_have_text(password)
        finally:
            seen.set()
        calling.result()
    page.reload()
    expect(page.locator("#password")).to_have_count(0)
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Deactivate").click()
    page.locator("dialog[open]").get_by_role("button", name="Deactivate").click()
    expect(page.locator("#say")).to_contain_text("It is refused from now on.")
