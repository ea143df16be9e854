"""A charge in a real Chromium, against a real station: it starts, counts up, is stopped by force, and nobody pays."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from chargepoints.models import Bill, Charge, ChargePoint
from chargepoints.services.bills import bills_due
from hub.teams.models import User
from tests import factories
from tests.browsers import sign_in
from tests.conftest import StartServer
from tests.portal.charge_tools import payer, priced
from tests.stage import eventually
from tests.station import Station

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATIENCE = 20_000


class Car:
    """A station in a thread: it charges 1 kWh, some more when it is told to, and does not obey a stop."""

    def __init__(self, url: str) -> None:
        self.url, self.more, self.done = url, threading.Event(), threading.Event()

    async def charge(self) -> None:
        """Start, tell the first kWh, then more when asked to, and refuse to stop."""
        async with Station(self.url, "NORD-1", factories.PASSWORD) as station:
            await station.boot()
            await station.status(1, "Charging")
            begun = await station.start(1, "TAG-A", 1_000)
            await station.meter(1, 2_000, begun["transactionId"], 11_000)
            await asyncio.to_thread(self.more.wait, PATIENCE / 1000)
            await station.meter(1, 3_500, begun["transactionId"], 11_000)
            stop = await station.expect("RemoteStopTransaction", PATIENCE / 1000)
            await station.answer(stop, {"status": "Rejected"})
            await asyncio.to_thread(self.done.wait, PATIENCE / 1000)


def test_from_the_start_to_the_force_stop(
    page: Page, server: StartServer, charge_point: ChargePoint, alice: User
) -> None:
    running = server()
    priced(charge_point)
    payer(charge_point)
    car = Car(running.ocpp_url)
    with ThreadPoolExecutor(1) as pool:
        charging = pool.submit(asyncio.run, car.charge())
        try:
            eventually(lambda: Charge.objects.filter(energy_wh=1_000).exists(), what="the first kWh")
            bills_due()
            found = Charge.objects.get()
            sign_in(page, running.url, alice)
            page.goto(f"{running.url}/charges/")
            page.locator(f"#charge-{found.pk} th a").click()
            expect(page.locator("#charge")).to_contain_text("1.00 kWh")
            expect(page.locator("#bill")).to_contain_text("about 14.00 NOK")
            car.more.set()
            expect(page.locator(".headbox")).to_contain_text("2.50 kWh", timeout=PATIENCE)
            page.get_by_role("link", name="Force stop").click()
            dialog = page.locator("dialog[open]")
            expect(dialog).to_contain_text("Lost for good: 2.50 kWh, 20.00 NOK")
            dialog.get_by_role("button", name="Force stop").click()
            expect(dialog).to_contain_text("Say why")
            dialog.get_by_label("Reason").fill("It blocks the bay")
            dialog.get_by_role("button", name="Force stop").click()
            expect(page.locator("#say")).to_contain_text("was stopped by force")
            expect(page.locator("#bill h2 + .st")).to_have_text("Payment removed")
            expect(page.locator("#charge")).to_contain_text("Stopped by force, payment removed")
            expect(page.locator(".cmd")).to_contain_text("Stop charge")
        finally:
            car.more.set()
            car.done.set()
        charging.result()
    assert page.url == running.url + reverse("charge", args=[found.pk])
    bill = Bill.objects.get()
    assert bill.state == "removed"
    assert bill.total == 0
