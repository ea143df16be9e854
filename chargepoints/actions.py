"""The remote actions: what each is called, needs, warns of, and which effect proves it. Declared once."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chargepoints.choices import Integration, Registration
from hub.teams.choices import Right


class Proof(StrEnum):
    """What must be seen to happen before a command counts as effective."""

    BOOT = "boot"
    CHARGE_STARTED = "charge-started"
    CHARGE_STOPPED = "charge-stopped"
    ANSWER = "answer"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of command. `proof_seconds` is how long after the answer the proof may take."""

    kind: str
    label: str
    icon: str
    right: Right
    proof: Proof
    proof_seconds: int
    proof_words: str
    needs_connector: bool = False
    needs_charge: bool = False
    confirm: str = ""


# A restart takes up to 75 s on real chargers (QUIRKS 1.11), and some fetch firmware on the way.
ACTIONS: dict[str, Action] = {
    action.kind: action
    for action in (
        Action(
            "reboot",
            "Reboot",
            "rotate-ccw",
            Right.REBOOT,
            Proof.BOOT,
            180,
            "Booted",
            confirm="This restarts the charger.",
        ),
        Action(
            "start",
            "Start charge",
            "play",
            Right.COMMAND,
            Proof.CHARGE_STARTED,
            120,
            "Charge started",
            needs_connector=True,
        ),
        Action(
            "stop",
            "Stop charge",
            "square",
            Right.COMMAND,
            Proof.CHARGE_STOPPED,
            60,
            "Charge stopped",
            needs_charge=True,
            confirm="This ends the running charge.",
        ),
        Action(
            "unlock",
            "Unlock",
            "lock-open",
            Right.COMMAND,
            Proof.ANSWER,
            0,
            "Unlocked",
            needs_connector=True,
            confirm="This releases the cable and ends a running charge on it.",
        ),
        Action(
            "trigger",
            "Trigger message",
            "message-square",
            Right.REBOOT,
            Proof.MESSAGE,
            30,
            "Message received",
        ),
    )
}

TRIGGERS = (
    "StatusNotification",
    "MeterValues",
    "Heartbeat",
    "BootNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
)


@dataclass(frozen=True, slots=True)
class Offer:
    """An action as a person sees it now; `why_not` is empty when it can be used."""

    action: Action
    why_not: str = ""


def offers(
    *, integration: Integration, open_charges: int, rights: frozenset[Right], registration: str = ""
) -> Sequence[Offer]:
    """Every action with the reason why it is not offered, if any (SPEC section 4). Pure."""
    return [
        Offer(action, why_not(action, integration, open_charges, rights, registration)) for action in ACTIONS.values()
    ]


def why_not_registered(action: Action, registration: str) -> str:
    """Why its registration forbids `action`, in one sentence; empty when it does not (CSMS.md 1.3)."""
    if registration == Registration.REJECTED:
        return "The charger is rejected: nothing is sent to it until it has been accepted."
    if registration == Registration.PENDING and action.proof in {Proof.CHARGE_STARTED, Proof.CHARGE_STOPPED}:
        return "The charger is pending: charges cannot be started or stopped until it has been accepted."
    return ""


def why_not(
    action: Action, integration: Integration, open_charges: int, rights: frozenset[Right], registration: str = ""
) -> str:
    """Why `action` cannot be used now, in one sentence; empty when it can."""
    if action.right not in rights:
        return f"Your role does not allow this. It needs: {action.right.label.lower()}."
    if integration == Integration.NO_INTEGRATION:
        return "This charge point has no identity yet."
    if integration != Integration.CONNECTED:
        return "The charger is offline. Nothing can be sent to it now."
    if refused := why_not_registered(action, registration):
        return refused
    if action.needs_charge and not open_charges:
        return "No charge is running."
    return ""
