import os
from datetime import UTC, datetime, timedelta
import pytest
from chargepoints.choices import Category, Direction
from chargepoints.models import LinkPeriod
from tests.browsers import sign_in, opened
from tests.portal.live_tools import append
from tests.test_tmp_data import fill

pytestmark = pytest.mark.django_db(transaction=True)

def test_shots(server, worker, browser, charge_point, alice):
    seqs = fill(charge_point)
    running = server()
    worker()
    for theme in ("light", "dark"):
        alice.theme = theme; alice.save()
        for (w, h) in ((1440, 900), (390, 844)):
            with opened(browser, width=w, height=h) as page:
                sign_in(page, running.url, alice)
                page.goto(f"{running.url}/charge-points/{charge_point.pk}/")
                page.wait_for_timeout(1500)
                page.screenshot(path=f"/tmp/u2/{theme}-{w}.png", full_page=(w == 390))
                if w == 1440:
                    page.locator(".ln.err summary").first.click()
                    page.wait_for_timeout(300)
                    append(charge_point, 3)
                    page.wait_for_timeout(1500)
                    page.screenshot(path=f"/tmp/u2/{theme}-open.png")
                    page.locator("[popovertarget]").first.click()
                    page.wait_for_timeout(300)
                    page.screenshot(path=f"/tmp/u2/{theme}-legend.png")
                else:
                    page.locator(".lines").scroll_into_view_if_needed()
                    page.screenshot(path=f"/tmp/u2/{theme}-phone.png")
