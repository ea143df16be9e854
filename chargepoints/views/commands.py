"""One command."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from chargepoints.permissions import commands_for
from chargepoints.rendering.checks import check_report
from chargepoints.rendering.commands import life_lines, progress_steps, result_text


@require_safe
def command(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A command with its life line: who, when, why, from where, and what came of it."""
    found = get_object_or_404(commands_for(request.user).select_related("charge_point__site", "author"), pk=pk)
    context = {
        "section": "chargers",
        "line": life_lines([found])[0],
        "command": found,
        "progress": progress_steps(found),
        "result": result_text(found),
        "check": check_report(found),
        "charge_point": found.charge_point,
        "zone": found.charge_point.site.time_zone,
    }
    return render(request, "chargepoints/commands/page.html", context)
