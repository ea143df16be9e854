"""The books as people read them: accounts with their balances, and movements, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Sum

from chargepoints.choices import LedgerAccountKind
from chargepoints.models import LedgerAccount, LedgerLine, LedgerMovement
from chargepoints.permissions import Person, movements_for, organisations_for
from chargepoints.selectors.books import accounts_wrong, books_wrong
from hub.teams.choices import Right

PAGE = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class LedgerFilters:
    """What of the books is asked for; an empty value asks for nothing. `words` find drivers and payment methods."""

    words: tuple[str, ...] = ()
    kind: str = ""
    account: str = ""
    payment: int | None = None
    driver: int | None = None

    def __bool__(self) -> bool:
        return self != LedgerFilters()


@dataclass(frozen=True, slots=True)
class Account:
    """All accounts of one kind and currency together; `count` is how many they are."""

    organisation: str
    kind: LedgerAccountKind
    currency: str
    count: int
    balance: Decimal


def ledger_accounts(person: Person) -> list[Account]:
    """The accounts, added up by kind: wallets are as many as drivers. One query."""
    rows = (
        LedgerAccount.objects.filter(organisation__in=organisations_for(person, Right.MONEY))
        .values("organisation__name", "currency", "kind")
        .annotate(count=Count("pk"), sum=Sum("balance"))
        .order_by("organisation__name", "currency")
    )
    order = list(LedgerAccountKind)
    found = [
        Account(row["organisation__name"], LedgerAccountKind(row["kind"]), row["currency"], row["count"], row["sum"])
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.organisation, each.currency, order.index(each.kind)))


def ledger_find(person: Person, filters: LedgerFilters) -> QuerySet[LedgerMovement]:
    """The movements that the person may read and asked for, newest first, with lines and charge."""
    rows = movements_for(person)
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.payment is not None:
        rows = rows.filter(payment=filters.payment)
    if filters.account:
        rows = rows.filter(_with_line(account__kind=filters.account))
    if filters.driver is not None:
        of = Q(payment__payment_method__driver=filters.driver) | Q(payment__bill__driver=filters.driver)
        rows = rows.filter(of | _with_line(account__payment_method__driver=filters.driver))
    for word in filters.words:
        rows = rows.filter(_named(word))
    lines = LedgerLine.objects.select_related("account__payment_method__driver").order_by("id")
    return (
        rows.select_related(
            "payment__payment_method__driver", "payment__bill__charge__charge_point", "payment__bill__driver"
        )
        .prefetch_related(Prefetch("lines", queryset=lines))
        .order_by("-at", "-id")
    )


def _with_line(**lookups: object) -> Q:
    return Q(Exists(LedgerLine.objects.filter(movement=OuterRef("pk"), **lookups)))


def _named(word: str) -> Q:
    of = Q(payment__payment_method__driver__name__icontains=word) | Q(payment__payment_method__name__icontains=word)
    of |= Q(payment__bill__driver__name__icontains=word) | Q(reason__icontains=word) | Q(actor_name__icontains=word)
    method = "account__payment_method__"
    return (
        of | _with_line(**{f"{method}driver__name__icontains": word}) | _with_line(**{f"{method}name__icontains": word})
    )


def ledger_page(rows: QuerySet[LedgerMovement], before: str, size: int = PAGE) -> tuple[list[LedgerMovement], str]:
    """`size` movements after a cursor, and the cursor of the next page; empty on the last. A bad cursor is none."""
    micros, _, pk = before.partition("-")
    if before.isascii() and micros.isdigit() and pk.isdigit() and len(micros) < 18 and len(pk) < 19:
        at = _EPOCH + int(micros) * _MICROSECOND
        rows = rows.filter(at__lte=at).exclude(at=at, id__gte=int(pk))
    found = list(rows[: size + 1])
    more = len(found) > size
    last = found[size - 1] if more else None
    return found[:size], f"{(last.at - _EPOCH) // _MICROSECOND}-{last.pk}" if last else ""


def ledger_wrong(person: Person) -> Sequence[str]:
    """What does not agree in the books that the person may read, in words; empty when they are right."""
    organisations = list(organisations_for(person, Right.MONEY).values_list("pk", flat=True))
    return [*books_wrong(organisations), *accounts_wrong(organisations)]
