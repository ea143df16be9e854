"""The local authorisation lists of chargers: which keys they let charge while they are offline."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models.functions import Lower
from django.utils import timezone

from chargepoints.choices import OPEN_COMMAND_STATUSES, CommandStatus
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargeKey, ChargePoint, Command, LocalList
from chargepoints.moments import moment_write
from chargepoints.reports import Answer, KeyQuestion
from chargepoints.selectors.configuration import configuration_number
from chargepoints.services.continuations import command_continue, command_first
from chargepoints.services.keys import keys_authorise

TAG_LENGTH = 20
HIGHEST_VERSION = 2**31 - 1
_DOUBTFUL = frozenset({"Failed", "VersionMismatch"})


def local_list_bind(*, command: Command) -> None:
    """Check and write out a local list; raises ActionRefused.

    `{"update": "Full" | "Differential", "keys": [id tag], "remove": [id tag], "version": int | None}`. Without a
    version it is the next one. A list that is longer than the charger takes at once goes as a first whole list and
    changes after it, each with the next version (CSMS.md 2.2).
    """
    given, charge_point = command.parameters, command.charge_point
    full = given.get("update") == "Full"
    if not full and given.get("update") != "Differential":
        raise ActionRefused("A local list is sent as a whole (Full) or as changes (Differential).", field="update")
    on_its_way = Command.objects.filter(charge_point=charge_point, kind=command.kind, status__in=OPEN_COMMAND_STATUSES)
    if on_its_way.exists():
        raise ActionRefused("Another local list is on its way to this charger.")
    known = LocalList.objects.filter(charge_point=charge_point).first()
    if not full and known is not None and known.in_doubt:
        raise ActionRefused("An update of this list failed. Send the whole list first.")
    removed = _tags(given.get("remove"))
    if full and removed:
        raise ActionRefused("A whole list removes nothing: leave the keys out.", field="remove")
    entries = _entries(charge_point, _tags(given.get("keys"))) + [{"id_tag": tag} for tag in removed]
    if not full and not entries:
        raise ActionRefused("Choose the keys that changed.", field="keys")
    _fits(charge_point, entries, known, full=full)
    size = configuration_number(charge_point, "SendLocalListMaxLength") or max(len(entries), 1)
    pieces = [entries[at : at + size] for at in range(0, len(entries), size)] or [[]]
    given["version"] = _version(given.get("version"), known, len(pieces))
    given["entries"] = pieces[0]
    if pieces[1:]:
        given["rest"] = pieces[1:]


def _tags(given: object) -> list[str]:
    """Id tags, each once without regard to case."""
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(tag, str) and 0 < len(tag) <= TAG_LENGTH for tag in given):
        raise ActionRefused(f"OCPP 1.6 takes keys of 1 to {TAG_LENGTH} characters.", field="keys")
    return list({tag.lower(): tag for tag in given}.values())


def _entries(charge_point: ChargePoint, tags: Sequence[str]) -> list[dict[str, object]]:
    keys = ChargeKey.objects.annotate(lower=Lower("id_tag")).filter(
        organisation=charge_point.site.team.organisation_id, lower__in=[tag.lower() for tag in tags]
    )
    spelled = {key.id_tag.lower(): key.id_tag for key in keys}
    unknown = [tag for tag in tags if tag.lower() not in spelled]
    if unknown:
        raise ActionRefused(f"There is no key {unknown[0]}.", field="keys")
    questions = [KeyQuestion(charge_point.pk, tag) for tag in tags]
    answers = keys_authorise(questions=questions, now=timezone.now(), money=False) if questions else []
    entries: list[dict[str, object]] = []
    for tag, answer in zip(tags, answers, strict=True):
        entry: dict[str, object] = {"id_tag": spelled[tag.lower()], "status": str(answer.verdict)}
        if answer.expires_at is not None:
            entry["expires_at"] = moment_write(answer.expires_at)
        if answer.parent_id_tag:
            entry["parent_id_tag"] = answer.parent_id_tag
        entries.append(entry)
    return entries


def _fits(
    charge_point: ChargePoint, entries: Sequence[dict[str, object]], known: LocalList | None, *, full: bool
) -> None:
    most = configuration_number(charge_point, "LocalAuthListMaxLength")
    tags = {str(entry["id_tag"]).lower() for entry in entries if "status" in entry}
    gone = {str(entry["id_tag"]).lower() for entry in entries if "status" not in entry}
    if not full and known is not None:
        tags |= known.entries.keys() - gone
    if most is not None and len(tags) > most:
        raise ActionRefused(f"The charger keeps at most {most} keys; this would be {len(tags)}.")


def _version(given: object, known: LocalList | None, pieces: int) -> int:
    last = max(known.version, 0) if known else 0
    version = last + 1 if given is None else given
    if not isinstance(version, int) or isinstance(version, bool) or not 0 < version <= HIGHEST_VERSION - pieces:
        raise ActionRefused("The version of a local list is a number above 0.", field="version")
    return version


def local_lists_answered(*, answers: Sequence[Answer]) -> None:
    """Keep the lists that chargers accepted, mark those in doubt, and send the next piece if there is one."""
    for answer in answers:
        known, _ = LocalList.objects.select_for_update().get_or_create(
            charge_point_id=answer.charge_point_id, defaults={"updated_at": answer.at}
        )
        word = str((answer.response or {}).get("status", ""))
        if answer.outcome == CommandStatus.ACCEPTED:
            _keep(known, answer)
            _next(answer)
        elif word == "NotSupported":
            _version_set(known, -1, answer.at)
        elif answer.response is None or word in _DOUBTFUL:
            # No answer is as bad as a refusal: the charger may have stored it or not.
            known.in_doubt, known.updated_at = True, answer.at
            known.save(update_fields=["in_doubt", "updated_at"])


def _keep(known: LocalList, answer: Answer) -> None:
    full = answer.request["updateType"] == "Full"
    entries: dict[str, object] = {} if full else dict(known.entries)
    sent = answer.request.get("localAuthorizationList")
    for entry in sent if isinstance(sent, list) else []:
        tag = str(entry["idTag"]).lower()
        if "idTagInfo" in entry:
            entries[tag] = entry["idTagInfo"]
        else:
            entries.pop(tag, None)
    known.entries, known.version = entries, int(str(answer.request["listVersion"]))
    known.in_doubt, known.updated_at = known.in_doubt and not full, answer.at
    known.save()


def _next(answer: Answer) -> None:
    first, piece = command_first(answer.command_id)
    rest = first.parameters.get("rest") or []
    if piece < len(rest):
        version = int(first.parameters["version"]) + piece + 1
        parameters: dict[str, object] = {"update": "Differential", "version": version, "entries": rest[piece]}
        command_continue(first=first, piece=piece + 1, parameters=parameters)


def local_list_versions_told(*, answers: Sequence[Answer]) -> None:
    """Compare the version that a charger has with ours: -1 has no list at all, 0 has an empty one."""
    for answer in answers:
        if answer.response is None or answer.outcome != CommandStatus.ACCEPTED:
            continue
        known, _ = LocalList.objects.select_for_update().get_or_create(
            charge_point_id=answer.charge_point_id, defaults={"updated_at": answer.at}
        )
        version = int(str(answer.response["listVersion"]))
        if version <= 0:
            _version_set(known, version, answer.at)
        elif version != known.version:
            known.in_doubt = True
            known.version, known.updated_at = version, answer.at
            known.save()


def _version_set(known: LocalList, version: int, at: datetime) -> None:
    known.version, known.entries, known.in_doubt, known.updated_at = version, {}, False, at
    known.save()
