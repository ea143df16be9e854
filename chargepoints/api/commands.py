"""Commands: remote actions that a program asks for, and their life."""

from functools import partial
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Query, Router, Status
from ninja.params.functions import Header

from chargepoints.actions import ACTIONS, Action
from chargepoints.api.answers import answers
from chargepoints.api.auth import ApiRequest
from chargepoints.api.schemas.commands import (
    ActionList,
    ActionShape,
    CommandPage,
    CommandsAsked,
    CommandShape,
    CommandWanted,
)
from chargepoints.api.schemas.common import asked_nothing, next_page
from chargepoints.api.schemas.parameters import PARAMETERS
from chargepoints.choices import Integration
from chargepoints.models import ChargePoint
from chargepoints.offers import why_not
from chargepoints.permissions import charge_points_for, commands_for, rights_on
from chargepoints.selectors.charge_points import charge_points_detailed, open_charges
from chargepoints.selectors.commands import (
    CommandFilters,
    CommandMark,
    commands_find,
    commands_page,
    commands_running,
)
from chargepoints.selectors.starts import start_forbidden
from chargepoints.services.commands import command_create
from chargepoints.services.idempotency import Asked, command_once
from chargepoints.services.releases import command_take_back
from hub.audit.records import Actor
from hub.http import remote_address

router = Router(tags=["Commands"])
IDEMPOTENCY_KEY = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"


@router.get(
    "/charge-points/{int:id}/actions",
    response=answers(ActionList, 404),
    operation_id="actions",
    summary="What can be done at a charge point",
)
def actions(request: ApiRequest, id: int) -> ActionList:  # noqa: A002
    """Every remote action, whether it can be done now with this key, and why not."""
    asked_nothing(request)
    found = get_object_or_404(charge_points_detailed(request.auth), pk=id)
    running, rights = commands_running(found), rights_on(request.auth, found)
    facts = (Integration(found.integration), len(open_charges(found)), rights, found.registration_told)
    wanted = [action for kind, action in ACTIONS.items() if kind in PARAMETERS]
    items = [ActionShape.of(action, why_not(action, *facts), running.get(action.kind)) for action in wanted]
    return ActionList(items=items)


@router.post(
    "/charge-points/{int:id}/commands",
    response=answers(CommandShape, 400, 403, 404, 409, good=202),
    operation_id="command_send",
    summary="Send a command",
)
def command_send(
    request: ApiRequest,
    response: HttpResponse,
    id: int,  # noqa: A002
    wanted: CommandWanted,
    idempotency_key: str | None = Header(
        None,
        alias=IDEMPOTENCY_KEY,
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="A text of your own, new for each command: the same request again is then not a second command.",
        examples=["8e03978e-40d5-43e8-bc93-6894a57f9324"],  # type: ignore[arg-type]  # as JSON Schema has them
    ),
) -> Status[CommandShape]:
    """Queue a remote action. The answer comes at once; ask the address in `Location` what became of it.

    A charger that is offline is a 409, unless `keep_until` lets the command wait for it; so is whatever else the facts
    do not allow, with the reason in `detail`. A wrong parameter is a 422 that names it.

    With `Idempotency-Key`, the same request sent again within 24 hours gives the command that is there already, with
    `Idempotency-Replayed: true`; another request with the same key is a 422, and one whose first try is still being
    worked on is a 409. A request that was refused has used up no key.
    """
    asked_nothing(request)
    found = _point(request, id)
    _permit(request, found, ACTIONS[wanted.kind])
    if wanted.kind == "start" and (forbidden := start_forbidden(request.auth, found, wanted.parameters)):
        raise PermissionDenied(forbidden)
    create = partial(
        command_create,
        charge_point=found,
        kind=wanted.kind,
        parameters=wanted.parameters,
        author=None,
        author_address=remote_address(request),
        reason=wanted.reason,
        not_before=wanted.not_before,
        keep_until=wanted.keep_until,
        api_key=request.auth,
    )
    replayed = False
    if idempotency_key:
        asked = Asked(request.auth, idempotency_key.strip('"'), wanted.canonical(found.pk))
        command, replayed = command_once(asked=asked, create=create)
    else:
        command = create()
    if replayed:
        response[REPLAYED] = "true"
    response["Location"] = request.build_absolute_uri(reverse("api:command", kwargs={"id": command.pk}))
    return Status(202, CommandShape.of(command))


@router.get("/commands", response=answers(CommandPage), operation_id="commands", summary="List commands")
def commands(request: ApiRequest, asked: Query[CommandsAsked]) -> CommandPage:
    """The commands that this key may see, newest first, whoever asked for them."""
    filters = CommandFilters(
        charge_point=asked.charge_point,
        kind=asked.kind or "",
        status=asked.status or "",
        effect=asked.effect or "",
        since=asked.since,
    )
    after = CommandMark.read(asked.after) if asked.after else None
    rows, following = commands_page(commands_find(request.auth, filters), after, asked.limit)
    return CommandPage(
        items=[CommandShape.of(row) for row in rows],
        next=next_page(request, after=following) if following else None,
    )


@router.get(
    "/commands/{uuid:id}", response=answers(CommandShape, 404), operation_id="command", summary="What became of it"
)
def command(request: ApiRequest, id: UUID) -> CommandShape:  # noqa: A002
    """A command with its life so far: ask again until `status` is none of scheduled, waiting, queued, dispatched and
    sent, and `effect` is not awaited.
    """
    asked_nothing(request)
    return CommandShape.of(get_object_or_404(commands_for(request.auth).select_related("charge_point"), pk=id))


@router.post(
    "/commands/{uuid:id}/cancel",
    response=answers(CommandShape, 403, 404, 409),
    operation_id="command_cancel",
    summary="Take a command back",
)
def command_cancel(request: ApiRequest, id: UUID) -> CommandShape:  # noqa: A002
    """Take back a command that was not sent yet. One that was sent is a 409: nothing can call it back."""
    asked_nothing(request)
    found = get_object_or_404(commands_for(request.auth).select_related("charge_point__site__team"), pk=id)
    if action := ACTIONS.get(found.kind):
        _permit(request, found.charge_point, action)
    command_take_back(command=found, actor=Actor.of(request.auth, remote_address(request)))
    found.refresh_from_db()
    return CommandShape.of(found)


def _point(request: ApiRequest, pk: int) -> ChargePoint:
    return get_object_or_404(charge_points_for(request.auth).select_related("site__team"), pk=pk)


def _permit(request: ApiRequest, found: ChargePoint, action: Action) -> None:
    """Raises PermissionDenied."""
    if action.right not in rights_on(request.auth, found):
        raise PermissionDenied(f"The role of this key does not allow this. It needs: {action.right.label.lower()}.")
