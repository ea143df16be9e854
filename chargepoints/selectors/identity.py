"""Finding a charge point by what it calls itself."""

from django.db.models import QuerySet
from django.db.models.functions import Lower

from chargepoints.models import ChargePoint


def charge_points_identified(identity: str) -> QuerySet[ChargePoint]:
    """The charge point with this identity, whatever its case (OCPP 2.x identifierString); none or one."""
    return ChargePoint.objects.annotate(identity_lower=Lower("identity")).filter(identity_lower=identity.lower())
