"""The public page of a job, ready to be shown."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from chargepoints.choices import Integration, State
from chargepoints.models import Site
from chargepoints.models.charge_point import IDENTITY_PATTERN
from chargepoints.rendering.status import combined_words
from installer.choices import WORKABLE, JobState, Side, StepState
from installer.models import AcceptanceStep, InstallerJob, JobChargePoint, Note
from installer.rendering.actions import ActionPanel, action_panel
from installer.rendering.checks import CheckLine, check_lines
from installer.rendering.steps import TestPanel, test_panel
from installer.selectors.knocks import Knock
from installer.selectors.rows import RowFacts, job_version, row_facts
from installer.services.placing import IDENTITY_WORDS

CONNECTORS_OFFERED = range(1, 5)
# For the attribute of a field: without anchors, and with the bar escaped, as browsers want it in a set.
TYPED_PATTERN = IDENTITY_PATTERN.strip("^$").replace("|", r"\|")
_PHONE = re.compile(r"\+?[\d\s()./-]{5,}")


@dataclass(frozen=True, slots=True)
class Fault:
    """An edit that was refused: beside its field, with what was typed."""

    row_id: int
    field: str
    text: str
    typed: str = ""


@dataclass(frozen=True, slots=True)
class RowView:
    """One charge point of the job."""

    row: JobChargePoint
    status: str
    tag: str
    checks: Sequence[CheckLine]
    steps: Sequence[AcceptanceStep]
    open_steps: Sequence[AcceptanceStep]
    notes: Mapping[str, Note]
    numbers: Sequence[int]
    why_locked: str
    knock: Knock | None
    is_done: bool
    is_connected: bool
    panel: ActionPanel
    test: TestPanel
    is_open: bool = False
    faults: Mapping[str, Fault] = field(default_factory=dict)

    @property
    def serial(self) -> str:
        """The identity, or the one that is claimed."""
        return self.row.charge_point.identity or self.row.charge_point.wanted_identity

    @property
    def address(self) -> str:
        """What to type into the charger; empty until it has an identity of its own."""
        identity = self.row.charge_point.identity
        return f"{settings.OCPP_URL.rstrip('/')}/{identity}" if identity else ""

    @property
    def mine(self) -> str:
        """The installer's note."""
        return self.notes[Side.INSTALLER].text if Side.INSTALLER in self.notes else ""

    @property
    def theirs(self) -> Note | None:
        """The operator's note."""
        return self.notes.get(Side.OPERATOR)


@dataclass(frozen=True, slots=True)
class JobView:
    """The whole page; `state` is the word that the page's script knows."""

    job: InstallerJob
    site: Site
    token: str
    rows: Sequence[RowView]
    version: str

    @property
    def base(self) -> str:
        """Where all addresses of the page begin."""
        return reverse("job_page", args=[self.token])

    @property
    def is_workable(self) -> bool:
        """Whether anything can be changed."""
        return self.job.state in WORKABLE

    @property
    def is_completed(self) -> bool:
        """Whether it is done and can only be read."""
        return self.job.state == JobState.COMPLETED

    @property
    def connected(self) -> int:
        """How many charge points are connected now."""
        return sum(row.is_connected for row in self.rows)

    @property
    def done(self) -> int:
        """How many are finished."""
        return sum(row.is_done for row in self.rows)

    @property
    def pattern(self) -> str:
        """What an identity may look like, for the phone: told at once, and not when there is network again."""
        return TYPED_PATTERN

    @property
    def pattern_words(self) -> str:
        """The same in words."""
        return IDENTITY_WORDS

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone: all times of the page are in it."""
        return ZoneInfo(self.site.time_zone)

    @property
    def route(self) -> str:
        """The site in the phone's map; empty without address and position."""
        where = ", ".join(part for part in (self.site.address, self.site.city) if part)
        if self.site.latitude is not None and self.site.longitude is not None:
            point = f"{self.site.latitude},{self.site.longitude}"
            return f"geo:{point}?q={point}"
        return f"geo:0,0?q={quote(where)}" if where else ""

    @property
    def call(self) -> str:
        """The contact's number for the phone; empty where it is none."""
        return re.sub(r"[^\d+]", "", self.job.contact) if _PHONE.fullmatch(self.job.contact.strip()) else ""


def job_view(job: InstallerJob, token: str, *, version: str = "", fault: Fault | None = None) -> JobView:
    """The page of `job`, whose `site` must be loaded. With `fault`, its charge point is the one that is open.

    `version`: the one that was just asked for, if it was.
    """
    # Before the facts: what changes meanwhile is asked for once more.
    version = version or job_version(job)
    rows = [_row(job, facts, fault) for facts in row_facts(job)]
    opened = fault.row_id if fault else next((row.row.pk for row in rows if not row.is_done), None)
    return JobView(job, job.site, token, [replace(row, is_open=row.row.pk == opened) for row in rows], version)


def _row(job: InstallerJob, facts: RowFacts, fault: Fault | None) -> RowView:
    row, point = facts.row, facts.row.charge_point
    steps = list(row.steps.all())
    open_steps = [step for step in steps if step.can_skip]
    connected = point.integration == Integration.CONNECTED
    is_done = connected and all(step.state in {StepState.PASSED, StepState.SKIPPED} for step in steps)
    known = {connector.number for connector in point.connectors.all()}
    chosen = {row.connector_number} if row.connector_number else set()
    return RowView(
        row=row,
        status=combined_words(point),
        tag=_tag(facts, is_done),
        checks=check_lines(job, facts),
        steps=steps,
        open_steps=open_steps,
        notes={note.side: note for note in row.notes.all()},
        numbers=sorted(known | set(CONNECTORS_OFFERED) | chosen),
        why_locked=_why_locked(facts.charging),
        knock=facts.knock,
        is_done=is_done,
        is_connected=connected,
        panel=action_panel(facts),
        test=test_panel(steps),
        faults={fault.field: fault} if fault and fault.row_id == row.pk else {},
    )


def _why_locked(charging: int) -> str:
    return "A charge is running. Stop it first, then change this." if charging else ""


def _tag(facts: RowFacts, is_done: bool) -> str:
    """The colour of the status: ok, live, warn, bad, todo."""
    point = facts.row.charge_point
    if point.wanted_identity or point.integration == Integration.ERROR or point.state == State.ERROR:
        return "bad"
    if point.integration == Integration.CONNECTED:
        return "ok" if is_done else "live"
    return "warn" if point.integration == Integration.DISCONNECTED else "todo"
