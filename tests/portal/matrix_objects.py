"""The objects that the addresses of the matrix name: what the scene has of each kind, and where."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db.models import Model

from chargepoints.choices import CommandStatus
from chargepoints.models import (
    ChargeKey,
    ChargePoint,
    Command,
    Driver,
    FirmwareFile,
    HomeCharger,
    PaymentMethod,
    Transfer,
    Webhook,
    WebhookDelivery,
)
from chargepoints.selectors.strangers import QUARANTINE_SITE, QUARANTINE_TEAM, waiting_in
from chargepoints.services.firmware_store import firmware_path
from chargepoints.services.transfers import token_digest
from hub.teams.choices import Role
from hub.teams.models import ApiKey, Invitation, Member, Organisation, SignIn, User
from tests import factories
from tests.batch_tools import firmware_file
from tests.portal.admin_tools import address_of, objects
from tests.portal.diagnostics_tools import bytes_of
from tests.portal.job_tools import job_of, links_known
from tests.portal.matrix_tables.firmware import FILE_TOKEN
from tests.portal.matrix_tables.sites import TOKEN
from tests.portal.matrix_tables.unknown import STRANGER
from tests.portal.unknown_tools import knock

Arguments = dict[str, object]
ARCHIVED = "Archived"

# What an address names, as its arguments, from a charge point of the place.
OBJECTS: dict[str, Callable[[ChargePoint], Arguments]] = {
    "charge_point": lambda point: {"pk": point.pk},
    "archived": lambda point: {"pk": point.site.charge_points.get(archived_at__isnull=False).pk},
    "site": lambda point: {"pk": point.site_id},
    "archived_site": lambda point: {"pk": point.site.team.sites.get(archived_at__isnull=False).pk},
    "command": lambda point: {"pk": point.commands.all()[0].pk},
    "diagnostics": lambda point: {"pk": point.diagnostics_files.all()[0].pk},
    "batch": lambda point: {"pk": point.batch_rows.all()[0].batch_id},
    "wave": lambda point: {"pk": _operator(point).firmware_files.all()[0].pk},
    "check": lambda point: {"pk": _check(point).pk},
    "log_line": lambda point: {"pk": point.pk, "seq": point.log_lines.all()[0].seq},
    "maintenance": lambda point: {"pk": point.pk, "period": point.maintenance_periods.all()[0].pk},
    "waiting": lambda point: {"pk": waiting_in(_operator(point)).get().pk},
    "organisation": lambda point: {"pk": _operator(point).pk},
    "team": lambda point: {"pk": point.site.team_id},
    "member": lambda point: {"pk": Member.objects.get(user__username=_bystander(_operator(point))).pk},
    "invitation": lambda point: {"pk": first_of(Invitation, point)},
    "api_key": lambda point: {"pk": first_of(ApiKey, point)},
    "sign_in": lambda point: {"pk": SignIn.objects.get(session_key=_session(_operator(point))).pk},
    "user": lambda point: {"id": User.objects.get(username=_bystander(_operator(point))).pk},
    "driver": lambda point: {"pk": first_of(Driver, point)},
    "charge_key": lambda point: {"pk": first_of(ChargeKey, point)},
    "payment_method": lambda point: {"pk": first_of(PaymentMethod, point)},
    "price_group": lambda point: {"pk": _operator(point).price_groups.all()[0].pk},
    "price": lambda point: {"pk": _operator(point).price_groups.all()[0].prices.all()[0].pk},
    "spot_source": lambda point: {"pk": _operator(point).spot_sources.all()[0].pk},
    "spot_source_id": lambda point: {"id": _operator(point).spot_sources.all()[0].pk},
    "charge": lambda point: {"pk": point.charges.all()[0].pk},
    "transaction": lambda point: {"pk": point.pk, "transaction": point.charges.all()[0].transaction_id},
    "sample": lambda point: {"pk": point.charges.all()[0].pk, "sample": point.meter_samples.all()[0].pk},
    "home_charger": lambda point: {"pk": first_of(HomeCharger, point)},
    "firmware": lambda point: {"pk": first_of(FirmwareFile, point)},
    "home_driver": lambda point: {
        "pk": HomeCharger.objects.filter(charge_point__site__team__organisation=_operator(point))[0].driver_id
    },
    "webhook": lambda point: {"pk": first_of(Webhook, point)},
    "webhook_delivery": lambda point: {"pk": first_of(WebhookDelivery, point)},
    "job": lambda point: {"pk": point.job_rows.all()[0].job_id},
    "job_row": lambda point: {"pk": point.job_rows.all()[0].pk},
    "job_step": lambda point: {"pk": point.job_rows.all()[0].steps.all()[0].pk},
    "job_photo": lambda point: {"pk": point.job_rows.all()[0].photos.all()[0].pk},
    "job_link": lambda point: {"pk": point.job_rows.all()[0].job.links.all()[0].pk},
    "job_template": lambda point: {"pk": _operator(point).job_templates.all()[0].pk},
    # Named by its identity.
    "unknown": lambda point: {},
}
# Of the whole organisation, so that none is out of Bob's reach alone.
WHOLE = frozenset(
    {"archived_site", "waiting", "organisation", "team", "member", "invitation", "api_key", "sign_in", "user"}
    | {"driver", "charge_key", "payment_method", "price_group", "price", "spot_source", "spot_source_id"}
    | {"home_charger", "home_driver", "firmware", "wave", "webhook", "webhook_delivery", "job_template"}
)
# Of Nordlys alone.
ONE = frozenset({"unknown"})


def first_of(model: type[Model], point: ChargePoint) -> object:
    """What stands in an address for a row of the operator of `point`.

    For charge points, the one with a history; for people, one who does not walk: nobody deletes themselves.
    """
    if model is ChargePoint:
        return point.pk
    if model is User:
        return User.objects.get(username=_bystander(_operator(point))).pk
    return address_of(objects(model, _operator(point))[0])


def furnish(points: Iterable[ChargePoint], nordlys: Organisation, alice: User, bob: User) -> None:
    """Make what the addresses of the desk name, at each place."""
    now = factories.now()
    operators = {_operator(point) for point in points}
    for point in points:
        factories.charge_point(point.site, archived_at=now)
        job_of(point)
        bytes_of(point.diagnostics_files.all()[0], b"diagnostics")
    for operator in operators:
        factories.site(factories.team(operator), ARCHIVED, archived_at=now)
        waiting = factories.site(factories.team(operator, QUARANTINE_TEAM), QUARANTINE_SITE)
        factories.charge_point(waiting, registration="Pending", registration_told="Pending")
        firmware_file(waiting)
        person = factories.user(_bystander(operator))
        factories.member(operator, person, Role.READ_ONLY)
        owner = bob if operator == nordlys else person
        SignIn.objects.create(user=owner, session_key=_session(operator), started_at=now, seen_at=now)
    Organisation.objects.filter(pk=nordlys.pk).update(receives_unknown=True)
    links_known(nordlys)
    _address_opened()
    knock(STRANGER["identity"])
    Invitation.objects.filter(organisation=nordlys).update(
        token_hash=hashlib.sha256(TOKEN.encode()).hexdigest(),
        invited_by=alice,
        expires_at=now.replace(year=now.year + 1, day=1),
    )


def _address_opened() -> None:
    """One firmware file can be fetched by whoever has its address."""
    transfer = Transfer.objects.order_by("pk")[0]
    Transfer.objects.filter(pk=transfer.pk).update(
        token_sha256=token_digest(FILE_TOKEN), expires_at=factories.now() + timedelta(hours=1)
    )
    Command.objects.filter(pk=transfer.command_id).update(status=CommandStatus.SENT)
    assert transfer.firmware is not None
    path = firmware_path(transfer.firmware.pk)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")


def _operator(point: ChargePoint) -> Organisation:
    return point.site.team.organisation


def _bystander(operator: Organisation) -> str:
    return f"bystander-{operator.pk}"


def _session(operator: Organisation) -> str:
    return f"session of {operator.pk}"


def _check(point: ChargePoint) -> Command:
    """The check of the place, made at its first use."""
    kept = point.commands.filter(kind="check").first()
    if kept is not None:
        return kept
    at = factories.now()
    return Command.objects.create(
        charge_point=point, kind="check", status="sent", author_name="Alice", created_at=at, expires_at=at
    )
