"""The key that asks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from chargepoints.api.schemas.common import Named, OneOf
from chargepoints.models import Site
from hub.teams.choices import RIGHTS, Right, Role
from hub.teams.models import ApiKey


class MeShape(BaseModel):
    """What this key is and may do."""

    name: str = Field(description="Its name.", examples=["Billing export"])
    prefix: str = Field(description="How it starts, to tell it.", examples=["hub_7f3k2m9q"])
    organisation: Named = Field(
        description="The operator it belongs to.", examples=[{"id": 1, "name": "Nordlys Charging"}]
    )
    team: Named | None = Field(description="The only team it works in; null: all of them.")
    role: Annotated[str, OneOf(Role.values)] = Field(description="Its role.", examples=["read-only"])
    rights: list[Annotated[str, OneOf(Right.values)]] = Field(description="What that role allows.", examples=[["view"]])
    sites: list[Named] | None = Field(description="The only sites it works in; null: all of them.")
    expires_at: datetime | None = Field(description="When it ends; null: never.", examples=["2027-11-20T00:00:00Z"])
    requests_per_minute: int | None = Field(description="How often it may ask; null: no limit.", examples=[600])

    @classmethod
    def of(cls, key: ApiKey, sites: Sequence[Site], per_minute: int) -> "MeShape":
        """From a key with its member, and the sites that it is limited to."""
        member = key.member
        return cls(
            name=key.name,
            prefix=key.prefix,
            organisation=Named(id=member.organisation_id, name=member.organisation.name),
            team=Named(id=member.team.pk, name=member.team.name) if member.team else None,
            role=member.role,
            rights=sorted(right.value for right in RIGHTS[member.role]),
            sites=[Named(id=site.pk, name=site.name) for site in sites] or None,
            expires_at=key.expires_at,
            requests_per_minute=per_minute or None,
        )
