"""Small pieces of the desk's interface, available in every template."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from django import template
from django.conf import settings
from django.db.models import Model
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from hub.currencies import WHOLE

register = template.Library()

NO_VALUE = "–"  # noqa: RUF001 - an en dash is what an empty cell shows
THIN_SPACE = "\u2009"
HARD_SPACE = "\u00a0"
MINUS = "\u2212"
NAMED_ON_THE_LOGIN_PAGE = "demo"

# Marks of the legends: each state has its own shape, so that the page reads without colour.
_DOTS: dict[str, SafeString] = {
    kind: mark_safe(shape)  # noqa: S308 - constants
    for kind, shape in {
        "ok": '<circle cx="5" cy="5" r="3.6" fill="none" stroke="currentColor" stroke-width="2.2"/>',
        "charge": '<circle cx="5" cy="5" r="4.6" fill="currentColor"/>',
        "prep": '<rect x="1" y="1" width="8" height="8" rx="1.5" fill="currentColor"/>',
        "warn": '<path d="M5 0 10 5 5 10 0 5Z" fill="currentColor"/>',
        "bad": '<path d="M5 .4 10 9.6H0Z" fill="currentColor"/>',
        "off": '<path d="M1 1 9 9M9 1 1 9" stroke="currentColor" stroke-width="2.4"/>',
        "gone": '<circle cx="5" cy="5" r="4" fill="none" stroke="currentColor" stroke-width="1.8"'
        ' stroke-dasharray="2.4 1.8"/>',
    }.items()
}


@cache
def sprite() -> str:
    """The address of the sprite of icons."""
    return static("ui/icons.svg")


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An icon of the sprite, hidden from screen readers unless `label` says what it means."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="i{}" {}><use href="{}#{}"/></svg>',
        f" {size}" if size else "",
        spoken,
        sprite(),
        name,
    )


@register.simple_tag
def pill(kind: str, glyph: str, label: str, extra: str = "", title: str = "", big: bool = False) -> SafeString:
    """A state: shape, word and colour. `extra` is the fact beside it, `title` the raw word of the charger."""
    more = format_html(" <em>{}</em>", extra) if extra else ""
    tip = format_html(' title="{}"', title) if title else ""
    classes = f"st {kind} big" if big else f"st {kind}"
    return format_html('<span class="{}"{}>{}{}{}</span>', classes, tip, icon(glyph), label, more)


@register.simple_tag
def dot(kind: str) -> SafeString:
    """The small mark of a state in a legend."""
    return format_html('<svg class="dot {}" viewBox="0 0 10 10" aria-hidden="true">{}</svg>', kind, _DOTS[kind])


@register.simple_tag
def bar(value: float | None, maximum: float | None, fill: str = "f-charge") -> SafeString:
    """A bar that is `value` of `maximum` full; empty when either is unknown."""
    percent = round(100 * min(max((value or 0) / maximum, 0), 1)) if maximum else 0
    return format_html(
        '<svg class="bar" viewBox="0 0 100 5" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="t" width="100" height="5"/><rect class="{}" width="{}" height="5"/></svg>',
        fill,
        percent,
    )


@register.simple_tag
def age(moment: datetime | None, since: str = "") -> SafeString | str:
    """How long ago `moment` was; the page counts on by itself. `since` goes before it."""
    if moment is None:
        return NO_VALUE
    seconds = (timezone.now() - moment).total_seconds()
    return format_html(
        '<time datetime="{0}" title="{0}" data-age>{1}{2}</time>', iso(moment), since, span_words(seconds)
    )


@register.simple_tag
def clock(moment: datetime) -> SafeString:
    """A running clock since `moment`, as 00:28:50."""
    seconds = (timezone.now() - moment).total_seconds()
    return format_html('<time datetime="{0}" title="{0}" data-clock>{1}</time>', iso(moment), hms(seconds))


@register.simple_tag
def demo() -> bool:
    """Whether this is the demonstration, whose users may be named on the login page."""
    return bool(settings.DEMO) and settings.DEMO_PASSWORD == NAMED_ON_THE_LOGIN_PAGE


@register.simple_tag(takes_context=True)
def administration(context: dict[str, object], row: Model) -> SafeString | str:
    """A link to the row's page in the administration, for staff; empty for others and for what has no page there."""
    if not getattr(context.get("user"), "is_staff", False):
        return ""
    try:
        address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return ""
    return format_html('<a class="btn ghost sm" href="{}">{}Administration</a>', address, icon("user-cog", "xs"))


@register.filter
def iso(moment: datetime) -> str:
    """The moment in UTC, to the second, as machines write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@register.filter
def kw(watts: float | None) -> str:
    """Watts as kW in three figures or fewer; a dash when unknown."""
    if watts is None:
        return NO_VALUE
    value = watts / 1000
    if abs(value) >= 100:
        return thousands(round(value))
    return f"{value:.1f}".removesuffix(".0")


@register.filter
def kwh(watt_hours: int | None) -> str:
    """Integer Wh as kWh with two decimals; a dash when unknown."""
    return NO_VALUE if watt_hours is None else f"{watt_hours / 1000:.2f}"


@register.filter
def energy(watt_hours: int) -> str:
    """A large amount of energy: kWh below one MWh, else MWh."""
    mega = watt_hours >= 1_000_000
    return f"{watt_hours / 1e6:.2f}" if mega else f"{watt_hours / 1e3:.1f}".removesuffix(".0")


@register.filter
def energy_unit(watt_hours: int) -> str:
    """The unit that `energy` chose."""
    return "MWh" if watt_hours >= 1_000_000 else "kWh"


@register.filter
def sized(octets: int) -> str:
    """Bytes for people: `812 B`, `1.2 MB`."""
    for unit, worth in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if octets >= worth:
            return f"{octets / worth:.1f}".removesuffix(".0") + f" {unit}"
    return f"{octets} B"


@register.filter
def thousands(number: int) -> str:
    """Digits in groups of three."""
    return f"{number:,}".replace(",", THIN_SPACE)


@register.filter(name="money")
def money_words(amount: Decimal | None, currency: str) -> str:
    """An amount in the currency's smallest unit, digits in groups: `NOK 1 234.50`; a dash when unknown."""
    if amount is None:
        return NO_VALUE
    unit = Decimal(1) if currency in WHOLE else Decimal("0.01")
    return f"{currency}{HARD_SPACE}{_digits(amount.quantize(unit, ROUND_HALF_UP))}"


@register.simple_tag
def money(amount: Decimal | None, currency: str) -> SafeString:
    """The same in tabular figures that are not broken over two lines."""
    return format_html('<span class="num nowrap">{}</span>', money_words(amount, currency))


@register.filter
def rate(amount: Decimal | None) -> str:
    """A price per unit, or an amount with parts of the smallest unit: 4.50, 0.1234, 10; a dash when unknown."""
    if amount is None:
        return NO_VALUE
    plain = amount.normalize()
    decimals = max(-int(plain.as_tuple().exponent), 0)
    return _digits(plain.quantize(Decimal(1).scaleb(-max(decimals, 2)) if decimals else Decimal(1)))


def _digits(amount: Decimal) -> str:
    sign = MINUS if amount < 0 else ""
    return sign + f"{abs(amount):,f}".replace(",", THIN_SPACE)


@register.filter
def hms(seconds: float) -> str:
    """A duration as 00:28:50, with hours as many as there are."""
    whole = max(0, int(seconds))
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


@register.filter
def span_words(seconds: float) -> str:
    """A duration in its two largest words at most: 13 s, 42 min, 3 h 5 min, 2 d 4 h."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 86400:
        rest = whole // 60 % 60
        return f"{whole // 3600} h {rest} min" if rest else f"{whole // 3600} h"
    rest = whole // 3600 % 24
    return f"{whole // 86400} d {rest} h" if rest else f"{whole // 86400} d"


@register.filter
def coded(text: str) -> SafeString:
    """A sentence in which `this` is code."""
    parts = enumerate(text.split("`"))
    return format_html_join("", "{}{}{}", ((_CODE[at % 2][0], part, _CODE[at % 2][1]) for at, part in parts))


_CODE = (("", ""), (mark_safe("<code>"), mark_safe("</code>")))
