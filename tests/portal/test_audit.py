"""The audit log's page and its exports: who reads what, filters, pages, and files that no spreadsheet executes."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chargepoints.models import ChargePoint, Site
from chargepoints.services.commands import command_create
from hub.audit.choices import ActorKind
from hub.audit.models import AuditEntry
from hub.audit.records import HUB, Actor, Place, audit_record
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.conftest import signed_in


def entry(site: Site, actor: Actor = HUB, *, power: int = 200_000, reason: str = "") -> AuditEntry:
    """One edit of a site."""
    before, after = {"power_limit_w": 250_000}, {"power_limit_w": power}
    made = audit_record(
        actor=actor, act="edited", obj=site, place=site.place, before=before, after=after, reason=reason
    )
    assert made is not None
    return made


@pytest.fixture
def acts(site: Site, far_site: Site, foreign_site: Site, alice: User, charlie: User) -> list[AuditEntry]:
    """Four edits, the oldest first: two of Alice, one of Hub, one of Charlie."""
    return [
        entry(site, Actor.of(alice, "192.0.2.1"), reason="less grid"),
        entry(far_site, Actor.of(alice)),
        entry(site),
        entry(foreign_site, Actor.of(charlie)),
    ]


def shown(client: Client, query: str = "") -> list[int]:
    """The entries on the page, by id."""
    answer = client.get(reverse("audit") + query)
    assert answer.status_code == 200
    return [row.entry.pk for row in answer.context["rows"]]


def test_the_page_says_it_in_words(acts: list[AuditEntry], alice_client: Client, site: Site) -> None:
    body = alice_client.get(reverse("audit")).content.decode()
    assert "edited site Aker Brygge" in body
    assert "power limit 250 kW → 200 kW" in body
    assert "192.0.2.1" in body
    assert "less grid" in body
    assert "Tromsø" not in body


def test_who_reads_what(
    acts: list[AuditEntry], alice_client: Client, charlie_client: Client, nordlys: Organisation, site: Site
) -> None:
    mine, far, hub, foreign = (act.pk for act in acts)
    assert shown(alice_client) == [hub, far, mine]
    assert shown(charlie_client) == [foreign]
    limited = factories.user()
    factories.member(nordlys, limited, Role.ADMIN, sites=(site,))
    assert shown(signed_in(limited)) == [hub, mine]
    of_team = factories.user()
    factories.member(factories.team(nordlys, "Another team"), of_team, Role.ADMIN)
    assert shown(signed_in(of_team)) == []


@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.FINANCE, Role.SUPPORT, Role.READ_ONLY])
def test_others_read_none_of_it(role: Role, nordlys: Organisation) -> None:
    person = factories.user()
    factories.member(nordlys, person, role)
    for address in (reverse("audit"), reverse("audit_export", args=["csv"])):
        assert signed_in(person).get(address).status_code == 403
        assert Client().get(address).status_code == 302
        assert signed_in(person).post(address).status_code == 405


def test_filters(acts: list[AuditEntry], alice_client: Client, alice: User, site: Site, far_site: Site) -> None:
    mine, far, hub, _ = (act.pk for act in acts)
    found = {
        "?q=aker alice": [mine],
        "?q=grid": [mine],
        f"?site={far_site.pk}": [far],
        f"?person={alice.pk}": [far, mine],
        "?kind=hub": [hub],
        f"?noun=site&object={site.pk}": [hub, mine],
        "?act=edited": [hub, far, mine],
        "?act=site.edited": [hub, far, mine],
        "?act=deleted": [],
        "?noun=team": [],
        "?since=2000-01-01&until=2099-01-01": [hub, far, mine],
        "?until=2000-01-01": [],
        "?since=nonsense&person=x&before=y&kind=nobody": [hub, far, mine],
    }
    assert {query: shown(alice_client, query) for query in found} == found


def test_days_are_those_of_the_site(alice_client: Client, site: Site) -> None:
    """Half past eleven at night in UTC is the next day in Oslo."""
    AuditEntry.objects.create(
        at=datetime(2026, 1, 5, 23, 30, tzinfo=UTC),
        organisation=site.team.organisation,
        site_id=site.pk,
        actor_kind=ActorKind.HUB,
        actor_name="Hub",
        act="site.edited",
        noun="site",
    )
    assert len(shown(alice_client, f"?site={site.pk}&since=2026-01-06&until=2026-01-06")) == 1
    assert shown(alice_client, f"?site={site.pk}&until=2026-01-05") == []


def test_pages_follow_each_other(alice_client: Client, site: Site) -> None:
    made = [entry(site, power=number).pk for number in range(120)]
    seen, query = [], ""
    for _ in range(3):
        answer = alice_client.get(f"{reverse('audit')}?{query}")
        seen += [row.entry.pk for row in answer.context["rows"]]
        query = answer.context["next_page"]
    assert seen == made[::-1]
    assert query == ""


def test_the_number_of_queries_does_not_grow(
    alice_client: Client, alice: User, site: Site, charge_point: ChargePoint
) -> None:
    ChargePoint.objects.update(integration="connected")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            shown(alice_client)
        return len(captured)

    def more(number: int) -> None:
        entry(site, power=number)
        command_create(charge_point=charge_point, kind="reboot", parameters={"type": "Soft"}, author=alice)

    more(0)
    few = queries()
    for number in range(1, 20):
        more(number)
    assert queries() == few


def test_what_is_there_is_linked(
    acts: list[AuditEntry], alice_client: Client, alice: User, charge_point: ChargePoint
) -> None:
    ChargePoint.objects.update(integration="connected")
    command = command_create(charge_point=charge_point, kind="reboot", parameters={"type": "Soft"}, author=alice)
    row = alice_client.get(reverse("audit")).context["rows"][0]
    assert (row.url, row.command_url) == (
        reverse("charge_point", args=[charge_point.pk]),
        reverse("command", args=[command.pk]),
    )
    assert "sent Reboot to charge point NORD-1" in alice_client.get(reverse("audit")).content.decode()


def test_htmx_gets_the_rows_only(acts: list[AuditEntry], alice_client: Client) -> None:
    body = alice_client.get(reverse("audit"), headers={"hx-request": "true"}).content.decode()
    assert body.startswith('<div id="deeds">')
    assert "<html" not in body


class TestExports:
    """Files."""

    def test_csv(self, acts: list[AuditEntry], alice_client: Client, site: Site) -> None:
        Site.objects.filter(pk=site.pk).update(name="=cmd|'/c calc'!A1")
        site.refresh_from_db()
        entry(site, Actor(ActorKind.PERSON, " +Alice"), reason="@SUM(A1)")
        answer = alice_client.get(reverse("audit_export", args=["csv"]))
        assert answer["Content-Type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(b"".join(parts(answer)).decode())))
        newest = rows[1]  # the newest of all says that the file was taken
        assert (newest["object"], newest["actor"], newest["reason"]) == ("'=cmd|'/c calc'!A1", "' +Alice", "'@SUM(A1)")
        assert rows[-1]["what"] == "Alice edited site Aker Brygge: power limit 250 kW → 200 kW"
        assert json.loads(rows[-1]["before"]) == {"power_limit_w": 250000}
        assert len(rows) == 5

    def test_json_lines_with_filters(self, acts: list[AuditEntry], alice_client: Client, far_site: Site) -> None:
        answer = alice_client.get(reverse("audit_export", args=["jsonl"]), {"site": far_site.pk})
        lines = [json.loads(line) for line in b"".join(parts(answer)).splitlines()]
        assert [(line["object"], line["after"]) for line in lines] == [("Bergen Havn", {"power_limit_w": 200000})]

    def test_taking_it_away_is_on_record(self, acts: list[AuditEntry], alice_client: Client, alice: User) -> None:
        alice_client.get(reverse("audit_export", args=["csv"]), {"q": "aker"})
        newest = AuditEntry.objects.all()[0]
        assert (newest.act, newest.actor_id) == ("organisation.audit_exported", alice.pk)
        assert newest.after == {"form": "csv", "words": ["aker"]}

    def test_unknown_forms_are_not_there(self, alice_client: Client) -> None:
        assert alice_client.get(reverse("audit_export", args=["xml"])).status_code == 404
        assert not AuditEntry.objects.exists()

    def test_many_rows_come_in_parts(self, alice_client: Client, site: Site) -> None:
        now = factories.now()
        AuditEntry.objects.bulk_create(
            AuditEntry(
                at=now - timedelta(seconds=number),
                organisation_id=site.team.organisation_id,
                actor_kind=ActorKind.HUB,
                actor_name="Hub",
                act="site.edited",
                noun="site",
            )
            for number in range(1200)
        )
        with CaptureQueriesContext(connection) as captured:
            found = list(parts(alice_client.get(reverse("audit_export", args=["jsonl"]))))
        assert [part.count(b"\n") for part in found] == [500, 500, 201]
        assert all("OFFSET" not in query["sql"] for query in captured)


def parts(answer: object) -> Iterator[bytes]:
    """The parts of a streamed answer."""
    return iter(answer.streaming_content)  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
async def test_it_streams_under_asgi_too(acts: list[AuditEntry], alice: User) -> None:
    client = AsyncClient()
    await client.aforce_login(alice)
    answer = await client.get(reverse("audit_export", args=["jsonl"]))
    streamed = cast("StreamingHttpResponse", answer)
    assert streamed.is_async
    found = [part async for part in cast("AsyncIterator[bytes]", streamed.streaming_content)]
    assert len(b"".join(found).splitlines()) == 4


def test_a_place_without_a_team_any_more(alice_client: Client, nordlys: Organisation) -> None:
    team = factories.team(nordlys, "Gone")
    audit_record(actor=HUB, act="created", obj=team, place=Place(nordlys.pk, team.pk), after={"name": "Gone"})
    team.delete()
    assert len(shown(alice_client)) == 1
