"""Every kind of page of the desk, on a portal with something of everything on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.urls import reverse

from chargepoints.choices import ChargeState, CommandStatus, Effect
from chargepoints.forms.action_table import FORMS
from chargepoints.models import (
    Charge,
    ChargePoint,
    Command,
    Connection,
    ConnectionAttempt,
    Connector,
    MeterSample,
    PaymentMethod,
    Site,
    SpotSource,
    StatusChange,
)
from chargepoints.services.ledger import wallet_top_up
from hub.audit.records import HUB, Actor, audit_record
from hub.teams.models import User
from tests import factories
from tests.batch_tools import batch_urls
from tests.factories import now
from tests.portal.charge_tools import held, payer, priced
from tests.portal.diagnostics_tools import diagnostics_urls
from tests.portal.firmware_tools import firmware_urls
from tests.portal.job_tools import job_urls
from tests.portal.kept_tools import command_urls
from tests.portal.price_tools import group_made
from tests.portal.webhook_tools import webhook_urls
from tests.stage import Server


@dataclass
class Stage:
    """A running portal with something of everything on it."""

    server: Server
    alice: User
    busy: ChargePoint
    offline: ChargePoint

    def urls(self) -> Iterator[str]:
        """Every kind of page."""
        yield reverse("overview")
        yield reverse("overview") + "?q=nothing-like-this"
        for charge_point in (self.busy, self.offline):
            for name in ("", "_status_log", "_configuration", "_integration", "_settings", "_files"):
                yield reverse(f"charge_point{name}", args=[charge_point.pk])
        yield from driver_urls(self.busy)
        for name in ("identity", "password", "activation", "archive"):
            yield reverse(f"charge_point_{name}", args=[self.busy.pk])
        yield from (reverse(name) for name in ("charge_point_new", "charge_points_archived"))
        for kind in FORMS:
            yield reverse("action", args=[self.busy.pk, kind])
        yield reverse("change_site", args=[self.busy.pk])
        site = self.busy.site
        yield from (reverse("sites"), reverse("sites") + "?q=nothing-like-this", reverse("site_new"))
        yield from (reverse(name, args=[site.pk]) for name in ("site", "site_edit", "site_archive"))
        yield from (reverse("organisation"), reverse("team_edit", args=[site.team_id]))
        yield from (reverse("command", args=[one.pk]) for one in self.busy.commands.all()[:4])
        yield from command_urls(self.busy, self.offline)
        yield from (reverse(name) for name in ("api_keys", "api_key_new", "api_reference", "health"))
        yield from webhook_urls(site)
        yield from unknown_and_import_urls()
        yield from charge_urls(self.busy)
        yield from diagnostics_urls(self.busy, self.offline)
        yield from price_urls(site)
        yield from firmware_urls(self.busy)
        yield from job_urls(self.busy)
        yield from batch_urls(self.busy, self.offline, self.alice)
        yield from (reverse("audit"), reverse("audit") + "?q=nothing-like-this", "/no/such/page/")


def stage_made(server: Server, alice: User, charge_point: ChargePoint, far_charge_point: ChargePoint) -> Stage:
    """NORD-1 charges and is faulted, NORD-2 is offline and was refused."""
    _busy(charge_point)
    for key, fields in (("HeartbeatInterval", {}), ("Serial", {"is_readonly": True, "needs_reboot": True})):
        charge_point.configuration.create(key=key, value="1", reported_at=now(), **fields)
    _offline(far_charge_point)
    site = charge_point.site
    audit_record(
        actor=Actor.of(alice, "192.0.2.1"),
        act="edited",
        obj=site,
        place=site.place,
        before={"name": "A"},
        after={"name": "B"},
    )
    return Stage(server, alice, charge_point, far_charge_point)


def unknown_and_import_urls() -> Iterator[str]:
    """The inbox and its dialog as a page, and the import."""
    fields = {"reason": "unknown-identity", "http_status": 401, "first_at": now(), "last_at": now()}
    ConnectionAttempt.objects.create(fingerprint="u", identity="NEW-1", remote_address="192.0.2.9", **fields)
    for query in ("", "?show=ignored", "?q=nothing-like-this"):
        yield reverse("unknown") + query
    yield reverse("unknown_accept") + "?identity=NEW-1"
    yield reverse("import")


def driver_urls(charge_point: ChargePoint) -> Iterator[str]:
    """A driver with a wallet, their key, and the lists."""
    key = charge_point.charges.all()[0].charge_key
    assert key is not None
    wallet = PaymentMethod.objects.create(
        organisation=key.organisation, driver=key.driver, kind="wallet", name="Wallet", currency="NOK"
    )
    wallet_top_up(method=wallet, amount=Decimal(20), key="first", actor=HUB, reason="Cash")
    for name in ("drivers", "driver_new", "charge_keys", "charge_key_new", "charge_keys_learn", "team_payment_methods"):
        yield reverse(name)
    yield reverse("driver", args=[key.driver_id])
    yield reverse("charge_key_edit", args=[key.pk])
    yield from (reverse(name, args=[wallet.pk]) for name in ("payment_method", "wallet_money"))


def charge_urls(charge_point: ChargePoint) -> Iterator[str]:
    """The list, the tab, a running charge, one that is held, and their dialogs."""
    yield from (reverse("charges"), reverse("charges") + "?q=nothing-like-this")
    yield reverse("charge_point_charges", args=[charge_point.pk])
    running = charge_point.charges.get(state=ChargeState.CHARGING)
    held_charge = Charge.objects.filter(transaction_id="7001").first()
    if held_charge is None:
        priced(charge_point)
        held_charge = held(charge_point, payer(charge_point))
    yield from (reverse(name, args=[running.pk]) for name in ("charge", "charge_force_stop"))
    yield reverse("charge", args=[held_charge.pk])
    yield from (reverse("charge_review", args=[held_charge.pk, kind]) for kind in ("release", "cancel", "retry"))


def price_urls(site: Site) -> Iterator[str]:
    """A price group with hourly prices, its forms, its source, and the calculator."""
    organisation = site.team.organisation
    group = group_made(organisation, "Everybody")
    source = SpotSource.objects.create(organisation=organisation, name="NO1", currency="NOK")
    source.prices.create(starts_at=now().replace(minute=0, second=0, microsecond=0), per_kwh=1)
    group.prices.update(spot_source=source)
    yield from (reverse(name) for name in ("price_groups", "price_group_new", "spot_sources", "calculator"))
    yield from (reverse(name, args=[group.pk]) for name in ("price_group", "price_new", "price_group_archive"))
    yield reverse("spot_source", args=[source.pk])
    yield f"{reverse('calculator')}?of=group-{group.pk}&begin=2026-11-20T12:00&kwh=20&minutes=60&idle=30"


def _busy(charge_point: ChargePoint) -> None:
    ChargePoint.objects.filter(pk=charge_point.pk).update(
        integration="connected", state="error", model="DC150", serial="S-77", firmware="5.2.1"
    )
    Connection.objects.filter(pk=charge_point.pk).update(
        is_connected=True, connected_at=now(), last_seen_at=now(), subprotocol="ocpp1.6"
    )
    first, second = charge_point.connectors.order_by("number")
    Connector.objects.filter(pk=first.pk).update(
        status="Charging", raw_status="Charging", power_w=62_400, metered_at=now()
    )
    Connector.objects.filter(pk=second.pk).update(
        status="Faulted", raw_status="Faulted", error_code="GroundFailure", info="RCD tripped", status_since=now()
    )
    key = factories.charge_key(holder=factories.driver(charge_point.site.team.organisation))
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
    for minutes in range(1, 60):
        at = now() - timedelta(minutes=minutes)
        MeterSample.objects.create(
            charge_point=charge_point,
            connector_number=1,
            measurand="Power.Active.Import",
            at=at,
            received_at=at,
            value=50_000,
            raw="50",
        )
        StatusChange.objects.create(
            charge_point=charge_point, connector_number=1, status="Charging", raw_status="Charging", received_at=at
        )
    _commands(charge_point)
    _checks(charge_point)


def _commands(charge_point: ChargePoint) -> None:
    """One that is kept, and some that have ended in different ways."""
    kept = {"charge_point": charge_point, "author_name": "Alice", "created_at": now()}
    kept |= {"expires_at": now() + timedelta(days=1), "not_before": now() + timedelta(hours=1)}
    Command.objects.create(kind="reboot", parameters={"type": "Soft"}, status=CommandStatus.SCHEDULED, **kept)
    for status, effect in (
        (CommandStatus.SENT, Effect.NONE),
        (CommandStatus.REJECTED, Effect.NONE),
        (CommandStatus.ACCEPTED, Effect.SEEN),
        (CommandStatus.ACCEPTED, Effect.MISSING),
    ):
        Command.objects.create(
            charge_point=charge_point,
            kind="reboot",
            parameters={"type": "Soft"},
            status=status,
            effect=effect,
            author_name="Alice",
            created_at=now(),
            sent_at=now(),
            answered_at=now(),
            effect_at=now(),
            expires_at=now() + timedelta(minutes=1),
        )


def _checks(charge_point: ChargePoint) -> None:
    """One that runs, and one that has ended."""
    fields = {"kind": "check", "author_name": "Alice", "created_at": now(), "expires_at": now()}
    running = Command.objects.create(charge_point=charge_point, status=CommandStatus.SENT, **fields)
    step = fields | {"kind": "trigger", "parameters": {"message": "Heartbeat"}, "status": CommandStatus.SENT}
    Command.objects.create(charge_point=charge_point, parent=running, **step)
    told = {"sentence": "It hums.", "advice": "Reboot it.", "evidence": ["Last message 9 s ago."], "repaired": ["one"]}
    ended = fields | {"status": CommandStatus.ACCEPTED, "effect": Effect.MISSING, "effect_text": "It hums."}
    Command.objects.create(charge_point=charge_point, result=told, **ended)


def _offline(charge_point: ChargePoint) -> None:
    ChargePoint.objects.filter(pk=charge_point.pk).update(integration="error", state="passive")
    Connection.objects.filter(pk=charge_point.pk).update(
        connected_at=now() - timedelta(hours=9),
        disconnected_at=now() - timedelta(hours=1),
        last_seen_at=now() - timedelta(hours=1),
        refused_at=now(),
        refused_reason="wrong-password",
    )
    ConnectionAttempt.objects.create(
        fingerprint="x",
        charge_point=charge_point,
        reason="wrong-password",
        http_status=401,
        first_at=now(),
        last_at=now(),
    )
