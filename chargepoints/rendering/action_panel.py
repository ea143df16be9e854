"""The panel of remote actions: what is used every day as buttons, the rest in groups behind "More actions"."""

from collections.abc import Sequence
from dataclasses import dataclass

from chargepoints.action import Group
from chargepoints.models import Command
from chargepoints.offers import Offer
from chargepoints.rendering.charge_point import ActionButton

DAILY = frozenset({"reboot", "start", "stop", "check", "unlock", "availability", "diagnostics", "firmware"})


@dataclass(frozen=True, slots=True)
class ActionGroup:
    """Some buttons under a name, with the reasons that the panel does not already give."""

    name: str
    slug: str
    buttons: Sequence[ActionButton]
    reasons: Sequence[str]

    @property
    def describes(self) -> str:
        """The ids of the lines with the reasons of its buttons."""
        return f"act-why act-why-{self.slug}" if self.reasons else "act-why"


@dataclass(frozen=True, slots=True)
class ActionPanel:
    """The whole panel. `reasons` say why some of the daily ones cannot be used now, each once."""

    daily: Sequence[ActionButton]
    groups: Sequence[ActionGroup]
    reasons: Sequence[str]


def action_panel(offered: Sequence[Offer], running: dict[str, Command], *others: str) -> ActionPanel:
    """What the page shows of these offers; `others` are reasons of buttons that are no commands, empty where none."""
    buttons = [ActionButton(offer, running.get(offer.action.kind)) for offer in offered if not offer.action.tab]
    daily = [button for button in buttons if button.offer.action.kind in DAILY]
    told = {button.offer.why_not for button in daily} | set(others) - {""}
    groups = [_group(group, buttons, told) for group in Group]
    doubts = [f"{button.offer.action.label}: {button.offer.doubt}" for button in daily if button.offer.doubt]
    return ActionPanel(daily, [group for group in groups if group.buttons], [*sorted(told - {""}), *doubts])


def _group(group: Group, buttons: Sequence[ActionButton], told: set[str]) -> ActionGroup:
    mine = [one for one in buttons if one.offer.action.group is group and one.offer.action.kind not in DAILY]
    reasons: dict[str, list[str]] = {}
    for button in mine:
        reason = button.offer.why_not or button.offer.doubt
        if reason and reason not in told:
            reasons.setdefault(reason, []).append(button.offer.action.label)
    # Which of them is meant needs no saying where all are.
    lines = [why if len(names) == len(mine) else f"{', '.join(names)}: {why}" for why, names in reasons.items()]
    return ActionGroup(group.value, group.name.lower(), mine, lines)
