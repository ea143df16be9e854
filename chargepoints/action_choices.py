"""States of batches, files and webhooks, with their labels, declared once."""

from django.db import models


class BatchState(models.TextChoices):
    """How a command for many charge points stands. Halted by itself, stopped by a person."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    HALTED = "halted"
    STOPPED = "stopped"
    FINISHED = "finished"


class BatchRowState(models.TextChoices):
    """How one charge point of a batch stands. Watched: done, and still looked at for faults."""

    WAITING = "waiting"
    RUNNING = "running"
    WATCHED = "watched", "done, being watched"
    DONE = "done"
    FAILED = "failed"
    LEFT_OUT = "left-out", "left out"
    STOPPED = "stopped", "not sent"


class TransferKind(models.TextChoices):
    """Which way a file goes."""

    FIRMWARE = "firmware", "Firmware to the charger"
    DIAGNOSTICS = "diagnostics", "Diagnostics from the charger"


class WebhookEvent(models.TextChoices):
    """What a webhook can be told."""

    COMMAND = "command.changed", "Commands: sent, answered, effect"
    CHARGE_STARTED = "charge.started", "Charges that begin"
    CHARGE_ENDED = "charge.ended", "Charges that end"
    STATUS = "connector.status", "Status of connectors"
    CONNECTED = "charge-point.connected", "Chargers that connect"
    DISCONNECTED = "charge-point.disconnected", "Chargers that disconnect"
    TEST = "webhook.test", "Test event"


class DeliveryState(models.TextChoices):
    """How the delivery of one event to one webhook stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed", "given up"
