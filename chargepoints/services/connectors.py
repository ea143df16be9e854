"""The connectors of a charge point, as people describe them."""

from collections.abc import Sequence
from dataclasses import dataclass

from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Connector
from chargepoints.selectors.connectors import connectors_used

LARGEST_NUMBER, MOST = 255, 64


@dataclass(frozen=True, slots=True)
class ConnectorFacts:
    """A connector as it was typed; power in W."""

    number: int
    type: str = ""
    max_power_w: int | None = None

    def __str__(self) -> str:
        power = f"{self.max_power_w / 1000:g} kW" if self.max_power_w else ""
        return " ".join(part for part in (str(self.number), self.type, power) if part)


def connector_facts(*, charge_point: ChargePoint) -> list[str]:
    """The connectors in words, for the audit log."""
    ordered = Connector.objects.filter(charge_point=charge_point).order_by("number")
    return [str(ConnectorFacts(one.number, one.type, one.max_power_w)) for one in ordered]


def connectors_keep(*, charge_point: ChargePoint, wanted: Sequence[ConnectorFacts]) -> None:
    """Make the connectors of a locked charge point these. Raises ActionRefused for removing one with a history."""
    present = {one.number: one for one in Connector.objects.filter(charge_point=charge_point)}
    leaving = [one for number, one in present.items() if number not in {facts.number for facts in wanted}]
    used = connectors_used(charge_point, [one.number for one in leaving])
    if used:
        number, why = next(iter(sorted(used.items())))
        raise ActionRefused(f"Connector {number} cannot be removed: {why}.")
    for one in leaving:
        one.delete()
    for facts in wanted:
        Connector.objects.update_or_create(
            charge_point=charge_point,
            number=facts.number,
            defaults={"type": facts.type, "max_power_w": facts.max_power_w},
        )
