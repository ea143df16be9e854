"""The box with one OCPP connection and one identity."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from chargepoints.choices import Integration, Registration, State
from chargepoints.models.price import PriceGroup
from chargepoints.models.site import Site
from hub.audit.records import Place

# OCPP 2.1 part 4, 3.1.1: identifierString without a colon, at most 48 characters.
IDENTITY_PATTERN = r"^[A-Za-z0-9*\-_=+|@.]{1,48}$"


class ChargePoint(models.Model):
    """A charger. `integration` and `state` are derived (`chargepoints.states`) and stored for filtering."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="charge_points")
    name = models.CharField(max_length=60)
    identity = models.CharField(
        max_length=48,
        null=True,
        blank=True,
        validators=[RegexValidator(IDENTITY_PATTERN, "Use letters, digits and * - _ = + | @ . only.")],
        help_text="The last part of the OCPP address, as typed into the charger.",
    )
    # Typed, but another charge point has it: it is shown as a conflict and used as soon as it is free (SPEC section 1).
    wanted_identity = models.CharField(max_length=48, blank=True, editable=False)
    wanted_since = models.DateTimeField(null=True, blank=True, editable=False)
    former_identity = models.CharField(max_length=48, blank=True, editable=False, help_text="Before it was archived.")
    sticker = models.CharField(max_length=40, blank=True, help_text="The number on the housing.")
    location = models.CharField(max_length=120, blank=True)
    note = models.TextField(blank=True)

    price_group = models.ForeignKey(
        PriceGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="charge_points",
        help_text="Empty: the site's.",
    )

    # What the charger says of itself (BootNotification); lengths are generous because chargers are.
    vendor = models.CharField(max_length=255, blank=True)
    model = models.CharField(max_length=255, blank=True)
    serial = models.CharField(max_length=255, blank=True)
    firmware = models.CharField(max_length=255, blank=True)
    meter_type = models.CharField(max_length=255, blank=True)
    meter_serial = models.CharField(max_length=255, blank=True)
    iccid = models.CharField(max_length=255, blank=True)
    imsi = models.CharField(max_length=255, blank=True)
    booted_at = models.DateTimeField(null=True, blank=True)

    password_hmac = models.CharField(max_length=64, blank=True, editable=False)
    # A password on its way to the charger: both are good until its answer, or its next login, says which (D4, WP3).
    next_password_hmac = models.CharField(max_length=64, blank=True, editable=False)
    security_profile = models.PositiveSmallIntegerField(
        default=1,
        choices=[(0, "0: no password"), (1, "1: password"), (2, "2: TLS"), (3, "3: TLS, client certificate")],
        help_text="The lowest that is let in. It rises by itself when the charger has connected with a higher one.",
    )
    assume_version = models.CharField(
        max_length=16, blank=True, help_text="For chargers that offer no OCPP version: the one they speak."
    )
    small_transaction_ids = models.BooleanField(
        default=False,
        help_text="Give its charges ids of 1 to 65535, for chargers that cut or refuse larger ones. "
        "When all have been given, it gets long ones again.",
    )
    small_ids_given = models.PositiveIntegerField(default=0, editable=False)
    is_strict = models.BooleanField(default=False, help_text="Refuse every deviation (certification runs).")
    registration = models.CharField(max_length=8, choices=Registration, default=Registration.ACCEPTED)
    registration_told = models.CharField(
        max_length=8,
        blank=True,
        editable=False,
        help_text="What its last BootNotification was answered with; empty before the first.",
    )
    heartbeat_interval = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds; empty = default.")
    is_active = models.BooleanField(default=True)
    commissioning = models.BooleanField(
        default=False,
        editable=False,
        help_text="In an installer job that is open: let in though it is not active, and tests may charge.",
    )
    maintenance = models.BooleanField(default=False)
    maintenance_reason = models.CharField(max_length=200, blank=True)

    # Its charging profiles were cleared: nobody knows what limits it now, until it boots or takes a new profile.
    limit_unknown_since = models.DateTimeField(null=True, blank=True, editable=False)

    # Connector 0 is the box itself and never hides its connectors.
    box_status = models.CharField(max_length=16, blank=True)
    box_error_code = models.CharField(max_length=255, blank=True)

    integration = models.CharField(max_length=16, choices=Integration, default=Integration.PENDING, editable=False)
    state = models.CharField(max_length=20, choices=State, default=State.PASSIVE, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["site__name", "name"]
        constraints = [
            # Identities are compared without regard to case (OCPP 2.x identifierString).
            models.UniqueConstraint(Lower("identity"), name="charge_point_identity_unique"),
            models.UniqueConstraint(
                fields=["site", "name"],
                condition=models.Q(archived_at__isnull=True),
                name="charge_point_name_unique",
                violation_error_message="This site has a charge point of that name already.",
            ),
        ]
        indexes = [
            models.Index(
                Lower("wanted_identity"), condition=~models.Q(wanted_identity=""), name="charge_point_wanted_identity"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def may_connect(self) -> bool:
        """Whether the gateway lets it in: it is active, or an installer works on it."""
        return self.is_active or self.commissioning

    @property
    def place(self) -> Place:
        """Where acts on this charge point are recorded; `site` and its `team` must be loaded."""
        return self.site.place


class MaintenancePeriod(models.Model):
    """A stretch of time during which a charge point is in maintenance: planned, running or over."""

    charge_point = models.ForeignKey(ChargePoint, on_delete=models.CASCADE, related_name="maintenance_periods")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Empty: until somebody ends it.")
    reason = models.CharField(max_length=200, blank=True)
    author_name = models.CharField(max_length=160, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=models.F("starts_at")),
                name="maintenance_ends_after_start",
                violation_error_message="The end must be after the start.",
            )
        ]
        indexes = [models.Index(fields=["charge_point", "-starts_at"], name="maintenance_recent")]

    def __str__(self) -> str:
        return f"{self.charge_point} from {self.starts_at}"
