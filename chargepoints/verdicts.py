"""The verdict of a check: from facts to sentences, with their evidence, what was repaired, and what to do. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from chargepoints.choices import ConnectorStatus, Refusal, Registration

LONGEST = 255
# What to do about a refused knock; the others are about what the charger was told to be.
_AFTER_REFUSAL = {
    Refusal.WRONG_PASSWORD: "Set a new password, and type it into the charger.",
    Refusal.NO_CREDENTIALS: "Type the password into the charger, or let it in without one under Settings.",
    Refusal.NO_PASSWORD_SET: "Set a password under Integration, and type it into the charger.",
    Refusal.WRONG_USER: "Type its identity as the user name into the charger.",
    Refusal.INACTIVE: "Activate it under Settings.",
}


@dataclass(frozen=True, slots=True)
class LinkFound:
    """The connection: since when it is there or gone, and why; `refused` is its last knock since then, if refused."""

    identity: str
    connected: bool
    since: datetime | None = None
    close_code: int | None = None
    refused_at: datetime | None = None
    refused: str = ""
    heard_at: datetime | None = None
    registration: str = ""
    # The connection that the check began on has ended.
    broke: bool = False


@dataclass(frozen=True, slots=True)
class OpenCharge:
    """The charge on a connector: `closed` as lost stop by this check; `is_new` when it began during it."""

    started_at: datetime
    closed: bool = False
    is_new: bool = False
    metered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConnectorFound:
    """A connector: what it says, since the check began (`is_fresh`) or before; `fault` is its error in a word.

    `is_promised`: the charger has accepted to tell it.
    """

    number: int
    status: str
    is_fresh: bool
    fault: str = ""
    charge: OpenCharge | None = None
    is_promised: bool = False


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One call of the check in words, how it ended, and how long its answer took, where there was one."""

    what: str
    ended: str
    milliseconds: int | None = None


@dataclass(frozen=True, slots=True)
class CheckFound:
    """All that a check has found."""

    now: datetime
    zone: tzinfo
    link: LinkFound
    steps: Sequence[StepTaken] = ()
    connectors: Sequence[ConnectorFound] = ()
    box_fault: str = ""
    maintenance: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`is_sound` when nothing is wrong any more; then there is nothing to do, else `advice` says what."""

    is_sound: bool
    sentence: str
    advice: str = ""
    evidence: Sequence[str] = field(default=())
    repaired: Sequence[str] = field(default=())


def verdict_of(found: CheckFound) -> Verdict:
    """What the facts say, in words."""
    link, evidence = found.link, tuple(_evidence(found))
    if not link.identity:
        sentence = "It has no identity: no charger can connect as it."
        return Verdict(False, sentence, "Give it one under Settings.", evidence)
    if not link.connected:
        return Verdict(False, _offline(found), _offline_advice(link), evidence)
    if link.registration == Registration.REJECTED:
        sentence = "Connected, but rejected: nothing is sent to it."
        return Verdict(False, sentence, "Accept it under Settings, then check it again.", evidence)
    taken = [step.milliseconds for step in found.steps if step.milliseconds is not None]
    if not taken:
        heard = f": last heard {_ago(found, link.heard_at)}" if link.heard_at else ""
        return Verdict(False, f"Connected, but it does not answer{heard}.", "Reboot it.", evidence)
    return _answering(found, min(taken), evidence)


def _answering(found: CheckFound, milliseconds: int, evidence: Sequence[str]) -> Verdict:
    wrong = list(_wrong(found))
    repaired = [_repaired(found, connector) for connector in found.connectors if _is_closed(connector)]
    told = [f"Connected, answers in {_span(milliseconds)}"]
    parts = [*repaired, *(sentence for sentence, _ in wrong)]
    if not parts:
        parts = [_all_well(found)]
    told += [part for part in parts if part]
    advice = " ".join(dict.fromkeys(advice for _, advice in wrong))
    return Verdict(not wrong, _shortened("; ".join(told)), advice, evidence, repaired)


def _all_well(found: CheckFound) -> str:
    fresh = [connector for connector in found.connectors if connector.is_fresh]
    if not found.connectors:
        return "it has reported no connector yet"
    if not fresh:
        return "it does not tell its state on request, so what it told before stands"
    return "; ".join(f"connector {connector.number} says {connector.status}" for connector in found.connectors)


def _wrong(found: CheckFound) -> Iterator[tuple[str, str]]:
    """What is wrong, and what to do about it."""
    if found.box_fault:
        yield f"the charger itself is faulted: {found.box_fault}", "Reboot it; if the fault stays, call service."
    for connector in found.connectors:
        name = f"connector {connector.number}"
        charge = connector.charge
        if connector.status == ConnectorStatus.FAULTED:
            fault = f": {connector.fault}" if connector.fault else ""
            yield f"{name} is faulted{fault}", "Reboot it; if the fault stays, call service."
        elif connector.is_promised and not connector.is_fresh:
            yield f"{name} did not tell its state", "Check again; if it stays silent, reboot the charger."
        elif charge is not None and _is_stale(connector, charge):
            since = _clock(found, charge.started_at)
            metered = f", metered {_ago(found, charge.metered_at)}" if charge.metered_at else ""
            says = "says" if connector.is_fresh else "said before"
            yield f"{name} {says} Available but a charge is open since {since}{metered}", _STALE
        elif charge is None and connector.status == ConnectorStatus.CHARGING and connector.is_fresh:
            yield f"{name} says Charging but no charge is known", "Look at its log: the start may still come."


_STALE = "Check again in some minutes; stop the charge by force if nobody charges."


def _is_stale(connector: ConnectorFound, charge: OpenCharge) -> bool:
    return connector.status == ConnectorStatus.AVAILABLE and not charge.closed and not charge.is_new


def _is_closed(connector: ConnectorFound) -> bool:
    return connector.charge is not None and connector.charge.closed


def _repaired(found: CheckFound, connector: ConnectorFound) -> str:
    since = _clock(found, connector.charge.started_at) if connector.charge else ""
    says = f"connector {connector.number} says {connector.status}"
    return f"{says} but a charge was open since {since}: closed as lost stop"


def _offline(found: CheckFound) -> str:
    link = found.link
    if link.since is None:
        sentence = "It has never connected."
    elif link.broke:
        sentence = f"The connection ended during the check{_code(link)}."
    else:
        sentence = f"Offline since {_clock(found, link.since)}{_code(link)}."
    if link.refused:
        word = Refusal(link.refused).label if link.refused in Refusal.values else link.refused
        at = f" at {_clock(found, link.refused_at)}" if link.refused_at else ""
        sentence += f" Its last knock{at} was refused: {word[0].lower()}{word[1:]}."
    return _shortened(sentence.removesuffix("."))


def _offline_advice(link: LinkFound) -> str:
    if link.refused:
        known = Refusal(link.refused) if link.refused in Refusal.values else None
        return _AFTER_REFUSAL.get(known, "See Integration for what it offered.") if known else "See Integration."
    if link.since is None:
        return "Type its address, identity and password into the charger; see Integration."
    if link.broke:
        return "Check again when it is back."
    return "Check its power and its network; others of the site that are offline too point to the router."


def _code(link: LinkFound) -> str:
    return f" (code {link.close_code})" if link.close_code is not None else ""


def _evidence(found: CheckFound) -> Iterator[str]:
    link = found.link
    if link.connected and link.since:
        yield f"Connected since {_clock(found, link.since)}."
    if link.heard_at:
        yield f"Last message {_ago(found, link.heard_at)}."
    for step in found.steps:
        after = f" after {_span(step.milliseconds)}" if step.milliseconds is not None else ""
        yield f"{step.what}: {step.ended}{after}."
    for connector in found.connectors:
        says = f"says {connector.status}" if connector.is_fresh else f"said {connector.status} before"
        if connector.status in {"", ConnectorStatus.UNKNOWN}:
            says = "has told no status yet"
        yield f"Connector {connector.number} {says}{f', {connector.fault}' if connector.fault else ''}."
    if found.maintenance:
        yield "It is in maintenance."
    if link.registration == Registration.PENDING:
        yield "It is pending: it has not been accepted yet."


def _clock(found: CheckFound, at: datetime) -> str:
    """The site's clock; with the day where it is not today."""
    local, today = at.astimezone(found.zone), found.now.astimezone(found.zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local.day} {local:%b %H:%M}" if local.year == today.year else f"{local.day} {local:%b %Y %H:%M}"


def _ago(found: CheckFound, at: datetime | None) -> str:
    seconds = max(int((found.now - at).total_seconds()), 0) if at else 0
    for size, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {word} ago"
    return f"{seconds} s ago" if seconds > 1 else "just now"


def _span(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1_000 else f"{milliseconds / 1000:.1f} s"


def _shortened(sentence: str) -> str:
    """With its full stop, and no longer than its column."""
    return f"{sentence}." if len(sentence) < LONGEST else f"{sentence[: LONGEST - 2]}…"
