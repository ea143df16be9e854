"""The account page: profile, password, second factor, sessions, and the way back in by mail."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import DjangoAssertNumQueries

from chargepoints.consumers.person import person_of
from hub.account.agents import agent_words
from hub.account.second_factor import device_of, recovery_codes_left, secret_text
from hub.account.sessions import sessions_tidy
from hub.audit.models import AuditEntry
from hub.teams.models import Organisation, SignIn, User
from tests.conftest import signed_in
from tests.portal.test_sign_in import PASSWORD, code_of, first_step, with_factor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis", "quick_passwords")]
OTHER = "quite-another-pass-phrase"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def client(dora: User) -> Client:
    """Dora's browser."""
    return signed_in(dora)


def profile(**fields: str) -> dict[str, str]:
    """The form as the page sends it."""
    return {"email": "dora@example.com", "theme": "auto", "density": "normal", "shortcuts": "on", **fields}


URLS = [
    "/account/",
    "/account/password/",
    "/account/second-factor/",
    "/account/second-factor/off/",
    "/account/second-factor/recovery-codes/",
]


@pytest.mark.parametrize("url", URLS)
def test_needs_login(url: str) -> None:
    assert Client().get(url).headers["Location"] == f"/login/?next={url}"


def test_profile_is_kept_and_on_record(client: Client, dora: User) -> None:
    assert client.post("/account/", profile(first_name="Dora", theme="dark")).headers["Location"] == "/account/"
    dora.refresh_from_db()
    assert (dora.first_name, dora.theme, dora.shortcuts) == ("Dora", "dark", True)
    entry = AuditEntry.objects.get(act="user.edited")
    assert (entry.before, entry.after) == ({"first_name": ""}, {"first_name": "Dora"})
    assert "Dora" in client.get("/account/").content.decode()


def test_another_email_needs_the_password(client: Client, dora: User) -> None:
    asked = profile(email="dora@example.org", first_name="D")
    wrong = client.post("/account/", asked)
    assert wrong.status_code == 422
    assert "This is not your password" in wrong.content.decode()
    assert 'value="dora@example.org"' in wrong.content.decode()
    dora.refresh_from_db()
    assert dora.email == "dora@example.com"
    client.post("/account/", {**asked, "password": PASSWORD})
    dora.refresh_from_db()
    assert dora.email == "dora@example.org"


def test_passwords_are_not_guessed_at_an_open_session(client: Client, dora: User) -> None:
    for _ in range(10):
        client.post("/account/", profile(email="x@example.org", password="guess"))
    page = client.post("/account/", profile(email="x@example.org", password=PASSWORD))
    assert "Too many attempts. Try again in 15 minutes." in page.content.decode()


def test_shortcuts_can_be_switched_off(client: Client) -> None:
    assert "data-shortcuts" not in client.get("/").content.decode()
    client.post("/account/", {name: value for name, value in profile().items() if name != "shortcuts"})
    assert '<html lang="en"' in (page := client.get("/").content.decode())
    assert 'data-shortcuts="off"' in page


@pytest.mark.parametrize("field", ["email", "theme", "density"])
def test_profile_refuses_nonsense(client: Client, field: str) -> None:
    assert client.post("/account/", profile(**{field: "neon"})).status_code == 422


def test_new_password_ends_the_other_sessions(client: Client, dora: User) -> None:
    other = signed_in(dora)
    data = {"old_password": PASSWORD, "new_password1": OTHER, "new_password2": OTHER}
    assert client.post("/account/password/", data).headers["Location"] == "/account/"
    assert "1 other session ended" in client.get("/account/").content.decode()
    assert other.get("/").status_code == 302
    assert SignIn.objects.get(ended_at=None).session_key == client.session.session_key
    assert SignIn.objects.exclude(ended_at=None).get().end_reason == "new password"
    assert first_step(Client(), OTHER) == "/"
    assert AuditEntry.objects.filter(act="user.password_changed").count() == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"old_password": "nope", "new_password1": OTHER, "new_password2": OTHER}, "This is not your password"),
        ({"old_password": PASSWORD, "new_password1": OTHER, "new_password2": "x"}, "match"),
        ({"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}, "at least 12 characters"),
        (
            {"old_password": PASSWORD, "new_password1": "dora@example.com", "new_password2": "dora@example.com"},
            "too similar",
        ),
    ],
)
def test_what_is_wrong_with_a_password_is_said(client: Client, data: dict[str, str], said: str) -> None:
    response = client.post("/account/password/", data)
    assert response.status_code == 422
    assert said in response.content.decode()


def test_second_factor_set_up(client: Client, dora: User) -> None:
    page = client.get("/account/second-factor/").content.decode()
    device = TOTPDevice.objects.get(user=dora)
    assert secret_text(device) in page
    assert "<svg" in page.split('class="qrbox"')[1]
    assert client.get("/account/second-factor/").content.decode().count(secret_text(device)) == 1
    wrong = client.post("/account/second-factor/", {"code": "000000"})
    assert wrong.status_code == 422
    assert device_of(dora) is None
    TOTPDevice.objects.update(throttling_failure_timestamp=timezone.now() - timedelta(minutes=1))
    done = client.post("/account/second-factor/", {"code": code_of(device)}).content.decode()
    codes = done.split('id="codes">')[1].split("</pre>")[0].split()
    assert len(set(codes)) == 10
    account = client.get("/account/").content.decode()
    assert "10 recovery codes left" in account
    assert codes[0] not in account
    assert client.get("/account/second-factor/").headers["Location"] == "/account/"
    assert AuditEntry.objects.filter(act="user.second_factor_on").count() == 1


def test_switching_off_needs_password_and_code(client: Client, dora: User) -> None:
    device, codes = with_factor(dora)
    for data in ({"password": "nope", "code": code_of(device)}, {"password": PASSWORD, "code": "zzzzz-zzzzz"}, {}):
        assert client.post("/account/second-factor/off/", data).status_code == 422
        assert device_of(dora) is not None
    data = {"password": PASSWORD, "code": code_of(device)}
    assert client.post("/account/second-factor/off/", data).headers["Location"] == "/account/"
    assert device_of(dora) is None
    assert recovery_codes_left(dora) == 0
    assert first_step(Client()) == "/"
    assert AuditEntry.objects.filter(act="user.second_factor_off").count() == 1
    assert client.get("/account/second-factor/off/").headers["Location"] == "/account/"
    assert codes


def test_new_recovery_codes_end_the_old_ones(client: Client, dora: User) -> None:
    device, codes = with_factor(dora)
    data = {"password": PASSWORD, "code": code_of(device)}
    page = client.post("/account/second-factor/recovery-codes/", data).content.decode()
    assert codes[0] not in page
    assert recovery_codes_left(dora) == 10


def test_sessions_are_told_apart_and_ended(client: Client, dora: User) -> None:
    other = Client(HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.9")
    first_step(other)
    page = client.get("/account/").content.decode()
    assert page.count("this session") == 1
    assert "Firefox on Linux" in page
    assert "192.0.2.9" in page
    row = SignIn.objects.get(address="192.0.2.9")
    key = other.session.session_key
    assert person_of(key).is_authenticated
    assert client.post(f"/account/sessions/{row.pk}/end/").headers["Location"] == "/account/"
    assert not person_of(key).is_authenticated
    assert other.get("/").status_code == 302
    assert "192.0.2.9" not in client.get("/account/").content.decode()
    assert AuditEntry.objects.get(act="user.sessions_ended").after == {"sessions": 1}


def test_ending_all_others_keeps_this_one(client: Client, dora: User) -> None:
    others = [signed_in(dora) for _ in range(2)]
    client.post("/account/sessions/end-others/")
    assert [each.get("/").status_code for each in (client, *others)] == [200, 302, 302]


def test_other_peoples_sessions_are_not_there(client: Client, charlie: User) -> None:
    stranger = signed_in(charlie)
    row = SignIn.objects.get(user=charlie)
    assert client.post(f"/account/sessions/{row.pk}/end/").status_code == 404
    assert client.get(f"/account/sessions/{row.pk}/end/").status_code == 405
    assert client.get("/account/sessions/end-others/").status_code == 405
    assert stranger.get("/").status_code == 200


def test_use_is_noted_every_five_minutes(client: Client, dora: User) -> None:
    long_ago = timezone.now() - timedelta(hours=2)
    SignIn.objects.update(seen_at=long_ago)
    client.get("/")
    assert SignIn.objects.get().seen_at == long_ago
    session = client.session
    session["seen"] = session["seen"] - 301
    session.save()
    client.get("/")
    assert SignIn.objects.get().seen_at > long_ago


def test_what_ran_out_is_forgotten(client: Client, dora: User) -> None:
    other = signed_in(dora)
    Session.objects.filter(session_key=other.session.session_key).update(expire_date=timezone.now())
    sessions_tidy()
    assert list(SignIn.objects.order_by("pk").values_list("end_reason", flat=True)) == ["", "ran out"]
    SignIn.objects.exclude(ended_at=None).update(ended_at=timezone.now() - timedelta(days=181))
    sessions_tidy()
    assert SignIn.objects.get().session_key == client.session.session_key


def test_live_sockets_of_who_must_have_a_second_factor_close(client: Client, dora: User, nordlys: Organisation) -> None:
    key = client.session.session_key
    assert person_of(key).is_authenticated
    Organisation.objects.filter(pk=nordlys.pk).update(requires_second_factor=True)
    assert not person_of(key).is_authenticated
    with_factor(dora)
    assert person_of(key).is_authenticated


def test_few_queries(client: Client, dora: User, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_max_num_queries(12):
        client.get("/account/")
    for _ in range(5):
        signed_in(dora)
    with django_assert_max_num_queries(12):
        client.get("/account/")


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("", "Unknown browser"),
    ],
)
def test_browsers_in_words(agent: str, words: str) -> None:
    assert agent_words(agent) == words
