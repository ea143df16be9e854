"""`manage.py ledger_check`: prove that the books are right."""

import sys
from decimal import Decimal

from django.core.management.base import BaseCommand

from chargepoints.selectors.books import accounts_of, books_wrong


class Command(BaseCommand):
    """Sums of movements, balances of accounts, payments against bills, holds against running charges."""

    help = "Checks the ledger's sums and prints them. Ends with 1, and names each row, when something is wrong."

    def handle(self, *args: object, **options: object) -> None:
        """Check."""
        total: dict[str, Decimal] = {}
        for account in accounts_of():
            self.stdout.write(
                f"{account.organisation}: {account.kind:<12} {account.currency} {account.balance:>14} ({account.count})"
            )
            total[account.currency] = total.get(account.currency, Decimal(0)) + account.balance
        wrong = [*books_wrong(), *(f"all accounts in {c} sum up to {s}" for c, s in total.items() if s)]
        for line in wrong:
            self.stdout.write(f"wrong: {line}")
        if wrong:
            sys.exit(1)
        self.stdout.write("right: every movement sums up to zero, every balance is the sum of its lines")
