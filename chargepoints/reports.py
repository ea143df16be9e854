"""What a gateway learns and hands to the services: version-free facts, no OCPP payloads.

What every message brings are msgspec's structs, which are made several times faster than dataclasses.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from chargepoints.choices import CommandStatus, ConnectorStatus, Refusal, Verdict

# What a CALLERROR of NotImplemented or NotSupported is called on a command.
NOT_SUPPORTED = "Not supported by this charger"


class NewLine(msgspec.Struct, gc=False):
    """One log line to be; its sequence is given when it is stored. Times are UTC."""

    charge_point_id: int
    at: datetime
    direction: str
    category: str
    action: str
    fact: str = ""
    text: str = ""
    is_error: bool = False
    message_id: str = ""
    request: str = ""
    answer: str = ""
    latency_us: int | None = None
    connector_number: int | None = None
    transaction_id: str = ""
    command_id: UUID | None = None
    generation: int | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A handshake that was accepted."""

    charge_point_id: int
    gateway: str
    at: datetime
    remote_address: str
    subprotocol: str
    security_profile: int
    # Which password it used: "current", "next" (the one on its way to it), or "" for none.
    credential: str = ""
    # A new password was waiting for a login like this one.
    is_staged: bool = False
    # The fingerprint of its client certificate, if it came with one.
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """A socket that ended; `generation` says which, so that an old one cannot end a new one."""

    charge_point_id: int
    generation: int
    at: datetime
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A handshake that was not accepted."""

    charge_point_id: int | None
    at: datetime
    identity: str
    remote_address: str
    user_name: str
    subprotocols: str
    path: str
    reason: Refusal
    http_status: int
    # Of a password that we do not know; empty when it offered none that could be its own.
    password_hmac: str = ""


@dataclass(frozen=True, slots=True)
class Boot:
    """What a charger says of itself when it starts."""

    charge_point_id: int
    at: datetime
    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    meter_type: str = ""
    meter_serial: str = ""
    iccid: str = ""
    imsi: str = ""
    asked_for: bool = False  # by us: it has not restarted


class Status(msgspec.Struct, frozen=True, gc=False):
    """A reported status; connector 0 is the box. `reported_at` is the charger's clock, None when unusable."""

    charge_point_id: int
    connector_number: int
    status: ConnectorStatus
    raw_status: str
    received_at: datetime
    reported_at: datetime | None = None
    error_code: str = ""
    vendor_error_code: str = ""
    info: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """A charge that began, as the charger tells it. `fingerprint` is equal for repeats of the same start."""

    charge_point_id: int
    connector_number: int
    id_tag: str
    started_at: datetime
    received_at: datetime
    fingerprint: str
    meter_start_wh: int | None = None
    reservation_id: int | None = None
    # What it was answered with, when a stored start is applied once more; empty for a new one.
    transaction_id: str = ""
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The answer to a start: always a transaction id, whatever the verdict."""

    transaction_id: str
    verdict: Verdict
    expires_at: datetime | None = None
    parent_id_tag: str = ""
    repeated: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """A charge that ended. Stops are facts: they are never refused."""

    charge_point_id: int
    transaction_id: str
    ended_at: datetime
    received_at: datetime
    fingerprint: str
    meter_stop_wh: int | None = None
    reason: str = ""
    id_tag: str = ""
    # For matching a stop whose id is unknown: the connection it came on, and the register at the begin if it tells.
    generation: int = 0
    meter_start_wh: int | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """What became of a stop, for the log; `matched` is the charge's own id when the stop came under another."""

    known: bool
    repeated: bool = False
    note: str = ""
    energy_wh: int | None = None
    matched: str = ""


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call of a charger as the log holds it: when it was received, both frames, and on which connection.

    Of a charge that we have closed ourselves (`services/lost_stops.py`) `request` is the transaction id.
    """

    seq: int
    at: datetime
    action: str
    request: str
    answer: str
    generation: int


@dataclass(frozen=True, slots=True)
class KeyQuestion:
    """May this id tag charge at this charge point? With a connector: it begins to, there.

    `payment_method` and `price_group` are what an operator chose for a start; `is_order` says that this start is just
    being ordered. Else what was chosen for a remote start that is on its way to the same place counts.
    """

    charge_point_id: int
    id_tag: str
    connector: int | None = None
    payment_method: int | None = None
    price_group: int | None = None
    is_order: bool = False


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """The verdict on an id tag; `reason` says in words why it is no other than Accepted."""

    verdict: Verdict
    expires_at: datetime | None = None
    parent_id_tag: str = ""
    charge_key_id: int | None = None
    reason: str = ""

    @property
    def why(self) -> str:
        """`Blocked: the wallet is empty`; nothing for what was accepted."""
        return f"{self.verdict}: {self.reason}" if self.reason else ""


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """How a command was answered: accepted, rejected, failed or expired, with the charger's word."""

    command_id: UUID
    charge_point_id: int
    outcome: CommandStatus
    word: str
    at: datetime
    response: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class ClaimedCommand:
    """A command that now belongs to a gateway: it is marked as sent and must go out at once."""

    id: UUID
    charge_point_id: int
    kind: str
    parameters: dict[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """A charger's answer to a command, with what was asked; `response` is None for an error or silence."""

    command_id: UUID
    charge_point_id: int
    outcome: CommandStatus
    request: dict[str, object]
    response: dict[str, object] | None
    at: datetime


@dataclass(frozen=True, slots=True)
class JobReport:
    """How a long job of a charger goes. `done`: True ended well, False ended badly, None still at it.

    `request_id` None means the newest open job of these kinds of command.
    """

    charge_point_id: int
    kinds: tuple[str, ...]
    request_id: int | None
    word: str
    at: datetime
    done: bool | None = None


@dataclass(frozen=True, slots=True)
class SecurityReport:
    """A security event as the charger tells it; `reported_at` is its clock, None when unusable."""

    charge_point_id: int
    type: str
    received_at: datetime
    reported_at: datetime | None = None
    tech_info: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A deviation of a charger that was mended: `rule` is an id of `chargepoints.rules`, `example` the frame."""

    charge_point_id: int
    rule: str
    at: datetime
    detail: str = ""
    example: str = ""
    count: int = 1
