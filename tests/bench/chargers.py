"""Chargers for the bench, made in a few statements."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db import connection

from chargepoints.choices import ConnectorType, KeyState
from chargepoints.models import ChargeKey, ChargePoint, Connection, Connector, LogLine, Site
from chargepoints.services.credentials import password_hmac
from hub.teams.choices import Role
from hub.teams.models import Member, Organisation, Team, User

PASSWORD = "correct-horse-battery"
PER_SITE = 20
_groups = itertools.count(1)


@dataclass(frozen=True)
class Chargers:
    """Some chargers of one organisation, and somebody who may see them."""

    rows: Sequence[ChargePoint]
    person: User

    @cached_property
    def identities(self) -> list[str]:
        """Their identities."""
        return [str(row.identity) for row in self.rows]

    def lines(self, action: str = "") -> int:
        """How many log lines they have, of one action if named."""
        found = LogLine.objects.filter(charge_point__in=[row.pk for row in self.rows])
        return found.filter(action=action).count() if action else found.count()


def chargers(count: int) -> Chargers:
    """`count` chargers with one connector each, twenty to a site, and a key that they may start with."""
    group = next(_groups)
    organisation = Organisation.objects.create(name=f"Bench {group}")
    team = Team.objects.create(organisation=organisation, name="Operations desk")
    person = User.objects.create(username=f"bench{group}")
    Member.objects.create(user=person, organisation=organisation, role=Role.ADMIN)
    ChargeKey.objects.create(
        organisation=organisation, id_tag="BENCH-TAG", state=KeyState.ACTIVE, allows_concurrent=True
    )
    sites = Site.objects.bulk_create(
        Site(team=team, name=f"Site {number:04}", city="Oslo") for number in range((count + PER_SITE - 1) // PER_SITE)
    )
    rows = ChargePoint.objects.bulk_create(
        [_charge_point(sites[number // PER_SITE], f"B{group}-{number:05}") for number in range(count)]
    )
    Connection.objects.bulk_create(Connection(charge_point=row) for row in rows)
    Connector.objects.bulk_create(Connector(charge_point=row, number=1, type=ConnectorType.TYPE2) for row in rows)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
    return Chargers(rows, person)


def _charge_point(site: Site, identity: str) -> ChargePoint:
    return ChargePoint(site=site, identity=identity, name=identity, password_hmac=password_hmac(identity, PASSWORD))
