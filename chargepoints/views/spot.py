"""Hourly prices: their sources, days of them, and tables that are uploaded."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chargepoints.forms.sites import zone_names
from chargepoints.forms.spot import HoursForm, SpotSourceForm, StoreForm, hours_sign, hours_signed
from chargepoints.models import SpotSource
from chargepoints.permissions import Person, organisations_of, spot_sources_for
from chargepoints.rendering.prices import gap_words
from chargepoints.rendering.spot import spot_chart, spot_table
from chargepoints.selectors.spot import (
    hours_compare,
    hours_missing,
    price_groups_of_source,
    spot_days,
    spot_sources_seen,
    zone_usual,
)
from chargepoints.services.spot import spot_prices_store, spot_source_create
from chargepoints.views.prices import METHODS, REFUSED, managed
from chargepoints.views.sites import INVALID, posted
from hub.audit.records import Actor
from hub.teams.choices import Right
from hub.teams.models import Organisation

Context = dict[str, object]
GONE = 410
SHOWN = 200
DAYS = 3


@require_safe
def spot_sources(request: HttpRequest) -> HttpResponse:
    """Every source with its last hour and the price groups that use it."""
    organisations = managed(request.user)
    sources = list(spot_sources_seen(request.user))
    used = price_groups_of_source([source.pk for source in sources], timezone.now())
    context: Context = {
        "section": "prices",
        "tab": "spot",
        "rows": [(source, used.get(source.pk, 0)) for source in sources],
        "now": timezone.now(),
        "many": len(organisations) > 1,
    }
    return render(request, "chargepoints/spot/page.html", context)


@require_http_methods(METHODS)
def spot_source_new(request: HttpRequest) -> HttpResponse:
    """A new source."""
    organisations = Organisation.objects.filter(pk__in=[one.pk for one in managed(request.user)])
    form = SpotSourceForm(posted(request), organisations=organisations)
    if request.method == "POST" and form.is_valid():
        try:
            made = spot_source_create(actor=Actor.asking(request), **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"{made} was created. Now upload its prices.")
            return redirect("spot_source", pk=made.pk)
    status = INVALID if form.is_bound else 200
    return render(request, "chargepoints/spot/new.html", {"section": "prices", "form": form}, status=status)


@require_safe
def spot_source(request: HttpRequest, pk: int) -> HttpResponse:
    """Yesterday, today and tomorrow of a source; `?day=` is another day in the middle."""
    found = source_get(request.user, pk)
    return _page(request, found, HoursForm(initial={"zone": zone_usual(found.organisation_id)}))


@require_POST
def spot_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a table and show what would be stored. Nothing is stored yet."""
    found = source_get(request.user, pk)
    form = HoursForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, found, form, status=INVALID)
    hours = form.hours
    context: Context = {
        "section": "prices",
        "source": found,
        "hours": hours,
        "zone": form.cleaned_data["zone"],
        "first": min(hours.prices, default=None),
        "last": max(hours.prices, default=None),
        "lowest": min(hours.prices.values(), default=None),
        "highest": max(hours.prices.values(), default=None),
        "difference": hours_compare(found.pk, hours.prices),
        "gaps": gap_words(hours.gaps, form.cleaned_data["zone"]) if hours.gaps else "",
        "shown": hours.wrong[:SHOWN],
        "not_shown": max(len(hours.wrong) - SHOWN, 0),
        "signed": hours_sign(found, hours),
    }
    return render(request, "chargepoints/spot/check.html", context)


@require_POST
def spot_store(request: HttpRequest, pk: int) -> HttpResponse:
    """Store the hours that were looked at."""
    found = source_get(request.user, pk)
    form = StoreForm(request.POST)
    hours = hours_signed(found, form.cleaned_data["hours"]) if form.is_valid() else None
    if not hours:
        again = HoursForm(initial={"zone": zone_usual(found.organisation_id)})
        said = "These prices are not kept any more: an hour has passed. Upload the file again."
        return _page(request, found, again, refusal=said, status=GONE if form.is_valid() else INVALID)
    told = spot_prices_store(actor=Actor.asking(request), source=found, hours=hours)
    changed = f", {len(told.changed)} changed" if told.changed else ""
    messages.success(request, f"{told.new} new hours stored{changed}.")
    first = min(hours).astimezone(ZoneInfo(zone_usual(found.organisation_id))).date()
    response = redirect("spot_source", pk=pk)
    response["Location"] += f"?day={first + timedelta(days=1)}"
    return response


def _page(
    request: HttpRequest, found: SpotSource, form: HoursForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    now, zone = timezone.now(), zone_usual(found.organisation_id)
    today = now.astimezone(ZoneInfo(zone)).date()
    middle = _day(request.GET.get("day", ""), today)
    days = spot_days(found.pk, middle - timedelta(days=1), DAYS, ZoneInfo(zone))
    gaps = hours_missing(found.pk, now, ZoneInfo(zone))
    context: Context = {
        "section": "prices",
        "source": found,
        "zone": zone,
        "zones": zone_names(),
        "form": form,
        "refusal": refusal,
        "days": days,
        "today": today,
        "middle": middle,
        "earlier": middle - timedelta(days=DAYS),
        "later": middle + timedelta(days=DAYS),
        "chart": spot_chart(days, zone=zone, now=now),
        "table": spot_table(days, zone),
        "missing": gap_words(gaps, zone) if gaps else "",
        "used": price_groups_of_source([found.pk], now).get(found.pk, 0),
    }
    return render(request, "chargepoints/spot/source.html", context, status=status)


def _day(text: str, otherwise: date) -> date:
    """A day out of an address; years that no clock can show are none."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return found if 2000 <= found.year <= 2200 else otherwise


def source_get(person: Person, pk: int) -> SpotSource:
    """The source. Raises Http404, or PermissionDenied for who belongs there without the right."""
    seen = SpotSource.objects.filter(organisation__in=organisations_of(person, Right.VIEW))
    found: SpotSource = get_object_or_404(seen.select_related("organisation"), pk=pk)
    if not spot_sources_for(person).filter(pk=pk).exists():
        raise PermissionDenied(REFUSED)
    return found
