"""Roles and what each may do. Declared once, asked everywhere through `hub.teams.roles`."""

from django.db import models


class Role(models.TextChoices):
    """What a member is there for."""

    ADMIN = "admin", "Admin"
    OPERATIONS = "operations", "Operations"
    FINANCE = "finance", "Finance"
    SUPPORT = "support", "Support"
    READ_ONLY = "read-only", "Read-only"


class Right(models.TextChoices):
    """One thing that a role may allow."""

    VIEW = "view", "See chargers and logs"
    REBOOT = "reboot", "Run a check and reboot"
    COMMAND = "command", "Run every remote action"
    EDIT = "edit", "Change sites and charge points"
    MONEY = "money", "See and change prices and payments"
    PEOPLE = "people", "Manage teams, members and API keys"
    AUDIT = "audit", "Read the audit log"


RIGHTS: dict[str, frozenset[Right]] = {
    Role.ADMIN: frozenset(Right),
    Role.OPERATIONS: frozenset({Right.VIEW, Right.REBOOT, Right.COMMAND, Right.EDIT}),
    Role.FINANCE: frozenset({Right.VIEW, Right.MONEY}),
    Role.SUPPORT: frozenset({Right.VIEW, Right.REBOOT}),
    Role.READ_ONLY: frozenset({Right.VIEW}),
}


def roles_with(right: Right) -> list[str]:
    """The roles that allow `right`."""
    return [role for role, rights in RIGHTS.items() if right in rights]
