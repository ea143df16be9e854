"""Which price group counts where: chosen on the price group's page, on a site's and on a charge point's."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from chargepoints.exceptions import ChangeRefused
from chargepoints.forms.fields import SiteField
from chargepoints.forms.prices import ChooseForm
from chargepoints.models import ChargePoint, PriceGroup, Site
from chargepoints.permissions import Person, charge_points_for, organisations_for, price_groups_for, sites_for
from chargepoints.services.prices import charge_point_price_group_set, site_price_group_set
from chargepoints.views.charge_point import charge_point_get
from chargepoints.views.prices import REFUSED, group_get, group_page
from chargepoints.views.sites import INVALID, site_get
from hub.audit.records import Actor
from hub.teams.choices import Right


@require_POST
def price_group_use(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a site (`site`, its name) or a charge point (`charge_point`, name or identity) use the group, or not.

    `drop_site` and `drop_charge_point` are ids: these go back to what is wider.
    """
    group = group_get(request.user, pk)
    sites = sites_for(request.user, Right.MONEY).filter(team__organisation=group.organisation_id)
    points = charge_points_for(request.user, Right.MONEY).filter(site__in=sites)
    actor, sent = Actor.asking(request), request.POST
    try:
        if "drop_site" in sent:
            for site in sites.filter(price_group=group, pk=_number(sent["drop_site"])):
                site_price_group_set(actor=actor, site=site, price_group=None)
        elif "drop_charge_point" in sent:
            for point in points.filter(price_group=group, pk=_number(sent["drop_charge_point"])):
                charge_point_price_group_set(actor=actor, charge_point=point, price_group=None)
        elif sent.get("site"):
            site_price_group_set(actor=actor, site=_site(sites, sent["site"]), price_group=group)
        elif sent.get("charge_point"):
            point = _charge_point(points, sent["charge_point"])
            charge_point_price_group_set(actor=actor, charge_point=point, price_group=group)
        else:
            raise ChangeRefused("Choose a site or a charge point.")
    except ChangeRefused as refusal:
        typed = {"site_typed": sent.get("site", ""), "point_typed": sent.get("charge_point", "")}
        return group_page(request, group, status=INVALID, refusal=str(refusal), **typed)
    return redirect("price_group", pk=pk)


@require_POST
def site_price_group(request: HttpRequest, pk: int) -> HttpResponse:
    """The price group of a site, chosen on its page."""
    site = site_get(request.user, pk, Right.MONEY)
    groups = _offered(request.user, site)
    form = ChooseForm(request.POST, groups=groups)
    if form.is_valid():
        try:
            site_price_group_set(actor=Actor.asking(request), site=site, price_group=form.cleaned_data["price_group"])
        except ChangeRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"Charges that begin at {site} from now on are billed so.")
    else:
        messages.error(request, "There is no such price group. Choose one of the list.")
    return redirect("site", pk=pk)


@require_POST
def charge_point_price_group(request: HttpRequest, pk: int) -> HttpResponse:
    """The price group of a charge point, chosen in its settings."""
    point = charge_point_get(request.user, pk)
    form = ChooseForm(request.POST, groups=_offered(request.user, point.site))
    if form.is_valid():
        try:
            charge_point_price_group_set(
                actor=Actor.asking(request), charge_point=point, price_group=form.cleaned_data["price_group"]
            )
        except ChangeRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"Charges that begin at {point} from now on are billed so.")
    else:
        messages.error(request, "There is no such price group. Choose one of the list.")
    return redirect("charge_point_settings", pk=pk)


def _offered(person: Person, site: Site) -> QuerySet[PriceGroup]:
    """The price groups to choose from. Raises PermissionDenied for who does not manage prices there."""
    organisation = site.team.organisation_id
    if not organisations_for(person, Right.MONEY).filter(pk=organisation).exists():
        raise PermissionDenied(REFUSED)
    return price_groups_for(person).filter(organisation=organisation)


def _site(sites: QuerySet[Site], text: str) -> Site:
    field = SiteField()
    field.sites = sites
    try:
        return field.site(text)
    except ValidationError as error:
        raise ChangeRefused(" ".join(error.messages)) from error


def _charge_point(points: QuerySet[ChargePoint], text: str) -> ChargePoint:
    """By identity, or by its name where one has it only. Raises ChangeRefused."""
    wanted = text.strip().removesuffix(")")
    name, _, place = wanted.rpartition(" (")
    named = Q(name__iexact=name, site__name__iexact=place) if name else Q(name__iexact=text.strip())
    found = list(points.filter(named | Q(identity__iexact=text.strip()))[:2])
    if not found:
        raise ChangeRefused("There is no charge point of this name or identity. Choose one from the list.")
    if len(found) > 1:
        raise ChangeRefused("Several charge points have this name. Choose one from the list, or type its identity.")
    return found[0]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0
