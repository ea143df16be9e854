"""What a remote action is: its name, its needs, and which effect proves it."""

from dataclasses import dataclass
from enum import StrEnum

from hub.teams.choices import Right


class Proof(StrEnum):
    """What must be seen to happen before a command counts as effective."""

    BOOT = "boot"
    CHARGE_STARTED = "charge-started"
    CHARGE_STOPPED = "charge-stopped"
    ANSWER = "answer"
    MESSAGE = "message"
    STATUS = "status"
    JOB = "job"
    # A check proves itself: it ends with a verdict.
    VERDICT = "verdict"


class Group(StrEnum):
    """Where an action stands on the page."""

    CHARGING = "Charging"
    CHARGER = "Charger"
    FILES = "Firmware and diagnostics"
    SETTINGS = "Settings"
    POWER = "Charging profiles"
    RESERVATION = "Reservations"
    EXPERT = "Protocol"
    SECURITY = "Security"


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of command. `proof_seconds` is how long after the answer the proof may take.

    `takes_box` allows connector 0, the charger as a whole; without `has_form` or `page` it is no button.
    """

    kind: str
    label: str
    icon: str
    right: Right
    proof: Proof
    proof_seconds: int
    proof_words: str
    group: Group = Group.CHARGER
    needs_connector: bool = False
    needs_charge: bool = False
    confirm: str = ""
    takes_box: bool = False
    has_form: bool = True
    # The tab of the charger's page that offers it; empty: the panel of remote actions.
    tab: str = ""
    # The feature profile of OCPP 1.6 that it belongs to; empty: Core, which every charger has.
    profile: str = ""
    # Whether it may be kept for a charger that is offline, or for a time; what is about a running charge may not.
    can_wait: bool = True
    # Whether it is offered for many chargers at once.
    in_bulk: bool = False
    # The page of the charger where it is asked for instead of by a form, as the name of its address.
    page: str = ""
