"""Errors of the API: one shape for all of them, problem details (RFC 9457)."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from http import HTTPStatus

import msgspec
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import BaseModel, Field

from chargepoints.exceptions import ActionRefused
from chargepoints.services.idempotency import KeyInFlight, KeyReused
from hub.limits import Budget

logger = logging.getLogger(__name__)
# What stands beside the parameters in the request for a command.
_BESIDE_PARAMETERS = frozenset({"not_before", "keep_until"})

MEDIA_TYPE = "application/problem+json"
NOT_FOUND = "There is nothing here, or it is not yours to see."
WRONG_KEY = (
    "Send a valid API key: Authorization: Bearer hub_... Keys that are unknown, revoked or expired look the same."
)


class FieldProblem(BaseModel):
    """What is wrong with one field of the request."""

    location: str = Field(description="Where the field is: query, path or body.", examples=["query"])
    field: str = Field(description="Its name.", examples=["limit"])
    message: str = Field(description="What is wrong.", examples=["Input should be less than or equal to 200."])


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="Always `about:blank`: the status says what kind it is.", examples=["about:blank"])
    title: str = Field(description="The name of the status.", examples=["Unprocessable Content"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(description="A sentence for people.", examples=["The request has a mistake in: limit."])
    errors: list[FieldProblem] = Field(description="The fields that are wrong, if it is about fields.")


class Unprocessable(Exception):
    """A request that makes no sense; it names the fields."""

    def __init__(self, errors: Sequence[FieldProblem]) -> None:
        super().__init__(str(errors))
        self.errors = errors


class TooMany(Exception):
    """A limit is used up."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(str(budget))
        self.budget = budget


def problem(
    status: int, detail: str, errors: Sequence[FieldProblem] = (), headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """An error as a response."""
    title = "Unprocessable Content" if status == HTTPStatus.UNPROCESSABLE_ENTITY else HTTPStatus(status).phrase
    body = Problem(type="about:blank", title=title, status=status, detail=detail, errors=list(errors))
    content = msgspec.json.encode(body.model_dump())
    return HttpResponse(content, status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))


def _wrong_key(request: HttpRequest, error: object) -> HttpResponse:
    return problem(401, WRONG_KEY, headers={"WWW-Authenticate": 'Bearer realm="Hub API"'})


def _too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
    wait = error.budget.reset
    sentence = f"More than {error.budget.limit} requests a minute. Try again in {wait} s."
    return problem(429, sentence, headers={"Retry-After": str(wait), **rate_headers(error.budget)})


def _forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return problem(403, str(error) or "The role of this key does not allow it.")


def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, NOT_FOUND)


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return _unprocessable(request, Unprocessable([_field(each) for each in error.errors]))


def _unprocessable(request: HttpRequest, error: Unprocessable) -> HttpResponse:
    names = ", ".join(dict.fromkeys(each.field for each in error.errors))
    return problem(422, f"The request has a mistake in: {names}.", error.errors)


def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, str(error))


def _suspicious(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    return problem(400, "This request cannot be read.")


def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem(500, "Hub could not do this. It is in its own log.")


def _action_refused(request: HttpRequest, error: ActionRefused) -> HttpResponse:
    """A wrong parameter is named; what the facts do not allow may be possible later."""
    if not error.field:
        return problem(409, str(error))
    name = error.field if error.field in _BESIDE_PARAMETERS else f"parameters.{error.field}"
    return problem(422, str(error), [FieldProblem(location="body", field=name, message=str(error))])


def _key_reused(request: HttpRequest, error: KeyReused) -> HttpResponse:
    told = "This key was used for another request. Use a new one for each command."
    return problem(422, told, [FieldProblem(location="header", field="Idempotency-Key", message=told)])


def _key_in_flight(request: HttpRequest, error: KeyInFlight) -> HttpResponse:
    return problem(409, "The first request with this key is still being worked on. Ask again in a moment.")


def _field(error: Mapping[str, object]) -> FieldProblem:
    place = list(error["loc"]) if isinstance(error["loc"], tuple | list) else []
    # The body has no name for those who send it.
    named = place[2:] if place[:1] == ["body"] and len(place) > 2 else place[1:]
    return field_problem(str(place[0]) if place else "", named, str(error["msg"]))


def field_problem(location: str, path: Sequence[object], message: str) -> FieldProblem:
    """What is wrong with the field at `path`, in a sentence."""
    told = message.removeprefix("Value error, ").rstrip(".")
    return FieldProblem(location=location, field=".".join(str(part) for part in path), message=f"{told}.")


def rate_headers(budget: Budget) -> dict[str, str]:
    """What is left, in the headers of draft-ietf-httpapi-ratelimit-headers (version 6)."""
    return {
        "RateLimit-Limit": str(budget.limit),
        "RateLimit-Remaining": str(budget.remaining),
        "RateLimit-Reset": str(budget.reset),
    }


def problems_register(api: NinjaAPI) -> None:
    """Every exception of `api` becomes a problem."""
    api.add_exception_handler(Exception, _failed)  # type: ignore[arg-type]
    api.add_exception_handler(HttpError, _refused)  # type: ignore[arg-type]
    api.add_exception_handler(AuthenticationError, _wrong_key)
    api.add_exception_handler(TooMany, _too_many)  # type: ignore[arg-type]
    api.add_exception_handler(PermissionDenied, _forbidden)  # type: ignore[arg-type]
    api.add_exception_handler(Http404, _not_found)  # type: ignore[arg-type]
    api.add_exception_handler(ValidationError, _invalid)  # type: ignore[arg-type]
    api.add_exception_handler(Unprocessable, _unprocessable)  # type: ignore[arg-type]
    api.add_exception_handler(ActionRefused, _action_refused)  # type: ignore[arg-type]
    api.add_exception_handler(KeyReused, _key_reused)  # type: ignore[arg-type]
    api.add_exception_handler(KeyInFlight, _key_in_flight)  # type: ignore[arg-type]
    api.add_exception_handler(SuspiciousOperation, _suspicious)  # type: ignore[arg-type]


View = Callable[..., HttpResponse]


def guarded(view: View) -> View:
    """A view of the API as it is mounted: HEAD as GET, a problem for a wrong method, nothing kept by caches."""

    @wraps(view)
    def run(request: HttpRequest, *arguments: object, **named: object) -> HttpResponse:
        method, request.method = request.method, "GET" if request.method == "HEAD" else request.method
        response = view(request, *arguments, **named)
        request.method = method
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = sorted(response["Allow"].replace(" ", "").split(","))
            allowed = sorted({"HEAD", *allowed}) if "GET" in allowed else allowed
            response = problem(405, f"Only {', '.join(allowed)} here.", headers={"Allow": ", ".join(allowed)})
        budget = getattr(request, "budget", None)
        for name, value in (rate_headers(budget) if budget else {}).items():
            response.headers.setdefault(name, value)
        response.headers["Cache-Control"] = "no-store"
        return response

    # LoginRequiredMiddleware would send programs to the login page; the API has a 401 of its own.
    return login_not_required(run)


def nothing_here(request: HttpRequest) -> HttpResponse:
    """Any address under `/api/` that is none."""
    return problem(404, NOT_FOUND)
