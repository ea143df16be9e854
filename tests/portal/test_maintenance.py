"""Maintenance: now or planned, in the site's time, ended by people or by the clock."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.models import ChargePoint, LogLine, MaintenancePeriod, Site
from chargepoints.services.maintenance import maintenance_settle_due
from hub.audit.models import AuditEntry
from hub.celery import app
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now

pytestmark = pytest.mark.usefixtures("clean_redis")


def start(client: Client, charge_point: ChargePoint, **fields: str) -> int:
    """Send the form; the status of the answer."""
    return client.post(reverse("charge_point_maintenance", args=[charge_point.pk]), fields).status_code


def end(client: Client, period: MaintenancePeriod) -> int:
    """Press "End now" or "Cancel"."""
    place = reverse("charge_point_maintenance_end", args=[period.charge_point_id, period.pk])
    return client.post(place).status_code


def flag(charge_point: ChargePoint) -> tuple[bool, str, str]:
    """The flag, its reason and the state."""
    charge_point.refresh_from_db()
    return charge_point.maintenance, charge_point.maintenance_reason, charge_point.state


def move(period: MaintenancePeriod, **hours: int) -> None:
    """Let the period begin and end so many hours from now."""
    MaintenancePeriod.objects.filter(pk=period.pk).update(
        **{name: now() + timedelta(hours=value) for name, value in hours.items()}
    )


def test_now_until_somebody_ends_it(alice_client: Client, charge_point: ChargePoint) -> None:
    assert start(alice_client, charge_point, reason="Cable is worn") == 302
    period = MaintenancePeriod.objects.get()
    assert (period.ends_at, period.author_name) == (None, "Alice")
    assert flag(charge_point) == (True, "Cable is worn", "maintenance")
    html = alice_client.get(reverse("charge_point_settings", args=[charge_point.pk])).content.decode()
    assert "Running" in html
    assert "Cable is worn, by Alice" in html
    assert end(alice_client, period) == 302
    assert flag(charge_point) == (False, "", "passive")
    assert end(alice_client, period) == 302
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["maintenance_period.started", "maintenance_period.ended"]
    facts = list(LogLine.objects.filter(charge_point=charge_point).order_by("seq").values_list("action", "fact"))
    assert facts == [("Maintenance", "started"), ("Maintenance", "ended")]


def test_planned_in_the_time_of_the_site(alice_client: Client, charge_point: ChargePoint) -> None:
    Site.objects.update(time_zone="Europe/Oslo")
    assert start(alice_client, charge_point, starts_at="2099-07-01T08:30", ends_at="2099-07-01T10:00") == 302
    period = MaintenancePeriod.objects.get()
    assert period.starts_at == datetime(2099, 7, 1, 6, 30, tzinfo=UTC)
    assert flag(charge_point)[0] is False
    html = alice_client.get(reverse("charge_point_settings", args=[charge_point.pk])).content.decode()
    assert "1 Jul 2099 08:30" in html
    assert "Times of Europe/Oslo" in html
    assert end(alice_client, period) == 302
    assert not MaintenancePeriod.objects.exists()
    assert AuditEntry.objects.filter(act="maintenance_period.cancelled").exists()


def test_the_clock_starts_and_ends_it_once(charge_point: ChargePoint, far_charge_point: ChargePoint) -> None:
    period = MaintenancePeriod.objects.create(
        charge_point=charge_point,
        starts_at=now() + timedelta(hours=1),
        ends_at=now() + timedelta(hours=2),
        reason="Paint",
    )
    assert maintenance_settle_due() == 0
    move(period, starts_at=-1)
    assert [maintenance_settle_due(), maintenance_settle_due()] == [1, 0]
    assert flag(charge_point) == (True, "Paint", "maintenance")
    move(period, starts_at=-2, ends_at=-1)
    assert [maintenance_settle_due(), maintenance_settle_due()] == [1, 0]
    assert flag(charge_point) == (False, "", "passive")
    assert flag(far_charge_point)[0] is False
    assert LogLine.objects.filter(charge_point=charge_point, action="Maintenance").count() == 2


def test_one_follows_the_other(charge_point: ChargePoint) -> None:
    first = MaintenancePeriod.objects.create(charge_point=charge_point, starts_at=now(), reason="One")
    assert maintenance_settle_due() == 1
    move(first, starts_at=-2, ends_at=-1)
    MaintenancePeriod.objects.create(charge_point=charge_point, starts_at=now() - timedelta(minutes=5), reason="Two")
    assert [maintenance_settle_due(), maintenance_settle_due()] == [1, 0]
    assert flag(charge_point)[:2] == (True, "Two")


def test_an_archived_one_is_left_alone(charge_point: ChargePoint) -> None:
    MaintenancePeriod.objects.create(charge_point=charge_point, starts_at=now())
    ChargePoint.objects.update(archived_at=now())
    assert maintenance_settle_due() == 0


def test_a_flag_without_a_period_can_be_taken_off(alice_client: Client, charge_point: ChargePoint) -> None:
    ChargePoint.objects.update(maintenance=True, maintenance_reason="From before", state="maintenance")
    assert maintenance_settle_due() == 0
    html = alice_client.get(reverse("charge_point_settings", args=[charge_point.pk])).content.decode()
    assert "In maintenance: From before" in html
    alice_client.post(reverse("charge_point_maintenance_clear", args=[charge_point.pk]))
    assert flag(charge_point) == (False, "", "passive")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"starts_at": "2001-01-01T10:00"}, "The start has passed."),
        ({"starts_at": "2099-01-01T10:00", "ends_at": "2099-01-01T09:00"}, "The end must be after the start."),
        ({"starts_at": "soon"}, "Type a date and a time"),
        ({"starts_at": "2099-03-29T02:30"}, "The clocks change at this time."),
        ({"reason": "x" * 201}, "at most 200 characters"),
        ({}, "It overlaps with another maintenance"),
        ({"starts_at": "2098-01-01T10:00", "ends_at": "2100-01-01T10:00"}, "It overlaps with another maintenance"),
    ],
)
def test_bad_input(alice_client: Client, charge_point: ChargePoint, fields: dict[str, str], words: str) -> None:
    kept = MaintenancePeriod.objects.create(
        charge_point=charge_point,
        starts_at=datetime(2099, 6, 1, tzinfo=UTC),
        ends_at=datetime(2099, 6, 2, tzinfo=UTC),
    )
    answer = alice_client.post(
        reverse("charge_point_maintenance", args=[charge_point.pk]), {"reason": "Typed", **fields}
    )
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert list(MaintenancePeriod.objects.all()) == [kept]


def test_who_may(
    client: Client,
    bob_client: Client,
    charlie_client: Client,
    nordlys: Organisation,
    charge_point: ChargePoint,
    far_charge_point: ChargePoint,
) -> None:
    period = MaintenancePeriod.objects.create(charge_point=charge_point, starts_at=now())
    foreign = reverse("charge_point_maintenance_end", args=[far_charge_point.pk, period.pk])
    assert start(client, charge_point) == 302
    assert (start(charlie_client, charge_point), end(charlie_client, period)) == (404, 404)
    assert start(bob_client, far_charge_point) == 404
    assert bob_client.post(foreign).status_code == 404
    assert bob_client.get(reverse("charge_point_maintenance", args=[charge_point.pk])).status_code == 405
    person = factories.user()
    factories.member(nordlys, person, Role.SUPPORT)
    client.force_login(person)
    assert (start(client, charge_point), end(client, period)) == (403, 403)
    period.refresh_from_db()
    assert period.ends_at is None
    assert end(bob_client, period) == 302


def test_beat_runs_it() -> None:
    entry = app.conf.beat_schedule["charge-points-upkeep"]
    assert (entry["task"], entry["schedule"]) == ("chargepoints.charge_points_upkeep", 30.0)
