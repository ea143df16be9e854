"""What is known of the security of one charge point."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from chargepoints.choices import IssuedState
from chargepoints.models import ChargePoint, InstalledCertificate, IssuedCertificate, SecurityEvent

EVENTS_SHOWN = 50
# From then on the charger should be asked to renew (SECURITY.md 1).
RENEW_WITHIN = timedelta(days=30)
_IN_USE = (IssuedState.ACCEPTED, IssuedState.SENT)


@dataclass(frozen=True, slots=True)
class CertificateState:
    """The client certificate in use and the newest request, if there are any."""

    in_use: IssuedCertificate | None
    newest: IssuedCertificate | None
    now: datetime

    @property
    def is_expired(self) -> bool:
        """Whether the one in use is good no more."""
        return self.in_use is not None and self.in_use.not_after is not None and self.in_use.not_after <= self.now

    @property
    def is_ending(self) -> bool:
        """Whether the one in use should be renewed now."""
        ends = self.in_use.not_after if self.in_use else None
        return ends is not None and ends - self.now < RENEW_WITHIN


def certificate_state(charge_point: ChargePoint) -> CertificateState:
    """What became of its certificates: one query."""
    issued = list(IssuedCertificate.objects.filter(charge_point=charge_point).order_by("-requested_at")[:20])
    in_use = next((one for one in issued if one.state in _IN_USE), None)
    return CertificateState(in_use, issued[0] if issued else None, timezone.now())


def security_events(charge_point: ChargePoint) -> Sequence[SecurityEvent]:
    """The newest security events that it reported: one query."""
    return list(SecurityEvent.objects.filter(charge_point=charge_point).order_by("-received_at", "-pk")[:EVENTS_SHOWN])


def installed_certificates(charge_point: ChargePoint) -> Sequence[InstalledCertificate]:
    """The root certificates that it listed last: one query."""
    return list(InstalledCertificate.objects.filter(charge_point=charge_point).order_by("type", "serial_number"))
