"""The public page in a real browser: axe, sideways scroll, size of targets; and plain forms without its script."""

from datetime import timedelta

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from chargepoints.models import ChargePoint, ConnectionAttempt, Site
from hub.audit.records import HUB
from installer.models import Note
from installer.services.links import link_make
from installer.services.notes import note_save
from tests import browsers, factories
from tests.conftest import StartServer
from tests.installer.scene import Scene, scene
from tests.installer.test_pairing import knocks
from tests.portal.accessibility_tools import problems

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SMALLEST = 56
SMALL = """limit => [...document.querySelectorAll('a, button, summary, select, textarea, input:not([type=hidden])')]
    .filter(e => e.checkVisibility()).map(e => e.type === 'checkbox' ? e.closest('label') : e)
    .filter(e => e.getBoundingClientRect().height < limit - 0.5).map(e => e.outerHTML.slice(0, 90))"""


@pytest.fixture
def busy(site: Site, foreign_charge_point: ChargePoint) -> Scene:
    """A job with one charge point of each kind of trouble, and long names."""
    Site.objects.filter(pk=site.pk).update(address="Stranden 1", name="Parkhaus Nord, level −1")  # noqa: RUF001
    site.refresh_from_db()
    first = factories.charge_point(site, "NORD-07", connectors=2, password="", location="Bay 14, left wall")
    second = factories.charge_point(site, None, name="NORD-08", location="Bay 15, left wall")
    job = scene(site, first, second, instructions="Use torque 12 Nm.\nSwitch the breaker on last.")
    knocks(first)
    job.send("identity", job.row("NORD-08"), value=str(foreign_charge_point.identity))
    note_save(actor=HUB, row=job.row("NORD-07"), text="Mind the step in front of bay 14.")
    assert ConnectionAttempt.objects.filter(last_at__gt=factories.now() - timedelta(minutes=2)).exists()
    return job


def looked_at(page: Page, what: str, wrong: dict[str, list[str]]) -> None:
    """Note what is wrong with this page."""
    said = problems(page)
    small = page.evaluate(SMALL, SMALLEST)
    wrong[what] = [*said, *(f"too small: {found}" for found in small)]


def test_all_pages_on_a_phone(browser: Browser, server: StartServer, busy: Scene) -> None:
    url = server().url
    wrong: dict[str, list[str]] = {}
    _, locked = link_make(actor=HUB, job=busy.job, label="Kari", pin="4829")
    with browsers.opened(browser, width=390, height=844) as page:
        page.add_init_script(AXE_SCRIPT)
        page.goto(url + busy.base)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        looked_at(page, "page", wrong)
        page.fill(f"#row-{busy.row('NORD-07').pk}-identity", "no identity")
        page.press(f"#row-{busy.row('NORD-07').pk}-identity", "Enter")
        page.wait_for_selector(f"#row-{busy.row('NORD-07').pk}-identity-error")
        looked_at(page, "page with a fault", wrong)
        page.goto(f"{url}{busy.base}complete/")
        looked_at(page, "complete", wrong)
        page.goto(f"{url}/j/{locked}/")
        looked_at(page, "PIN", wrong)
        page.goto(f"{url}/j/nobody-made-this/")
        looked_at(page, "gone", wrong)
        without_script(browser, url, busy)
        page.goto(url + busy.base)
        page.wait_for_selector("text=This job is completed")
        looked_at(page, "completed", wrong)
    assert {name: said for name, said in wrong.items() if said} == {}
    assert Note.objects.get(side="installer").text == "By hand,\nwithout script"


def without_script(browser: Browser, url: str, job: Scene) -> None:
    """Write a note and complete the job, in a browser that runs no scripts."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page, pk = context.new_page(), job.row("NORD-07").pk
    page.goto(url + job.base)
    page.fill(f"#row-{pk}-note", "By hand,\nwithout script")
    page.click(f"#row-{pk} form[data-outbox=note] button")
    page.wait_for_url(f"**/#row-{pk}")
    page.click("text=Mark as complete")
    page.click("text=Complete all the same")
    page.wait_for_selector("text=This job is completed")
    context.close()
