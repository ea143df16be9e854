"""The books in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chargepoints.choices import LedgerAccountKind
from chargepoints.models import LedgerLine, LedgerMovement
from chargepoints.rendering.reports import money_words
from chargepoints.selectors.ledger import Account

# What a plus on the account means: the books count credit as plus.
_MEANS = {
    LedgerAccountKind.WALLET: "owed to drivers and teams",
    LedgerAccountKind.HELD: "set aside from wallets",
    LedgerAccountKind.CARD: "minus: taken from cards",
    LedgerAccountKind.RECEIVABLE: "minus: to be invoiced",
    LedgerAccountKind.REVENUE: "earned, without VAT",
    LedgerAccountKind.VAT: "owed to the tax office",
    LedgerAccountKind.BANK: "minus: received for wallets",
}


@dataclass(frozen=True, slots=True)
class AccountLine:
    """A kind of account with its balance."""

    account: Account
    balance: str
    means: str


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a movement."""

    name: str
    amount: str


@dataclass(frozen=True, slots=True)
class MovementLine:
    """A movement with its lines, and the charge that it belongs to, if any."""

    movement: LedgerMovement
    parts: Sequence[Part]

    @property
    def charge_id(self) -> int | None:
        """Of its bill."""
        payment = self.movement.payment
        return payment.bill.charge_id if payment else None


def account_lines(accounts: Iterable[Account]) -> list[AccountLine]:
    """The accounts in words."""
    return [AccountLine(each, money_words(each.balance, each.currency), _MEANS[each.kind]) for each in accounts]


def movement_lines(movements: Iterable[LedgerMovement]) -> list[MovementLine]:
    """The movements with their lines, which are loaded."""
    return [MovementLine(each, [_part(line) for line in each.lines.all()]) for each in movements]


def _part(line: LedgerLine) -> Part:
    account = line.account
    method = account.payment_method
    whose = method.driver or method if method else None
    name = str(account.get_kind_display())
    sign = "+" if line.amount > 0 else ""
    return Part(f"{name}, {whose}" if whose else name, sign + money_words(line.amount, account.currency))
