"""The rule about the settings of a job: read, written where they are others, and read back. Values are never told."""

from collections.abc import Sequence

from installer.acceptance.facts import TRIES, Ask, Facts, Said, Sent, Setting, Verdict, failed, passed, waits

_LATE = "The charger does not answer. Restart it, then run this step again."
# In a charger's own words none of these says much.
_NO = {Said.UNKNOWN: "not known to the charger", Said.SILENT: "no answer"}


def configuration(facts: Facts) -> Verdict:
    """Each setting of the job has its value in the charger, or will have it after the next restart."""
    wanted = facts.settings
    if not wanted:
        return passed("The job has no settings to write.")
    read = Ask("read_configuration", (("keys", tuple(each.key for each in wanted)),))
    # What does not fit into one call goes on in further ones.
    reads = [each for each in facts.sent if each.kind == "read_configuration" and "follows" not in each.given]
    if not reads and read not in facts.refused:
        return waits("Its settings are read.", _LATE, read)
    if any(each.said is Said.OPEN for each in facts.sent):
        return waits(_progress(facts), _LATE)
    for each in wanted:
        if not each.is_right and not _is_settled(facts, each):
            return waits(_progress(facts), _LATE, _write(each))
    written = [sent.answered_at for each in wanted if (sent := _last(facts, each)) and sent.answered_at]
    back = [each for each in reads if written and each.at >= max(written)]
    answered = any(each.said is not Said.SILENT for each in back)
    if written and not answered and len(back) < TRIES and read not in facts.refused:
        return waits("What was written is read back.", _LATE, read)
    return _told(facts)


def _write(setting: Setting) -> Ask:
    return Ask("configure", (("key", setting.key), ("value", setting.wanted)))


def _all(facts: Facts, setting: Setting) -> Sequence[Sent]:
    """What was written of this key, in the charger's spelling of it."""
    name = setting.key.lower()
    return [each for each in facts.sent if each.kind == "configure" and str(each.given.get("key")).lower() == name]


def _last(facts: Facts, setting: Setting) -> Sent | None:
    sent = _all(facts, setting)
    return sent[-1] if sent else None


def _is_settled(facts: Facts, setting: Setting) -> bool:
    """Whether writing it once more would bring nothing."""
    sent = _all(facts, setting)
    if _write(setting) in facts.refused:
        return True
    return bool(sent) and (sent[-1].said is not Said.SILENT or len(sent) >= TRIES)


def _progress(facts: Facts) -> str:
    done = sum(each.is_right or _is_settled(facts, each) for each in facts.settings)
    return f"{done} of {len(facts.settings)} settings done."


def _told(facts: Facts) -> Verdict:
    """The result by key: what is right, what waits for a restart, what was refused and why."""
    waiting, wrong = [], []
    for each in facts.settings:
        sent = _last(facts, each)
        is_accepted = sent is not None and sent.said is Said.YES
        if is_accepted and each.needs_reboot:
            waiting.append(each.key)
        elif not each.is_right and not (is_accepted and each.is_hidden):
            wrong.append(f"{each.key} ({_why(facts, each, sent)})")
    seq = max((each.seq for each in facts.sent if each.seq), default=None)
    if wrong:
        return failed(f"Not written: {', '.join(wrong)}. Ask the operator, or leave this step out.", seq)
    count = len(facts.settings)
    written = sum(_last(facts, each) is not None for each in facts.settings)
    words = f"{count} setting{'' if count == 1 else 's'}: {written} written, {count - written} right already"
    later = f"; in force after a restart: {', '.join(waiting)}" if waiting else ""
    return passed(f"{words}{later}.", seq)


def _why(facts: Facts, setting: Setting, sent: Sent | None) -> str:
    if sent is None:
        return facts.refused.get(_write(setting), "not written").rstrip(".")
    if sent.said is Said.YES:
        return "reads back otherwise"
    return _NO.get(sent.said) or sent.word or "refused"
