"""The remote actions: what each is called, needs, warns of, and which effect proves it. Declared once."""

from chargepoints.action import Action, Group, Proof
from chargepoints.expert_actions import EXPERT_ACTIONS
from hub.teams.choices import Right

__all__ = ["ACTIONS", "EXTENDED_TRIGGERS", "TRIGGERS", "Action", "Group", "Proof"]

_FIRMWARE, _TRIGGER = "FirmwareManagement", "RemoteTrigger"

# A restart takes up to 75 s on real chargers (QUIRKS 1.11), and some fetch firmware on the way. Installing takes its
# time, and every status message of a job starts the clock anew. A key pair takes small chargers a minute or two.
_DAILY = (
    Action(
        "reboot",
        "Reboot",
        "rotate-ccw",
        Right.REBOOT,
        Proof.BOOT,
        180,
        "Booted",
        in_bulk=True,
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
        Group.CHARGING,
        needs_connector=True,
        can_wait=False,
    ),
    Action(
        "stop",
        "Stop charge",
        "square",
        Right.COMMAND,
        Proof.CHARGE_STOPPED,
        60,
        "Charge stopped",
        Group.CHARGING,
        needs_charge=True,
        can_wait=False,
        confirm="This ends the running charge.",
    ),
    Action(
        "check",
        "Run a check",
        "circle-check",
        Right.REBOOT,
        Proof.VERDICT,
        60,
        "Checked",
        can_wait=False,
        in_bulk=True,
    ),
    Action(
        "unlock",
        "Unlock",
        "lock-open",
        Right.COMMAND,
        Proof.ANSWER,
        0,
        "Unlocked",
        Group.CHARGING,
        needs_connector=True,
        can_wait=False,
        confirm="This releases the cable and ends a running charge on it.",
    ),
    Action(
        "availability",
        "Availability",
        "power",
        Right.COMMAND,
        Proof.STATUS,
        60,
        "Status changed",
        needs_connector=True,
        takes_box=True,
        in_bulk=True,
    ),
    Action(
        "trigger",
        "Trigger message",
        "message-square",
        Right.REBOOT,
        Proof.MESSAGE,
        30,
        "Message received",
        Group.EXPERT,
        profile=_TRIGGER,
        in_bulk=True,
    ),
    Action(
        "clear_cache",
        "Clear cache",
        "x",
        Right.COMMAND,
        Proof.ANSWER,
        0,
        "Cleared",
        in_bulk=True,
        confirm="The charger forgets which keys it has seen and asks again.",
    ),
    Action(
        "read_configuration",
        "Read settings",
        "refresh-cw",
        Right.REBOOT,
        Proof.ANSWER,
        0,
        "Read",
        Group.SETTINGS,
        in_bulk=True,
    ),
    Action(
        "configure",
        "Change setting",
        "sliders-horizontal",
        Right.COMMAND,
        Proof.ANSWER,
        0,
        "Changed",
        Group.SETTINGS,
        in_bulk=True,
    ),
    Action(
        "diagnostics",
        "Request diagnostics",
        "download",
        Right.COMMAND,
        Proof.JOB,
        1800,
        "Uploaded",
        Group.FILES,
        profile=_FIRMWARE,
    ),
    Action(
        "firmware",
        "Update firmware",
        "cloud-upload",
        Right.COMMAND,
        Proof.JOB,
        3600,
        "New version",
        Group.FILES,
        profile=_FIRMWARE,
    ),
)

ACTIONS: dict[str, Action] = {action.kind: action for action in (*_DAILY, *EXPERT_ACTIONS)}

EXTENDED_TRIGGERS = (
    "SignChargePointCertificate",
    "LogStatusNotification",
    "FirmwareStatusNotification",
    "BootNotification",
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
)

TRIGGERS = (
    "StatusNotification",
    "MeterValues",
    "Heartbeat",
    "BootNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
)
