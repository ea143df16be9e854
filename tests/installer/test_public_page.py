"""What the public page shows, how it is kept up to date, and what it never shows."""

import gzip
import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localtime

from chargepoints.choices import Integration, Refusal, Registration, State
from chargepoints.models import ChargePoint, ConfigurationItem, Connection, Finding, Site, StatusChange
from hub.audit.records import HUB, Actor
from installer.choices import Side, StepState
from installer.models import AcceptanceStep, InstallerJob, Note
from installer.services.notes import note_save
from tests import factories
from tests.installer.scene import Scene, scene

HOSTILE = "<script>alert(1)</script>\u202eevil'\"&{{ 7|add:7 }}{% now 'Y' %}"


def connected(point: ChargePoint, **fields: object) -> Any:
    """Let the charge point be connected since a moment ago; that moment."""
    since = factories.now() - timedelta(seconds=30)
    Connection.objects.filter(pk=point.pk).update(is_connected=True, connected_at=since, last_seq=7)
    fields = {"integration": Integration.CONNECTED, "state": State.AVAILABLE, **fields}
    ChargePoint.objects.filter(pk=point.pk).update(**fields)
    return since


def live(job: Scene, name: str) -> str:
    """The live check of this charge point, as text."""
    html = job.client.get(f"{job.base}state/").content.decode()
    pk = job.row(name).pk
    found = re.search(rf'id="row-{pk}-check".*?</ul>', html, re.DOTALL)
    assert found
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found.group(0)))


def test_the_head_of_the_page(site: Site, charge_point: ChargePoint, clean_redis: redis.Redis) -> None:
    Site.objects.filter(pk=site.pk).update(address="Stranden 1")
    site.refresh_from_db()
    job = scene(site, charge_point, factories.charge_point(site, "NORD-8"), instructions="Use torque 12 Nm")
    connected(charge_point)
    html = job.page()
    for text in (
        f"Job {job.job.number}",
        ">open</span>",
        "Aker Brygge",
        "Stranden 1, Oslo",
        "Two boxes on the left wall",
    ):
        assert text in html
    assert "Use torque 12 Nm" in html
    assert "1 / 2 connected" in html
    assert 'href="geo:0,0?q=Stranden%201%2C%20Oslo"' in html
    assert 'href="tel:+4722000000"' in html
    assert "Mark as complete" in html
    until = localtime(job.link.expires_at, ZoneInfo("Europe/Oslo"))
    assert f"This link works until {until:%-d %B %Y, %H:%M}." in html


def test_the_body_tells_the_script_what_it_needs(job: Scene) -> None:
    html = job.page()
    assert f'data-job="{job.job.pk}" data-base="{job.base}" data-poll="2000" data-state="open"' in html
    assert f'data-row="{job.row("NORD-1").pk}" open>' in html
    assert set(re.findall(r'data-outbox="(\w+)"', html)) == {"identity", "connector", "note", "skip", "photo"}


def test_the_first_unfinished_charge_point_is_open(site: Site, clean_redis: redis.Redis) -> None:
    points = [factories.charge_point(site, f"N-{number}") for number in range(3)]
    job = scene(site, *points)
    connected(points[0])
    job.row("N-0").steps.update(state=StepState.PASSED)
    html = job.page()
    assert [bool(found) for found in re.findall(r'<details class="chg[^>]*?( open)?>', html)] == [False, True, False]
    assert "1 of 3 done" in html


def test_the_address_to_type_in(job: Scene, settings: Any) -> None:
    settings.OCPP_URL = "wss://ocpp.example.net/ocpp"
    assert "wss://ocpp.example.net/ocpp/NORD-1" in job.page()
    job.send("identity", job.row("NORD-1"), value="")
    assert "wss://" not in job.page()


def test_the_live_check_of_one_that_works(site: Site, clean_redis: redis.Redis) -> None:
    point = factories.charge_point(site, "482913")
    job = scene(site, point, configuration=[{"key": "HeartbeatInterval", "value": "300"}])
    since = connected(
        point, vendor="Acme", model="Twin", serial="ACE-482913", booted_at=factories.now(), registration_told="Accepted"
    )
    StatusChange.objects.create(
        charge_point=point,
        connector_number=1,
        status="Available",
        reported_at=since + timedelta(seconds=1.2),
        received_at=since + timedelta(seconds=1),
    )
    ConfigurationItem.objects.create(
        charge_point=point, key="HeartbeatInterval", value="300", reported_at=factories.now()
    )
    text = live(job, "482913")
    for words in ("Charger called us", "Right model and serial", "Clock is right +0.2 s", "1 setting written"):
        assert words in text


def test_a_setting_that_the_charger_spells_its_own_way(job: Scene, charge_point: ChargePoint) -> None:
    """The live check and the acceptance test judge by one rule."""
    InstallerJob.objects.filter(pk=job.job.pk).update(configuration=[{"key": "WebSocketPingInterval", "value": "TRUE"}])
    connected(charge_point)
    ConfigurationItem.objects.create(
        charge_point=charge_point, key="websocketpinginterval", value=" true", reported_at=factories.now()
    )
    assert "1 setting written" in live(job, "NORD-1")


def test_the_times_are_those_of_the_site(site: Site, charge_point: ChargePoint, clean_redis: redis.Redis) -> None:
    Site.objects.filter(pk=site.pk).update(time_zone="Asia/Kolkata")
    site.refresh_from_db()
    job = scene(site, charge_point)
    since = connected(charge_point)
    local = (since + timedelta(hours=5, minutes=30)).strftime("%H:%M:%S")
    assert local in live(job, "NORD-1")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-59, "Clock is right"),
        (61, "It is ahead by +61.0 s"),
        (7200, "It is ahead by 2 h"),
        (-3600, "behind by 60 min"),
    ],
)
def test_the_clock(job: Scene, charge_point: ChargePoint, seconds: int, words: str) -> None:
    at = connected(charge_point) + timedelta(seconds=1)
    StatusChange.objects.create(
        charge_point=charge_point,
        connector_number=1,
        status="Available",
        reported_at=at + timedelta(seconds=seconds),
        received_at=at,
    )
    assert words in live(job, "NORD-1")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "Clock is right"), (-59, "Clock is right"), (-600, "Seen with its next status"), (900, "It is ahead.")],
)
def test_the_clock_of_a_status_that_was_only_repeated(
    job: Scene, charge_point: ChargePoint, seconds: int, words: str
) -> None:
    at = connected(charge_point) + timedelta(seconds=seconds)
    charge_point.connectors.filter(number=1).update(status_at=at)
    assert words in live(job, "NORD-1")


def test_a_clock_of_1970(job: Scene, charge_point: ChargePoint) -> None:
    connected(charge_point)
    now = factories.now()
    Finding.objects.create(
        charge_point=charge_point, rule="clock-behind", detail="1970-01-01T00:00:07Z", first_at=now, last_at=now
    )
    assert "It is far behind: 1970-01-01T00:00:07Z" in live(job, "NORD-1")


@pytest.mark.parametrize("reason", Refusal)
def test_every_refusal_says_what_to_do(job: Scene, charge_point: ChargePoint, reason: Refusal) -> None:
    Connection.objects.filter(pk=charge_point.pk).update(refused_at=factories.now(), refused_reason=reason)
    text = live(job, "NORD-1")
    assert "Charger was refused" in text
    assert re.search(r"It (called|is deactivated)|Its (user name|certificate)", text)


def test_another_serial_is_to_be_compared(job: Scene, charge_point: ChargePoint) -> None:
    connected(charge_point, serial="ZZ-9", vendor="Acme", booted_at=factories.now())
    assert "It says: Acme, serial ZZ-9." in live(job, "NORD-1")
    ChargePoint.objects.filter(pk=charge_point.pk).update(registration_told=Registration.REJECTED)
    assert "It was rejected" in live(job, "NORD-1")


def test_the_state_is_told_when_it_has_changed_only(job: Scene, charge_point: ChargePoint, alice: Any) -> None:
    version = re.search(r'data-version="(\w+)"', job.page())
    assert version
    known = version.group(1)
    for change in (
        lambda: connected(charge_point),
        lambda: note_save(actor=Actor.of(alice), row=job.row("NORD-1"), text="Mind the step"),
        lambda: job.row("NORD-1").steps.filter(connector_number=0).update(state=StepState.PASSED),
        lambda: job.send("connector", job.row("NORD-1"), value="2"),
        lambda: ChargePoint.objects.filter(pk=charge_point.pk).update(state=State.MAINTENANCE),
    ):
        still = job.client.get(f"{job.base}state/", {"v": known})
        assert (still.status_code, still.content, still.headers["ETag"]) == (204, b"", f'"{known}"')
        change()
        new = job.client.get(f"{job.base}state/", {"v": known})
        assert new.status_code == 200
        known = new.headers["ETag"].strip('"')


def test_live_parts_have_the_same_ids_as_on_the_page_and_hold_no_field(job: Scene) -> None:
    part = re.compile(r'id="([\w-]+)" data-live="\w+"')
    state = job.client.get(f"{job.base}state/").content.decode()
    page_ids, state_ids = part.findall(job.page()), part.findall(state)
    assert sorted(page_ids) == sorted(state_ids)
    assert len(set(state_ids)) == len(state_ids)
    assert not re.search(r"<(input(?! type=\"hidden\")|select|textarea)", state)


def test_everything_that_people_and_chargers_write_is_text(site: Site, clean_redis: redis.Redis) -> None:
    Site.objects.filter(pk=site.pk).update(name=HOSTILE, address=HOSTILE, city=HOSTILE[:70])
    site.refresh_from_db()
    point = factories.charge_point(
        site, "N-1", name=HOSTILE[:60], location=HOSTILE, vendor=HOSTILE, model=HOSTILE, serial=HOSTILE
    )
    connected(point, booted_at=factories.now())
    job = scene(site, point, description=HOSTILE, instructions=HOSTILE, contact=HOSTILE)
    row = job.job.rows.get()
    for side in Side:
        Note.objects.create(row=row, side=side, text=HOSTILE, author_name=HOSTILE)
    AcceptanceStep.objects.filter(row=row).update(evidence=HOSTILE, by_name=HOSTILE)
    finding = {"first_at": factories.now(), "last_at": factories.now()}
    Finding.objects.create(charge_point=point, rule="clock-ahead", detail=HOSTILE, **finding)
    shown = [job.page(), job.client.get(f"{job.base}state/").content.decode()]
    shown += [job.client.get(f"{job.base}complete/").content.decode()]
    shown += [job.plain("identity", row, value=HOSTILE).content.decode()]
    shown += [job.plain("skip", row, step="1", reason=HOSTILE).content.decode()]
    for html in shown:
        assert "<script>" not in html
        assert "evil'\"" not in html
        assert "&lt;script&gt;alert(1)" in html
        assert "{{ 7|add:7 }}" in html


def test_text_of_both_directions_stays_in_its_place(job: Scene) -> None:
    for side in Side:
        Note.objects.create(row=job.row("NORD-1"), side=side, text="\u202egnihton", author_name="x")
    html = job.page()
    assert re.search(r'<textarea[^>]* name="text"[^>]* dir="auto"[^>]*>\n\u202egnihton</textarea>', html)
    assert re.search(r'<p class="said" dir="auto">\u202egnihton</p>', html)


def test_it_never_shows_passwords_drivers_or_money(job: Scene, charge_point: ChargePoint) -> None:
    charge_point.refresh_from_db()
    html = job.page() + job.client.get(f"{job.base}state/").content.decode()
    html += job.client.get(f"{job.base}complete/").content.decode()
    assert charge_point.password_hmac
    for secret in (charge_point.password_hmac, factories.PASSWORD, job.link.token_sha256, "Nordlys", "NOK"):
        assert secret not in html
    assert set(re.findall("<script [^>]*>", html)) == set(re.findall('<script src="/static/[^"]+" defer>', html))
    assert "<script>" not in html
    assert " style=" not in html


def test_a_large_job_costs_as_many_queries_as_a_small_one(site: Site, clean_redis: redis.Redis) -> None:
    counts = []
    for size in (1, 14):
        points = [factories.charge_point(site, f"S{size}-{number}", connectors=2) for number in range(size)]
        job = scene(site, *points, configuration=[{"key": "K", "value": "1"}])
        for point in points:
            connected(point)
        job.page()
        for address in ("", "state/"):
            with CaptureQueriesContext(connection) as queries:
                html = job.client.get(f"{job.base}{address}").content
            counts.append(len(queries))
        version = job.client.get(f"{job.base}state/").headers["ETag"].strip('"')
        with CaptureQueriesContext(connection) as queries:
            job.client.get(f"{job.base}state/", {"v": version})
        counts.append(len(queries))
    assert counts[:3] == counts[3:]
    assert counts[2] <= 10
    assert html


def test_a_page_of_14_charge_points_is_light(site: Site, clean_redis: redis.Redis) -> None:
    job = scene(site, *(factories.charge_point(site, f"N-{number}", connectors=2) for number in range(14)))
    for row in job.job.rows.all():
        note_save(actor=HUB, row=row, text=f"Note {row.pk}: the cable comes from the left, breaker {row.pk}.")
    html = job.client.get(job.base).content
    assert html.count(b'<details class="chg') == 14
    assert len(gzip.compress(html)) < 15_000
