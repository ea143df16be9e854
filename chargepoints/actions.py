"""The remote actions: what each is called, needs, warns of, and which effect proves it. Declared once."""

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


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of command. `proof_seconds` is how long after the answer the proof may take.

    `takes_box` allows connector 0, the charger as a whole; without `has_form` it is no button on a page.
    """

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
    takes_box: bool = False
    has_form: bool = True
    # The tab of the charger's page that offers it; empty: the panel of remote actions.
    tab: str = ""


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
        ),
        Action(
            "clear_cache",
            "Clear cache",
            "x",
            Right.COMMAND,
            Proof.ANSWER,
            0,
            "Cleared",
            confirm="The charger forgets which keys it has seen and asks again.",
        ),
        Action("read_configuration", "Read settings", "refresh-cw", Right.REBOOT, Proof.ANSWER, 0, "Read"),
        Action(
            "configure",
            "Change setting",
            "sliders-horizontal",
            Right.COMMAND,
            Proof.ANSWER,
            0,
            "Changed",
        ),
        Action(
            "diagnostics", "Get diagnostics", "download", Right.COMMAND, Proof.JOB, 1800, "Uploaded", has_form=False
        ),
        # Installing takes its time, and every status message of the job starts the clock anew.
        Action(
            "firmware", "Update firmware", "cloud-upload", Right.COMMAND, Proof.JOB, 3600, "Installed", has_form=False
        ),
        Action(
            "local_list_version",
            "Local list version",
            "layout-list",
            Right.REBOOT,
            Proof.ANSWER,
            0,
            "Read",
            has_form=False,
        ),
        Action(
            "local_list", "Send local list", "layout-list", Right.COMMAND, Proof.ANSWER, 0, "Stored", has_form=False
        ),
        Action(
            "reserve",
            "Reserve",
            "bookmark",
            Right.COMMAND,
            Proof.ANSWER,
            0,
            "Reserved",
            needs_connector=True,
            takes_box=True,
            has_form=False,
        ),
        Action(
            "cancel_reservation",
            "Cancel reservation",
            "ban",
            Right.COMMAND,
            Proof.ANSWER,
            0,
            "Cancelled",
            has_form=False,
        ),
        Action(
            "set_profile",
            "Set charging profile",
            "gauge",
            Right.COMMAND,
            Proof.ANSWER,
            0,
            "Set",
            needs_connector=True,
            takes_box=True,
            has_form=False,
        ),
        Action(
            "clear_profile",
            "Clear charging profiles",
            "gauge",
            Right.COMMAND,
            Proof.ANSWER,
            0,
            "Cleared",
            takes_box=True,
            has_form=False,
        ),
        Action(
            "composite_schedule",
            "Composite schedule",
            "gauge",
            Right.REBOOT,
            Proof.ANSWER,
            0,
            "Read",
            needs_connector=True,
            takes_box=True,
            has_form=False,
        ),
        Action(
            "data_transfer", "Data transfer", "message-square", Right.COMMAND, Proof.ANSWER, 0, "Taken", has_form=False
        ),
        Action("call", "OCPP call", "message-square", Right.COMMAND, Proof.ANSWER, 0, "Answered", has_form=False),
        # A key pair takes small chargers a minute or two.
        Action(
            "extended_trigger",
            "Ask for a security message",
            "shield",
            Right.COMMAND,
            Proof.MESSAGE,
            180,
            "Message received",
            tab="integration",
        ),
        Action(
            "rotate_password",
            "Rotate password",
            "key-round",
            Right.COMMAND,
            Proof.ANSWER,
            0,
            "New password in force",
            confirm="Hub makes a new random password and sends it to the charger. Nobody gets to see it.",
            tab="integration",
        ),
        *(
            Action(kind, label, "shield", Right.COMMAND, proof, seconds, words, has_form=False)
            for kind, label, proof, seconds, words in (
                ("certificate_signed", "Send its certificate", Proof.ANSWER, 0, "Certificate taken"),
                ("install_certificate", "Install a root certificate", Proof.ANSWER, 0, "Installed"),
                ("certificate_ids", "List its root certificates", Proof.ANSWER, 0, "Listed"),
                ("delete_certificate", "Delete a root certificate", Proof.ANSWER, 0, "Deleted"),
                ("log_upload", "Upload a log", Proof.JOB, 3600, "Uploaded"),
                ("signed_firmware", "Update firmware, signed", Proof.JOB, 7200, "Installed"),
            )
        ),
    )
}

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
