"""What the installer changes: each kind over HTTP, applied once, refused with a sentence."""

import threading
import uuid

import pytest
from django.db import connection
from django.test import Client

from chargepoints.models import Charge, ChargePoint, Connector, Site
from hub.audit.records import HUB, Actor
from installer.choices import JobState, StepState
from installer.models import JobEdit, Note
from installer.services.jobs import job_complete
from installer.services.notes import note_save
from tests import factories
from tests.installer.scene import Scene, scene
from tests.portal.charge_tools import charge

TYPED = "It took two tries.\nThe breaker <b>hums</b>."


@pytest.fixture
def running(charge_point: ChargePoint) -> Charge:
    """A charge that runs on the job's charge point."""
    return charge(charge_point, "7001", minutes=None)


def test_an_identity_is_kept_trimmed_and_on_record(job: Scene, charge_point: ChargePoint) -> None:
    answer = job.send("identity", job.row("NORD-1"), value="  ACE-77 ", seen="NORD-1")
    assert (answer.status_code, answer.json()) == (200, {"identity": "ACE-77", "is_taken": False})
    charge_point.refresh_from_db()
    assert (charge_point.identity, charge_point.password_hmac) == ("ACE-77", "")
    (deed,) = job.deeds()
    assert (deed.act, deed.actor_name, deed.object_id) == (
        "charge_point.identity changed",
        f"Ola, job {job.job.number}",
        str(charge_point.pk),
    )
    assert (deed.before["identity"], deed.after["identity"]) == ("NORD-1", "ACE-77")
    assert deed.site_id == charge_point.site_id
    assert deed.address == "127.0.0.1"


def test_an_empty_identity_takes_it_away(job: Scene, charge_point: ChargePoint) -> None:
    assert job.send("identity", job.row("NORD-1"), value="", seen="NORD-1").status_code == 200
    charge_point.refresh_from_db()
    assert charge_point.identity is None


@pytest.mark.parametrize("typed", ["a b", "a:b", "x" * 49, "a/b", "æøå", "a\x00b!", "<b>", "\u202eABC"])
def test_what_is_no_identity_is_told(job: Scene, charge_point: ChargePoint, typed: str) -> None:
    answer = job.send("identity", job.row("NORD-1"), value=typed)
    assert answer.status_code == 422
    assert answer.json()["field"] == "identity"
    assert "48 letters, digits" in answer.json()["error"]
    charge_point.refresh_from_db()
    assert charge_point.identity == "NORD-1"
    assert job.deeds() == []


def test_the_connector_is_kept(job: Scene) -> None:
    row = job.row("NORD-1")
    assert job.send("connector", row, value="2", seen="").json() == {"connector": 2}
    row.refresh_from_db()
    assert row.connector_number == 2
    assert [(deed.act, deed.after) for deed in job.deeds()] == [("charge_point.edited", {"connector": 2})]
    assert job.send("connector", row, value="", seen="2").json() == {"connector": None}


@pytest.mark.parametrize("typed", ["0", "256", "-1", "two", "1.5", "99999999999999999999", "²"])
def test_what_is_no_connector_is_told(job: Scene, typed: str) -> None:
    answer = job.send("connector", job.row("NORD-1"), value=typed)
    assert (answer.status_code, answer.json()["error"]) == (422, "A connector has a number from 1 to 255.")


def test_a_note_is_kept_and_shown_escaped(job: Scene) -> None:
    assert job.send("note", job.row("NORD-1"), text=TYPED, seen="").json() == {"note": TYPED}
    html = job.page()
    assert "&lt;b&gt;hums&lt;/b&gt;" in html
    assert "<b>hums" not in html
    assert [deed.act for deed in job.deeds()] == ["charge_point.noted"]
    assert job.send("note", job.row("NORD-1"), text="", seen=TYPED).status_code == 200
    assert not Note.objects.exists()


def test_a_note_may_be_long_but_not_longer(job: Scene) -> None:
    assert job.send("note", job.row("NORD-1"), text="å" * 4000).status_code == 200
    answer = job.send("note", job.row("NORD-1"), text="å" * 4001)
    assert (answer.status_code, answer.json()["field"]) == (422, "note")


def test_the_operator_s_note_is_read_and_stays_theirs(job: Scene, alice: object) -> None:
    note_save(actor=Actor.of(alice), row=job.row("NORD-1"), text="Mind the step")  # type: ignore[arg-type]
    job.send("note", job.row("NORD-1"), text="I will", seen="")
    assert sorted(Note.objects.values_list("side", "text")) == [
        ("installer", "I will"),
        ("operator", "Mind the step"),
    ]
    assert "Mind the step" in job.page()


def test_a_step_is_left_out_with_a_reason_only(job: Scene) -> None:
    row = job.row("NORD-1")
    step = row.steps.first()
    assert step
    assert job.send("skip", row, step=step.pk, reason="  ").json()["error"] == "Say why this step is left out."
    answer = job.send("skip", row, step=step.pk, reason="No car here")
    assert answer.json() == {"step": step.pk, "state": "skipped"}
    step.refresh_from_db()
    assert (step.state, step.skip_reason) == (StepState.SKIPPED, "No car here")
    assert [(deed.act, deed.reason) for deed in job.deeds()] == [("charge_point.skipped", "No car here")]


@pytest.mark.parametrize(
    ("kind", "mine", "seen", "theirs", "fields"),
    [
        ("identity", "ACE-1", "OLD-1", "NORD-1", {"value": "ACE-1"}),
        ("connector", "2", "1", "", {"value": "2"}),
        ("note", "mine", "before", "", {"text": "mine"}),
    ],
)
def test_a_conflict_tells_both_values_and_changes_nothing(
    job: Scene, charge_point: ChargePoint, kind: str, mine: str, seen: str, theirs: str, fields: dict[str, str]
) -> None:
    answer = job.send(kind, job.row("NORD-1"), seen=seen, **fields)
    told = answer.json()
    assert (answer.status_code, told["field"], told["yours"], told["theirs"]) == (422, kind, mine, theirs)
    assert told["error"].startswith("It was changed meanwhile")
    charge_point.refresh_from_db()
    assert (charge_point.identity, job.row("NORD-1").connector_number) == ("NORD-1", None)
    assert not Note.objects.exists()
    assert job.deeds() == []


def test_the_same_key_again_gets_the_same_answer_and_does_nothing(job: Scene, charge_point: ChargePoint) -> None:
    key = str(uuid.uuid4())
    first = job.send("identity", job.row("NORD-1"), key=key, value="ACE-1", seen="NORD-1")
    ChargePoint.objects.filter(pk=charge_point.pk).update(identity="OPERATOR-1")
    again = job.send("identity", job.row("NORD-1"), key=key.upper(), value="ACE-1", seen="NORD-1")
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    charge_point.refresh_from_db()
    assert charge_point.identity == "OPERATOR-1"
    assert len(job.deeds()) == 1
    assert JobEdit.objects.count() == 1


def test_a_refused_one_stays_refused_under_its_key(job: Scene) -> None:
    key = str(uuid.uuid4())
    refused = job.send("connector", job.row("NORD-1"), key=key, value="900")
    again = job.send("connector", job.row("NORD-1"), key=key, value="1")
    assert (again.status_code, again.json()) == (422, refused.json())
    assert job.row("NORD-1").connector_number is None


def test_another_link_s_keys_are_its_own(job: Scene, site: Site) -> None:
    other = scene(site, factories.charge_point(site, "NORD-9"))
    key = str(uuid.uuid4())
    assert job.send("note", job.row("NORD-1"), key=key, text="one").status_code == 200
    answer = other.send("note", other.row("NORD-9"), key=key, text="two")
    assert (answer.status_code, answer.json()) == (200, {"note": "two"})
    assert "Idempotency-Replayed" not in answer.headers


@pytest.mark.parametrize("key", ["1", "not-a-key", "\x00", "0" * 500])
def test_a_key_that_is_none_is_told(job: Scene, key: str) -> None:
    answer = job.send("note", job.row("NORD-1"), key=key, text="hello")
    assert answer.status_code == 422
    assert not Note.objects.exists()


@pytest.mark.parametrize("row", ["", "0", "-1", "x", "9" * 30, "1.0", "\x00"])
def test_a_row_that_is_none_is_told(job: Scene, row: str) -> None:
    answer = job.send("note", row, text="hello")
    assert (answer.status_code, answer.json()["error"]) == (422, "This charge point is not part of the job any more.")


@pytest.mark.parametrize("kind", ["", "price", "photo", "x" * 300, "a\x00b"])
def test_a_kind_that_is_none_is_told(job: Scene, kind: str) -> None:
    assert job.send(kind, job.row("NORD-1"), text="hello").status_code == 422
    assert job.deeds() == []


@pytest.mark.parametrize(("kind", "fields"), [("identity", {"value": "ACE-1"}), ("connector", {"value": "2"})])
def test_not_while_a_charge_runs(job: Scene, running: Charge, kind: str, fields: dict[str, str]) -> None:
    answer = job.send(kind, job.row("NORD-1"), **fields)
    assert answer.status_code == 422
    assert "while a charge runs" in answer.json()["error"]
    html = job.page()
    assert html.count("<fieldset data-lockable disabled>") == 2
    assert "A charge is running. Stop it first" in html


def test_a_note_can_be_written_while_a_charge_runs(job: Scene, running: Charge) -> None:
    assert job.send("note", job.row("NORD-1"), text="It charges").status_code == 200


def test_the_first_edit_puts_the_job_in_progress_and_a_refused_one_does_not(job: Scene) -> None:
    job.send("connector", job.row("NORD-1"), value="900")
    job.job.refresh_from_db()
    assert job.job.state == JobState.OPEN
    job.send("connector", job.row("NORD-1"), value="1")
    job.job.refresh_from_db()
    assert job.job.state == JobState.IN_PROGRESS
    assert ">in progress</span>" in job.page()


def test_a_completed_job_takes_nothing(job: Scene) -> None:
    job_complete(actor=HUB, job=job.job, activate=False)
    answer = job.send("note", job.row("NORD-1"), text="late")
    assert (answer.status_code, answer.json()["error"]) == (422, "The job is completed: it can only be read.")
    plain = job.plain("note", job.row("NORD-1"), text="late <i>")
    assert plain.status_code == 422
    assert "it can only be read" in plain.content.decode()
    assert "late &lt;i&gt;" in plain.content.decode()


def test_a_charge_point_that_was_moved_or_archived_is_not_the_installer_s(
    job: Scene, charge_point: ChargePoint, far_site: Site
) -> None:
    row = job.row("NORD-1")
    ChargePoint.objects.filter(pk=charge_point.pk).update(site=far_site)
    assert job.send("note", row, text="hello").status_code == 422
    assert "NORD-1" not in job.page()
    assert "0 / 0 connected" in job.page()


def test_a_plain_form_is_led_back_to_its_charge_point(job: Scene) -> None:
    row = job.row("NORD-1")
    answer = job.plain("note", row, text="By hand", seen="")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{job.base}#row-{row.pk}")
    assert Note.objects.get().text == "By hand"


def test_a_plain_form_that_is_wrong_is_told_beside_the_field(job: Scene) -> None:
    row = job.row("NORD-1")
    answer = job.plain("identity", row, value="a b", seen="NORD-1")
    html = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="row-{row.pk}-identity-error"' in html
    assert f'aria-describedby="row-{row.pk}-identity-error"' in html
    assert 'value="a b"' in html
    assert "Not saved" in html
    assert "All saved" not in html


def test_connectors_offered_are_the_known_ones_and_four(job: Scene, charge_point: ChargePoint) -> None:
    Connector.objects.create(charge_point=charge_point, number=7)
    html = job.page()
    assert [number for number in range(1, 12) if f'<option value="{number}">' in html] == [1, 2, 3, 4, 7]


@pytest.mark.django_db(transaction=True)
def test_the_same_edit_twice_at_once_is_applied_once(job: Scene) -> None:
    key, row, answers = str(uuid.uuid4()), job.row("NORD-1").pk, []
    start = threading.Barrier(4)

    def tap() -> None:
        start.wait()
        data = {"kind": "identity", "row": row, "value": "ACE-1", "seen": "NORD-1"}
        answers.append(Client().post(f"{job.base}edits/", data, headers={"Idempotency-Key": key}))
        connection.close()

    threads = [threading.Thread(target=tap) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [(answer.status_code, answer.json()["identity"]) for answer in answers] == [(200, "ACE-1")] * 4
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 3
    assert len(job.deeds()) == 1
