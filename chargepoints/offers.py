"""Which remote actions a person is offered now, and why the others are not. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from chargepoints.actions import ACTIONS, Action, Proof
from chargepoints.choices import Integration, Registration
from hub.teams.choices import Right

CHARGE_RUNNING = "A charge is running. It can change its site when the charge has ended."


@dataclass(frozen=True, slots=True)
class Offer:
    """An action as a person sees it now; `why_not` is empty when it can be used.

    `waits`: the charger is offline, and the action can be kept until it is back.
    """

    action: Action
    why_not: str = ""
    waits: bool = False


def offers(
    *, integration: Integration, open_charges: int, rights: frozenset[Right], registration: str = ""
) -> Sequence[Offer]:
    """Every action that has a form, with the reason why it is not offered, if any (SPEC section 4). Pure."""
    found = []
    for action in ACTIONS.values():
        if action.has_form:
            why = why_not(action, integration, open_charges, rights, registration)
            waits = can_be_kept(action, integration) and not why_not(
                action, Integration.CONNECTED, open_charges, rights, registration
            )
            found.append(Offer(action, "" if waits else why, waits=waits))
    return found


def can_be_kept(action: Action, integration: Integration) -> bool:
    """Whether `action` can be kept for a charger that is offline, which this one is."""
    return action.can_wait and integration not in {Integration.CONNECTED, Integration.NO_INTEGRATION}


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


def why_not_move(open_charges: int, rights: frozenset[Right]) -> str:
    """Why a charge point cannot change its site now, in one sentence; empty when it can."""
    if Right.EDIT not in rights:
        return f"Your role does not allow this. It needs: {Right.EDIT.label.lower()}."
    return CHARGE_RUNNING if open_charges else ""
