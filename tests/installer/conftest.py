"""Fixtures of the tests of installer jobs."""

import pytest
import redis

from chargepoints.models import ChargePoint, Site
from tests.installer.scene import Scene, scene
from tests.installer.taps import connected


@pytest.fixture
def job(site: Site, charge_point: ChargePoint, clean_redis: redis.Redis) -> Scene:
    """A job of NORD-1 at Aker Brygge with its link; nobody has used it."""
    return scene(site, charge_point)


@pytest.fixture
def online(job: Scene, charge_point: ChargePoint) -> Scene:
    """The job, its charge point connected, both connectors available."""
    connected(charge_point)
    return job
