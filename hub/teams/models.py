"""Operator organisation > teams; people and API keys are members of an organisation or of one of its teams."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone

from hub.teams.choices import Role


class Theme(models.TextChoices):
    """Which colours a person wants."""

    AUTO = "auto", "As the system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class Density(models.TextChoices):
    """How close rows stand."""

    NORMAL = "normal", "Normal"
    COMPACT = "compact", "Compact"


class User(AbstractUser):
    """A person who can sign in."""

    theme = models.CharField(max_length=8, choices=Theme, default=Theme.AUTO)
    density = models.CharField(max_length=8, choices=Density, default=Density.NORMAL)
    shortcuts = models.BooleanField("shortcuts of one key", default=True)

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Organisation(models.Model):
    """A charging-network operator; nothing of one is visible to another."""

    name = models.CharField(max_length=120, unique=True)
    requires_second_factor = models.BooleanField(
        default=False, help_text="Its people must set up a second factor before they see anything of it."
    )
    receives_unknown = models.BooleanField(
        "receives unknown chargers",
        default=False,
        help_text="Chargers that nobody has registered are shown to this organisation. Where there is only one "
        "organisation, to that one.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["receives_unknown"],
                condition=models.Q(receives_unknown=True),
                name="organisation_receives_unknown_once",
                violation_error_message="Another organisation receives unknown chargers already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """A part of an organisation that owns sites."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="teams")
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="team_name_unique")]

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A role in an organisation; with a team, only in that team. A person has it, or an API key."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships", null=True, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="members")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members", null=True, blank=True)
    role = models.CharField(max_length=16, choices=Role, default=Role.READ_ONLY)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["organisation", "user"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation", "team"],
                condition=models.Q(user__isnull=False),
                name="member_unique",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.user or 'API key'} ({self.get_role_display()}, {self.team or self.organisation})"


class ApiKey(models.Model):
    """A program's way in. Its `member` says what it may do and where, as for a person; the key itself is not kept."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="api_key")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16, unique=True, editable=False, help_text="The start of the key, to tell it.")
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="api_keys")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_from = models.CharField(max_length=64, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    # What Django asks of whoever makes a request.
    @property
    def is_authenticated(self) -> bool:
        """A key that was found by its hash is who it says."""
        return True

    @property
    def is_active(self) -> bool:
        """Whether it works now."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())


class Invitation(models.Model):
    """An offer of a membership by e-mail. The token is in the mail only."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations", null=True, blank=True)
    role = models.CharField(max_length=16, choices=Role, default=Role.READ_ONLY)
    site_ids = models.JSONField(default=list, blank=True, help_text="Sites that the membership is limited to.")
    email = models.EmailField()
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="invitations")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.email} ({self.get_role_display()}, {self.team or self.organisation})"


class SignIn(models.Model):
    """One session of a person: where it began, and whether it still runs."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    session_key = models.CharField(max_length=40, db_index=True, editable=False)
    address = models.CharField(max_length=64, blank=True)
    user_agent = models.CharField(max_length=255, blank=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.user} from {self.address}"
