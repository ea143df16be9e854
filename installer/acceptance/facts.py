"""What is known when a step of the acceptance test is judged, and what is said of it then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from installer.choices import StepState

# What was not answered is asked for again, so many times in all.
TRIES = 3


class Said(StrEnum):
    """How a charger has answered what it was asked."""

    OPEN = "open"
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Ask:
    """A command that a step wants to be sent, as `services.commands.command_create` takes it."""

    kind: str
    given: tuple[tuple[str, object], ...] = ()

    @property
    def parameters(self) -> dict[str, object]:
        """For the command."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self.given}


@dataclass(frozen=True, slots=True)
class Sent:
    """A command of the step: how it was answered, and in which log line. `no_effect`: accepted, and then nothing."""

    kind: str
    given: Mapping[str, object]
    said: Said
    word: str
    at: datetime
    answered_at: datetime | None = None
    no_effect: bool = False
    seq: int | None = None

    def is_for(self, ask: Ask) -> bool:
        """Whether it was sent for this; what a command has been given besides does not matter."""
        return self.kind == ask.kind and all(self.given.get(name) == value for name, value in ask.parameters.items())


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """The connection. `refused`: what can be done about its last call, if that was turned away."""

    is_connected: bool = False
    since: datetime | None = None
    version: str = ""
    profile: int | None = None
    refused: str = ""
    has_identity: bool = True
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class BootSeen:
    """What the charger says of itself. `wanted_since`: a boot before that was of another charger."""

    at: datetime | None = None
    wanted_since: datetime | None = None
    model: str = ""
    firmware: str = ""
    serial: str = ""
    registration: str = ""
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Plate:
    """What is registered: identity, sticker, connectors; which of them have reported, and how many it says it has."""

    identity: str = ""
    sticker: str = ""
    connectors: Sequence[int] = ()
    reported: frozenset[int] = frozenset()
    told: int | None = None


@dataclass(frozen=True, slots=True)
class TimeTold:
    """A time of the charger's own against ours: seconds ahead (minus: behind), when it came, and its log line."""

    offset_s: float
    at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that the job wants. `value`: what the charger has told since the step began; None: nothing.

    `is_hidden`: it tells the key without a value.
    """

    key: str
    wanted: str
    value: str | None = None
    is_hidden: bool = False
    needs_reboot: bool = False

    @property
    def is_right(self) -> bool:
        """Whether the charger tells what is wanted."""
        return is_told(self.value, self.wanted)


@dataclass(frozen=True, slots=True)
class PlugSeen:
    """The connector of the step. `has_lock` None: nobody knows."""

    status: str = ""
    fault: str = ""
    since: datetime | None = None
    has_lock: bool | None = None
    type: str = ""


@dataclass(frozen=True, slots=True)
class ChargeSeen:
    """The charge of the step's connector. `flowed_s`: for how long energy is proven; `peak_w` None: no power told."""

    pk: int
    transaction: str
    is_open: bool
    is_ours: bool
    began: datetime
    verdict: str = ""
    energy_wh: int = 0
    flowed_s: float = 0.0
    peak_w: int | None = None
    metered_at: datetime | None = None
    ended: datetime | None = None
    reason: str = ""
    start_seq: int | None = None
    meter_seq: int | None = None
    stop_seq: int | None = None


@dataclass(frozen=True, slots=True)
class CardSeen:
    """A card that was read: when, and in which log line. Never which card."""

    at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a rule may ask.

    `is_over`: the step's time has passed. `refused`: what Hub itself does not send, and why. `charges`: how many run.
    """

    now: datetime
    zone: ZoneInfo
    begun: datetime
    connector: int = 0
    is_over: bool = False
    link: LinkSeen = LinkSeen()
    boot: BootSeen = BootSeen()
    plate: Plate = Plate()
    times: Sequence[TimeTold] = ()
    settings: Sequence[Setting] = ()
    plug: PlugSeen = PlugSeen()
    charge: ChargeSeen | None = None
    charges: int = 0
    energy_s: int = 60
    card: CardSeen | None = None
    key: str = ""
    sent: Sequence[Sent] = ()
    refused: Mapping[Ask, str] = field(default_factory=dict)

    def sent_for(self, ask: Ask) -> Sequence[Sent]:
        """What was sent for this, the oldest first."""
        return [each for each in self.sent if each.is_for(ask)]

    def clock(self, at: datetime) -> str:
        """A time of day at the site."""
        return f"{at.astimezone(self.zone):%H:%M:%S}"

    def can_ask(self, ask: Ask, *, tries: int = TRIES, every_s: int = 0) -> bool:
        """Whether this may be sent (again): not refused by Hub, not under way, not answered, not tried too often.

        With `every_s` it is sent again after so many seconds, whatever was answered.
        """
        before = self.sent_for(ask)
        if ask in self.refused or len(before) >= tries:
            return False
        if not before:
            return True
        last = before[-1]
        if every_s:
            return last.said is not Said.OPEN and self.now - last.at >= timedelta(seconds=every_s)
        return last.said is Said.SILENT


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a step stands. While it runs, `words` say what it waits for, and `late` what is said when time is over."""

    state: StepState
    words: str
    late: str = ""
    ask: Ask | None = None
    seq: int | None = None
    charge: int | None = None


def passed(words: str, seq: int | None = None, charge: int | None = None) -> Verdict:
    """It is proven."""
    return Verdict(StepState.PASSED, words, seq=seq, charge=charge)


def is_told(value: str | None, wanted: str) -> bool:
    """Whether what the charger tells of a setting is what is wanted; chargers change case and blanks."""
    return value is not None and value.strip().lower() == wanted.strip().lower()


def failed(words: str, seq: int | None = None) -> Verdict:
    """It is wrong, with what to do."""
    return Verdict(StepState.FAILED, words, seq=seq)


def left_out(why: str) -> Verdict:
    """It cannot be tested here."""
    return Verdict(StepState.SKIPPED, why)


def waits(words: str, late: str = "", ask: Ask | None = None) -> Verdict:
    """It is not known yet; `ask` is sent first."""
    return Verdict(StepState.RUNNING, words, late, ask)
