"""Hourly prices."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from ninja import Router

from chargepoints.api.answers import answers
from chargepoints.api.auth import ApiRequest
from chargepoints.api.schemas.common import asked_nothing
from chargepoints.api.schemas.spot import HoursShape, StoredShape
from chargepoints.models import SpotSource
from chargepoints.permissions import organisations_of, spot_sources_for
from chargepoints.services.spot import spot_prices_store
from hub.audit.records import Actor
from hub.http import remote_address
from hub.teams.choices import Right

router = Router(tags=["Hourly prices"])


@router.put(
    "/spot-sources/{int:id}/prices",
    response=answers(StoredShape, 400, 403, 404),
    operation_id="spot_prices_store",
    summary="Store hourly prices",
)
def spot_prices(request: ApiRequest, id: int, hours: HoursShape) -> StoredShape:  # noqa: A002 - the field's name
    """Hours that are not there are added, others get the new price; the same again changes nothing.

    It needs a key with the right to money in the whole operator. Bills that were computed stay as they are.
    """
    asked_nothing(request)
    seen = SpotSource.objects.filter(organisation__in=organisations_of(request.auth, Right.VIEW))
    source = get_object_or_404(seen, pk=id)
    if not spot_sources_for(request.auth).filter(pk=id).exists():
        raise PermissionDenied("The role of this key does not allow it: it needs money, in the whole operator.")
    actor = Actor.of(request.auth, remote_address(request))
    told = spot_prices_store(actor=actor, source=source, hours={hour.starts_at: hour.per_kwh for hour in hours.prices})
    return StoredShape(new=told.new, changed=len(told.changed), unchanged=told.same)
