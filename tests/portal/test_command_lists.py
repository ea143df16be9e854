"""The lists of commands: of everything that one may see, and of one charger."""

import csv
import io
from datetime import timedelta

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, Site
from hub.audit.models import AuditEntry
from tests import factories
from tests.factories import now
from tests.portal.kept_tools import text_of
from tests.portal.test_commands import command

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis")]
HTMX = {"HX-Request": "true"}


class TestLists:
    """Of everything that one may see, and of one charger."""

    def test_they_show_who_what_and_how_it_ended(self, alice_client: Client, charge_point: ChargePoint) -> None:
        made = command(
            charge_point,
            status=CommandStatus.ACCEPTED,
            effect=Effect.MISSING,
            reason="<b>frozen</b>",
            answer="Accepted",
            sent_at=now(),
            answered_at=now(),
        )
        for html in (
            text_of(alice_client, "commands"),
            text_of(alice_client, "charge_point_commands", charge_point.pk),
        ):
            for text in ("Reboot, soft", "Alice", "&lt;b&gt;frozen", "Accepted, no effect", str(made.pk)):
                assert text in html
        assert "NORD-1" in text_of(alice_client, "commands")

    def test_tenancy(
        self,
        client: Client,
        alice_client: Client,
        bob_client: Client,
        charlie_client: Client,
        charge_point: ChargePoint,
        far_charge_point: ChargePoint,
    ) -> None:
        for point in (charge_point, far_charge_point):
            command(point, reason=f"why {point.identity}")
        seen = {
            name: {point for point in ("NORD-1", "NORD-2") if f"why {point}" in text_of(person, "commands")}
            for name, person in (("alice", alice_client), ("bob", bob_client), ("charlie", charlie_client))
        }
        assert seen == {"alice": {"NORD-1", "NORD-2"}, "bob": {"NORD-1"}, "charlie": set()}
        far = reverse("charge_point_commands", args=[far_charge_point.pk])
        assert bob_client.get(far).status_code == 404
        assert alice_client.post(far).status_code == 405
        assert client.get(reverse("commands")).status_code == 302
        assert "why NORD-2" not in text_of(bob_client, "commands", charge_point=far_charge_point.pk)
        exported = bob_client.get(reverse("commands_export"))
        assert isinstance(exported, StreamingHttpResponse)
        assert "why NORD-2" not in exported.getvalue().decode()

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({}, {"one", "two", "three"}),
            ({"kind": "unlock"}, {"two"}),
            ({"outcome": "missing"}, {"one"}),
            ({"outcome": "kept"}, {"three"}),
            ({"author": "bob"}, {"two"}),
            ({"q": "cache"}, {"three"}),
            ({"q": "nord-1 alice"}, {"one", "three"}),
            ({"since": "2020-01-01", "until": "2020-01-02"}, set()),
            (
                {"kind": "gone", "site": "x", "since": "never", "before": "1-2", "outcome": "odd"},
                {"one", "two", "three"},
            ),
            ({"q": "\x00"}, {"one", "two", "three"}),
        ],
    )
    def test_filters(
        self, alice_client: Client, charge_point: ChargePoint, query: dict[str, str], found: set[str]
    ) -> None:
        command(charge_point, reason="one", status=CommandStatus.ACCEPTED, effect=Effect.MISSING, sent_at=now())
        command(charge_point, reason="two", kind="unlock", status=CommandStatus.REJECTED, author_name="Bob")
        waiting = {"status": CommandStatus.WAITING, "keep_until": now() + timedelta(hours=1)}
        command(charge_point, reason="three", kind="clear_cache", **waiting)
        html = text_of(alice_client, "commands", **query)
        assert {name for name in ("one", "two", "three") if f">{name}<" in html} == found

    def test_pages(self, alice_client: Client, charge_point: ChargePoint) -> None:
        """Commands of the same microsecond are told apart; filters stay in the link."""
        at = now()
        for number in range(120):
            command(charge_point, reason=f"n{number:03}", created_at=at - timedelta(seconds=number // 40))
        seen: list[str] = []
        url: str | None = reverse("commands") + "?kind=reboot"
        while url:
            html = alice_client.get(url, headers=HTMX).content.decode()
            assert "<!doctype" not in html
            seen += [part[:4] for part in html.split('title="n')[1:]]
            link_to = html.split('rel="next" href="')[1:]
            url = link_to[0].partition('"')[0].replace("&amp;", "&") if link_to else None
        assert len(seen) == len(set(seen)) == 120

    def test_queries(
        self,
        alice_client: Client,
        site: Site,
        charge_point: ChargePoint,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        command(charge_point)
        text_of(alice_client, "commands")
        with django_assert_num_queries(7) as few:
            text_of(alice_client, "commands")
        for number in range(6):
            command(factories.charge_point(site, f"MORE-{number}"))
        with django_assert_num_queries(len(few)):
            text_of(alice_client, "commands")

    def test_export(self, alice_client: Client, charge_point: ChargePoint) -> None:
        command(charge_point, reason="=1+1", kind="diagnostics", parameters={"location": "ftp://u:hunter2@h/x"})
        command(charge_point, kind="unlock")
        response = alice_client.get(reverse("commands_export"), {"kind": "diagnostics"})
        assert isinstance(response, StreamingHttpResponse)
        told = response.getvalue().decode("utf-8-sig")
        assert "hunter2" not in told
        [row] = csv.DictReader(io.StringIO(told))
        assert (row["charge point"], row["kind"], row["reason"]) == ("NORD-1", "diagnostics", "'=1+1")
        assert AuditEntry.objects.get(act="organisation.commands_exported").after["kind"] == "diagnostics"

    def test_empty_lists_teach(self, alice_client: Client, charge_point: ChargePoint) -> None:
        assert "No command yet." in text_of(alice_client, "commands")
        assert "No command matches." in text_of(alice_client, "commands", q="x")
