"""Sites."""

from datetime import datetime

from pydantic import BaseModel, Field

from chargepoints.api.schemas.common import NEXT, After, Asked, Limit, Named, Text
from chargepoints.models import Site
from chargepoints.selectors.api_pages import SiteCounts


class SitesAsked(Asked):
    """Parameters of the list of sites."""

    after: After = 0
    limit: Limit = 50


class SiteShape(BaseModel):
    """A place with charge points behind one grid connection."""

    id: int = Field(description="Its id.", examples=[3])
    name: str = Field(description="Its name.", examples=["Aker Brygge"])
    organisation: Named = Field(description="The operator.", examples=[{"id": 1, "name": "Nordlys Charging"}])
    team: Named = Field(description="The team that owns it.")
    address: Text = Field(description="Street and number.", examples=["Stranden 1"])
    city: Text = Field(description="City.", examples=["Oslo"])
    time_zone: str = Field(description="IANA name of its time zone.", examples=["Europe/Oslo"])
    phone: Text = Field(description="Whom to call there.", examples=["+47 22 00 00 00"])
    latitude: float | None = Field(description="Degrees north.", examples=[59.9101])
    longitude: float | None = Field(description="Degrees east.", examples=[10.7271])
    power_limit_w: int | None = Field(description="What the grid connection allows, in W.", examples=[160000])
    notes: Text = Field(description="Notes of the operator.", examples=["Gate code at the desk."])
    charge_points: int = Field(description="How many charge points it has.", examples=[12])
    connected: int = Field(description="How many of them are connected now.", examples=[11])
    created_at: datetime = Field(description="When it was made.", examples=["2026-03-02T09:00:00Z"])

    @classmethod
    def of(cls, site: Site, counts: SiteCounts) -> "SiteShape":
        """From a row with its team and organisation."""
        return cls(
            id=site.pk,
            name=site.name,
            organisation=Named(id=site.team.organisation_id, name=site.team.organisation.name),
            team=Named(id=site.team_id, name=site.team.name),
            address=site.address,
            city=site.city,
            time_zone=site.time_zone,
            phone=site.phone,
            latitude=None if site.latitude is None else float(site.latitude),
            longitude=None if site.longitude is None else float(site.longitude),
            power_limit_w=site.power_limit_w,
            notes=site.notes,
            charge_points=counts.charge_points,
            connected=counts.connected,
            created_at=site.created_at,
        )


class SitePage(BaseModel):
    """Sites in order of their id."""

    items: list[SiteShape] = Field(description="The sites.")
    next: str | None = Field(description=NEXT, examples=["https://hub.example.com/api/v1/sites?after=3"])
