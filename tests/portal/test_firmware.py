"""The library of firmware: adding, looking, putting away, and who may."""

import os
import resource
import signal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.core.checks import run_checks
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from chargepoints.action_choices import BatchState
from chargepoints.models import ChargePoint, Command, CommandBatch, FirmwareFile
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.conftest import signed_in
from tests.portal.firmware_tools import firmware_made, sha256
from tests.security.tools import base64_of, certificate_of, key, pem

pytestmark = pytest.mark.usefixtures("clean_redis", "folder")
CONTENT = b"version=6.0.0\n" + bytes(range(256)) * 4000
NEW = "/firmware/new/"


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Where files are kept in this test."""
    settings.FILES_DIR = tmp_path / "files"
    return tmp_path / "files" / "firmware"


@pytest.fixture
def box(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, which has told what it is."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(vendor="Polstrom", model="DC150", firmware="5.2.1")
    charge_point.refresh_from_db()
    return charge_point


def upload(content: bytes = CONTENT, name: str = "dc150 (6.0.0).bin", **fields: object) -> dict[str, object]:
    """The form of a new file, filled in."""
    file = SimpleUploadedFile(name, content)
    given = {"organisation": Organisation.objects.get(name="Nordlys Charging").pk, "version": "6.0.0"}
    return {**given, "vendor": "Polstrom", "models": ["DC150"], "file": file, **fields}


def kept(folder: Path) -> list[str]:
    """The names of what lies on the disk."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_is_added(alice_client: Client, box: ChargePoint, folder: Path) -> None:
    answer = alice_client.post(NEW, upload(other_models="DC151, DC152", note="Fixes the lock"))
    file = FirmwareFile.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/firmware/{file.pk}/")
    assert (file.name, file.size, file.sha256) == ("dc150_6.0.0_.bin", len(CONTENT), sha256(CONTENT))
    assert file.charge_point_models == ["DC150", "DC151", "DC152"]
    assert kept(folder) == [str(file.pk)]
    assert (folder / str(file.pk)).read_bytes() == CONTENT
    entry = AuditEntry.objects.get(act="firmware_file.uploaded")
    assert (entry.actor_name, entry.after["sha256"]) == ("Alice", file.sha256)
    page = alice_client.get(answer.headers["Location"]).content.decode()
    assert "Fixes the lock" in page
    assert "0 of 1 charger" in page
    listed = alice_client.get("/firmware/").content.decode()
    assert "6.0.0" in listed
    assert "DC151" in listed


def test_the_same_file_twice_is_said(alice_client: Client, box: ChargePoint, folder: Path) -> None:
    alice_client.post(NEW, upload())
    answer = alice_client.post(NEW, upload(version="6.0.1"))
    assert answer.status_code == 422
    assert "The same file is stored already, as Polstrom 6.0.0" in answer.content.decode()
    assert FirmwareFile.objects.count() == len(kept(folder)) == 1


def test_what_is_wrong_is_said_and_nothing_is_kept(
    alice_client: Client, box: ChargePoint, folder: Path, settings: Settings
) -> None:
    settings.FIRMWARE_MAX_BYTES = 2_000_000
    cases: list[tuple[dict[str, object], str]] = [
        ({"version": ""}, "Type the version"),
        ({"file": SimpleUploadedFile("empty.bin", b"")}, "The file is empty"),
        ({"file": ""}, "Choose a file"),
        ({"file": SimpleUploadedFile("large.bin", bytes(2_000_001))}, "larger than 2 MB"),
        ({"models": ["Nothing like this"]}, "Select a valid choice"),
        ({"signature": "AAAA"}, "A signature needs its certificate"),
    ]
    for change, words in cases:
        answer = alice_client.post(NEW, {**upload(), **change})
        assert answer.status_code == 422, change
        assert words in answer.content.decode(), change
    assert not FirmwareFile.objects.exists()
    assert kept(folder) == []


def test_a_signature_belongs_to_its_file(alice_client: Client, box: ChargePoint, folder: Path) -> None:
    maker = key()
    certificate = pem(certificate_of(maker, "Maker"))
    good = base64_of(maker.sign(CONTENT, ec.ECDSA(hashes.SHA256())))
    other = base64_of(key().sign(CONTENT, ec.ECDSA(hashes.SHA256())))
    wrong = alice_client.post(NEW, upload(signature=other, certificate=certificate))
    assert wrong.status_code == 422
    assert "The signature does not belong to this firmware" in wrong.content.decode()
    assert kept(folder) == []
    assert (
        alice_client.post(NEW, upload(signature=f"{good[:20]}\n{good[20:]}", certificate=certificate)).status_code
        == 302
    )
    assert FirmwareFile.objects.get().is_signed


def test_a_full_disk_is_said(alice_client: Client, box: ChargePoint, folder: Path) -> None:
    """The kernel refuses what goes beyond a limit, as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, before[1]))
    try:
        answer = alice_client.post(NEW, upload())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert answer.status_code == 422
    assert "There is no room for this file on the server" in answer.content.decode()
    assert kept(folder) == []


def test_a_folder_that_cannot_be_written(
    alice_client: Client, box: ChargePoint, tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "plain").write_text("a file, no folder")
    settings.FILES_DIR = tmp_path / "plain"
    answer = alice_client.post(NEW, upload())
    assert answer.status_code == 422
    assert "The server cannot store files" in answer.content.decode()
    assert "hub.E004" in {found.id for found in run_checks(include_deployment_checks=True)}


def test_a_form_without_its_token_leaves_nothing(alice: User, box: ChargePoint, folder: Path) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(NEW, upload()).status_code == 403
    assert kept(folder) == []


def test_who_may(box: ChargePoint, nordlys: Organisation, charlie_client: Client, client: Client) -> None:
    file = firmware_made(nordlys)
    support = factories.user()
    factories.member(nordlys, support, Role.SUPPORT)
    reader = signed_in(support)
    for name in ("firmware_archive", "firmware_restore"):
        url = reverse(name, args=[file.pk])
        assert reader.post(url).status_code == 403
        assert charlie_client.post(url).status_code == 404
    assert reader.get("/firmware/").status_code == reader.get(f"/firmware/{file.pk}/").status_code == 200
    assert reader.get(NEW).status_code == reader.post(NEW, upload()).status_code == 403
    assert charlie_client.get(f"/firmware/{file.pk}/").status_code == 404
    assert str(file.pk) not in charlie_client.get("/firmware/").content.decode()
    assert client.get("/firmware/").status_code == client.post(NEW, upload()).status_code == 302
    assert reader.get("/firmware/not-a-number/").status_code == 404
    assert FirmwareFile.objects.filter(archived_at=None).count() == 1


def test_archived_and_restored(alice_client: Client, box: ChargePoint, nordlys: Organisation) -> None:
    file = firmware_made(nordlys)
    url = reverse("firmware_archive", args=[file.pk])
    command = Command.objects.create(
        charge_point=box,
        kind="firmware",
        parameters={"firmware": str(file.pk)},
        author_name="A",
        created_at=factories.now(),
        expires_at=factories.now(),
    )
    wave = CommandBatch.objects.create(organisation=nordlys, kind="firmware", firmware=file, author_name="A")
    answer = alice_client.post(url)
    assert answer.status_code == 409
    assert "1 wave and 1 update still need it" in answer.content.decode()
    Command.objects.filter(pk=command.pk).update(status="rejected")
    CommandBatch.objects.filter(pk=wave.pk).update(state=BatchState.FINISHED)
    assert alice_client.post(url, {"reason": "Old"}).status_code == 302
    alice_client.get("/firmware/")
    assert "6.0.0" not in alice_client.get("/firmware/").content.decode()
    assert "6.0.0" in alice_client.get("/firmware/?archived=1").content.decode()
    assert alice_client.post(reverse("firmware_restore", args=[file.pk])).status_code == 302
    assert FirmwareFile.objects.get().archived_at is None
    acts = AuditEntry.objects.filter(noun="firmware_file").order_by("pk").values_list("act", flat=True)
    assert list(acts)[1:] == ["firmware_file.archived", "firmware_file.restored"]


def test_the_list_asks_the_same_for_many(
    alice_client: Client, box: ChargePoint, nordlys: Organisation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    firmware_made(nordlys)
    alice_client.get("/firmware/")
    with django_assert_num_queries(8):
        alice_client.get("/firmware/")
    for number in range(5):
        firmware_made(nordlys, f"6.1.{number}")
    with django_assert_num_queries(8):
        alice_client.get("/firmware/")


def test_an_upload_that_broke_off_is_swept(nordlys: Organisation, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "old.part").write_bytes(b"x")
    (folder / "new.part").write_bytes(b"x")
    os.utime(folder / "old.part", (0, 0))
    file = firmware_made(nordlys)
    assert kept(folder) == sorted(["new.part", str(file.pk)])
    assert Path(settings.FILES_DIR) == folder.parent
