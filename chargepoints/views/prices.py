"""Price groups: the list, one of them, and what can be changed about it besides its prices."""

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chargepoints.exceptions import ChangeRefused
from chargepoints.forms.prices import PriceGroupForm
from chargepoints.forms.sites import ReasonForm
from chargepoints.models import PriceGroup
from chargepoints.permissions import Person, charge_points_for, organisations_for, sites_for
from chargepoints.rendering.prices import gap_words, overlap_words, price_words, vat_words, window_words
from chargepoints.selectors.prices import (
    PriceEntry,
    charge_points_of_group,
    price_group_rows,
    price_groups_seen,
    price_timeline,
    sites_of_group,
)
from chargepoints.selectors.spot import hours_missing, zone_of_group
from chargepoints.services.prices import (
    archive_refusal,
    price_group_archive,
    price_group_create,
    price_group_edit,
    price_group_restore,
)
from chargepoints.views.sites import CONFLICT, INVALID, dialog, posted, to
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right
from hub.teams.models import Organisation

Context = dict[str, object]
METHODS = ["GET", "HEAD", "POST"]
REFUSED = "Your role does not allow this. It needs: prices and money, in the whole organisation."
OFFERED = 1_000


@require_safe
def price_groups(request: HttpRequest) -> HttpResponse:
    """The price groups and what each says now; `?archived=1` shows those that were put away."""
    organisations = managed(request.user)
    archived = request.GET.get("archived") == "1"
    rows = price_group_rows(request.user, archived=archived)
    context: Context = {
        "section": "prices",
        "tab": "groups",
        "rows": [(row, price_words(row.price), vat_words(row.price)) if row.price else (row, "", "") for row in rows],
        "archived": archived,
        "many": len(organisations) > 1,
    }
    return render(request, "chargepoints/prices/page.html", context)


@require_http_methods(METHODS)
def price_group_new(request: HttpRequest) -> HttpResponse:
    """A new price group; its first price is asked for next."""
    organisations = Organisation.objects.filter(pk__in=[one.pk for one in managed(request.user)])
    form = PriceGroupForm(posted(request), organisations=organisations)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = price_group_create(
                actor=Actor.asking(request),
                organisation=given["organisation"],
                currency=given["currency"],
                fields=form.facts(),
            )
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"{made} was created. Now say what it costs.")
            return redirect("price_new", pk=made.pk)
    return _form(request, form, None)


@require_http_methods(METHODS)
def price_group_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit name, description, hold and default."""
    found = group_get(request.user, pk)
    form = PriceGroupForm(
        posted(request), instance=group_get(request.user, pk), organisations=Organisation.objects.none()
    )
    if request.method == "POST" and form.is_valid():
        try:
            price_group_edit(actor=Actor.asking(request), price_group=found, fields=form.facts())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"{form.cleaned_data['name']} was saved.")
            return redirect("price_group", pk=pk)
    return _form(request, form, found)


def _form(request: HttpRequest, form: PriceGroupForm, found: PriceGroup | None) -> HttpResponse:
    context = {"section": "prices", "form": form, "group": found}
    status = INVALID if form.is_bound else 200
    return render(request, "chargepoints/prices/group_form.html", context, status=status)


@require_safe
def price_group(request: HttpRequest, pk: int) -> HttpResponse:
    """One price group: its prices over time, who uses it, and hours whose price is missing."""
    return group_page(request, group_get(request.user, pk))


def group_page(request: HttpRequest, found: PriceGroup, *, status: int = 200, **more: object) -> HttpResponse:
    """The page; `more` are the forms of what was refused."""
    now = timezone.now()
    zone = zone_of_group(found.pk, found.organisation_id)
    entries = price_timeline(found, now)
    mine = organisations_for(request.user, Right.MONEY).filter(pk=found.organisation_id)
    sites = sites_for(request.user, Right.MONEY).filter(team__organisation__in=mine).select_related("team")
    points = charge_points_for(request.user, Right.MONEY).filter(site__in=sites).select_related("site")
    context: Context = {
        "section": "prices",
        "group": found,
        "zone": zone,
        "entries": [_entry(entry) for entry in entries],
        "warnings": _warnings(entries, zone),
        "sites": sites_of_group(found),
        "points": charge_points_of_group(found),
        "sites_offered": sites.exclude(price_group=found)[:OFFERED],
        "points_offered": points.exclude(price_group=found)[:OFFERED],
        "refusal": "",
        **more,
    }
    return render(request, "chargepoints/prices/group.html", context, status=status)


def _entry(entry: PriceEntry) -> Context:
    price = entry.price
    return {
        "entry": entry,
        "price": price,
        "words": price_words(price),
        "vat": vat_words(price),
        "windows": window_words(price.windows),
        "overlaps": overlap_words(price.windows),
    }


def _warnings(entries: list[PriceEntry], zone: str) -> list[Context]:
    """Missing hours of the sources that the price of now uses, or a planned one."""
    found: list[Context] = []
    for entry in entries:
        source = entry.price.spot_source
        if entry.state == "past" or source is None or any(each["source"] == source for each in found):
            continue
        gaps = hours_missing(source.pk, timezone.now(), ZoneInfo(zone))
        if gaps:
            found.append({"source": source, "words": gap_words(gaps, zone), "fallback": entry.price.spot_fallback})
    return found


@require_http_methods(METHODS)
def price_group_put_away(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """The dialog that says what archiving means, or why it cannot be; a POST archives."""
    found = group_get(request.user, pk)
    form = ReasonForm(posted(request))
    refusal = archive_refusal(found)
    if request.method == "POST" and form.is_valid():
        try:
            price_group_archive(actor=Actor.asking(request), price_group=found, reason=form.cleaned_data["reason"])
        except ChangeRefused as refused:
            refusal = str(refused)
        else:
            messages.success(request, f"{found} was archived.")
            return to(request, "price_groups")
    context: Context = {"section": "prices", "group": found, "form": form, "refusal": refusal}
    context |= {"title": "Archive", "back": reverse("price_group", args=[pk]), "back_name": found.name}
    status = CONFLICT if refusal and form.is_bound else INVALID if form.is_bound else 200
    return dialog(request, "chargepoints/prices/_archive.html", context, status=status)


@require_POST
def price_group_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a price group back from the archive."""
    found = group_get(request.user, pk)
    try:
        price_group_restore(actor=Actor.asking(request), price_group=found)
    except ChangeRefused as refused:
        return group_page(request, found, status=CONFLICT, refusal=str(refused))
    messages.success(request, f"{found} is back.")
    return redirect("price_group", pk=pk)


def managed(person: Person) -> list[Organisation]:
    """The organisations whose prices `person` manages. Raises PermissionDenied for who manages none."""
    found = list(organisations_for(person, Right.MONEY).order_by("name"))
    if not found:
        raise PermissionDenied(REFUSED)
    return found


def group_get(person: Person, pk: int) -> PriceGroup:
    """The price group, archived or not. Raises Http404, or PermissionDenied for who belongs there without the right."""
    found: PriceGroup = get_object_or_404(price_groups_seen(person), pk=pk)
    if not organisations_for(person, Right.MONEY).filter(pk=found.organisation_id).exists():
        raise PermissionDenied(REFUSED)
    return found
