"""The columns of a list of charge points: what each cell means, and what is wrong with it. Pure."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from chargepoints.choices import ConnectorType

COLUMNS: dict[str, str] = {
    "site": "Aker Brygge",
    "name": "Charger 1",
    "identity": "AKER-01",
    "vendor": "Acme",
    "model": "DC150",
    "serial": "SN-0001",
    "sticker": "NO-001",
    "location": "Level 2, left of the lift",
    "note": "",
    "connectors": "1:Type2:22;2:CCS:150",
    "password": "",
    "active": "yes",
}
REQUIRED = ("site", "name")
MEANINGS: dict[str, str] = {
    "site": "the name of one of your sites, or Team / Site where two have the same name",
    "name": "what it is called at its site",
    "identity": "the last part of the OCPP address; empty when it is not known yet",
    "vendor": "who made it; the charger tells it too",
    "model": "the charger tells it too",
    "serial": "the charger tells it too",
    "sticker": "the number on the housing",
    "location": "where it stands",
    "note": "anything else",
    "connectors": "how many, or number:type:kW for each, such as 1:Type2:22;2:CCS:150; empty is one",
    "password": "16 to 64 characters; empty makes one, which you get once after the import",
    "active": "yes or no; empty is yes",
}
LENGTHS = {
    "site": 250,
    "name": 60,
    "vendor": 255,
    "model": 255,
    "serial": 255,
    "sticker": 40,
    "location": 120,
    "note": 2000,
}
MOST_CONNECTORS, MOST_KW = 20, Decimal(2000)
_YES, _NO = ("", "yes", "y", "true", "1", "x"), ("no", "n", "false", "0")
_WORDS = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
_TYPES = {
    re.sub(r"[^a-z0-9]", "", text.lower()): value for value, label in ConnectorType.choices for text in (value, label)
}


@dataclass(frozen=True, slots=True)
class Plug:
    """A connector to be; power in W."""

    number: int
    type: str = ""
    max_power_w: int | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """One mistake: where it is, what stands there, and what to do."""

    row: int
    column: str
    value: str
    advice: str


@dataclass(slots=True)
class Header:
    """Which column stands where, and what is wrong with the first row."""

    names: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def header_read(cells: Sequence[str]) -> Header:
    """The columns by the names in the first row, whatever their case and order."""
    header = Header([re.sub(r"[\s_]+", " ", cell).strip().lower() for cell in cells])
    for name in dict.fromkeys(header.names):
        if name in COLUMNS and header.names.count(name) > 1:
            header.wrong.append(f"The column “{name}” is there twice. Remove one.")
        elif name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, n=1, cutoff=0.5)
            hint = f"Did you mean “{near[0]}”?" if near else "Remove it, or start from the template."
            header.wrong.append(f"“{name[:40]}” is no column of this list. {hint}" if name else "A column has no name.")
    missing = [name for name in REQUIRED if name not in header.names]
    header.wrong += [f"The column “{name}” is missing. Add it." for name in missing]
    return header


def active_read(text: str) -> bool | None:
    """Yes or no; None for another word."""
    return _WORDS.get(text.lower())


def connectors_read(text: str) -> tuple[list[Plug], str]:
    """The connectors, and what is wrong with the text, "" for nothing."""
    if not text or text.isdecimal():
        count = int(text or 1) if len(text) < 4 else 0
        if not 1 <= count <= MOST_CONNECTORS:
            return [], f"A charge point has 1 to {MOST_CONNECTORS} connectors."
        return [Plug(number) for number in range(1, count + 1)], ""
    plugs: list[Plug] = []
    for part in filter(None, (part.strip() for part in re.split(r"[;|\n]", text))):
        plug, wrong = _plug(part)
        if plug is None:
            return [], wrong
        if any(other.number == plug.number for other in plugs):
            return [], f"Connector {plug.number} is there twice."
        plugs.append(plug)
    if not plugs or len(plugs) > MOST_CONNECTORS:
        return [], f"A charge point has 1 to {MOST_CONNECTORS} connectors."
    return plugs, ""


def _plug(text: str) -> tuple[Plug | None, str]:
    """`2:CCS:150`: number, type and kW; the last two may be left out."""
    number, kind, power, *rest = [*(part.strip() for part in text.split(":")), "", ""]
    if any(rest) or not (number.isascii() and number.isdecimal()) or not 1 <= int(number[:6]) <= 1000:
        return (
            None,
            f"“{text[:40]}” is no connector. Write number:type:kW, such as 1:Type2:22;2:CCS:150.",
        )
    known = _TYPES.get(re.sub(r"[^a-z0-9]", "", kind.lower()), "") if kind else ""
    if kind and not known:
        return None, f"“{kind[:20]}” is no connector type. Use {', '.join(ConnectorType.values)}."
    try:
        bare = re.sub(r"\s*kw$", "", power, flags=re.IGNORECASE).replace(",", ".")
        kilowatts = Decimal(bare) if power else None
    except InvalidOperation:
        kilowatts = Decimal(0)
    if kilowatts is not None and not (kilowatts.is_finite() and 0 < kilowatts <= MOST_KW):
        return None, f"“{power[:20]}” is no power in kW. Write a number up to {MOST_KW}, such as 22 or 7.4."
    return Plug(int(number), known, None if kilowatts is None else int(kilowatts * 1000)), ""
