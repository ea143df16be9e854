"""Who can act."""

from django.db import models


class ActorKind(models.TextChoices):
    """What kind of actor an entry names."""

    PERSON = "person", "Person"
    API_KEY = "api-key", "API key"
    JOB_LINK = "job-link", "Job link"
    CHARGER = "charger", "Charger"
    HUB = "hub", "Hub itself"
