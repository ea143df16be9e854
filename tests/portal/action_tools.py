"""What the tests of the dialogs of remote actions share."""

from typing import Any

from django.test import Client
from django.urls import reverse

from chargepoints.choices import Integration
from chargepoints.models import ChargePoint, Command, Connection
from tests.factories import now

HTMX = {"HX-Request": "true"}
Data = dict[str, Any]


def bring_online(charge_point: ChargePoint) -> ChargePoint:
    """Connected and idle; its site keeps the time of Oslo."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.CONNECTED, state="available")
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, connected_at=now(), subprotocol="ocpp1.6")
    charge_point.site.time_zone = "Europe/Oslo"
    charge_point.site.save(update_fields=["time_zone"])
    charge_point.refresh_from_db()
    return charge_point


def url(charge_point: ChargePoint, kind: str) -> str:
    """The dialog of an action."""
    return reverse("action", args=[charge_point.pk, kind])


def made(client: Client, charge_point: ChargePoint, kind: str, data: Data) -> Data:
    """The parameters of the command that a form makes."""
    response = client.post(url(charge_point, kind), data, headers=HTMX)
    assert response.status_code == 204, response.content.decode()[:3000]
    return dict(Command.objects.get(kind=kind).parameters)


def refused(client: Client, charge_point: ChargePoint, kind: str, data: Data) -> str:
    """The dialog of a form that made no command."""
    response = client.post(url(charge_point, kind), data, headers=HTMX)
    assert response.status_code in {409, 422}
    assert not Command.objects.exists()
    html = response.content.decode()
    assert 'role="alert"' in html
    return html
