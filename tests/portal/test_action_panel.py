"""Which remote actions are offered, by what a charger told of itself and answered before; and cleared limits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chargepoints.actions import ACTIONS
from chargepoints.choices import CommandStatus, Effect, Integration, ReservationState
from chargepoints.exceptions import ActionRefused
from chargepoints.models import (
    ChargePoint,
    Command,
    ConfigurationItem,
    Connection,
    InstalledCertificate,
    Reservation,
    Site,
)
from chargepoints.offers import Known, why_doubted, why_not
from chargepoints.selectors.attention import attention, attention_counts
from chargepoints.selectors.capabilities import profiles_read
from chargepoints.services.commands import command_create
from hub.teams.choices import Role
from hub.teams.models import Organisation, User
from tests import factories
from tests.factories import now

pytestmark = pytest.mark.usefixtures("clean_redis")
SAID = datetime(2026, 11, 3, 12, tzinfo=UTC)
WARNING = "Restart it by hand: no limit is known on this charger."


@pytest.fixture
def online(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected and idle."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.CONNECTED, state="available")
    Connection.objects.filter(pk=charge_point.pk).update(is_connected=True, connected_at=now())
    charge_point.refresh_from_db()
    return charge_point


def panel(client: Client, charge_point: ChargePoint) -> str:
    return client.get(reverse("panel", args=[charge_point.pk, "actions"])).content.decode()


def is_offered(html: str, kind: str) -> bool:
    """Whether the button of an action can be pressed."""
    return f'id="act-{kind}" aria-disabled' not in html and f'id="act-{kind}"' in html


def told(charge_point: ChargePoint, profiles: str) -> None:
    """The charger has told its feature profiles."""
    ConfigurationItem.objects.update_or_create(
        charge_point=charge_point, key="SupportedFeatureProfiles", defaults={"value": profiles, "reported_at": now()}
    )


def answered(charge_point: ChargePoint, kind: str, status: str, word: str, at: datetime, **fields: Any) -> Command:
    """A command of some time ago."""
    return Command.objects.create(
        charge_point=charge_point,
        kind=kind,
        status=status,
        answer=word,
        author_name="alice",
        created_at=at,
        sent_at=fields.pop("sent_at", at),
        answered_at=at,
        expires_at=at,
        **fields,
    )


def unsupported(charge_point: ChargePoint, kind: str, at: datetime) -> Command:
    """The charger answered NotImplemented."""
    return answered(charge_point, kind, CommandStatus.FAILED, "Not supported by this charger", at)


def test_daily_buttons_and_groups(alice_client: Client, online: ChargePoint) -> None:
    """What exists is there; the rarer ones wait in groups that open without script."""
    html = panel(alice_client, online)
    daily, more = html.split('<details class="acts-more"')
    for kind in ("reboot", "start", "stop", "unlock", "availability"):
        assert f'id="act-{kind}"' in daily
    assert 'id="act-change-site"' in daily
    for kind in ("set_profile", "reserve", "trigger", "configure", "data_transfer", "call", "local_list"):
        assert f'id="act-{kind}"' in more
    for name in ("Charging profiles", "Reservations", "Settings", "Protocol"):
        assert f">{name}</h3>" in more
    assert reverse("charge_point_configuration", args=[online.pk]) + "#local-list" in more


def test_one_reason_for_all_is_told_once(alice_client: Client, charge_point: ChargePoint) -> None:
    """Offline: what cannot wait says so, the words stand there once; what can is kept until it is back."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration=Integration.DISCONNECTED)
    html = panel(alice_client, charge_point)
    assert html.count("<span>The charger is offline. Nothing can be sent to it now.</span>") == 1
    shut = [kind for kind, action in ACTIONS.items() if not action.can_wait and kind != "check"]
    assert not any(is_offered(html, kind) for kind in shut)
    assert is_offered(html, "reboot")


@pytest.mark.parametrize(
    ("value", "profiles"),
    [
        ("Core,FirmwareManagement", ["Core", "FirmwareManagement"]),
        (" core ; Smart Charging ", ["core", "Smart Charging"]),
        ("", None),
        (None, None),
        ("true", None),
        ("Reservation", None),
    ],
)
def test_feature_profiles_are_read(value: str | None, profiles: list[str] | None) -> None:
    """A list without Core is no list of feature profiles: it says nothing."""
    assert profiles_read(value) == profiles


def test_a_wall_for_what_the_charger_has_not(alice_client: Client, online: ChargePoint) -> None:
    """By SupportedFeatureProfiles: on the page, in the dialog, and for whoever asks the service."""
    told(online, "Core, Smart Charging, RemoteTrigger")
    html = panel(alice_client, online)
    assert is_offered(html, "set_profile")
    assert is_offered(html, "trigger")
    for kind in ("reserve", "local_list", "local_list_version"):
        assert not is_offered(html, kind)
    why = "The charger has no Reservation: its SupportedFeatureProfiles are Core, Smart Charging, RemoteTrigger."
    assert why in html
    dialog = alice_client.get(reverse("action", args=[online.pk, "reserve"])).content.decode()
    assert why in dialog
    assert 'id="action-send"' not in dialog
    with pytest.raises(ActionRefused, match="The charger has no LocalAuthListManagement"):
        command_create(charge_point=online, kind="local_list_version", parameters={}, author=None)
    card = alice_client.get(reverse("charge_point_configuration", args=[online.pk])).content.decode()
    assert "The charger has no LocalAuthListManagement" in card


def test_a_doubt_for_what_it_once_refused(alice_client: Client, online: ChargePoint) -> None:
    """It said so on 3 Nov; one may try again, and an answer that is better ends the doubt."""
    at = now() - timedelta(days=3)
    unsupported(online, "reserve", at)
    answered(online, "unlock", CommandStatus.REJECTED, "NotSupported", at)
    answered(online, "clear_cache", CommandStatus.REJECTED, "Rejected", at)
    html = panel(alice_client, online)
    assert is_offered(html, "reserve")
    assert f"Reserve: The charger said on {at.day} {at:%b} that it does not support this." in html
    assert f"Unlock: The charger said on {at.day} {at:%b} that it does not support this." in html
    assert "Clear cache: The charger said" not in html
    dialog = alice_client.get(reverse("action", args=[online.pk, "reserve"])).content.decode()
    assert "You can try again." in dialog
    assert 'id="action-send"' in dialog
    answered(online, "reserve", CommandStatus.REJECTED, "Occupied", at + timedelta(days=1))
    assert "Reserve: The charger said" not in panel(alice_client, online)


def test_what_says_nothing_of_the_charger(alice_client: Client, online: ChargePoint) -> None:
    """Another message by hand, one message that cannot be triggered, what was not sent, and an older firmware."""
    at = now() - timedelta(days=3)
    unsupported(online, "call", at)
    answered(online, "trigger", CommandStatus.REJECTED, "NotImplemented", at)
    answered(online, "data_transfer", CommandStatus.FAILED, "Not supported by this charger", at, sent_at=None)
    unsupported(online, "reserve", at)
    answered(
        online, "firmware", CommandStatus.ACCEPTED, "Accepted", at, effect=Effect.SEEN, effect_at=at + timedelta(days=1)
    )
    assert "does not support this" not in panel(alice_client, online)
    unsupported(online, "reserve", at + timedelta(days=2))
    assert "does not support this" in panel(alice_client, online)


def test_what_there_is_to_act_on(alice_client: Client, online: ChargePoint, far_charge_point: ChargePoint) -> None:
    """No connector, nothing reserved, no certificate listed: with the reason."""
    tab = reverse("charge_point_integration", args=[online.pk])
    delete = f'formaction="{reverse("action", args=[online.pk, "delete_certificate"])}"'
    html = panel(alice_client, online)
    assert "Cancel reservation: Nothing is reserved." in html
    assert delete not in alice_client.get(tab).content.decode()
    assert "has not listed any root certificate" in alice_client.get(tab).content.decode()
    more = {"connector_number": 1, "reservation_id": 1, "id_tag": "X", "made_at": now()}
    Reservation.objects.create(charge_point=far_charge_point, expires_at=now() + timedelta(hours=1), **more)
    Reservation.objects.create(charge_point=online, expires_at=now(), **more)
    assert not is_offered(panel(alice_client, online), "cancel_reservation")
    Reservation.objects.update(expires_at=now() + timedelta(hours=1))
    assert is_offered(panel(alice_client, online), "cancel_reservation")
    Reservation.objects.update(state=ReservationState.USED)
    assert not is_offered(panel(alice_client, online), "cancel_reservation")
    InstalledCertificate.objects.create(charge_point=online, type="T", serial_number="1", seen_at=now())
    assert delete in alice_client.get(tab).content.decode()
    online.connectors.all().delete()
    html = panel(alice_client, online)
    assert not is_offered(html, "unlock")
    assert is_offered(html, "availability")
    assert "The charger has not reported any connector yet." in html


def test_pure_words() -> None:
    """The state comes first; nothing known forbids nothing."""
    rights = frozenset({ACTIONS["reserve"].right})
    known = Known(profiles=["Core"], refused={"reserve": SAID})
    assert why_not(ACTIONS["reserve"], Integration.CONNECTED, 0, rights) == ""
    assert "offline" in why_not(ACTIONS["reserve"], Integration.DISCONNECTED, 0, rights, "", known)
    assert "has no Reservation" in why_not(ACTIONS["reserve"], Integration.CONNECTED, 0, rights, "", known)
    assert why_doubted(ACTIONS["reserve"], known).startswith("The charger said on 3 Nov that")
    assert why_doubted(ACTIONS["reboot"], known) == ""


def test_queries_of_the_panel(
    alice_client: Client, online: ChargePoint, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(14) as few:
        panel(alice_client, online)
    told(online, "Core")
    for kind in ACTIONS:
        unsupported(online, kind, now())
    with django_assert_max_num_queries(14) as many:
        panel(alice_client, online)
    assert len(many.captured_queries) == len(few.captured_queries)


def test_the_role_is_told_first(client: Client, online: ChargePoint, nordlys: Organisation) -> None:
    person = factories.user("support")
    factories.member(nordlys, person, Role.SUPPORT)
    client.force_login(person)
    html = panel(client, online)
    for kind, action in ACTIONS.items():
        if f'id="act-{kind}"' in html and kind != "stop":
            assert is_offered(html, kind) == (action.right == "reboot"), kind


def test_cleared_limits_stay_on_the_page(alice_client: Client, alice: User, online: ChargePoint, site: Site) -> None:
    """In the head and among what needs attention, with the time."""
    head = reverse("panel", args=[online.pk, "head"])
    assert WARNING not in alice_client.get(head).content.decode()
    assert attention(alice) == []
    ChargePoint.objects.filter(pk=online.pk).update(limit_unknown_since=now() - timedelta(minutes=5))
    assert WARNING in alice_client.get(head).content.decode()
    [entry] = attention(alice)
    assert (entry.charge_point, entry.why) == (online, "No limit is known.")
    assert entry.detail == "Its charging profiles were cleared. Restart it by hand."
    assert attention_counts(ChargePoint.objects.all(), now()) == {site.pk: 1}
    html = alice_client.get(reverse("overview_panel", args=["attention"])).content.decode()
    assert "No limit is known." in html
    assert f"{reverse('charge_point', args=[online.pk])}#actions" in html
