"""The list of bulk actions and the page of one: progress, chargers, stop, retry, go on, results as a file."""

import csv
import io
from datetime import timedelta

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.action_choices import BatchRowState, BatchState
from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, Command, CommandBatch, Site
from chargepoints.pacing import Pace
from chargepoints.selectors.attention import Severity, attention
from chargepoints.selectors.batches import PAGE
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.batch_tools import advanced, answered, begun, charging, fleet, offline, online, states
from tests.conftest import signed_in
from tests.factories import now

QUERIES = 20


def page(client: Client, batch: CommandBatch, query: str = "") -> str:
    """The batch's page."""
    response = client.get(reverse("batch", args=[batch.pk]) + query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def batch(alice: User, site: Site) -> CommandBatch:
    """Four chargers: one done, one rejected, two waiting."""
    points = fleet(site, 4)
    made = advanced(begun(alice, points, Pace(at_once=2), left_out={factories.charge_point(site).pk: "Offline."}))
    answered(CommandStatus.REJECTED, Effect.NONE, charge_point=points[1])
    answered()
    CommandBatch.objects.update(at_once=1)
    return advanced(made)


def test_works(alice_client: Client, batch: CommandBatch) -> None:
    html = page(alice_client, batch)
    for text in ("Clear cache", "Running", "2 of 4", "B-001", "Rejected by the charger.", "Left out", "1 at once"):
        assert text in html
    assert 'hx-trigger="every 2s"' in html
    assert "style=" not in html
    listed = alice_client.get(reverse("batches")).content.decode()
    for text in ("Clear cache", "2 of 4", "Running", "you"):
        assert text in listed


def test_needs_login(client: Client, batch: CommandBatch) -> None:
    for name in ("batch", "batch_results", "batch_resume"):
        assert client.get(reverse(name, args=[batch.pk])).headers["Location"].startswith("/login/")
    assert client.get(reverse("batches")).headers["Location"].startswith("/login/")


def test_a_stranger_finds_nothing(charlie_client: Client, batch: CommandBatch) -> None:
    for name in ("batch", "batch_results", "batch_resume"):
        assert charlie_client.get(reverse(name, args=[batch.pk])).status_code == 404
    for name in ("batch_stop", "batch_retry", "batch_resume"):
        assert charlie_client.post(reverse(name, args=[batch.pk])).status_code == 404
    assert "Clear cache" not in charlie_client.get(reverse("batches")).content.decode()


def test_wrong_method_and_bad_ids(alice_client: Client, batch: CommandBatch) -> None:
    for name in ("batch_stop", "batch_retry"):
        assert alice_client.get(reverse(name, args=[batch.pk])).status_code == 405
    assert alice_client.post(reverse("batch", args=[batch.pk])).status_code == 405
    assert alice_client.get("/batches/7/").status_code == 404
    assert alice_client.get(reverse("batch", args=[batch.pk]) + "?state=odd").status_code == 404
    for query in ("?after=x", "?after=-1", "?before=x", "?after=99999999999999"):
        page(alice_client, batch, query)
        assert alice_client.get(reverse("batches") + query).status_code == 200


def test_bob_sees_his_chargers_and_stops_nothing_of_others(
    bob_client: Client, bob: User, alice: User, site: Site, far_site: Site
) -> None:
    mine, far = fleet(site, 2), fleet(far_site, 3, "F")
    shared = advanced(begun(alice, [*mine, *far]))
    html = page(bob_client, shared)
    assert "0 of 2" in html
    assert "F-001" not in html
    assert "batch-stop" not in html
    for name in ("batch_stop", "batch_retry", "batch_resume"):
        assert bob_client.post(reverse(name, args=[shared.pk])).status_code == 403
    assert "F-001" not in _file(bob_client, shared)
    hidden = begun(alice, far)
    assert bob_client.get(reverse("batch", args=[hidden.pk])).status_code == 404
    own = begun(bob, mine)
    assert "batch-stop" in page(bob_client, own)
    assert bob_client.post(reverse("batch_stop", args=[own.pk])).status_code == 302


def test_support_sees_but_does_not_stop_what_it_may_not_do(nordlys: Organisation, batch: CommandBatch) -> None:
    person = factories.user()
    factories.member(nordlys, person, Role.SUPPORT)
    client = signed_in(person)
    assert "others stop it" in page(client, batch)
    assert client.post(reverse("batch_stop", args=[batch.pk])).status_code == 403


def test_stop(alice_client: Client, batch: CommandBatch) -> None:
    response = alice_client.post(reverse("batch_stop", args=[batch.pk]), follow=True)
    html = response.content.decode()
    assert "Stopped. Not sent to 2; 0 that had begun are followed on." in html
    assert states(batch) == ["done", "failed", "stopped", "stopped", "left-out"]
    assert "batch-stop" not in html
    assert "hx-trigger" not in html.partition('id="batch"')[2].partition(">")[0]
    again = alice_client.post(reverse("batch_stop", args=[batch.pk]), follow=True)
    assert "It is stopped already." in again.content.decode()
    assert AuditEntry.objects.filter(act="command_batch.stopped").count() == 1


def test_try_again(alice_client: Client, batch: CommandBatch) -> None:
    assert "Try 1 again" in page(alice_client, batch)
    response = alice_client.post(reverse("batch_retry", args=[batch.pk]), follow=True)
    assert "1 charger will be tried again." in response.content.decode()
    assert states(batch)[1] == "waiting"
    assert "Rejected by the charger." not in page(alice_client, batch)


def test_go_on_after_a_halt(alice_client: Client, alice: User, batch: CommandBatch) -> None:
    CommandBatch.objects.update(state=BatchState.HALTED, state_why="1 of 2 failed.")
    html = page(alice_client, batch)
    assert "Halted" in html
    assert "batch-go-on" in html
    assert "1 of 2 failed." in html
    dialog = alice_client.get(reverse("batch_resume", args=[batch.pk]), headers={"HX-Request": "true"})
    assert dialog.content.decode().startswith("<dialog")
    refused = alice_client.post(reverse("batch_resume", args=[batch.pk]), {"reason": " "})
    assert refused.status_code == 409
    assert "Say why it may go on." in refused.content.decode()
    response = alice_client.post(reverse("batch_resume", args=[batch.pk]), {"reason": "Known fault"})
    assert response.headers["Location"] == reverse("batch", args=[batch.pk])
    assert CommandBatch.objects.get().state == BatchState.RUNNING
    assert AuditEntry.objects.get(act="command_batch.resumed").reason == "Known fault"


def test_a_halted_one_needs_attention(alice: User, charlie: User, batch: CommandBatch, alice_client: Client) -> None:
    assert Severity.HALTED not in {entry.severity for entry in attention(alice)}
    CommandBatch.objects.update(state=BatchState.HALTED, state_why="1 of 2 failed.")
    [entry] = [each for each in attention(alice) if each.severity == Severity.HALTED]
    assert (entry.why, entry.detail) == ("Clear cache of many chargers halted.", "1 of 2 failed.")
    assert (entry.batch, entry.charge_point.name) == (batch, "B-002")
    assert attention(charlie) == []
    assert reverse("batch", args=[batch.pk]) in alice_client.get("/").content.decode()


def test_rows_say_why_they_wait(alice_client: Client, alice: User, site: Site) -> None:
    points = fleet(site, 5)
    charging(points[0])
    offline(points[1:2])
    made = advanced(begun(alice, points, Pace(skip_busy=True, keep_s=3600, at_once=1, watch_s=60)))
    answered()
    advanced(made)
    made.rows.filter(charge_point=points[4]).update(due_at=now() + timedelta(minutes=5))
    html = page(alice_client, made)
    for text in ("A charge is running.", "Offline. It waits until", "Begins at", "Looked at for faults until"):
        assert text in html


def test_filter_and_pages(alice_client: Client, alice: User, site: Site) -> None:
    made = begun(alice, fleet(site, 230))
    made.rows.filter(position__lte=120).update(state=BatchRowState.FAILED)
    html, seen = page(alice_client, made, "?state=failed"), 0
    assert "B-001" in html
    assert "B-101" not in html
    assert "state=failed&amp;after=100" in html
    html = page(alice_client, made, "?state=failed&after=100")
    assert "B-120" in html
    assert "B-121" not in html
    after = 0
    for _ in range(3):
        html = page(alice_client, made, f"?after={after}")
        seen += html.count('<tr class="r"')
        after += 100
    assert seen == 230
    assert "No charger is in this state" in page(alice_client, made, "?state=watched")


def test_the_list_has_pages(alice_client: Client, alice: User, site: Site) -> None:
    [point] = fleet(site, 1)
    for number in range(PAGE + 5):
        begun(alice, [point]).rows.update(why=str(number))
    CommandBatch.objects.update(created_at=now())
    first = alice_client.get(reverse("batches"))
    assert first.content.decode().count('<tr class="r"') == PAGE
    following = first.context["next_page"]
    second = alice_client.get(reverse("batches"), {"before": following})
    assert second.content.decode().count('<tr class="r"') == 5
    assert second.context["next_page"] == ""


def test_an_empty_list_teaches(alice_client: Client) -> None:
    assert "No bulk action yet." in alice_client.get(reverse("batches")).content.decode()


def _file(client: Client, batch: CommandBatch, query: str = "") -> str:
    response = client.get(reverse("batch_results", args=[batch.pk]) + query)
    assert isinstance(response, StreamingHttpResponse)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    return response.getvalue().decode()


def test_results(alice_client: Client, batch: CommandBatch, site: Site) -> None:
    ChargePoint.objects.filter(name="B-001").update(name="=cmd()")
    rows = list(csv.reader(io.StringIO(_file(alice_client, batch).lstrip("\ufeff"))))
    assert rows[0][:5] == ["charger", "identity", "site", "state", "why"]
    assert [row[3] for row in rows[1:]] == ["Done", "Failed", "Under way", "Waiting", "Left out"]
    assert rows[1][0] == "'=cmd()"
    assert rows[2][4] == "Rejected by the charger."
    assert rows[1][10] == str(Command.objects.get(charge_point__name="=cmd()").pk)
    assert len(list(csv.reader(io.StringIO(_file(alice_client, batch, "?state=failed"))))) == 2


@pytest.mark.parametrize("number", [1, 500])
def test_query_count_of_a_page(
    alice_client: Client, alice: User, site: Site, number: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    made = advanced(begun(alice, fleet(site, number), Pace(at_once=500)))
    with django_assert_max_num_queries(QUERIES) as found:
        page(alice_client, made)
    assert len(found.captured_queries) == 10


def test_query_count_of_the_list(
    alice_client: Client, alice: User, site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    points = fleet(site, 3)
    online(points)
    begun(alice, points)
    with django_assert_max_num_queries(QUERIES) as few:
        alice_client.get(reverse("batches"))
    for _ in range(20):
        begun(alice, points)
    with django_assert_max_num_queries(QUERIES) as many:
        alice_client.get(reverse("batches"))
    assert len(few.captured_queries) == len(many.captured_queries)
