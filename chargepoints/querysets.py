"""Queries that more than one room asks."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models.functions import Lower

if TYPE_CHECKING:
    from chargepoints.models import ChargePoint  # noqa: F401 - the querysets' own model

    _Base = models.QuerySet["ChargePoint"]
else:
    _Base = models.QuerySet


class ChargePointQuerySet(_Base):
    """Charge points with what their pages show."""

    def with_link(self) -> Self:
        """Joins site, team and connection, so that a row costs no further query."""
        return self.select_related("site__team", "connection")

    def identified(self, identity: str) -> Self:
        """The charge point with this identity, whatever its case (OCPP 2.x identifierString)."""
        return self.annotate(identity_lower=Lower("identity")).filter(identity_lower=identity.lower())
