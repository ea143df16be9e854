"""Charge points with their connectors and connection."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from chargepoints.api.schemas.common import LARGEST_ID, NEXT, After, Asked, Limit, Named, OneOf, Search, Text
from chargepoints.choices import ConnectorStatus, ConnectorType, Integration, Refusal, State
from chargepoints.forms.filters import STATUSES
from chargepoints.models import ChargePoint, Connection, Connector
from chargepoints.rendering.status import combined_words, connector_look
from chargepoints.selectors.api_pages import PointFilters, updated_at
from chargepoints.selectors.overview import Filters, connector_power

StatusWord = Annotated[str, OneOf(word for word, _ in STATUSES)]
IntegrationWord = Annotated[str, OneOf(Integration.values)]
StateWord = Annotated[str, OneOf(State.values)]
ConnectorWord = Annotated[str, OneOf(ConnectorStatus.values)]
_Id = Annotated[int, Field(ge=0, le=LARGEST_ID)]


def _with_plus(value: object) -> object:
    """`+02:00` in an address arrives as ` 02:00` where somebody forgot to encode it."""
    return value.replace(" ", "+") if isinstance(value, str) else value


class ChargePointsAsked(Asked):
    """Filters of the list of charge points; they add up."""

    q: Search = Field(
        "",
        description="Words that name, identity, serial, sticker, model, vendor, site or city must have.",
        examples=["aker"],
    )
    site: _Id | None = Field(None, description="Only those of this site.", examples=[3])
    team: _Id | None = Field(None, description="Only those of this team.", examples=[7])
    status: StatusWord | None = Field(None, description="The filter of the overview: what connectors or link do.")
    integration: IntegrationWord | None = Field(None, description="Does the charger speak to us.")
    state: StateWord | None = Field(None, description="What the charge point as a whole does.")
    subprotocol: Annotated[Search, Field(max_length=16)] = Field(
        "", description="The OCPP version it last spoke.", examples=["ocpp1.6"]
    )
    updated_since: Annotated[AwareDatetime, BeforeValidator(_with_plus)] | None = Field(
        None,
        description="Only those with a log line since then, or made since then; with a time zone.",
        examples=["2026-11-20T10:00:00Z"],
    )
    after: After = 0
    limit: Limit = 50

    def filters(self) -> PointFilters:
        """As the selector takes them."""
        return PointFilters(
            Filters(tuple(self.q.split()), self.status or "", self.subprotocol, self.site, self.team),
            self.integration,
            self.state,
            self.updated_since,
        )


class ConnectorShape(BaseModel):
    """A cable or socket. While the charger is not connected its status is the last one known, and power is null."""

    number: int = Field(description="Counted from 1 within the charge point.", examples=[1])
    type: Annotated[Text, Field(description=f"The plug: {', '.join(ConnectorType.values)}.", examples=["CCS"])]
    max_power_w: int | None = Field(description="The most it gives, in W.", examples=[150000])
    status: ConnectorWord = Field(description="What it last reported.", examples=["Charging"])
    raw_status: Text = Field(description="The charger's own word.", examples=["Charging"])
    status_text: str = Field(description="The status in plain words.", examples=["Charging"])
    cause: Text = Field(description="What the status usually means.", examples=["by the charger"])
    status_since: datetime | None = Field(
        description="When this status was first received.", examples=["2026-11-20T10:12:03Z"]
    )
    reported_at: datetime | None = Field(description="The charger's own time of it.", examples=["2026-11-20T10:12:01Z"])
    error_code: Text = Field(description="The OCPP error code.", examples=["NoError"])
    vendor_error_code: Text = Field(description="The maker's error code.", examples=["E-042"])
    info: Text = Field(description="What the charger says besides.", examples=["RCD tripped"])
    power_w: int | None = Field(description="The power now, in W; null if not measured lately.", examples=[62400])
    register_wh: int | None = Field(description="The meter, in Wh.", examples=[1204550])
    metered_at: datetime | None = Field(description="When it was measured.", examples=["2026-11-20T10:40:00Z"])

    @classmethod
    def of(cls, connector: Connector, *, connected: bool, now: datetime) -> "ConnectorShape":
        """From a row."""
        look = connector_look(connector)
        return cls(
            number=connector.number,
            type=connector.type,
            max_power_w=connector.max_power_w,
            status=connector.status,
            raw_status=connector.raw_status,
            status_text=look.label,
            cause=look.cause,
            status_since=connector.status_since,
            reported_at=connector.status_at,
            error_code=connector.error_code,
            vendor_error_code=connector.vendor_error_code,
            info=connector.info,
            power_w=connector_power(connector, connected=connected, now=now),
            register_wh=connector.register_wh,
            metered_at=connector.metered_at,
        )


class ConnectionShape(BaseModel):
    """The link of a charge point."""

    is_connected: bool = Field(description="Whether its socket is open now.", examples=[True])
    connected_at: datetime | None = Field(description="When it last connected.", examples=["2026-11-20T04:00:11Z"])
    disconnected_at: datetime | None = Field(
        description="When the connection before that, or this one, ended.", examples=["2026-11-20T03:59:58Z"]
    )
    last_heard_at: datetime | None = Field(description="When it was last heard.", examples=["2026-11-20T10:44:00Z"])
    subprotocol: Text = Field(description="The OCPP version it speaks.", examples=["ocpp1.6"])
    remote_address: Text = Field(description="Where it came from.", examples=["192.0.2.44"])
    security_profile: int | None = Field(description="The OCPP security profile it came with.", examples=[2])
    close_code: int | None = Field(description="How the last connection ended.", examples=[1006])
    close_reason: Text = Field(description="What was said at its end.", examples=["going away"])
    refused_at: datetime | None = Field(description="When it was last refused.", examples=["2026-11-19T18:00:00Z"])
    refused_reason: Annotated[
        Text, Field(description=f"Why: {', '.join(Refusal.values)}.", examples=["wrong-password"])
    ]

    @classmethod
    def of(cls, link: Connection) -> "ConnectionShape":
        """From a row."""
        return cls(
            is_connected=link.is_connected,
            connected_at=link.connected_at,
            disconnected_at=link.disconnected_at,
            last_heard_at=link.last_seen_at,
            subprotocol=link.subprotocol,
            remote_address=link.remote_address,
            security_profile=link.security_profile,
            close_code=link.close_code,
            close_reason=link.close_reason,
            refused_at=link.refused_at,
            refused_reason=link.refused_reason,
        )


class ChargePointShape(BaseModel):
    """The box with one OCPP connection and one identity."""

    id: int = Field(description="Its id.", examples=[42])
    name: str = Field(description="Its name.", examples=["AKB-01"])
    identity: Text = Field(description="The last part of its OCPP address.", examples=["NORD-1"])
    site: Named = Field(description="Where it stands.", examples=[{"id": 3, "name": "Aker Brygge"}])
    team: Named = Field(description="The team that owns the site.")
    location: Text = Field(description="Where on the site.", examples=["Level 2, bay 14"])
    sticker: Text = Field(description="The number on the housing.", examples=["0042"])
    note: Text = Field(description="A note of the operator.", examples=["Cable replaced in May."])
    vendor: Text = Field(description="Its maker, as it says itself.", examples=["Example Chargers"])
    model: Text = Field(description="Its model.", examples=["S-Series"])
    serial: Text = Field(description="Its serial number.", examples=["S-77"])
    firmware: Text = Field(description="Its firmware.", examples=["5.2.1"])
    integration: IntegrationWord = Field(description="Does the charger speak to us.", examples=["connected"])
    state: StateWord = Field(description="What it does as a whole.", examples=["busy-charging"])
    status: str = Field(description="Both in one text, as the portal shows it.", examples=["connected (busy-charging)"])
    is_active: bool = Field(
        description="Whether it is in service. One that is not is let in only while an installer job of it is open.",
        examples=[True],
    )
    maintenance: bool = Field(description="Whether it is in maintenance.", examples=[False])
    maintenance_reason: Text = Field(description="Why.", examples=["New cable on order"])
    booted_at: datetime | None = Field(description="When it last started.", examples=["2026-11-18T06:30:00Z"])
    created_at: datetime = Field(description="When it was made.", examples=["2026-03-02T09:00:00Z"])
    updated_at: datetime = Field(description="When its log last got a line.", examples=["2026-11-20T10:44:00Z"])
    connection: ConnectionShape = Field(description="Its link.")
    connectors: list[ConnectorShape] = Field(description="Its connectors.")

    @classmethod
    def of(cls, point: ChargePoint, now: datetime) -> "ChargePointShape":
        """From a row with site, team, connection and connectors."""
        connected = point.integration == Integration.CONNECTED
        return cls(
            id=point.pk,
            name=point.name,
            identity=point.identity,
            site=Named(id=point.site_id, name=point.site.name),
            team=Named(id=point.site.team_id, name=point.site.team.name),
            location=point.location,
            sticker=point.sticker,
            note=point.note,
            vendor=point.vendor,
            model=point.model,
            serial=point.serial,
            firmware=point.firmware,
            integration=point.integration,
            state=point.state,
            status=combined_words(point),
            is_active=point.is_active,
            maintenance=point.maintenance,
            maintenance_reason=point.maintenance_reason,
            booted_at=point.booted_at,
            created_at=point.created_at,
            updated_at=updated_at(point, point.connection),
            connection=ConnectionShape.of(point.connection),
            connectors=[ConnectorShape.of(each, connected=connected, now=now) for each in point.connectors.all()],
        )


class ChargePointPage(BaseModel):
    """Charge points in order of their id."""

    items: list[ChargePointShape] = Field(description="The charge points.")
    next: str | None = Field(description=NEXT, examples=["https://hub.example.com/api/v1/charge-points?after=42"])


class ConnectorList(BaseModel):
    """The connectors of one charge point."""

    items: list[ConnectorShape] = Field(description="The connectors, in order of their number.")
