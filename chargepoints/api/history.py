"""What happened at a charge point: status changes, log, refused handshakes."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from ninja import Query, Router

from chargepoints.api.answers import answers
from chargepoints.api.auth import ApiRequest
from chargepoints.api.problems import FieldProblem, Unprocessable
from chargepoints.api.schemas.common import AskedPage, mark_of, next_page
from chargepoints.api.schemas.history import (
    AttemptPage,
    AttemptsAsked,
    AttemptShape,
    LogAsked,
    LogLineShape,
    LogPage,
    PointAttemptsAsked,
    StatusChangePage,
    StatusChangeShape,
)
from chargepoints.models import ChargePoint, ConnectionAttempt, LogLine
from chargepoints.permissions import charge_points_for, sees_unknown
from chargepoints.selectors.api_pages import Mark, attempts_page, status_changes_page
from chargepoints.selectors.log_lines import cursor_newest, lines_after, lines_until

router = Router(tags=["What happened"])


@router.get(
    "/charge-points/{int:id}/status-changes",
    response=answers(StatusChangePage, 404),
    operation_id="status_changes",
    summary="Status changes of a charge point",
)
def status_changes(request: ApiRequest, id: int, asked: Query[AskedPage]) -> StatusChangePage:  # noqa: A002
    """What its connectors reported, newest first; the same status again is not repeated."""
    rows, more = status_changes_page(_point(request, id), mark_of(asked.after), asked.limit)
    following = next_page(request, after=Mark(rows[-1].received_at, rows[-1].pk)) if more else None
    return StatusChangePage(items=[StatusChangeShape.of(row) for row in rows], next=following)


@router.get(
    "/charge-points/{int:id}/log", response=answers(LogPage, 404), operation_id="log", summary="Log of a charge point"
)
def log(request: ApiRequest, id: int, asked: Query[LogAsked]) -> LogPage:  # noqa: A002
    """Every message, with the raw frames, and what Hub noted beside. Without a cursor: the newest lines.

    To follow the log, ask `newer` again and again; to read back, ask `older` until it is null.
    """
    point = _point(request, id)
    if asked.after is not None and asked.before is not None:
        both = "Give after or before, not both."
        raise Unprocessable([FieldProblem(location="query", field="before", message=both)])
    if asked.after is not None:
        lines = lines_after(point.pk, asked.after, asked.limit)
    else:
        newest = cursor_newest(point.pk) if asked.before is None else asked.before - 1
        lines = lines_until(point.pk, newest, asked.limit)
    return _log_page(request, asked, lines)


@router.get(
    "/charge-points/{int:id}/connection-attempts",
    response=answers(AttemptPage, 404),
    operation_id="charge_point_attempts",
    summary="Refused handshakes of a charge point",
)
def charge_point_attempts(request: ApiRequest, id: int, asked: Query[PointAttemptsAsked]) -> AttemptPage:  # noqa: A002
    """When it was refused, and why; the last seen first."""
    point = _point(request, id)
    found = attempts_page(
        request.auth, unknown=False, after=mark_of(asked.after), limit=asked.limit, charge_point=point
    )
    return _attempts(request, *found)


@router.get(
    "/connection-attempts",
    response=answers(AttemptPage, 403),
    operation_id="connection_attempts",
    summary="List refused handshakes",
)
def connection_attempts(request: ApiRequest, asked: Query[AttemptsAsked]) -> AttemptPage:
    """Refused handshakes of all charge points that this key may see; the last seen first.

    Those of chargers that nobody has registered are among them if the key may add charge points anywhere in the
    organisation that receives unknown chargers; `unknown=true` without that right is a 403.
    """
    if asked.unknown and not sees_unknown(request.auth):
        raise PermissionDenied(
            "Unknown chargers are shown to keys that may change charge points in the whole operator."
        )
    found = attempts_page(request.auth, unknown=asked.unknown, after=mark_of(asked.after), limit=asked.limit)
    return _attempts(request, *found)


def _point(request: ApiRequest, pk: int) -> ChargePoint:
    return get_object_or_404(charge_points_for(request.auth), pk=pk)


def _attempts(request: ApiRequest, rows: list[ConnectionAttempt], more: bool) -> AttemptPage:
    following = next_page(request, after=Mark(rows[-1].last_at, rows[-1].pk)) if more else None
    return AttemptPage(items=[AttemptShape.of(row) for row in rows], next=following)


def _log_page(request: ApiRequest, asked: LogAsked, lines: list[LogLine]) -> LogPage:
    """The page with both links; one that is empty leads on from where it was asked."""
    if lines:
        last, first = lines[-1].seq, lines[0].seq
    else:
        last = asked.after if asked.after is not None else max((asked.before or 0) - 1, 0)
        first = last + 1
    at_the_start = asked.after is None and len(lines) < asked.limit
    return LogPage(
        items=[LogLineShape.of(line) for line in lines],
        newer=next_page(request, after=last),
        older=None if at_the_start or first <= 1 else next_page(request, before=first),
    )
