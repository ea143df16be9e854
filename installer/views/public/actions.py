"""Remote actions by the link: sent at once or not at all, never kept on the phone."""

from django.db import OperationalError
from django.http import Http404, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from chargepoints.exceptions import ActionRefused
from installer.choices import ActionKind
from installer.exceptions import JobIsOver
from installer.selectors.rows import rows_of
from installer.services.actions import action_send
from installer.services.edits import DONE, WRONG, Answer, Edit
from installer.views.public.edits import KEY, NOT_A_KEY, away, json_answer, key_of, number_of, plain_answer
from installer.views.public.gate import LinkRequest, by_link

OVER = 409
LATER = "It could not be sent just now. Try again."


@by_link
@require_POST
def job_action(request: LinkRequest, token: str, row: int, kind: str) -> HttpResponse:
    """Send `kind` to the charger of this row, at the connector `connector`. JSON for the script, as for edits.

    422 with a sentence for what does not fit now, 409 when the job is over; neither uses up the key.
    """
    found = rows_of(request.link.job).filter(pk=row).first()
    if found is None or kind not in ActionKind:
        raise Http404
    told = request.headers.get(KEY)
    key = key_of(told) if told is not None else ""
    if told is not None and not key:
        return json_answer(Answer(WRONG, {"error": NOT_A_KEY}))
    try:
        connector = number_of(request.POST.get("connector", "")) or None
        command = action_send(
            link=request.link, row=found, kind=kind, connector=connector, key=key, actor=request.actor
        )
        answer = Answer(DONE, {"command": str(command.pk), "kind": kind, "connector": command.connector_number})
    except JobIsOver as over:
        answer = Answer(OVER, {"error": str(over)})
    except ActionRefused as refusal:
        answer = Answer(WRONG, {"error": str(refusal), "field": "action"})
    except OperationalError:
        return away(told, LATER)
    if told is not None:
        return json_answer(answer)
    return plain_answer(request, token, Edit("action", found.pk, {}), answer)


ACTIONS: list[URLPattern] = [
    path("j/<str:token>/rows/<int:row>/actions/<str:kind>/", job_action, name="job_action"),
]
