"""The administration of the domain: one module per noun."""

from chargepoints.admin import (
    batch,
    charge_point,
    configuration,
    diagnostics,
    firmware,
    history,
    idempotency,
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
    "batch",
    "charge_point",
    "configuration",
    "diagnostics",
    "firmware",
    "history",
    "idempotency",
    "key",
    "log",
    "maintenance",
    "member",
    "money",
    "security",
    "site",
    "webhook",
]
