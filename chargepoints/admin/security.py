"""Security events and certificates, to be read only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from chargepoints.admin.history import ChargePointHistory
from chargepoints.models import InstalledCertificate, IssuedCertificate, SecurityEvent
from chargepoints.services.certificates import certificates_revoke
from hub.admin import moment
from hub.audit.records import Actor


@admin.register(SecurityEvent)
class SecurityEventAdmin(ChargePointHistory[SecurityEvent]):
    """What chargers report of their security."""

    list_display = (moment("received_at"), "box", "type", "is_critical", "tech_info", moment("reported_at"))
    list_filter = ("is_critical", "type")
    ordering = ("-pk",)


@admin.register(InstalledCertificate)
class InstalledCertificateAdmin(ChargePointHistory[InstalledCertificate]):
    """The root certificates that chargers have listed."""

    list_display = ("box", "type", "hash_algorithm", "serial_number", "issuer_key_hash", moment("seen_at"))
    list_filter = ("type",)
    ordering = ("charge_point__name", "pk")


@admin.register(IssuedCertificate)
class IssuedCertificateAdmin(ChargePointHistory[IssuedCertificate]):
    """Client certificates that chargers asked for. Revoking is the one thing that can be done."""

    list_display = (moment("requested_at"), "box", "state", "serial_number", moment("not_after"), "detail")
    list_filter = ("state",)
    search_fields = ("=serial_number", "=fingerprint", "charge_point__name", "charge_point__identity")
    ordering = ("-requested_at",)
    actions = ("revoke",)  # type: ignore[assignment]

    @admin.action(description="Revoke: let nobody in with them any more")
    def revoke(self, request: HttpRequest, queryset: QuerySet[IssuedCertificate]) -> None:
        """End the certificates: they open nothing any more, and what they have opened is closed."""
        ended = certificates_revoke(issued=list(queryset.values_list("pk", flat=True)), actor=Actor.asking(request))
        self.message_user(request, f"{ended} revoked.")
