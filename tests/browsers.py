"""Chromium for tests: where it is, how it starts, and being signed in."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from hub.teams.models import User

NAMES = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """The path of a Chromium. Without one the test is skipped, and fails in CI."""
    found = os.environ.get("HUB_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), "")
    if found:
        return found
    sentence = "There is no Chromium. Install the package chromium, or name one in HUB_CHROMIUM."
    if os.environ.get("CI"):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@contextmanager
def launched() -> Iterator[Browser]:
    """A running Chromium. Playwright leaves its event loop running in this thread; ORM calls stay allowed."""
    path = chromium()
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
            try:
                yield browser
            finally:
                browser.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@contextmanager
def opened(browser: Browser, *, width: int = 1440, height: int = 900) -> Iterator[Page]:
    """A page in a fresh context. At its end: no script error and no break of the content security policy."""
    wrong: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            wrong.append(message.text)

    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.on("console", heard)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert wrong == [], wrong


def sign_in(page: Page, url: str, person: User) -> None:
    """Give the page's browser the session of `person` at the server `url`."""
    client = Client()
    client.force_login(person)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": url}])
