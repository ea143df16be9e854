"""Fixtures of the portal's tests."""

import pytest

from chargepoints.models import ChargePoint
from hub.teams.models import User
from tests import factories
from tests.portal.admin_tools import history_of, people_of


@pytest.fixture
def filled(alice: User, charlie: User, charge_point: ChargePoint, foreign_charge_point: ChargePoint) -> None:
    """Two operators with one row of everything."""
    for point in (charge_point, foreign_charge_point):
        history_of(point)
        operator = point.site.team.organisation
        holder = factories.driver(operator, f"Driver of {operator}")
        factories.charge_key(holder=holder, id_tag=f"TAG-{operator}")
        people_of(operator)
