"""Rows of the overview: the same cells for the page, for a filtered table and for a live update."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.template.loader import get_template
from django.utils import timezone

from chargepoints.choices import ConnectorStatus, Integration
from chargepoints.models import Charge, ChargePoint, Connector, Site
from chargepoints.rendering.status import GROUP_LOOKS, VERSIONS, Look, combined_words, connector_look, link_look
from chargepoints.selectors.kpis import Kpis
from chargepoints.selectors.links import Strip, link_strips
from chargepoints.selectors.overview import SiteTotal, connector_power, overview_by_id
from hub.templatetags.desk import kw

CELLS = ("status", "connectors", "power", "charge", "link", "heard", "firmware", "version")
SITE_NEARLY_FULL = 0.85


@dataclass(frozen=True, slots=True)
class Pill:
    """A connector state with the fact beside it."""

    look: Look
    extra: str = ""
    number: int = 0

    @property
    def numbered(self) -> str:
        """The word with the connector's number before it."""
        return f"{self.number} {self.look.label}"


@dataclass(frozen=True, slots=True)
class Row:
    """One charge point as its row shows it; power in W."""

    charge_point: ChargePoint
    status: str
    connected: bool
    link_look: Look | None
    pills: Sequence[Pill]
    power_w: int | None
    max_w: int
    charges: Sequence[Charge]
    strip: Strip
    version: str


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one site, with the whole site's figures."""

    site: Site
    total: SiteTotal
    rows: Sequence[Row]

    @property
    def fill(self) -> str:
        """The colour of the site's load bar."""
        limit = self.site.power_limit_w
        return "f-warn" if limit and self.total.power_w > limit * SITE_NEARLY_FULL else "f-charge"


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of the split bar and its legend; `x` and `width` of 1000."""

    group: str
    kind: str
    label: str
    count: int
    x: float
    width: float


def overview_groups(rows: Iterable[ChargePoint], totals: dict[int, SiteTotal]) -> list[Group]:
    """Rows in groups by site, in the order given: one query, for the link strips."""
    made = row_views(rows)
    return [
        Group(members[0].charge_point.site, totals.get(site, SiteTotal(0, 0)), members)
        for site, members in (
            (site, list(group)) for site, group in groupby(made, key=lambda row: row.charge_point.site_id)
        )
    ]


def row_views(charge_points: Iterable[ChargePoint], now: datetime | None = None) -> list[Row]:
    """What each row shows; `charge_points` come from `overview_rows`."""
    now = now or timezone.now()
    listed = list(charge_points)
    strips = link_strips((charge_point.pk for charge_point in listed), now)
    return [_row(charge_point, strips[charge_point.pk], now) for charge_point in listed]


def _row(charge_point: ChargePoint, strip: Strip, now: datetime) -> Row:
    connected = charge_point.integration == Integration.CONNECTED
    connectors = list(charge_point.connectors.all())
    watts = [connector_power(connector, connected=connected, now=now) for connector in connectors]
    known = [value for value in watts if value is not None]
    return Row(
        charge_point=charge_point,
        status=combined_words(charge_point),
        connected=connected,
        link_look=link_look(charge_point),
        pills=[connector_pill(*pair) for pair in zip(connectors, watts, strict=True)],
        power_w=sum(known) if known else None,
        max_w=sum(connector.max_power_w or 0 for connector in connectors),
        charges=list(getattr(charge_point, "open_charges", ())),
        strip=strip,
        version=VERSIONS.get(charge_point.connection.subprotocol, charge_point.connection.subprotocol),
    )


def connector_pill(connector: Connector, watts: int | None) -> Pill:
    """The pill of a connector; power for one that charges, the error's name for one that is faulted."""
    extra = ""
    if connector.status == ConnectorStatus.FAULTED:
        extra = connector.error_code if connector.error_code != "NoError" else ""
    elif watts:
        extra = f"{kw(watts)} kW"
    return Pill(connector_look(connector), extra, connector.number)


def overview_cells(charge_point_ids: Iterable[int]) -> dict[int, str]:
    """The HTML of all live cells of each row, one after the other: four queries. Permission is the caller's."""
    templates = [get_template(f"chargepoints/overview/_row.html#{cell}") for cell in CELLS]
    return {
        row.charge_point.pk: "".join(template.render({"row": row}) for template in templates)
        for row in row_views(overview_by_id(charge_point_ids))
    }


def split_parts(kpis: Kpis) -> list[Part]:
    """The connectors by state as pieces of a bar of 1000, none too thin to be seen."""
    total = kpis.connectors_total or 1
    parts, x = [], 0.0
    for group, (kind, label) in GROUP_LOOKS.items():
        count = kpis.connectors.get(group, 0)
        width = count / total * 1000
        parts.append(Part(group, kind, label, count, round(x, 1), round(max(width - 4, 3), 1)))
        x += width
    return parts
