"""What the tests of batches share: chargers that are there, batches of them, and answers without a charger."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from django.urls import reverse

from chargepoints.action_choices import BatchRowState, BatchState
from chargepoints.choices import ChargeState, CommandStatus, Effect, Integration
from chargepoints.models import BatchRow, Charge, ChargePoint, Command, CommandBatch, Connection, FirmwareFile, Site
from chargepoints.pacing import Pace
from chargepoints.services.batch_runs import batch_advance
from chargepoints.services.batches import batch_create
from hub.teams.models import User
from tests.factories import now


def online(points: Iterable[ChargePoint]) -> None:
    """They are connected since long ago."""
    ids = [point.pk for point in points]
    ChargePoint.objects.filter(pk__in=ids).update(integration=Integration.CONNECTED, state="available")
    Connection.objects.filter(pk__in=ids).update(
        is_connected=True, connected_at=now().replace(year=2026, month=1, day=1), last_seen_at=now(), gateway="nowhere"
    )


def offline(points: Iterable[ChargePoint]) -> None:
    """Their links have ended."""
    ids = [point.pk for point in points]
    ChargePoint.objects.filter(pk__in=ids).update(integration=Integration.DISCONNECTED)
    Connection.objects.filter(pk__in=ids).update(is_connected=False)


def fleet(site: Site, number: int, prefix: str = "B") -> list[ChargePoint]:
    """So many charge points that are there, by few statements."""
    ChargePoint.objects.bulk_create(
        ChargePoint(site=site, name=f"{prefix}-{at:03}", identity=f"{prefix}-{at:03}", registration_told="Accepted")
        for at in range(1, number + 1)
    )
    made = list(ChargePoint.objects.filter(site=site, name__startswith=f"{prefix}-").order_by("name"))
    Connection.objects.bulk_create(Connection(charge_point=point) for point in made)
    online(made)
    return made


def begun(
    author: User,
    points: Sequence[ChargePoint],
    pace: Pace | None = None,
    kind: str = "clear_cache",
    left_out: dict[int, str] | None = None,
    **parameters: object,
) -> CommandBatch:
    """A batch for these charge points; of the kind whose answer is its effect."""
    return batch_create(
        organisation=points[0].site.team.organisation,
        kind=kind,
        parameters=parameters,
        charge_points=[point.pk for point in points],
        left_out=left_out or {},
        pace=pace or Pace(),
        author=author,
        reason="test",
    )


def advanced(batch: CommandBatch, times: int = 1) -> CommandBatch:
    """The batch after a worker has seen it so often."""
    for _ in range(times):
        batch_advance(batch_id=batch.pk)
    batch.refresh_from_db()
    return batch


def answered(status: CommandStatus = CommandStatus.ACCEPTED, effect: Effect = Effect.SEEN, **lookups: object) -> int:
    """Every open command gets this answer; how many these were."""
    waiting = Command.objects.filter(status__in=["queued", "dispatched", "sent"], **lookups)
    return waiting.update(status=status, effect=effect, answer=status.capitalize(), answered_at=now())


def states(batch: CommandBatch) -> list[str]:
    """The states of its rows in their order."""
    return list(batch.rows.order_by("position").values_list("state", flat=True))


def later(seconds: float) -> None:
    """Let watched and jittered rows be due as if so much time had passed."""
    for row in BatchRow.objects.exclude(due_at=None):
        assert row.due_at is not None
        row.due_at -= timedelta(seconds=seconds)
        row.save(update_fields=["due_at"])


def charging(point: ChargePoint) -> Charge:
    """A charge that runs on it."""
    return Charge.objects.create(
        charge_point=point, transaction_id=f"run-{point.pk}", state=ChargeState.CHARGING, started_at=now()
    )


def firmware_file(site: Site, version: str = "2.0", **fields: object) -> FirmwareFile:
    """A file of the site's operator for Voltaris Duo 22; its bytes are nowhere."""
    values: dict[str, object] = {"vendor": "Voltaris", "charge_point_models": ["Duo 22"], **fields}
    return FirmwareFile.objects.create(
        organisation=site.team.organisation,
        name=f"duo-{version}.bin",
        version=version,
        size=1000,
        sha256="0" * 64,
        uploaded_by_name="Alice",
        **values,
    )


def batch_urls(busy: ChargePoint, away: ChargePoint, alice: User) -> Iterator[str]:
    """The pages of bulk actions: planned, halted, with a row in every state; and of a firmware wave."""
    batch = CommandBatch.objects.filter(state=BatchState.HALTED).first()
    if batch is None:
        points = [busy, away, *fleet(busy.site, 5)]
        batch = begun(alice, points, Pace(canaries=2, keep_s=3600), left_out={}, kind="reboot", type="Soft")
        for state, point in zip(BatchRowState.values, points, strict=True):
            batch.rows.filter(charge_point=point).update(state=state, why="Rejected by the charger.", started_at=now())
        batch.rows.filter(charge_point=busy).update(command=busy.commands.all()[0])
        CommandBatch.objects.update(state=BatchState.HALTED, state_why="1 of the first 2 failed.")
        firmware_file(busy.site, charge_point_models=[], vendor="")
    asked = f"?kind=reboot&cp={busy.pk}&cp={away.pk}"
    yield from (reverse("batches"), reverse("batch_new") + asked, reverse("batch_new") + "?kind=configure&all=1")
    yield from (reverse(name, args=[batch.pk]) for name in ("batch", "batch_resume"))
    yield reverse("batch", args=[batch.pk]) + "?state=failed"
    file = batch.organisation.firmware_files.all()[0]
    yield reverse("firmware_wave", args=[file.pk])
