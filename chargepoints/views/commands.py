"""Commands: one with its life line, all of them, those of a charge point, and taking one back."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe
from django_htmx.http import trigger_client_event

from chargepoints.actions import ACTIONS
from chargepoints.exceptions import ActionRefused
from chargepoints.forms.commands import KINDS, OUTCOME_CHOICES, CommandFilterForm
from chargepoints.models import ChargePoint, Command, Site
from chargepoints.permissions import charge_points_for, commands_for, rights_on
from chargepoints.rendering.charge_point import charge_point_head
from chargepoints.rendering.checks import check_report
from chargepoints.rendering.command_files import commands_csv
from chargepoints.rendering.commands import (
    command_rows,
    command_title,
    life_lines,
    may_take_back,
    parameter_rows,
    result_text,
)
from chargepoints.rendering.diagnostics import file_rows
from chargepoints.rendering.limits import start_facts
from chargepoints.rendering.schedule import command_schedule
from chargepoints.rendering.steps import progress_steps
from chargepoints.selectors.commands import command_sites, commands_batches, commands_find, commands_page
from chargepoints.selectors.diagnostics import diagnostics_of_command
from chargepoints.services.command_records import commands_export_record
from chargepoints.services.releases import command_take_back
from chargepoints.views.charge_point import charge_point_base, charge_point_get
from chargepoints.views.listing import list_answer
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest, streamed
from hub.spreadsheets import CSV_TYPE
from hub.teams.choices import Right

Context = dict[str, object]
CONFLICT = 409


@require_safe
def command(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A command with its life line: who, when, why, from where, and what came of it."""
    found = _get(request, pk)
    lines, files = life_lines([found]), file_rows(diagnostics_of_command(found))
    rights = rights_on(request.user, found.charge_point)
    context = {
        "section": "commands",
        "line": lines[0],
        "command": found,
        "may_take_back": found.pk in may_take_back(lines, rights),
        "parameters": parameter_rows(found),
        "files": files,
        "sees_files": bool(files) and Right.REBOOT in rights,
        "progress": progress_steps(found),
        "result": result_text(found),
        "schedule": command_schedule(found),
        "start_facts": start_facts(request.user, found),
        "check": check_report(found),
        "charge_point": found.charge_point,
        "zone": found.charge_point.site.time_zone,
    }
    return render(request, "chargepoints/commands/page.html", context)


@require_POST
def command_cancel(request: HtmxHttpRequest, pk: UUID) -> HttpResponse:
    """Take back a command that was not sent yet. 403 without the right of its action, 409 when it is too late."""
    found = _get(request, pk)
    action = ACTIONS.get(found.kind)
    if action is not None and action.right not in rights_on(request.user, found.charge_point):
        raise PermissionDenied(f"Your role does not allow this. It needs: {action.right.label.lower()}.")
    say, status = f"{command_title(found)}: taken back.", 204
    try:
        command_take_back(command=found, actor=Actor.asking(request))
    except ActionRefused as refusal:
        say, status = str(refusal), CONFLICT
    if request.htmx:
        return trigger_client_event(HttpResponse(status=status), "hub:command", {"say": say})
    messages.add_message(request, messages.ERROR if status == CONFLICT else messages.SUCCESS, say)
    return redirect("command", pk=pk)


@require_safe
def commands(request: HtmxHttpRequest) -> HttpResponse:
    """Every command that the person may see, newest first; for htmx only the rows.

    Filters stand in the address: `q`, `site`, `charge_point`, `kind`, `outcome`, `author`, `since`, `until`, and
    `before`, the mark of the page.
    """
    return list_answer(
        request,
        {"section": "commands", **_list(request, reverse("commands"))},
        rows="commands/_table",
        page="commands/list",
    )


@require_safe
def charge_point_commands(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """The same list of one charge point."""
    found = charge_point_get(request.user, pk)
    context = charge_point_base(found) | {"head": charge_point_head(found), "tab": "live"}
    context |= _list(request, reverse("charge_point_commands", args=[pk]), found)
    return list_answer(request, context, rows="commands/_table", page="charge_point/commands")


@require_GET
def commands_export(request: HttpRequest) -> HttpResponseBase:
    """What the filters find as CSV, streamed; that it was taken is on record."""
    form = CommandFilterForm(request.GET)
    filters = form.filters(_zone(command_sites(request.user), form.site_asked()))
    rows = commands_find(request.user, filters)
    commands_export_record(actor=Actor.asking(request), person=request.user, filters=filters.told())
    name = f"commands-{timezone.now():%Y-%m-%d-%H%M}.csv"
    return StreamingHttpResponse(
        streamed(request, commands_csv(commands_batches(rows))),
        content_type=CSV_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _get(request: HttpRequest, pk: UUID) -> Command:
    rows = commands_for(request.user).select_related("charge_point__site__team", "author")
    return get_object_or_404(rows, pk=pk)


def _list(request: HttpRequest, here: str, of: ChargePoint | None = None) -> Context:
    sites = command_sites(request.user)
    form = CommandFilterForm(request.GET)
    zone = of.site.time_zone if of else _zone(sites, form.site_asked())
    filters = form.filters(zone, of.pk if of else None)
    found, following = commands_page(commands_find(request.user, filters), form.page_after())
    asked = filters.charge_point if of is None else None
    point = charge_points_for(request.user).filter(pk=asked).first() if asked is not None else None
    query = request.GET.copy()
    query.pop("before", None)
    first_page = query.urlencode()
    query["before"] = str(following)
    exported = request.GET.copy()
    exported.pop("before", None)
    if of is not None:
        exported["charge_point"] = str(of.pk)
    return {
        "here": here,
        "of_point": of,
        "point": point,
        "form": form,
        "filters": filters,
        "is_filtered": any(name != "charge_point" or of is None for name in filters.told()),
        "rows": command_rows(found),
        "sites": sites,
        "kinds": KINDS,
        "outcomes": OUTCOME_CHOICES,
        "first_page": first_page,
        "next_page": query.urlencode() if following else "",
        "is_later_page": form.page_after() is not None,
        "exported": exported.urlencode(),
        "zone": zone,
    }


def _zone(sites: list[Site], asked: int | None) -> str:
    """The time zone of the site that is asked for, or of all sites if they share one."""
    zones = {site.time_zone for site in sites if asked in {None, site.pk}}
    return zones.pop() if len(zones) == 1 else "UTC"


urlpatterns: list[URLPattern] = [
    path("commands/", commands, name="commands"),
    path("commands/export/", commands_export, name="commands_export"),
    path("commands/<uuid:pk>/", command, name="command"),
    path("commands/<uuid:pk>/cancel/", command_cancel, name="command_cancel"),
    path("charge-points/<int:pk>/commands/", charge_point_commands, name="charge_point_commands"),
]
