"""Starting a charge from the desk: which connectors are free, who may pay, and at which price."""

from collections.abc import Collection, Mapping

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from chargepoints.choices import OPEN_CHARGE_STATES, ConnectorStatus, PaymentKind, ReservationState
from chargepoints.models import (
    Charge,
    ChargeKey,
    ChargePoint,
    Connector,
    Driver,
    PaymentMethod,
    PriceGroup,
    Reservation,
)
from chargepoints.permissions import Person, drivers_for, price_groups_for
from chargepoints.selectors.drivers import sees_money_of
from hub.teams.choices import Right

KEYLESS_SHOWN = 3
_BUSY = {ConnectorStatus.CHARGING, ConnectorStatus.SUSPENDED_EV, ConnectorStatus.SUSPENDED_EVSE}
_NEEDS_MONEY = f"Your role does not allow this. It needs: {Right.MONEY.label.lower()}."


def start_obstacles(charge_point: ChargePoint, key: ChargeKey | None = None, id_tag: str = "") -> dict[int, str]:
    """By connector number, why no charge can start there now, in one sentence; empty where it can. Three queries.

    A connector that is reserved is free for the key that it is reserved for, and for its group.
    """
    running = set(
        Charge.objects.filter(charge_point=charge_point, state__in=OPEN_CHARGE_STATES).values_list(
            "connector_id", flat=True
        )
    )
    held = Reservation.objects.filter(
        charge_point=charge_point, state=ReservationState.ACTIVE, expires_at__gt=timezone.now()
    )
    reserved = list(held.exclude(_own(key, id_tag)).values_list("connector_number", flat=True))
    mine = set(held.filter(_own(key, id_tag)).values_list("connector_number", flat=True))
    return {
        connector.number: start_obstacle(connector, runs=connector.pk in running, reserved=reserved, mine=mine)
        for connector in charge_point.connectors.order_by("number")
    }


def _own(key: ChargeKey | None, id_tag: str) -> Q:
    tag = key.id_tag if key else id_tag
    own = Q(id_tag__iexact=tag)
    return own | Q(parent_id_tag__iexact=key.parent_id_tag) if key and key.parent_id_tag else own


def start_obstacle(
    connector: Connector, *, runs: bool, reserved: Collection[int] = (), mine: Collection[int] = ()
) -> str:
    """Why no charge can start on `connector`, in one sentence; empty when one can.

    `runs`: a charge runs there. `reserved` are connectors held for others, `mine` those held for the key. Pure.
    """
    if runs:
        return "A charge runs there."
    if connector.status == ConnectorStatus.FAULTED:
        return "It is faulted."
    if connector.status == ConnectorStatus.UNAVAILABLE:
        return "It is out of service."
    if connector.status in _BUSY:
        return "It says that it charges, though no charge is known. Run a check."
    is_mine = connector.number in mine or (0 in mine and connector.number not in reserved)
    if connector.number in reserved or (connector.status == ConnectorStatus.RESERVED and not is_mine):
        return "It is reserved for another key."
    return ""


def drivers_without_key(person: Person, charge_point: ChargePoint, text: str) -> list[Driver]:
    """Drivers who match every word and have no key to charge with; nobody without a word."""
    words = text.split()
    if not words:
        return []
    found = drivers_for(person).filter(organisation=charge_point.site.team.organisation_id)
    found = found.filter(~Exists(ChargeKey.objects.filter(driver=OuterRef("pk"))))
    for word in words:
        found = found.filter(Q(name__icontains=word) | Q(user_id__icontains=word) | Q(email__icontains=word))
    return list(found.order_by("name")[:KEYLESS_SHOWN])


def start_key(person: Person, charge_point: ChargePoint, id_tag: str) -> ChargeKey | None:
    """The key of the charge point's operator with this id tag, with its driver; id tags have no case."""
    found = ChargeKey.objects.filter(organisation=charge_point.site.team.organisation_id, id_tag__iexact=id_tag)
    found = found.filter(Q(driver__isnull=True) | Q(driver__in=drivers_for(person)))
    return found.select_related("driver", "payment_method").first()


def start_methods_of(charge_point: ChargePoint, key: ChargeKey | None) -> QuerySet[PaymentMethod]:
    """What can pay for a charge of this key here: the driver's methods, the key's, and those of the site's team."""
    site = charge_point.site
    owned = Q(team=site.team_id)
    if key is not None:
        owned |= Q(pk=key.payment_method_id) | (Q(driver=key.driver_id) if key.driver_id else Q(pk=None))
    return PaymentMethod.objects.filter(owned, organisation=site.team.organisation_id)


def start_methods(person: Person, charge_point: ChargePoint, key: ChargeKey | None) -> list[PaymentMethod]:
    """Those of them that `person` may choose, the one that pays unless another is chosen first.

    Free is for who decides about money, unless it is what the key has anyway.
    """
    default = default_method(key)
    sees = sees_money_of(person, charge_point.site.team.organisation_id)
    offered = [
        method
        for method in start_methods_of(charge_point, key).order_by("team", "-is_active", "-is_default", "name", "pk")
        if sees or method.kind != PaymentKind.FREE or method == default
    ]
    return sorted(offered, key=lambda method: method != default)


def default_method(key: ChargeKey | None) -> PaymentMethod | None:
    """What pays for a charge of this key unless another is chosen."""
    if key is None or key.payment_method is not None or key.driver is None:
        return key.payment_method if key else None
    mine = PaymentMethod.objects.filter(driver=key.driver)
    return mine.order_by("-is_active", "-is_default", "pk").first()


def start_price_groups(person: Person, charge_point: ChargePoint) -> list[PriceGroup]:
    """The price groups that `person` may choose for one charge; none for who has no say in prices."""
    organisation = charge_point.site.team.organisation_id
    return list(price_groups_for(person).filter(organisation=organisation).order_by("name"))


def start_forbidden(person: Person, charge_point: ChargePoint, parameters: Mapping[str, object]) -> str:
    """Why `person` may not start a charge like this, in one sentence; empty when they may.

    For whoever makes a start command for a person: whether it is possible at all is checked by the command itself.
    """
    wanted = {name: parameters.get(name) for name in ("payment_method", "price_group", "limit_amount")}
    if not any(wanted.values()):
        return ""
    sees = sees_money_of(person, charge_point.site.team.organisation_id)
    if not sees and (wanted["price_group"] or wanted["limit_amount"]):
        return _NEEDS_MONEY
    if wanted["payment_method"]:
        key = start_key(person, charge_point, str(parameters.get("id_tag") or ""))
        if wanted["payment_method"] not in {method.pk for method in start_methods(person, charge_point, key)}:
            return "This payment method cannot be chosen for this key here. Choose one of those that are shown."
    return ""
