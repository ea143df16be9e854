"""One command."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from chargepoints.permissions import commands_for, rights_on
from chargepoints.rendering.commands import life_lines, parameters_shown, progress_steps, result_text
from chargepoints.rendering.diagnostics import file_rows
from chargepoints.selectors.diagnostics import diagnostics_of_command
from hub.teams.choices import Right


@require_safe
def command(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A command with its life line: who, when, why, from where, and what came of it."""
    found = get_object_or_404(commands_for(request.user).select_related("charge_point__site__team", "author"), pk=pk)
    files = file_rows(diagnostics_of_command(found))
    context = {
        "section": "chargers",
        "line": life_lines([found])[0],
        "command": found,
        "parameters": parameters_shown(found),
        "files": files,
        "sees_files": bool(files) and Right.REBOOT in rights_on(request.user, found.charge_point),
        "progress": progress_steps(found),
        "result": result_text(found),
        "charge_point": found.charge_point,
        "zone": found.charge_point.site.time_zone,
    }
    return render(request, "chargepoints/commands/page.html", context)
