"""A list of charge points to be imported: what would be made of it, and every mistake in it. Nothing is written."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models.functions import Lower

from chargepoints.columns import (
    LENGTHS,
    REQUIRED,
    Plug,
    Wrong,
    active_read,
    connectors_read,
)
from chargepoints.models import ChargePoint, Site
from chargepoints.models.charge_point import IDENTITY_PATTERN
from chargepoints.permissions import Person, charge_points_for
from chargepoints.selectors.strangers import sites_to_accept


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it was uploaded, without its password: that is kept as what is stored of it, or as its mistake."""

    number: int
    cells: Mapping[str, str]
    sealed: str = ""
    password_wrong: str = ""
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A charge point to be made."""

    number: int
    site: Site
    fields: Mapping[str, object]
    plugs: Sequence[Plug]
    sealed: str

    @property
    def needs_password(self) -> bool:
        """Whether one is made for it: it has an identity to which a password belongs, and none was given."""
        return bool(self.fields["identity"]) and not self.sealed


@dataclass(slots=True)
class Checked:
    """What would be made, and what is wrong, row by row."""

    drafts: list[Draft] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)

    @property
    def bad_rows(self) -> int:
        """How many rows have mistakes."""
        return len({mistake.row for mistake in self.wrong})

    @property
    def passwords(self) -> int:
        """How many passwords would be made."""
        return sum(draft.needs_password for draft in self.drafts)

    @property
    def by_site(self) -> list[tuple[Site, int]]:
        """How many charge points each site would get."""
        counts = Counter(draft.site for draft in self.drafts)
        return sorted(counts.items(), key=lambda pair: (pair[0].name, pair[0].pk))


class _Known:
    """What the rows are compared with: five queries, however many rows there are."""

    def __init__(self, person: Person, lines: Sequence[Line]) -> None:
        self.sites: dict[str, list[Site]] = {}
        mine = list(sites_to_accept(person))
        for site in mine:
            for spelling in (site.name, f"{site.team.name} / {site.name}"):
                self.sites.setdefault(_folded(spelling), []).append(site)
        names = {line.cells.get("name", "") for line in lines}
        taken = ChargePoint.objects.filter(site__in=mine, name__in=names, archived_at__isnull=True)
        self.names = set(taken.order_by().values_list("site", "name"))
        identities = {line.cells.get("identity", "").lower() for line in lines} - {""}
        used = ChargePoint.objects.annotate(key=Lower("identity")).filter(key__in=identities).order_by()
        self.identities: dict[str, str] = dict.fromkeys(used.values_list("key", flat=True), "")
        visible = charge_points_for(person).annotate(key=Lower("identity")).filter(key__in=identities)
        for point in visible.select_related("site").order_by():
            self.identities[point.key] = f"{point.name} at {point.site.name}"
        self.in_file: dict[tuple[str, object], int] = {}


def import_check(person: Person, lines: Sequence[Line]) -> Checked:
    """What `person` would make of these rows now."""
    known, checked = _Known(person, lines), Checked()
    for line in lines:
        wrong: list[Wrong] = []
        draft = _draft(line, known, wrong)
        checked.wrong += wrong
        if draft is not None and not wrong:
            checked.drafts.append(draft)
    return checked


def _draft(line: Line, known: _Known, wrong: list[Wrong]) -> Draft | None:
    cells = line.cells
    site, site_wrong = _site(cells.get("site", ""), known)
    plugs, plugs_wrong = connectors_read(cells.get("connectors", ""))
    active = active_read(cells.get("active", ""))
    found = [
        *(
            (column, f"Use {most} characters at most.")
            for column, most in LENGTHS.items()
            if len(cells.get(column, "")) > most
        ),
        *_identity_wrong(line, known),
        ("password", line.password_wrong),
        ("site", site_wrong),
        ("name", _name_wrong(line, site, known)),
        ("connectors", plugs_wrong),
        ("active", "Write yes or no." if active is None else ""),
    ]
    wrong += [Wrong(line.number, column, cells.get(column, "")[:80], advice) for column, advice in found if advice]
    if line.extra:
        wrong.append(Wrong(line.number, "", line.extra[:80], "There is a cell behind the last column. Remove it."))
    if site is None:
        return None
    texts = {column: cells.get(column, "") for column in LENGTHS if column not in REQUIRED}
    fields = {**texts, "name": cells.get("name", ""), "identity": cells.get("identity") or None, "is_active": active}
    return Draft(line.number, site, fields, plugs, line.sealed)


def _identity_wrong(line: Line, known: _Known) -> Iterable[tuple[str, str]]:
    identity = line.cells.get("identity", "")
    if not identity:
        if line.sealed:
            yield "identity", "Give the identity too: the password belongs to it."
        return
    if not re.fullmatch(IDENTITY_PATTERN, identity):
        yield "identity", "Use up to 48 letters, digits and * - _ = + | @ . only."
        return
    first = known.in_file.setdefault(("identity", identity.lower()), line.number)
    if first != line.number:
        yield "identity", f"Row {first} has this identity too. Each charger has its own."
    if (holder := known.identities.get(identity.lower())) is not None:
        yield "identity", f"{holder} has this identity already." if holder else "This identity is in use already."


def _site(text: str, known: _Known) -> tuple[Site | None, str]:
    if not text:
        return None, "Give the name of a site."
    found = known.sites.get(_folded(text), [])
    if len(found) > 1:
        return (
            None,
            f"Several sites have this name. Write the team too, such as {found[0].team.name} / {found[0].name}.",
        )
    return (found[0], "") if found else (None, "There is no site of this name that you may change.")


def _name_wrong(line: Line, site: Site | None, known: _Known) -> str:
    name = line.cells.get("name", "")
    if not name:
        return "Give the charger a name."
    if site is None:
        return ""
    first = known.in_file.setdefault(("name", (site.pk, name)), line.number)
    if first != line.number:
        return f"Row {first} has this name at the same site. Choose another one."
    return f"{site.name} has a charge point of this name already." if (site.pk, name) in known.names else ""


def _folded(text: str) -> str:
    return re.sub(r"\s*/\s*", " / ", re.sub(r"\s+", " ", text)).strip().casefold()
