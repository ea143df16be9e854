"""Commands: what is asked for, and what became of it."""

import json
import math
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from chargepoints.actions import Action
from chargepoints.api.problems import FieldProblem, Unprocessable, field_problem
from chargepoints.api.schemas.common import LARGEST_ID, NEXT, Asked, Limit, Named, OneOf, Text
from chargepoints.api.schemas.parameters import PARAMETERS
from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import Command
from chargepoints.rendering.commands import command_title
from chargepoints.rendering.steps import progress_steps
from chargepoints.withheld import tellable

_KIND = Annotated[str, OneOf(PARAMETERS)]
_STATUS = Annotated[str, OneOf(CommandStatus.values)]
_EFFECT = Annotated[str, OneOf(Effect.values)]
_DEEPEST = 40


class CommandWanted(BaseModel):
    """A remote action that is asked for. `parameters` have the shape that belongs to its `kind`."""

    model_config = ConfigDict(extra="forbid")

    kind: _KIND = Field(description="Which action.", examples=["reboot"])
    parameters: dict[str, Any] = Field(default={}, description="What it is given.", examples=[{"type": "Soft"}])
    reason: str = Field("", description="Why, for the record.", max_length=200, examples=["Display frozen"])
    not_before: AwareDatetime | None = Field(
        None, description="Do it at this time, at most 31 days ahead; null: now.", examples=[None]
    )
    keep_until: AwareDatetime | None = Field(
        None,
        description="Until when it may wait for a charger that is offline, at most 7 days; null: it is refused then.",
        examples=[None],
    )

    @model_validator(mode="after")
    def fitting(self) -> "CommandWanted":
        """Parameters of its kind. Raises Unprocessable."""
        if problem := _unkeepable(self.parameters) or _unkeepable(self.reason):
            raise Unprocessable([FieldProblem(location="body", field="parameters", message=problem)])
        try:
            shape = PARAMETERS[self.kind].model_validate(self.parameters)
        except ValidationError as error:
            wrong = [field_problem("body", ["parameters", *each["loc"]], each["msg"]) for each in error.errors()]
            raise Unprocessable(wrong) from None
        self.parameters = shape.model_dump(exclude_unset=True)
        return self

    def canonical(self, charge_point: int) -> bytes:
        """The whole request as bytes that are the same for the same request."""
        told = {"charge_point": charge_point, **self.model_dump(mode="json")}
        return json.dumps(told, sort_keys=True).encode()


def _unkeepable(value: object, depth: int = 0) -> str:
    """What JSON allows and no database keeps; empty when there is nothing."""
    problem = ""
    if depth > _DEEPEST:
        problem = "It is nested too deeply."
    elif isinstance(value, str) and ("\x00" in value or any("\ud800" <= each <= "\udfff" for each in value)):
        problem = "A text cannot contain NUL or half a surrogate pair."
    elif isinstance(value, float) and not math.isfinite(value):
        problem = "A number is finite."
    elif isinstance(value, dict):
        problem = next(filter(None, (_unkeepable(each, depth + 1) for pair in value.items() for each in pair)), "")
    elif isinstance(value, list):
        problem = next(filter(None, (_unkeepable(each, depth + 1) for each in value)), "")
    return problem


class ProgressShape(BaseModel):
    """What the charger told of a long job."""

    at: datetime | None = Field(description="When.", examples=["2026-11-20T10:44:09Z"])
    word: str = Field(description="Its word.", examples=["Downloading"])


# What a start may cost is for who sees money; a command is for who sees the charger.
_MONEY = frozenset({"price_group", "limit_amount"})


class CommandShape(BaseModel):
    """A remote action and its life: queued, sent, answered, effect seen."""

    id: UUID = Field(description="Its id, and the OCPP message id.", examples=["0199f0c4-0000-7000-8000-000000000000"])
    charge_point: Named = Field(description="To which charge point.", examples=[{"id": 42, "name": "Quay 1"}])
    kind: str = Field(description="Which action.", examples=["reboot"])
    title: str = Field(description="The same in words.", examples=["Reboot, soft"])
    parameters: dict[str, Any] = Field(
        description="What it was given, without secrets; what Hub has added is among them.",
        examples=[{"type": "Soft"}],
    )
    connector: int | None = Field(description="The connector it is about; 0: the whole charger.", examples=[1])
    charge: int | None = Field(description="The charge it is about, or that it started.", examples=[7001])
    author: str = Field(description="Who asked for it.", examples=["API key Night shift"])
    reason: Text = Field(description="Why.", examples=["Display frozen"])
    status: _STATUS = Field(
        description=(
            "scheduled and waiting are kept; queued, dispatched and sent are on their way; accepted and rejected are "
            "the charger's answer; failed: it could not be done; expired: no answer, or not sent in time; cancelled: "
            "taken back."
        ),
        examples=["accepted"],
    )
    answer: Text = Field(description="The charger's word, or why there is none.", examples=["Accepted"])
    result: dict[str, Any] | None = Field(
        description="The payload of the charger's answer.", examples=[{"status": "Accepted"}]
    )
    effect: _EFFECT | None = Field(
        description="awaited, seen, or missing: accepted, but not seen within its time; null: none is expected.",
        examples=["seen"],
    )
    effect_text: Text = Field(description="What was seen.", examples=["Booted"])
    progress: list[ProgressShape] = Field(description="What the charger told of a long job, oldest first.")
    created_at: datetime = Field(description="When it was asked for.", examples=["2026-11-20T10:44:00.123456Z"])
    not_before: datetime | None = Field(description="For when it is planned.", examples=["2026-11-20T22:00:00Z"])
    keep_until: datetime | None = Field(
        description="Until when it may wait for the charger.", examples=["2026-11-21T10:44:00Z"]
    )
    dispatched_at: datetime | None = Field(
        description="When it was handed to the charger's connection.", examples=["2026-11-20T10:44:00.125Z"]
    )
    sent_at: datetime | None = Field(description="When it was sent.", examples=["2026-11-20T10:44:00.131Z"])
    answered_at: datetime | None = Field(
        description="When it was answered, or ended without an answer.", examples=["2026-11-20T10:44:00.322Z"]
    )
    effect_at: datetime | None = Field(
        description="When the effect was seen, or given up.", examples=["2026-11-20T10:45:12Z"]
    )
    expires_at: datetime = Field(
        description="It is not sent after this; once it is sent: its answer is not waited for after this.",
        examples=["2026-11-20T10:44:30Z"],
    )

    @classmethod
    def of(cls, command: Command) -> "CommandShape":
        """From a row with its charge point."""
        told = tellable(command.parameters)
        shown = {name: value for name, value in told.items() if name not in _MONEY} if isinstance(told, dict) else {}
        point = command.charge_point
        return cls(
            id=command.pk,
            charge_point=Named(id=point.pk, name=point.name),
            kind=command.kind,
            title=command_title(command),
            parameters=shown,
            connector=command.connector_number,
            charge=command.charge_id,
            author=command.author_name,
            reason=command.reason,
            status=command.status,
            answer=command.answer,
            result=command.result,
            effect=command.effect or None,
            effect_text=command.effect_text,
            progress=[ProgressShape(at=at, word=word) for at, word in progress_steps(command)],
            created_at=command.created_at,
            not_before=command.not_before,
            keep_until=command.keep_until,
            dispatched_at=command.dispatched_at,
            sent_at=command.sent_at,
            answered_at=command.answered_at,
            effect_at=command.effect_at,
            expires_at=command.expires_at,
        )


class CommandPage(BaseModel):
    """Commands, newest first."""

    items: list[CommandShape] = Field(description="The commands.")
    next: str | None = Field(
        description=NEXT,
        examples=["https://hub.example.com/api/v1/commands?after=1763635440123456-0199f0c4000070008000000000000000"],
    )


class CommandsAsked(Asked):
    """Which commands."""

    charge_point: int | None = Field(None, ge=0, le=LARGEST_ID, description="Of a charge point.", examples=[42])
    kind: _KIND | None = Field(None, description="Of this kind.", examples=["reboot"])
    status: _STATUS | None = Field(None, description="With this status.", examples=["accepted"])
    effect: _EFFECT | None = Field(None, description="With this effect.", examples=["missing"])
    since: AwareDatetime | None = Field(
        None, description="Asked for at this time or later.", examples=["2026-11-20T00:00:00Z"]
    )
    after: str | None = Field(
        None,
        pattern=r"^\d{1,17}-[0-9a-f]{32}$",
        description="Where the page before ended; see `next`.",
        examples=["1763635440123456-0199f0c4000070008000000000000000"],
    )
    limit: Limit = 50


class ActionShape(BaseModel):
    """A remote action, and whether it can be done now."""

    kind: str = Field(description="Its name here.", examples=["reboot"])
    label: str = Field(description="Its name on the desk.", examples=["Reboot"])
    is_offered: bool = Field(description="Whether it can be sent now.", examples=[True])
    why_not: Text = Field(description="Why not.", examples=["The charger is offline. Nothing can be sent to it now."])
    can_wait: bool = Field(
        description="Whether it may be planned, or be kept for a charger that is offline.", examples=[True]
    )
    confirm: Text = Field(description="What people are told before they send it.", examples=["This restarts it."])
    effect: str = Field(description="What proves it.", examples=["Booted"])
    parameters: str = Field(description="The shape of its parameters.", examples=["RebootParameters"])
    running: UUID | None = Field(
        description="A command of this kind that is on its way, or whose effect is awaited.",
        examples=["0199f0c4-0000-7000-8000-000000000000"],
    )

    @classmethod
    def of(cls, action: Action, why_not: str, running: Command | None) -> "ActionShape":
        """From an offer."""
        return cls(
            kind=action.kind,
            label=action.label,
            is_offered=not why_not,
            why_not=why_not,
            can_wait=action.can_wait,
            confirm=action.confirm,
            effect=action.proof_words,
            parameters=PARAMETERS[action.kind].__name__,
            running=running.pk if running else None,
        )


class ActionList(BaseModel):
    """The remote actions of a charge point."""

    items: list[ActionShape] = Field(description="The actions.")


def parameter_schemas() -> dict[str, Any]:
    """The shapes of all parameters, for the description."""
    return {shape.__name__: shape.model_json_schema() for shape in PARAMETERS.values()}


def parameters_describe(schema: dict[str, Any]) -> None:
    """In the schema of CommandWanted, which shape of parameters belongs to which kind."""
    names = sorted({shape.__name__ for shape in PARAMETERS.values()})
    schema["properties"]["parameters"] = {
        "description": "What this kind of action is given.",
        "anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in names],
    }
    schema["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": kind}}},
            "then": {"properties": {"parameters": {"$ref": f"#/components/schemas/{shape.__name__}"}}},
        }
        for kind, shape in PARAMETERS.items()
    ]
