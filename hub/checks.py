"""Deployment mistakes, found at start with a hint instead of at night with a traceback."""

import os
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution


@register(Tags.security, deploy=True)
def deployment(app_configs: object, **_: object) -> Sequence[CheckMessage]:
    """`manage.py check --deploy`: what must not be so on a machine that others reach."""
    found: list[CheckMessage] = []
    if settings.DEMO:
        found.append(Error("HUB_DEMO is on.", hint="Unset it: demo users have known passwords.", id="hub.E001"))
    if len(settings.SECRET_KEY) < 50:
        found.append(Error("HUB_SECRET_KEY is short.", hint="Use 50 or more random characters.", id="hub.E002"))
    if settings.OCPP_URL.startswith("ws://"):
        found.append(
            Caution(
                "HUB_OCPP_URL is not encrypted.",
                hint="Give the wss:// address that chargers reach through your TLS proxy.",
                id="hub.W001",
            )
        )
    if settings.CLIENT_CERT_HEADER and not settings.TLS:
        found.append(
            Caution(
                "HUB_CLIENT_CERT_HEADER is set, but HUB_TLS is off: client certificates are not looked at.",
                hint="Set HUB_TLS=on when your TLS proxy overwrites that header, or unset it.",
                id="hub.W002",
            )
        )
    if settings.UNKNOWN_CHARGERS == "accept":
        found.append(
            Caution(
                "HUB_UNKNOWN_CHARGERS is accept: whoever knows the address can connect a charger that works.",
                hint="Use pending or refuse unless chargers reach this machine over a network of your own.",
                id="hub.W003",
            )
        )
    if settings.UNKNOWN_CHARGERS != "refuse" and settings.UNKNOWN_LIMIT < 1:
        found.append(
            Error(
                "HUB_UNKNOWN_LIMIT is below 1, so that no unknown charger is ever let in.",
                hint="Give a number such as 50, or set HUB_UNKNOWN_CHARGERS=refuse.",
                id="hub.E003",
            )
        )
    return [*found, *_files()]


def _files() -> Sequence[CheckMessage]:
    folder = Path(settings.FILES_DIR)
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return []
    hint = "Give a directory of this user that all web processes share: firmware and diagnostics are kept there."
    return [Error(f"HUB_FILES_DIR, {folder}, cannot be written.", hint=hint, id="hub.E004")]
