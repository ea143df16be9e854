"""The calculator: what a charge would cost. Its address is its state."""

from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from chargepoints.forms.calculator import CalculatorForm, Choices
from chargepoints.forms.prices import MOMENT
from chargepoints.models import PriceGroup
from chargepoints.permissions import Person, charge_points_for, price_groups_for, sites_for
from chargepoints.rendering.prices import cost_words, hours_used, overlap_words, price_words, vat_words
from chargepoints.selectors.prices import cost_would_be, price_for, price_group_of, usage_of
from chargepoints.selectors.spot import hours_between, zone_of_group
from chargepoints.views.prices import managed
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right

Context = dict[str, object]
OFFERED = 500
_HOUR = timedelta(hours=1)


class _Place(NamedTuple):
    """What is asked for: the price group that counts there (None where none does), and by whose clock."""

    group: PriceGroup | None
    zone: str
    name: str


@require_safe
def calculator(request: HtmxHttpRequest) -> HttpResponse:
    """The form, and the bill of what it says; for htmx the bill alone."""
    managed(request.user)
    asked = request.GET.get("of", "")
    choices = _choices(request.user, asked)
    first = asked or next((value for _, options in choices for value, _ in options), "")
    place = _place(request.user, first)
    form = CalculatorForm(request.GET if "kwh" in request.GET else None, choices=choices)
    context: Context = {"section": "prices", "tab": "calculator", "form": form, "place": place}
    context["zone"] = place.zone if place else "UTC"
    if form.is_bound and form.is_valid() and place is not None:
        context |= _bill(place, form)
    elif not form.is_bound:
        now = timezone.now().astimezone(ZoneInfo(str(context["zone"])))
        form.initial = {"of": first, "begin": now.strftime(MOMENT)}
    name = "_bill" if request.htmx and not request.htmx.history_restore_request else "page"
    response = render(request, f"chargepoints/calculator/{name}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _bill(place: _Place, form: CalculatorForm) -> Context:
    given, zone = form.cleaned_data, ZoneInfo(place.zone)
    begin = form.begin_in(zone)
    price = price_for(place.group, begin)
    if price is None:
        return {"no_price": True, "begin": begin}
    usage = usage_of(begin, int(given["kwh"] * 1000), form.seconds(), (given["idle"] or 0) * 60)
    cost = cost_would_be(price, usage, zone)
    known = hours_between(price.spot_source_id, begin - _HOUR, usage.ended_at) if price.spot_source_id else {}
    hours = hours_used(price, known, begin, usage.ended_at)
    return {
        "price": price,
        "said": price_words(price),
        "vat": vat_words(price),
        "bill": cost_words(price, cost),
        "begin": begin,
        "full": usage.idle_from,
        "end": usage.ended_at,
        "hours": hours,
        "hours_missing": sum(market is None for _, market in hours),
        "overlaps": overlap_words(price.windows),
    }


def _choices(person: Person, asked: str) -> Choices:
    """Price groups, sites, and the charge points with prices of their own; and the one that is asked for."""
    groups = price_groups_for(person).order_by("name")[:OFFERED]
    sites = sites_for(person, Right.MONEY).order_by("name")[:OFFERED]
    kind, pk = _split(asked)
    own = Q(price_group__isnull=False) | Q(pk=pk if kind == "charge_point" else 0)
    points = charge_points_for(person, Right.MONEY).filter(own).select_related("site").order_by("site__name", "name")
    return [
        ("Price groups", [(f"group-{group.pk}", f"{group.name} ({group.currency})") for group in groups]),
        ("Sites", [(f"site-{site.pk}", site.name) for site in sites]),
        ("Charge points", [(f"charge_point-{one.pk}", f"{one.name} ({one.site.name})") for one in points[:OFFERED]]),
    ]


def _place(person: Person, asked: str) -> _Place | None:
    kind, pk = _split(asked)
    if kind == "group":
        group = price_groups_for(person).filter(pk=pk).first()
        return _Place(group, zone_of_group(group.pk, group.organisation_id), group.name) if group else None
    if kind == "site":
        site = sites_for(person, Right.MONEY).select_related("team", "price_group").filter(pk=pk).first()
        return _Place(price_group_of(site), site.time_zone, site.name) if site else None
    point = (
        charge_points_for(person, Right.MONEY)
        .select_related("site__team", "site__price_group", "price_group")
        .filter(pk=pk if kind == "charge_point" else 0)
        .first()
    )
    return _Place(price_group_of(point.site, point), point.site.time_zone, str(point)) if point else None


def _split(asked: str) -> tuple[str, int]:
    kind, _, number = asked.partition("-")
    return kind, int(number) if number.isdecimal() and number.isascii() and len(number) < 19 else 0
