"""Which remote actions a person is offered now, and why the others are not. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chargepoints.actions import ACTIONS, Action, Proof
from chargepoints.choices import Integration, Registration
from hub.teams.choices import Right

CHARGE_RUNNING = "A charge is running. It can change its site when the charge has ended."
PROFILES_KEY = "SupportedFeatureProfiles"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a charger besides its state; None where it was never told.

    `profiles` are its feature profiles as it spells them, `refused` are the kinds of action that it said it does not
    support, with the moment (in the site's time) at which it did; the others count what there is.
    """

    profiles: Sequence[str] | None = None
    refused: Mapping[str, datetime] = field(default_factory=dict)
    connectors: int | None = None
    reservations: int | None = None
    roots: int | None = None


NOTHING = Known()


@dataclass(frozen=True, slots=True)
class Offer:
    """An action as a person sees it now; `why_not` is empty when it can be used, `doubt` when nothing speaks against.

    What a charger once answered is a doubt and no wall: it may have been set up anew since.
    `waits`: the charger is offline, and the action can be kept until it is back.
    """

    action: Action
    why_not: str = ""
    doubt: str = ""
    waits: bool = False


def offers(
    *,
    integration: Integration,
    open_charges: int,
    rights: frozenset[Right],
    registration: str = "",
    known: Known = NOTHING,
) -> Sequence[Offer]:
    """Every action that is on a page, with the reason why it is not offered, if any (SPEC section 4). Pure."""
    found = []
    for action in ACTIONS.values():
        if action.has_form or action.page:
            why = why_not(action, integration, open_charges, rights, registration, known)
            waits = can_be_kept(action, integration) and not why_not(
                action, Integration.CONNECTED, open_charges, rights, registration, known
            )
            found.append(Offer(action, "" if waits else why, why_doubted(action, known), waits))
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
    action: Action,
    integration: Integration,
    open_charges: int,
    rights: frozenset[Right],
    registration: str = "",
    known: Known = NOTHING,
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
    return _why_not_known(action, known)


def _unreachable(integration: Integration) -> str:
    if integration == Integration.NO_INTEGRATION:
        return "This charge point has no identity yet."
    return "" if integration == Integration.CONNECTED else "The charger is offline. Nothing can be sent to it now."


def _why_not_known(action: Action, known: Known) -> str:
    if action.profile and known.profiles is not None and not _has(known.profiles, action.profile):
        return f"The charger has no {action.profile}: its {PROFILES_KEY} are {', '.join(known.profiles)}."
    if action.needs_connector and not action.takes_box and known.connectors == 0:
        return "The charger has not reported any connector yet."
    if action.kind == "cancel_reservation" and known.reservations == 0:
        return "Nothing is reserved."
    if action.kind == "delete_certificate" and known.roots == 0:
        return "The charger has not listed any root certificate. Ask for the list first."
    return ""


def _has(profiles: Sequence[str], wanted: str) -> bool:
    """Chargers spell them with blanks or in lower case as well."""
    return wanted.lower() in {"".join(filter(str.isalnum, profile)).lower() for profile in profiles}


def why_doubted(action: Action, known: Known) -> str:
    """Why `action` may not work, in one sentence; empty when nothing speaks against it."""
    at = known.refused.get(action.kind)
    if at is None:
        return ""
    return f"The charger said on {at.day} {at:%b} that it does not support this. You can try again."


def why_not_move(open_charges: int, rights: frozenset[Right]) -> str:
    """Why a charge point cannot change its site now, in one sentence; empty when it can."""
    if Right.EDIT not in rights:
        return f"Your role does not allow this. It needs: {Right.EDIT.label.lower()}."
    return CHARGE_RUNNING if open_charges else ""
