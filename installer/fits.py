"""Which remote actions fit a charge point now, and why the others do not. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from chargepoints.actions import ACTIONS
from chargepoints.choices import Integration
from chargepoints.models import Charge, ChargePoint
from chargepoints.offers import Known, why_not
from chargepoints.selectors.starts import start_obstacle
from hub.teams.choices import Right
from installer.choices import ActionKind

# The link is the right: whoever has it may send these to the charge points of its job.
_RIGHTS = frozenset({Right.COMMAND, Right.REBOOT})
RUNS_THERE = "A charge runs there. Stop it first."


@dataclass(frozen=True, slots=True)
class Fit:
    """One action, of one connector or of the charge point as a whole; `why_not` is empty where it can be sent.

    `is_local`: the reason is the connector's, not the charger's.
    """

    kind: ActionKind
    connector: int | None = None
    why_not: str = ""
    is_local: bool = False


def actions_fit(point: ChargePoint, charges: Sequence[Charge]) -> list[Fit]:
    """Start or stop and unlock of each connector, and reboot; `charges` are those that run, with their connectors.

    A charge whose connector is not known is stopped without a number. What the charger refuses nobody knows before.
    """
    connectors = sorted(point.connectors.all(), key=lambda one: one.number)
    running = {charge.connector.number if charge.connector else None for charge in charges}

    def fit(kind: ActionKind, number: int | None = None, obstacle: str = "") -> Fit:
        known, told = Known(connectors=len(connectors)), point.registration_told
        why = why_not(ACTIONS[kind], Integration(point.integration), len(charges), _RIGHTS, told, known)
        return Fit(kind, number, why or obstacle, is_local=not why)

    found = [fit(ActionKind.STOP)] if None in running else []
    for one in connectors:
        if one.number in running:
            found.append(fit(ActionKind.STOP, one.number))
        else:
            found.append(fit(ActionKind.START, one.number, start_obstacle(one, runs=False)))
    found += [fit(ActionKind.UNLOCK, one.number, RUNS_THERE if one.number in running else "") for one in connectors]
    if not connectors:
        found += [fit(ActionKind.START), fit(ActionKind.UNLOCK)]
    return [*found, fit(ActionKind.REBOOT)]


def reasons(fits: Sequence[Fit]) -> list[str]:
    """Why what does not fit does not, each once; what only one connector hinders says which action, and where."""
    several = len({one.connector for one in fits if one.connector}) > 1
    return list(dict.fromkeys(_said(one, several) for one in fits if one.why_not))


def _said(fit: Fit, several: bool) -> str:
    if not fit.is_local:
        return fit.why_not
    return f"{fit.kind.label}{f' {fit.connector}' if several else ''}: {fit.why_not}"
