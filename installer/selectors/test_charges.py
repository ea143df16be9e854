"""The charge that a step of an acceptance test is about."""

from datetime import timedelta

from django.db.models import Q

from chargepoints.choices import OPEN_CHARGE_STATES
from chargepoints.models import Charge, ChargePoint, MeterSample
from installer.acceptance.facts import ChargeSeen
from installer.choices import StepKind, StepState
from installer.models import AcceptanceStep
from installer.selectors.log import line_seq, plain

REGISTER, POWER = "Energy.Active.Import.Register", "Power.Active.Import"
# So many values of a charge are looked at: a test charge is short.
_SAMPLES = 2000


def charges_running(point: ChargePoint) -> int:
    """How many charges run at the charge point."""
    return Charge.objects.filter(charge_point=point, state__in=OPEN_CHARGE_STATES).count()


def charge_seen(step: AcceptanceStep, tag: str) -> ChargeSeen | None:
    """The charge of the step's connector: for a start one that began, for the others the one that was started."""
    charge = _charge(step, tag)
    if charge is None:
        return None
    began = charge.start_received_at or charge.started_at
    flowed, peak = _flow(charge) if step.kind == StepKind.ENERGY else (0.0, None)
    point = step.row.charge_point
    transaction = charge.transaction_id

    def line(action: str, *, is_last: bool = False) -> int | None:
        return line_seq(point, began, is_last=is_last, action=action, transaction_id=transaction)

    is_open = charge.state in OPEN_CHARGE_STATES
    return ChargeSeen(
        pk=charge.pk,
        transaction=transaction,
        is_open=is_open,
        is_ours=_is_ours(charge, tag),
        began=began,
        verdict=charge.verdict,
        energy_wh=max(charge.energy_wh, 0),
        flowed_s=flowed,
        peak_w=peak,
        metered_at=charge.metered_at,
        ended=charge.stop_received_at or charge.ended_at,
        reason=plain(charge.stop_reason),
        start_seq=line("StartTransaction") if step.kind == StepKind.START else None,
        meter_seq=line("MeterValues", is_last=True) if step.kind == StepKind.ENERGY else None,
        stop_seq=None if is_open else line("StopTransaction"),
    )


def _charge(step: AcceptanceStep, tag: str) -> Charge | None:
    here = Charge.objects.filter(charge_point=step.row.charge_point, connector__number=step.connector_number)
    running = here.filter(state__in=OPEN_CHARGE_STATES).first()
    if step.kind == StepKind.START:
        ours = (
            here.filter(id_tag__iexact=tag, start_received_at__gte=step.started_at) if tag and step.started_at else None
        )
        return running or (ours.order_by("-pk").first() if ours is not None else None)
    if step.kind == StepKind.UNLOCK:
        return running
    starts = AcceptanceStep.objects.filter(
        row=step.row, kind=StepKind.START, connector_number=step.connector_number, state=StepState.PASSED
    )
    started = starts.exclude(charge=None).select_related("charge").first()
    if started is not None:
        return started.charge
    return running


def _is_ours(charge: Charge, tag: str) -> bool:
    return bool(tag) and charge.id_tag.lower() == tag.lower()


def _flow(charge: Charge) -> tuple[float, int | None]:
    """For how many seconds energy is proven, and the highest power in W; None where none was told.

    Energy flows from the reading before the first that shows any to the last that does.
    """
    began = charge.start_received_at or charge.started_at
    samples = MeterSample.objects.filter(
        Q(phase="") | Q(measurand=POWER),
        charge_point=charge.charge_point_id,
        charge_id=charge.pk,
        received_at__gte=began - timedelta(seconds=1),
        measurand__in=(REGISTER, POWER),
        value__isnull=False,
    ).order_by("received_at", "id")
    before, since, until, peak = began, None, began, None
    register = charge.meter_start_wh
    for at, measurand, value in samples.values_list("received_at", "measurand", "value")[:_SAMPLES]:
        number = int(value or 0)
        if measurand == POWER:
            peak = max(peak or 0, number)
            flows = number > 0
        else:
            flows = register is not None and number > register
            register = number if register is None else max(register, number)
        if flows:
            since, until = since or before, at
        before = at
    seconds = (until - since).total_seconds() if since is not None else 0.0
    if charge.power_w is not None:
        peak = max(peak or 0, charge.power_w)
    return seconds, peak
