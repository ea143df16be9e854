"""Charge points."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router

from chargepoints.api.answers import answers
from chargepoints.api.auth import ApiRequest
from chargepoints.api.schemas.charge_points import (
    ChargePointPage,
    ChargePointsAsked,
    ChargePointShape,
    ConnectorList,
)
from chargepoints.api.schemas.common import asked_nothing, next_page
from chargepoints.selectors.api_pages import charge_points_page, charge_points_shown

router = Router(tags=["Charge points"])


@router.get(
    "/charge-points", response=answers(ChargePointPage), operation_id="charge_points", summary="List charge points"
)
def charge_points(request: ApiRequest, asked: Query[ChargePointsAsked]) -> ChargePointPage:
    """The charge points that this key may see, each with its link and connectors. Archived ones are left out.

    To keep a copy up to date, ask with `updated_since`, the newest `updated_at` that you have.
    """
    rows, more = charge_points_page(request.auth, asked.filters(), asked.after, asked.limit)
    now = timezone.now()
    items = [ChargePointShape.of(row, now) for row in rows]
    return ChargePointPage(items=items, next=next_page(request, after=rows[-1].pk) if more else None)


@router.get(
    "/charge-points/{int:id}",
    response=answers(ChargePointShape, 404),
    operation_id="charge_point",
    summary="One charge point",
)
def charge_point(request: ApiRequest, id: int) -> ChargePointShape:  # noqa: A002
    """One charge point by its id, with its link and connectors."""
    asked_nothing(request)
    found = get_object_or_404(charge_points_shown(request.auth), pk=id)
    return ChargePointShape.of(found, timezone.now())


@router.get(
    "/charge-points/{int:id}/connectors",
    response=answers(ConnectorList, 404),
    operation_id="connectors",
    summary="Connectors of a charge point",
)
def connectors(request: ApiRequest, id: int) -> ConnectorList:  # noqa: A002
    """What each connector does, with error and power."""
    asked_nothing(request)
    found = get_object_or_404(charge_points_shown(request.auth), pk=id)
    return ConnectorList(items=ChargePointShape.of(found, timezone.now()).connectors)
