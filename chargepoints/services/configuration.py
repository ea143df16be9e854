"""The settings of chargers: what they report, and what they accepted."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from chargepoints import sql
from chargepoints.choices import CommandStatus
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Command, ConfigurationItem
from chargepoints.reports import Answer
from chargepoints.selectors.configuration import configuration_number
from chargepoints.services.continuations import command_continue, command_first

KEY_LENGTH, VALUE_LENGTH = 50, 500
# The charger's password: it is changed by a way of its own, which keeps it out of every record.
SECRET_KEY = "authorizationkey"  # noqa: S105
REBOOT_WORDS = "Stored; in force after a restart"


def configure_bind(*, command: Command) -> None:
    """Check a change of one setting, `{"key", "value"}`; raises ActionRefused."""
    key, value = str(command.parameters.get("key") or "").strip(), command.parameters.get("value")
    if not key or len(key) > KEY_LENGTH:
        raise ActionRefused(f"The name of a setting has 1 to {KEY_LENGTH} characters.", field="key")
    if key.lower() == SECRET_KEY:
        raise ActionRefused("This is the charger's password. Change it with a new password, not as a setting.")
    if not isinstance(value, str) or len(value) > VALUE_LENGTH:
        raise ActionRefused(f"The value of a setting is a text of at most {VALUE_LENGTH} characters.", field="value")
    known = ConfigurationItem.objects.filter(charge_point=command.charge_point, key__iexact=key).first()
    if known is not None and known.is_readonly:
        raise ActionRefused(f"The charger says that {known.key} is read-only.")
    command.parameters["key"] = known.key if known else key


def read_configuration_bind(*, command: Command) -> None:
    """Check which settings to read, `{"keys": [...]}`, empty for all; cut to what the charger takes at once."""
    keys = command.parameters.get("keys") or []
    if not isinstance(keys, list) or not all(isinstance(key, str) and 0 < len(key) <= KEY_LENGTH for key in keys):
        raise ActionRefused(f"The names of settings have 1 to {KEY_LENGTH} characters.", field="keys")
    most = configuration_number(command.charge_point, "GetConfigurationMaxKeys") or len(keys) or 1
    command.parameters |= {"keys": keys[:most]}
    if rest := [keys[at : at + most] for at in range(most, len(keys), most)]:
        command.parameters["rest"] = rest


def configuration_changed(*, answers: Sequence[Answer]) -> None:
    """Keep what chargers accepted; one that is in force after a restart only is marked so."""
    for answer in answers:
        if answer.outcome != CommandStatus.ACCEPTED or answer.response is None:
            continue
        waits = answer.response.get("status") == "RebootRequired"
        key = str(answer.request["key"])
        known = ConfigurationItem.objects.filter(charge_point=answer.charge_point_id, key__iexact=key).first()
        ConfigurationItem.objects.update_or_create(
            charge_point_id=answer.charge_point_id,
            key=known.key if known else key,
            defaults={"value": str(answer.request["value"]), "needs_reboot": waits, "reported_at": answer.at},
        )
        if waits:
            Command.objects.filter(pk=answer.command_id).update(effect_text=REBOOT_WORDS)


def configuration_reported(*, answers: Sequence[Answer]) -> None:
    """Keep what chargers report, forget the keys they do not know, and ask for the next piece if there is one."""
    for answer in answers:
        if answer.outcome != CommandStatus.ACCEPTED or answer.response is None:
            continue
        _hide(answer)
        told, unknown = answer.response.get("configurationKey"), answer.response.get("unknownKey")
        _store(answer.charge_point_id, told if isinstance(told, list) else [], answer.at)
        if isinstance(unknown, list) and unknown:
            names = [str(key) for key in unknown]
            ConfigurationItem.objects.filter(charge_point=answer.charge_point_id, key__in=names).delete()
        _next(answer)


def _store(charge_point_id: int, told: Iterable[dict[str, Any]], at: datetime) -> None:
    # The last one of a key told twice: one statement cannot store two rows of one key.
    items = {
        str(item["key"])[:255]: ConfigurationItem(
            charge_point_id=charge_point_id,
            key=str(item["key"])[:255],
            value=None if _is_secret(item) else str(item["value"]),
            is_readonly=bool(item["readonly"]),
            reported_at=at,
        )
        for item in told
    }
    ConfigurationItem.objects.bulk_create(
        [items[key] for key in sorted(items)],
        update_conflicts=True,
        unique_fields=["charge_point", "key"],
        # Not `needs_reboot`: what is reported says nothing about when it comes into force.
        update_fields=["value", "is_readonly", "reported_at"],
    )


def _is_secret(item: dict[str, Any]) -> bool:
    """Without a value it is write-only; the password is never kept, whatever the charger tells."""
    return item.get("value") is None or str(item["key"]).strip().lower() == SECRET_KEY


def _hide(answer: Answer) -> None:
    """Take the password out of the command's result, for a charger that reports it."""
    told = (answer.response or {}).get("configurationKey")
    if not isinstance(told, list) or all("value" not in item or not _is_secret(item) for item in told):
        return
    shown = [{name: item[name] for name in item if name != "value"} if _is_secret(item) else item for item in told]
    result = {**(answer.response or {}), "configurationKey": shown}
    Command.objects.filter(pk=answer.command_id).update(result=result)


def _next(answer: Answer) -> None:
    first, piece = command_first(answer.command_id)
    rest = first.parameters.get("rest") or []
    if piece < len(rest):
        command_continue(first=first, piece=piece + 1, parameters={"keys": rest[piece]})


_BOOTED = """
UPDATE chargepoints_configurationitem SET needs_reboot = false WHERE charge_point_id = ANY(%s) AND needs_reboot
"""


def configuration_booted(*, charge_point_ids: Iterable[int]) -> None:
    """After a restart every accepted setting is in force."""
    if ids := list(charge_point_ids):
        sql.execute(_BOOTED, ids)
