"""Rules about one connector: the test charge begins, energy flows, it ends, and the cable is released."""

from collections.abc import Sequence

from installer.acceptance.facts import TRIES, Ask, Facts, Said, Sent, Verdict, failed, left_out, passed, waits

# A car hangs on the cable.
_PLUGGED = frozenset({"Preparing", "Occupied", "SuspendedEV", "SuspendedEVSE", "Finishing"})
_PLUG_IN = "Plug in a car or a test box"
_NONE_BEGAN = f"No charge has begun. {_PLUG_IN}, then run this step again."
# Readings are asked for when none has come for so long (s).
_METER_EVERY = 20
_METER_ASKS = 12


def start(facts: Facts) -> Verdict:
    """The charger is told to start, without a driver, and a charge with the test key begins there."""
    plug, number, charge = facts.plug, facts.connector, facts.charge
    if charge is not None and charge.is_ours:
        if charge.verdict not in {"", "Accepted"}:
            return failed(f"It began, but the test key is {charge.verdict}. Ask the operator.", charge.start_seq)
        return passed(f"Charge {charge.transaction} began at {facts.clock(charge.began)}.", charge.start_seq, charge.pk)
    obstacle = ""
    if charge is not None and charge.is_open:
        obstacle = f"A charge runs on connector {number} already. Stop it first."
    elif plug.status == "Faulted":
        obstacle = f"Connector {number} is faulted{f' ({plug.fault})' if plug.fault else ''}. Put that right."
    if obstacle:
        return waits(obstacle, f"{obstacle} Then run this step again.")
    ask = Ask("start", (("connector", number), ("id_tag", facts.key)))
    sent = facts.sent_for(ask)
    if refusal := facts.refused.get(ask, ""):
        return waits(refusal, refusal)
    if not sent or sent[-1].said is Said.OPEN:
        return waits("It is told to start a charge.", _NONE_BEGAN, None if sent else ask)
    return _told_to_start(facts, ask, sent)


def _told_to_start(facts: Facts, ask: Ask, sent: Sequence[Sent]) -> Verdict:
    """It has answered, or was silent: what it waits for, and whether it is told again."""
    plug, last = facts.plug, sent[-1]
    again = ask if len(sent) < TRIES else None
    if last.said is Said.YES and not last.no_effect:
        return waits(f"{_PLUG_IN}: the charge begins by itself.", _NONE_BEGAN)
    if last.said in {Said.YES, Said.SILENT}:
        return waits(f"{_PLUG_IN}.", _NONE_BEGAN, again)
    refused = f"The charger has refused to start a charge ({last.word or 'no reason told'})."
    is_new = plug.since is not None and last.answered_at is not None and plug.since > last.answered_at
    return waits(
        f"{refused} {_PLUG_IN}: it is tried again by itself.",
        f"{refused} {_PLUG_IN}, then run this step again.",
        again if is_new and plug.status in _PLUGGED else None,
    )


def energy(facts: Facts) -> Verdict:
    """The register rises for as long as the job wants it; power is told besides where the charger measures it."""
    charge = facts.charge
    if charge is None:
        return waits("Start a charge at the charger.", "No charge runs. Start one, then run this step again.")
    shown = f"{charge.energy_wh} Wh in {charge.flowed_s:.0f} s"
    if charge.energy_wh > 0 and charge.flowed_s >= facts.energy_s:
        return passed(f"{shown}, {_power(charge.peak_w)}.", charge.meter_seq, charge.pk)
    if not charge.is_open:
        why = f" ({charge.reason})" if charge.reason else ""
        return failed(f"The charge ended{why} after {shown}. Run this step again.", charge.stop_seq)
    if charge.energy_wh > 0:
        words = f"{shown} of {facts.energy_s} s."
        late = f"Energy flowed for {charge.flowed_s:.0f} s only, not for {facts.energy_s} s. Run this step again."
    elif charge.peak_w:
        words = "Power is seen, but the register has not risen yet."
        late = "Power was seen, but the register does not rise. Check the meter."
    else:
        words = "Waiting for energy. Let the car or the test box take power."
        late = "No energy has flowed. Check the car or the test box, and the meter."
    return waits(words, late, _meter(facts))


def _power(peak_w: int | None) -> str:
    return "no power told" if peak_w is None else f"up to {peak_w / 1000:.1f} kW"


def _meter(facts: Facts) -> Ask | None:
    """Readings, when none came lately: some chargers send one in a quarter of an hour only."""
    ask = Ask("trigger", (("message", "MeterValues"), ("connector", facts.connector)))
    charge = facts.charge
    newest = charge.metered_at or charge.began if charge else facts.now
    if (facts.now - newest).total_seconds() < min(_METER_EVERY, facts.energy_s):
        return None
    return ask if facts.can_ask(ask, tries=_METER_ASKS, every_s=_METER_EVERY) else None


def stop(facts: Facts) -> Verdict:
    """The charger is told to stop, and the charge ends."""
    charge = facts.charge
    if charge is None:
        return failed("There is no test charge to stop. Run the start of it again.")
    if charge.ended is not None or not charge.is_open:
        at = f" at {facts.clock(charge.ended)}" if charge.ended else ""
        reason = f", reason {charge.reason}" if charge.reason else ""
        return passed(
            f"Charge {charge.transaction} ended{at} with {charge.energy_wh} Wh{reason}.", charge.stop_seq, charge.pk
        )
    ask = Ask("stop", (("charge", charge.pk),))
    late = "The charge still runs. Stop it at the charger, and tell the operator."
    sent = facts.sent_for(ask)
    if not sent or facts.can_ask(ask):
        refusal = facts.refused.get(ask, "")
        return waits(refusal or "It is told to stop.", late, None if refusal else ask)
    last = sent[-1]
    if last.said in {Said.NO, Said.UNKNOWN}:
        refused = f"The charger has refused to stop ({last.word or 'no reason told'}). Stop the charge at the charger."
        return waits(refused, f"{refused} Then run this step again.")
    return waits("It stops the charge.", late)


def unlock(facts: Facts) -> Verdict:
    """The cable is released where there is a lock: Type 2 sockets. Left out by itself where there is none."""
    plug, number = facts.plug, facts.connector
    if plug.has_lock is False:
        return left_out(f"A {plug.type} connector has no lock that can be released from here.")
    ask = Ask("unlock", (("connector", number),))
    late = "The charger does not answer. Run this step again."
    if facts.charge is not None and facts.charge.is_open:
        words = f"A charge runs on connector {number}. Stop it first."
        return waits(words, f"{words} Then run this step again.")
    sent = facts.sent_for(ask)
    if not sent or facts.can_ask(ask):
        refusal = facts.refused.get(ask, "")
        return waits(refusal or "It is told to release the cable.", refusal or late, None if refusal else ask)
    return _unlocked(sent[-1], late)


def _unlocked(last: Sent, late: str) -> Verdict:
    if last.said is Said.YES:
        return passed("The charger says that it is unlocked.", last.seq)
    if last.said is Said.UNKNOWN or last.word == "NotSupported":
        return left_out("The charger says that it has no lock that can be released.")
    if last.said is Said.NO:
        words = f"The cable was not released ({last.word}). Take the pull off the cable, then run this step again."
        return failed(words, last.seq)
    return waits("It is told to release the cable.", late)
