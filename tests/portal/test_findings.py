"""The page of a charger's findings, and the way to it."""

from django.test import Client
from django.urls import reverse

from chargepoints.models import ChargePoint, Finding
from tests import factories


def page(charge_point: ChargePoint) -> str:
    """Its address."""
    return reverse("charge_point_findings", args=[charge_point.pk])


def found(charge_point: ChargePoint, rule: str = "too-long", **fields: object) -> Finding:
    """A finding of now."""
    at = factories.now()
    return Finding.objects.create(charge_point=charge_point, rule=rule, first_at=at, last_at=at, **fields)


def test_findings_with_sentence_and_example(alice_client: Client, charge_point: ChargePoint) -> None:
    found(charge_point, detail="info is longer", example='[2,"<b>"]', count=1234, firmware="1.2.3")
    found(charge_point, "rule-of-old")
    text = alice_client.get(page(charge_point)).content.decode()
    assert "It sends texts that are longer than allowed." in text
    assert "info is longer" in text
    assert "&lt;b&gt;" in text
    assert "firmware 1.2.3" in text
    assert "rule-of-old" in text
    assert "2 deviations from the protocol" in text


def test_no_findings(alice_client: Client, charge_point: ChargePoint) -> None:
    text = alice_client.get(page(charge_point)).content.decode()
    assert "No deviation from the protocol was seen." in text
    assert "from the protocol</a>" not in text


def test_who_may_see_them(
    client: Client, bob_client: Client, charlie_client: Client, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    assert client.get(page(charge_point)).status_code == 302
    assert bob_client.get(page(charge_point)).status_code == 200
    assert bob_client.get(page(far_charge_point)).status_code == 404
    assert charlie_client.get(page(charge_point)).status_code == 404
    assert bob_client.post(page(charge_point)).status_code == 405


def test_administration(alice_client: Client, charlie_client: Client, charge_point: ChargePoint) -> None:
    made = found(charge_point)
    listed = reverse("admin:chargepoints_finding_changelist")
    assert "too-long" in alice_client.get(listed).content.decode()
    assert "NORD-1" not in charlie_client.get(listed).content.decode()
    change = reverse("admin:chargepoints_finding_change", args=[made.pk])
    assert alice_client.get(change).status_code == 200
    assert alice_client.post(change, {"rule": "x"}).status_code == 403
