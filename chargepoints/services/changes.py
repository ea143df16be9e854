"""Telling the pages, after the commit, that something changed."""

from collections.abc import Iterable

from django.db import transaction

from chargepoints import events


def changed(charge_point_ids: Iterable[int], *facets: str) -> None:
    """Wake the viewers of these charge points once the surrounding transaction has committed."""
    ids, names = list(charge_point_ids), frozenset(facets)
    if ids:
        # Made one by one as they are looked at: mostly nobody is watching, and then none is.
        transaction.on_commit(lambda: events.touched(events.Touch(pk, names) for pk in ids), robust=True)
