"""Finding a charge point by what it calls itself, and who has the identity that another one claims."""

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Lower

from chargepoints.models import ChargePoint


def charge_points_identified(identity: str) -> QuerySet[ChargePoint]:
    """The charge point with this identity, whatever its case (OCPP 2.x identifierString); none or one."""
    return ChargePoint.objects.annotate(identity_lower=Lower("identity")).filter(identity_lower=identity.lower())


def conflicts_told(found: QuerySet[ChargePoint]) -> QuerySet[ChargePoint]:
    """Charge points with `held_by` and `held_in`: team and organisation id of who has the identity they claim.

    Looked up only for those that claim one, within the same query.
    """
    holder = ChargePoint.objects.annotate(identity_lower=Lower("identity")).filter(
        identity_lower=Lower(OuterRef("wanted_identity"))
    )
    claims = ~Q(wanted_identity="")
    return found.annotate(
        held_by=Case(When(claims, then=Subquery(holder.values("site__team__name")[:1]))),
        held_in=Case(When(claims, then=Subquery(holder.values(place=F("site__team__organisation"))[:1]))),
    )
