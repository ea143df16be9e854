"""Payment methods, payments, and the ledger: money is Decimal with a currency, and moves only in balanced movements."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from chargepoints.choices import LedgerAccountKind, MovementKind, PaymentKind, PaymentState
from chargepoints.models.key import Driver
from hub.audit.records import Place
from hub.teams.models import Organisation, Team


class PaymentMethod(models.Model):
    """Where the money comes from. A card is a reference that its provider gave; no number of it is ever here."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="payment_methods")
    kind = models.CharField(max_length=12, choices=PaymentKind)
    name = models.CharField(max_length=80)
    driver = models.ForeignKey(Driver, on_delete=models.PROTECT, null=True, blank=True, related_name="payment_methods")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="payment_methods")
    currency = models.CharField(max_length=3, default="EUR")
    provider = models.CharField(max_length=32, blank=True, help_text="Of cards: who keeps them.")
    reference = models.CharField(max_length=160, blank=True, help_text="Of cards: the provider's token.")
    credit_limit = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
        help_text="Of wallets: how far below zero it may go.",
    )
    is_default = models.BooleanField(default=False, help_text="Of the driver or the team.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["driver"],
                condition=models.Q(is_default=True, driver__isnull=False),
                name="payment_method_default_of_driver",
                violation_error_message="The driver has another default payment method.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> Place:
        """Where acts on this payment method are recorded."""
        return Place(self.organisation_id, self.team_id)


class Payment(models.Model):
    """The money for one bill: held, taken, given back. Amounts in the bill's currency."""

    bill = models.ForeignKey("Bill", on_delete=models.PROTECT, related_name="payments")
    payment_method = models.ForeignKey(PaymentMethod, on_delete=models.PROTECT, related_name="payments")
    state = models.CharField(max_length=10, choices=PaymentState)
    currency = models.CharField(max_length=3)
    authorised = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    captured = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    refunded = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    provider_reference = models.CharField(max_length=160, blank=True)
    failure = models.CharField(max_length=200, blank=True, help_text="In words, when it failed.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["bill"],
                condition=models.Q(state__in=[PaymentState.AUTHORISED, PaymentState.CAPTURED]),
                name="payment_live_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(refunded__lte=models.F("captured")), name="payment_refund_within_capture"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment_method}: {self.captured or self.authorised} {self.currency}"


class LedgerAccount(models.Model):
    """One account of an organisation and currency; wallets and what is held of them have one for each method."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="ledger_accounts")
    kind = models.CharField(max_length=12, choices=LedgerAccountKind)
    payment_method = models.ForeignKey(
        PaymentMethod, on_delete=models.PROTECT, null=True, blank=True, related_name="ledger_accounts"
    )
    currency = models.CharField(max_length=3)
    # Kept by the statement that adds a line; `manage.py ledger_check` proves that it is their sum.
    balance = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal(0), editable=False)

    class Meta:
        ordering = ["organisation", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "payment_method", "currency"],
                name="ledger_account_unique",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.payment_method or ''} {self.currency}".replace("  ", " ")


class LedgerMovement(models.Model):
    """Why money moved; its lines sum up to zero. Rows are added and never changed (a trigger sees to it)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="ledger_movements")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=MovementKind)
    key = models.CharField(max_length=80, unique=True, help_text="The same act again finds its movement.")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="movements")
    actor_name = models.CharField(max_length=160)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["organisation", "-at", "-id"], name="ledger_movement_recent")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"


class LedgerLine(models.Model):
    """An amount on an account; never changed. Plus is credit (we owe or earned it), minus is debit (we have it)."""

    movement = models.ForeignKey(LedgerMovement, on_delete=models.PROTECT, related_name="lines")
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="lines")
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.account}: {self.amount}"
