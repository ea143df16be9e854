"""What the tests of the administration share."""

from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from chargepoints.action_choices import TransferKind
from chargepoints.choices import Category, ConnectorStatus, Refusal
from chargepoints.models import (
    BatchRow,
    Charge,
    ChargePoint,
    ChargingProfile,
    Command,
    CommandBatch,
    ConfigurationItem,
    ConnectionAttempt,
    DiagnosticsFile,
    Finding,
    FirmwareFile,
    FirmwareVersion,
    IdempotencyKey,
    InstalledCertificate,
    IssuedCertificate,
    LinkPeriod,
    LocalList,
    LogLine,
    MaintenancePeriod,
    MeterSample,
    Reservation,
    SecurityEvent,
    StatusChange,
    Transfer,
    Webhook,
    WebhookDelivery,
)
from hub.audit.records import HUB, Place, audit_record
from hub.teams.choices import Role
from hub.teams.models import ApiKey, Invitation, Member, Organisation, SignIn, User
from tests import factories


def url(model: type[Model], page: str, *args: object) -> str:
    """The address of a page of the administration."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def history_of(charge_point: ChargePoint) -> None:
    """One row of everything that happens to a charge point."""
    now = factories.now()
    seq = int(now.timestamp() * 1_000_000)
    mark = f"MARK-{charge_point.identity}"
    charge = Charge.objects.create(
        charge_point=charge_point, transaction_id=mark, started_at=now, id_tag=mark, energy_wh=1234
    )
    StatusChange.objects.create(
        charge_point=charge_point,
        connector_number=1,
        status=ConnectorStatus.FAULTED,
        info=mark,
        received_at=now,
    )
    Command.objects.create(charge_point=charge_point, kind="reboot", author_name=mark, created_at=now, expires_at=now)
    DiagnosticsFile.objects.create(charge_point=charge_point, name=mark, is_complete=True, keep_until=now, size=1)
    ConfigurationItem.objects.create(charge_point=charge_point, key=mark, value="1", reported_at=now)
    LocalList.objects.create(charge_point=charge_point, version=1, updated_at=now)
    ChargingProfile.objects.create(
        charge_point=charge_point, connector_number=1, profile_id=1, purpose=mark, stack_level=0, profile={}, set_at=now
    )
    Reservation.objects.create(
        charge_point=charge_point, connector_number=1, reservation_id=1, id_tag=mark, made_at=now, expires_at=now
    )
    LinkPeriod.objects.create(charge_point=charge_point, generation=1, started_at=now, close_reason=mark)
    ConnectionAttempt.objects.create(
        fingerprint=mark,
        charge_point=charge_point,
        identity=mark,
        reason=Refusal.WRONG_PASSWORD,
        http_status=401,
        first_at=now,
        last_at=now,
    )
    Finding.objects.create(charge_point=charge_point, rule="too-long", detail=mark, first_at=now, last_at=now)
    LogLine.objects.create(
        charge_point=charge_point,
        seq=seq,
        at=now,
        category=Category.STATE,
        action="Heartbeat",
        fact=mark,
        request="{}",
    )
    MeterSample.objects.create(
        charge_point=charge_point,
        connector_number=1,
        charge_id=charge.pk,
        at=now,
        received_at=now,
        measurand="Voltage",
        raw=mark,
    )
    MaintenancePeriod.objects.create(charge_point=charge_point, starts_at=now, reason=mark)
    SecurityEvent.objects.create(charge_point=charge_point, type=mark, received_at=now)
    certificates_of(charge_point, mark)
    firmware_of(charge_point, mark)
    batch_of(charge_point, mark)


def batch_of(charge_point: ChargePoint, mark: str) -> None:
    """A bulk action for this charger alone."""
    operator = charge_point.site.team.organisation
    batch = CommandBatch.objects.create(organisation=operator, kind="reboot", author_name=mark, reason=mark)
    BatchRow.objects.create(batch=batch, charge_point=charge_point, position=1, why=mark)


def certificates_of(charge_point: ChargePoint, mark: str) -> None:
    """One that it has, and one that was asked for."""
    now = factories.now()
    InstalledCertificate.objects.create(charge_point=charge_point, type="x", serial_number=mark, seen_at=now)
    IssuedCertificate.objects.create(charge_point=charge_point, serial_number=mark, requested_at=now)


def firmware_of(charge_point: ChargePoint, mark: str) -> None:
    """A file of the operator, a version of the charger, and an address for it."""
    file = FirmwareFile.objects.create(
        organisation=charge_point.site.team.organisation, name=mark, version=mark, size=1, sha256=mark
    )
    FirmwareVersion.objects.create(charge_point=charge_point, version=mark, since=factories.now())
    Transfer.objects.create(
        token_sha256=mark,
        kind=TransferKind.FIRMWARE,
        charge_point=charge_point,
        command=charge_point.commands.all()[0],
        firmware=file,
        expires_at=factories.now(),
    )


def people_of(operator: Organisation) -> None:
    """One row of everything that a person of an operator leaves behind."""
    now, person = factories.now(), User.objects.filter(memberships__organisation=operator)[0]
    mark = operator.name
    membership = Member.objects.create(organisation=operator, role=Role.READ_ONLY)
    program = ApiKey.objects.create(member=membership, name=f"Key of {mark}", prefix=mark[:16], key_hash=f"hash {mark}")
    command = Command.objects.filter(charge_point__site__team__organisation=operator)[0]
    IdempotencyKey.objects.create(api_key=program, key=f"Once {mark}", fingerprint="0" * 64, command=command)
    Invitation.objects.create(
        organisation=operator, email=f"new@{mark[:5]}.example.com", token_hash=f"token {mark}", expires_at=now
    )
    SignIn.objects.create(user=person, session_key=f"session {mark}", address="192.0.2.7", started_at=now, seen_at=now)
    # Off, so that it is told nothing of the rest.
    webhook = Webhook.objects.create(
        organisation=operator, name=f"Desk of {mark}", url="https://example.com", events=[], is_active=False
    )
    WebhookDelivery.objects.create(webhook=webhook, event="webhook.test", body={"id": mark}, state="failed")
    audit_record(actor=HUB, act="created", obj=operator, place=Place(operator.pk), after={"name": mark})


def objects(model: type[Model], operator: Organisation) -> list[Model]:
    """The rows of a model that belong to an operator."""
    if model is SignIn:
        return list(SignIn.objects.filter(user__memberships__organisation=operator))
    if model is User:
        return list(User.objects.filter(memberships__organisation=operator))
    page = admin.site.get_model_admin(model)
    path = getattr(page, "organisation_path", "")
    return list(model._default_manager.filter(**{path: operator.pk})) if path else []


def address_of(row: Model) -> object:
    """What stands for a row in an address."""
    return f"{row.charge_point_id}-{row.seq}" if isinstance(row, LogLine) else row.pk
