"""What every page shares: sign-in, preferences, error pages, third-party files."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from hub.teams.models import User
from hub.templatetags.desk import bar, energy, hms, kw, kwh, span_words
from tests import factories

ROOT = Path(__file__).resolve().parents[2]


def test_sign_in_and_out(client: Client, db: None) -> None:
    factories.user("alice", password="demo")
    page = client.get("/login/?next=/charge-points/7/")
    assert 'name="next" value="/charge-points/7/"' in page.content.decode()
    wrong = client.post("/login/", {"username": "alice", "password": "nope"})
    assert "The user name or the password is wrong" in wrong.content.decode()
    right = client.post("/login/", {"username": "alice", "password": "demo"})
    assert right.headers["Location"] == "/"
    assert client.get("/").status_code == 200
    assert client.post("/logout/").headers["Location"] == "/login/"
    assert client.get("/").status_code == 302


def test_users_are_named_in_the_demonstration_only(client: Client, db: None, settings: Settings) -> None:
    settings.DEMO = False
    assert "charlie" not in client.get("/login/").content.decode()
    settings.DEMO = True
    assert "charlie" in client.get("/login/").content.decode()


@pytest.mark.parametrize(("name", "value"), [("theme", "dark"), ("theme", "auto"), ("density", "compact")])
def test_preferences_are_kept(alice_client: Client, alice: User, name: str, value: str) -> None:
    response = alice_client.post("/preferences/", {name: value, "next": "/?q=x"})
    assert response.headers["Location"] == "/?q=x"
    alice.refresh_from_db()
    assert getattr(alice, name) == value
    assert f'data-{name}="{value}"' in alice_client.get("/").content.decode()


def test_preferences_refuse_nonsense(alice_client: Client, alice: User) -> None:
    for data in ({"theme": "neon"}, {}, {"theme": "dark", "density": "huge"}, {"is_superuser": "1"}):
        assert alice_client.post("/preferences/", data).status_code == 400
    alice.refresh_from_db()
    assert (alice.theme, alice.density, alice.is_superuser) == ("auto", "normal", False)
    assert alice_client.get("/preferences/").status_code == 405


def test_preferences_lead_nowhere_else(alice_client: Client) -> None:
    response = alice_client.post("/preferences/", {"theme": "dark", "next": "https://evil.example/"})
    assert response.headers["Location"] == "/"


def test_preferences_need_login(client: Client, db: None) -> None:
    assert client.post("/preferences/", {"theme": "dark"}).headers["Location"].startswith("/login/")


def test_not_found(alice_client: Client, client: Client) -> None:
    for visitor in (alice_client, client):
        response = visitor.get("/no/such/page/")
        assert response.status_code == 404
        assert "This page does not exist, or it is not yours to see." in response.content.decode()


def test_only_staff_see_the_administration(alice_client: Client, bob_client: Client) -> None:
    assert 'href="/admin/"' in alice_client.get("/").content.decode()
    assert 'href="/admin/"' not in bob_client.get("/").content.decode()


def test_policy_and_no_inline_code(alice_client: Client) -> None:
    response = alice_client.get("/")
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    html = response.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"\s(style|on\w+)=", html)


def test_templates_hold_no_inline_code() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"""\s(style|on[a-z]+)=["']|\|safe\b|hx-on|js:""", text), path


def test_third_party_files_are_what_they_say() -> None:
    vendor = ROOT / "static/vendor"
    listed = json.loads((vendor / "vendor.json").read_text())
    for entry in listed:
        assert hashlib.sha256((vendor / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
        assert (vendor / entry["licence_file"]).read_text()
    names = {entry["file"] for entry in listed} | {entry["licence_file"] for entry in listed} | {"vendor.json"}
    assert {path.name for path in vendor.iterdir()} == names


def test_every_icon_that_is_asked_for_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/ui/icons.svg").read_text()))
    for path in (ROOT / "templates").rglob("*.html"):
        asked = set(re.findall(r"{% icon '([\w-]+)'", path.read_text()))
        assert asked <= sprite, path


def test_figures() -> None:
    assert [kw(watts) for watts in (None, 0, 7_400, 62_400, 11_000, 842_300, 2_460_000)] == [
        "–",  # noqa: RUF001
        "0",
        "7.4",
        "62.4",
        "11",
        "842",
        "2\u2009460",
    ]
    assert (kwh(24_810), kwh(None)) == ("24.81", "–")  # noqa: RUF001
    assert (energy(6_210_000), energy(940)) == ("6.21", "0.9")
    assert [span_words(s) for s in (-3, 13, 2_520, 11_100, 187_200)] == [
        "0 s",
        "13 s",
        "42 min",
        "3 h 5 min",
        "2 d 4 h",
    ]
    assert hms(100_000) == "27:46:40"
    assert 'width="100"' in bar(500, 100)
    assert 'width="0"' in bar(None, None)
