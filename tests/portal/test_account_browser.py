"""In a real browser: the second factor from its set-up to the next sign-in, an invitation, and axe on these pages."""

import re
import time
from base64 import b32decode
from datetime import timedelta

import pytest
from django.core import mail
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import Browser, Page, expect

from chargepoints.selectors.members import Scope
from chargepoints.services.invitations import invitation_create, invitation_mail
from hub.audit.records import Actor
from hub.teams.choices import Role
from hub.teams.models import Member, Organisation, User
from tests import browsers, factories
from tests.conftest import StartServer
from tests.portal.accessibility_tools import problems
from tests.portal.test_sign_in import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def code(secret: str, steps: int = 0) -> str:
    """The code that an app with this secret shows, `steps` times 30 s from now."""
    totp = TOTP(b32decode(secret.replace(" ", "")))
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06d}"


def test_second_factor_and_invitation(page: Page, server: StartServer, nordlys: Organisation) -> None:
    """Nora is invited, joins, is led to the set-up of her second factor, and signs in with it."""
    Organisation.objects.filter(pk=nordlys.pk).update(requires_second_factor=True)
    alice = factories.user("alice", first_name="Alice")
    factories.member(nordlys, alice, Role.ADMIN)
    url = server().url
    made = invitation_create(
        actor=Actor.of(alice),
        by=alice,
        email="nora@example.com",
        scope=Scope(nordlys),
        role=Role.SUPPORT,
        sites=[],
        base=url,
    )
    invitation_mail(invitation_id=made.pk, base=url)
    found = re.search(r"http\S+", str(mail.outbox[0].body))
    assert found
    page.goto(found[0])
    page.get_by_label("User name").fill("nora")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    assert problems(page) == []
    page.get_by_text("It cannot scan?").click()
    secret = page.locator("#secret").inner_text()
    page.get_by_label("Type the six digits").fill("000000")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not the code that the app shows now")
    expect(page.locator("#id_code")).to_be_focused()
    time.sleep(1)
    TOTPDevice.objects.update(throttling_failure_timestamp=factories.now() - timedelta(minutes=1))
    page.get_by_label("Type the six digits").fill(code(secret, -1))
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("#codes")).to_contain_text("-")
    recovery = page.locator("#codes").inner_text().split()
    assert len(recovery) == 10
    assert problems(page) == []
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    for given in (code(secret), recovery[0]):
        page.get_by_label("User name").fill("nora")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
        if "-" in given:
            page.get_by_role("link", name="I do not have my phone").click()
        assert problems(page) == []
        page.locator("#id_code").fill(given)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Chargers", exact=True)).to_be_visible()
        page.get_by_role("button", name="Sign out").click()


def test_pages_are_for_everybody(browser: Browser, server: StartServer, alice: User, bob: User) -> None:
    """Each kind of page, on a desk in light colours or on a phone in dark ones; what is wide, on both."""
    bobs = Member.objects.get(user=bob).pk
    url = server().url
    desk = ("/people/", f"/people/{bobs}/", "/people/?q=nobody-like-this", "/account/second-factor/")
    phone = ("/people/", "/account/", f"/people/{bobs}/remove/", "/people/invite/", "/password-reset/")
    wrong: dict[str, list[str]] = {}
    for width, scheme, paths in ((1440, "light", desk), (390, "dark", phone)):
        with browsers.opened(browser, width=width, height=844) as page:
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
            browsers.sign_in(page, url, alice)
            for path in paths:
                page.goto(url + path)
                wrong[f"{path} {scheme}"] = problems(page)
    assert {path: said for path, said in wrong.items() if said} == {}


def test_people_are_found_while_typing_and_shortcuts_can_be_off(
    page: Page, server: StartServer, alice: User, bob: User
) -> None:
    url = server().url
    browsers.sign_in(page, url, alice)
    page.goto(url + "/people/")
    page.keyboard.press("/")
    page.keyboard.type("bob")
    expect(page.get_by_text("1 membership found")).to_be_visible()
    assert page.url == url + "/people/?q=bob"
    User.objects.filter(pk=alice.pk).update(shortcuts=False)
    page.goto(url + "/people/")
    page.keyboard.press("/")
    expect(page.locator("#q")).not_to_be_focused()
