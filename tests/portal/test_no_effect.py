"""Accepted, but without effect: in Needs attention until a later one succeeds, or for a day."""

from datetime import timedelta

import pytest

from chargepoints.action import Proof
from chargepoints.actions import ACTIONS
from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, Command
from chargepoints.permissions import charge_points_for
from chargepoints.selectors.attention import Severity, attention, attention_counts
from hub.teams.models import User
from tests.factories import now
from tests.portal.kept_tools import link
from tests.portal.test_commands import command

pytestmark = pytest.mark.django_db
# An answer and a verdict prove themselves: what is accepted has had its effect.
KINDS = [kind for kind, action in ACTIONS.items() if action.proof not in {Proof.ANSWER, Proof.VERDICT}]


def missed(charge_point: ChargePoint, kind: str = "reboot", **fields: object) -> Command:
    """Accepted just now, and nothing followed."""
    told = {"status": CommandStatus.ACCEPTED, "effect": Effect.MISSING, "sent_at": now(), "answered_at": now()}
    return command(charge_point, kind=kind, **told | fields)


def listed(person: User) -> list[Command | None]:
    """The commands that need attention; the figure of the site says the same."""
    found = [entry.command for entry in attention(person) if entry.severity == Severity.NO_EFFECT]
    assert sum(attention_counts(charge_points_for(person), now()).values()) == bool(found)
    return found


@pytest.fixture
def online(charge_point: ChargePoint) -> ChargePoint:
    """NORD-1, connected: nothing else is wrong with it."""
    link(charge_point, up=True)
    return charge_point


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_until_a_later_one_succeeds(alice: User, online: ChargePoint, kind: str) -> None:
    made = missed(online, kind, sent_at=now() - timedelta(minutes=9))
    assert listed(alice) == [made]
    assert ACTIONS[kind].label in attention(alice)[0].why
    for status, effect in (("rejected", ""), ("accepted", Effect.AWAITED), ("sent", "")):
        command(online, kind=kind, status=status, effect=effect, sent_at=now())
    command(online, kind="clear_cache", status=CommandStatus.ACCEPTED, effect=Effect.SEEN, sent_at=now())
    assert listed(alice) == [made]
    command(online, kind=kind, status=CommandStatus.ACCEPTED, effect=Effect.SEEN, sent_at=now())
    assert listed(alice) == []


def test_for_a_day(alice: User, online: ChargePoint) -> None:
    """By when it was sent: one that was kept for days is new when it goes."""
    missed(online, created_at=now() - timedelta(hours=25), sent_at=now() - timedelta(hours=25))
    assert listed(alice) == []
    fresh = missed(online, created_at=now() - timedelta(days=6), keep_until=now(), sent_at=now())
    assert listed(alice) == [fresh]


def test_another_connector_proves_nothing(alice: User, online: ChargePoint) -> None:
    made = missed(online, "availability", connector_number=1, sent_at=now() - timedelta(minutes=9))
    seen = {"kind": "availability", "status": CommandStatus.ACCEPTED, "effect": Effect.SEEN, "sent_at": now()}
    command(online, connector_number=2, **seen)
    assert listed(alice) == [made]
    command(online, connector_number=0, **seen)
    assert listed(alice) == []
