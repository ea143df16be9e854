"""Client certificates of chargers: asked for, signed, sent, used; and the roots that chargers have installed."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chargepoints import authority
from chargepoints.certificates import CertificateProblem, request_judge, request_read
from chargepoints.choices import CommandStatus, IssuedState
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Command, Connection, InstalledCertificate, IssuedCertificate
from chargepoints.reports import Answer
from chargepoints.services.commands import command_create
from hub import bus
from hub.audit.records import Actor, audit_record

# A charger that stays away so long asks again.
WAIT_FOR_CHARGER = timedelta(days=2)
SIGN_AT_ONCE = 100
# Of a request that is too long anyway.
MAX_KEPT = 8192
_ASKED_WITHIN = timedelta(minutes=15)
_GOOD = (IssuedState.SENT, IssuedState.ACCEPTED)


def request_receive(*, charge_point_id: int, csr: str, at: datetime) -> str:
    """Take a request for a certificate; why it is refused, empty when it will be signed (CSMS.md 2.1, A02, A20).

    The same request again is not refused: the charger got no answer, and gets the same certificate.
    """
    charge_point = ChargePoint.objects.get(pk=charge_point_id)
    csr = csr[:MAX_KEPT].replace("\x00", "\ufffd")
    if not authority.can_sign():
        return "Hub has no certificate authority."
    former = IssuedCertificate.objects.filter(charge_point=charge_point, csr=csr, requested_at__gt=at - _day())
    repeated = former.exclude(state__in=[IssuedState.REFUSED, IssuedState.REVOKED, IssuedState.REJECTED]).first()
    if repeated is not None:
        if repeated.state in _GOOD:
            repeated.state, repeated.requested_at = IssuedState.REQUESTED, at
            repeated.save(update_fields=["state", "requested_at"])
        return ""
    if _too_often(charge_point, at):
        return "Another certificate was asked for a short time ago."
    try:
        request_judge(request_read(csr), names=_names(charge_point), organisation=settings.CA_ORGANISATION)
    except CertificateProblem as problem:
        _refused(charge_point, csr, at, str(problem))
        return str(problem)
    # The newest request is the one that counts.
    IssuedCertificate.objects.filter(charge_point=charge_point, state=IssuedState.REQUESTED).delete()
    IssuedCertificate.objects.create(charge_point=charge_point, csr=csr, requested_at=at)
    return ""


def _day() -> timedelta:
    return timedelta(days=1)


def _names(charge_point: ChargePoint) -> set[str]:
    """The common names it may have: its own serial number and identity, unless another charge point has them too."""
    own = {name for name in (charge_point.serial, charge_point.identity) if name}
    others = ChargePoint.objects.exclude(pk=charge_point.pk)
    shared = Q()
    for name in own:
        shared |= Q(serial__iexact=name) | Q(identity__iexact=name)
    taken = others.filter(shared).values_list("serial", "identity") if own else []
    foreign = {name.lower() for pair in taken for name in pair if name}
    return {name for name in own if name.lower() not in foreign}


def _too_often(charge_point: ChargePoint, at: datetime) -> bool:
    """More than one an hour, unless an operator asked for the next one."""
    since = at - timedelta(seconds=settings.CA_REQUEST_INTERVAL)
    last = (
        IssuedCertificate.objects.filter(charge_point=charge_point, requested_at__gt=since)
        .exclude(state=IssuedState.REFUSED)
        .first()
    )
    if last is None:
        return False
    asked = Command.objects.filter(
        charge_point=charge_point,
        kind="extended_trigger",
        parameters__message="SignChargePointCertificate",
        sent_at__gt=max(last.requested_at, at - _ASKED_WITHIN),
    )
    return not asked.exists()


def _refused(charge_point: ChargePoint, csr: str, at: datetime, why: str) -> None:
    """Keep the newest refused request only: a charger that asks for ever shall not fill the table."""
    IssuedCertificate.objects.filter(charge_point=charge_point, state=IssuedState.REFUSED).delete()
    IssuedCertificate.objects.create(
        charge_point=charge_point,
        csr=csr,
        state=IssuedState.REFUSED,
        detail=why[:255],
        requested_at=at,
    )


def requests_sign() -> int:
    """Sign what was asked for and send it; how many. Needs the authority's key, so it runs in workers only.

    Not at once: a certificate that arrives with the answer to its request is lost on some (QUIRKS 2.7).
    """
    now = timezone.now()
    due = IssuedCertificate.objects.filter(
        state=IssuedState.REQUESTED,
        requested_at__range=(now - WAIT_FOR_CHARGER, now - timedelta(seconds=settings.CA_DELAY)),
        charge_point__connection__is_connected=True,
    )
    return sum(_sign(pk, now) for pk in due.values_list("pk", flat=True)[:SIGN_AT_ONCE])


@transaction.atomic
def _sign(pk: int, now: datetime) -> bool:
    issued = (
        IssuedCertificate.objects.select_for_update(skip_locked=True)
        .select_related("charge_point")
        .filter(pk=pk, state=IssuedState.REQUESTED)
        .first()
    )
    if issued is None:
        return False
    try:
        if not issued.chain:
            signed = authority.sign(request_read(issued.csr), now)
            issued.chain, issued.fingerprint = signed.chain, signed.fingerprint
            issued.serial_number, issued.not_after = signed.serial_number, signed.not_after
        command_create(
            charge_point=issued.charge_point,
            kind="certificate_signed",
            parameters={"chain": issued.chain},
            author=None,
            reason="It asked for a certificate.",
        )
        issued.state, issued.detail = IssuedState.SENT, ""
    except CertificateProblem as problem:
        issued.detail = str(problem)[:255]
    except ActionRefused:
        return False
    issued.save()
    return issued.state == IssuedState.SENT


def certificates_answered(*, answers: Sequence[Answer]) -> None:
    """Whether chargers took their certificates. After silence the certificate stays good: it may have arrived."""
    states = {CommandStatus.ACCEPTED: IssuedState.ACCEPTED, CommandStatus.REJECTED: IssuedState.REJECTED}
    for answer in answers:
        state = states.get(answer.outcome)
        chain = answer.request.get("certificateChain")
        if state is not None and chain:
            sent = IssuedCertificate.objects.filter(
                charge_point=answer.charge_point_id, chain=chain, state=IssuedState.SENT
            )
            sent.update(state=state, detail="" if state == IssuedState.ACCEPTED else "Rejected by the charger")


def certificates_used(*, fingerprints: Iterable[str]) -> None:
    """Chargers have connected with these certificates of ours: those they had before end now, not earlier."""
    used = IssuedCertificate.objects.filter(fingerprint__in=list(fingerprints), state__in=_GOOD)
    for issued in used.order_by("pk"):
        if issued.state == IssuedState.SENT:
            IssuedCertificate.objects.filter(pk=issued.pk).update(state=IssuedState.ACCEPTED)
        older = IssuedCertificate.objects.filter(
            charge_point=issued.charge_point_id, state__in=_GOOD, requested_at__lt=issued.requested_at
        )
        older.update(state=IssuedState.REVOKED, detail="Replaced by a newer one")


@transaction.atomic
def certificates_revoke(*, issued: Sequence[int], actor: Actor) -> int:
    """End these certificates (ids), on record; how many were still good. A connection that
    came in with one is closed."""
    good = IssuedCertificate.objects.select_related("charge_point__site__team").select_for_update(of=("self",))
    ended = list(good.filter(pk__in=issued, state__in=(*_GOOD, IssuedState.REQUESTED)))
    for certificate in ended:
        before, certificate.state = certificate.state, IssuedState.REVOKED
        certificate.detail = "Revoked by an administrator"
        certificate.save(update_fields=["state", "detail"])
        audit_record(
            actor=actor,
            act="revoked",
            obj=certificate,
            place=certificate.charge_point.place,
            before={"state": before},
            after={"state": certificate.state},
        )
    charge_points = [certificate.charge_point_id for certificate in ended]
    connected = Connection.objects.filter(charge_point__in=charge_points, is_connected=True)
    gateways = set(connected.values_list("gateway", flat=True))
    # The wake-up only makes it quick: each gateway looks for itself every few seconds.
    messages = [(bus.gateway_channel(name), {"revoked": charge_points}) for name in gateways]
    transaction.on_commit(lambda: bus.publish(messages), robust=True)
    return len(ended)


def installed_record(*, answers: Sequence[Answer]) -> None:
    """The root certificates that chargers list, with hashes as they spell them; the list is whole for its type."""
    for answer in answers:
        if answer.response is None:
            continue
        kind = str(answer.request.get("certificateType", ""))
        listed = answer.response.get("certificateHashData") or []
        InstalledCertificate.objects.filter(charge_point=answer.charge_point_id, type=kind).delete()
        rows = [
            InstalledCertificate(
                charge_point_id=answer.charge_point_id,
                type=kind,
                hash_algorithm=entry["hashAlgorithm"],
                issuer_name_hash=entry["issuerNameHash"],
                issuer_key_hash=entry["issuerKeyHash"],
                serial_number=entry["serialNumber"],
                seen_at=answer.at,
            )
            for entry in (listed if isinstance(listed, list) else [])
        ]
        InstalledCertificate.objects.bulk_create(rows, ignore_conflicts=True)


def installed_deleted(*, answers: Sequence[Answer]) -> None:
    """A root certificate is gone, or was not there."""
    for answer in answers:
        data = answer.request.get("certificateHashData")
        if isinstance(data, dict) and answer.response and answer.response.get("status") in {"Accepted", "NotFound"}:
            InstalledCertificate.objects.filter(
                charge_point=answer.charge_point_id,
                issuer_name_hash=data["issuerNameHash"],
                issuer_key_hash=data["issuerKeyHash"],
                serial_number=data["serialNumber"],
            ).delete()
