"""What an operator chooses for a charge that is started from the desk, checked before it is sent."""

from decimal import Decimal, InvalidOperation

from django.utils import timezone

from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargeKey, Command, PriceGroup
from chargepoints.pricing import minor_unit
from chargepoints.selectors.billing import price_at
from chargepoints.selectors.prices import price_group_of
from chargepoints.selectors.starts import start_methods_of, start_obstacles

# In Wh, in s, and in whole units of any currency.
MOST_WH, MOST_S, MOST_AMOUNT = 1_000_000, 7 * 86_400, Decimal(1_000_000)
LEAST_S = 60
_CHOICES = ("payment_method", "price_group", "limit_wh", "limit_s", "limit_amount")


def start_choices_bind(*, command: Command) -> None:
    """Check `{"payment_method"?: pk, "price_group"?: pk, "limit_wh"?, "limit_s"?, "limit_amount"?: str}`.

    Raises ActionRefused when what was chosen is not of this place, or when a limit makes no sense. What is empty is
    left out.
    """
    given = command.parameters
    for name in _CHOICES:
        if given.get(name) is None or given[name] == "":
            given.pop(name, None)
    organisation = command.charge_point.site.team.organisation_id
    _method(command, _key(command))
    group = _price_group(command, organisation)
    _whole(command, "limit_wh", 1, MOST_WH, f"A limit of energy is between 1 Wh and {MOST_WH // 1000} kWh.")
    _whole(command, "limit_s", LEAST_S, MOST_S, f"A limit of time is between 1 minute and {MOST_S // 86_400} days.")
    _amount(command, group)


def start_place_bind(*, command: Command) -> None:
    """Raises ActionRefused when no charge can start on the connector now."""
    tag = str(command.parameters.get("id_tag") or "")
    if obstacle := start_obstacles(command.charge_point, _key(command), tag).get(command.connector_number or 0):
        raise ActionRefused(f"No charge can start on connector {command.connector_number}. {obstacle}")


def _key(command: Command) -> ChargeKey | None:
    organisation, tag = command.charge_point.site.team.organisation_id, str(command.parameters.get("id_tag") or "")
    return ChargeKey.objects.filter(organisation=organisation, id_tag__iexact=tag).first()


def _method(command: Command, key: ChargeKey | None) -> None:
    wanted = command.parameters.get("payment_method")
    if wanted is None:
        return
    if type(wanted) is not int or not start_methods_of(command.charge_point, key).filter(pk=wanted).exists():
        raise ActionRefused("This payment method is neither the driver's nor one of the site's team. Choose another.")


def _price_group(command: Command, organisation: int) -> PriceGroup | None:
    """The price group that will count."""
    wanted = command.parameters.get("price_group")
    if wanted is None:
        return price_group_of(command.charge_point.site, command.charge_point)
    found = None
    if type(wanted) is int:
        found = PriceGroup.objects.filter(pk=wanted, organisation=organisation, archived_at=None).first()
    if found is None:
        raise ActionRefused("This price group is not there any more. Choose another.")
    if price_at(found, timezone.now()) is None:
        raise ActionRefused(f"The price group {found} says no price now. Choose another.")
    return found


def _whole(command: Command, name: str, least: int, most: int, sentence: str) -> None:
    value = command.parameters.get(name)
    if value is not None and (type(value) is not int or not least <= value <= most):
        raise ActionRefused(sentence)


def _amount(command: Command, group: PriceGroup | None) -> None:
    value = command.parameters.get("limit_amount")
    if value is None:
        return
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 < amount <= MOST_AMOUNT:
        raise ActionRefused("A limit of cost is an amount above 0, such as 50 or 12.50.")
    if group is None or price_at(group, timezone.now()) is None:
        raise ActionRefused("There is no price here, so no cost can be reached. Leave the limit of cost out.")
    if amount % minor_unit(group.currency):
        raise ActionRefused(f"{amount} is no amount in {group.currency}. Round it.")
    command.parameters["limit_amount"] = f"{amount:f}"
