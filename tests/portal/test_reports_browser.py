"""Reports, home charging and the ledger in a real browser, on the desk and on a phone."""

from datetime import timedelta
from decimal import Decimal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, expect

from chargepoints.models import ChargePoint, Driver, HomeCharger
from chargepoints.services.ledger import wallet_top_up
from hub.audit.records import HUB
from hub.teams.models import User
from tests import browsers, factories
from tests.conftest import StartServer
from tests.portal.accessibility_tools import problems
from tests.portal.report_tools import charge
from tests.portal.test_ledger_page import wallet

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def kari(charge_point: ChargePoint) -> Driver:
    """A driver with a home charger, two charges of hers and one of somebody else's."""
    organisation, now = charge_point.site.team.organisation, factories.now()
    driver = factories.driver(organisation, "Kari Nordmann")
    HomeCharger.objects.create(
        charge_point=charge_point, driver=driver, per_kwh=Decimal("1.35"), currency="NOK", valid_from=now.replace(day=1)
    )
    for hours, holder in ((2, driver), (4, driver), (6, None)):
        begin = max(now - timedelta(hours=hours), now.replace(day=1))
        charge(charge_point, begin, minutes=30, driver=holder, net="80", vat="20")
    wallet_top_up(method=wallet(organisation, "Ola"), amount=Decimal(100), key="1", actor=HUB)
    return driver


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_every_page(width: int, height: int, browser: Browser, server: StartServer, alice: User, kari: Driver) -> None:
    running = server()
    month = f"{factories.now():%Y-%m}"
    pages = ["", "?by=driver&period=range", "home/", "home/new/", f"home/drivers/{kari.pk}/?month={month}", "ledger/"]
    wrong: dict[str, list[str]] = {}
    with browsers.opened(browser, width=width, height=height) as page:
        page.add_init_script(AXE_SCRIPT)
        browsers.sign_in(page, running.url, alice)
        for path in pages:
            page.goto(f"{running.url}/reports/{path}")
            wrong[path] = problems(page)
        page.get_by_text("Check the books").click()
        expect(page.locator("#checked")).to_contain_text("The books are")
        wrong["checked"] = problems(page)
        page.goto(f"{running.url}/reports/")
        page.get_by_label("Period").select_option("year")
        expect(page.locator("#rep-h")).to_contain_text(f"1 Jan {factories.now().year}")
        assert "period=year" in page.url
        expect(page.get_by_role("button", name="Print")).to_be_visible()
        for form, begin in (("csv", b"\xef\xbb\xbfgroup"), ("xlsx", b"PK")):
            file = page.request.get(f"{running.url}/reports/export/{form}/?by=driver&period=year")
            assert file.body().startswith(begin)
    assert {path: said for path, said in wrong.items() if said} == {}
