"""Who takes the money of cards on file. A provider is asked with a key, so that asking twice moves money once."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a provider said: its reference when it did as asked, else why not, in words."""

    reference: str = ""
    refusal: str = ""

    @property
    def ok(self) -> bool:
        """Whether it did as asked."""
        return not self.refusal


class Provider(Protocol):
    """A payment provider. Amounts are positive; `card` is its own reference of a card, `authorisation` of a hold.

    `key` is the same for the same act, however often it is tried. A provider that cannot be reached raises OSError.
    """

    label: str

    def authorise(self, *, card: str, amount: Decimal, currency: str, key: str) -> Outcome:
        """Hold an amount on a card."""
        ...

    def capture(self, *, authorisation: str, card: str, amount: Decimal, currency: str, key: str) -> Outcome:
        """Take an amount, of what is held when there is an authorisation."""
        ...

    def cancel(self, *, authorisation: str, key: str) -> Outcome:
        """Let go of what is held."""
        ...

    def refund(self, *, capture: str, amount: Decimal, currency: str, key: str) -> Outcome:
        """Give back an amount that was taken."""
        ...


class Offline:
    """Nobody is asked: the operator collects the money elsewhere, such as at a terminal, and Hub keeps the books.

    A card whose reference begins with `declined` is refused, so that refusals can be tried.
    """

    label = "Offline (collected elsewhere)"

    def authorise(self, *, card: str, amount: Decimal, currency: str, key: str) -> Outcome:
        """Always, but for declined cards."""
        return self._said(card, f"offline-{key}")

    def capture(self, *, authorisation: str, card: str, amount: Decimal, currency: str, key: str) -> Outcome:
        """Always, but for declined cards."""
        return self._said(card, authorisation or f"offline-{key}")

    def cancel(self, *, authorisation: str, key: str) -> Outcome:
        """Always."""
        return Outcome(authorisation)

    def refund(self, *, capture: str, amount: Decimal, currency: str, key: str) -> Outcome:
        """Always."""
        return Outcome(f"offline-{key}")

    def _said(self, card: str, reference: str) -> Outcome:
        return Outcome(refusal="The card was declined.") if card.startswith("declined") else Outcome(reference)


PROVIDERS: Mapping[str, Provider] = {"offline": Offline()}


def provider_of(name: str) -> Provider | None:
    """The provider of that name; an empty name is the offline one. None when it is not there any more."""
    return PROVIDERS.get(name or "offline")
