"""Walking every page with axe."""

from functools import partial
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from django.urls import reverse
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
# Between desk and phone only the width can go wrong.
WIDTH_ONLY = (1000, 800)


def problems(page: Page, *, width_only: bool = False) -> list[str]:
    """What axe finds in light, and of the colours in dark; and whether the page scrolls sideways."""
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    said = [f"{width} px wider than the window"] if width > 0 else []
    if width_only:
        return said
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        options = OPTIONS if scheme == "light" else COLOURS
        found = page.evaluate("options => axe.run(options).then(found => found.violations)", options)
        said += [f"{scheme} {rule['id']}: {[node['html'][:120] for node in rule['nodes']][:3]}" for rule in found]
    return said


def every_page_walked(browser: Browser, stage: Stage, size: tuple[int, int]) -> None:
    """Every page at one size; fails with what is wrong on each."""
    wrong: dict[str, list[str]] = {}
    look = partial(problems, width_only=size == WIDTH_ONLY)
    with browsers.opened(browser, width=size[0], height=size[1]) as page:
        if size != WIDTH_ONLY:
            page.add_init_script(AXE_SCRIPT)
        page.goto(stage.server.url + "/login/")
        wrong["login"] = look(page)
        browsers.sign_in(page, stage.server.url, stage.alice)
        for url in stage.urls():
            page.goto(stage.server.url + url)
            wrong[url] = look(page)
        page.goto(stage.server.url + reverse("audit"))
        page.click(".deeds summary")
        wrong["an audit entry, open"] = look(page)
        page.goto(stage.server.url + reverse("charge_point", args=[stage.busy.pk]))
        page.click("#acts-more summary")
        wrong["more actions, open"] = look(page)
        for kind in ("start", "reboot", "stop", "trigger", "set_profile", "clear_profile", "reserve", "call"):
            page.click(f"#act-{kind}")
            page.wait_for_selector("dialog[open]")
            wrong[f"dialog {kind}"] = look(page)
            page.keyboard.press("Escape")
            page.wait_for_selector("dialog", state="detached")
    assert {url: said for url, said in wrong.items() if said} == {}
