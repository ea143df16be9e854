"""A charger that brings a password of its own: refused, taken over on the page, let in at its next try."""

from datetime import timedelta

import pytest

from chargepoints.choices import Refusal
from chargepoints.models import ChargePoint, Connection, ConnectionAttempt, LogLine
from chargepoints.reports import Refused
from chargepoints.services.connections import attempts_record
from chargepoints.services.credentials import password_hmac, password_matches
from tests import factories
from tests.installer.scene import Scene
from tests.portal.charge_tools import charge

OFFERED = "the-charger-s-own-password"
OFFER = "The charger called with a password that Hub does not know."


def knocks(
    point: ChargePoint, password: str = OFFERED, address: str = "198.51.100.7", minutes: float = 1, **fields: object
) -> ConnectionAttempt:
    """The charger was refused with this password, so many minutes ago."""
    reason = Refusal.WRONG_PASSWORD if point.password_hmac else Refusal.NO_PASSWORD_SET
    at = factories.now() - timedelta(minutes=minutes)
    given = {
        "charge_point_id": point.pk,
        "at": at,
        "identity": str(point.identity),
        "remote_address": address,
        "user_name": str(point.identity),
        "subprotocols": "ocpp1.6",
        "path": f"/ocpp/{point.identity}",
        "reason": reason,
        "http_status": 401,
        "password_hmac": password_hmac(str(point.identity), password),
        **fields,
    }
    attempts_record(refused=[Refused(**given)])  # type: ignore[arg-type]
    return ConnectionAttempt.objects.latest("last_at")


@pytest.fixture
def fresh(job: Scene, charge_point: ChargePoint) -> ChargePoint:
    """The job's charge point after its identity was typed: it has no password."""
    job.send("identity", job.row("NORD-1"), value="ACE-1", seen="NORD-1")
    charge_point.refresh_from_db()
    return charge_point


def test_it_is_offered_and_taken_over(job: Scene, fresh: ChargePoint) -> None:
    assert OFFER not in job.page()
    attempt = knocks(fresh)
    html = job.page()
    assert OFFER in html
    assert attempt.password_hmac not in html
    answer = job.send("pairing", job.row("NORD-1"), knock=attempt.pk)
    assert (answer.status_code, answer.json()) == (200, {"password": "taken over"})
    fresh.refresh_from_db()
    assert password_matches("ACE-1", OFFERED.encode(), fresh.password_hmac)
    assert OFFER not in job.page()
    assert not ConnectionAttempt.objects.exclude(password_hmac="").exists()
    deed = job.deeds()[-1]
    assert (deed.act, deed.after) == (
        "charge_point.password set",
        {"password": "what the charger offered from 198.51.100.7"},
    )
    line = LogLine.objects.filter(charge_point=fresh, action="Password").latest("seq")
    assert (line.fact, OFFERED in line.text) == ("taken over", False)


def test_a_charger_that_knocked_before_its_identity_was_typed(job: Scene, charge_point: ChargePoint) -> None:
    made = password_hmac("ACE-9", OFFERED)
    knocks(
        charge_point,
        charge_point_id=None,
        identity="ACE-9",
        reason=Refusal.UNKNOWN_IDENTITY,
        password_hmac=made,
    )
    job.send("identity", job.row("NORD-1"), value="ACE-9", seen="NORD-1")
    assert OFFER in job.page()


def test_without_script_it_is_a_button(job: Scene, fresh: ChargePoint) -> None:
    attempt = knocks(fresh)
    answer = job.plain("pairing", job.row("NORD-1"), knock=attempt.pk)
    assert answer.status_code == 303
    refused = job.plain("pairing", job.row("NORD-1"), knock=attempt.pk)
    assert refused.status_code == 422
    assert "has not called lately" in refused.content.decode()


def test_the_newest_password_of_the_charger_counts(job: Scene, fresh: ChargePoint) -> None:
    knocks(fresh, "the-one-before-that-one", minutes=3)
    attempt = knocks(fresh)
    job.send("pairing", job.row("NORD-1"), knock=attempt.pk)
    fresh.refresh_from_db()
    assert password_matches("ACE-1", OFFERED.encode(), fresh.password_hmac)


def test_calls_from_several_places_are_not_for_the_installer_to_choose(job: Scene, fresh: ChargePoint) -> None:
    knocks(fresh)
    attempt = knocks(fresh, "somebody-who-knows-it", "203.0.113.9", minutes=0.5)
    assert OFFER not in job.page()
    assert "come from several places" in job.page()
    answer = job.send("pairing", job.row("NORD-1"), knock=attempt.pk)
    assert "come from several places" in answer.json()["error"]
    fresh.refresh_from_db()
    assert fresh.password_hmac == ""


@pytest.mark.parametrize(("minutes", "known", "offered"), [(14, True, True), (16, True, False), (16, False, True)])
def test_a_charge_point_with_a_password_waits_for_a_quarter_of_an_hour_only(
    job: Scene, charge_point: ChargePoint, fresh: ChargePoint, minutes: float, known: bool, offered: bool
) -> None:
    if known:
        ChargePoint.objects.filter(pk=fresh.pk).update(password_hmac="0" * 64)
        fresh.refresh_from_db()
    attempt = knocks(fresh, minutes=minutes)
    assert (OFFER in job.page()) == offered
    assert (job.send("pairing", job.row("NORD-1"), knock=attempt.pk).status_code == 200) == offered


def test_not_of_one_that_is_connected_charges_or_needs_a_certificate(job: Scene, fresh: ChargePoint) -> None:
    attempt = knocks(fresh)
    Connection.objects.filter(pk=fresh.pk).update(is_connected=True)
    assert OFFER not in job.page()
    assert "its password is right" in job.send("pairing", job.row("NORD-1"), knock=attempt.pk).json()["error"]
    Connection.objects.filter(pk=fresh.pk).update(is_connected=False)
    ChargePoint.objects.filter(pk=fresh.pk).update(security_profile=3)
    assert OFFER not in job.page()
    assert job.send("pairing", job.row("NORD-1"), knock=attempt.pk).status_code == 422
    ChargePoint.objects.filter(pk=fresh.pk).update(security_profile=1)
    charge(fresh, "7001", minutes=None)
    assert "Take it over</button>" not in job.page()
    assert "while a charge runs" in job.send("pairing", job.row("NORD-1"), knock=attempt.pk).json()["error"]


def test_not_when_it_has_connected_since(job: Scene, fresh: ChargePoint) -> None:
    knocks(fresh, minutes=5)
    now = factories.now()
    Connection.objects.filter(pk=fresh.pk).update(connected_at=now - timedelta(minutes=2), disconnected_at=now)
    assert OFFER not in job.page()


@pytest.mark.parametrize("knock", ["", "0", "x", "9" * 30, "\x00"])
def test_a_knock_that_was_not_shown_is_refused(job: Scene, fresh: ChargePoint, knock: str) -> None:
    knocks(fresh)
    answer = job.send("pairing", job.row("NORD-1"), knock=knock)
    assert answer.status_code == 422
    assert "press once more" in answer.json()["error"]
    fresh.refresh_from_db()
    assert fresh.password_hmac == ""
