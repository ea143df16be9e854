"""From a registered charge point to one that works: what has been seen of it, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chargepoints.choices import ConnectorStatus, Refusal, Registration
from chargepoints.models import ChargePoint, Connection
from chargepoints.rendering.status import VERSIONS, connector_look


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `mark` is done, now, next or fail; `since` is a moment that `detail` goes on from."""

    mark: str
    label: str
    detail: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class FirstCall:
    """The steps, and whether there is something to wait for."""

    steps: Sequence[Step]
    is_waiting: bool


def first_call(charge_point: ChargePoint) -> FirstCall:
    """What has been seen; the charge point comes from `charge_points_detailed`."""
    link = charge_point.connection
    called = _called(charge_point, link)
    booted = _booted(charge_point, is_next=called.mark == "done")
    reported = _reported(charge_point, is_next=booted.mark == "done")
    steps = [called, booted, reported]
    return FirstCall(steps, is_waiting=any(step.mark != "done" for step in steps))


def _called(charge_point: ChargePoint, link: Connection) -> Step:
    if not charge_point.may_connect:
        return Step("fail", "Deactivated", "It is refused when it calls. Activate it in its settings.")
    if link.is_connected:
        version = VERSIONS.get(link.subprotocol, link.subprotocol)
        return Step(
            "done", "It called", f"from {link.remote_address}, OCPP {version}, connected for", link.connected_at
        )
    if link.refused_at and (link.connected_at is None or link.refused_at > link.connected_at):
        why = Refusal(link.refused_reason).label if link.refused_reason else "It was refused"
        return Step("fail", "It called and was refused", f"{why}. Last try before", link.refused_at)
    if link.disconnected_at:
        return Step("now", "Waiting for its next call", "Offline for", link.disconnected_at)
    return Step("now", "Waiting for its first call", "Nothing heard for", charge_point.created_at)


def _booted(charge_point: ChargePoint, *, is_next: bool) -> Step:
    if not is_next or charge_point.booted_at is None:
        return Step("now" if is_next else "next", "It starts", "Its BootNotification tells maker, model and firmware.")
    firmware = f"firmware {charge_point.firmware}" if charge_point.firmware else ""
    said = ", ".join(part for part in (f"{charge_point.vendor} {charge_point.model}".strip(), firmware) if part)
    if charge_point.registration_told == Registration.REJECTED:
        return Step("fail", "It booted and was rejected", said)
    if charge_point.registration_told == Registration.PENDING:
        return Step("now", "It booted and is pending", f"{said}. Accept it in its settings.")
    return Step("done", "It booted", said)


def _reported(charge_point: ChargePoint, *, is_next: bool) -> Step:
    connectors = list(charge_point.connectors.all())
    known = [one for one in connectors if one.status != ConnectorStatus.UNKNOWN]
    if not is_next or not known or len(known) < len(connectors):
        return Step("now" if is_next else "next", "It reports its connectors", "One status of each.")
    return Step("done", "It reported", ", ".join(f"{one.number} {connector_look(one).label}" for one in known))
