"""Fixtures of the portal's tests."""

import pytest
from pytest_django import Settings

from chargepoints.models import ChargePoint
from hub.teams.models import Organisation, User
from tests import factories
from tests.portal.admin_tools import history_of, people_of
from tests.portal.money_tools import money_of


@pytest.fixture
def quick_passwords(settings: Settings) -> None:
    """Passwords are hashed without the half second that each costs on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def dora(nordlys: Organisation) -> User:
    """An Admin of Nordlys with an e-mail address and the password `factories.PASSWORD`."""
    person = factories.user("dora", password=factories.PASSWORD, email="dora@example.com")
    factories.member(nordlys, person)
    return person


@pytest.fixture
def filled(alice: User, charlie: User, charge_point: ChargePoint, foreign_charge_point: ChargePoint) -> None:
    """Two operators with one row of everything."""
    for point in (charge_point, foreign_charge_point):
        history_of(point)
        operator = point.site.team.organisation
        holder = factories.driver(operator, f"Driver of {operator}")
        money_of(point, factories.charge_key(holder=holder, id_tag=f"TAG-{operator}"))
        people_of(operator)
