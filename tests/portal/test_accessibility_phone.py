"""Every page on a phone, in a real browser; see test_accessibility.py."""

import pytest
from playwright.sync_api import Browser

from chargepoints.models import ChargePoint
from hub.teams.models import User
from tests.conftest import StartServer
from tests.portal.accessibility_tools import PHONE, every_page_walked
from tests.portal.every_page import stage_made

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_every_page(
    browser: Browser, server: StartServer, alice: User, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    every_page_walked(browser, stage_made(server(), alice, charge_point, far_charge_point), PHONE)
