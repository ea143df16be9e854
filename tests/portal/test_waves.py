"""Firmware waves: which chargers a file is for, the careful pace, and the batch that comes of it."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.models import ChargePoint, CommandBatch, FirmwareFile, Site
from chargepoints.selectors.waves import misfit
from tests import factories
from tests.batch_tools import charging, firmware_file, fleet, offline


@pytest.fixture
def fitting(site: Site) -> list[ChargePoint]:
    """Four Duo 22 by Voltaris; the last has the version already, and a fifth is another model."""
    points = fleet(site, 5)
    ChargePoint.objects.update(vendor="VOLTARIS", model="Duo 22", firmware="1.0")
    ChargePoint.objects.filter(pk=points[3].pk).update(firmware="2.0")
    ChargePoint.objects.filter(pk=points[4].pk).update(model="Wall 11")
    return list(ChargePoint.objects.filter(site=site).order_by("name"))


@pytest.fixture
def file(fitting: list[ChargePoint], site: Site) -> FirmwareFile:
    """Version 2.0 for them."""
    return firmware_file(site)


def wave(client: Client, file: FirmwareFile, query: str = "") -> str:
    """The page."""
    response = client.get(reverse("firmware_wave", args=[file.pk]) + query)
    assert response.status_code == 200
    return response.content.decode()


def begin(client: Client, file: FirmwareFile, **given: str) -> CommandBatch:
    """The batch of a wave that was sent as its page shows it."""
    html = wave(client, file, f"?site={given['site']}" if "site" in given else "")
    seen = re.search(r'name="seen" form="plan" value="(\w+)"', html)
    assert seen
    names = ("canaries", "step", "watch", "halt_percent", "at_once", "retries")
    shown = {name: re.search(rf'name="{name}" value="(\d+)"', html) for name in names}
    pace = {name: found[1] for name, found in shown.items() if found}
    assert list(pace) == list(names)
    data = {**pace, "skip_busy": "on", "seen": seen[1], **given}
    response = client.post(reverse("firmware_wave", args=[file.pk]), data)
    assert response.status_code == 302, response.content.decode()
    return CommandBatch.objects.get()


def test_works(alice_client: Client, file: FirmwareFile, fitting: list[ChargePoint]) -> None:
    offline(fitting[:1])
    charging(fitting[1])
    html = wave(alice_client, file)
    assert "Goes to 2 chargers" in html
    assert "1 left out" in html
    assert "It waits until its charge has ended." in html
    assert "B-004" not in html
    assert "B-005" not in html
    batch = begin(alice_client, file, reason="Security fix")
    assert (batch.kind, batch.firmware, batch.parameters) == (
        "firmware",
        file,
        {"firmware": str(file.pk), "retries": 3},
    )
    assert (batch.canaries, batch.step, batch.skip_busy, batch.watch_s, batch.halt_percent) == (2, 10, True, 600, 10)
    assert [row.state for row in batch.rows.all()] == ["waiting", "waiting", "left-out"]
    page = alice_client.get(reverse("batch", args=[batch.pk])).content.decode()
    assert "Update firmware to 2.0" in page
    assert "halts when more than 10 % fail" in page


def test_of_one_site(alice_client: Client, file: FirmwareFile, far_site: Site) -> None:
    fleet(far_site, 2, "F")
    ChargePoint.objects.filter(site=far_site).update(vendor="Voltaris", model="duo 22")
    assert "Goes to 5 chargers" in wave(alice_client, file)
    assert "Goes to 2 chargers" in wave(alice_client, file, f"?site={far_site.pk}")
    assert "Goes to 2 chargers" in wave(alice_client, file, f"?team={far_site.team_id}&site={far_site.pk}")
    assert "Goes to 5 chargers" in wave(alice_client, file, "?site=x&team=%00")
    assert begin(alice_client, file, site=str(far_site.pk)).rows.count() == 2


def test_who_gets_in(
    bob_client: Client, charlie_client: Client, client: Client, file: FirmwareFile, far_site: Site
) -> None:
    """Bob sends it to his site only; to a stranger the file is not there."""
    fleet(far_site, 2, "F")
    ChargePoint.objects.filter(site=far_site).update(vendor="Voltaris", model="Duo 22")
    assert "Goes to 3 chargers" in wave(bob_client, file)
    address = reverse("firmware_wave", args=[file.pk])
    for method in ("get", "post"):
        assert getattr(charlie_client, method)(address).status_code == 404
        assert getattr(client, method)(address).headers["Location"].startswith("/login/")
    assert bob_client.put(address).status_code == 405
    FirmwareFile.objects.update(archived_at=factories.now())
    assert bob_client.get(address).status_code == 404


def test_nobody_is_left(alice_client: Client, file: FirmwareFile) -> None:
    ChargePoint.objects.update(firmware="2.0")
    html = wave(alice_client, file)
    assert "Each one that this file fits has it already" in html
    assert "plan-send" not in html


@pytest.mark.parametrize(
    ("file_fields", "point_fields", "why"),
    [
        ({}, {}, ""),
        ({"vendor": ""}, {"vendor": "Anybody"}, ""),
        ({"charge_point_models": []}, {"model": "Anything"}, ""),
        ({}, {"vendor": "voltaris", "model": "DUO 22"}, ""),
        ({}, {"vendor": "Polstrom"}, "It is made by Polstrom, and the file is for Voltaris."),
        ({}, {"model": ""}, "It is a charger of unknown model, and the file is not for it."),
        ({}, {"firmware": "2.0"}, "It has 2.0 already."),
        ({"archived_at": "2026-01-01"}, {}, "The file duo-2.0.bin was archived."),
    ],
)
def test_misfits(file_fields: dict[str, object], point_fields: dict[str, str], why: str) -> None:
    file = FirmwareFile(
        **{"vendor": "Voltaris", "charge_point_models": ["Duo 22"], "version": "2.0", "name": "duo-2.0.bin"}
        | file_fields
    )
    point = ChargePoint(**{"vendor": "Voltaris", "model": "Duo 22", "firmware": "1.0"} | point_fields)
    assert misfit(point, file) == why
