"""The page of one charge, and its readings as files."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from chargepoints.models import Bill, Charge, MeterSample
from chargepoints.moments import moment_read, moment_write
from chargepoints.permissions import Person, rights_on
from chargepoints.rendering.charge import (
    bill_lines,
    difference_words,
    first_register,
    hold_lines,
    numbers,
    phase_parts,
    phase_sums,
    ranges,
)
from chargepoints.rendering.charge_chart import charge_chart
from chargepoints.rendering.charges import BILL_LOOKS, charge_look, money, stop_words, who
from chargepoints.rendering.commands import life_lines
from chargepoints.rendering.limits import limit_lines
from chargepoints.rendering.sites import entry_lines
from chargepoints.selectors.charge_detail import (
    bill_detailed,
    bill_payments,
    charge_commands,
    charge_doing,
    charge_end,
    charge_entries,
    charge_lines,
    charge_readings,
    charge_samples,
    charge_signed,
    charges_detailed,
    money_seen,
)
from chargepoints.selectors.charges import SETTLED, is_running
from chargepoints.services.force_stops import charge_loss
from hub.http import streamed
from hub.spreadsheets import CSV_TYPE, csv_write
from hub.teams.choices import Right

Context = dict[str, object]
BATCH = 2_000
SHORTEST = timedelta(minutes=1)
METER_COLUMNS = ("at", "received", "measurand", "phase", "location", "context", "value", "unit", "as it came")


@require_safe
def charge(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one charge; `from` and `to` (ISO 8601) are the part of its curve to look at.

    While the charge runs, the page asks for itself every few seconds.
    """
    found = charge_get(request.user, pk)
    bill = bill_detailed(found)
    sees_money = money_seen(request.user, found, bill)
    context = (
        _head(request.user, found)
        | _curve(request, found)
        | {
            "commands": life_lines(charge_commands(found)),
            "lines": charge_lines(found),
            "signed": charge_signed(found),
            "entries": entry_lines(charge_entries(request.user, found, bill)),
            "sees_money": sees_money,
            "bill": bill if sees_money else None,
        }
    )
    if bill is not None and sees_money:
        context |= _bill(found, bill)
    context["limits"] = limit_lines(found, **_cost(context))
    return render(request, "chargepoints/charge/page.html", context)


@require_safe
def charge_meter(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Every value of the meter as it came, as CSV."""
    found = charge_get(request.user, pk)
    return StreamingHttpResponse(
        streamed(request, _meter(found)),
        content_type=CSV_TYPE,
        headers={
            "Content-Disposition": f'attachment; filename="charge-{found.pk}-meter.csv"',
            "Cache-Control": "no-store",
        },
    )


@require_safe
def charge_signed_value(request: HttpRequest, pk: int, sample: int) -> HttpResponse:
    """A signed value, byte for byte as the charger sent it."""
    found = charge_get(request.user, pk)
    row = get_object_or_404(charge_samples(found), pk=sample, value__isnull=True)
    return HttpResponse(
        row.raw.encode(),
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="charge-{found.pk}-signed-{row.pk}.txt"'},
    )


def charge_get(person: Person, pk: int, right: Right = Right.VIEW) -> Charge:
    """The charge if `person` may see it; raises Http404 otherwise."""
    found: Charge = get_object_or_404(charges_detailed(person, right), pk=pk)
    return found


def _head(person: Person, found: Charge) -> Context:
    rights = rights_on(person, found.charge_point)
    driver, key = who(found)
    return {
        "section": "charges",
        "charge": found,
        "point": found.charge_point,
        "zone": found.charge_point.site.time_zone,
        "look": charge_look(found),
        "running": is_running(found),
        "may_force": is_running(found) and Right.COMMAND in rights,
        "driver": driver,
        "key": key,
        "reason": stop_words(found),
        "seconds": max((charge_end(found) - found.started_at).total_seconds(), 0),
    }


def _curve(request: HttpRequest, found: Charge) -> Context:
    now = timezone.now()
    readings, doing = charge_readings(found), charge_doing(found, now)
    whole = (found.started_at, charge_end(found, now))
    begin, end = _range(request, whole)
    first = first_register(readings, found)
    connector = found.connector
    chart = charge_chart(
        readings,
        begin,
        end,
        zone=found.charge_point.site.time_zone,
        first_wh=first,
        limit_w=connector.max_power_w if connector else None,
    )
    inside = [reading for reading in readings if begin <= reading.at <= end]
    is_part = (begin, end) != whole
    return {
        "chart": chart,
        "phases": phase_parts(doing),
        "phase_sums": phase_sums(doing),
        "numbers": numbers(inside, found),
        "readings": len(inside),
        "highest": max((reading.power_w for reading in readings if reading.power_w is not None), default=None),
        "is_part": is_part,
        "chart_from": begin.timestamp(),
        "chart_to": end.timestamp(),
        "moves": [(icon, words, _query(since, until)) for icon, words, since, until in ranges(begin, end, whole)],
    }


def _range(request: HttpRequest, whole: tuple[datetime, datetime]) -> tuple[datetime, datetime]:
    """What of the curve is asked for: within the charge and a minute at least, else all of it."""
    since, until = moment_read(request.GET.get("from")), moment_read(request.GET.get("to"))
    begin, end = max(since or whole[0], whole[0]), min(until or whole[1], whole[1])
    return (begin, end) if end - begin >= SHORTEST else whole


def _query(begin: datetime, end: datetime) -> str:
    return urlencode({"from": moment_write(begin), "to": moment_write(end)})


def _bill(found: Charge, bill: Bill) -> Context:
    payments = bill_payments(bill)
    left = sum((payment.captured - payment.refunded for payment in payments), start=bill.total * 0)
    context: Context = {
        "bill_look": BILL_LOOKS[bill.state],
        "bill_lines": bill_lines(bill),
        "holds": hold_lines(bill),
        "difference": difference_words(bill),
        "payments": payments,
        "may_refund": left > 0,
        "may_keep": bill.state in SETTLED and bill.proposed_wh is not None,
        "total_words": money(bill.total, bill.currency),
    }
    if is_running(found) and bill.price is not None:
        loss = charge_loss(found)
        context |= {"so_far": money(loss.amount, loss.currency), "cost": loss.amount}
    return context


def _cost(context: Context) -> dict[str, Any]:
    """What the charge costs so far or in all, where the person sees it."""
    bill = context.get("bill")
    if not isinstance(bill, Bill):
        return {}
    return {"cost": context.get("cost", bill.total), "currency": bill.currency}


def _meter(found: Charge) -> Iterator[bytes]:
    yield csv_write([METER_COLUMNS])
    rows: list[tuple[object, ...]] = []
    for sample in charge_samples(found).iterator(BATCH):
        rows.append(_meter_row(sample))
        if len(rows) == BATCH:
            yield csv_write(rows).removeprefix(b"\xef\xbb\xbf")
            rows = []
    if rows:
        yield csv_write(rows).removeprefix(b"\xef\xbb\xbf")


def _meter_row(sample: MeterSample) -> tuple[object, ...]:
    where = (sample.measurand, sample.phase, sample.location, sample.context)
    return (sample.at.isoformat(), sample.received_at.isoformat(), *where, sample.value, sample.unit, sample.raw)


urlpatterns: list[URLPattern] = [
    path("charges/<int:pk>/", charge, name="charge"),
    path("charges/<int:pk>/meter.csv", charge_meter, name="charge_meter"),
    path("charges/<int:pk>/signed/<int:sample>/", charge_signed_value, name="charge_signed"),
]
