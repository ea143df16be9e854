"""The panels of a charge point's page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from chargepoints.choices import ConnectorStatus, Integration
from chargepoints.models import Charge, ChargePoint, Command, Connector, Finding, StatusChange
from chargepoints.offers import Offer
from chargepoints.rendering.charges import who
from chargepoints.rendering.limits import limit_words
from chargepoints.rendering.overview import Pill, connector_pill
from chargepoints.rendering.status import VERSIONS, Look, combined_words, link_look, status_look
from chargepoints.rules import RULES
from chargepoints.selectors.attention import fault_words
from chargepoints.selectors.charge_points import StatusSpell, open_charges
from chargepoints.selectors.overview import connector_power


@dataclass(frozen=True, slots=True)
class ConnectorCard:
    """A connector with its running charge and its two buttons."""

    connector: Connector
    pill: Pill
    power_w: int | None
    charge: Charge | None
    fault: str
    stop: Offer | None
    unlock: Offer | None
    is_stale: bool

    @property
    def who(self) -> str:
        """The key and the driver of the running charge; a key shows its last four characters only."""
        if self.charge is None:
            return ""
        tag = self.charge.id_tag
        shown = f"key …{tag[-4:]}" if len(tag) > 4 else f"key {tag}" if tag else "no key"
        driver = who(self.charge)[0]
        return f"{shown}, {driver}" if driver else shown

    @property
    def limits(self) -> str:
        """At which limits the running charge ends by itself, and how far it is; empty without any."""
        return limit_words(self.charge) if self.charge else ""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of the page."""

    charge_point: ChargePoint
    status: str
    pills: Sequence[Pill]
    link_look: Look | None
    connected: bool
    version: str
    findings_total: int = 0


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A deviation of the charger, and what is done about it."""

    finding: Finding
    says: str
    instead: str


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A line of the status log."""

    change: StatusChange
    until: datetime | None
    seconds: float
    look: Look


@dataclass(frozen=True, slots=True)
class ActionButton:
    """A remote action as a button: whether it can be used, and which command of its kind still runs."""

    offer: Offer
    running: Command | None


def charge_point_head(charge_point: ChargePoint, now: datetime | None = None) -> Head:
    """What the head shows."""
    connected = charge_point.integration == Integration.CONNECTED
    now = now or timezone.now()
    pills = [
        connector_pill(connector, connector_power(connector, connected=connected, now=now))
        for connector in charge_point.connectors.all()
    ]
    subprotocol = charge_point.connection.subprotocol
    return Head(
        charge_point=charge_point,
        status=combined_words(charge_point),
        pills=pills,
        link_look=link_look(charge_point),
        connected=connected,
        version=VERSIONS.get(subprotocol, subprotocol),
        findings_total=getattr(charge_point, "findings_total", 0),
    )


def connector_cards(
    charge_point: ChargePoint, offered: Sequence[Offer], now: datetime | None = None
) -> list[ConnectorCard]:
    """The cards of all connectors, with the charge that runs on each."""
    now = now or timezone.now()
    connected = charge_point.integration == Integration.CONNECTED
    running = {charge.connector_id: charge for charge in open_charges(charge_point)}
    by_kind = {offer.action.kind: offer for offer in offered}
    cards = []
    for connector in charge_point.connectors.all():
        watts = connector_power(connector, connected=connected, now=now)
        charge = running.get(connector.pk)
        cards.append(
            ConnectorCard(
                connector=connector,
                pill=connector_pill(connector, None),
                power_w=watts,
                charge=charge,
                fault=_fault(connector),
                stop=by_kind["stop"] if charge else None,
                unlock=by_kind["unlock"],
                is_stale=not connected,
            )
        )
    return cards


def _fault(connector: Connector) -> str:
    if connector.status != ConnectorStatus.FAULTED and connector.error_code in {"", "NoError"}:
        return ""
    return fault_words(connector.vendor_error_code, connector.info)


def tab_buttons(offered: Sequence[Offer], running: dict[str, Command], tab: str) -> list[ActionButton]:
    """The remote actions that a tab of the page offers."""
    return [ActionButton(offer, running.get(offer.action.kind)) for offer in offered if offer.action.tab == tab]


def status_rows(spells: Iterable[StatusSpell]) -> list[StatusRow]:
    """The status log's lines."""
    return [
        StatusRow(
            spell.change,
            spell.until,
            spell.seconds,
            status_look(spell.change.status, spell.change.raw_status),
        )
        for spell in spells
    ]


def finding_rows(findings: Iterable[Finding]) -> list[FindingRow]:
    """The lines of the findings' page; a rule that is no longer known shows its id."""
    rows = []
    for finding in findings:
        rule = RULES.get(finding.rule)
        rows.append(FindingRow(finding, rule.says if rule else finding.rule, rule.instead if rule else ""))
    return rows
