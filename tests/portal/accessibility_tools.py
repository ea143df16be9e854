"""Walking every page with axe."""

from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from django.urls import Resolver404, resolve, reverse
from playwright.sync_api import Browser, Page

from tests import browsers
from tests.portal.every_page import Stage

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
# In the other theme only the colours are others.
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
DESK, PHONE = (1440, 900), (390, 844)
# Between desk and phone only the width can go wrong.
BETWEEN = (1000, 800)


def too_wide(page: Page) -> list[str]:
    """Whether the page scrolls sideways."""
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{width} px wider than the window"] if width > 0 else []


def problems(page: Page) -> list[str]:
    """What axe finds in light, and of the colours in dark; and whether the page scrolls sideways."""
    said = too_wide(page)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        options = OPTIONS if scheme == "light" else COLOURS
        found = page.evaluate("options => axe.run(options).then(found => found.violations)", options)
        said += [f"{scheme} {rule['id']}: {[node['html'][:120] for node in rule['nodes']][:3]}" for rule in found]
    return said


def _address(url: str) -> str:
    try:
        return resolve(url.partition("?")[0]).view_name
    except Resolver404:
        return url


def _between(page: Page) -> list[str]:
    page.set_viewport_size({"width": BETWEEN[0], "height": BETWEEN[1]})
    said = too_wide(page)
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    return said


def every_page_walked(browser: Browser, stage: Stage, size: tuple[int, int]) -> None:
    """Every page at one size; fails with what is wrong on each."""
    wrong: dict[str, list[str]] = {}
    known: set[str] = set()
    with browsers.opened(browser, width=size[0], height=size[1]) as page:
        page.add_init_script(AXE_SCRIPT)
        page.goto(stage.server.url + "/login/")
        wrong["login"] = problems(page)
        browsers.sign_in(page, stage.server.url, stage.alice)
        for url in stage.urls():
            page.goto(stage.server.url + url)
            # On the phone, of the pages of one address (such as the forms of all actions) only the first has axe:
            # their HTML is that of the desk, which is looked at whole.
            is_first = size == DESK or _address(url) not in known
            known.add(_address(url))
            wrong[url] = problems(page) if is_first else too_wide(page)
            if size == DESK:
                wrong[f"{url} between"] = _between(page)
        page.goto(stage.server.url + reverse("audit"))
        page.click(".deeds summary")
        wrong["an audit entry, open"] = problems(page)
        page.goto(stage.server.url + reverse("charge_point", args=[stage.busy.pk]))
        page.click("#acts-more summary")
        wrong["more actions, open"] = problems(page)
        for kind in ("start", "reboot", "stop", "trigger", "set_profile", "clear_profile", "reserve", "call"):
            page.click(f"#act-{kind}")
            page.wait_for_selector("dialog[open]")
            wrong[f"dialog {kind}"] = problems(page)
            page.keyboard.press("Escape")
            page.wait_for_selector("dialog", state="detached")
    assert {url: said for url, said in wrong.items() if said} == {}
