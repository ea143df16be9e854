"""The administration of the domain: one module per noun."""

from chargepoints.admin import (
    charge_point,
    configuration,
    history,
    key,
    log,
    maintenance,
    member,
    money,
    security,
    site,
    webhook,
)

__all__ = [
    "charge_point",
    "configuration",
    "history",
    "key",
    "log",
    "maintenance",
    "member",
    "money",
    "security",
    "site",
    "webhook",
]
