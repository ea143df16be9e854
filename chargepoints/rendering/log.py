"""Log lines as HTML: one template draws a row for the page, older pages, catching up and live frames."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.template.loader import render_to_string
from django.templatetags.static import static

from chargepoints.choices import Category, Direction
from chargepoints.models import ChargePoint, LogLine
from chargepoints.selectors.log_lines import (
    LARGEST_SEQ,
    LineFilter,
    cursor_newest,
    lines_around,
    lines_until,
    link_gaps,
)
from hub.templatetags.desk import span_words

PAGE = 200
# A raw frame may have a megabyte; a page of rows must not. The whole frame is one request away.
RAW_LIMIT = 6000

GLYPHS: Mapping[str, str] = {
    Category.STATE: "diamond",
    Category.TRANSACTION: "zap",
    Category.LINK: "plug",
    Category.SECURITY: "shield",
    Category.METER: "gauge",
}
ARROWS: Mapping[str, str] = {Direction.IN: "arrow-left", Direction.OUT: "arrow-right"}
FOLDED = frozenset({"MeterValues", "Heartbeat"})
TEXT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Word:
    """An entry of the legend; without a category it is a status word."""

    name: str
    meaning: str
    category: str = ""

    @property
    def glyph(self) -> str:
        """The category's icon."""
        return GLYPHS.get(self.category, "")


LEGEND = (
    Word("Connect", "The charger opened its line to Hub and was let in.", "link"),
    Word("Disconnect", "That line ended; the row says who closed it, and why if it was said.", "link"),
    Word("BootNotification", "The charger has started and introduces itself: maker, model, firmware.", "state"),
    Word("StatusNotification", "One connector, or the whole box, reports the state it is in now.", "state"),
    Word("StartTransaction", "A charge begins: who charges, where, and what the meter says.", "txn"),
    Word("StopTransaction", "A charge ends: what the meter says now, and the reason for stopping.", "txn"),
    Word("Charging", "Energy flows into the car."),
    Word("SuspendedEV", "The charge is on, but the car takes nothing: it is full, or waits by its own plan."),
    Word("SuspendedEVSE", "The charge is on, but the charger gives nothing: a limit or a schedule holds it."),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What the template needs of one line; all words, no decisions left."""

    line: LogLine
    clock: str
    iso: str
    day: str
    word: str
    glyph: str
    arrow: str
    whence: str
    joint: str
    latency: str
    gap: str
    folds: bool
    is_marked: bool
    request: str
    answer: str
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """A category above the log, with the number of lines shown."""

    category: str
    label: str
    glyph: str
    count: int


def zone_of(charge_point: ChargePoint) -> ZoneInfo:
    """The time zone of the charge point's site; UTC when the name means nothing on this machine."""
    try:
        return ZoneInfo(charge_point.site.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def rows_of(charge_point: ChargePoint, lines: Sequence[LogLine], marked: int | None = None) -> list[Row]:
    """`lines` as rows in the site's time zone. Needs `charge_point.site`; at most one further query."""
    gaps = link_gaps(charge_point.pk, lines)
    zone = zone_of(charge_point)
    return [_row(line, zone, gaps.get(line.seq), line.seq == marked) for line in lines]


def log_html(charge_point: ChargePoint, lines: Sequence[LogLine]) -> str:
    """The rows of `lines`, one after the other, as a plain str, which is all that msgspec encodes."""
    context = {"rows": rows_of(charge_point, lines), "sprite": static("ui/icons.svg")}
    return render_to_string("chargepoints/log/_log_rows.html", context) + ""


def log_panel(charge_point: ChargePoint, query: Mapping[str, str]) -> dict[str, object]:
    """The context `log` of `_panel.html`, in at most three queries; `query` is that of the page's address.

    `at` is the sequence of a line to open at (50 rows around it instead of the newest 200), `q` a text that rows
    must have, `hide` categories that start switched off, separated by commas, `errors` shows errors only.
    """
    newest = cursor_newest(charge_point.pk)
    marked = sequence_asked(query.get("at", ""))
    text = query.get("q", "").strip()[:TEXT_LIMIT] if marked is None else ""
    if marked is None:
        lines = lines_until(charge_point.pk, newest, PAGE, LineFilter(text=text))
    else:
        lines = lines_around(charge_point.pk, marked)
    return {
        "rows": rows_of(charge_point, lines, marked),
        "sprite": static("ui/icons.svg"),
        "chips": chips(lines),
        "errors": sum(line.is_error for line in lines),
        "errors_only": bool(query.get("errors")),
        "cursor": newest,
        "first": lines[0].seq if lines else 0,
        "more": marked is not None or len(lines) == PAGE,
        "at": marked,
        "q": text,
        "zone": str(zone_of(charge_point)),
        "hidden": frozenset(query.get("hide", "").split(",")),
        "legend": LEGEND,
    }


def sequence_asked(text: str) -> int | None:
    """A sequence out of an address; None when it is none."""
    return int(text) if text.isascii() and text.isdigit() and int(text[:20]) <= LARGEST_SEQ else None


def chips(lines: Iterable[LogLine]) -> list[Chip]:
    """The categories with how many of `lines` are in each."""
    seen = [line.category for line in lines]
    return [Chip(category.value, category.label, GLYPHS[category], seen.count(category.value)) for category in Category]


def _row(line: LogLine, zone: ZoneInfo, gap: timedelta | None, is_marked: bool) -> Row:
    local = line.at.astimezone(zone)
    category = Category(line.category)
    return Row(
        line=line,
        clock=local.strftime("%H:%M:%S.") + f"{local.microsecond // 1000:03}",
        iso=local.isoformat(timespec="milliseconds"),
        day=local.strftime("%Y-%m-%d"),
        word=f"{category.label}, error" if line.is_error else category.label,
        glyph="triangle-alert" if line.is_error else GLYPHS[category],
        arrow=ARROWS.get(line.direction, ""),
        whence=Direction(line.direction).label,
        joint=_joint(line),
        latency=latency_words(line.latency_us),
        gap=gap_words(gap),
        folds=line.action in FOLDED and not line.is_error,
        is_marked=is_marked,
        request=line.request[:RAW_LIMIT],
        answer=line.answer[:RAW_LIMIT],
        is_cut=len(line.request) > RAW_LIMIT or len(line.answer) > RAW_LIMIT,
    )


def _joint(line: LogLine) -> str:
    """What stands between fact and text: a comma, unless the text brings its own punctuation."""
    if not (line.fact and line.text):
        return ""
    return ", " if line.text[0].isalnum() else " "


def latency_words(latency_us: int | None) -> str:
    """A latency in microseconds as milliseconds, or seconds from ten on."""
    if latency_us is None:
        return ""
    if latency_us >= 10_000_000:
        return f"{latency_us / 1_000_000:.0f} s"
    return f"{latency_us / 1000:.0f} ms" if latency_us >= 1000 else "<1 ms"


def gap_words(gap: timedelta | None) -> str:
    """How long there was no link; empty when there was none that anybody would notice."""
    if gap is None or gap < timedelta(seconds=1):
        return ""
    return f"No link for {span_words(gap.total_seconds())}."


def line_raw(line: LogLine) -> dict[str, str]:
    """The whole frames of one line, for copying."""
    return {"request": line.request, "answer": line.answer}


def searched_from(newest: int, wanted: LineFilter, span: timedelta) -> str:
    """Since when a filtered page was searched, ISO 8601 in UTC; empty without a filter."""
    if not wanted:
        return ""
    moment = datetime.fromtimestamp(newest / 1_000_000, UTC) - span
    return moment.isoformat(timespec="seconds")
