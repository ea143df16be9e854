"""How jobs, links and steps look on the desk, and what is told of each charge point of a job."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from django.urls import reverse

from chargepoints.models import ChargePoint
from chargepoints.rendering.sites import Part, parts_of
from chargepoints.rendering.status import Look, combined_words, link_look
from hub.audit.models import AuditEntry
from hub.audit.words import deed, summary
from installer.acceptance.plan import place_of
from installer.choices import JobState, LinkState, PhotoKind, Side, StepKind, StepState
from installer.models import AcceptanceStep, InstallerJob, JobChargePoint, JobLink, JobPhoto, Note
from installer.selectors.jobs import JobFigures

JOB_LOOKS = {
    JobState.OPEN: Look("prep", "circle-dashed", "Open"),
    JobState.IN_PROGRESS: Look("charge", "hard-hat", "In progress"),
    JobState.COMPLETED: Look("ok", "circle-check", "Completed"),
    JobState.ARCHIVED: Look("gone", "archive", "Archived"),
}
LINK_LOOKS = {
    LinkState.WORKS: Look("ok", "link", "Works"),
    LinkState.EXPIRED: Look("gone", "clock", "Expired"),
    LinkState.REVOKED: Look("off", "ban", "Revoked"),
    LinkState.CLOSED: Look("gone", "archive", "Job archived"),
}
# What the state of a job says of its links (SPEC section 7: revoked or expired link); None: there is none.
_JOB_LINK_LOOKS = {
    LinkState.WORKS: Look("ok", "link", "Link works"),
    LinkState.EXPIRED: Look("warn", "clock", "Link expired"),
    LinkState.REVOKED: Look("warn", "ban", "Link revoked"),
    None: Look("warn", "link", "No link"),
}
STEP_LOOKS = {
    StepState.TODO: Look("gone", "circle", "To do"),
    StepState.RUNNING: Look("charge", "loader-circle", "Running"),
    StepState.PASSED: Look("ok", "circle-check", "Passed"),
    StepState.FAILED: Look("bad", "triangle-alert", "Failed"),
    StepState.SKIPPED: Look("warn", "ban", "Skipped"),
}
# Steps that say something about a charge point long after the job.
_TELLING = (StepState.FAILED, StepState.SKIPPED)


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in the list."""

    job: InstallerJob
    look: Look
    figures: JobFigures
    link_look: Look


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step with its evidence; `url` leads to the log line that proves it."""

    step: AcceptanceStep
    look: Look
    name: str
    told: str
    url: str


@dataclass(frozen=True, slots=True)
class PhotoLine:
    """A photo and its addresses, which are empty where none can be served."""

    photo: JobPhoto
    name: str
    url: str
    small_url: str


@dataclass(frozen=True, slots=True)
class RowCard:
    """A charge point of a job, with all that is known of the work.

    `is_here`: still at the job's site; `steps`: those that have begun or are next; `left`: the others, `todo` in words.
    """

    row: JobChargePoint
    charge_point: ChargePoint
    is_here: bool
    status: str
    look: Look
    steps: Sequence[StepLine]
    left: Sequence[StepLine]
    todo: str
    passed: int
    total: int
    photos: Sequence[PhotoLine]
    installer_note: Note | None
    operator_note: Note | None

    @property
    def is_running(self) -> bool:
        """Whether its acceptance test runs."""
        return any(line.step.is_under_way for line in self.steps)


@dataclass(frozen=True, slots=True)
class RowLine:
    """One job of a charge point: results in figures, what failed or was skipped, photos and notes."""

    row: JobChargePoint
    look: Look
    passed: int
    steps: int
    open_steps: Sequence[StepLine]
    photos: Sequence[PhotoLine]
    installer_note: Note | None
    operator_note: Note | None


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A link with its state. One that has expired can be renewed too."""

    link: JobLink
    look: Look
    works: bool
    is_renewable: bool


@dataclass(frozen=True, slots=True)
class DeedLine:
    """One act in words; of a remote action also where its life line is."""

    entry: AuditEntry
    words: str
    change: str
    command_url: str = ""


def job_look(job: InstallerJob) -> Look:
    """The pill of a job's state."""
    return JOB_LOOKS[JobState(job.state)]


def job_lines(jobs: Iterable[InstallerJob], figures: dict[int, JobFigures]) -> list[JobLine]:
    """The rows of the list."""
    return [JobLine(job, job_look(job), figures[job.pk], job_link_look(figures[job.pk])) for job in jobs]


def job_link_look(figures: JobFigures) -> Look:
    """Whether anybody can work on the job by a link."""
    return _JOB_LINK_LOOKS[figures.link]


def step_parts(figures: JobFigures) -> list[Part]:
    """All steps of a job by how they stand, as pieces of a bar."""
    counts = [("ok", "Passed", figures.passed), ("bad", "Failed", figures.failed)]
    counts += [("warn", "Skipped", figures.skipped), ("gone", "To do", figures.undone)]
    return parts_of(counts)


def row_cards(rows: Iterable[JobChargePoint]) -> list[RowCard]:
    """What the job's page shows of each charge point; rows of `selectors.jobs.job_rows`."""
    return [row_card(row, row.charge_point) for row in rows]


def row_card(row: JobChargePoint, charge_point: ChargePoint) -> RowCard:
    """The same of one; the charge point went through `conflicts_told`."""
    every = sorted(row.steps.all(), key=_step_order)
    notes = {note.side: note for note in row.notes.all()}
    return RowCard(
        row=row,
        charge_point=charge_point,
        is_here=charge_point.site_id == row.job.site_id and charge_point.archived_at is None,
        status=combined_words(charge_point),
        look=link_look(charge_point) or Look("ok", "wifi", "Connected"),
        steps=[_step(step, charge_point.pk) for step in every if step.state != StepState.TODO or step.is_under_way],
        left=[_step(step, charge_point.pk) for step in every if _is_left(step)],
        todo=todo_words(every),
        passed=sum(step.state == StepState.PASSED for step in every),
        total=len(every),
        photos=[_photo(photo) for photo in row.photos.all()],
        installer_note=notes.get(Side.INSTALLER),
        operator_note=notes.get(Side.OPERATOR),
    )


def todo_words(steps: Sequence[AcceptanceStep]) -> str:
    """The steps that nobody has begun, a kind once; its connectors are named where others have begun."""
    left: dict[StepKind, list[int]] = {}
    for step in steps:
        if _is_left(step):
            left.setdefault(StepKind(step.kind), []).append(step.connector_number)
    said = []
    for kind in sorted(left, key=list(StepKind).index):
        is_whole = len(left[kind]) == sum(step.kind == kind for step in steps)
        numbers = "" if is_whole else f" (connector {', '.join(map(str, left[kind]))})"
        said.append(f"{kind.label}{numbers}")
    return ", ".join(said)


def rows_lines(rows: Iterable[JobChargePoint]) -> list[RowLine]:
    """The jobs of one charge point, rows of `selectors.jobs.rows_of_charge_point`."""
    found = []
    for row in rows:
        steps = [_step(step, row.charge_point_id) for step in sorted(row.steps.all(), key=_step_order)]
        notes = {note.side: note for note in row.notes.all()}
        found.append(
            RowLine(
                row=row,
                look=job_look(row.job),
                passed=sum(line.step.state == StepState.PASSED for line in steps),
                steps=len(steps),
                open_steps=[line for line in steps if line.step.state in _TELLING],
                photos=[_photo(photo) for photo in row.photos.all()],
                installer_note=notes.get(Side.INSTALLER),
                operator_note=notes.get(Side.OPERATOR),
            )
        )
    return found


def link_lines(links: Iterable[JobLink]) -> list[LinkLine]:
    """The rows of the list of links."""
    renewable = {LinkState.WORKS, LinkState.EXPIRED}
    return [
        LinkLine(link, LINK_LOOKS[link.state], link.state is LinkState.WORKS, link.state in renewable) for link in links
    ]


def deed_lines(entries: Iterable[AuditEntry], commands: Collection[str] = ()) -> list[DeedLine]:
    """Acts in words; `commands` are the numbers of the remote actions that the person may see."""
    return [DeedLine(entry, deed(entry), summary(entry), _command_url(entry, commands)) for entry in entries]


def _command_url(entry: AuditEntry, commands: Collection[str]) -> str:
    number = str(entry.after.get("command_id", ""))
    return reverse("command", args=[number]) if number in commands else ""


def mail_address(email: str, subject: str, body: str) -> str:
    """A mailto address that opens the letter in the person's own mail program (RFC 6068)."""
    text = body.replace("\r\n", "\n").replace("\n", "\r\n")
    return f"mailto:{quote(email, safe='@')}?subject={quote(subject, safe='')}&body={quote(text, safe='')}"


def _is_left(step: AcceptanceStep) -> bool:
    return step.state == StepState.TODO and not step.is_under_way


def _step_order(step: AcceptanceStep) -> tuple[int, int, int]:
    return place_of(step.kind, step.connector_number)


def _step(step: AcceptanceStep, charge_point_id: int) -> StepLine:
    name = step.get_kind_display()
    if step.connector_number:
        name += f", connector {step.connector_number}"
    told = step.skip_reason if step.state == StepState.SKIPPED else step.evidence
    url = reverse("log_line", args=[charge_point_id, step.log_seq]) if step.log_seq else ""
    return StepLine(step, STEP_LOOKS[StepState(step.state)], name, told, url)


def _photo(photo: JobPhoto) -> PhotoLine:
    name = PhotoKind(photo.kind).label
    return PhotoLine(photo, name, *(reverse(each, args=[photo.pk]) for each in ("desk_photo", "desk_photo_small")))
