"""What the tests of the start dialog share."""

from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from chargepoints.choices import ConnectorStatus, Integration, PaymentKind
from chargepoints.models import ChargeKey, ChargePoint, Connection, PaymentMethod
from chargepoints.services.ledger import wallet_top_up
from hub.audit.records import HUB
from tests.factories import now
from tests.portal.charge_tools import HTMX, priced


def go_online(charge_point: ChargePoint) -> ChargePoint:
    """Connected and idle; 20 kWh in an hour cost 90 NOK."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.CONNECTED, state="available")
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, connected_at=now())
    charge_point.connectors.update(status=ConnectorStatus.AVAILABLE, raw_status="Available")
    charge_point.refresh_from_db()
    priced(charge_point)
    return charge_point


def method(of: ChargePoint, kind: PaymentKind, key: ChargeKey | None = None, **fields: Any) -> PaymentMethod:
    """One more payment method: of a key's driver, or of the site's team."""
    owner: dict[str, Any] = {"driver": key.driver} if key else {"team": of.site.team}
    return PaymentMethod.objects.create(
        organisation=of.site.team.organisation, kind=kind, currency="NOK", **{"name": kind.label, **owner, **fields}
    )


def empty(key: ChargeKey) -> None:
    """Take all that is in the wallet."""
    wallet = PaymentMethod.objects.get(driver=key.driver, kind=PaymentKind.WALLET)
    wallet_top_up(method=wallet, amount=Decimal(-500), key="out", actor=HUB)


def choice(client: Client, charge_point: ChargePoint, **query: str | int) -> str:
    """What the dialog shows for these choices."""
    response = client.get(reverse("start_choice", args=[charge_point.pk]), query, headers=HTMX)
    assert response.status_code == 200
    return response.content.decode()


def radio(html: str, name: str, value: object) -> str:
    """The tag of one choice, with what stands behind it in its label; empty when it is not offered."""
    head = next(
        (part for part in html.split("<label")[1:] if f'name="{name}"' in part and f'value="{value}"' in part), ""
    )
    return head.partition("</label>")[0]


def start(client: Client, charge_point: ChargePoint, **data: object) -> tuple[int, str]:
    """Post the dialog: status and page."""
    told = {"connector": "1", "id_tag": "TAG-A", **data}
    response = client.post(reverse("action", args=[charge_point.pk, "start"]), told, headers=HTMX)
    return response.status_code, response.content.decode()
