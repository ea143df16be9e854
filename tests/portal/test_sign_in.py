"""Signing in: two steps, limits on guessing, and nothing that tells whether somebody exists."""

import re
import time
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from hub.account.second_factor import code_check, device_begin, device_confirm, needs_second_factor
from hub.audit.models import AuditEntry
from hub.audit.records import Actor
from hub.teams.models import Organisation, SignIn, User
from tests import factories
from tests.conftest import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_passwords")]
PASSWORD = factories.PASSWORD
TOO_MANY = 429


def code_of(device: TOTPDevice, steps: int = 0) -> str:
    """What the app shows, or showed or will show some steps of 30 s away."""
    totp = TOTP(device.bin_key)
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06d}"


def with_factor(user: User) -> tuple[TOTPDevice, list[str]]:
    """Set the second factor of `user` up; the recovery codes."""
    device = device_begin(user)
    _, codes = device_confirm(actor=Actor.of(user), user=user, code=code_of(device, -1))
    assert len(codes) == 10
    return device, codes


def first_step(client: Client, password: str = PASSWORD, username: str = "dora", then: str = "") -> str:
    """Give name and password; where that leads to, or the page."""
    response = client.post("/login/", {"username": username, "password": password, "next": then})
    return response.headers.get("Location", "") or response.content.decode()


def test_password_alone_is_enough_without_a_second_factor(client: Client, dora: User) -> None:
    assert first_step(client, then="/people/") == "/people/"
    assert client.get("/").status_code == 200
    assert client.get("/login/").headers["Location"] == "/"
    entry = AuditEntry.objects.get(act="user.signed_in")
    assert (entry.actor_name, entry.object_name, entry.address, entry.organisation) == (
        "dora",
        "dora",
        "127.0.0.1",
        dora.memberships.get().organisation,
    )


def test_there_is_no_session_between_the_steps(client: Client, dora: User) -> None:
    device, _ = with_factor(dora)
    assert first_step(client, then="/people/") == "/login/code/"
    assert client.get("/").headers["Location"] == "/login/?next=/"
    assert not SignIn.objects.exists()
    assert "_auth_user_id" not in client.session
    before = client.session.session_key
    assert client.post("/login/code/", {"code": code_of(device)}).headers["Location"] == "/people/"
    assert client.session.session_key != before
    assert client.get("/").status_code == 200
    assert "first_step" not in client.session


def test_a_code_is_good_once(client: Client, dora: User) -> None:
    device, _ = with_factor(dora)
    code = code_of(device)
    first_step(client)
    assert client.post("/login/code/", {"code": code}).headers["Location"] == "/"
    other = Client()
    first_step(other)
    assert "This code is not good" in other.post("/login/code/", {"code": code}).content.decode()


def test_wrong_codes_cost_time(client: Client, dora: User) -> None:
    device, _ = with_factor(dora)
    first_step(client)
    assert "Type the code." in client.post("/login/code/", {}).content.decode()
    for _ in range(3):
        page = client.post("/login/code/", {"code": "000000"}).content.decode()
    assert "Wait " in page
    assert "Wait " in client.post("/login/code/", {"code": code_of(device)}).content.decode()
    assert client.get("/").status_code == 302
    assert AuditEntry.objects.filter(act="user.sign_in_failed", reason="wrong code").count() == 4


def test_the_second_step_ends_after_five_minutes_and_with_the_password(client: Client, dora: User) -> None:
    device, _ = with_factor(dora)
    assert client.get("/login/code/").headers["Location"] == "/login/"
    first_step(client)
    session = client.session
    session["first_step"] = {**session["first_step"], "at": session["first_step"]["at"] - 301}
    session.save()
    assert client.post("/login/code/", {"code": code_of(device)}).headers["Location"] == "/login/"
    first_step(client)
    dora.set_password("another-long-pass-phrase")
    dora.save()
    assert client.post("/login/code/", {"code": code_of(device)}).headers["Location"] == "/login/"


def test_recovery_codes_work_once_each(client: Client, dora: User) -> None:
    _, codes = with_factor(dora)
    first_step(client)
    assert "recovery codes" in client.get("/login/code/?recovery=1").content.decode()
    assert client.post("/login/code/", {"code": codes[0].upper()}).headers["Location"] == "/"
    assert not code_check(dora, codes[0]).is_good
    assert AuditEntry.objects.get(act="user.signed_in").reason == "password and recovery code"


def test_nothing_tells_whether_somebody_exists(client: Client, dora: User) -> None:
    answers = [first_step(client, "wrong", name) for name in ("dora", "nobody-of-this-name")]
    assert "The user name or the password is wrong" in answers[0]
    masked = [re.sub(r'(name="csrfmiddlewaretoken"|data-now)[^>]*', "", answer) for answer in answers]
    assert masked[0] == masked[1].replace("nobody-of-this-name", "dora")
    failed = AuditEntry.objects.get(act="user.sign_in_failed")
    assert (failed.object_name, failed.actor_name) == ("dora", "Not signed in")


@pytest.mark.parametrize("name", ["dora", "nobody-of-this-name"])
def test_too_many_wrong_passwords_have_to_wait(client: Client, dora: User, name: str) -> None:
    for _ in range(4):
        assert "is wrong" in first_step(client, "wrong", name)
    response = client.post("/login/", {"username": name, "password": "wrong"})
    assert (response.status_code, response["Retry-After"]) == (TOO_MANY, "900")
    assert "Try again in 15 minutes" in response.content.decode()
    assert "Try again in" in first_step(client, PASSWORD, name)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=5))
    assert "Try again in 10 minutes" in first_step(client, PASSWORD, name)
    assert first_step(Client(REMOTE_ADDR="192.0.2.7"), PASSWORD, "dora") == "/"
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert first_step(client, PASSWORD, "dora") == "/"


def test_a_success_forgets_the_failures(client: Client, dora: User) -> None:
    for _ in range(3):
        for _ in range(4):
            first_step(client, "wrong")
        assert first_step(client) == "/"
        client.post("/logout/")


def test_an_address_that_tries_many_names_has_to_wait(client: Client, dora: User) -> None:
    moment = timezone.now()
    AccessAttempt.objects.bulk_create(
        AccessAttempt(username=f"n{n}", ip_address="127.0.0.1", attempt_time=moment, failures_since_start=1)
        for n in range(50)
    )
    assert "Try again in 15 minutes" in first_step(client)
    assert first_step(Client(REMOTE_ADDR="192.0.2.7")) == "/"


def test_people_who_are_deactivated_do_not_get_in(client: Client, dora: User) -> None:
    User.objects.filter(pk=dora.pk).update(is_active=False)
    assert "is wrong" in first_step(client)


@pytest.mark.parametrize("data", [{}, {"username": "dora"}, {"username": "do\x00ra", "password": "x"}])
def test_bad_input_is_a_wrong_password(client: Client, dora: User, data: dict[str, str]) -> None:
    assert "is wrong" in client.post("/login/", data).content.decode()


def test_sign_in_leads_nowhere_else(client: Client, dora: User) -> None:
    assert first_step(client, then="https://evil.example/") == "/"


def test_the_administration_has_the_same_door(client: Client, dora: User) -> None:
    assert client.get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/").headers["Location"] == "/login/?next=%2Fadmin%2F"
    assert client.post("/admin/login/", {"username": "dora", "password": PASSWORD}).status_code == 405
    assert signed_in(dora).get("/admin/login/").status_code == 403
    User.objects.filter(pk=dora.pk).update(is_staff=True)
    assert signed_in(dora).get("/admin/login/").headers["Location"] == "/admin/"


def test_who_must_have_a_second_factor_sees_only_its_set_up(client: Client, dora: User, nordlys: Organisation) -> None:
    Organisation.objects.filter(pk=nordlys.pk).update(requires_second_factor=True)
    first_step(client)
    for url in ("/", "/account/", "/people/", "/admin/", "/overview/kpis/"):
        assert client.get(url).headers["Location"] == "/account/second-factor/", url
    assert client.get("/", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/account/second-factor/"
    page = client.get("/account/second-factor/").content.decode()
    assert "Your organisation asks for one" in page
    assert 'aria-label="Main"' not in page
    device = TOTPDevice.objects.get(user=dora)
    assert needs_second_factor(dora)
    done = client.post("/account/second-factor/", {"code": code_of(device)})
    assert "Keep these codes" in done.content.decode()
    assert client.get("/").status_code == 200
    assert not needs_second_factor(dora)


def test_the_other_organisations_rule_is_not_ones_own(client: Client, dora: User, fjord: Organisation) -> None:
    Organisation.objects.filter(pk=fjord.pk).update(requires_second_factor=True)
    first_step(client)
    assert client.get("/").status_code == 200


def test_sign_out_ends_the_session(client: Client, dora: User) -> None:
    first_step(client)
    key = client.session.session_key
    client.post("/logout/")
    assert SignIn.objects.get().end_reason == "signed out"
    assert not Session.objects.filter(session_key=key).exists()
