"""The dialog of an update, and a charger's tab for it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from chargepoints.choices import ChargeState, CommandStatus, Integration
from chargepoints.models import Charge, ChargePoint, Command, Connection, FirmwareFile, SecurityEvent
from chargepoints.services.firmware_store import firmware_path
from hub.teams.models import Organisation
from tests import factories
from tests.portal.firmware_tools import firmware_made, firmware_urls
from tests.security.tools import base64_of, certificate_of, key, pem

pytestmark = pytest.mark.usefixtures("clean_redis")


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> None:
    """Files are kept in a folder of the test's own."""
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def box(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected, a DC150 with 5.2.1."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(
        integration=Integration.CONNECTED, vendor="Polstrom", model="DC150", firmware="5.2.1"
    )
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, connected_at=factories.now())
    charge_point.refresh_from_db()
    return charge_point


@pytest.fixture
def file(nordlys: Organisation) -> FirmwareFile:
    """6.0.0 for the DC150."""
    return firmware_made(nordlys)


def url(box: ChargePoint) -> str:
    """The dialog."""
    return reverse("action", args=[box.pk, "firmware"])


def signed(of: Organisation) -> FirmwareFile:
    """7.0.0 with a signature of its maker."""
    maker, content = key(), b"version=7.0.0\n"
    signature = base64_of(maker.sign(content, ec.ECDSA(hashes.SHA256())))
    return firmware_made(of, "7.0.0", content, signature=signature, certificate=pem(certificate_of(maker, "Maker")))


def test_a_file_of_the_library(alice_client: Client, box: ChargePoint, file: FirmwareFile) -> None:
    page = alice_client.get(url(box)).content.decode()
    assert f'value="{file.pk}" checked' in page
    assert "The charger has" in page
    sent = {"firmware": str(file.pk), "begin": "now", "retries": "2", "retry_interval": "60", "reason": "Lock"}
    assert alice_client.post(url(box), sent).status_code == 302
    command = Command.objects.get()
    given = command.parameters
    assert (command.kind, given["firmware"], given["version"], given["before"]) == (
        "firmware",
        str(file.pk),
        "6.0.0",
        "5.2.1",
    )
    assert (given["retries"], given["retry_interval"]) == (2, 60)
    assert "location" not in given


def test_an_address(alice_client: Client, box: ChargePoint) -> None:
    wrong = alice_client.post(url(box), {"firmware": "url", "location": ""})
    assert wrong.status_code == 422
    assert "Type the address of the file" in wrong.content.decode()
    wrong = alice_client.post(url(box), {"firmware": "url", "location": "gopher://x"})
    assert wrong.status_code == 409
    assert alice_client.post(url(box), {"firmware": "url", "location": "ftp://a:b@c.example/f.bin"}).status_code == 302
    assert Command.objects.get().parameters["location"] == "ftp://a:b@c.example/f.bin"


def test_a_time_of_the_site(alice_client: Client, box: ChargePoint, file: FirmwareFile) -> None:
    at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=2)
    box.site.time_zone = "Asia/Tokyo"
    box.site.save()
    sent = {"firmware": str(file.pk), "begin": "at", "retrieve_at": f"{at + timedelta(hours=9):%Y-%m-%dT%H:%M}"}
    assert alice_client.post(url(box), sent).status_code == 302
    assert Command.objects.get().parameters["retrieve_at"] == f"{at:%Y-%m-%dT%H:%M:%SZ}"
    for bad, words in (("", "still to come"), ("2020-01-01T00:00", "still to come"), ("soon", "Type a date")):
        answer = alice_client.post(url(box), sent | {"retrieve_at": bad, "again": "1"})
        assert answer.status_code == 422
        assert words in answer.content.decode()
    late = alice_client.post(url(box), sent | {"retrieve_at": f"{at + timedelta(days=9):%Y-%m-%dT%H:%M}", "again": "1"})
    assert (late.status_code, "6 days ahead" in late.content.decode()) == (409, True)


def test_a_file_of_another_model_wants_a_word(alice_client: Client, box: ChargePoint, nordlys: Organisation) -> None:
    other = firmware_made(nordlys, models=("AC22",))
    assert "Not made for this model (1)" in alice_client.get(url(box)).content.decode()
    refused = alice_client.post(url(box), {"firmware": str(other.pk)})
    assert refused.status_code == 422
    assert "not made for this model" in refused.content.decode()
    assert alice_client.post(url(box), {"firmware": str(other.pk), "any_model": "on"}).status_code == 302
    assert Command.objects.get().parameters["any_model"] is True


def test_what_is_not_there_is_not_sent(
    alice_client: Client, box: ChargePoint, file: FirmwareFile, fjord: Organisation
) -> None:
    foreign = firmware_made(fjord)
    assert str(foreign.pk) not in alice_client.get(url(box)).content.decode()
    for wrong in (str(foreign.pk), "nonsense", ""):
        assert alice_client.post(url(box), {"firmware": wrong}).status_code == 422
    firmware_path(file.pk).unlink()
    lost = alice_client.post(url(box), {"firmware": str(file.pk)})
    assert (lost.status_code, "missing on the server" in lost.content.decode()) == (409, True)
    assert not Command.objects.exists()


def test_a_running_charge_is_said(alice_client: Client, box: ChargePoint, file: FirmwareFile) -> None:
    Charge.objects.create(
        charge_point=box, transaction_id="1", state=ChargeState.CHARGING, started_at=factories.now(), energy_wh=1
    )
    assert "1 charge running" in alice_client.get(url(box)).content.decode()


def test_signed_where_the_charger_takes_it(alice_client: Client, box: ChargePoint, nordlys: Organisation) -> None:
    """It has shown the security extension by an event; one update that it does not know says otherwise again."""
    file = signed(nordlys)
    assert "goes unsigned" in alice_client.get(url(box)).content.decode()
    alice_client.post(url(box), {"firmware": str(file.pk)})
    first = Command.objects.get()
    assert first.kind == "firmware"
    SecurityEvent.objects.create(charge_point=box, type="StartupOfTheDevice", received_at=factories.now())
    assert "goes signed" in alice_client.get(url(box)).content.decode()
    alice_client.post(url(box), {"firmware": str(file.pk), "again": "1"})
    second = Command.objects.exclude(pk=first.pk).get()
    assert (second.kind, second.parameters["request_id"]) == ("signed_firmware", second.request_id)
    assert "signature" not in second.parameters
    Command.objects.filter(pk=second.pk).update(status=CommandStatus.FAILED, answered_at=factories.now())
    alice_client.post(url(box), {"firmware": str(file.pk), "again": "1"})
    assert Command.objects.order_by("-created_at")[0].kind == "firmware"


def test_the_tab(alice_client: Client, bob_client: Client, box: ChargePoint, file: FirmwareFile) -> None:
    tab = reverse("charge_point_files", args=[box.pk])
    empty = alice_client.get(tab).content.decode()
    assert "None yet" in empty
    assert reverse("firmware_file", args=[file.pk]) in empty
    list(firmware_urls(box))
    page = bob_client.get(tab).content.decode()
    for words in ("Downloading", "Downloaded", "Installing", "Installed", "Booted with 6.0.0", "5.2.0"):
        assert words in page
    assert "Booted with 6.0.0" in alice_client.get(reverse("firmware_file", args=[file.pk])).content.decode()
    Connection.objects.filter(pk=box.pk).update(is_connected=False)
    ChargePoint.objects.filter(pk=box.pk).update(integration=Integration.DISCONNECTED)
    # It can be kept until the charger is back.
    assert reverse("action", args=[box.pk, "firmware"]) in alice_client.get(tab).content.decode()
