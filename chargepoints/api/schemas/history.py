"""What happened: status changes, log lines, refused handshakes."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from chargepoints.api.schemas.common import NEXT, AfterMark, Asked, AskedPage, Limit, OneOf, Text
from chargepoints.choices import Category, ConnectorStatus, Refusal
from chargepoints.models import ConnectionAttempt, LogLine, StatusChange
from chargepoints.selectors.log_lines import LARGEST_SEQ


class StatusChangeShape(BaseModel):
    """A reported status that differed from the one before."""

    id: int = Field(description="Its id.", examples=[9001])
    connector: int = Field(description="The connector's number; 0 is the charge point itself.", examples=[1])
    status: Annotated[str, OneOf(ConnectorStatus.values)] = Field(description="The status.", examples=["Faulted"])
    raw_status: Text = Field(description="The charger's own word.", examples=["Faulted"])
    error_code: Text = Field(description="The OCPP error code.", examples=["GroundFailure"])
    vendor_error_code: Text = Field(description="The maker's error code.", examples=["E-042"])
    info: Text = Field(description="What the charger says besides.", examples=["RCD tripped"])
    received_at: datetime = Field(description="When it was received.", examples=["2026-11-20T10:12:03.114Z"])
    reported_at: datetime | None = Field(description="The charger's own time.", examples=["2026-11-20T10:12:01Z"])

    @classmethod
    def of(cls, change: StatusChange) -> "StatusChangeShape":
        """From a row."""
        return cls(
            id=change.pk,
            connector=change.connector_number,
            status=change.status,
            raw_status=change.raw_status,
            error_code=change.error_code,
            vendor_error_code=change.vendor_error_code,
            info=change.info,
            received_at=change.received_at,
            reported_at=change.reported_at,
        )


class StatusChangePage(BaseModel):
    """Status changes, newest first."""

    items: list[StatusChangeShape] = Field(description="The changes.")
    next: str | None = Field(
        description=NEXT,
        examples=["https://hub.example.com/api/v1/charge-points/42/status-changes?after=1763633523114000-9001"],
    )


_Seq = Annotated[int, Field(ge=0, le=LARGEST_SEQ)]


class LogAsked(Asked):
    """Which part of the log: after a line, before a line, or the newest."""

    after: _Seq | None = Field(None, description="Follow: the lines after this one.", examples=[1763635440000000])
    before: _Seq | None = Field(None, description="Page back: the lines before this one.", examples=[1763635440000000])
    limit: Limit = 50


class LogLineShape(BaseModel):
    """An exchange (request and answer), or a note of Hub's own."""

    seq: int = Field(description="Its place in the log; it only grows.", examples=[1763635440123456])
    at: datetime = Field(description="When the request was received or sent.", examples=["2026-11-20T10:44:00.123456Z"])
    direction: Annotated[str, OneOf(["in", "out"])] | None = Field(
        description="`in` from the charger, `out` to it, null for a note of Hub's own.", examples=["in"]
    )
    category: Annotated[str, OneOf(Category.values)] = Field(description="What it is about.", examples=["state"])
    is_error: bool = Field(description="Whether it went wrong.", examples=[False])
    action: str = Field(description="The OCPP action, or what happened.", examples=["StatusNotification"])
    fact: Text = Field(description="What matters of it.", examples=["Connector 1"])
    text: Text = Field(description="The rest of it.", examples=["is charging"])
    message_id: Text = Field(description="The OCPP message id.", examples=["c0ffee"])
    request: Text = Field(description="The raw frame, without secrets.", examples=['[2,"c0ffee","Heartbeat",{}]'])
    answer: Text = Field(
        description="The raw answer.", examples=['[3,"c0ffee",{"currentTime":"2026-11-20T10:44:00Z"}]']
    )
    latency_us: int | None = Field(description="Between request and answer, in microseconds.", examples=[2140])
    connector: int | None = Field(description="The connector it is about.", examples=[1])
    transaction_id: Text = Field(description="The protocol's id of the charge.", examples=["88123"])
    command_id: str | None = Field(
        description="The command it belongs to.", examples=["0199f0c4-0000-7000-8000-000000000000"]
    )

    @classmethod
    def of(cls, line: LogLine) -> "LogLineShape":
        """From a row."""
        return cls(
            seq=line.seq,
            at=line.at,
            direction=line.direction or None,
            category=line.category,
            is_error=line.is_error,
            action=line.action,
            fact=line.fact,
            text=line.text,
            message_id=line.message_id,
            request=line.request,
            answer=line.answer,
            latency_us=line.latency_us,
            connector=line.connector_number,
            transaction_id=line.transaction_id,
            command_id=str(line.command_id) if line.command_id else None,
        )


class LogPage(BaseModel):
    """Log lines, always oldest first."""

    items: list[LogLineShape] = Field(description="The lines.")
    newer: str = Field(
        description="The lines after these. Ask it again when it was empty: nothing is missed and nothing comes twice.",
        examples=["https://hub.example.com/api/v1/charge-points/42/log?after=1763635440123456"],
    )
    older: str | None = Field(
        description="The lines before these; null at the beginning of the log.",
        examples=["https://hub.example.com/api/v1/charge-points/42/log?before=1763635440123456"],
    )


class AttemptsAsked(Asked):
    """Which refused handshakes."""

    unknown: bool | None = Field(
        None, description="true: only those of chargers nobody has registered; false: only of your charge points."
    )
    after: AfterMark | None = None
    limit: Limit = 50


class PointAttemptsAsked(AskedPage):
    """A page of refused handshakes of one charge point."""


class AttemptShape(BaseModel):
    """A refused handshake; the same knock again counts up."""

    id: int = Field(description="Its id.", examples=[311])
    charge_point: int | None = Field(description="Whose it was; null if nobody has registered it.", examples=[42])
    identity: Text = Field(description="The identity it came with.", examples=["NORD-1"])
    reason: Annotated[str, OneOf(Refusal.values)] = Field(
        description="Why it was refused.", examples=["wrong-password"]
    )
    reason_text: str = Field(description="The same in words.", examples=["Wrong password"])
    http_status: int = Field(description="What it was answered.", examples=[401])
    remote_address: Text = Field(description="Where it came from.", examples=["192.0.2.44"])
    user_name: Text = Field(description="The user name it gave.", examples=["NORD-1"])
    subprotocols: Text = Field(description="The OCPP versions it offered.", examples=["ocpp1.6"])
    count: int = Field(description="How often.", examples=[12])
    first_at: datetime = Field(description="The first time.", examples=["2026-11-19T18:00:00Z"])
    last_at: datetime = Field(description="The last time.", examples=["2026-11-20T10:00:00Z"])
    ignored_at: datetime | None = Field(
        description="When somebody chose to ignore it.", examples=["2026-11-20T09:00:00Z"]
    )

    @classmethod
    def of(cls, attempt: ConnectionAttempt) -> "AttemptShape":
        """From a row."""
        return cls(
            id=attempt.pk,
            charge_point=attempt.charge_point_id,
            identity=attempt.identity,
            reason=attempt.reason,
            reason_text=Refusal(attempt.reason).label,
            http_status=attempt.http_status,
            remote_address=attempt.remote_address,
            user_name=attempt.user_name,
            subprotocols=attempt.subprotocols,
            count=attempt.count,
            first_at=attempt.first_at,
            last_at=attempt.last_at,
            ignored_at=attempt.ignored_at,
        )


class AttemptPage(BaseModel):
    """Refused handshakes, the last seen first."""

    items: list[AttemptShape] = Field(description="The attempts.")
    next: str | None = Field(
        description=NEXT, examples=["https://hub.example.com/api/v1/connection-attempts?after=1763632800000000-311"]
    )
