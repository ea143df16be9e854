"""Every page in a real browser: axe, no sideways scroll, no break of the policy; light and dark, desk and phone."""

import gzip

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser

from chargepoints.models import (
    ChargePoint,
)
from hub.teams.models import User
from tests import browsers
from tests.conftest import StartServer
from tests.portal.accessibility_tools import DESK, every_page_walked
from tests.portal.every_page import Stage, stage_made

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# The phone has a file of its own, so that two workers share the way.
KILOBYTE = 1024


@pytest.fixture
def stage(server: StartServer, alice: User, charge_point: ChargePoint, far_charge_point: ChargePoint) -> Stage:
    """A portal with something of everything on it."""
    return stage_made(server(), alice, charge_point, far_charge_point)


def test_every_page(browser: Browser, stage: Stage) -> None:
    every_page_walked(browser, stage, DESK)


def test_pages_are_light(stage: Stage) -> None:
    client = Client()
    client.force_login(stage.alice)
    for url in stage.urls():
        body = client.get(url).content
        assert len(gzip.compress(body)) < (20 if url == reverse("api_reference") else 15) * KILOBYTE, url


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        (["ui/tokens.css", "ui/app.css"], 12),
        (["vendor/idiomorph-ext.min.js", "ui/desk.js"], 9),
        (["ui/fonts/inter.woff2", "ui/fonts/jbmono.woff2"], 90),
    ],
)
def test_assets_are_light(stage: Stage, browser: Browser, files: list[str], limit: int) -> None:
    with browsers.opened(browser) as page:
        bodies = [page.request.get(f"{stage.server.url}/static/{file}").body() for file in files]
    sizes = [
        len(body) if file.endswith("woff2") else len(gzip.compress(body))
        for file, body in zip(files, bodies, strict=True)
    ]
    assert sum(sizes) < limit * KILOBYTE
