"""Charge keys: the list, the form, blocking, deleting, and reading a card at a charger."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from chargepoints.choices import Category, Direction, KeyState, PaymentKind
from chargepoints.models import Charge, ChargeKey, ChargePoint, Driver, KeyLimit, LogLine, PaymentMethod, Site
from hub.audit.models import AuditEntry
from hub.teams.models import Organisation
from tests import factories

LIST, NEW = "/keys/", "/keys/new/"
FIELDS = {"id_tag": "04A1B2C3", "driver": "U-100", "type": "rfid", "label": "White card", "parent_id_tag": "FLEET"}


@pytest.fixture
def kari(nordlys: Organisation) -> Driver:
    return factories.driver(nordlys, "Kari Nordmann", user_id="U-100")


@pytest.fixture
def card(kari: Driver) -> ChargeKey:
    return factories.charge_key(id_tag="CARD-1", holder=kari)


class TestList:
    """`/keys/`."""

    @pytest.mark.parametrize(
        ("query", "tags"),
        [
            ("", {"CARD-1", "SPARE", "OLD", "SOON", "STOPPED"}),
            ("?q=kari", {"CARD-1"}),
            ("?state=active", {"CARD-1", "SPARE", "SOON"}),
            ("?state=blocked", {"STOPPED"}),
            ("?state=expired", {"OLD"}),
            ("?state=expiring", {"SOON"}),
            ("?state=nobody", {"SPARE", "OLD", "SOON", "STOPPED"}),
            ("?group=FLEET", {"SPARE"}),
            ("?driver=999999", set()),
        ],
    )
    def test_filters(
        self,
        alice_client: Client,
        card: ChargeKey,
        nordlys: Organisation,
        fjord: Organisation,
        query: str,
        tags: set[str],
    ) -> None:
        now = factories.now()
        factories.charge_key(nordlys, "SPARE", parent_id_tag="FLEET")
        factories.charge_key(nordlys, "OLD", expires_at=now - timedelta(days=1))
        factories.charge_key(nordlys, "SOON", expires_at=now + timedelta(days=3))
        factories.charge_key(nordlys, "STOPPED", state=KeyState.BLOCKED)
        factories.charge_key(fjord, "FOREIGN")
        html = alice_client.get(LIST + query).content.decode()
        every = ("CARD-1", "SPARE", "OLD", "SOON", "STOPPED", "FOREIGN")
        assert {tag for tag in every if f'mono">{tag}</b>' in html} == tags

    def test_constant_queries_and_pages(self, alice_client: Client, card: ChargeKey, site: Site) -> None:
        KeyLimit.objects.create(charge_key=card, site=site)
        with CaptureQueriesContext(connection) as one:
            alice_client.get(LIST)
        for n in range(60):
            key = factories.charge_key(id_tag=f"TAG-{n:02}", holder=card.driver)
            KeyLimit.objects.create(charge_key=key, site=site)
        with CaptureQueriesContext(connection) as many:
            first = alice_client.get(LIST).content.decode()
        assert len(many) <= len(one) + 1
        assert "50 of 61 keys" in first
        following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
        assert alice_client.get(following).content.decode().count('class="r"') == 11


class TestForm:
    """New and edited."""

    def test_new(self, alice_client: Client, kari: Driver, site: Site, charge_point: ChargePoint) -> None:
        assert 'value="U-100"' in alice_client.get(f"{NEW}?driver={kari.pk}").content.decode()
        fields = FIELDS | {"expires_on": "2030-05-01", "sites": [site.pk], "charge_points": [charge_point.pk]}
        answer = alice_client.post(f"{NEW}?driver={kari.pk}", fields)
        assert answer.headers["Location"] == reverse("driver", args=[kari.pk])
        key = ChargeKey.objects.get(id_tag="04A1B2C3")
        assert (key.driver, key.label, key.parent_id_tag) == (kari, "White card", "FLEET")
        assert key.expires_at == datetime(2030, 5, 1, 23, 59, 59, tzinfo=UTC)
        assert {str(limit.site or limit.charge_point) for limit in key.limits.all()} == {str(site), str(charge_point)}
        assert AuditEntry.objects.get(act="charge_key.created").after["id_tag"] == "04A1B2C3"

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"id_tag": "x" * 37}, "at most 36"),
            ({"id_tag": "card-1"}, "already. It belongs to Kari"),
            ({"id_tag": "bl\u00e5"}, "ASCII"),
            ({"driver": "nobody"}, "no driver of this name"),
            ({"expires_on": "someday"}, "valid date"),
        ],
    )
    def test_wrong(self, alice_client: Client, card: ChargeKey, wrong: dict[str, str], said: str) -> None:
        answer = alice_client.post(NEW, FIELDS | wrong)
        assert (answer.status_code, ChargeKey.objects.count()) == (422, 1)
        assert said in answer.content.decode()

    def test_a_long_tag_is_warned_of(self, alice_client: Client, kari: Driver) -> None:
        answer = alice_client.post(NEW, FIELDS | {"id_tag": "x" * 36}, follow=True)
        assert "OCPP 1.6 chargers cannot send it" in answer.content.decode()

    def test_edit_keeps_limits_that_are_not_seen(
        self, bob_client: Client, card: ChargeKey, site: Site, far_site: Site
    ) -> None:
        KeyLimit.objects.create(charge_key=card, site=far_site)
        page = reverse("charge_key_edit", args=[card.pk])
        assert far_site.name not in bob_client.get(page).content.decode()
        bob_client.post(page, FIELDS | {"sites": [site.pk]})
        assert set(card.limits.values_list("site", flat=True)) == {site.pk, far_site.pk}
        bob_client.post(page, FIELDS)
        assert list(card.limits.values_list("site", flat=True)) == [far_site.pk]

    def test_payment_method(self, alice_client: Client, bob_client: Client, card: ChargeKey, site: Site) -> None:
        """One of the driver's or a team's; whoever sees no money leaves it as it is."""
        fleet = PaymentMethod.objects.create(
            organisation=card.organisation, team=site.team, kind=PaymentKind.TEAM_WALLET, name="Fleet wallet"
        )
        page = reverse("charge_key_edit", args=[card.pk])
        alice_client.post(page, FIELDS | {"payment_method": fleet.pk})
        assert ChargeKey.objects.get(pk=card.pk).payment_method == fleet
        assert "Fleet wallet" not in bob_client.get(page).content.decode()
        bob_client.post(page, FIELDS | {"label": "another", "payment_method": ""})
        stored = ChargeKey.objects.get(pk=card.pk)
        assert (stored.payment_method, stored.label) == (fleet, "another")

    def test_foreign_places_cannot_be_chosen(self, alice_client: Client, kari: Driver, foreign_site: Site) -> None:
        assert alice_client.post(NEW, FIELDS | {"sites": [foreign_site.pk]}).status_code == 422


class TestEnding:
    """Blocked and deleted."""

    def test_block_and_unblock(self, alice_client: Client, card: ChargeKey) -> None:
        page = reverse("charge_key_block", args=[card.pk])
        alice_client.post(page, {"reason": "lost"})
        assert ChargeKey.objects.get(pk=card.pk).state == KeyState.BLOCKED
        assert AuditEntry.objects.get(act="charge_key.blocked").reason == "lost"
        alice_client.post(page)
        assert ChargeKey.objects.get(pk=card.pk).state == KeyState.ACTIVE

    def test_delete(self, alice_client: Client, card: ChargeKey) -> None:
        page = reverse("charge_key_delete", args=[card.pk])
        assert "never charged" in alice_client.get(page).content.decode()
        alice_client.post(page)
        assert not ChargeKey.objects.exists()
        assert AuditEntry.objects.filter(act="charge_key.deleted").exists()

    def test_a_used_key_is_blocked_instead(
        self, alice_client: Client, card: ChargeKey, charge_point: ChargePoint
    ) -> None:
        Charge.objects.create(
            charge_point=charge_point, transaction_id="1", started_at=factories.now(), charge_key=card
        )
        page = reverse("charge_key_delete", args=[card.pk])
        assert "blocked instead of deleted" in alice_client.get(page).content.decode()
        alice_client.post(page)
        assert ChargeKey.objects.get(pk=card.pk).state == KeyState.BLOCKED

    def test_foreign_is_404(self, charlie_client: Client, card: ChargeKey) -> None:
        for name in ("charge_key_edit", "charge_key_block", "charge_key_delete"):
            assert charlie_client.post(reverse(name, args=[card.pk])).status_code == 404


def held(charge_point: ChargePoint, tag: str, *, minutes: float) -> None:
    """A card that was refused so many minutes ago."""
    at = factories.now() - timedelta(minutes=minutes)
    LogLine.objects.create(
        charge_point=charge_point,
        seq=int(at.timestamp() * 1_000_000),
        at=at,
        direction=Direction.IN,
        category=Category.SECURITY,
        action="Authorize",
        is_error=True,
        request=json.dumps([2, "1", "Authorize", {"idTag": tag}]),
    )


def test_reading_a_card(alice_client: Client, card: ChargeKey, charge_point: ChargePoint) -> None:
    """What was held to the charger lately and is no key yet."""
    held(charge_point, "NEW-CARD", minutes=1)
    held(charge_point, "card-1", minutes=2)
    held(charge_point, "LONG-AGO", minutes=11)
    html = alice_client.get(f"/keys/learn/?charge_point={charge_point.pk}&driver={card.driver_id}").content.decode()
    assert f"{NEW}?id_tag=NEW-CARD&amp;driver={card.driver_id}" in html
    assert "card-1" not in html
    assert "LONG-AGO" not in html


def test_reading_at_a_foreign_charger(charlie_client: Client, charge_point: ChargePoint) -> None:
    held(charge_point, "NEW-CARD", minutes=1)
    assert "NEW-CARD" not in charlie_client.get(f"/keys/learn/?charge_point={charge_point.pk}").content.decode()
