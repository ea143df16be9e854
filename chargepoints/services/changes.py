"""Telling the pages, after the commit, that something changed."""

from collections.abc import Iterable

from django.db import transaction

from chargepoints import events


def changed(charge_point_ids: Iterable[int], *facets: str) -> None:
    """Wake the viewers of these charge points once the surrounding transaction has committed."""
    touches = [events.Touch(pk, frozenset(facets)) for pk in charge_point_ids]
    if touches:
        transaction.on_commit(lambda: events.touched(touches), robust=True)
