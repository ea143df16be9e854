"""A charger that nobody has registered, from its first knock to its live row: in a browser, over a real websocket."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from chargepoints.models import ChargePoint, Site
from hub.teams.models import User
from tests import browsers
from tests.conftest import StartServer
from tests.stage import Server
from tests.station import Refused, Station

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OFFERED = "offered-by-the-charger"


class Charger:
    """A station in a thread of its own: Playwright has the loop of this one."""

    def __init__(self, url: str, identity: str) -> None:
        self.url, self.identity = url, identity
        self._leave = threading.Event()
        self._thread: threading.Thread | None = None

    def knock(self) -> str:
        """Connect and boot, and stay until `leave`: what the boot was answered with, or the HTTP status."""
        told: Future[str] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._visit(told)))
        self._thread.start()
        return told.result(timeout=20)

    def leave(self) -> None:
        """Hang up."""
        self._leave.set()
        if self._thread is not None:
            self._thread.join(timeout=20)

    async def _visit(self, told: "Future[str]") -> None:
        try:
            async with Station(self.url, self.identity, OFFERED) as station:
                told.set_result((await station.boot())["status"])
                await station.status(1, "Available")
                await asyncio.to_thread(self._leave.wait, 60)
        except Refused as refused:
            told.set_result(str(refused.status))
        except BaseException as error:
            told.set_exception(error)
            raise


@pytest.fixture
def running(server: StartServer, site: Site, alice: User, page: Page) -> Server:
    """A portal in which Alice is signed in; it has one site."""
    made = server()
    browsers.sign_in(page, made.url, alice)
    return made


@pytest.fixture
def charger(running: Server) -> Iterator[Charger]:
    """A charger that the portal does not know."""
    made = Charger(running.ocpp_url, "NEW*1")
    yield made
    made.leave()


def test_two_clicks_from_unknown_to_live(running: Server, charger: Charger, page: Page) -> None:
    page.goto(running.url + reverse("unknown"))
    expect(page.get_by_text("No unknown charger has called.")).to_be_visible()
    assert charger.knock() == "401"
    row = page.get_by_role("row").filter(has_text="NEW*1")
    expect(row).to_contain_text("No charge point has this identity", timeout=15_000)  # by itself
    row.get_by_role("button", name="Accept").click()
    dialog = page.get_by_role("dialog", name="Accept NEW*1")
    expect(dialog.get_by_role("radio", name="With the password it offered")).to_be_checked()
    dialog.get_by_role("button", name="Accept").click()
    done = page.get_by_role("dialog", name="NEW*1 is accepted")
    expect(done).to_contain_text("Waiting for its next call")
    expect(page.get_by_role("row").filter(has_text="NEW*1")).to_have_count(0)
    assert charger.knock() == "Accepted"
    done.get_by_role("link", name="Open its live page").click(timeout=15_000)
    made = ChargePoint.objects.get(identity="NEW*1")
    expect(page).to_have_url(running.url + reverse("charge_point", args=[made.pk]))
    page.goto(running.url)
    expect(page.locator(f"tr[data-cp='{made.pk}']")).to_contain_text("Ready")


def test_a_list_is_imported(running: Server, page: Page) -> None:
    page.goto(running.url)
    page.get_by_role("link", name="Import").first.click()
    lines = b"site,name,identity\nAker Brygge,Left,A-1\nNowhere,Right,A-2\n"
    page.set_input_files("#f-file", {"name": "list.csv", "mimeType": "text/csv", "buffer": lines})
    page.get_by_role("button", name="Check the list").click()
    expect(page.get_by_role("row").filter(has_text="Nowhere")).to_contain_text("There is no site of this name")
    page.get_by_role("button", name="Import the 1 good one, leave out 1").click()
    expect(page.get_by_role("heading", name="1 charge point imported")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the passwords").click()
    assert download.value.suggested_filename == "passwords.csv"
    assert "A-1" in download.value.path().read_text()
