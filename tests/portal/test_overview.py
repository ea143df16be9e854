"""The overview: figures, needs attention, table, filters, paging, live cells."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from chargepoints.choices import ChargeState, CommandStatus, ConnectorStatus, Effect, Integration, Refusal
from chargepoints.models import (
    Charge,
    ChargePoint,
    Command,
    Connection,
    Connector,
    LinkPeriod,
    Site,
)
from chargepoints.rendering.overview import CELLS, overview_cells
from chargepoints.selectors.attention import Severity, attention
from chargepoints.selectors.kpis import kpis
from chargepoints.selectors.overview import Filters, overview_find, overview_page
from hub.teams.models import User
from tests import factories
from tests.factories import now

QUERIES = 30


def online(charge_point: ChargePoint, *statuses: ConnectorStatus) -> ChargePoint:
    """Make a charge point connected, its connectors in these statuses, each giving 7 kW if it charges."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.CONNECTED, state="available")
    Connection.objects.filter(pk=charge_point.pk).update(
        is_connected=True, connected_at=now() - timedelta(hours=2), last_seen_at=now(), subprotocol="ocpp1.6"
    )
    for number, status in enumerate(statuses, 1):
        Connector.objects.filter(charge_point=charge_point, number=number).update(
            status=status, raw_status=status, status_since=now(), power_w=7_000, metered_at=now()
        )
    charge_point.refresh_from_db()
    return charge_point


def running(charge_point: ChargePoint, number: int = 1, **fields: object) -> Charge:
    """A charge that runs on a connector."""
    values: dict[str, object] = {"state": ChargeState.CHARGING, "energy_wh": 12_340, "started_at": now(), **fields}
    return Charge.objects.create(
        charge_point=charge_point,
        connector=charge_point.connectors.get(number=number),
        transaction_id=f"{charge_point.pk}-{number}-{Charge.objects.count()}",
        **values,
    )


def test_works(alice_client: Client, charge_point: ChargePoint, far_charge_point: ChargePoint) -> None:
    online(charge_point, ConnectorStatus.CHARGING, ConnectorStatus.AVAILABLE)
    running(charge_point)

    html = alice_client.get("/").content.decode()

    for text in ("NORD-1", "NORD-2", "Aker Brygge", "connected (available)", "Charging", "Ready", "12.34 kWh"):
        assert text in html
    assert "style=" not in html


def test_needs_login(client: Client, db: None) -> None:
    for url in ("/", "/overview/kpis/", "/overview/attention/"):
        response = client.get(url)
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/login/")


def test_ownership(bob_client: Client, charge_point: ChargePoint, far_charge_point: ChargePoint) -> None:
    html = bob_client.get("/").content.decode()
    assert "NORD-1" in html
    assert "NORD-2" not in html
    assert "Bergen" not in html


def test_stranger(charlie_client: Client, charge_point: ChargePoint, foreign_charge_point: ChargePoint) -> None:
    online(charge_point, ConnectorStatus.FAULTED)
    for url in ("/", "/overview/kpis/", "/overview/attention/", "/?q=NORD", f"/?site={charge_point.site_id}"):
        html = charlie_client.get(url).content.decode()
        assert "NORD-1" not in html
        assert "Aker Brygge" not in html


def test_wrong_method(alice_client: Client) -> None:
    assert alice_client.post("/").status_code == 405
    assert alice_client.post("/overview/kpis/").status_code == 405


def test_bad_panel(alice_client: Client) -> None:
    assert alice_client.get("/overview/nothing/").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["site=x", "site=99999999999999999999999", "status=nope", "version=%00", "after=-1", "after=x", "q=" + "a" * 500],
)
def test_odd_addresses_are_no_errors(alice_client: Client, charge_point: ChargePoint, query: str) -> None:
    assert alice_client.get(f"/?{query}").status_code == 200


def test_query_count_is_constant(
    alice_client: Client, site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(3):
        running(online(factories.charge_point(site, f"A-{number}", connectors=2), ConnectorStatus.CHARGING))
    with django_assert_max_num_queries(QUERIES) as few:
        alice_client.get("/")
    for number in range(12):
        made = online(factories.charge_point(site, f"B-{number}", connectors=2), ConnectorStatus.FAULTED)
        running(made)
        LinkPeriod.objects.create(charge_point=made, generation=1, started_at=now() - timedelta(hours=3))
    with django_assert_max_num_queries(QUERIES) as many:
        alice_client.get("/")
    assert len(many.captured_queries) == len(few.captured_queries)


def test_htmx_gets_the_table_only(alice_client: Client, charge_point: ChargePoint) -> None:
    response = alice_client.get("/?q=nord", headers={"HX-Request": "true"})
    html = response.content.decode()
    assert html.lstrip().startswith('<div id="chargers">')
    assert "NORD-1" in html
    assert "HX-Request" in response.headers["Vary"]


@pytest.mark.parametrize("words", ["nord-1", "ser-77", "aker", "DC150", "stick-9", "The Name", "nord ser-77", "OSLO"])
def test_search(alice: User, site: Site, words: str) -> None:
    factories.charge_point(site, "NORD-1", name="The Name", serial="SER-77", model="DC150 Twin", sticker="STICK-9")
    other = factories.site(site.team, "Elsewhere", city="Molde")
    factories.charge_point(other, "XX-1")
    found = overview_find(alice, Filters(words=tuple(words.split())))
    assert [charge_point.identity for charge_point in found] == ["NORD-1"]


def test_search_text_is_escaped(alice_client: Client, charge_point: ChargePoint) -> None:
    html = alice_client.get('/?q="><script>alert(1)</script>').content.decode()
    assert "<script>alert(1)" not in html


def test_filters(alice: User, charge_point: ChargePoint, far_charge_point: ChargePoint) -> None:
    online(charge_point, ConnectorStatus.CHARGING, ConnectorStatus.FAULTED)

    def names(**filters: object) -> list[str]:
        return sorted(overview_find(alice, Filters(**filters)).values_list("name", flat=True))  # type: ignore[arg-type]

    assert names(status="charging") == names(status="faulted") == names(version="ocpp1.6") == ["NORD-1"]
    assert names(status="ready") == []
    assert names(status="offline") == names(status="pending") == ["NORD-2"]
    assert names(site=far_charge_point.site_id) == ["NORD-2"]
    assert names(team=charge_point.site.team_id) == ["NORD-1", "NORD-2"]
    assert names() == ["NORD-1", "NORD-2"]


def test_paging_shows_each_charger_once(alice: User, site: Site, far_site: Site) -> None:
    for number in range(7):
        factories.charge_point(site, f"A-{number}")
        factories.charge_point(far_site, f"B-{number}")
    seen: list[str] = []
    after = None
    while True:
        rows, after = overview_page(overview_find(alice, Filters()), after, size=3)
        seen += [row.name for row in rows]
        if after is None:
            break
    assert seen == [f"A-{n}" for n in range(7)] + [f"B-{n}" for n in range(7)]


def test_next_page_link(alice_client: Client, site: Site) -> None:
    for number in range(101):
        factories.charge_point(site, f"P-{number:03}", password="")
    html = alice_client.get("/?q=P-").content.decode()
    last = ChargePoint.objects.get(name="P-099")
    assert f"?q=P-&amp;after={last.pk}" in html
    assert "100 of 101 chargers" in html
    assert "P-100" in alice_client.get(f"/?q=P-&after={last.pk}").content.decode()


def test_first_run(alice_client: Client) -> None:
    assert "Connect your first charger" in alice_client.get("/").content.decode()


def test_kpis(alice: User, charge_point: ChargePoint, far_charge_point: ChargePoint) -> None:
    online(charge_point, ConnectorStatus.CHARGING, ConnectorStatus.SUSPENDED_EV)
    running(charge_point, 1, energy_wh=1_500)
    running(charge_point, 2, state=ChargeState.COMPLETED, energy_wh=500)
    running(charge_point, 2, state=ChargeState.CANCELLED, energy_wh=0)
    running(charge_point, 2, state=ChargeState.COMPLETED, started_at=now() - timedelta(days=3))

    figures = kpis(alice)

    assert figures.power_w == 7_000, "only what charges gives power"
    assert (figures.energy_wh, figures.charges, figures.running) == (2_000, 2, 1)
    assert figures.connectors["charging"] == figures.connectors["paused"] == figures.connectors["offline"] == 1
    assert figures.connectors_total == 3
    assert figures.failed_starts == 1
    assert figures.first_try == pytest.approx(200 / 3)


def test_old_power_is_no_power_now(alice: User, charge_point: ChargePoint) -> None:
    online(charge_point, ConnectorStatus.CHARGING)
    Connector.objects.filter(charge_point=charge_point).update(metered_at=now() - timedelta(hours=1))
    assert kpis(alice).power_w == 0


def test_attention_worst_first(alice: User, site: Site) -> None:
    made = {name: factories.charge_point(site, name) for name in ("FAULT", "REFUSED", "OFFLINE", "EFFECT", "LINK")}
    online(made["FAULT"], ConnectorStatus.FAULTED)
    Connector.objects.filter(charge_point=made["FAULT"]).update(error_code="GroundFailure", info="RCD tripped")
    Connection.objects.filter(pk=made["REFUSED"].pk).update(refused_at=now(), refused_reason=Refusal.WRONG_PASSWORD)
    Connection.objects.filter(pk=made["OFFLINE"].pk).update(
        connected_at=now() - timedelta(hours=2), disconnected_at=now() - timedelta(minutes=6), close_code=1006
    )
    online(made["EFFECT"], ConnectorStatus.AVAILABLE)
    Command.objects.create(
        charge_point=made["EFFECT"],
        kind="reboot",
        status=CommandStatus.ACCEPTED,
        effect=Effect.MISSING,
        author_name="Alice",
        created_at=now(),
        sent_at=now(),
        expires_at=now(),
    )
    online(made["LINK"], ConnectorStatus.AVAILABLE)
    for generation in range(5):
        LinkPeriod.objects.create(charge_point=made["LINK"], generation=generation, started_at=now(), ended_at=now())

    found = attention(alice)

    assert [(entry.severity, entry.charge_point.name) for entry in found] == [
        (Severity.FAULT, "FAULT"),
        (Severity.REFUSED, "REFUSED"),
        (Severity.OFFLINE, "OFFLINE"),
        (Severity.NO_EFFECT, "EFFECT"),
        (Severity.UNSTEADY, "LINK"),
    ]
    assert found[0].why == "Connector 1 faulted: GroundFailure."
    assert found[0].detail == "RCD tripped"
    assert "Wrong password" in found[1].why


def test_attention_leaves_out_what_is_well_or_meant(alice: User, site: Site) -> None:
    online(factories.charge_point(site, "WELL"), ConnectorStatus.AVAILABLE)
    factories.charge_point(site, "NEVER-SEEN")
    short = factories.charge_point(site, "SHORT")
    Connection.objects.filter(pk=short.pk).update(
        connected_at=now() - timedelta(hours=1), disconnected_at=now() - timedelta(minutes=4)
    )
    mended = online(factories.charge_point(site, "MENDED"), ConnectorStatus.AVAILABLE)
    Connection.objects.filter(pk=mended.pk).update(refused_at=now() - timedelta(hours=3))
    meant = online(factories.charge_point(site, "MEANT", maintenance=True), ConnectorStatus.FAULTED)
    assert meant.maintenance
    assert attention(alice) == []


def test_attention_shows_eight_and_all(alice_client: Client, site: Site) -> None:
    for number in range(10):
        online(factories.charge_point(site, f"F-{number}"), ConnectorStatus.FAULTED)
    few = alice_client.get("/overview/attention/").content.decode()
    assert few.count("<li") == 8
    assert "8 of 10" in few
    assert alice_client.get("/overview/attention/?attention=all").content.decode().count("<li") == 10


def test_vendor_text_is_only_text(alice_client: Client, site: Site) -> None:
    evil = "<img src=x onerror=alert(1)>"
    made = factories.charge_point(site, "EVIL", model=evil, firmware=evil)
    online(made, ConnectorStatus.FAULTED)
    Connector.objects.filter(charge_point=made).update(error_code=evil, info=evil, raw_status=evil)
    assert "<img" not in alice_client.get("/").content.decode()
    assert "<img" not in overview_cells([made.pk])[made.pk]


def test_cells_are_those_of_the_page(
    alice_client: Client, charge_point: ChargePoint, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    online(charge_point, ConnectorStatus.AVAILABLE, ConnectorStatus.CHARGING)
    html = alice_client.get("/").content.decode()
    with django_assert_max_num_queries(4):
        cells = overview_cells([charge_point.pk])
    for cell in CELLS:
        assert f'id="cp{charge_point.pk}-{cell}"' in html
        assert f'id="cp{charge_point.pk}-{cell}"' in cells[charge_point.pk]
    assert list(cells) == [charge_point.pk]
    assert f'data-cp="{charge_point.pk}"' in html
