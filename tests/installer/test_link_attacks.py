"""The public link as an attacker meets it: what works, what does not, and that nobody is told why."""

import logging
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from chargepoints.models import ChargePoint, Site
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from hub.logs import LineFormatter
from hub.teams.models import User
from installer.models import JobEdit, JobLink, Note
from installer.services.jobs import job_archive
from installer.services.links import link_revoke
from installer.views.public import gate
from tests import factories
from tests.conftest import signed_in
from tests.installer.scene import Scene, scene

ADDRESSES = ["", "state/", "pin/", "complete/", "edits/"]
FORMS = {"edits/": {"kind": "note", "text": "hello"}, "complete/": {"activate": "on"}, "pin/": {"pin": "1234"}}


def seen(response: Any) -> tuple[int, bytes, dict[str, str]]:
    """All of an answer."""
    return response.status_code, response.content, dict(response.headers)


def guessed(job: Scene) -> str:
    """A token that nobody made."""
    return "A" * 43


def expired(job: Scene) -> str:
    """A link whose time is over."""
    JobLink.objects.filter(pk=job.link.pk).update(expires_at=factories.now() - timedelta(seconds=1))
    return job.token


def revoked(job: Scene) -> str:
    """A link that was taken back."""
    assert link_revoke(actor=HUB, link=job.link)
    return job.token


def archived(job: Scene) -> str:
    """The link of a job that was put away."""
    job_archive(actor=HUB, job=job.job)
    JobLink.objects.filter(pk=job.link.pk).update(revoked_at=None)
    return job.token


def other_case(job: Scene) -> str:
    """Letters in the other case."""
    return job.token.swapcase()


def with_space(job: Scene) -> str:
    """A space behind it, as mail programs leave it."""
    return f"{job.token}%20"


def cut(job: Scene) -> str:
    """The last letter is missing."""
    return job.token[:-1]


def hashed(job: Scene) -> str:
    """The hash that is in the database is no token."""
    return job.link.token_sha256


def traversal(job: Scene) -> str:
    """Dots and slashes, encoded."""
    return "..%2f..%2fadmin"


def quoted(job: Scene) -> str:
    """SQL and markup."""
    return "'%20OR%201=1%20--%3Cscript%3E"


def with_zero(job: Scene) -> str:
    """A zero byte."""
    return f"{job.token}%00"


WRONG = [guessed, expired, revoked, archived, other_case, with_space, cut, hashed, traversal, quoted, with_zero]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_wrong_link_gets_the_same_page(job: Scene, wrong: Any, address: str) -> None:
    """Status, bytes and headers are those of a guess, by GET and POST, wherever below the link."""
    reference = seen(Client().get("/j/nobody-made-this/"))
    assert reference[0] == 404
    token = wrong(job)
    assert seen(Client().get(f"/j/{token}/{address}")) == reference
    assert seen(Client().post(f"/j/{token}/{address}", FORMS.get(address, {}))) == reference
    assert not AuditEntry.objects.filter(actor_kind="job-link").exists()
    assert not Note.objects.exists()


@pytest.mark.parametrize("rest", ["nothing", "admin/", "edits", "../../admin/", "photos/%2e%2e%2f/", "a\x00b/"])
def test_what_is_not_below_a_good_link_is_no_link_either(job: Scene, rest: str) -> None:
    answer = job.client.get(f"{job.base}{rest}")
    assert seen(answer) == seen(Client().get("/j/nobody-made-this/"))


def test_a_missing_slash_is_mended(job: Scene) -> None:
    answer = job.client.get(job.base.rstrip("/"))
    assert (answer.status_code, answer.headers["Location"]) == (301, job.base)


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_is_kept_found_or_told(job: Scene, address: str) -> None:
    answer = job.client.post(f"{job.base}{address}") if address == "edits/" else job.client.get(f"{job.base}{address}")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "img-src 'self' blob:" in policy
    assert "worker-src 'self'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "camera=(self)" in answer.headers["Permissions-Policy"]


def test_the_camera_is_for_this_page_only(alice_client: Client) -> None:
    answer = alice_client.get("/")
    assert "Permissions-Policy" not in answer.headers
    assert "blob:" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("address", "methods"), [("", "GET, HEAD"), ("state/", "GET, HEAD"), ("edits/", "POST")])
def test_other_methods_are_refused(job: Scene, address: str, methods: str) -> None:
    for method in ("put", "patch", "delete", "options", "trace"):
        answer = getattr(job.client, method)(f"{job.base}{address}")
        assert (answer.status_code, answer.headers["Allow"]) == (405, methods)
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert job.client.post(f"{job.base}state/").status_code == 405
    assert job.client.get(f"{job.base}edits/").status_code == 405


def test_a_head_is_a_page_without_its_body(job: Scene) -> None:
    answer = job.client.head(job.base)
    assert (answer.status_code, answer.content) == (200, b"")


def test_who_is_signed_in_makes_no_difference(job: Scene, alice: User, charlie: User) -> None:
    nobody = seen(Client().get(job.base))
    clients = {person: signed_in(person) for person in (alice, charlie)}
    assert [seen(client.get(job.base)) for client in clients.values()] == [nobody, nobody]
    for person, client in clients.items():
        client.post(f"{job.base}edits/", {"kind": "note", "row": job.row("NORD-1").pk, "text": str(person)})
    assert {deed.actor_name for deed in job.deeds()} == {f"Ola, job {job.job.number}"}


def test_the_session_is_not_looked_at(job: Scene, alice: User, django_assert_max_num_queries: Any) -> None:
    client = signed_in(alice)
    client.get(f"{job.base}state/")
    with django_assert_max_num_queries(20) as queries:
        client.get(f"{job.base}state/")
    assert [query["sql"] for query in queries if "django_session" in query["sql"] or "teams_user" in query["sql"]] == []


def test_an_admin_whose_second_factor_is_missing_gets_in_by_the_link(job: Scene, alice: User) -> None:
    type(job.job.organisation).objects.filter(pk=job.job.organisation_id).update(requires_second_factor=True)
    client = signed_in(alice)
    assert client.get("/").status_code == 302
    assert client.get(job.base).status_code == 200


def test_another_job_s_charge_points_cannot_be_reached(job: Scene, site: Site, foreign_site: Site) -> None:
    near = scene(site, factories.charge_point(site, "NEAR-1"))
    far = scene(foreign_site, factories.charge_point(foreign_site, "FAR-1"))
    for other, name in ((near, "NEAR-1"), (far, "FAR-1")):
        row = other.row(name)
        step = row.steps.first()
        assert step
        edits: list[tuple[str, dict[str, Any]]] = [
            ("identity", {"value": "MINE"}),
            ("connector", {"value": "1"}),
            ("note", {"text": "mine"}),
            ("skip", {"step": step.pk, "reason": "mine"}),
            ("pairing", {"knock": "1"}),
        ]
        for kind, fields in edits:
            answer = job.send(kind, row, **fields)
            assert answer.status_code == 422
            assert answer.json()["error"] == "This charge point is not part of the job any more."
        # A step of another job under a row of this one.
        answer = job.send("skip", job.row("NORD-1"), step=step.pk, reason="mine")
        assert answer.json()["error"] == "This step is not part of the job any more."
        assert name not in job.page()
    assert job.deeds() == []
    assert not ChargePoint.objects.filter(identity="MINE").exists()


def test_too_many_wrong_links_wait_and_good_ones_do_not(job: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "WRONG_PER_SOURCE", 3)
    client = Client(REMOTE_ADDR="192.0.2.1")
    statuses = [client.get(f"/j/guess-{number}/").status_code for number in range(5)]
    assert statuses == [404, 404, 404, 429, 429]
    assert client.get(job.base).status_code == 200
    assert Client(REMOTE_ADDR="192.0.2.2").get("/j/guess/").status_code == 404


def test_a_link_has_a_limit_of_its_own(job: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "PER_LINK", 3)
    statuses = [Client(REMOTE_ADDR=f"192.0.2.{number}").get(job.base).status_code for number in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    assert job.send("note", job.row("NORD-1"), text="hello").status_code == 429
    assert not JobEdit.objects.exists()


def test_changes_have_a_limit_of_their_own_and_the_page_is_still_there(
    job: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "CHANGES_PER_LINK", 2)
    answers = [job.send("note", job.row("NORD-1"), text=f"note {number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["Retry-After"] == "60"
    assert "note 1" in job.page()


def test_a_body_that_is_too_large_is_refused(job: Scene) -> None:
    answer = job.send("note", job.row("NORD-1"), text="x" * 3_000_000)
    assert (answer.status_code, answer.headers["Referrer-Policy"]) == (413, "no-referrer")
    many = {f"f{number}": "1" for number in range(1200)}
    answer = job.client.post(f"{job.base}edits/", {"kind": "note", **many})
    assert (answer.status_code, answer.headers["Referrer-Policy"]) == (400, "no-referrer")
    assert not Note.objects.exists()


def test_the_token_is_in_no_row(job: Scene) -> None:
    job.page()
    job.send("note", job.row("NORD-1"), text="hello")
    rows = [*JobLink.objects.values(), *JobEdit.objects.values(), *AuditEntry.objects.values()]
    assert job.token not in repr(rows)


def test_the_token_is_in_no_line_of_our_log(job: Scene) -> None:
    record = logging.LogRecord("django.request", logging.ERROR, "", 1, "Internal Server Error: %s", (job.base,), None)
    assert LineFormatter().format(record).endswith("Internal Server Error: /j/.../")


def test_opening_is_on_record_once_an_hour(job: Scene) -> None:
    for _ in range(3):
        job.page()
    opened = AuditEntry.objects.filter(act__endswith=".opened")
    assert [(entry.actor_name, entry.site_id) for entry in opened] == [(f"Ola, job {job.job.number}", job.job.site_id)]
    JobLink.objects.filter(pk=job.link.pk).update(used_at=factories.now() - timedelta(hours=2))
    job.page()
    assert opened.all().count() == 2


def test_the_sender_s_address_is_on_record(job: Scene) -> None:
    Client(REMOTE_ADDR="192.0.2.77").post(
        f"{job.base}edits/",
        {"kind": "note", "row": job.row("NORD-1").pk, "text": "hello"},
        headers={"Idempotency-Key": str(uuid.uuid4()), "X-Forwarded-For": "203.0.113.1"},
    )
    assert [deed.address for deed in job.deeds()] == ["192.0.2.77"]
