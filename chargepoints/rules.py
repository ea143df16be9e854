"""Where chargers may deviate and be understood all the same: each rule named, once, in words for the operator.

Strict out, lenient in, never silent: what is mended is recorded as a Finding under the id of its rule.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A deviation: what the charger does and what is done about it.

    `is_breach`: it breaks the protocol, so a charger in strict mode gets a CALLERROR. The others are odd, not wrong.
    """

    id: str
    says: str
    instead: str
    is_breach: bool = True


def _table(*rules: Rule) -> dict[str, Rule]:
    return {rule.id: rule for rule in rules}


_FRAMES = _table(
    Rule("leading-comma", "It writes a comma before the first item of a list.", "The comma is dropped."),
    Rule("control-character", "It writes control characters into texts.", "They are read as part of the text."),
    Rule("lone-surrogate", "It writes half characters into texts.", "They are replaced by a question mark."),
    Rule("null-payload", "It sends null where an object belongs.", "It is taken for an empty object."),
    Rule(
        "broken-frame", "It sends messages that cannot be read.", "They are answered with an error and kept in the log."
    ),
    Rule("refused-call", "It sends calls that lack what matters.", "They are answered with an error."),
    Rule("ignored-frame", "It sends text that is no OCPP message.", "It is ignored and kept in the log.", False),
    Rule("long-message-id", "Its message ids are longer than 36 characters.", "Up to 255 are taken and sent back."),
    Rule(
        "calls-overlap", "It sends a call before the one before it is answered.", "Each is answered, in order.", False
    ),
    Rule(
        "late-answer", "It answers after the time is over, or what nobody asked.", "The answer changes nothing.", False
    ),
    Rule("too-fast", "It sends more messages than the limit.", "It is read more slowly.", False),
)

_FIELDS = _table(
    Rule("unknown-field", "It sends fields that the protocol does not have.", "They are kept in the log only."),
    Rule(
        "too-long", "It sends texts that are longer than allowed.", "They are taken as they are, up to our own limits."
    ),
    Rule("unknown-value", "It uses words that the protocol does not have.", "The word is kept as it came."),
    Rule(
        "unknown-status", "It reports a status that the protocol does not have.", "The connector is shown as unknown."
    ),
    Rule(
        "wrong-type", "It sends texts for numbers, or numbers for texts.", "They are converted where nothing is lost."
    ),
    Rule("out-of-range", "It sends values outside what is allowed.", "They are read as far as they make sense."),
    Rule("null-field", "It sends null where a field may only be left out.", "The field is taken for absent."),
    Rule("no-time", "It leaves out the time, or sends no text for it.", "The time of arrival is used."),
)

_VALUES = _table(
    Rule("time-without-zone", "Its times say no time zone.", "They are taken for UTC."),
    Rule("time-unreadable", "Its times cannot be read.", "The time of arrival is used."),
    Rule("clock-behind", "Its clock is more than a year behind, such as 1970.", "The time of arrival is used.", False),
    Rule("clock-ahead", "Its clock is more than an hour ahead.", "The time of arrival is used.", False),
    Rule("comma-decimal", "It writes numbers with a decimal comma.", "The comma is read as a point."),
    Rule("odd-transaction", "It names a transaction 0 or less.", "That is taken for “none”.", False),
    Rule("odd-connector", "It names a connector that cannot exist.", "It is taken for the charger itself.", False),
    Rule("odd-register", "It reports a register below zero.", "The register counts as missing.", False),
)

_CHARGES = _table(
    Rule("repeated-start", "It sends the same start again.", "It gets the same answer; there is one charge.", False),
    Rule("repeated-stop", "It sends the same stop again.", "It gets the same answer; the first one counts.", False),
    Rule("orphan-stop", "It stops charges that were never started here.", "They are kept for review.", False),
    Rule(
        "lost-stop", "It starts a charge while one runs on the connector.", "The older one is closed for review.", False
    ),
)

_LINK = _table(
    Rule("two-sockets", "It opens a second connection beside the first.", "Commands go to the newest.", False),
    Rule("flapping", "It connects again and again within minutes.", "It is let in each time.", False),
    Rule("boot-loop", "It boots again and again within minutes.", "Each boot is answered; charges go on.", False),
    Rule("no-boot", "It does not boot when it is new, and not when asked to.", "It is taken in without a boot.", False),
    Rule("no-subprotocol", "It offers no OCPP version.", "The version set for it is assumed.", False),
    Rule("trailing-slash", "Its address ends in a slash.", "The slash is ignored.", False),
    Rule("identity-case", "It writes its identity in other letters than registered.", "Case is ignored.", False),
    Rule("hex-password", "It writes its password in the other form, text or hex.", "Both forms are accepted.", False),
)

RULES: dict[str, Rule] = {**_FRAMES, **_FIELDS, **_VALUES, **_CHARGES, **_LINK}
