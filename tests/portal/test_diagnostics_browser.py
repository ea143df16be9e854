"""Diagnostics in a real browser: the file comes while one looks on, and is deleted with a reason."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from chargepoints.choices import Effect, Integration
from chargepoints.models import ChargePoint, Command, Connection, DiagnosticsFile
from hub.teams.models import User
from tests import browsers
from tests.conftest import StartServer
from tests.factories import now
from tests.portal.diagnostics_tools import requested, uploaded

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_file_comes_and_goes(page: Page, server: StartServer, alice: User, charge_point: ChargePoint) -> None:
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.CONNECTED, state="available")
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, connected_at=now())
    running = server()
    browsers.sign_in(page, running.url, alice)
    page.goto(running.url + reverse("charge_point_diagnostics", args=[charge_point.pk]))
    expect(page.get_by_text("Nothing uploaded yet.")).to_be_visible()
    page.click("#ask-diagnostics")
    page.click("#action-send")
    expect(page.locator("#say")).to_contain_text("queued")
    expect(page.locator("#diagnostics .cmd")).to_be_visible()
    Command.objects.all().delete()
    command = requested(charge_point)
    file = uploaded(charge_point, "diag.zip", b"x" * 1_200_000, is_complete=False, sha256="", command=command)
    expect(page.get_by_text("coming, 1.2 MB so far")).to_be_visible(timeout=15_000)
    DiagnosticsFile.objects.filter(pk=file.pk).update(is_complete=True, sha256="ab" * 32, size=4_200_000)
    Command.objects.filter(pk=command.pk).update(effect=Effect.SEEN)
    expect(page.get_by_text("1 file kept, 4.2 MB; each for 90 days")).to_be_visible(timeout=15_000)
    page.get_by_role("link", name="Delete diag.zip").click()
    page.get_by_label("Reason").fill("Holds a driver's name")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Alice: Holds a driver's name")).to_be_visible(timeout=15_000)
    assert page.get_by_role("link", name="Download diag.zip").count() == 0
