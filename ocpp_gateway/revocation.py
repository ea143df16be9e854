"""Connections that came in with a client certificate which has been revoked since."""

import logging
from collections.abc import Iterable, Sequence

from chargepoints.selectors.admission import revoked_certificates
from ocpp_gateway.links import Link
from ocpp_gateway.workers import Asker, DatabaseAwayError

logger = logging.getLogger(__name__)
# 1008 in RFC 6455, a breach of policy; daphne lets an application use 1000 and 3000 to 4999 only.
CLOSE_REVOKED = 4008


def _revoked(questions: Sequence[frozenset[str]]) -> list[set[str]]:
    found = revoked_certificates(frozenset().union(*questions))
    return [found & asked for asked in questions]


class Revocation:
    """Closes connections whose certificate is good no more: told by a wake-up, and by a sweep when that was lost."""

    def __init__(self) -> None:
        self._revoked: Asker[frozenset[str], set[str]] = Asker("revoked", _revoked)

    async def enforce(self, links: Iterable[Link]) -> None:
        """Close those of `links` whose certificate has been revoked: one query, none where nobody has one."""
        shown = {link: link.opened.certificate for link in links if link.opened.certificate and not link.closing}
        if not shown:
            return
        try:
            found = await self._revoked.ask(frozenset(shown.values()))
        except DatabaseAwayError as error:
            logger.warning("revoked certificates not looked for: %s", error)
            return
        for link, fingerprint in shown.items():
            if fingerprint in found:
                link.close(CLOSE_REVOKED, "its certificate was revoked")
