"""The audit log in words. Acts, nouns and fields are declared here once; what is not declared reads sensibly too."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from hub.audit.models import AuditEntry

NOTHING = "–"  # noqa: RUF001 - an en dash is what an empty cell shows
SHORT = 40
SHOWN_CHANGES = 3
_IN_THE_DEED = frozenset({"command", "command_id"})

# The verb of an act (`site.edited` is the verb `edited` on the noun `site`): what was done to the object.
ACTS: dict[str, str] = {
    "created": "created {}",
    "edited": "edited {}",
    "deleted": "deleted {}",
    "archived": "archived {}",
    "restored": "restored {}",
    "activated": "activated {}",
    "deactivated": "deactivated {}",
    "imported": "imported {}",
    "moved": "moved {} to another site",
    "site_changed": "moved {} to another site",
    "commanded": "sent a command to {}",
    "command_taken_back": "took back a command to {}",
    "commands_exported": "exported commands of {}",
    "password_set": "set a new password of {}",
    "password_generated": "made a new password of {}",
    "password_changed": "changed the password of {}",
    "password_reset": "reset the password of {}",
    "second_factor_set": "set up a second factor for {}",
    "second_factor_removed": "removed the second factor of {}",
    "signed_in": "signed in",
    "signed_out": "signed out",
    "sign_in_failed": "failed to sign in as {}",
    "session_ended": "ended a session of {}",
    "invited": "invited {}",
    "resent": "sent {} again",
    "accepted": "accepted {}",
    "revoked": "revoked {}",
    "removed": "removed {}",
    "ignored": "ignored {}",
    "blocked": "blocked {}",
    "unblocked": "unblocked {}",
    "made_default": "made {} the default",
    "switched_off": "switched off {}",
    "switched_on": "switched on {}",
    "topped_up": "topped up {}",
    "paid_out": "paid out of {}",
    "maintenance_planned": "planned maintenance of {}",
    "maintenance_started": "started maintenance of {}",
    "maintenance_ended": "ended maintenance of {}",
    "audit_exported": "exported the audit log of {}",
    "charges_exported": "exported charges of {}",
    "force_stopped": "stopped {} by force",
    "released": "released {}",
    "retried": "tried again to settle {}",
    "cancelled": "cancelled {}",
    "refunded": "refunded {}",
    "kept": "left {} as it was",
    "report_exported": "exported a report of {}",
    "price_changed": "changed the price of {}",
    "price_removed": "deleted a planned price of {}",
    "prices_stored": "stored hourly prices of {}",
    "uploaded": "added {}",
    "downloaded": "took away {}",
    "stopped": "stopped {}",
    "halted": "halted {}",
    "resumed": "let {} go on",
    "repeated": "tried the failed ones of {} again",
    "secret_rotated": "made a new secret of {}",
    "tested": "sent a test event to {}",
    "replayed": "sent events again to {}",
    "seeded": "made the demo's {}",
    "completed": "completed {}",
    "noted": "wrote a note on {}",
    "skipped": "skipped a step of {}",
    "mailed": "mailed {}",
    "activated_all": "activated all charge points of {}",
    "photo_added": "added a photo of {}",
    "photo_removed": "removed a photo of {}",
    "opened": "opened {}",
    "test_started": "started the acceptance test of {}",
    "test_stopped": "stopped the acceptance test of {}",
    "step_repeated": "ran a step of {} again",
    "pin_refused": "typed wrong PINs for {}",
    "mail_given_up": "gave up a mail of {}",
    "photos_expired": "deleted old photos of {}",
}
# Objects whose names begin with a word of their noun, which is said once: "installer job 1001".
_SAID_ALREADY = {"installer_job": "Job ", "job_link": "Link "}
NOUNS: dict[str, str] = {
    "organisation": "organisation",
    "team": "team",
    "site": "site",
    "charge_point": "charge point",
    "connector": "connector",
    "maintenance_period": "maintenance period",
    "connection_attempt": "unknown charger",
    "user": "person",
    "member": "membership",
    "site_limit": "site limit",
    "invitation": "invitation",
    "api_key": "API key",
    "driver": "driver",
    "charge_key": "charge key",
    "payment_method": "payment method",
    "charge": "charge",
    "bill": "bill",
    "home_charger": "home charger",
    "issued_certificate": "certificate",
    "diagnostics_file": "diagnostics file",
    "spot_source": "source of hourly prices",
    "firmware_file": "firmware",
    "command_batch": "bulk action",
    "installer_job": "installer job",
    "job_link": "job link",
    "job_template": "job template",
}
FIELDS: dict[str, str] = {
    "api_key": "API key",
    "charge_point": "charge point",
    "is_active": "active",
    "is_staff": "may use the administration",
    "is_superuser": "superuser",
    "is_strict": "strict mode",
    "id_tag": "id tag",
    "charge_point_models": "models",
    "is_signed": "signed",
    "sha256": "SHA-256",
    "parent_id_tag": "group",
    "allows_concurrent": "several charges at once",
    "max_power_w": "power",
    "max_w": "power",
    "password_hmac": "password",
    "per_kwh": "price per kWh",
    "per_minute": "price per minute",
    "power_limit_w": "power limit",
    "receives_unknown": "receives unknown chargers",
    "site_ids": "sites",
    "user": "person",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One field, before and after, in words."""

    name: str
    before: str
    after: str


def verb_of(act: str) -> str:
    """The verb of an act: `edited` of `site.edited`."""
    return act.rpartition(".")[2]


def act_words(verb: str) -> str:
    """A verb for a list of choices: `Edited`, `Set a new password`."""
    said = ACTS.get(verb, f"{verb.replace('_', ' ')} {{}}").format("").strip()
    return said.removesuffix(" of").removesuffix(" to").removesuffix(" for").removesuffix(" as").capitalize()


def noun_words(noun: str) -> str:
    """A noun as people say it."""
    return NOUNS.get(noun, noun.replace("_", " "))


def deed(entry: AuditEntry) -> str:
    """What was done to what: `edited site Aker Brygge`, `sent Reboot to charge point NORD-1`."""
    verb = verb_of(entry.act)
    name = entry.object_name.removeprefix(_SAID_ALREADY.get(entry.noun, ""))
    what = f"{noun_words(entry.noun)} {name}".strip()
    if verb == "commanded" and isinstance(entry.after.get("command"), str):
        return f"sent {entry.after['command']} to {what}"
    return ACTS.get(verb, f"{verb.replace('_', ' ')} {{}}").format(what)


def changes(entry: AuditEntry) -> list[Change]:
    """Every field that the entry names, in words."""
    names = [*entry.before, *(name for name in entry.after if name not in entry.before)]
    if verb_of(entry.act) == "commanded":
        names = [name for name in names if name not in _IN_THE_DEED]
    return [
        Change(field_words(name), value_words(name, entry.before.get(name)), value_words(name, entry.after.get(name)))
        for name in names
    ]


def sentence(entry: AuditEntry) -> str:
    """The whole act in a line: `Alice edited site Aker Brygge: power limit 250 kW → 200 kW`."""
    rest = summary(entry)
    return f"{entry.actor_name} {deed(entry)}{': ' + rest if rest else ''}"


def summary(entry: AuditEntry) -> str:
    """The first changes of an edit in a few words; empty where the deed says it all."""
    if not entry.before or not entry.after:
        return ""
    found = changes(entry)
    said = [f"{change.name} {_short(change.before)} → {_short(change.after)}" for change in found[:SHOWN_CHANGES]]
    more = len(found) - SHOWN_CHANGES
    return ", ".join(said) + (f" and {more} more" if more > 0 else "")


def field_words(name: str) -> str:
    """The name of a field as people say it."""
    return FIELDS.get(name, name.replace("_", " "))


def value_words(name: str, value: object) -> str:
    """A value as people write it: watts as kW, yes and no, moments in UTC; a dash for nothing."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) and name.endswith("_w"):
        return f"{value / 1000:g} kW"
    if isinstance(value, Mapping):
        return "; ".join(f"{field_words(str(each))}: {value_words(str(each), part)}" for each, part in value.items())
    if isinstance(value, list):
        return ", ".join(value_words(name, part) for part in value)
    return _moment(str(value)) if name.endswith("_at") else str(value)


def _moment(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{found.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if found.tzinfo else text


def _short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


def verbs() -> Iterator[tuple[str, str]]:
    """The declared verbs with their words, for a list of choices; verbs that read the same stand once."""
    seen: dict[str, str] = {}
    for verb in ACTS:
        seen.setdefault(act_words(verb), verb)
    return iter(sorted((verb, words) for words, verb in seen.items()))
