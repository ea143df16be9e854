"""The PIN that a link may ask for besides."""

from datetime import timedelta

import pytest
import redis
from django.test import Client

from chargepoints.models import ChargePoint, Site
from hub.audit.models import AuditEntry
from installer.models import JobLink, Note
from tests import factories
from tests.installer.scene import Scene, scene

PIN = "482915"
FULLWIDTH = "".join(chr(0xFF10 + int(digit)) for digit in PIN)


@pytest.fixture
def locked(site: Site, charge_point: ChargePoint, clean_redis: redis.Redis) -> Scene:
    """A job whose link asks for a PIN."""
    return scene(site, charge_point, pin=PIN, description="Behind the gate")


def typed(job: Scene, pin: str, client: Client | None = None) -> int:
    """The status that this PIN gets."""
    return int((client or job.client).post(f"{job.base}pin/", {"pin": pin}).status_code)


def test_the_page_wants_it_first_and_tells_nothing(locked: Scene) -> None:
    answer = locked.client.get(locked.base)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{locked.base}pin/")
    html = locked.client.get(f"{locked.base}pin/").content.decode()
    for secret in ("Behind the gate", "Aker Brygge", "NORD-1", str(locked.job.number), PIN):
        assert secret not in html


def test_a_right_one_opens_this_link_for_this_browser_only(locked: Scene, site: Site) -> None:
    answer = locked.client.post(f"{locked.base}pin/", {"pin": f" {PIN} "})
    assert (answer.status_code, answer.headers["Location"]) == (303, locked.base)
    cookie = answer.cookies["job-pin"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (locked.base, True, "Strict")
    assert PIN not in cookie.value
    assert "Behind the gate" in locked.page()
    assert Client().get(locked.base).status_code == 303
    other = scene(site, factories.charge_point(site, "NORD-5"), pin=PIN)
    thief = Client()
    thief.cookies["job-pin"] = cookie.value
    assert thief.get(other.base).status_code == 303


def test_a_script_is_not_led_to_a_page_that_looks_like_an_answer(locked: Scene) -> None:
    answer = locked.send("note", locked.row("NORD-1"), text="hello")
    assert (answer.status_code, answer.json()) == (401, {"error": "Type the PIN again."})
    assert locked.client.get(f"{locked.base}state/").status_code == 401
    assert not Note.objects.exists()


def test_after_five_wrong_ones_the_right_one_waits_too(locked: Scene) -> None:
    # From five addresses: the link rests, wherever they come from.
    for number in range(5):
        assert typed(locked, f"00000{number}", Client(REMOTE_ADDR=f"192.0.2.{number}")) == 422
    assert typed(locked, PIN) == 422
    assert locked.client.get(locked.base).status_code == 303
    assert [entry.after["wrong"] for entry in AuditEntry.objects.filter(act__endswith=".pin_refused")] == [5]
    JobLink.objects.filter(pk=locked.link.pk).update(pin_rests_until=factories.now() - timedelta(seconds=1))
    assert typed(locked, PIN) == 303
    assert "Behind the gate" in locked.page()


@pytest.mark.parametrize("pin", ["", "0", PIN + "0", FULLWIDTH, "' OR 1=1", "\x00", "x" * 5000])
def test_what_is_no_pin_is_wrong(locked: Scene, pin: str) -> None:
    answer = locked.client.post(f"{locked.base}pin/", {"pin": pin})
    assert answer.status_code == 422
    assert "This PIN is not right" in answer.content.decode()
    assert not answer.cookies


def test_a_forged_cookie_opens_nothing(locked: Scene) -> None:
    for value in ("1", "x:y:z", f'[{locked.link.pk},"{"0" * 64}"]'):
        locked.client.cookies["job-pin"] = value
        assert locked.client.get(locked.base).status_code == 303


def test_a_link_without_one_asks_for_none(site: Site, charge_point: ChargePoint, clean_redis: redis.Redis) -> None:
    job = scene(site, charge_point)
    answer = job.client.get(f"{job.base}pin/")
    assert (answer.status_code, answer.headers["Location"]) == (303, job.base)
