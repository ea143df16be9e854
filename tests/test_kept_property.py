"""Whatever happens to commands that are kept: each is sent once at most, in time, and not after it was taken back."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chargepoints.choices import CommandStatus
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Command, Connection, Site
from chargepoints.services.commands import commands_due
from chargepoints.services.kept import SEND_WITHIN
from chargepoints.services.releases import command_take_back, commands_release
from hub.audit.records import HUB
from tests import factories
from tests.factories import now
from tests.portal.kept_tools import kept, later, link, planned, sent_now

pytestmark = pytest.mark.django_db
# Between reading a clock here and there.
BLUR = timedelta(seconds=5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("keep"), st.integers(1, 60)),
        st.tuples(st.just("plan"), st.integers(1, 60)),
        st.tuples(st.just("pass"), st.integers(0, 90).map(lambda minutes: minutes * 60)),
        st.tuples(st.just("pass"), st.integers(0, 40)),
        st.tuples(st.sampled_from(["up", "down", "sweep", "send", "answer", "back"]), st.just(0)),
    ),
    min_size=4,
    max_size=30,
)


class Play:
    """A charger, its link, a clock that can be put forward, and what was sent."""

    def __init__(self, site: Site) -> None:
        self.point = factories.charge_point(site, connectors=1)
        self.clock = timedelta()
        self.ends: dict[UUID, timedelta] = {}
        self.gone: list[UUID] = []
        self.sent: list[UUID] = []
        link(self.point, up=False)

    def keep(self, minutes: int) -> None:
        """Somebody asks for one that may wait so long."""
        made = kept(self.point, "clear_cache", hours=minutes / 60)
        self.ends[made.pk] = self.clock + timedelta(minutes=minutes) + BLUR

    def plan(self, minutes: int) -> None:
        """Somebody asks for one so much later."""
        span = timedelta(minutes=minutes)
        self.ends[planned(self.point, now() + span).pk] = self.clock + span + SEND_WITHIN + BLUR

    def wait(self, seconds: int) -> None:
        """Time passes."""
        span = timedelta(seconds=seconds)
        later(self.point, span)
        self.clock += span

    def send(self, _: int) -> None:
        """The gateway claims what it may."""
        for command in sent_now(self.point) if Connection.objects.get(pk=self.point.pk).is_connected else []:
            assert command.pk not in self.sent
            assert command.pk not in self.gone
            assert self.clock <= self.ends[command.pk]
            self.sent.append(command.pk)

    def answer(self, _: int) -> None:
        """The charger accepts what it got."""
        Command.objects.filter(charge_point=self.point, status=CommandStatus.SENT).update(status=CommandStatus.ACCEPTED)

    def back(self, _: int) -> None:
        """Somebody takes the newest one back."""
        for command in Command.objects.filter(charge_point=self.point)[:1]:
            with suppress(ActionRefused):
                command_take_back(command=command, actor=HUB)
                self.gone.append(command.pk)

    def sweep(self, _: int) -> None:
        """A second of the worker."""
        commands_due()
        commands_release()

    def up(self, _: int) -> None:
        """The charger connects."""
        link(self.point, up=True, since=now() - timedelta(seconds=4))

    def down(self, _: int) -> None:
        """The link breaks."""
        link(self.point, up=False)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_never_twice_and_never_too_late(site: Site, steps: list[tuple[str, int]]) -> None:
    play = Play(site)
    does = {"pass": play.wait, "keep": play.keep, "plan": play.plan, "up": play.up, "down": play.down}
    does |= {"sweep": play.sweep, "send": play.send, "answer": play.answer, "back": play.back}
    for what, number in steps:
        does[what](number)
    play.wait(3 * 3600)
    play.sweep(0)
    left = set(Command.objects.filter(charge_point=play.point).values_list("status", flat=True))
    assert left <= {"sent", "accepted", "expired", "failed", "cancelled"}


def test_the_play_sends_something(site: Site) -> None:
    """The steps above do reach the wire: kept, back, sent once."""
    play = Play(site)
    for what in (play.keep, play.up, play.wait, play.sweep, play.send, play.sweep, play.send):
        what(9)
    assert list(play.ends) == play.sent
