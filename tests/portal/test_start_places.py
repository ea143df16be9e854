"""Where a charge can start: what the connectors of the dialog say, and what is refused."""

from datetime import timedelta

import pytest
from django.test import Client

from chargepoints.choices import ChargeState, ConnectorStatus
from chargepoints.models import Charge, ChargeKey, ChargePoint, Connector, Reservation
from tests.factories import now
from tests.portal.charge_tools import payer
from tests.portal.start_tools import choice, go_online, radio, start

pytestmark = pytest.mark.usefixtures("clean_redis")


@pytest.fixture
def online(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected and idle; 20 kWh in an hour cost 90 NOK."""
    return go_online(charge_point)


@pytest.fixture
def kari(online: ChargePoint) -> ChargeKey:
    """TAG-A of Kari, whose wallet has 500 NOK."""
    return payer(online)


def reserved(charge_point: ChargePoint, connector: Connector, tag: str) -> None:
    Connector.objects.filter(pk=connector.pk).update(status=ConnectorStatus.RESERVED)
    Reservation.objects.create(
        charge_point=charge_point,
        connector_number=connector.number,
        reservation_id=1,
        id_tag=tag,
        made_at=now(),
        expires_at=now() + timedelta(hours=1),
    )


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (ConnectorStatus.FAULTED, "It is faulted."),
        (ConnectorStatus.UNAVAILABLE, "It is out of service."),
        (ConnectorStatus.SUSPENDED_EV, "It says that it charges"),
        (ConnectorStatus.RESERVED, "It is reserved for another key."),
        (ConnectorStatus.PREPARING, ""),
        (ConnectorStatus.FINISHING, ""),
        (ConnectorStatus.UNKNOWN, ""),
    ],
)
def test_where_it_can_start(
    alice_client: Client, online: ChargePoint, kari: ChargeKey, status: ConnectorStatus, why: str
) -> None:
    online.connectors.filter(number=1).update(status=status)
    told = radio(choice(alice_client, online, id_tag="TAG-A"), "connector", 1)
    assert (" disabled" in told, why in told) == (bool(why), True)
    code, page = start(alice_client, online)
    assert (code, why in page) == (409 if why else 204, True)


def test_a_running_charge_and_a_reservation(alice_client: Client, online: ChargePoint, kari: ChargeKey) -> None:
    first, second = online.connectors.order_by("number")
    fields = {"transaction_id": "1", "state": ChargeState.CHARGING, "started_at": now(), "connector": first}
    Charge.objects.create(charge_point=online, **fields)
    reserved(online, second, "OTHER")
    html = choice(alice_client, online, id_tag="TAG-A")
    assert "A charge runs there." in radio(html, "connector", 1)
    assert "It is reserved for another key." in radio(html, "connector", 2)
    assert "No charge can start here now." in html
    Reservation.objects.update(id_tag="tag-a")
    html = choice(alice_client, online, id_tag="TAG-A")
    assert " checked" in radio(html, "connector", 2)
    assert start(alice_client, online, connector="2")[0] == 204
