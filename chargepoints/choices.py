"""Every state, category and reason of the domain, with its label and its look, declared once."""

from django.db import models


class Integration(models.TextChoices):
    """Whether the charger speaks to us (SPEC section 1)."""

    CONNECTED = "connected", "connected"
    DISCONNECTED = "disconnected", "disconnected"
    PENDING = "pending", "pending"
    ERROR = "error", "error"
    NO_INTEGRATION = "no_integration", "Not connected"


class State(models.TextChoices):
    """What the charge point as a whole is doing (SPEC section 1)."""

    AVAILABLE = "available"
    BUSY = "busy"
    BUSY_CHARGING = "busy-charging"
    BUSY_NON_CHARGING = "busy-non-charging"
    BUSY_NON_RELEASED = "busy-non-released"
    BUSY_BLOCKED = "busy-blocked"
    BUSY_RESERVED = "busy-reserved"
    BUSY_SCHEDULED = "busy-scheduled"
    ERROR = "error"
    DISCONNECTED = "disconnected"
    MAINTENANCE = "maintenance"
    PASSIVE = "passive"
    OTHER = "other"


class ConnectorStatus(models.TextChoices):
    """What a connector reported: the 1.6 words, `Occupied` of 2.x, and `Unknown` for never reported."""

    UNKNOWN = "Unknown"
    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV", "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE", "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"
    OCCUPIED = "Occupied"


class ConnectorType(models.TextChoices):
    """The plug."""

    TYPE2 = "Type2", "Type 2"
    CCS = "CCS", "CCS"
    CHADEMO = "CHAdeMO", "CHAdeMO"
    SCHUKO = "Schuko", "Schuko"
    OTHER = "other", "Other"


class ChargeState(models.TextChoices):
    """The life of one charging session (SPEC section 1)."""

    RESERVED = "reserved"
    SCHEDULED = "scheduled"
    STARTING = "starting"
    CHARGING = "charging"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


OPEN_CHARGE_STATES = (
    ChargeState.STARTING,
    ChargeState.CHARGING,
    ChargeState.PAUSED,
    ChargeState.STOPPING,
)


class Category(models.TextChoices):
    """Colour of a log line: blue, green, yellow, white, grey."""

    STATE = "state", "State"
    TRANSACTION = "txn", "Transaction"
    LINK = "link", "Link"
    SECURITY = "auth", "Security"
    METER = "meter", "Meter"


class Direction(models.TextChoices):
    """Who spoke first on a log line."""

    IN = "in", "from the charger"
    OUT = "out", "to the charger"
    NONE = "", "our own note"


class KeyType(models.TextChoices):
    """What a charge key is."""

    RFID = "rfid", "RFID card"
    APP = "app", "App token"


class KeyState(models.TextChoices):
    """Whether a charge key works."""

    ACTIVE = "active", "Active"
    BLOCKED = "blocked", "Blocked"


class Verdict(models.TextChoices):
    """What a charger is told about a charge key (OCPP 1.6 AuthorizationStatus)."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    CONCURRENT = "ConcurrentTx", "ConcurrentTx"


class CommandStatus(models.TextChoices):
    """How far a command has come on its way to the charger and back."""

    SCHEDULED = "scheduled"
    WAITING = "waiting", "waiting for the charger"
    QUEUED = "queued"
    DISPATCHED = "dispatched"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FAILED = "failed"
    EXPIRED = "expired", "no answer"
    CANCELLED = "cancelled"


OPEN_COMMAND_STATUSES = (CommandStatus.QUEUED, CommandStatus.DISPATCHED, CommandStatus.SENT)
# Kept for later: until a time, or until the charger is back.
KEPT_COMMAND_STATUSES = (CommandStatus.SCHEDULED, CommandStatus.WAITING)


class Effect(models.TextChoices):
    """Whether what the command was for has been seen to happen."""

    NONE = "", "none expected"
    AWAITED = "awaited"
    SEEN = "seen", "effect seen"
    MISSING = "missing", "no effect"


class Registration(models.TextChoices):
    """What a BootNotification is answered with."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


class Refusal(models.TextChoices):
    """Why a handshake was refused, in words for the person who can mend it."""

    UNKNOWN_IDENTITY = "unknown-identity", "No charge point has this identity"
    NO_CREDENTIALS = "no-credentials", "It sent no password"
    WRONG_USER = "wrong-user", "Its user name is not its identity"
    WRONG_PASSWORD = "wrong-password", "Wrong password"
    NO_PASSWORD_SET = "no-password-set", "No password is set for this charge point"
    NO_SUBPROTOCOL = "no-subprotocol", "It offered no OCPP version"
    WRONG_SUBPROTOCOL = "wrong-subprotocol", "It offered no OCPP version that is allowed here"
    BAD_IDENTITY = "bad-identity", "The address does not end in a usable identity"
    INACTIVE = "inactive", "The charge point is deactivated"
    TOO_MANY = "too-many", "Too many attempts"
    DOWNGRADE = "downgrade", "It came with a lower security profile than it must have"
    BAD_CERTIFICATE = "bad-certificate", "Its client certificate is not good for this charge point"


class ReservationState(models.TextChoices):
    """How a reservation stands."""

    ACTIVE = "active"
    USED = "used"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class IssuedState(models.TextChoices):
    """How a certificate of ours for a charger stands."""

    REQUESTED = "requested"
    REFUSED = "refused"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVOKED = "revoked"


class PaymentKind(models.TextChoices):
    """Where the money for a charge comes from."""

    WALLET = "wallet", "Wallet"
    TEAM_WALLET = "team-wallet", "Team wallet"
    CARD = "card", "Card on file"
    INVOICE = "invoice", "Invoice"
    FREE = "free", "Free"


WALLETS = (PaymentKind.WALLET, PaymentKind.TEAM_WALLET)


class PaymentState(models.TextChoices):
    """How far the payment of one bill has come."""

    AUTHORISED = "authorised"
    CAPTURED = "captured"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    FAILED = "failed"


class BillState(models.TextChoices):
    """Where the bill of a charge stands. Only `paid` and `refunded` have moved money."""

    OPEN = "open", "Running"
    HELD = "held", "Held for review"
    PAID = "paid", "Paid"
    INVOICED = "invoiced", "On the next invoice"
    FREE = "free", "Free"
    UNPAID = "unpaid", "Not paid"
    REMOVED = "removed", "Payment removed"
    CANCELLED = "cancelled", "Cancelled"
    REFUNDED = "refunded", "Refunded"


class Hold(models.TextChoices):
    """Why a bill is held: a reading that cannot be, or an end that nobody saw (SPEC section 6)."""

    NEGATIVE = "negative", "The register fell"
    TOO_FAST = "too-fast", "More energy than the connector can deliver"
    ODOMETER = "odometer", "The meter's total was reported as the energy of the charge"
    OVERLAP = "overlap", "It overlaps another charge of the connector"
    ZERO_ENERGY = "zero-energy", "No energy, but the car was charging"
    MISSING_REGISTER = "missing-register", "A register is missing at the begin or the end"
    LOST_STOP = "lost-stop", "Its stop never arrived"
    LATE_STOP = "late-stop", "Its stop arrived after it had been closed"
    UNKNOWN_START = "unknown-start", "A stop without a start"
    BAD_CLOCK = "bad-clock", "The times cannot be right"
    MATCHED_STOP = "matched-stop", "Its stop came under another id"
    NO_PRICE = "no-price", "A price is missing"
    PAYMENT = "payment", "The payment failed"


class LedgerAccountKind(models.TextChoices):
    """What a ledger account stands for. Wallets are what we owe; receivables what we are owed."""

    WALLET = "wallet", "Wallet"
    HELD = "held", "Held for running charges"
    CARD = "card", "Cards"
    RECEIVABLE = "receivable", "Invoices to write"
    REVENUE = "revenue", "Revenue"
    VAT = "vat", "VAT"
    BANK = "bank", "Bank"


class MovementKind(models.TextChoices):
    """Why money moved."""

    TOP_UP = "top-up", "Top-up"
    PAY_OUT = "pay-out", "Pay-out"
    AUTHORISE = "authorise", "Authorised"
    RELEASE = "release", "Released"
    CAPTURE = "capture", "Captured"
    REFUND = "refund", "Refunded"
    CORRECTION = "correction", "Correction"
