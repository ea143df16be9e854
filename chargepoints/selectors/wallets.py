"""Payment methods as people see them: what wallets hold, and their statements."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from chargepoints import sql
from chargepoints.choices import WALLETS, LedgerAccountKind, MovementKind
from chargepoints.models import LedgerAccount, PaymentMethod
from chargepoints.permissions import Person, organisations_for, payment_methods_for
from chargepoints.providers import provider_of
from hub.teams.choices import Right
from hub.teams.models import Team

PAGE = 50
NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class MethodLine:
    """A payment method with what it holds, if it is a wallet; `free` may be spent, `held` is for running charges."""

    method: PaymentMethod
    free: Decimal = NOTHING
    held: Decimal = NOTHING

    @property
    def is_wallet(self) -> bool:
        """Whether it holds money."""
        return self.method.kind in WALLETS

    @property
    def ending(self) -> str:
        """The last four of a card's reference; more of it is never shown."""
        return self.method.reference[-4:]

    @property
    def provider(self) -> str:
        """Who keeps the card."""
        found = provider_of(self.method.provider)
        return found.label if found else f"{self.method.provider}, which is not there any more"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A movement of a wallet: what became free or was taken, what is held, and what was free after it."""

    pk: int
    at: datetime
    kind: str
    reason: str
    actor: str
    amount: Decimal
    held: Decimal
    balance: Decimal
    charge_id: int | None
    transaction_id: str

    @property
    def label(self) -> str:
        """Why money moved."""
        return str(MovementKind(self.kind).label)


# Balances are sums from the first movement on, so they stay right while new ones come in.
_STATEMENT = """
SELECT * FROM (
    SELECT m.id, m.at, m.kind, m.reason, m.actor_name, x.amount, x.held, sum(x.amount) OVER (ORDER BY m.id),
        g.id AS charge_id, COALESCE(g.transaction_id, '')
    FROM (SELECT l.movement_id, COALESCE(sum(l.amount) FILTER (WHERE a.kind = 'wallet'), 0) AS amount,
            COALESCE(sum(l.amount) FILTER (WHERE a.kind = 'held'), 0) AS held
        FROM chargepoints_ledgeraccount a JOIN chargepoints_ledgerline l ON l.account_id = a.id
        WHERE a.payment_method_id = %s GROUP BY l.movement_id) x
    JOIN chargepoints_ledgermovement m ON m.id = x.movement_id
    LEFT JOIN chargepoints_payment p ON p.id = m.payment_id
    LEFT JOIN chargepoints_bill b ON b.id = p.bill_id
    LEFT JOIN chargepoints_charge g ON g.id = b.charge_id
) AS s WHERE s.id < %s ORDER BY s.id DESC LIMIT %s
"""


def method_lines(methods: Iterable[PaymentMethod]) -> list[MethodLine]:
    """The methods with what wallets hold: one query, however many."""
    listed = list(methods)
    wallets = [method.pk for method in listed if method.kind in WALLETS]
    balances: dict[tuple[int | None, str, str], Decimal] = {}
    for account in LedgerAccount.objects.filter(payment_method__in=wallets):
        balances[account.payment_method_id, account.kind, account.currency] = account.balance
    return [
        MethodLine(
            method,
            balances.get((method.pk, LedgerAccountKind.WALLET, method.currency), NOTHING),
            balances.get((method.pk, LedgerAccountKind.HELD, method.currency), NOTHING),
        )
        for method in listed
    ]


def wallet_statement(
    method: PaymentMethod, before: int | None = None, size: int = PAGE
) -> tuple[list[StatementLine], int | None]:
    """Its movements, newest first, and the key of the next page. `before` is the last movement of the page before."""
    found = [StatementLine(*row) for row in sql.rows(_STATEMENT, method.pk, before or 2**62, size + 1)]
    return found[:size], found[size - 1].pk if len(found) > size else None


def team_methods(person: Person) -> list[tuple[Team, list[MethodLine]]]:
    """Each team whose money `person` sees, with its payment methods: three queries."""
    teams = Team.objects.filter(organisation__in=organisations_for(person, Right.MONEY)).select_related("organisation")
    methods = payment_methods_for(person).filter(team__isnull=False)
    lines: dict[int | None, list[MethodLine]] = {}
    for line in method_lines(methods.order_by("-is_active", "-is_default", "name", "pk")):
        lines.setdefault(line.method.team_id, []).append(line)
    return [(team, lines.get(team.pk, [])) for team in teams.order_by("organisation__name", "name")]
