"""How states look and what they are called for people (SPEC section 1, "Plain-word connector status")."""

from dataclasses import dataclass

from chargepoints.choices import ConnectorStatus, Integration, State
from chargepoints.models import ChargePoint, Connector
from chargepoints.states import combined_status


@dataclass(frozen=True, slots=True)
class Look:
    """A pill: colour class, glyph, plain word, its cause, and the raw word for the tooltip."""

    kind: str
    glyph: str
    label: str
    cause: str = ""
    title: str = ""


CONNECTOR_LOOKS: dict[str, Look] = {
    ConnectorStatus.UNKNOWN: Look("gone", "circle-dashed", "Not reported yet"),
    ConnectorStatus.AVAILABLE: Look("ok", "circle", "Ready"),
    ConnectorStatus.PREPARING: Look("prep", "plug", "Preparing", "a cable or a key is there, no energy yet"),
    ConnectorStatus.CHARGING: Look("charge", "zap", "Charging"),
    ConnectorStatus.SUSPENDED_EV: Look(
        "warn",
        "pause",
        "Done or paused by the car",
        "full, limit reached, or the car's own schedule",
    ),
    ConnectorStatus.SUSPENDED_EVSE: Look("warn", "pause", "Charging paused", "by the charger"),
    ConnectorStatus.FINISHING: Look(
        "prep",
        "plug",
        "Finishing",
        "stopped, cable still attached; the session ends when it is detached",
    ),
    ConnectorStatus.RESERVED: Look("prep", "calendar-clock", "Reserved"),
    ConnectorStatus.UNAVAILABLE: Look("off", "ban", "Unavailable"),
    ConnectorStatus.FAULTED: Look("bad", "triangle-alert", "Faulted"),
    ConnectorStatus.OCCUPIED: Look("prep", "plug", "Occupied", "a car is there"),
}

LINK_LOOKS: dict[str, Look] = {
    Integration.DISCONNECTED: Look("gone", "wifi-off", "Offline"),
    Integration.PENDING: Look("gone", "hourglass", "Waiting for its first call"),
    Integration.ERROR: Look("warn", "shield", "Refused"),
    Integration.NO_INTEGRATION: Look("gone", "unplug", "No identity"),
}

CONFLICT_LOOK = Look("warn", "triangle-alert", "Serial in use")

# The groups of the summary: colour class and word.
GROUP_LOOKS: dict[str, tuple[str, str]] = {
    "charging": ("charge", "Charging"),
    "occupied": ("prep", "Occupied"),
    "paused": ("warn", "Paused"),
    "ready": ("ok", "Ready"),
    "unavailable": ("off", "Unavailable"),
    "offline": ("gone", "Offline"),
    "faulted": ("bad", "Faulted"),
}

VERSIONS = {"ocpp1.6": "1.6", "ocpp2.0.1": "2.0.1", "ocpp2.1": "2.1"}


def connector_look(connector: Connector) -> Look:
    """The look of what the connector last reported, with the charger's own word in the title."""
    return status_look(connector.status, connector.raw_status)


def status_look(status: str, raw_status: str) -> Look:
    """The look of a reported status."""
    look = CONNECTOR_LOOKS.get(status, CONNECTOR_LOOKS[ConnectorStatus.UNKNOWN])
    cause = f" ({look.cause})" if look.cause else ""
    title = f"{look.label}{cause}. OCPP: {raw_status or status}"
    return Look(look.kind, look.glyph, look.label, look.cause, title)


def link_look(charge_point: ChargePoint) -> Look | None:
    """What stands in the place of connector states while the charger cannot vouch for them."""
    return CONFLICT_LOOK if charge_point.wanted_identity else LINK_LOOKS.get(charge_point.integration)


def combined_words(charge_point: ChargePoint) -> str:
    """The combined status text of a charge point that went through `conflicts_told` (or claims no identity)."""
    held_by = getattr(charge_point, "held_by", None)
    return combined_status(
        identity=charge_point.identity or (charge_point.wanted_identity if held_by else None),
        integration=Integration(charge_point.integration),
        state=State(charge_point.state),
        in_use_by=held_by,
        same_organisation=getattr(charge_point, "held_in", None) == charge_point.site.team.organisation_id,
    )
