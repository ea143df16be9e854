"""The demo's data, and `manage.py prepare` as a real process on an empty database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from chargepoints.choices import KeyState, PaymentKind
from chargepoints.models import ChargeKey, ChargePoint, Driver, PaymentMethod, PriceGroup, Site
from chargepoints.permissions import charge_points_for, rights_on, sites_for
from chargepoints.selectors.billing import price_at
from chargepoints.selectors.prices import price_group_of
from chargepoints.services.credentials import password_matches
from hub.simulator.fleet import ChargerSpec, load
from hub.teams.choices import Right
from hub.teams.models import Organisation, User
from installer.models import InstallerJob, JobChargePoint
from tests import factories
from tests.gateway.bill_tools import wallet_of
from tests.stage import CHECKOUT

SPARE_PASSWORD = "spare-charger-password"


@pytest.fixture
def demo(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What `make run` sets on loopback."""
    settings.DEMO = True
    settings.DATA_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setenv("HUB_SPARE_PASSWORD", SPARE_PASSWORD)
    monkeypatch.delenv("HUB_HOST", raising=False)


@pytest.fixture
def fleet_file(demo: None, db: None, tmp_path: Path) -> Path:
    """The fleet file of a freshly seeded database."""
    path = tmp_path / "fleet.json"
    call_command("seed_demo", fleet_file=path)
    return path


@pytest.fixture
def fleet(fleet_file: Path) -> list[ChargerSpec]:
    """The simulated chargers, as the simulator reads them."""
    return load(fleet_file)


def test_the_cast_can_sign_in_and_sees_its_own(fleet: list[ChargerSpec]) -> None:
    for name in ("alice", "bob", "charlie"):
        assert Client().login(username=name, password="demo")
    alice, bob, charlie = (User.objects.get(username=name) for name in ("alice", "bob", "charlie"))
    assert sites_for(alice).count() == 3
    assert [site.name for site in sites_for(bob)] == ["Aker Brygge P-hus"]
    assert charge_points_for(alice).count() == 13
    assert charge_points_for(charlie).count() == 2
    assert not charge_points_for(alice).filter(pk__in=charge_points_for(charlie)).exists()
    assert Right.EDIT in rights_on(bob, charge_points_for(bob).get(identity="SPARE-1"))
    assert Right.MONEY not in rights_on(bob, charge_points_for(bob).get(identity="SPARE-1"))


def test_staff_is_who_administers(fleet: list[ChargerSpec]) -> None:
    assert set(User.objects.filter(is_staff=True).values_list("username", flat=True)) == {"alice", "charlie"}
    assert not User.objects.filter(is_superuser=True).exists()


def test_spare_charge_point(fleet: list[ChargerSpec]) -> None:
    spare = ChargePoint.objects.get(identity="SPARE-1")
    assert [connector.number for connector in spare.connectors.all()] == [1, 2]
    assert password_matches("SPARE-1", SPARE_PASSWORD.encode(), spare.password_hmac)


def test_keys(fleet: list[ChargerSpec]) -> None:
    assert ChargeKey.objects.get(id_tag="DEMO-TAG-1").state == KeyState.ACTIVE
    assert ChargeKey.objects.get(id_tag="DEMO-TAG-2").state == KeyState.BLOCKED
    for charger in fleet:
        point = ChargePoint.objects.get(identity=charger.identity)
        operator = point.site.team.organisation
        assert operator.charge_keys.filter(id_tag__in=charger.keys).count() == len(charger.keys) > 0


def test_fleet_file_fits_the_database(fleet: list[ChargerSpec], fleet_file: Path) -> None:
    assert fleet_file.stat().st_mode & 0o777 == 0o600
    assert "SPARE-1" not in {charger.identity for charger in fleet}
    for charger in fleet:
        point = ChargePoint.objects.get(identity=charger.identity)
        assert password_matches(charger.identity, (charger.password or "").encode(), point.password_hmac)
        assert len(charger.password or "") == 20
        assert [(c.number, c.max_power_w, c.type) for c in point.connectors.all()] == [
            (c.id, c.max_w, c.type) for c in charger.connectors
        ]


def test_the_first_dozen_shows_every_manner_and_both_operators(fleet: list[ChargerSpec]) -> None:
    dozen = fleet[:12]
    assert {charger.behaviour for charger in dozen} == {"busy", "calm", "fleet", "flaky", "faulty", "dc"}
    operators = {ChargePoint.objects.get(identity=charger.identity).site.team.organisation.name for charger in dozen}
    assert operators == {"Nordlys Charging", "Fjord Mobility"}


def test_a_job_is_half_done(fleet: list[ChargerSpec]) -> None:
    job = InstallerJob.objects.get()
    assert (job.state, job.rows.count(), job.links.count()) == ("in-progress", 4, 1)
    alice = Client()
    alice.login(username="alice", password="demo")
    body = alice.get(f"/jobs/{job.pk}/").content.decode()
    for told in ("Sanne de Vries", "0.4 s behind ours.", "C2 has no network yet", "The fuse of row C"):
        assert told in body, told


def test_what_people_changed_stays(fleet: list[ChargerSpec], fleet_file: Path) -> None:
    Site.objects.filter(name="Minde Depot").update(name="Minde Nord")
    ChargeKey.objects.filter(id_tag="DEMO-TAG-1").update(state=KeyState.BLOCKED)
    Organisation.objects.filter(name="Nordlys Charging").update(name="Nordlys")
    JobChargePoint.objects.filter(charge_point__identity="DEMO-AMS-04").delete()
    ChargePoint.objects.get(identity="DEMO-AMS-04").delete()
    call_command("seed_demo", fleet_file=fleet_file)
    assert Site.objects.count() == 4
    assert Organisation.objects.count() == 2
    assert ChargeKey.objects.get(id_tag="DEMO-TAG-1").state == KeyState.BLOCKED
    assert not ChargePoint.objects.filter(identity="DEMO-AMS-04").exists()
    assert {c.identity for c in fleet} - {c.identity for c in load(fleet_file)} == {"DEMO-AMS-04"}


def test_spare_password_follows_the_environment(fleet: list[ChargerSpec], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_SPARE_PASSWORD", "another-long-password")
    call_command("seed_demo")
    spare = ChargePoint.objects.get(identity="SPARE-1")
    assert password_matches("SPARE-1", b"another-long-password", spare.password_hmac)
    monkeypatch.setenv("HUB_SPARE_PASSWORD", "short")
    with pytest.raises(CommandError, match="HUB_SPARE_PASSWORD: Use 16 to 64 characters"):
        call_command("seed_demo")


@pytest.mark.django_db
def test_a_database_in_use_gets_no_known_passwords(demo: None, tmp_path: Path) -> None:
    factories.organisation("Somebody real")
    call_command("seed_demo", fleet_file=tmp_path / "fleet.json")
    assert not User.objects.exists()
    assert load(tmp_path / "fleet.json") == []


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["seed_demo", "prepare"])
def test_refuses_where_others_could_reach_it(command: str, demo: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_HOST", "0.0.0.0")
    with pytest.raises(CommandError, match=r"HUB_HOST is 0\.0\.0\.0"):
        call_command(command)
    assert not User.objects.exists()


def test_the_known_password_is_only_for_loopback(
    fleet: list[ChargerSpec], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started for the network after a start on loopback: nobody gets in with `demo`; then back again."""
    bob = User.objects.get(username="bob")
    bob.set_password("of his own choice")
    bob.save()
    monkeypatch.setenv("HUB_DEMO_OTHER_PASSWORD", "printed-once")
    settings.DEMO_PASSWORD = "printed-once"
    monkeypatch.setenv("HUB_HOST", "0.0.0.0")
    call_command("seed_demo")
    assert not Client().login(username="alice", password="demo")
    assert Client().login(username="alice", password="printed-once")
    assert b"is <code>demo</code>" not in Client().get("/login/").content
    settings.DEMO_PASSWORD = "demo"
    monkeypatch.delenv("HUB_HOST")
    call_command("seed_demo")
    assert Client().login(username="alice", password="demo")
    assert Client().login(username="bob", password="of his own choice")


@pytest.mark.django_db
def test_refuses_without_demo(settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="HUB_DEMO is not on"):
        call_command("seed_demo")
    assert not User.objects.exists()


@pytest.fixture
def empty_database(transactional_db: None) -> Iterator[str]:
    """The URL of a database without tables."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE hub_prepare")
    try:
        yield urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path="/hub_prepare"))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE hub_prepare WITH (FORCE)")


def prepare(database: str, demo: str, fleet_file: Path) -> "subprocess.Popen[str]":
    """Start `manage.py prepare`."""
    environment = {**os.environ, "DATABASE_URL": database, "HUB_DEMO": demo, "HUB_HOST": ""}
    return subprocess.Popen(
        [sys.executable, "manage.py", "prepare", "--fleet-file", str(fleet_file)],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Exit code and output."""
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def test_two_starts_at_once_prepare_an_empty_database(empty_database: str, tmp_path: Path) -> None:
    file = tmp_path / "fleet.json"
    both = [prepare(empty_database, "1", file) for _ in range(2)]
    assert [ended(process) for process in both] == [(0, ""), (0, "")]
    assert ended(prepare(empty_database, "1", file)) == (0, "")
    assert len(load(file)) == 14


def test_without_demo_it_only_migrates(empty_database: str, tmp_path: Path) -> None:
    assert ended(prepare(empty_database, "0", tmp_path / "fleet.json")) == (0, "")
    assert not (tmp_path / "fleet.json").exists()


def test_prices_and_who_pays(fleet: list[ChargerSpec]) -> None:
    assert {group.name for group in PriceGroup.objects.filter(is_default=True)} == {"Public", "Standard"}
    for site in Site.objects.select_related("team", "price_group"):
        assert price_at(price_group_of(site), factories.now()), site
    assert not Driver.objects.filter(payment_methods__isnull=True).exists()
    wallets = PaymentMethod.objects.filter(kind=PaymentKind.WALLET)
    assert wallets
    assert all(wallet_of(wallet).balance >= 500 for wallet in wallets)
    call_command("ledger_check")
