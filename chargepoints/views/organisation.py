"""The organisation: its name, what it asks of its people, and its teams."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from chargepoints.exceptions import ChangeRefused
from chargepoints.forms.organisation import OrganisationForm, TeamForm
from chargepoints.permissions import Person, organisations_for
from chargepoints.selectors.organisation import organisation_cards, organisations_managed, team_contents
from chargepoints.services.organisation import (
    contents_words,
    organisation_edit,
    team_create,
    team_remove,
    team_rename,
)
from chargepoints.views.sites import CONFLICT, INVALID, dialog, posted, to
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.models import Organisation, Team

Context = dict[str, object]


@require_safe
def organisation(request: HttpRequest) -> HttpResponse:
    """Each organisation that the person manages, with its teams. 403 for those who manage none as a whole."""
    cards = organisation_cards(request.user)
    if not cards:
        raise PermissionDenied
    return render(request, "chargepoints/organisation/page.html", {"section": "organisation", "cards": cards})


@require_http_methods(["GET", "HEAD", "POST"])
def organisation_change(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Its name, and whether it asks for a second factor."""
    found = _organisation(request.user, pk)
    form = OrganisationForm(posted(request), instance=_organisation(request.user, pk))
    if request.method == "POST" and form.is_valid():
        organisation_edit(actor=Actor.asking(request), organisation=found, **form.cleaned_data)
        messages.success(request, f"{form.cleaned_data['name']} was saved.")
        return to(request, "organisation")
    return _form(request, form, "Edit organisation", "Save", found.name)


@require_http_methods(["GET", "HEAD", "POST"])
def team_new(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """A new team of an organisation."""
    found = _organisation(request.user, pk)
    form = TeamForm(posted(request), organisation=found)
    if request.method == "POST" and form.is_valid():
        made = team_create(actor=Actor.asking(request), organisation=found, name=form.cleaned_data["name"])
        messages.success(request, f"The team {made} was created.")
        return to(request, "organisation")
    return _form(request, form, "New team", "Create team", found.name)


@require_http_methods(["GET", "HEAD", "POST"])
def team_change(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Rename a team."""
    found = _team(request.user, pk)
    form = TeamForm(posted(request), instance=_team(request.user, pk), organisation=found.organisation)
    if request.method == "POST" and form.is_valid():
        team_rename(actor=Actor.asking(request), team=found, name=form.cleaned_data["name"])
        messages.success(request, f"The team is called {form.cleaned_data['name']} now.")
        return to(request, "organisation")
    return _form(request, form, "Rename team", "Rename", found.name)


@require_http_methods(["GET", "HEAD", "POST"])
def team_away(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Remove a team that has nothing in it."""
    found = _team(request.user, pk)
    contents = team_contents(found)
    refusal = contents_words(found, contents) if contents else ""
    if request.method == "POST":
        try:
            team_remove(actor=Actor.asking(request), team=found)
        except ChangeRefused as refused:
            refusal = str(refused)
        else:
            messages.success(request, f"The team {found} was removed.")
            return to(request, "organisation")
    context = _frame("Remove team") | {"team": found, "refusal": refusal}
    status = CONFLICT if request.method == "POST" else 200
    return dialog(request, "chargepoints/organisation/_remove.html", context, status=status)


def _organisation(person: Person, pk: int) -> Organisation:
    """The organisation, if `person` manages it. Raises Http404, or PermissionDenied where they only belong to it."""
    found: Organisation = get_object_or_404(organisations_for(person), pk=pk)
    if not organisations_managed(person).filter(pk=pk).exists():
        raise PermissionDenied
    return found


def _team(person: Person, pk: int) -> Team:
    mine = Team.objects.filter(organisation__in=organisations_for(person)).select_related("organisation")
    found: Team = get_object_or_404(mine, pk=pk)
    _organisation(person, found.organisation_id)
    return found


def _form(
    request: HtmxHttpRequest, form: OrganisationForm | TeamForm, title: str, verb: str, about: str
) -> HttpResponse:
    context = _frame(title) | {"form": form, "verb": verb, "about": about, "here": request.path}
    status = INVALID if form.is_bound else 200
    return dialog(request, "chargepoints/organisation/_form.html", context, status=status)


def _frame(title: str) -> Context:
    return {"section": "organisation", "title": title, "back": reverse("organisation"), "back_name": "Organisation"}
