"""The hand-over report of a job as data: what was built, what was tested, what is open. HTML and PDF show the same.

It says nothing of passwords, drivers or money. On the public page it names nobody beside the job's own installer.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from chargepoints.models import ChargePoint, Connector
from installer.acceptance.plan import place_of
from installer.choices import UNDONE, JobState, Side, StepKind, StepState
from installer.models import AcceptanceStep, InstallerJob, JobChargePoint, JobPhoto, Note
from installer.selectors.problems import problems_of
from installer.selectors.report import rows_reported

NOTHING = "–"  # noqa: RUF001 - an en dash is what an empty cell shows


@dataclass(frozen=True, slots=True)
class Result:
    """One step of the acceptance test; `words` is its evidence, or why it was left out."""

    label: str
    connector: int
    state: str
    state_label: str
    words: str
    at: str
    by: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo with what it shows; its bytes are found by `pk`."""

    pk: UUID
    shows: str
    at: str
    by: str
    width: int
    height: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Said:
    """A note of one side."""

    side: str
    text: str
    at: str
    by: str


@dataclass(frozen=True, slots=True)
class Unit:
    """One charge point of the job."""

    name: str
    identity: str
    serial: str
    model: str
    firmware: str
    location: str
    position: str
    connectors: Sequence[str]
    results: Sequence[Result]
    notes: Sequence[Said]
    photos: Sequence[Picture]

    @property
    def verdict(self) -> str:
        """All results in a few words: `8 passed, 1 skipped`."""
        counted = Counter("not done" if each.state in UNDONE else each.state for each in self.results)
        kinds = [StepState.PASSED, StepState.FAILED, StepState.SKIPPED, "not done"]
        return ", ".join(f"{counted[kind]} {kind}" for kind in kinds if counted[kind]) or "no test asked for"

    @property
    def is_proven(self) -> bool:
        """Whether each step passed."""
        return bool(self.results) and all(each.state == StepState.PASSED for each in self.results)


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report. Times are the site's; the checksum is of the data with all names, whoever reads it."""

    number: int
    organisation: str
    site: str
    address: str
    zone: str
    state: str
    is_completed: bool
    description: str
    instructions: str
    installer: str
    made_by: str
    made_at: str
    started_at: str
    completed_at: str
    completed_by: str
    activation: str
    problems: Sequence[str]
    units: Sequence[Unit]
    checksum: str = ""

    @property
    def title(self) -> str:
        """What it is called."""
        return f"Hand-over report, job {self.number}"

    @property
    def proven(self) -> int:
        """How many charge points passed everything."""
        return sum(unit.is_proven for unit in self.units)


def report_of(job: InstallerJob, *, is_public: bool = False) -> Report:
    """The report of this job; `site` with `team__organisation` must be loaded. The same data, the same report.

    `is_public`: for whoever has a link. Persons are not named then.
    """
    zone = ZoneInfo(job.site.time_zone)
    units = [_unit(row, zone) for row in rows_reported(job, is_public=is_public)]
    problems = job.open_problems if job.completed_at else problems_of(job)
    whole = Report(
        number=job.number,
        organisation=job.site.team.organisation.name,
        site=job.site.name,
        address=", ".join(part for part in (job.site.address, job.site.city) if part),
        zone=job.site.time_zone,
        state=JobState(job.state).label.capitalize(),
        is_completed=job.completed_at is not None,
        description=job.description,
        instructions=job.instructions,
        installer=job.installer_name,
        made_by=job.created_by_name,
        made_at=_moment(job.created_at, zone),
        started_at=_moment(job.started_at, zone),
        completed_at=_moment(job.completed_at, zone),
        completed_by=job.completed_by_name,
        activation=_activation(job),
        problems=[str(problem) for problem in problems],
        units=units,
    )
    signed = replace(whole, checksum=_checksum(whole))
    return _unnamed(signed) if is_public else signed


def _unit(row: JobChargePoint, zone: ZoneInfo) -> Unit:
    point: ChargePoint = row.charge_point
    steps = sorted(row.steps.all(), key=lambda step: place_of(step.kind, step.connector_number))
    return Unit(
        name=point.name,
        identity=point.identity or "",
        serial=point.serial,
        model=" ".join(part for part in (point.vendor, point.model) if part),
        firmware=point.firmware,
        location=point.location,
        position=str(row.connector_number or ""),
        connectors=[_connector(connector) for connector in point.connectors.all()],
        results=[_result(step, zone) for step in steps],
        notes=[_said(note, zone) for note in sorted(row.notes.all(), key=lambda note: note.side)],
        photos=[_picture(photo, zone) for photo in row.photos.all()],
    )


def _connector(connector: Connector) -> str:
    power = f"{connector.max_power_w / 1000:g} kW" if connector.max_power_w else ""
    kind = connector.get_type_display() if connector.type else ""
    facts = ", ".join(part for part in (kind, power) if part)
    return f"{connector.number}: {facts}" if facts else str(connector.number)


def _result(step: AcceptanceStep, zone: ZoneInfo) -> Result:
    # What it waits for is no evidence, and nobody has done it yet.
    words = "" if step.state == StepState.RUNNING else step.evidence
    return Result(
        label=StepKind(step.kind).label,
        connector=step.connector_number,
        state=step.state,
        state_label="not done" if step.state in UNDONE else StepState(step.state).label,
        words=step.skip_reason if step.state == StepState.SKIPPED else words,
        at=_moment(step.ended_at, zone),
        by="" if step.state in UNDONE else step.by_name,
    )


def _said(note: Note, zone: ZoneInfo) -> Said:
    return Said(Side(note.side).label, note.text, _moment(note.edited_at, zone), note.author_name)


def _picture(photo: JobPhoto, zone: ZoneInfo) -> Picture:
    return Picture(
        pk=photo.pk,
        shows=photo.get_kind_display(),
        at=_moment(photo.received_at, zone),
        by=photo.author_name,
        width=photo.width,
        height=photo.height,
        sha256=photo.sha256,
    )


def _activation(job: InstallerJob) -> str:
    if job.completed_at is None:
        return ""
    if not job.activated:
        return "No charge point was activated by completing the job."
    return f"{job.activated} charge point{'' if job.activated == 1 else 's'} of the site activated."


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if at else ""


def _checksum(report: Report) -> str:
    plain = json.dumps(asdict(report), sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _unnamed(report: Report) -> Report:
    """The same report without the names of persons."""
    units = [
        replace(
            unit,
            results=[replace(each, by="") for each in unit.results],
            notes=[replace(each, by="") for each in unit.notes],
            photos=[replace(each, by="") for each in unit.photos],
        )
        for unit in report.units
    ]
    return replace(report, made_by="", completed_by="", units=units)
