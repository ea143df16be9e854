"""Finding a driver or key for the start dialog."""

import pytest
from django.test import Client
from django.urls import reverse

from chargepoints.choices import KeyState
from chargepoints.models import ChargePoint
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories


@pytest.fixture
def url(charge_point: ChargePoint, nordlys: Organisation, fjord: Organisation) -> str:
    """The search of NORD-1, with two drivers of its operator and one of another."""
    kari = factories.driver(nordlys, "Kari Nordmann", user_id="U-100")
    ola = factories.driver(nordlys, "Ola Berg", user_id="U-200")
    factories.charge_key(id_tag="CARD-KARI", holder=kari)
    factories.charge_key(id_tag="CARD-OLA", holder=ola, state=KeyState.BLOCKED)
    factories.charge_key(nordlys, "CARD-LOOSE")
    factories.charge_key(id_tag="CARD-FOREIGN", holder=factories.driver(fjord, "Kari Fremmed"))
    return reverse("keys", args=[charge_point.pk])


@pytest.mark.parametrize(
    ("words", "tags"),
    [
        ("kari", {"CARD-KARI"}),
        ("u-200", {"CARD-OLA"}),
        ("loose", {"CARD-LOOSE"}),
        ("kari card", {"CARD-KARI"}),
        ("", {"CARD-KARI", "CARD-OLA", "CARD-LOOSE"}),
        ("fremmed", set()),
        ("%", set()),
    ],
)
def test_search(alice_client: Client, url: str, words: str, tags: set[str]) -> None:
    html = alice_client.get(url, {"q": words}).content.decode()
    every = {"CARD-KARI", "CARD-OLA", "CARD-LOOSE", "CARD-FOREIGN"}
    assert {tag for tag in every if f'value="{tag}"' in html} == tags


def test_a_blocked_key_says_so(alice_client: Client, url: str) -> None:
    assert "blocked" in alice_client.get(url, {"q": "ola"}).content.decode()


def test_needs_login(client: Client, url: str) -> None:
    assert client.get(url).status_code == 302


def test_ownership(charlie_client: Client, bob_client: Client, url: str, far_charge_point: ChargePoint) -> None:
    assert charlie_client.get(url).status_code == 404
    assert bob_client.get(url).status_code == 200
    assert bob_client.get(reverse("keys", args=[far_charge_point.pk])).status_code == 404


def test_wrong_role(client: Client, url: str, nordlys: Organisation) -> None:
    person = factories.user()
    factories.member(nordlys, person, Role.SUPPORT)
    client.force_login(person)
    assert client.get(url).status_code == 403


def test_wrong_method_and_bad_id(alice_client: Client, url: str) -> None:
    assert alice_client.post(url).status_code == 405
    assert alice_client.get("/charge-points/0/keys/").status_code == 404
