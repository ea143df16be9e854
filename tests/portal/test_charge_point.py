"""The page of one charge point, its panels, its status log and its integration."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.actions import ACTIONS
from chargepoints.choices import ChargeState, ConnectorStatus, Integration, Refusal
from chargepoints.models import (
    Charge,
    ChargePoint,
    Connection,
    ConnectionAttempt,
    Connector,
    MeterSample,
    StatusChange,
)
from chargepoints.selectors.charge_points import STATUS_PAGE
from chargepoints.views.charge_point import PANELS
from hub.teams.choices import Role
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now

QUERIES = 24
PLACES = ["", *(f"panels/{panel}/" for panel in PANELS), "status-log/", "configuration/", "integration/"]


@pytest.fixture
def live(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected: connector 1 charges for Kari Nordmann, connector 2 is faulted."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(
        integration=Integration.CONNECTED, state="error", vendor="ACE", model="DC150", serial="S-77", firmware="5.2.1"
    )
    Connection.objects.filter(pk=charge_point.pk).update(
        is_connected=True,
        connected_at=now() - timedelta(minutes=3),
        last_seen_at=now(),
        subprotocol="ocpp1.6",
        security_profile=1,
        remote_address="10.20.4.17",
    )
    first, second = charge_point.connectors.order_by("number")
    Connector.objects.filter(pk=first.pk).update(
        status="Charging", raw_status="Charging", power_w=62_400, metered_at=now(), error_code="NoError"
    )
    Connector.objects.filter(pk=second.pk).update(
        status="Faulted",
        raw_status="Faulted",
        error_code="GroundFailure",
        vendor_error_code="0x21A4",
        info="RCD tripped at 34 mA",
        status_since=now(),
    )
    organisation = charge_point.site.team.organisation
    key = factories.charge_key(id_tag="04A1B2C34F2A", holder=factories.driver(organisation))
    Charge.objects.create(
        charge_point=charge_point,
        connector=first,
        transaction_id="88123",
        state=ChargeState.CHARGING,
        id_tag=key.id_tag,
        charge_key=key,
        started_at=now() - timedelta(minutes=28),
        energy_wh=24_810,
        soc=64,
    )
    charge_point.refresh_from_db()
    return charge_point


def url(charge_point: ChargePoint, place: str = "") -> str:
    return f"{reverse('charge_point', args=[charge_point.pk])}{place}"


def test_works(alice_client: Client, live: ChargePoint) -> None:
    html = alice_client.get(url(live)).content.decode()
    for text in (
        "1 Charging",
        "2 Faulted",
        "connected (error)",
        "62.4",
        "24.81 kWh",
        "64 %",
        "key …4F2A, Kari Nordmann",
        "Vendor code 0x21A4. RCD tripped at 34 mA",
        "1.6J, profile 1",
        "10.20.4.17",
        "Reboot",
    ):
        assert text in html, text
    assert "style=" not in html
    assert "04A1B2C34F2A" not in html, "a whole id tag is as good as the card"


@pytest.mark.parametrize("place", PLACES)
def test_every_place_works_for_a_bare_charger(alice_client: Client, far_charge_point: ChargePoint, place: str) -> None:
    assert alice_client.get(url(far_charge_point, place)).status_code == 200


@pytest.mark.parametrize("place", PLACES)
def test_needs_login(client: Client, charge_point: ChargePoint, place: str) -> None:
    response = client.get(url(charge_point, place))
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login/")


@pytest.mark.parametrize("place", PLACES)
def test_ownership(
    bob_client: Client,
    charlie_client: Client,
    charge_point: ChargePoint,
    far_charge_point: ChargePoint,
    place: str,
) -> None:
    assert bob_client.get(url(charge_point, place)).status_code == 200
    assert bob_client.get(url(far_charge_point, place)).status_code == 404
    assert charlie_client.get(url(charge_point, place)).status_code == 404


@pytest.mark.parametrize("place", PLACES)
def test_wrong_method(alice_client: Client, charge_point: ChargePoint, place: str) -> None:
    assert alice_client.post(url(charge_point, place)).status_code == 405


@pytest.mark.parametrize("bad", ["0", "999999999", "99999999999999999999", "x"])
def test_bad_id(alice_client: Client, bad: str) -> None:
    for place in PLACES:
        assert alice_client.get(f"/charge-points/{bad}/{place}").status_code == 404


def test_bad_panel(alice_client: Client, charge_point: ChargePoint) -> None:
    assert alice_client.get(url(charge_point, "panels/nothing/")).status_code == 404


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_is_that_of_the_page(alice_client: Client, live: ChargePoint, panel: str) -> None:
    html = alice_client.get(url(live, f"panels/{panel}/")).content.decode()
    assert f'id="{panel}"' in html
    assert f'data-panel-url="{url(live, f"panels/{panel}/")}"' in html
    assert f'id="{panel}"' in alice_client.get(url(live)).content.decode()


def test_query_count_is_constant(
    alice_client: Client, live: ChargePoint, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(QUERIES) as few:
        alice_client.get(url(live))
    for number in range(3, 12):
        Connector.objects.create(charge_point=live, number=number, status="Charging", power_w=5, metered_at=now())
    with django_assert_max_num_queries(QUERIES) as many:
        alice_client.get(url(live))
    assert len(many.captured_queries) == len(few.captured_queries)


def in_panel() -> list[str]:
    """The kinds of action that the panel shows."""
    return [kind for kind, action in ACTIONS.items() if (action.has_form or action.page) and not action.tab]


def test_an_offline_charger_says_so_and_offers_what_may_wait(alice_client: Client, charge_point: ChargePoint) -> None:
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration="disconnected", state="disconnected")
    Connection.objects.filter(pk=charge_point.pk).update(
        disconnected_at=now() - timedelta(minutes=42), connected_at=now() - timedelta(hours=9)
    )
    html = alice_client.get(url(charge_point)).content.decode()
    assert "offline for" in html
    # A check says why it is offline; what may wait is kept until it is back.
    shut = [kind for kind in in_panel() if not ACTIONS[kind].can_wait and kind != "check"]
    assert html.count('aria-disabled="true"') == len(shut)
    assert "The charger is offline. Nothing can be sent to it now." in html
    assert "actions/unlock/" not in html
    assert "actions/reboot/" in html


def test_read_only_people_are_told_what_they_need(client: Client, live: ChargePoint, nordlys: Organisation) -> None:
    reader = factories.user("reader")
    factories.member(nordlys, reader, Role.READ_ONLY)
    client.force_login(reader)
    html = client.get(url(live)).content.decode()
    assert 'id="act-change-site" aria-disabled="true"' in html
    assert html.count('aria-disabled="true"') == len(in_panel()) + 1
    assert "Your role does not allow this." in html
    assert "actions/" not in html.replace("panels/actions/", "")


def test_vendor_text_is_only_text(alice_client: Client, live: ChargePoint) -> None:
    evil = "<img src=x onerror=alert(1)>"
    ChargePoint.objects.filter(pk=live.pk).update(model=evil, vendor=evil, serial=evil, firmware=evil)
    Connector.objects.filter(charge_point=live).update(
        error_code=evil, vendor_error_code=evil, info=evil, raw_status=evil
    )
    Charge.objects.filter(charge_point=live).update(id_tag=evil, transaction_id=evil)
    StatusChange.objects.create(
        charge_point=live,
        connector_number=1,
        status="Faulted",
        raw_status=evil,
        error_code=evil,
        info=evil,
        received_at=now(),
    )
    for place in PLACES:
        assert "<img" not in alice_client.get(url(live, place)).content.decode()


def test_power_is_drawn_from_the_samples(alice_client: Client, live: ChargePoint) -> None:
    empty = alice_client.get(url(live, "panels/power/")).content.decode()
    assert "No power reading in the last 6 hours" in empty
    for minutes in range(30):
        at = now() - timedelta(minutes=minutes + 1)
        sample = {"charge_point": live, "at": at, "received_at": at, "unit": "W", "raw": "x"}
        MeterSample.objects.create(connector_number=1, measurand="Power.Active.Import", value=50_000, **sample)
        MeterSample.objects.create(connector_number=1, measurand="Energy.Active.Import.Register", value=9, **sample)
    html = alice_client.get(url(live, "panels/power/")).content.decode()
    assert "at most 50.0 kW" in html
    assert html.count('<path class="s1"') == 1
    assert '<path class="s2"' not in html


def test_status_log_tells_how_long_each_lasted(alice_client: Client, live: ChargePoint) -> None:
    start = now() - timedelta(hours=3)
    for minutes, connector, status in (
        (0, 1, ConnectorStatus.AVAILABLE),
        (5, 2, ConnectorStatus.PREPARING),
        (10, 1, ConnectorStatus.PREPARING),
        (52, 1, ConnectorStatus.CHARGING),
    ):
        StatusChange.objects.create(
            charge_point=live,
            connector_number=connector,
            status=status,
            raw_status=status,
            received_at=start + timedelta(minutes=minutes),
        )
    rows = alice_client.get(url(live, "status-log/")).content.decode().split('<tr class="r">')[1:]
    assert ["42 min" in row for row in rows] == [False, True, False, False]
    assert "10 min" in rows[3]
    assert "so far" in rows[0]
    assert "so far" in rows[2]


def test_status_log_pages_by_cursor(alice_client: Client, live: ChargePoint) -> None:
    at = now() - timedelta(hours=1)
    StatusChange.objects.bulk_create(
        StatusChange(
            charge_point=live,
            connector_number=1,
            status=ConnectorStatus.AVAILABLE,
            raw_status=f"raw-{number:04}",
            received_at=at + timedelta(seconds=number // 3),
        )
        for number in range(STATUS_PAGE + 7)
    )
    first = alice_client.get(url(live, "status-log/")).content.decode()
    older = first.split("?before=")[1].split('"')[0]
    second = alice_client.get(url(live, f"status-log/?before={older}")).content.decode()
    for number in range(STATUS_PAGE + 7):
        seen = (f"raw-{number:04}</span>" in first) + (f"raw-{number:04}</span>" in second)
        assert seen == 1, number
    assert alice_client.get(url(live, "status-log/?before=x")).status_code == 200
    assert alice_client.get(url(live, "status-log/?before=99999999999999")).status_code == 200


def test_integration_shows_the_address_and_the_refused(
    alice_client: Client, live: ChargePoint, foreign_charge_point: ChargePoint
) -> None:
    common = {"http_status": 401, "first_at": now(), "last_at": now(), "user_name": "NORD-1"}
    ConnectionAttempt.objects.create(
        fingerprint="a", charge_point=live, reason=Refusal.WRONG_PASSWORD, remote_address="10.9.9.9", count=14, **common
    )
    ConnectionAttempt.objects.create(
        fingerprint="b", charge_point=foreign_charge_point, reason=Refusal.INACTIVE, remote_address="10.8.8.8", **common
    )
    html = alice_client.get(url(live, "integration/")).content.decode()
    assert "/ocpp/NORD-1" in html
    assert "Wrong password" in html
    assert "10.9.9.9" in html
    assert "10.8.8.8" not in html
    assert factories.PASSWORD not in html
    assert live.password_hmac not in html
