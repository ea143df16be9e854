"""The live check of a charge point on the public page: what has been seen of it, with its time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from chargepoints.choices import Registration
from installer.acceptance.box import CLOCK_MAY_DIFFER, is_same, offset_words
from installer.acceptance.facts import is_told
from installer.models import InstallerJob
from installer.refusals import OTHER_REFUSAL, REFUSALS
from installer.selectors.rows import RowFacts


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One line: `mark` is done, wait or bad; `at` is when it was seen."""

    mark: str
    label: str
    detail: str = ""
    at: datetime | None = None

    @property
    def glyph(self) -> str:
        """The icon."""
        return {"done": "check", "bad": "triangle-alert"}.get(self.mark, "hourglass")


def check_lines(job: InstallerJob, facts: RowFacts) -> Sequence[CheckLine]:
    """Called, model and serial, clock, and the settings where the job has some."""
    lines = [_called(facts), _told(facts), _clock(facts)]
    return [*lines, _settings(job, facts)] if job.configuration else lines


def _called(facts: RowFacts) -> CheckLine:
    point = facts.row.charge_point
    link = point.connection
    if link.is_connected:
        return CheckLine("done", "Charger called us", at=link.connected_at)
    if link.refused_at and (link.connected_at is None or link.refused_at > link.connected_at):
        why = REFUSALS.get(link.refused_reason, OTHER_REFUSAL)
        return CheckLine("bad", "Charger was refused", why, link.refused_at)
    if not point.identity:
        return CheckLine("wait", "Waiting for the charger", "It needs a serial first.")
    if link.disconnected_at:
        return CheckLine("wait", "Waiting for its next call", "It was connected until", link.disconnected_at)
    return CheckLine("wait", "Waiting for its first call")


def _told(facts: RowFacts) -> CheckLine:
    point = facts.row.charge_point
    said = " ".join(part for part in (point.vendor, point.model) if part)
    if point.booted_at is None or not point.connection.is_connected:
        return CheckLine("wait", "Model and serial", "It tells them when it starts.")
    if point.registration_told == Registration.REJECTED:
        return CheckLine("bad", "It was rejected", "The operator has to accept it.", point.booted_at)
    if not point.serial:
        return CheckLine("done", "Right model", f"{said}; it tells no serial.", point.booted_at)
    if is_same(point.serial, point.identity or ""):
        return CheckLine("done", "Right model and serial", said, point.booted_at)
    return CheckLine("wait", "Compare with the plate", f"It says: {said}, serial {point.serial}.", point.booted_at)


def _clock(facts: RowFacts) -> CheckLine:
    link, told, wrong = facts.row.charge_point.connection, facts.clock, facts.bad_clock
    if not link.is_connected or link.connected_at is None:
        return CheckLine("wait", "Clock", "Seen when it is connected.")
    if wrong is not None and wrong.last_at >= link.connected_at and (told is None or wrong.last_at >= told.at):
        side = "ahead" if wrong.rule == "clock-ahead" else "behind"
        return CheckLine("bad", "Clock is wrong", f"It is far {side}: {wrong.detail}", wrong.last_at)
    if told is None or told.at < link.connected_at:
        return _clock_repeated(facts, link.connected_at)
    shown = offset_words(told.offset_s)
    if abs(told.offset_s) <= CLOCK_MAY_DIFFER:
        return CheckLine("done", "Clock is right", shown, told.at)
    if told.offset_s > 0:
        return CheckLine("bad", "Clock is wrong", f"It is ahead by {shown}.", told.at)
    # A status may be older than the call that brings it.
    return CheckLine("wait", "Clock", f"It is behind by {shown}, or its status was an old one.", told.at)


def _clock_repeated(facts: RowFacts, connected_at: datetime) -> CheckLine:
    """A status that is no other than before keeps the charger's time, but not when it came: after it connected."""
    told = [one.status_at for one in facts.row.charge_point.connectors.all() if one.status_at]
    newest, margin = max(told, default=None), timedelta(seconds=CLOCK_MAY_DIFFER)
    if newest is None or newest < connected_at - margin:
        return CheckLine("wait", "Clock", "Seen with its next status.")
    if newest > timezone.now() + margin:
        return CheckLine("bad", "Clock is wrong", "It is ahead.", newest)
    return CheckLine("done", "Clock is right", at=newest)


def _settings(job: InstallerJob, facts: RowFacts) -> CheckLine:
    wanted = [(str(line.get("key", "")), str(line.get("value", ""))) for line in job.configuration]
    told = [(facts.settings.get(key.lower()), value) for key, value in wanted]
    right = [item for item, value in told if item is not None and is_told(item.value, value)]
    if len(right) == len(wanted):
        plural = "" if len(wanted) == 1 else "s"
        return CheckLine("done", f"{len(wanted)} setting{plural} written", at=max(item.reported_at for item in right))
    return CheckLine("wait", "Settings", f"{len(right)} of {len(wanted)} written")
