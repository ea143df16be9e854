"""The key itself."""

from django.conf import settings
from ninja import Router

from chargepoints.api.answers import answers
from chargepoints.api.auth import ApiRequest
from chargepoints.api.schemas.common import asked_nothing
from chargepoints.api.schemas.me import MeShape
from chargepoints.models import Site

router = Router(tags=["This key"])


@router.get("/me", response=answers(MeShape), operation_id="me", summary="What this key may do")
def me(request: ApiRequest) -> MeShape:
    """The name of the key, its role, and where it works. A good first call."""
    asked_nothing(request)
    limited = Site.objects.filter(limits__member=request.auth.member).order_by("pk")
    return MeShape.of(request.auth, list(limited), settings.API_PER_MINUTE)
