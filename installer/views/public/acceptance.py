"""The acceptance test by the link: start it, run a step again, break it off."""

from django.http import Http404, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from chargepoints.exceptions import ActionRefused
from installer.exceptions import JobIsOver
from installer.selectors.rows import rows_of
from installer.services.edits import DONE, WRONG, Answer, Edit
from installer.services.testing import step_again, test_start, test_stop
from installer.views.public.edits import KEY, json_answer, plain_answer
from installer.views.public.gate import LinkRequest, by_link

OVER = 409


@by_link
@require_POST
def job_test(request: LinkRequest, token: str, row: int) -> HttpResponse:
    """`do` is start, stop or again (with `step`). JSON for the script, else back to the charge point.

    What runs already is not started twice. 422 with a sentence for what cannot be, 409 when the job is over.
    """
    found = rows_of(request.link.job).select_related("job").filter(pk=row).first()
    asked = request.POST.get("do", "")
    if found is None or asked not in {"start", "stop", "again"}:
        raise Http404
    try:
        if asked == "start":
            test_start(actor=request.actor, row=found)
        elif asked == "stop":
            test_stop(actor=request.actor, row=found)
        else:
            step_again(actor=request.actor, row=found, step_id=request.POST.get("step", ""))
        answer = Answer(DONE, {"test": asked})
    except JobIsOver as over:
        answer = Answer(OVER, {"error": str(over)})
    except ActionRefused as refusal:
        answer = Answer(WRONG, {"error": str(refusal), "field": "test"})
    if request.headers.get(KEY) is not None:
        return json_answer(answer)
    return plain_answer(request, token, Edit("test", found.pk, {}), answer)


TESTS: list[URLPattern] = [path("j/<str:token>/rows/<int:row>/test/", job_test, name="job_test")]
