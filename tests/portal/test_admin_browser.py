"""The administration in a real browser: nothing breaks the content security policy."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from chargepoints.models import ChargePoint, Site
from hub.teams.models import User
from tests.browsers import sign_in
from tests.conftest import StartServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LISTS = ("site", "chargepoint", "charge", "logline", "metersample", "connectionattempt")


def test_pages_keep_the_policy(server: StartServer, page: Page, alice: User, charge_point: ChargePoint) -> None:
    """The `page` fixture fails on a violation; here every kind of page is opened."""
    running = server()
    sign_in(page, running.url, alice)
    addresses = [reverse("admin:index")]
    addresses += [reverse(f"admin:chargepoints_{name}_changelist") for name in LISTS]
    addresses += [reverse("admin:chargepoints_chargepoint_change", args=[charge_point.pk])]
    addresses += [reverse(f"admin:teams_{name}_changelist") for name in ("apikey", "invitation", "signin")]
    addresses += [reverse("admin:audit_auditentry_changelist")]
    addresses += [reverse("admin:teams_user_changelist"), reverse("admin:teams_user_add")]
    for address in addresses:
        page.goto(running.url + address)
        expect(page.locator("#site-name")).to_have_text("Administration")


def test_a_site_is_chosen_by_typing(
    server: StartServer, page: Page, alice: User, charge_point: ChargePoint, far_site: Site, foreign_site: Site
) -> None:
    running = server()
    sign_in(page, running.url, alice)
    page.goto(running.url + reverse("admin:chargepoints_chargepoint_change", args=[charge_point.pk]))
    page.locator(".field-site .select2-selection").click()
    options = page.locator(".select2-results__option:not(.loading-results)")
    expect(options).to_have_text(["Aker Brygge", "Bergen Havn"])
    page.locator(".select2-search__field").fill("berg")
    expect(options).to_have_text(["Bergen Havn"])
    options.first.click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_contain_text("was changed successfully")
    charge_point.refresh_from_db()
    assert charge_point.site == far_site
