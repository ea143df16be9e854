"""The way back in by mail, which tells nobody who has an account."""

import re

import pytest
import redis
from django.core import mail
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from hub.account.second_factor import device_begin
from hub.account.tasks import password_reset_mail
from hub.audit.models import AuditEntry
from hub.teams.models import User
from tests.conftest import signed_in
from tests.portal.test_sign_in import first_step, with_factor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis", "quick_passwords")]
OTHER = "quite-another-pass-phrase"


def ask_for_link(
    capture: DjangoCaptureOnCommitCallbacks, clean_redis: redis.Redis, email: str
) -> tuple[str, list[bytes | str]]:
    """Ask for a new password; the page that follows, and what is handed to the workers."""
    clean_redis.delete("default")
    with capture(execute=True):
        response = Client().post("/password-reset/", {"email": email}, follow=True)
    assert response.status_code == 200
    return response.content.decode(), clean_redis.lrange("default", 0, -1)


def test_the_answer_is_the_same_for_unknown_addresses(
    dora: User, clean_redis: redis.Redis, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    for email in ("dora@example.com", "nobody@example.com"):
        page, sent = ask_for_link(django_capture_on_commit_callbacks, clean_redis, email)
        assert "If somebody has an account with this address" in page
        assert len(sent) == 1


def test_links_are_not_sent_without_end(
    dora: User, clean_redis: redis.Redis, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    sent = [len(ask_for_link(django_capture_on_commit_callbacks, clean_redis, "DORA@example.com")[1]) for _ in range(4)]
    assert sent == [1, 1, 1, 0]
    answers = [Client().post("/password-reset/", {"email": f"p{n}@example.com"}).status_code for n in range(8)]
    assert answers == [302] * 6 + [429] * 2
    assert Client().post("/password-reset/", {"email": "no address"}, REMOTE_ADDR="192.0.2.5").status_code == 422


def test_a_new_password_by_mail(dora: User) -> None:
    running = signed_in(dora)
    device, _ = with_factor(dora)
    password_reset_mail("nobody@example.com", "http://testserver/")
    assert mail.outbox == []
    password_reset_mail("Dora@example.com", "https://hub.example/")
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["dora@example.com"], "A new password for Hub")
    found = re.search(r"https://hub\.example(/password-reset/\S+)", str(sent.body))
    assert found
    visitor = Client()
    page = visitor.get(found[1], follow=True)
    url = page.redirect_chain[-1][0]
    assert "Set password" in page.content.decode()
    assert "at least 12" in visitor.post(url, {"new_password1": "short", "new_password2": "short"}).content.decode()
    assert visitor.post(url, {"new_password1": OTHER, "new_password2": OTHER}).headers["Location"] == "/login/"
    assert "The new password is set" in visitor.get("/login/").content.decode()
    assert running.get("/").status_code == 302
    assert visitor.get("/").status_code == 302
    assert first_step(Client(), OTHER) == "/login/code/"
    assert "This link does not work" in Client().get(found[1], follow=True).content.decode()
    assert AuditEntry.objects.filter(act="user.password_reset").count() == 1
    assert device_begin(dora).pk != device.pk


def test_a_link_lets_in_again_who_was_locked_out(dora: User) -> None:
    visitor = Client()
    for _ in range(5):
        first_step(visitor, "wrong")
    assert "Try again in" in first_step(visitor)
    password_reset_mail("dora@example.com", "http://testserver/")
    link = re.search(r"http://testserver(\S+)", str(mail.outbox[0].body))
    assert link
    url = visitor.get(link[1]).headers["Location"]
    visitor.post(url, {"new_password1": OTHER, "new_password2": OTHER})
    assert first_step(visitor, OTHER) == "/"
