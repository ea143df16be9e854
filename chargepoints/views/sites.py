"""Sites: the list, one site's page, and what can be changed about it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from chargepoints.exceptions import ChangeRefused
from chargepoints.forms.sites import ReasonForm, SiteFilterForm, SiteForm, zone_names
from chargepoints.models import Site
from chargepoints.permissions import Person, rights_on_site, teams_for
from chargepoints.rendering.overview import overview_groups
from chargepoints.rendering.price_choice import price_choice
from chargepoints.rendering.sites import (
    SiteRow,
    charge_point_parts,
    entry_lines,
    map_address,
    phone_address,
    site_rows,
)
from chargepoints.selectors.attention import attention
from chargepoints.selectors.overview import SiteTotal, overview_page
from chargepoints.selectors.sites import (
    charge_points_left,
    site_charge_points,
    site_entries,
    site_figures,
    site_knocks,
    site_maintenance,
    sites_find,
    sites_page,
    sites_seen,
    teams_seen,
)
from chargepoints.services.sites import left_words, site_archive, site_create, site_edit, site_restore
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right
from hub.teams.models import Team

CONFLICT, INVALID = 409, 422
ATTENTION_SHOWN = 8
Context = dict[str, object]


@require_safe
def sites(request: HtmxHttpRequest) -> HttpResponse:
    """Every site with its figures; for htmx only the table that matches the filters."""
    context: Context = {"section": "sites", **_table(request)}
    name = "_table" if request.htmx and not request.htmx.history_restore_request else "page"
    response = render(request, f"chargepoints/sites/{name}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _table(request: HttpRequest) -> Context:
    form = SiteFilterForm(request.GET)
    filters = form.filters()
    found = sites_find(request.user, filters)
    rows, after = sites_page(found, form.page_after())
    teams = teams_seen(request.user)
    query = request.GET.copy()
    query.pop("after", None)
    first_page = query.urlencode()
    if after is not None:
        query["after"] = str(after)
    return {
        "form": form,
        "filters": filters,
        "rows": site_rows(rows, site_figures(request.user, [site.pk for site in rows])),
        "shown": len(rows),
        "found": found.count(),
        "teams": teams,
        "many_organisations": len({team.organisation_id for team in teams}) > 1,
        "is_later_page": form.page_after() is not None,
        "first_page": first_page,
        "next_page": query.urlencode() if after is not None else "",
        "may_create": teams_for(request.user, Right.EDIT).exists(),
    }


@require_safe
def site(request: HttpRequest, pk: int) -> HttpResponse:
    """One site: facts, figures, charge points, and what is going on there."""
    found = site_get(request.user, pk)
    rows, after = overview_page(site_charge_points(request.user, found))
    context = _base(request.user, found) | _kpis(request, found) | _attention(request, found)
    figures = context["row"]
    assert isinstance(figures, SiteRow)
    total = SiteTotal(figures.figures.total, figures.figures.power_w)
    entries = site_entries(request.user, found)
    context |= {
        "groups": overview_groups(rows, {found.pk: total}),
        "shown": len(rows),
        "is_more": after is not None,
        "map": map_address(found),
        "phone": phone_address(found),
        "now": timezone.now(),
        "knocks": site_knocks(request.user, found),
        "periods": site_maintenance(found),
        "price_choice": None if found.archived_at else price_choice(request.user, found),
        "entries": None if entries is None else entry_lines(entries),
    }
    return render(request, "chargepoints/sites/site.html", context)


@require_safe
def site_panel(request: HttpRequest, pk: int, panel: str) -> HttpResponse:
    """One panel of a site's page for a live update: `kpis` or `attention`."""
    found = site_get(request.user, pk)
    builders = {"kpis": _kpis, "attention": _attention}
    if panel not in builders:
        raise Http404
    name = "sites/_kpis" if panel == "kpis" else "overview/_attention"
    context = _base(request.user, found) | builders[panel](request, found)
    return render(request, f"chargepoints/{name}.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def site_new(request: HttpRequest) -> HttpResponse:
    """A new site of one of the teams in which the person may make some."""
    teams = teams_for(request.user, Right.EDIT)
    if not teams.exists():
        raise PermissionDenied
    form = SiteForm(posted(request), teams=teams, initial={"team": request.GET.get("team")})
    if request.method == "POST" and form.is_valid():
        team = form.cleaned_data["team"]
        try:
            made = site_create(actor=Actor.asking(request), team=team, fields=form.facts())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"{made} was created.")
            return redirect("site", pk=made.pk)
    return _form(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
def site_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit a site."""
    found = site_get(request.user, pk, Right.EDIT)
    ours = teams_for(request.user, Right.EDIT).filter(organisation=found.team.organisation_id)
    teams = ours | Team.objects.filter(pk=found.team_id)
    form = SiteForm(posted(request), instance=site_get(request.user, pk), teams=teams)
    if request.method == "POST" and form.is_valid():
        try:
            site_edit(actor=Actor.asking(request), site=found, fields=form.facts())
        except (ChangeRefused, ValidationError) as refusal:
            form.add_error(None, ValidationError(str(refusal)) if isinstance(refusal, ChangeRefused) else refusal)
        else:
            messages.success(request, f"{form.cleaned_data['name']} was saved.")
            return redirect("site", pk=pk)
    return _form(request, form, found)


def _form(request: HttpRequest, form: SiteForm, found: Site | None) -> HttpResponse:
    context = {"section": "sites", "form": form, "site": found, "zones": zone_names()}
    status = INVALID if form.is_bound else 200
    return render(request, "chargepoints/sites/form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def site_put_away(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """The dialog that says what archiving a site means; a POST archives it."""
    found = site_get(request.user, pk, Right.EDIT)
    form = ReasonForm(posted(request))
    left = [each.name for each in charge_points_left(found)]
    refusal = left_words(left) if left else ""
    if request.method == "POST" and form.is_valid():
        try:
            site_archive(actor=Actor.asking(request), site=found, reason=form.cleaned_data["reason"])
        except ChangeRefused as refused:
            refusal = str(refused)
        else:
            messages.success(request, f"{found} was archived. It stands under Archived in the list of sites.")
            return to(request, "sites")
    context: Context = {"section": "sites", "site": found, "form": form, "refusal": refusal}
    context |= {"title": "Archive", "back": reverse("site", args=[pk]), "back_name": found.name}
    status = CONFLICT if refusal and form.is_bound else INVALID if form.is_bound else 200
    return dialog(request, "chargepoints/sites/_archive.html", context, status=status)


@require_POST
def site_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a site back from the archive."""
    found = site_get(request.user, pk, Right.EDIT)
    try:
        site_restore(actor=Actor.asking(request), site=found)
    except ChangeRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{found} is back.")
    return redirect("site", pk=pk)


def site_get(person: Person, pk: int, right: Right = Right.VIEW) -> Site:
    """The site if `person` may see it, archived or not. Raises Http404, or PermissionDenied without `right`."""
    found: Site = get_object_or_404(sites_seen(person), pk=pk)
    if right not in rights_on_site(person, found):
        raise PermissionDenied
    return found


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: an empty POST is one too."""
    return request.POST if request.method == "POST" else None


def dialog(request: HtmxHttpRequest, name: str, context: Context, *, status: int = 200) -> HttpResponse:
    """A form in a dialog; without script a page of its own."""
    frame = "_dialog" if request.htmx else "_dialog_page"
    response = render(request, f"{frame}.html", {**context, "dialog": name}, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def to(request: HtmxHttpRequest, name: str, *arguments: object) -> HttpResponse:
    """Go to another page when a dialog has done its work."""
    response = redirect(name, *arguments)
    return HttpResponseClientRedirect(response.url) if request.htmx else response


def _base(person: Person, found: Site) -> Context:
    return {
        "section": "sites",
        "site": found,
        "zone": found.time_zone,
        "may_edit": Right.EDIT in rights_on_site(person, found),
    }


def _kpis(request: HttpRequest, found: Site) -> Context:
    figures = site_figures(request.user, [found.pk])[found.pk]
    return {"row": SiteRow(found, figures), "parts": charge_point_parts(figures)}


def _attention(request: HttpRequest, found: Site) -> Context:
    entries = attention(request.user, site=found)
    is_all = request.GET.get("attention") == "all"
    shown = entries if is_all else entries[:ATTENTION_SHOWN]
    return {
        "attention": shown,
        "attention_total": len(entries),
        "attention_all": is_all,
        "attention_of": found,
    }
