"""What needs a person, computed from the present state: nothing is stored, so nothing can be stale."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from chargepoints.actions import ACTIONS, Proof
from chargepoints.choices import OPEN_CHARGE_STATES, CommandStatus, ConnectorStatus, Effect, Integration, Refusal
from chargepoints.models import ChargePoint, Command, CommandBatch, Connector, LinkPeriod, Site
from chargepoints.permissions import Person, charge_points_for, commands_for
from chargepoints.selectors.batches import batches_halted

OFFLINE_AFTER = timedelta(minutes=5)
LOOK_BACK = timedelta(hours=24)
UNSTEADY_CONNECTS = 5
KIND_LIMIT = 200


class Severity(IntEnum):
    """Worst first."""

    FAULT = 0
    REFUSED = 1
    OFFLINE = 2
    HALTED = 3
    NO_EFFECT = 4
    NO_LIMIT = 5
    UNSTEADY = 6


@dataclass(frozen=True, slots=True)
class Attention:
    """One entry: what is wrong in words, since when, and the command or batch it is about, if any."""

    severity: Severity
    charge_point: ChargePoint
    why: str
    detail: str
    since: datetime
    command: Command | None = None
    batch: CommandBatch | None = None


def attention(user: Person, now: datetime | None = None, site: Site | None = None) -> list[Attention]:
    """Everything that needs a person (on `site`, if given), worst first, then oldest first: six queries."""
    now = now or timezone.now()
    mine = charge_points_for(user).filter(is_active=True, maintenance=False)
    commands = commands_for(user)
    if site is not None:
        mine, commands = mine.filter(site=site), commands.filter(charge_point__site=site)
    found = [*_faults(mine), *_boxes(mine), *_links(mine, now), *_commands(commands, now), *_limits(mine)]
    found += _unsteady(mine, now)
    if site is None:
        found += _halted(user)
    return sorted(found, key=lambda entry: (entry.severity, entry.since))


def attention_counts(mine: QuerySet[ChargePoint], now: datetime) -> dict[int, int]:
    """By site, how many of the charge points `mine` have an entry in the list above: one query."""
    faulted = Connector.objects.filter(charge_point=OuterRef("pk"), status=ConnectorStatus.FAULTED)
    links = LinkPeriod.objects.filter(charge_point=OuterRef("pk"), started_at__gte=now - LOOK_BACK)
    missing = _missing(Command.objects.filter(charge_point=OuterRef("pk")), now)
    troubled = (
        Q(Exists(faulted), integration=Integration.CONNECTED)
        | Q(integration=Integration.CONNECTED, box_status=ConnectorStatus.FAULTED)
        | _troubled(now)
        | Q(limit_unknown_since__isnull=False)
        | Q(Exists(links.order_by()[UNSTEADY_CONNECTS - 1 : UNSTEADY_CONNECTS]))
    )
    needy = mine.filter(Q(Exists(missing)) | (Q(is_active=True, maintenance=False) & troubled))
    return dict(needy.order_by().values_list("site").annotate(n=Count("pk")))


def _faults(mine: QuerySet[ChargePoint]) -> Iterator[Attention]:
    faulted = Connector.objects.filter(
        charge_point__in=mine, charge_point__integration=Integration.CONNECTED, status=ConnectorStatus.FAULTED
    ).select_related("charge_point")
    for connector in faulted.order_by("status_since")[:KIND_LIMIT]:
        why = f"Connector {connector.number} faulted{_named(connector.error_code)}."
        detail = fault_words(connector.vendor_error_code, connector.info)
        since = connector.status_since or connector.charge_point.created_at
        yield Attention(Severity.FAULT, connector.charge_point, why, detail, since)


def _boxes(mine: QuerySet[ChargePoint]) -> Iterator[Attention]:
    boxes = ChargePoint.objects.filter(
        pk__in=mine, integration=Integration.CONNECTED, box_status=ConnectorStatus.FAULTED
    ).select_related("connection")
    for box in boxes[:KIND_LIMIT]:
        since = box.connection.connected_at or box.created_at
        yield Attention(Severity.FAULT, box, f"The charger itself is faulted{_named(box.box_error_code)}.", "", since)


def _links(mine: QuerySet[ChargePoint], now: datetime) -> Iterator[Attention]:
    """Refused since its last connect, or offline for too long; one entry per charger."""
    troubled = ChargePoint.objects.filter(_troubled(now), pk__in=mine).select_related("connection")
    for charge_point in troubled.order_by("connection__disconnected_at")[:KIND_LIMIT]:
        yield _link(charge_point, now)


def _troubled(now: datetime) -> Q:
    refused = Q(connection__refused_at__gte=now - LOOK_BACK) & (
        Q(connection__connected_at__isnull=True) | Q(connection__refused_at__gt=F("connection__connected_at"))
    )
    offline = Q(
        connection__is_connected=False,
        connection__disconnected_at__lte=now - OFFLINE_AFTER,
    )
    return refused | offline


def _link(charge_point: ChargePoint, now: datetime) -> Attention:
    link = charge_point.connection
    refused_at = link.refused_at
    if refused_at and refused_at >= now - LOOK_BACK and (not link.connected_at or refused_at > link.connected_at):
        why = f"Refused. {Refusal(link.refused_reason).label}." if link.refused_reason else "Refused."
        still = "It is still connected." if link.is_connected else ""
        return Attention(Severity.REFUSED, charge_point, why, still, refused_at)
    since = link.disconnected_at or charge_point.created_at
    return Attention(
        Severity.OFFLINE, charge_point, "Offline.", closed_words(link.close_code, link.close_reason), since
    )


def _missing(commands: QuerySet[Command], now: datetime) -> QuerySet[Command]:
    """Without effect since a day, and no later one of its kind, there or for the whole charger, had its effect.

    And a stop at a limit that the charger refuses, while the charge runs on. The steps of a check speak through its
    verdict, and only the newest verdict counts.
    """
    later = Command.objects.filter(
        Q(connector_number=OuterRef("connector_number")) | Q(connector_number__isnull=True) | Q(connector_number=0),
        charge_point=OuterRef("charge_point"),
        kind=OuterRef("kind"),
        effect=Effect.SEEN,
        sent_at__gt=OuterRef("sent_at"),
    )
    newer = Command.objects.filter(
        charge_point=OuterRef("charge_point"), kind="check", created_at__gt=OuterRef("created_at")
    )
    at_limit = Q(kind="stop", parameters__has_key="limit", charge__state__in=OPEN_CHARGE_STATES)
    missed = commands.filter(~Exists(later), parent=None, effect=Effect.MISSING, sent_at__gte=now - LOOK_BACK)
    return missed.filter(Q(status=CommandStatus.ACCEPTED) | at_limit).exclude(Q(Exists(newer), kind="check"))


def _missed_words(command: Command, label: str) -> str:
    if command.status == CommandStatus.ACCEPTED:
        return f"{label} accepted, but without effect."
    return f"{label} tried again and again, without effect."


def _commands(commands: QuerySet[Command], now: datetime) -> Iterator[Attention]:
    for command in _missing(commands, now).select_related("charge_point")[:KIND_LIMIT]:
        action = ACTIONS.get(command.kind)
        label = action.label if action else command.kind
        # A job tells how it failed.
        missed = f" Not seen: {action.proof_words.lower()}." if action else ""
        missed = f" {command.effect_text}." if command.effect_text else missed
        checked = action is not None and action.proof is Proof.VERDICT
        yield Attention(
            Severity.NO_EFFECT,
            command.charge_point,
            "A check found something wrong." if checked else _missed_words(command, label),
            command.effect_text if checked else f"Sent by {command.author_name}.{missed}",
            command.created_at,
            command,
        )


def _limits(mine: QuerySet[ChargePoint]) -> Iterator[Attention]:
    cleared = mine.filter(limit_unknown_since__isnull=False).order_by("limit_unknown_since")
    for charge_point in cleared[:KIND_LIMIT]:
        since = charge_point.limit_unknown_since
        if since is not None:
            why, detail = "No limit is known.", "Its charging profiles were cleared. Restart it by hand."
            yield Attention(Severity.NO_LIMIT, charge_point, why, detail, since)


def _halted(user: Person) -> Iterator[Attention]:
    """Batches that have halted themselves, each with the last charger that failed."""
    for batch, row in batches_halted(user):
        since = row.ended_at or batch.created_at
        why = f"{ACTIONS[batch.kind].label} of many chargers halted."
        yield Attention(Severity.HALTED, row.charge_point, why, batch.state_why, since, batch=batch)


def _unsteady(mine: QuerySet[ChargePoint], now: datetime) -> Iterator[Attention]:
    counts: dict[int, int] = dict(
        LinkPeriod.objects.filter(charge_point__in=mine, started_at__gte=now - LOOK_BACK)
        .order_by()
        .values_list("charge_point")
        .annotate(n=Count("pk"))
        .filter(n__gte=UNSTEADY_CONNECTS)[:KIND_LIMIT]
    )
    for charge_point in ChargePoint.objects.filter(pk__in=counts):
        detail = f"Connected {counts[charge_point.pk]} times in 24 hours."
        yield Attention(Severity.UNSTEADY, charge_point, "Unsteady link.", detail, now - LOOK_BACK)


def _named(code: str) -> str:
    return f": {code}" if code and code != "NoError" else ""


def fault_words(vendor_code: str, info: str) -> str:
    """The vendor's code and explanation of a fault, as one piece of text."""
    return ". ".join(part for part in (f"Vendor code {vendor_code}" if vendor_code else "", info) if part)


def closed_words(code: int | None, reason: str) -> str:
    """How a link ended, in words."""
    if code is None:
        return "The link broke."
    if code == 1006:
        return "The link broke without a goodbye (1006)."
    return f"Closed with {code}{f', {reason}' if reason else ''}."
