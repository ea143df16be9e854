"""The public page on a phone with its script: kept on the phone, sent once, shown as it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
import redis
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, Route, expect

from chargepoints.models import Site
from hub.audit.records import HUB
from installer.models import JobChargePoint, JobEdit, JobPhoto, Note
from installer.services.links import link_revoke
from installer.services.notes import note_save
from tests import browsers, factories
from tests.conftest import StartServer
from tests.installer.scene import Scene, scene
from tests.portal.accessibility_tools import problems
from tests.stage import eventually

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SECONDS = 1000
WAIT = 30 * SECONDS
CONTROLLED = """new Promise(ok => navigator.serviceWorker.controller ? ok()
    : navigator.serviceWorker.addEventListener('controllerchange', () => ok()))"""

# A camera that sees a plate with a code on it.
PLATE = """
window.BarcodeDetector = class {
    static getSupportedFormats() { return Promise.resolve(['qr_code']); }
    detect() { return Promise.resolve([{rawValue: 'https://plate.example/made in 2026?sn=ACE0482913'}]); }
};
navigator.mediaDevices.getUserMedia = () => {
    const picture = document.createElement('canvas');
    picture.getContext('2d').fillRect(0, 0, 9, 9);
    return Promise.resolve(picture.captureStream());
};"""
# Queues, caches and workers that are on the phone.
KEPT = """async () => [(await indexedDB.databases()).length, (await caches.keys()).length,
    (await navigator.serviceWorker.getRegistrations()).length]"""


@pytest.fixture
def job(site: Site, clean_redis: redis.Redis) -> Scene:
    """A job of NORD-07 and NORD-08."""
    return scene(site, *(factories.charge_point(site, name, connectors=2) for name in ("NORD-07", "NORD-08")))


@contextmanager
def phone(browser: Browser, profile: Path) -> Iterator[tuple[BrowserContext, Page]]:
    """A phone that keeps what it has in `profile`; nothing may break a policy or raise in its scripts."""
    wrong: list[str] = []
    context = browser.browser_type.launch_persistent_context(
        profile,
        executable_path=browsers.chromium(),
        args=list(browsers.ARGUMENTS),
        viewport={"width": 390, "height": 844},
    )
    context.on("console", lambda told: wrong.append(told.text) if "Content Security" in told.text else None)
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    try:
        yield context, context.pages[0]
    finally:
        context.close()
    assert wrong == []


class Bay:
    """What somebody does with the charge point of a row."""

    def __init__(self, page: Page, row: JobChargePoint) -> None:
        self.page, self.at = page, f"#row-{row.pk}"

    def identity(self, text: str) -> None:
        """Type it, and press Enter."""
        self.page.fill(f"{self.at}-identity", text)
        self.page.press(f"{self.at}-identity", "Enter")

    def connector(self, number: str) -> None:
        """Choose it."""
        self.page.select_option(f"{self.at}-connector", number)

    def note(self, text: str) -> None:
        """Write it and save."""
        self.page.fill(f"{self.at}-note", text)
        self.page.click(f"{self.at} form[data-outbox=note] > button")

    def photo(self) -> None:
        """Take one of 2000 by 1500 pixels."""
        held = BytesIO()
        Image.effect_noise((2000, 1500), 40).convert("RGB").save(held, "JPEG", quality=80)
        self.page.set_input_files(
            f"{self.at}-photo", FilePayload(name="IMG_1.jpg", mimeType="image/jpeg", buffer=held.getvalue())
        )
        expect(self.page.locator(f"{self.at} .kept li")).to_have_count(1, timeout=WAIT)

    def shows(self, identity: str, connector: str, note: str) -> None:
        """What stands in its fields."""
        for name, value in (("identity", identity), ("connector", connector), ("note", note)):
            expect(self.page.locator(f"{self.at}-{name}")).to_have_value(value, timeout=WAIT)

    def marks(self, count: int) -> None:
        """How many fields wait for network."""
        expect(self.page.locator(f"{self.at} .mark:visible")).to_have_count(count, timeout=WAIT)


def banner(page: Page, words: str) -> None:
    """Wait until the line at the top says this."""
    expect(page.locator("#net")).to_contain_text(words, timeout=WAIT)


def opened(page: Page, address: str) -> None:
    """The page, once it is there without network too."""
    page.goto(address)
    page.evaluate(CONTROLLED)
    banner(page, "All saved")


def stored() -> list[tuple[str, int]]:
    """What the server has applied or refused, in order."""
    return list(JobEdit.objects.order_by("pk").values_list("kind", "http_status"))


def test_a_day_with_bad_reception(browser: Browser, server: StartServer, job: Scene, tmp_path: Path) -> None:
    """Good network, flight mode, a reload in it, a dead battery, an answer that is cut off: each is stored once."""
    address, row = server().url + job.base, job.row("NORD-07")
    with phone(browser, tmp_path) as (context, page):
        bay = Bay(page, row)
        opened(page, address)
        bay.identity(" ACE-1 ")
        bay.connector("2")
        bay.note("The cable is short.")
        bay.photo()
        banner(page, "All saved")
        expect(page.locator(f"{bay.at}-photos li")).to_have_count(1, timeout=WAIT)
        bay.marks(0)
        assert sorted(stored()) == [("connector", 200), ("identity", 200), ("note", 200), ("photo", 200)]
        photo = JobPhoto.objects.get()
        assert (photo.width, photo.height) == (1600, 1200)
        context.set_offline(True)
        bay.identity("ACE-2")
        bay.connector("1")
        bay.note("In flight mode")
        bay.photo()
        banner(page, "No network")
        bay.marks(3)
        page.reload()
        bay.shows("ACE-2", "1", "In flight mode")
        bay.marks(3)
        banner(page, "4 changes kept here")
        page.click(".dock a")
        expect(page.locator(".dock [role=alert]")).to_have_text("4 changes must be sent first.")
    assert len(stored()) == 4

    def cut(route: Route) -> None:
        route.fetch()
        route.abort()

    with phone(browser, tmp_path) as (context, page):
        bay = Bay(page, row)
        context.route("**/edits/", cut, times=1)
        page.goto(address)
        banner(page, "All saved")
        bay.shows("ACE-2", "1", "In flight mode")
        page.evaluate("caches.match(location.pathname).then(kept => kept.text())")
    row.charge_point.refresh_from_db()
    assert row.charge_point.identity == "ACE-2"
    assert sorted(stored()[4:]) == [("connector", 200), ("identity", 200), ("note", 200), ("photo", 200)]
    assert (JobPhoto.objects.count(), Note.objects.get().text) == (2, "In flight mode")


def test_what_others_do_meanwhile(browser: Browser, server: StartServer, job: Scene, tmp_path: Path) -> None:
    """A scan, conflicts with both values, what is no identity, a link that dies with work on the phone."""
    address, row = server().url + job.base, job.row("NORD-07")
    with phone(browser, tmp_path) as (context, page):
        bay, other = Bay(page, row), job.row("NORD-08")
        context.add_init_script(PLATE)
        opened(page, address)
        page.click(f"#row-{other.pk} summary")
        page.click(f"#row-{other.pk} [data-scan]")
        expect(page.locator("#scan")).to_contain_text("Serial number of NORD-08")
        wrong = problems(page)
        page.click("#scan .found button")
        expect(page.locator("#scan")).to_be_hidden()
        banner(page, "All saved")
        expect(page.locator(f"#row-{other.pk}-url")).to_contain_text("/ACE0482913", timeout=WAIT)
        page.click(f"#row-{other.pk} summary")
        bay.identity("no identity")
        expect(page.locator(f"{bay.at} [role=alert]")).to_contain_text("no spaces")
        bay.identity("NORD-07")
        expect(page.locator(f"{bay.at} [role=alert]")).to_have_count(0)
        # Somebody types; what comes from elsewhere goes into the other fields only.
        page.fill(f"{bay.at}-note", "Half a sent")
        job.send("connector", row, value="3")
        note_save(actor=HUB, row=row, text="Mind the step")
        bay.shows("NORD-07", "3", "Half a sent")
        expect(page.locator(f"{bay.at}-theirs")).to_contain_text("Mind the step", timeout=WAIT)
        context.set_offline(True)
        bay.note("Mine")
        bay.connector("1")
        bay.marks(2)
        job.send("note", row, text="Theirs")
        job.send("connector", row, value="4")
        context.set_offline(False)
        banner(page, "2 changes were refused")
        clash = page.locator(f"{bay.at} form[data-outbox=note] .err")
        expect(clash).to_contain_text("Mine")
        expect(clash).to_contain_text("Theirs")
        wrong += problems(page)
        clash.get_by_text("Send mine again").click()
        page.locator(f"{bay.at} form[data-outbox=connector] .err").get_by_text("Keep theirs").click()
        banner(page, "All saved")
        bay.shows("NORD-07", "4", "Mine")
        assert Note.objects.get(side="installer").text == "Mine"
        context.set_offline(True)
        bay.note("Too late")
        bay.marks(1)
        assert link_revoke(actor=HUB, link=job.link)
        context.set_offline(False)
        expect(page.locator("h1")).to_have_text("This link does not work", timeout=WAIT)
        expect(page.locator("[data-left] textarea")).to_have_value("NORD-07, note: Too late")
        eventually(lambda: page.evaluate(KEPT) == [1, 0, 0], seconds=30, what="the queue only")
        page.click("[data-wipe]")
        expect(page.locator("[data-left]")).to_have_text("Nothing of this job is left on this phone.")
        eventually(lambda: page.evaluate(KEPT) == [0, 0, 0], seconds=30, what="nothing")
    assert wrong == []
