"""The public page on a phone with its script: kept on the phone, sent once, shown as it is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from chargepoints.models import ChargePoint, Site
from hub.audit.records import HUB
from installer.models import JobEdit, JobPhoto, Note
from installer.services.links import link_revoke
from installer.services.notes import note_save
from tests import browsers, factories
from tests.conftest import StartServer
from tests.installer.scene import Scene, scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SECONDS = 1000
CONTROLLED = """new Promise(ok => navigator.serviceWorker.controller ? ok()
    : navigator.serviceWorker.addEventListener('controllerchange', () => ok()))"""


@pytest.fixture
def job(site: Site, foreign_charge_point: ChargePoint) -> Scene:
    """A job of two charge points."""
    points = [factories.charge_point(site, name, connectors=2) for name in ("NORD-07", "NORD-08")]
    return scene(site, *points)


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


def picture(width: int = 2400, height: int = 1800) -> dict[str, object]:
    """A photo as a camera makes it."""
    held = BytesIO()
    Image.effect_noise((width, height), 40).convert("RGB").save(held, "JPEG", quality=80)
    return {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": held.getvalue()}


def banner(page: Page, words: str) -> None:
    """Wait until the line at the top says this."""
    expect(page.locator("#net")).to_contain_text(words, timeout=15 * SECONDS)


def is_kept(page: Page) -> None:
    """Wait until the page is there without network."""
    page.evaluate(CONTROLLED)
