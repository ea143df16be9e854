"""Whether open sockets may stay: asked when somebody changed a charge point, and of all of them every 30 s."""

import logging
from collections.abc import Collection, Iterable, Sequence

from chargepoints.selectors.admission import Admission, admissions
from ocpp_gateway.links import Link
from ocpp_gateway.workers import Asker, DatabaseAwayError

logger = logging.getLogger(__name__)

RECHECK_SECONDS = 30.0
# Our own close code for a socket that may not stay (daphne allows 3000 to 4999).
CLOSE_BARRED = 4004


def _known(questions: Sequence[tuple[str, ...]]) -> list[dict[str, Admission]]:
    return [admissions(names) for names in questions]


def barred(link: Link, known: Admission | None) -> str:
    """Why this socket may not stay, as its close reason; empty when it may. `known` is who has its identity now."""
    if known is None:
        return "this identity is not registered any more"
    if known.charge_point_id != link.charge_point_id:
        return "this identity belongs to another charge point now"
    return "" if known.may_connect else "the charge point was deactivated"


class Rechecker:
    """Closes the sockets of charge points that were deactivated or archived, or have another identity now."""

    def __init__(self, links: Iterable[Link]) -> None:
        self._links = links
        self._asker: Asker[tuple[str, ...], dict[str, Admission]] = Asker("recheck", _known, most=1)

    async def look(self, charge_point_ids: Collection[int] | None = None) -> None:
        """At the sockets of these charge points, or at all. Strict mode is taken over, too."""
        wanted = [link for link in self._links if charge_point_ids is None or link.charge_point_id in charge_point_ids]
        if not wanted:
            return
        try:
            found = await self._asker.ask(tuple(link.identity for link in wanted))
        except DatabaseAwayError as error:
            logger.warning("open sockets not looked at: %s", error)
            return
        for link in wanted:
            known = found.get(link.identity.lower())
            if reason := barred(link, known):
                link.close(CLOSE_BARRED, reason)
            elif known is not None:
                link.is_strict = known.is_strict
