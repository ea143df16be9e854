"""Rows of the list of sites, and the pieces of one site's page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from chargepoints.models import Site
from chargepoints.rendering.overview import SITE_NEARLY_FULL
from chargepoints.selectors.sites import SiteFigures
from hub.audit.models import AuditEntry
from hub.audit.words import deed

MAP = "https://www.openstreetmap.org/"
FIELDS_NAMED = 4


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site with its figures."""

    site: Site
    figures: SiteFigures

    @property
    def fill(self) -> str:
        """The colour of the load bar."""
        limit = self.site.power_limit_w
        return "f-warn" if limit and self.figures.power_w > limit * SITE_NEARLY_FULL else "f-charge"


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of the bar of charge points and its legend; `x` and `width` of 1000."""

    kind: str
    label: str
    count: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An audit entry in words."""

    entry: AuditEntry
    words: str
    fields: str


def site_rows(sites: Iterable[Site], figures: dict[int, SiteFigures]) -> list[SiteRow]:
    """The rows of the list."""
    return [SiteRow(site, figures.get(site.pk, SiteFigures())) for site in sites]


def charge_point_parts(figures: SiteFigures) -> list[Part]:
    """The charge points of a site by what they are good for, as pieces of a bar of 1000."""
    counts = [("charge", "In use", figures.in_use), ("ok", "Free", figures.free)]
    return parts_of([*counts, ("bad", "Not operational", figures.not_operational)])


def parts_of(counts: Sequence[tuple[str, str, int]]) -> list[Part]:
    """Counts (colour, label, how many) as pieces of a bar of 1000."""
    parts, x, total = [], 0.0, sum(count for _, _, count in counts)
    for kind, label, count in counts:
        width = count / (total or 1) * 1000
        parts.append(Part(kind, label, count, round(x, 1), round(max(width - 4, 3), 1)))
        x += width
    return parts


def map_address(site: Site) -> str:
    """Where the site is on the map: its position, else a search by address; empty when neither is known."""
    if site.latitude is not None and site.longitude is not None:
        marker = urlencode({"mlat": site.latitude, "mlon": site.longitude})
        return f"{MAP}?{marker}#map=17/{site.latitude}/{site.longitude}"
    query = ", ".join(part for part in (site.address, site.city) if part)
    return f"{MAP}search?{urlencode({'query': query})}" if query else ""


def phone_address(site: Site) -> str:
    """The phone number as a `tel:` address (RFC 3966): digits and a leading plus."""
    digits = "".join(letter for letter in site.phone if letter.isascii() and letter.isdecimal())
    if not digits:
        return ""
    return f"tel:{'+' if site.phone.strip().startswith('+') else ''}{digits}"


def entry_lines(entries: Iterable[AuditEntry]) -> list[EntryLine]:
    """Audit entries as short lines: who did what with what."""
    return [_entry_line(entry) for entry in entries]


def _entry_line(entry: AuditEntry) -> EntryLine:
    names = sorted(name.replace("_", " ") for name in {**entry.before, **entry.after})
    is_edit = bool(entry.before) and bool(entry.after)
    more = f" and {len(names) - FIELDS_NAMED} more" if len(names) > FIELDS_NAMED else ""
    fields = ", ".join(names[:FIELDS_NAMED]) + more if is_edit else ""
    return EntryLine(entry, deed(entry), fields)
