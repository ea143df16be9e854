"""On a phone: find a driver, let the invoice pay, set a limit, start; then the charge and its limit are seen."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.urls import reverse
from playwright.sync_api import Browser, expect

from chargepoints.choices import PaymentKind
from chargepoints.models import Charge, ChargePoint, Command, PaymentMethod
from chargepoints.services.ledger import wallet_top_up
from hub.audit.records import HUB
from hub.teams.models import User
from tests import factories
from tests.browsers import opened, sign_in
from tests.conftest import StartServer
from tests.portal.accessibility_tools import problems
from tests.portal.charge_tools import payer, priced
from tests.stage import eventually
from tests.station import Station

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATIENCE = 20_000


class Car:
    """A station in a thread: it takes a remote start and charges 4 kWh."""

    def __init__(self, url: str) -> None:
        self.url, self.ready, self.done = url, threading.Event(), threading.Event()

    async def charge(self) -> None:
        """Wait for the order, start, and tell the first kWh."""
        async with Station(self.url, "NORD-1", factories.PASSWORD) as station:
            await station.boot()
            await station.status(1, "Faulted", "GroundFailure")
            await station.status(2, "Preparing")
            self.ready.set()
            order = await station.expect("RemoteStartTransaction", PATIENCE / 1000)
            await station.answer(order, {"status": "Accepted"})
            begun = await station.start(2, order.payload["idTag"], 1_000)
            await station.meter(2, 5_000, begun["transactionId"], 11_000)
            await asyncio.to_thread(self.done.wait, PATIENCE / 1000)


def test_a_start_on_a_phone(browser: Browser, server: StartServer, charge_point: ChargePoint, alice: User) -> None:
    running = server()
    priced(charge_point)
    key = payer(charge_point)
    payer(charge_point, PaymentKind.INVOICE, "TAG-B")
    wallet = PaymentMethod.objects.get(driver=key.driver)
    wallet_top_up(method=wallet, amount=Decimal(-500), key="out", actor=HUB)
    PaymentMethod.objects.create(
        organisation=key.organisation, driver=key.driver, kind=PaymentKind.INVOICE, name="Her invoice", currency="NOK"
    )
    car = Car(running.ocpp_url)
    with opened(browser, width=390, height=844) as page, ThreadPoolExecutor(1) as pool:
        charging = pool.submit(asyncio.run, car.charge())
        try:
            assert car.ready.wait(PATIENCE / 1000)
            sign_in(page, running.url, alice)
            page.goto(running.url + reverse("charge_point", args=[charge_point.pk]))
            page.locator("#act-start").click()
            dialog = page.locator("dialog[open]")
            dialog.get_by_label("Search by name, user id or key").fill("tag-a")
            # The only one that is found is chosen, and what follows from it is there.
            expect(dialog.locator("#keys input:checked")).to_have_value("TAG-A")
            expect(dialog.locator("#methods")).to_contain_text("Would be refused: the wallet is empty.")
            expect(dialog.locator(".places")).to_contain_text("It is faulted.")
            expect(dialog.locator("#place-2")).to_be_checked()
            dialog.get_by_text("Her invoice").click()
            page.keyboard.press("Tab")
            dialog.get_by_label("Energy").fill("10")
            dialog.get_by_label("Price").select_option("")
            page.evaluate(AXE_SCRIPT)
            assert problems(page) == []
            dialog.get_by_role("button", name="Start charge").click()
            expect(page.locator("#say")).to_contain_text("Start charge 2: queued.")
            eventually(lambda: Charge.objects.filter(energy_wh=4_000).exists(), what="the first kWh")
            expect(page.locator("#conn-2")).to_contain_text("Stops at 10 kWh (40 %)", timeout=PATIENCE)
            page.goto(running.url + reverse("charge", args=[Charge.objects.get().pk]))
            expect(page.locator(".headbox")).to_contain_text("4.00 of 10 kWh")
            assert problems(page) == []
        finally:
            car.done.set()
        charging.result()
    told = Command.objects.get().parameters
    assert (told["id_tag"], told["connector"], told["limit_wh"]) == ("TAG-A", 2, 10_000)
    assert Charge.objects.get().start_command == Command.objects.get()
