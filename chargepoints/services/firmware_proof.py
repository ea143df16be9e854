"""The proof of an update: a boot with the new version. What the charger says before is only what it says."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings

from chargepoints import sql
from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, Command
from chargepoints.selectors.firmware import FIRMWARE_KINDS, same_version
from chargepoints.services.changes import changed
from chargepoints.services.transfers import transfers_close

INSTALLED = "Installed"
# After "Installed" a charger restarts; with everything it fetches and checks on the way, that takes minutes.
BOOT_WITHIN_S = 900
_FOLLOWED = timedelta(days=7)
# Nothing older than that can have been sent within the time that is followed: it was kept or planned so long at most.
_MADE_WITHIN = timedelta(days=50)
_OPEN = (CommandStatus.SENT, CommandStatus.ACCEPTED, CommandStatus.EXPIRED)

# A version is noted when it is another one than the newest that is known.
_NOTE = """
INSERT INTO chargepoints_firmwareversion (charge_point_id, version, since)
SELECT n.id, n.version, n.at FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS n (id, version, at)
JOIN chargepoints_chargepoint p ON p.id = n.id
WHERE n.version IS DISTINCT FROM (SELECT f.version FROM chargepoints_firmwareversion f
    WHERE f.charge_point_id = n.id ORDER BY f.since DESC LIMIT 1)
"""


def firmware_booted(*, told: Mapping[int, str], at: datetime) -> None:
    """Chargers have booted and told these versions, by id: they are noted, and updates to them are proven."""
    known = {pk: version for pk, version in told.items() if version}
    if not known:
        return
    ids = sorted(known)
    sql.execute(_NOTE, ids, [known[pk][:255] for pk in ids], [at] * len(ids))
    open_ones = Command.objects.filter(
        charge_point__in=ids,
        kind__in=FIRMWARE_KINDS,
        status__in=_OPEN,
        created_at__gt=at - _MADE_WITHIN,
        sent_at__gt=at - _FOLLOWED,
    ).exclude(effect=Effect.SEEN)
    for command in open_ones.select_for_update().order_by("pk"):
        _booted(command, known[command.charge_point_id], at)


def _booted(command: Command, version: str, at: datetime) -> None:
    if _proves(command, version):
        _seen(command, f"Booted with {version}", at)
    elif command.effect == Effect.AWAITED and is_installed(command):
        command.effect_text = _unproven(command, version)
    else:
        return
    command.save(update_fields=["effect", "effect_at", "effect_text"])
    changed([command.charge_point_id], "commands", "actions", "row")


def firmware_installed(command: Command, at: datetime) -> None:
    """The charger says that it has installed the update: now its boot is awaited. The caller saves the command."""
    if command.effect == Effect.SEEN:
        return
    charge_point = ChargePoint.objects.get(pk=command.charge_point_id)
    version, expected = charge_point.firmware, str(command.parameters.get("version") or "")
    if expected and same_version(version, expected):
        _seen(command, f"Installed; it said {version} before", at)
    elif not version and charge_point.booted_at is not None:
        _seen(command, "Installed; this charger never tells its version", at)
    else:
        command.effect, command.effect_at = Effect.AWAITED, None
        command.effect_due_at = at + timedelta(seconds=BOOT_WITHIN_S * settings.EFFECT_TIMEOUT_SCALE)
        command.effect_text = _unproven(command, version)


def may_still_tell(command: Command, at: datetime) -> bool:
    """Whether an update that its boot has proven may still say that it is installed."""
    proven = command.effect_at
    return proven is not None and at - proven < timedelta(seconds=BOOT_WITHIN_S) and not is_installed(command)


def is_installed(command: Command) -> bool:
    """Whether the charger has said that the update is installed."""
    return any(word == INSTALLED for _, word in command.progress)


def _proves(command: Command, version: str) -> bool:
    """Whether a boot with `version` proves the update: the file's version, or for an address any other than before.

    A charger that had it before proves nothing by booting with it.
    """
    expected, before = str(command.parameters.get("version") or ""), str(command.parameters.get("before") or "")
    if same_version(version, before):
        return False
    return same_version(version, expected) if expected else True


def _seen(command: Command, text: str, at: datetime) -> None:
    command.effect, command.effect_at, command.effect_text = Effect.SEEN, at, text[:255]
    transfers_close(command_ids=[command.pk], at=at)


def _unproven(command: Command, version: str) -> str:
    """What is known while the boot with the new version is missing."""
    if not version:
        return "Installed, but has not booted"
    if same_version(version, str(command.parameters.get("before") or "")):
        return f"Installed, but still says {version}"[:255]
    return f"Installed, but says {version}, not {command.parameters.get('version') or 'another'}"[:255]
