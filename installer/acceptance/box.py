"""Rules about the whole charge point: called, booted, serial, clock, key read."""

from installer.acceptance.facts import Ask, Facts, Said, Verdict, failed, passed, waits

# Seconds that a clock may differ: beyond them prices by the hour and receipts begin to be wrong.
CLOCK_MAY_DIFFER = 60

BOOT = Ask("trigger", (("message", "BootNotification"),))
RESET = Ask("reboot", (("type", "Soft"),))
COUNT = Ask("read_configuration", (("keys", ("NumberOfConnectors",)),))
_COUNTING = "It is asked how many connectors it has."
_HOW_MANY = "Ask the operator to correct it."
_SILENT = "It has not said what it is. Switch it off and on, then run this step again."
_SET = "Set its time server and its time, then run this step again."


def connected(facts: Facts) -> Verdict:
    """It called us, and is still there."""
    link = facts.link
    if link.is_connected and link.since:
        profile = "" if link.profile is None else f", security profile {link.profile}"
        return passed(f"Connected since {facts.clock(link.since)}, {link.version or 'OCPP'}{profile}.", link.seq)
    if link.refused:
        return waits(link.refused, f"{link.refused} Then run this step again.")
    if not link.has_identity:
        return failed("The charge point has no identity. Type it above, then run this step again.")
    return waits(
        "Waiting for its call.",
        "The charger has not called. Check its network and the address that was typed in, then run this step again.",
    )


def booted(facts: Facts) -> Verdict:
    """A BootNotification since the job was made: of itself, asked for, or after a restart."""
    boot = facts.boot
    if boot.at and boot.wanted_since and boot.at >= boot.wanted_since:
        if boot.registration == "Pending":
            return waits("It booted, and waits for the operator to accept it.", "The operator has to accept it.")
        firmware = f", firmware {boot.firmware}" if boot.firmware else ""
        return passed(f"{boot.model or 'Model not told'}{firmware}; booted {facts.clock(boot.at)}.", boot.seq)
    asked = facts.sent_for(BOOT)
    is_asked = bool(asked) and (asked[-1].said is Said.OPEN or (asked[-1].said is Said.YES and not asked[-1].no_effect))
    if facts.can_ask(BOOT) or is_asked:
        return waits("It is asked what it is.", _SILENT, None if is_asked else BOOT)
    return _restarted(facts)


def _restarted(facts: Facts) -> Verdict:
    """One that cannot be asked says what it is when it starts."""
    if facts.charges:
        return waits("It has to restart, but a charge runs. Stop it.", "A charge runs. Stop it, then run this again.")
    reset = facts.sent_for(RESET)
    if facts.can_ask(RESET):
        return waits("It is restarted.", _SILENT, RESET)
    if reset and reset[-1].said in {Said.OPEN, Said.YES}:
        return waits("It restarts.", _SILENT)
    return waits("Switch it off and on: it says what it is when it starts.", _SILENT)


def serial(facts: Facts) -> Verdict:
    """The serial that it tells is its identity or stands on its sticker, and its connectors are those registered."""
    boot, plate = facts.boot, facts.plate
    if boot.at is None:
        return waits("It tells its serial when it boots.", "It has not told its serial: it has not booted.")
    names = [name for name in (plate.identity, plate.sticker) if name]
    if boot.serial and not any(is_same(boot.serial, name) for name in names):
        return failed(
            f"It says serial {boot.serial}, and its identity is {plate.identity}. Compare with the plate: "
            "correct the identity, or leave this step out if both are right.",
            boot.seq,
        )
    told = f"Serial {boot.serial}" if boot.serial else "It tells no serial"
    return _counted(facts, told)


def _counted(facts: Facts, told: str) -> Verdict:
    """The connectors that it says it has are those that are registered, and each has reported."""
    plate, count = facts.plate, len(facts.plate.connectors)
    is_asked = any(each.said is Said.OPEN for each in facts.sent_for(COUNT))
    if plate.told is None and (is_asked or facts.can_ask(COUNT, tries=2)):
        return waits(_COUNTING, "It does not answer. Restart it.", None if is_asked else COUNT)
    if plate.told is not None and plate.told != count:
        return failed(f"It says that it has {_many(plate.told)}, and {count} are registered. {_HOW_MANY}")
    missing = [number for number in plate.connectors if number not in plate.reported]
    if missing or not count:
        return _unreported(facts, missing)
    return passed(f"{told}, {_many(count)} reported.", facts.boot.seq)


def _unreported(facts: Facts, missing: list[int]) -> Verdict:
    number = missing[0] if missing else None
    what = f"Connector {number} has" if number else "No connector has"
    late = f"{what} not reported its status. Restart the charger; if it has none there: {_HOW_MANY.lower()}"
    ask = Ask("trigger", (("message", "StatusNotification"), ("connector", number)))
    return waits(f"{what} not reported yet.", late, ask if facts.can_ask(ask, every_s=20) else None)


def is_same(serial: str, name: str) -> bool:
    """Whether a serial and an identity or sticker mean the same: equal, or one with a prefix of the maker."""
    one, other = (_plain(text) for text in (serial, name))
    return bool(one and other) and (one.endswith(other) or other.endswith(one))


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _many(count: int) -> str:
    return f"{count} connector{'' if count == 1 else 's'}"


def clock(facts: Facts) -> Verdict:
    """Its own time in its last messages, the newest first. What is asked for now cannot be old."""
    right = next((told for told in facts.times if abs(told.offset_s) <= CLOCK_MAY_DIFFER), None)
    if right is not None:
        return passed(f"{offset_words(right.offset_s)} to ours.", right.seq)
    newest = facts.times[0] if facts.times else None
    late, words = "It has told no time. Restart it, then run this step again.", "It is asked for its time."
    if newest is not None:
        side = "ahead" if newest.offset_s > 0 else "behind"
        late = f"Its clock is {side} by {offset_words(newest.offset_s).lstrip(_SIGNS)}. {_SET}"
        words = f"{late.partition('.')[0]}. It is asked once more."
    for ask in _TIMES:
        if any(each.said is Said.OPEN for each in facts.sent_for(ask)):
            return waits(words, late)
        if facts.can_ask(ask):
            return waits(words, late, ask)
    is_fresh = newest is not None and all(newest.at >= each.at for each in facts.sent) and bool(facts.sent)
    return failed(late, newest.seq) if newest is not None and is_fresh else waits(words, late)


_SIGNS = "+−"  # noqa: RUF001 - a minus
_TIMES = (
    Ask("trigger", (("message", "StatusNotification"), ("connector", 1))),
    # Readings that are asked for are of now; a status may keep the time of its change.
    Ask("trigger", (("message", "MeterValues"), ("connector", 1))),
)


def offset_words(seconds: float) -> str:
    """A difference of clocks, as +0.2 s; from two minutes on in minutes or hours, without a sign."""
    if abs(seconds) < 0.05:
        return "0.0 s"
    if abs(seconds) < 120:
        return f"{seconds:+.1f} s".replace("-", "−")  # noqa: RUF001 - a minus
    minutes = round(abs(seconds) / 60)
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"


def key_read(facts: Facts) -> Verdict:
    """A card was read: an Authorize, or a start that the test has not asked for. Which card is nobody's business."""
    if facts.card is not None:
        return passed(f"A card was read at {facts.clock(facts.card.at)}.", facts.card.seq)
    return waits(
        "Hold a card to the reader.",
        "No card was read. Hold a card to the reader and run this step again, or leave it out.",
    )
