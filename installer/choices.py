"""States of jobs, links and acceptance tests, with their labels, declared once."""

from django.db import models


class JobState(models.TextChoices):
    """The life of an installer job (SPEC section 7)."""

    OPEN = "open"
    IN_PROGRESS = "in-progress", "in progress"
    COMPLETED = "completed"
    ARCHIVED = "archived"


WORKABLE = (JobState.OPEN, JobState.IN_PROGRESS)


class LinkState(models.TextChoices):
    """Whether a public link lets somebody in; derived, never stored."""

    WORKS = "works"
    EXPIRED = "expired"
    REVOKED = "revoked"
    CLOSED = "closed", "job archived"


class MailKind(models.TextChoices):
    """What a mail of a job is about."""

    LINK = "link", "Link"
    COMPLETED = "completed", "Job completed"


class MailState(models.TextChoices):
    """How a mail of a job stands."""

    WAITING = "waiting", "on its way"
    SENT = "sent"
    GIVEN_UP = "given-up", "given up"
    NOT_NEEDED = "not-needed", "not needed any more"


class Side(models.TextChoices):
    """Whose note it is."""

    INSTALLER = "installer", "Installer"
    OPERATOR = "operator", "Operator"


class PhotoKind(models.TextChoices):
    """What a photo shows."""

    PLATE = "plate", "Type plate"
    WIRING = "wiring", "Wiring"
    OTHER = "other", "Something else"


class StepKind(models.TextChoices):
    """One step of the acceptance test, in this order."""

    CONNECTED = "connected", "Charger called us"
    BOOTED = "booted", "It booted"
    SERIAL = "serial", "Serial and connectors match"
    CLOCK = "clock", "Clock is right"
    CONFIGURATION = "configuration", "Settings written"
    START = "start", "Test charge started"
    ENERGY = "energy", "Energy flows"
    STOP = "stop", "Test charge stopped"
    UNLOCK = "unlock", "Cable released"
    KEY = "key", "Key read"


# Steps that each connector takes by itself; the others are about the whole charge point.
CONNECTOR_STEPS = (StepKind.START, StepKind.ENERGY, StepKind.STOP, StepKind.UNLOCK)
# A test charge is one thing: its parts are run again together.
CHARGE_STEPS = (StepKind.START, StepKind.ENERGY, StepKind.STOP)


class StepState(models.TextChoices):
    """How a step stands. Skipped only with a reason."""

    TODO = "todo", "to do"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


# Nobody has finished these.
UNDONE = (StepState.TODO, StepState.RUNNING)


class EditKind(models.TextChoices):
    """What the phone can send: each is kept there first, and applied here once."""

    IDENTITY = "identity", "Identity"
    CONNECTOR = "connector", "Connector position"
    NOTE = "note", "Note"
    PHOTO = "photo", "Photo"
    PHOTO_REMOVED = "photo-removed", "Photo removed"
    SKIP = "skip", "Step skipped"
    PAIRING = "pairing", "Password taken over"


class ActionKind(models.TextChoices):
    """What an installer can have a charger do."""

    START = "start", "Start"
    STOP = "stop", "Stop"
    UNLOCK = "unlock", "Unlock"
    REBOOT = "reboot", "Reboot"
