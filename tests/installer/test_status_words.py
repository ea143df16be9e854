"""SPEC section 1, "Combined status", row by row as the public page shows it."""

import re

import pytest
import redis

from chargepoints.choices import ConnectorStatus, Integration, State
from chargepoints.models import ChargePoint, Connection, Connector, Site
from chargepoints.selectors.identity import conflicts_told
from chargepoints.services.identities import identity_change
from chargepoints.services.states import states_refresh
from hub.audit.records import HUB
from tests import factories
from tests.installer.scene import Scene, scene

BUSY = [state for state in State if state.value.startswith("busy")]


def shown(job: Scene, name: str) -> str:
    """The status text of this charge point on the page, and the same in the live parts."""
    pk = job.row(name).pk
    found = [_words(job.page(), pk), _words(job.client.get(f"{job.base}state/").content.decode(), pk)]
    assert found[0] == found[1]
    return found[0]


def _words(html: str, pk: int) -> str:
    span = re.search(rf'id="row-{pk}-status"[^>]*>(.*?)</span>', html, re.DOTALL)
    assert span
    return re.sub(r"<[^>]+>", "", span.group(1)).strip()


def stored(point: ChargePoint, integration: Integration, state: State) -> None:
    """Give the charge point these states, as the gateway would have derived them."""
    ChargePoint.objects.filter(pk=point.pk).update(integration=integration, state=state)


def test_no_serial(site: Site, clean_redis: redis.Redis) -> None:
    job = scene(site, factories.charge_point(site, None, name="Bay 1"))
    assert shown(job, "Bay 1") == "No serial"


def test_in_use_by_a_team_of_the_same_operator(
    site: Site, far_charge_point: ChargePoint, clean_redis: redis.Redis
) -> None:
    job = scene(site, factories.charge_point(site, None, name="Bay 1"))
    assert job.send("identity", job.row("Bay 1"), value="nord-2").json()["is_taken"] is True
    assert shown(job, "Bay 1") == f"Serial is in use by: {far_charge_point.site.team.name}"


def test_in_use_by_another_organisation_names_nobody(
    site: Site, foreign_charge_point: ChargePoint, clean_redis: redis.Redis
) -> None:
    job = scene(site, factories.charge_point(site, None, name="Bay 1"))
    team = foreign_charge_point.site.team
    type(team).objects.filter(pk=team.pk).update(name="Fjord's secret team")
    answer = job.send("identity", job.row("Bay 1"), value="FJORD-1")
    assert shown(job, "Bay 1") == "Serial is in use by another organisation"
    everything = [job.page(), answer.content.decode(), job.client.get(f"{job.base}complete/").content.decode()]
    everything += [str(response.headers) for response in (answer, job.client.get(job.base))]
    for text in everything:
        assert "secret team" not in text
        assert "Fjord Mobility" not in text
        assert foreign_charge_point.site.name not in text


def test_the_claim_is_settled_when_the_serial_becomes_free(
    site: Site, foreign_charge_point: ChargePoint, clean_redis: redis.Redis
) -> None:
    job = scene(site, factories.charge_point(site, None, name="Bay 1"))
    job.send("identity", job.row("Bay 1"), value="FJORD-1")
    held = conflicts_told(ChargePoint.objects.select_related("site__team")).get(pk=foreign_charge_point.pk)
    identity_change(actor=HUB, charge_point=held, identity="", password=None)
    assert shown(job, "Bay 1") == "pending"


@pytest.mark.parametrize(
    ("integration", "state", "words"),
    [
        *((Integration.CONNECTED, state, f"connected ({state.value})") for state in [State.AVAILABLE, *BUSY]),
        (Integration.CONNECTED, State.ERROR, "connected (error)"),
        (Integration.CONNECTED, State.OTHER, "connected (other)"),
        (Integration.CONNECTED, State.MAINTENANCE, "connected (maintenance)"),
        (Integration.CONNECTED, State.PASSIVE, "connected"),
        (Integration.DISCONNECTED, State.DISCONNECTED, "disconnected"),
        (Integration.DISCONNECTED, State.MAINTENANCE, "disconnected (maintenance)"),
        (Integration.PENDING, State.PASSIVE, "pending"),
        (Integration.PENDING, State.MAINTENANCE, "pending (maintenance)"),
        (Integration.ERROR, State.PASSIVE, "error"),
        (Integration.ERROR, State.MAINTENANCE, "error (maintenance)"),
        (Integration.NO_INTEGRATION, State.PASSIVE, "Not connected"),
    ],
)
def test_integration_and_state(
    job: Scene, charge_point: ChargePoint, integration: Integration, state: State, words: str
) -> None:
    stored(charge_point, integration, state)
    assert shown(job, "NORD-1") == words


def test_states_that_the_charger_reports_arrive(job: Scene, charge_point: ChargePoint) -> None:
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, connected_at=factories.now())
    Connector.objects.filter(charge_point=charge_point, number=1).update(status=ConnectorStatus.CHARGING)
    states_refresh(charge_point_ids=[charge_point.pk])
    assert shown(job, "NORD-1") == "connected (busy-charging)"
    assert "1 / 1 connected" in job.page()
