"""A check in a real Chromium, by keyboard: one press, what is asked, the verdict; axe in light and dark."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect

from chargepoints.models import ChargePoint, Command
from chargepoints.services.checks import checks_advance
from hub.teams.models import User
from tests import factories
from tests.browsers import sign_in
from tests.conftest import StartServer
from tests.portal.accessibility_tools import problems
from tests.stage import eventually
from tests.station import Station

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATIENCE = 20_000


class Charger:
    """A station in a thread, which tells its connectors' states when it is asked to."""

    def __init__(self, url: str) -> None:
        self.url, self.ready = url, threading.Event()
        self.answer, self.done = threading.Event(), threading.Event()

    async def run(self) -> None:
        """Boot, then answer both triggers once it may."""
        async with Station(self.url, "NORD-1", factories.PASSWORD) as station:
            await station.boot()
            self.ready.set()
            for number in (1, 2):
                call = await station.expect("TriggerMessage", PATIENCE / 1000)
                await asyncio.to_thread(self.answer.wait, PATIENCE / 1000)
                await station.answer(call, {"status": "Accepted"})
                await station.status(number, "Available")
            await asyncio.to_thread(self.done.wait, PATIENCE / 1000)


def test_one_press_to_the_verdict(page: Page, server: StartServer, charge_point: ChargePoint, alice: User) -> None:
    running = server()
    charger = Charger(running.ocpp_url)
    with ThreadPoolExecutor(1) as pool:
        talking = pool.submit(asyncio.run, charger.run())
        try:
            assert charger.ready.wait(PATIENCE / 1000)
            sign_in(page, running.url, alice)
            page.goto(f"{running.url}/charge-points/{charge_point.pk}/")
            page.locator("#act-check").press("Enter")
            dialog = page.locator("dialog[open]")
            expect(dialog).to_contain_text("Asked connector 1 for its status")
            charger.answer.set()
            check = Command.objects.get(kind="check")

            def ended() -> bool:
                checks_advance()
                check.refresh_from_db()
                return check.status == "accepted"

            eventually(ended, what="the verdict")
            expect(dialog).to_contain_text("Connected, answers in", timeout=PATIENCE)
            expect(dialog).to_contain_text("connector 1 says Available; connector 2 says Available.")
            assert problems(page) == []
            page.keyboard.press("Escape")
            expect(dialog).to_have_count(0)
            page.set_viewport_size({"width": 390, "height": 844})
            page.goto(f"{running.url}/commands/{check.pk}/")
            expect(page.locator("#check")).to_contain_text("What was seen")
            assert problems(page) == []
        finally:
            charger.answer.set()
            charger.done.set()
        talking.result()
