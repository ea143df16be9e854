"""The audit log for people and for files."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode

from chargepoints.selectors.audit import Named
from hub.audit.choices import ActorKind
from hub.audit.models import AuditEntry
from hub.audit.words import Change, changes, deed, noun_words, sentence, summary
from hub.templatetags.desk import iso

# Nouns whose objects have a page, by its name in the URLs; some lists stand for pages of single rows.
PAGES = {
    **{noun: noun for noun in ("site", "charge_point", "command", "charge")},
    "command_batch": "batch",
}
GLYPHS = {ActorKind.API_KEY: "key-round", ActorKind.JOB_LINK: "link", ActorKind.CHARGER: "ev-charger"}
COLUMNS = (
    *("at", "actor_kind", "actor_id", "actor", "address", "act", "noun", "object_id", "object", "what"),
    *("before", "after", "reason", "organisation", "team", "site_id"),
)
# What a spreadsheet would take for a formula at the start of a cell.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - full-width signs count too


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry as a row that opens in place."""

    entry: AuditEntry
    deed: str
    summary: str
    changes: Sequence[Change]
    has_before: bool
    glyph: str
    where: str
    url: str
    command_url: str
    history: str


def audit_rows(entries: Iterable[AuditEntry], targets: set[Named]) -> list[AuditRow]:
    """The rows of entries; `targets` are the objects that the person may open."""
    return [_row(entry, targets) for entry in entries]


def _row(entry: AuditEntry, targets: set[Named]) -> AuditRow:
    return AuditRow(
        entry=entry,
        deed=deed(entry),
        summary=summary(entry),
        changes=changes(entry),
        has_before=bool(entry.before),
        glyph=GLYPHS.get(ActorKind(entry.actor_kind), "zap" if entry.actor_kind == ActorKind.HUB else ""),
        where=", ".join(str(part) for part in (entry.organisation, entry.team) if part),
        url=_page((entry.noun, entry.object_id), targets),
        command_url=_page(("command", str(entry.after.get("command_id", ""))), targets),
        history=urlencode({"noun": entry.noun, "object": entry.object_id}) if entry.object_id else "",
    )


def _page(named: Named, targets: set[Named]) -> str:
    if named not in targets:
        return ""
    try:
        return reverse(PAGES[named[0]], args=[named[1]])
    except NoReverseMatch:
        return ""


def object_words(entries: Sequence[AuditEntry], noun: str, object_id: str) -> str:
    """The object whose history is shown: its newest name if there is an entry."""
    name = entries[0].object_name if entries else f"number {object_id}"
    return f"{noun_words(noun)} {name}".strip()


def csv_text(batches: Iterable[list[AuditEntry]]) -> Iterator[bytes]:
    """Comma-separated text in UTF-8 with a head line, a batch at a time; no cell can become a formula."""
    yield _csv([COLUMNS])
    for batch in batches:
        yield _csv([[cell(value) for value in _facts(entry).values()] for entry in batch])


def json_lines(batches: Iterable[list[AuditEntry]]) -> Iterator[bytes]:
    """One JSON object a line, a batch at a time."""
    for batch in batches:
        yield "".join(json.dumps(_facts(entry), ensure_ascii=False) + "\n" for entry in batch).encode()


EXPORTS: dict[str, tuple[str, Callable[[Iterable[list[AuditEntry]]], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", csv_text),
    "jsonl": ("application/x-ndjson; charset=utf-8", json_lines),
}


def cell(value: object) -> str:
    """A cell of a spreadsheet: text that begins like a formula gets an apostrophe in front (CWE-1236)."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _facts(entry: AuditEntry) -> dict[str, object]:
    values = (
        *(iso(entry.at), entry.actor_kind, entry.actor_id, entry.actor_name, entry.address),
        *(entry.act, entry.noun, entry.object_id, entry.object_name, sentence(entry)),
        *(entry.before, entry.after, entry.reason),
        *(str(entry.organisation or ""), str(entry.team or ""), entry.site_id),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
