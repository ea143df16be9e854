"""What the API gives: values are those of the rows, filters find, pages lose nothing."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import redis

from chargepoints.choices import Category, ConnectorStatus, Refusal
from chargepoints.models import ChargePoint, Connection, ConnectionAttempt, Connector, LogLine, Site, StatusChange
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now
from tests.portal.api_tools import Program, key_made


@pytest.fixture
def program(nordlys: Organisation, clean_redis: redis.Redis) -> Program:
    """A read-only key of Nordlys."""
    return Program(key_made(nordlys)[1])


def test_a_charge_point(program: Program, charge_point: ChargePoint) -> None:
    at = now()
    ChargePoint.objects.filter(pk=charge_point.pk).update(
        integration="connected", state="busy-charging", vendor="Maker", serial="", created_at=at - timedelta(days=9)
    )
    Connection.objects.filter(pk=charge_point.pk).update(
        is_connected=True, connected_at=at, last_seen_at=at, subprotocol="ocpp1.6", last_seq=1_763_635_440_123_456
    )
    Connector.objects.filter(charge_point=charge_point, number=1).update(
        status=ConnectorStatus.SUSPENDED_EVSE, power_w=7200, metered_at=at, register_wh=1_204_550
    )
    Connector.objects.filter(charge_point=charge_point, number=2).update(
        status=ConnectorStatus.CHARGING, power_w=62_400, metered_at=at
    )
    told = program.read(f"/charge-points/{charge_point.pk}")
    assert told["status"] == "connected (busy-charging)"
    assert (told["vendor"], told["serial"], told["name"]) == ("Maker", None, "NORD-1")
    assert told["site"] == {"id": charge_point.site_id, "name": "Aker Brygge"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", told["connection"]["connected_at"])
    assert told["connection"]["is_connected"] is True
    assert told["connection"]["refused_at"] is None
    paused, charging = told["connectors"]
    assert (paused["status_text"], paused["cause"], paused["power_w"]) == ("Charging paused", "by the charger", None)
    assert (paused["register_wh"], charging["power_w"]) == (1_204_550, 62_400)
    assert program.read(f"/charge-points/{charge_point.pk}/connectors") == {"items": told["connectors"]}
    assert program.read("/charge-points")["items"] == [told]


def test_a_site(program: Program, site: Site, charge_point: ChargePoint) -> None:
    factories.charge_point(site, archived_at=now())
    Site.objects.filter(pk=site.pk).update(latitude="59.910100", power_limit_w=160_000)
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration="connected")
    told = program.read(f"/sites/{site.pk}")
    assert (told["latitude"], told["longitude"], told["power_limit_w"]) == (59.9101, None, 160_000)
    assert (told["charge_points"], told["connected"], told["phone"]) == (1, 1, None)
    assert program.read("/sites")["items"] == [told]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "nord"}, {"NORD-1", "NORD-2"}),
        ({"q": "aker nord"}, {"NORD-1"}),
        ({"integration": "error"}, {"NORD-2"}),
        ({"state": "available"}, {"NORD-1"}),
        ({"status": "ready"}, {"NORD-1"}),
        ({"status": "refused"}, {"NORD-2"}),
        ({"subprotocol": "ocpp1.6"}, {"NORD-1"}),
        ({"status": "ready", "integration": "error"}, set()),
        ({"site": "999999"}, set()),
    ],
)
def test_filters(
    query: dict[str, object],
    found: set[str],
    program: Program,
    charge_point: ChargePoint,
    far_charge_point: ChargePoint,
) -> None:
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration="connected", state="available")
    ChargePoint.objects.filter(pk=far_charge_point.pk).update(integration="error", state="passive")
    Connection.objects.filter(pk=charge_point.pk).update(subprotocol="ocpp1.6")
    charge_point.connectors.update(status="Available")
    assert {each["identity"] for each in program.read("/charge-points", query)["items"]} == found


def test_by_site_and_team(program: Program, charge_point: ChargePoint, far_charge_point: ChargePoint) -> None:
    for query in ({"site": charge_point.site_id}, {"site": charge_point.site_id, "team": charge_point.site.team_id}):
        assert [each["id"] for each in program.read("/charge-points", query)["items"]] == [charge_point.pk]


def test_what_was_updated(program: Program, charge_point: ChargePoint, far_charge_point: ChargePoint) -> None:
    """A copy is kept up to date with the newest `updated_at` that it has."""
    ChargePoint.objects.update(created_at=now() - timedelta(days=2))
    seq = int(now().timestamp() * 1_000_000)
    Connection.objects.filter(pk=charge_point.pk).update(last_seq=seq)
    Connection.objects.filter(pk=far_charge_point.pk).update(last_seq=seq - 1)
    since = program.read(f"/charge-points/{charge_point.pk}")["updated_at"]
    found = program.read("/charge-points", {"updated_since": since})["items"]
    assert [each["id"] for each in found] == [charge_point.pk]
    a_day_ago = (now() - timedelta(days=1)).isoformat()
    found = program.read(f"/charge-points?updated_since={a_day_ago}")["items"]
    assert len(found) == 2
    Connection.objects.update(last_seq=0)
    assert program.read("/charge-points", {"updated_since": a_day_ago})["items"] == []


def walk(program: Program, path: str, query: Mapping[str, object]) -> list[dict[str, Any]]:
    """Every item of a list, by its links."""
    page = program.read(path, query)
    items = list(page["items"])
    while page["next"]:
        page = program.read(page["next"])
        items += page["items"]
    return items


def test_pages_of_charge_points(program: Program, charge_point: ChargePoint) -> None:
    """Filters stay in the link; what is taken away meanwhile moves no page."""
    for number in range(6):
        factories.charge_point(charge_point.site, f"MORE-{number}")
    first = program.read("/charge-points", {"limit": 3, "q": "more"})
    assert [each["identity"] for each in first["items"]] == ["MORE-0", "MORE-1", "MORE-2"]
    ChargePoint.objects.filter(identity__in=["MORE-0", "MORE-2"]).update(archived_at=now())
    second = program.read(first["next"])
    assert [each["identity"] for each in second["items"]] == ["MORE-3", "MORE-4", "MORE-5"]
    assert second["next"] is None
    assert len(walk(program, "/charge-points", {"limit": 1})) == 5
    assert len(walk(program, "/sites", {"limit": 1})) == 1


def test_pages_by_time(program: Program, charge_point: ChargePoint) -> None:
    """Rows of the same microsecond are told apart, newest first."""
    at = now()
    for number in range(7):
        moment = at - timedelta(seconds=number // 3)
        StatusChange.objects.create(
            charge_point=charge_point, connector_number=1, status="Available", info=str(number), received_at=moment
        )
        ConnectionAttempt.objects.create(
            fingerprint=str(number),
            charge_point=charge_point,
            identity=str(number),
            reason=Refusal.WRONG_PASSWORD,
            http_status=401,
            first_at=moment,
            last_at=moment,
        )
    here = f"/charge-points/{charge_point.pk}"
    expected = ["2", "1", "0", "5", "4", "3", "6"]
    assert [each["info"] for each in walk(program, f"{here}/status-changes", {"limit": 2})] == expected
    for path in (f"{here}/connection-attempts", "/connection-attempts"):
        assert [each["identity"] for each in walk(program, path, {"limit": 2})] == expected


def written(charge_point: ChargePoint, *seqs: int) -> None:
    """Log lines with these sequences."""
    LogLine.objects.bulk_create(
        LogLine(
            charge_point=charge_point,
            seq=seq,
            at=now(),
            category=Category.STATE,
            action="Heartbeat",
            request=f"[{seq}]",
        )
        for seq in seqs
    )
    Connection.objects.filter(pk=charge_point.pk).update(last_seq=max(seqs))


def test_following_and_reading_back_the_log(
    program: Program, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    start = int(now().timestamp() * 1_000_000)
    here = f"/charge-points/{charge_point.pk}/log"
    written(charge_point, *range(start, start + 7))
    written(far_charge_point, start + 50)
    newest = program.read(here, {"limit": 3})
    assert [line["seq"] - start for line in newest["items"]] == [4, 5, 6]
    assert newest["items"][0]["request"] == f"[{start + 4}]"
    older = program.read(newest["older"])
    oldest = program.read(older["older"])
    assert [line["seq"] - start for line in older["items"] + oldest["items"]] == [1, 2, 3, 0]
    assert oldest["older"] is None
    nothing = program.read(newest["newer"])
    assert nothing["items"] == []
    assert nothing["newer"] == newest["newer"]
    written(charge_point, start + 8, start + 9)
    more = program.read(nothing["newer"])
    assert [line["seq"] - start for line in more["items"]] == [8, 9]
    back = program.read(more["older"])
    assert [line["seq"] - start for line in back["items"]] == [4, 5, 6]


def test_an_empty_log(program: Program, charge_point: ChargePoint) -> None:
    here = f"/charge-points/{charge_point.pk}/log"
    page = program.read(here)
    assert (page["items"], page["older"]) == ([], None)
    written(charge_point, 5)
    assert [line["seq"] for line in program.read(page["newer"])["items"]] == [5]
