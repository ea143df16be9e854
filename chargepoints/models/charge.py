"""Charging sessions."""

from django.db import models

from chargepoints.choices import OPEN_CHARGE_STATES, ChargeState, Verdict
from chargepoints.models.charge_point import ChargePoint
from chargepoints.models.connector import Connector
from chargepoints.models.key import ChargeKey


class Charge(models.Model):
    """One charging session. Energy in integer Wh; times UTC; the charger's own times beside ours."""

    charge_point = models.ForeignKey(ChargePoint, on_delete=models.PROTECT, related_name="charges")
    connector = models.ForeignKey(Connector, on_delete=models.PROTECT, null=True, blank=True, related_name="charges")
    transaction_id = models.CharField(max_length=64, help_text="The protocol's own id.")
    start_fingerprint = models.CharField(max_length=32, null=True, editable=False)
    state = models.CharField(max_length=12, choices=ChargeState, default=ChargeState.STARTING)
    id_tag = models.CharField(max_length=255, blank=True)
    charge_key = models.ForeignKey(ChargeKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="charges")
    verdict = models.CharField(max_length=12, choices=Verdict, blank=True)
    started_at = models.DateTimeField(help_text="The charger's own time, or ours where it is unusable.")
    start_received_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    stop_received_at = models.DateTimeField(null=True, blank=True)
    meter_start_wh = models.BigIntegerField(null=True, blank=True)
    meter_stop_wh = models.BigIntegerField(null=True, blank=True)
    energy_wh = models.BigIntegerField(default=0)
    power_w = models.IntegerField(null=True, blank=True)
    soc = models.PositiveSmallIntegerField("battery (%)", null=True, blank=True)
    metered_at = models.DateTimeField(null=True, blank=True)
    stop_reason = models.CharField(max_length=64, blank=True)
    stop_fingerprint = models.CharField(
        max_length=32, null=True, editable=False, help_text="Set when the stop came under another id and was matched."
    )
    start_command = models.ForeignKey(
        "Command", on_delete=models.SET_NULL, null=True, blank=True, related_name="started_charges"
    )
    forced_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Closed by an operator, whatever the charger says."
    )
    # Something happened that its bill must follow: it began, ended, or its stop came late (services/bills.py).
    bill_due = models.BooleanField(default=True, db_default=True, editable=False)
    needs_review = models.CharField(
        max_length=200, blank=True, help_text="Why nobody should bill this unseen; empty when nothing is odd."
    )

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["charge_point", "transaction_id"], name="charge_transaction_unique"),
            models.UniqueConstraint(fields=["charge_point", "start_fingerprint"], name="charge_start_unique"),
            models.UniqueConstraint(
                fields=["connector"],
                condition=models.Q(state__in=OPEN_CHARGE_STATES),
                name="charge_open_unique",
            ),
        ]
        indexes = [
            models.Index(fields=["charge_point", "-started_at"], name="charge_recent"),
            models.Index(
                fields=["charge_point"],
                condition=models.Q(state__in=OPEN_CHARGE_STATES),
                name="charge_open",
            ),
            models.Index(
                fields=["charge_key"],
                condition=models.Q(state__in=OPEN_CHARGE_STATES),
                name="charge_open_of_key",
            ),
            models.Index(fields=["id"], condition=models.Q(bill_due=True), name="charge_bill_due"),
            models.Index(
                fields=["charge_point", "stop_fingerprint"],
                condition=models.Q(stop_fingerprint__isnull=False),
                name="charge_matched_stop",
            ),
            # The list of charges: newest first, the rare ones of it, and what is looked for by number.
            models.Index(fields=["-started_at", "-id"], name="charge_started"),
            models.Index(
                fields=["state", "-started_at", "-id"],
                condition=~models.Q(state=ChargeState.COMPLETED),
                name="charge_uncommon",
            ),
            models.Index(fields=["-started_at", "-id"], condition=~models.Q(needs_review=""), name="charge_to_look_at"),
            models.Index(fields=["transaction_id"], name="charge_transaction"),
            models.Index(fields=["id_tag"], name="charge_id_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.charge_point} {self.transaction_id}"
