"""Prices of a price group: a new one from a moment on, planned ones changed or dropped, and what charges would cost."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from chargepoints.exceptions import ChangeRefused
from chargepoints.forms.prices import LATER, PriceForm
from chargepoints.forms.windows import BaseWindows, windows_asked, windows_bound, windows_of, windows_shown
from chargepoints.models import Price, PriceGroup
from chargepoints.permissions import Person
from chargepoints.rendering.prices import cost_words, overlap_words, price_words, vat_words
from chargepoints.selectors.prices import price_examples, price_for, price_groups_seen
from chargepoints.selectors.spot import zone_of_group
from chargepoints.services.prices import PRICE_FIELDS, price_change, price_remove, price_replan
from chargepoints.views.prices import METHODS, group_get
from chargepoints.views.sites import CONFLICT, INVALID
from hub.audit.records import Actor

Context = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is being priced: a group, and the planned price that is edited if there is one."""

    group: PriceGroup
    price: Price | None
    zone: str


@require_http_methods(METHODS)
def price_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the price: a new one from now or later on, filled in with what counts now."""
    group = group_get(request.user, pk)
    if group.archived_at is not None:
        messages.error(request, "This price group is archived. Restore it first.")
        return redirect("price_group", pk=pk)
    return _asking(request, _Asked(group, None, zone_of_group(group.pk, group.organisation_id)))


@require_http_methods(METHODS)
def price_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a planned price. One that counts already is not edited: the page says so."""
    price = _price(request.user, pk)
    group = price.price_group
    if price.valid_from <= timezone.now() or price.bills.exists():
        messages.error(request, "This price counts already: it stays as it is. Change the price from now on instead.")
        return redirect("price_group", pk=group.pk)
    return _asking(request, _Asked(group, price, zone_of_group(group.pk, group.organisation_id)))


def _asking(request: HttpRequest, asked: _Asked) -> HttpResponse:
    if request.method != "POST":
        before = asked.price or price_for(asked.group, timezone.now())
        rows = windows_of(before.windows if before else [])
        return _page(request, asked, _form(asked, before), windows_shown(rows))
    rows_asked = windows_asked(request.POST)
    with timezone.override(asked.zone):
        if rows_asked is not None:
            form = PriceForm(initial=request.POST.dict(), group=asked.group)
            return _page(request, asked, form, windows_shown(rows_asked))
        form, windows = PriceForm(request.POST, group=asked.group), windows_bound(request.POST)
        is_valid = form.is_valid() & windows.is_valid()
    if is_valid:
        try:
            _store(request, asked, form, windows)
        except ChangeRefused as refusal:
            return _page(request, asked, form, windows, refusal=str(refusal), status=CONFLICT)
        except ValidationError as error:
            return _page(request, asked, form, windows, refusal=" ".join(error.messages), status=INVALID)
        return redirect("price_group", pk=asked.group.pk)
    return _page(request, asked, form, windows, status=INVALID)


def _form(asked: _Asked, before: Price | None) -> PriceForm:
    initial: Context = {name: _plain(getattr(before, name)) for name in PRICE_FIELDS} if before else {}
    if asked.price is not None:
        local = asked.price.valid_from.astimezone(ZoneInfo(asked.zone)).replace(tzinfo=None)
        initial |= {"when": LATER, "starts_at": local}
    return PriceForm(initial=initial, group=asked.group)


def _plain(value: object) -> object:
    """Without the zeros that the database adds."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _store(request: HttpRequest, asked: _Asked, form: PriceForm, windows: BaseWindows) -> None:
    moment: datetime | None = form.moment()
    fields, actor = form.facts(windows.facts()), Actor.asking(request)
    if asked.price is None:
        made = price_change(actor=actor, price_group=asked.group, valid_from=moment, fields=fields)
    else:
        made = price_replan(actor=actor, price=asked.price, valid_from=moment, fields=fields)
    local = made.valid_from.astimezone(ZoneInfo(asked.zone))
    since = "from now on" if made.valid_from <= timezone.now() else f"from {local:%-d %b %Y %H:%M} on"
    messages.success(request, f"{asked.group}: the new price counts {since}. Charges keep the price of their start.")


def _page(
    request: HttpRequest,
    asked: _Asked,
    form: PriceForm,
    windows: BaseWindows,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    planned = asked.group.prices.filter(valid_from__gt=timezone.now()).order_by("valid_from")
    if asked.price is not None:
        planned = planned.exclude(pk=asked.price.pk)
    context: Context = {
        "section": "prices",
        "group": asked.group,
        "price": asked.price,
        "zone": asked.zone,
        "form": form,
        "windows": windows,
        "refusal": refusal,
        "planned": planned.first(),
    }
    if form.is_bound:
        context |= preview_of(asked.group, form, windows, asked.zone)
    else:
        shown = price_for(asked.group, timezone.now()) if asked.price is None else asked.price
        context |= examples_of(shown, asked.zone) if shown else {"waiting": True}
    return render(request, "chargepoints/prices/price_form.html", context, status=status)


@require_POST
def price_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What three charges would cost under what is typed so far. Nothing is stored."""
    group = group_get(request.user, pk)
    zone = zone_of_group(group.pk, group.organisation_id)
    with timezone.override(zone):
        form, windows = PriceForm(request.POST, group=group), windows_bound(request.POST)
        context = preview_of(group, form, windows, zone)
    return render(request, "chargepoints/prices/_preview.html", {"group": group, **context})


def preview_of(group: PriceGroup, form: PriceForm, windows: BaseWindows, zone: str) -> Context:
    """The examples of a form, or that something in it is not right yet."""
    # From when on does not change what it costs.
    rows_fine, fine = windows.is_valid(), form.is_valid() or set(form.errors) <= {"when", "starts_at"}
    if not rows_fine or not fine:
        return {"wrong": True}
    return examples_of(form.price(windows.facts()), zone)


def examples_of(price: Price, zone: str) -> Context:
    """What the examples cost, for the template `_preview.html`."""
    day, examples = price_examples(price, ZoneInfo(zone), timezone.now())
    return {
        "day": day,
        "said": price_words(price),
        "vat": vat_words(price),
        "examples": [(example.title, cost_words(price, example.cost)) for example in examples],
        "overlaps": overlap_words(price.windows),
    }


@require_POST
def price_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a planned price; the one before goes on."""
    price = _price(request.user, pk)
    group = price.price_group
    try:
        price_remove(actor=Actor.asking(request), price=price)
    except ChangeRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "The planned price was deleted. The one before goes on.")
    return redirect("price_group", pk=group.pk)


def _price(person: Person, pk: int) -> Price:
    """A price of a group that the person manages. Raises Http404 or PermissionDenied."""
    mine = Price.objects.filter(price_group__in=price_groups_seen(person)).select_related("price_group", "spot_source")
    price: Price = get_object_or_404(mine, pk=pk)
    group_get(person, price.price_group_id)
    return price
