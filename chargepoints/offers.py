"""Which remote actions a person is offered now, and why the others are not. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from chargepoints.actions import ACTIONS, Action, Proof
from chargepoints.choices import Integration, Registration
from hub.teams.choices import Right

CHARGE_RUNNING = "A charge is running. It can change its site when the charge has ended."


@dataclass(frozen=True, slots=True)
class Offer:
    """An action as a person sees it now; `why_not` is empty when it can be used."""

    action: Action
    why_not: str = ""


def offers(
    *, integration: Integration, open_charges: int, rights: frozenset[Right], registration: str = ""
) -> Sequence[Offer]:
    """Every action that has a form, with the reason why it is not offered, if any (SPEC section 4). Pure."""
    return [
        Offer(action, why_not(action, integration, open_charges, rights, registration))
        for action in ACTIONS.values()
        if action.has_form
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
    # A check of a charger that is offline says since when and why.
    if action.proof is Proof.VERDICT:
        return ""
    if unreachable := _unreachable(integration) or why_not_registered(action, registration):
        return unreachable
    if action.needs_charge and not open_charges:
        return "No charge is running."
    return ""


def _unreachable(integration: Integration) -> str:
    if integration == Integration.NO_INTEGRATION:
        return "This charge point has no identity yet."
    return "" if integration == Integration.CONNECTED else "The charger is offline. Nothing can be sent to it now."


def why_not_move(open_charges: int, rights: frozenset[Right]) -> str:
    """Why a charge point cannot change its site now, in one sentence; empty when it can."""
    if Right.EDIT not in rights:
        return f"Your role does not allow this. It needs: {Right.EDIT.label.lower()}."
    return CHARGE_RUNNING if open_charges else ""
