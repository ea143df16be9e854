"""The live log and the live overview in a real Chromium, against a real server and worker."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from playwright.sync_api import Dialog, Page, WebSocketRoute, expect

from chargepoints.choices import Category
from chargepoints.models import ChargePoint
from hub.teams.models import User
from tests.browsers import sign_in
from tests.conftest import StartServer, StartWorker
from tests.portal.live_tools import append, sequences
from tests.stage import Server

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NASTY = "<img src=x onerror=alert(1)><script>alert(2)</script>&amp;"
SHOWN = "rows => [...rows.querySelectorAll('.ln')].map(row => +row.dataset.seq)"
LONG = 20_000


def visit(page: Page, server: Server, charge_point: ChargePoint, person: User, query: str = "") -> None:
    """Open the charge point's page, signed in, and wait until it is live."""
    sign_in(page, server.url, person)
    page.goto(f"{server.url}/charge-points/{charge_point.pk}/{query}")
    expect(page.locator("html")).to_have_attribute("data-live", "live", timeout=LONG)


def shown(page: Page) -> list[int]:
    """The sequences of the rows in the page, from top to bottom."""
    found: list[int] = page.locator(".rows").evaluate(SHOWN)
    return found


def until_shown(page: Page, wanted: list[int], seconds: float = 20) -> None:
    """Wait until the page has exactly these rows in this order."""
    until(page, lambda: shown(page) == wanted, lambda: f"{len(wanted)} rows, not {len(shown(page))}", seconds)


def until(page: Page, holds: Callable[[], bool], what: Callable[[], str], seconds: float = 20) -> None:
    """Poll a condition of the page, which the security policy does not let it poll by itself."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what()}"
        page.wait_for_timeout(50)


@contextmanager
def writing(charge_point: ChargePoint) -> Iterator[None]:
    """Append 20 lines a second meanwhile."""
    stop = threading.Event()

    def write() -> None:
        try:
            while not stop.wait(0.05):
                append(charge_point)
        finally:
            connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_no_row_is_lost_while_the_server_is_killed(
    page: Page, server: StartServer, worker: StartWorker, charge_point: ChargePoint, alice: User
) -> None:
    """Killed for 3 s at 20 lines a second, restarted on the same port: every row once, in order, and it says so."""
    running = server()
    worker()
    append(charge_point)
    visit(page, running, charge_point, alice)
    with writing(charge_point):
        until(page, lambda: len(shown(page)) > 15, lambda: "rows")
        running.kill()
        expect(page.locator("[data-live-mark]").first).to_contain_text("Reconnecting, data from")
        page.wait_for_timeout(3000)
        running.start()
        expect(page.locator("html")).to_have_attribute("data-live", "live", timeout=LONG)
        page.wait_for_timeout(500)
    until_shown(page, sequences(charge_point))
    assert len(shown(page)) > 60
    expect(page.locator("[data-log-foot]")).to_contain_text("caught up after the last reconnect")
    expect(page.locator(".rows .gap")).to_contain_text("This page was not connected for")


def test_pausing_keeps_rows_aside(
    page: Page, server: StartServer, worker: StartWorker, charge_point: ChargePoint, alice: User
) -> None:
    """Space pauses; the pill counts; it resumes with every row in its place. Scrolling up pauses, too."""
    append(charge_point, 100)
    running = server()
    worker()
    visit(page, running, charge_point, alice)
    before = shown(page)
    page.keyboard.press(" ")
    expect(page.locator("#pause")).to_be_checked()
    append(charge_point, 12)
    expect(page.locator(".newrows")).to_have_text("12 new lines", timeout=LONG)
    assert shown(page) == before
    page.locator(".newrows").click()
    until_shown(page, sequences(charge_point))
    page.locator(".lines").hover()
    page.mouse.wheel(0, -400)
    expect(page.locator("#pause")).to_be_checked()
    page.mouse.wheel(0, 4000)
    expect(page.locator("#pause")).not_to_be_checked()


def test_categories_switch_by_key_and_stay_in_the_address(
    page: Page, server: StartServer, charge_point: ChargePoint, alice: User
) -> None:
    """Keys 1 to 5 hide a category, E leaves only errors; a reload shows the same."""
    append(charge_point, 2)
    append(charge_point, category=Category.TRANSACTION, action="StopTransaction")
    append(charge_point, category=Category.SECURITY, action="Authorize", is_error=True)
    visit(page, server(), charge_point, alice)
    page.keyboard.press("1")
    expect(page.locator(".ln.c-state").first).to_be_hidden()
    expect(page.locator(".ln.c-txn")).to_be_visible()
    assert "hide=state" in page.url
    page.reload()
    expect(page.locator(".ln.c-state").first).to_be_hidden()
    page.keyboard.press("1")
    page.keyboard.press("e")
    expect(page.locator(".ln:visible")).to_have_count(1)
    expect(page.locator(".ln.err")).to_be_visible()
    assert page.locator("[data-count=c-state]").inner_text() == "2"


def test_readings_fold(
    page: Page, server: StartServer, worker: StartWorker, charge_point: ChargePoint, alice: User
) -> None:
    """A run of MeterValues and Heartbeats is one row with their count, live too; it opens."""
    append(charge_point)
    append(charge_point, 4, category=Category.METER, action="MeterValues")
    append(charge_point, action="Heartbeat")
    running = server()
    worker()
    visit(page, running, charge_point, alice)
    fold = page.locator(".folds")
    expect(fold).to_contain_text("4 MeterValues and 1 Heartbeat folded")
    append(charge_point, category=Category.METER, action="MeterValues")
    expect(fold).to_contain_text("5 MeterValues and 1 Heartbeat folded", timeout=LONG)
    expect(page.locator(".ln:visible")).to_have_count(1)
    fold.click()
    expect(page.locator(".ln:visible")).to_have_count(7)
    assert shown(page) == sequences(charge_point)


def test_a_row_opens_in_place(page: Page, server: StartServer, charge_point: ChargePoint, alice: User) -> None:
    """Pretty only when opened, tokens untouched; J, K, C, L and 'Only this action' do what they say."""
    raw = '[2,"7","StatusNotification",{"info":"a, b: {c}","value":1.10,"big":12345678901234567890}]'
    append(charge_point, action="Heartbeat", text="NoError")
    seq = append(charge_point, request=raw, answer='[3,"7",{}]')[0]
    running = server()
    visit(page, running, charge_point, alice)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    row = page.locator(f"#m{seq}")
    page.keyboard.press("j")
    expect(row.locator("summary")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator(".ln").first.locator("summary")).to_be_focused()
    row.locator("summary").click()
    expect(row.locator("pre").first).to_have_text(
        '[2, "7", "StatusNotification", {\n  "info": "a, b: {c}",\n  "value": 1.10,\n  "big": 12345678901234567890\n}]',
        use_inner_text=True,
    )
    expect(row.locator("pre").last).to_have_text('[3, "7", {}]')
    page.keyboard.press("c")
    expect(page.locator("#say")).to_have_text("JSON copied")
    assert page.evaluate("navigator.clipboard.readText()") == f'{raw}\n[3,"7",{{}}]'
    page.keyboard.press("l")
    expect(page.locator("#say")).to_have_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{running.url}/charge-points/{charge_point.pk}/log/lines/{seq}/"
    row.get_by_role("button", name="Only this action").click()
    until_shown(page, [seq])
    page.locator("[data-log-search]").fill("")
    until_shown(page, sequences(charge_point))


def test_what_a_charger_says_is_text(
    page: Page, server: StartServer, worker: StartWorker, charge_point: ChargePoint, alice: User
) -> None:
    """Markup from the charger shows as written: on the page, live, and pretty-printed."""
    said: list[str] = []

    def heard(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", heard)
    append(charge_point, fact=NASTY, request=f'[2,"1","X",{{"a":"{NASTY}"}}]', answer=NASTY)
    running = server()
    worker()
    visit(page, running, charge_point, alice)
    append(charge_point, action=NASTY[:60], text=NASTY, request=f'["{NASTY}"]')
    until_shown(page, sequences(charge_point))
    for row in page.locator(".ln").all():
        row.locator("summary").click()
        expect(row.locator("pre").first).to_contain_text(NASTY)
    expect(page.locator(".tx b").first).to_have_text(NASTY)
    assert page.locator(".rows img, .rows script").count() == 0
    assert said == []


def test_older_lines_come_before(page: Page, server: StartServer, charge_point: ChargePoint, alice: User) -> None:
    """Page by page up to the first one, which is the last that is offered."""
    append(charge_point, 450)
    every = sequences(charge_point)
    visit(page, server(), charge_point, alice)
    assert shown(page) == every[-200:]
    older = page.locator("[data-older]")
    for start in (50, 0):
        older.click()
        until_shown(page, every[start:])
    expect(older).to_be_hidden()


def test_permalink_is_marked_and_paused(
    page: Page, server: StartServer, charge_point: ChargePoint, alice: User
) -> None:
    """The line is open in the middle of its neighbours; Resume leads to the newest."""
    every = append(charge_point, 300)
    running = server()
    sign_in(page, running.url, alice)
    page.goto(f"{running.url}/charge-points/{charge_point.pk}/log/lines/{every[100]}/")
    expect(page.locator(f"#m{every[100]}")).to_be_in_viewport()
    expect(page.locator(".ln.mark[open]")).to_have_count(1)
    expect(page.locator("#pause")).to_be_checked()
    assert shown(page) == every[76:126]
    page.locator("label:has(#pause)").click()
    until_shown(page, every[-200:])


def test_a_login_that_ends_is_said(page: Page, server: StartServer, charge_point: ChargePoint, alice: User) -> None:
    """No endless reconnecting: a link to sign in again, which leads back."""
    running = server(env={"HUB_LIVE_HEARTBEAT": "0.5"})
    visit(page, running, charge_point, alice)
    Session.objects.all().delete()
    link = page.locator(".top [data-live-mark] a")
    expect(link).to_have_text("Sign in again", timeout=LONG)
    assert link.get_attribute("href") == f"/login/?next=%2Fcharge-points%2F{charge_point.pk}%2F"


def test_after_a_gap_the_page_starts_afresh(
    page: Page, server: StartServer, charge_point: ChargePoint, alice: User
) -> None:
    """What the server leaves out is said, in its place; 'Older lines' goes into the gap."""
    sockets: list[WebSocketRoute] = []

    def through(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket("**/ws/**", through)
    append(charge_point, 250)
    visit(page, server(env={"HUB_LIVE_HEARTBEAT": "0.5"}), charge_point, alice)
    sockets[0].send('{"t":"gap","n":1000}')
    append(charge_point, 3)
    every = sequences(charge_point)
    until_shown(page, every[-3:])
    expect(page.locator(".gap")).to_have_text('1\u2009000 lines above not shown. "Older lines" goes back to them.')
    page.locator("[data-older]").click()
    until_shown(page, every[-203:])


def test_without_sockets_the_page_polls(
    page: Page, server: StartServer, charge_point: ChargePoint, alice: User
) -> None:
    """A proxy that closes every socket: after 10 s the rows come over HTTP, and the page says that it is stale."""
    page.clock.install()

    def refuse(socket: WebSocketRoute) -> None:
        socket.close(code=4999)

    page.route_web_socket("**/ws/**", refuse)
    append(charge_point)
    running = server()
    sign_in(page, running.url, alice)
    page.goto(f"{running.url}/charge-points/{charge_point.pk}/")
    expect(page.locator("html")).to_have_attribute("data-live", "lost", timeout=LONG)
    page.clock.fast_forward(10_000)
    expect(page.locator("html")).to_have_attribute("data-live", "stale", timeout=LONG)
    append(charge_point, 3)
    page.clock.fast_forward(5_000)
    until_shown(page, sequences(charge_point))
