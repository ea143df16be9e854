"""The section Diagnostics of a charger, its files, and the dialogs that ask for them."""

import os
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chargepoints.choices import Effect, Integration
from chargepoints.models import ChargePoint, Connection, DiagnosticsFile
from chargepoints.received import file_name, path_of, size_words
from chargepoints.services.diagnostics import LOST_AFTER, diagnostics_expire
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now
from tests.portal.diagnostics_tools import requested, uploaded

HTMX = {"HX-Request": "true"}
ADMIN = "admin:chargepoints_diagnosticsfile"


@pytest.fixture
def online(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.CONNECTED, state="available")
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, connected_at=now())
    charge_point.refresh_from_db()
    return charge_point


@pytest.fixture
def as_role(client: Client, nordlys: Organisation) -> Callable[[Role], Client]:
    """Sign in as somebody of Nordlys with this role."""

    def become(role: Role) -> Client:
        person = factories.user()
        factories.member(nordlys, person, role)
        client.force_login(person)
        return client

    return become


def page(charge_point: ChargePoint) -> str:
    return reverse("charge_point_diagnostics", args=[charge_point.pk])


def ask(charge_point: ChargePoint, kind: str = "diagnostics") -> str:
    return reverse("action", args=[charge_point.pk, kind])


def download(file: DiagnosticsFile) -> str:
    return reverse("diagnostics_download", args=[file.pk])


def delete(file: DiagnosticsFile) -> str:
    return reverse("diagnostics_delete", args=[file.pk])


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


class TestSection:
    """The list of a charger."""

    def test_works(self, alice_client: Client, online: ChargePoint) -> None:
        file = uploaded(online, "<b>evil</b>.zip", command=requested(online, effect=Effect.SEEN))
        uploaded(online, "half.log", is_complete=False)
        uploaded(online, "old.log", deleted_at=now(), deleted_why="Kept for 90 days.")
        html = text(alice_client, page(online))
        for told in ("&lt;b&gt;evil&lt;/b&gt;.zip", "4.2 kB", "2 files kept, 8.4 kB", "broke off", "Kept for 90 days."):
            assert told in html
        assert html.count(download(file)) == 1
        assert html.count("/download") == 2
        assert "every 2s" not in html
        assert "ab" * 32 in html

    def test_the_empty_page_teaches(self, alice_client: Client, online: ChargePoint) -> None:
        html = text(alice_client, page(online))
        assert "Nothing uploaded yet." in html
        assert ask(online) in html
        assert ask(online, "log_upload") in html

    def test_a_request_is_followed(self, alice_client: Client, online: ChargePoint) -> None:
        """While one runs the section asks for itself, with the bytes so far; its file is in the same list."""
        command = requested(online)
        uploaded(online, "diag.zip", b"x" * 1_200_000, is_complete=False, sha256="", command=command)
        html = text(alice_client, page(online))
        assert "every 2s" in html
        assert "coming, 1.2 MB so far" in html
        assert f'id="cmd-{command.pk}"' in html
        assert "/download" not in html
        assert 'aria-pressed="true"' in html

    def test_pages(self, alice_client: Client, online: ChargePoint) -> None:
        uploaded(online, "first.zip", received_at=now() - timedelta(days=1))
        alice_client.get(page(online))
        with CaptureQueriesContext(connection) as few:
            alice_client.get(page(online))
        command = requested(online, effect=Effect.SEEN)
        for number in range(30):
            uploaded(online, f"n{number}.zip", command=command)
        with CaptureQueriesContext(connection) as many:
            html = text(alice_client, page(online))
        assert len(many) == len(few)
        assert "first.zip" not in html
        assert "?files=2" in html
        assert "first.zip" in text(alice_client, f"{page(online)}?files=2")
        assert "first.zip" in text(alice_client, f"{page(online)}?files=99")
        assert alice_client.get(f"{page(online)}?files=x").status_code == 200

    def test_who_sees_it(
        self,
        client: Client,
        charlie_client: Client,
        bob_client: Client,
        as_role: Callable[[Role], Client],
        online: ChargePoint,
        far_charge_point: ChargePoint,
    ) -> None:
        assert Client().get(page(online)).status_code == 302
        assert charlie_client.get(page(online)).status_code == 404
        assert bob_client.get(page(online)).status_code == 200
        assert bob_client.get(page(far_charge_point)).status_code == 404
        assert as_role(Role.SUPPORT).get(page(online)).status_code == 200
        assert as_role(Role.READ_ONLY).get(page(online)).status_code == 403
        assert bob_client.post(page(online)).status_code == 405

    def test_support_may_not_delete(self, as_role: Callable[[Role], Client], online: ChargePoint) -> None:
        file = uploaded(online)
        html = text(as_role(Role.SUPPORT), page(online))
        assert download(file) in html
        assert delete(file) not in html


class TestDownload:
    """The bytes leave as a file to save, and it is on record."""

    def test_works(self, alice_client: Client, online: ChargePoint) -> None:
        file = uploaded(online, 'næme "x".html', b"<script>alert(1)</script>")
        response = alice_client.get(download(file))
        assert response.getvalue() == b"<script>alert(1)</script>"
        told = response.headers
        assert told["Content-Type"] == "application/octet-stream"
        assert told["Content-Disposition"] == "attachment; filename*=utf-8''n%C3%A6me%20%22x%22.html"
        assert told["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert (told["X-Content-Type-Options"], told["Cache-Control"]) == ("nosniff", "private, no-store")
        assert told["Content-Length"] == "25"
        entry = AuditEntry.objects.get(act="diagnostics_file.downloaded")
        assert (entry.actor_name, entry.object_name, entry.site_id) == ("Alice", file.name, online.site_id)
        alice_client.head(download(file))
        assert AuditEntry.objects.filter(act="diagnostics_file.downloaded").count() == 1

    def test_a_part_says_that_it_is_one(self, alice_client: Client, online: ChargePoint) -> None:
        response = alice_client.get(download(uploaded(online, "half.log", is_complete=False)))
        assert response.headers["Content-Disposition"] == 'attachment; filename="incomplete-half.log"'

    def test_what_is_gone_is_not_there(self, alice_client: Client, online: ChargePoint) -> None:
        file = uploaded(online)
        path_of(file.pk).unlink()
        assert alice_client.get(download(file)).status_code == 404
        assert not AuditEntry.objects.exists()

    def test_who_may(
        self,
        charlie_client: Client,
        bob_client: Client,
        as_role: Callable[[Role], Client],
        online: ChargePoint,
        far_charge_point: ChargePoint,
    ) -> None:
        file, far = uploaded(online), uploaded(far_charge_point)
        assert Client().get(download(file)).status_code == 302
        assert charlie_client.get(download(file)).status_code == 404
        assert bob_client.get(download(far)).status_code == 404
        assert bob_client.get(download(file)).status_code == 200
        assert bob_client.post(download(file)).status_code == 405
        assert as_role(Role.SUPPORT).get(download(file)).status_code == 200
        assert as_role(Role.FINANCE).get(download(file)).status_code == 403
        assert bob_client.get(f"/diagnostics/{uuid4()}/download").status_code == 404
        assert bob_client.get("/diagnostics/../../etc/passwd/download").status_code == 404


class TestDeletion:
    """By hand with a reason, and by age."""

    def test_works(
        self, alice_client: Client, online: ChargePoint, django_capture_on_commit_callbacks: Callable[..., object]
    ) -> None:
        file = uploaded(online)
        assert "gone for good" in text(alice_client, delete(file))
        assert alice_client.get(delete(file), headers=HTMX).content.startswith(b"<dialog")
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
            response = alice_client.post(delete(file), {"reason": "Holds a driver's name"})
        assert response.headers["Location"] == page(online)
        file.refresh_from_db()
        assert file.deleted_why == "Alice: Holds a driver's name"
        assert not path_of(file.pk).exists()
        entry = AuditEntry.objects.get(act="diagnostics_file.deleted")
        assert (entry.reason, entry.before["name"]) == ("Holds a driver's name", "diag.zip")
        again = alice_client.post(delete(file), {"reason": "again"})
        assert again.status_code == 409
        assert "gone already" in again.content.decode()

    def test_without_a_reason(self, alice_client: Client, online: ChargePoint) -> None:
        file = uploaded(online)
        response = alice_client.post(delete(file), {})
        assert response.status_code == 422
        assert "Say why" in response.content.decode()
        assert path_of(file.pk).exists()

    def test_not_while_it_comes(self, alice_client: Client, online: ChargePoint) -> None:
        file = uploaded(online, is_complete=False, sha256="")
        response = alice_client.post(delete(file), {"reason": "x"})
        assert response.status_code == 409
        assert "still coming" in response.content.decode()

    def test_who_may(
        self, charlie_client: Client, bob_client: Client, as_role: Callable[[Role], Client], online: ChargePoint
    ) -> None:
        file = uploaded(online)
        assert Client().post(delete(file)).status_code == 302
        assert charlie_client.post(delete(file), {"reason": "x"}).status_code == 404
        refused = as_role(Role.SUPPORT).post(delete(file), {"reason": "x"})
        assert refused.status_code == 403
        assert bob_client.put(delete(file)).status_code == 405
        assert path_of(file.pk).exists()

    def test_by_age(self, online: ChargePoint, django_capture_on_commit_callbacks: Callable[..., object]) -> None:
        """What was kept long enough, complete or not; what is still coming stays, unless nobody writes it any more."""
        old = uploaded(online, keep_until=now() - timedelta(seconds=1))
        part = uploaded(online, is_complete=False, keep_until=now() - timedelta(seconds=1))
        new = uploaded(online)
        begun = now() - LOST_AFTER - timedelta(minutes=1)
        lost = uploaded(online, is_complete=False, sha256="", received_at=begun)
        coming = uploaded(online, is_complete=False, sha256="", received_at=begun)
        for file in (lost, coming):
            path_of(file.pk).rename(path_of(file.pk).with_suffix(".part"))
        os.utime(path_of(lost.pk).with_suffix(".part"), (begun.timestamp(), begun.timestamp()))
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
            diagnostics_expire()
        told = dict(DiagnosticsFile.objects.values_list("pk", "deleted_why"))
        assert told == {
            old.pk: "Kept for 90 days.",
            part.pk: "Kept for 90 days.",
            new.pk: "",
            lost.pk: "Hub was stopped while it came.",
            coming.pk: "",
        }
        assert [path_of(file.pk).exists() for file in (old, part, new)] == [False, False, True]
        assert not path_of(lost.pk).with_suffix(".part").exists()
        assert path_of(coming.pk).with_suffix(".part").exists()


def test_the_command_shows_its_file(
    alice_client: Client, as_role: Callable[[Role], Client], online: ChargePoint
) -> None:
    command = requested(online, effect=Effect.SEEN, effect_text="Received: diag.zip, 4.2 kB")
    file = uploaded(online, command=command)
    address = reverse("command", args=[command.pk])
    link = f"{page(online)}#file-{file.pk}"
    assert link in text(alice_client, address)
    html = text(as_role(Role.READ_ONLY), address)
    assert "diag.zip" in html
    assert link not in html


def test_words() -> None:
    sizes = (0, 999, 1000, 999_949, 999_950, 4_200_000, 10**9, 5 * 10**11)
    told = ("0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "4.2 MB", "1.0 GB", "500.0 GB")
    assert tuple(size_words(size) for size in sizes) == told
    names = {"/": "", "a/..": "", "  .x. ": "x", "a\tb\u2028c": "abc", "%2e%2e%2fx": "x", "\udcff": ""}
    assert {given: file_name(given) for given in names} == names


def test_admin_page(alice_client: Client, online: ChargePoint, foreign_charge_point: ChargePoint) -> None:
    mine, foreign = uploaded(online, "mine.zip"), uploaded(foreign_charge_point, "foreign.zip")
    html = text(alice_client, reverse(f"{ADMIN}_changelist"))
    assert "mine.zip" in html
    assert "foreign.zip" not in html
    assert alice_client.get(reverse(f"{ADMIN}_change", args=[mine.pk])).status_code == 200
    assert alice_client.get(reverse(f"{ADMIN}_change", args=[foreign.pk])).status_code == 404
