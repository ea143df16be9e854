"""Commands that are kept for a time or for a charger that is away: what can be kept, and when it goes."""

from datetime import timedelta

import pytest

from chargepoints.choices import ChargeState, CommandStatus
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, ChargePoint, Command
from chargepoints.selectors.commands import commands_kept
from chargepoints.services.commands import command_create, commands_due
from chargepoints.services.dispatches import command_dispatch
from chargepoints.services.kept import AHEAD_AT_MOST, KEPT_AT_MOST, SEND_WITHIN
from chargepoints.services.releases import SETTLED_AFTER, commands_release
from hub.teams.models import Organisation
from tests import factories
from tests.factories import now
from tests.portal.kept_tools import answered, kept, later, link, planned, sent_now, state

pytestmark = pytest.mark.django_db


class TestAsking:
    """What can be kept, and how."""

    def test_offline_it_waits(self, charge_point: ChargePoint) -> None:
        link(charge_point, up=False)
        made = kept(charge_point, hours=8)
        assert (made.status, made.expires_at) == (CommandStatus.WAITING, made.keep_until)

    def test_online_it_goes_at_once(self, charge_point: ChargePoint) -> None:
        link(charge_point, up=True)
        made = kept(charge_point)
        assert state(made)[0] == CommandStatus.DISPATCHED
        assert made.expires_at - made.created_at == SEND_WITHIN

    def test_what_ends_sooner_is_not_sent_later(self, charge_point: ChargePoint) -> None:
        link(charge_point, up=True)
        made = kept(charge_point, hours=0.002)
        assert made.expires_at == made.keep_until

    def test_a_time_that_has_passed_is_now(self, charge_point: ChargePoint) -> None:
        link(charge_point, up=True)
        assert state(planned(charge_point, now() - timedelta(minutes=1)))[0] == CommandStatus.DISPATCHED

    @pytest.mark.parametrize(
        ("at", "until", "words", "field"),
        [
            (AHEAD_AT_MOST + timedelta(minutes=1), None, "31 days ahead at most", "not_before"),
            (timedelta(hours=1), timedelta(minutes=30), "7 days after its time", "keep_until"),
            (timedelta(hours=1), timedelta(hours=2) + KEPT_AT_MOST, "7 days after its time", "keep_until"),
            (timedelta(hours=-1), timedelta(minutes=-1), "up to 7 days", "keep_until"),
            (timedelta(hours=-1), timedelta(minutes=1) + KEPT_AT_MOST, "up to 7 days", "keep_until"),
        ],
    )
    def test_times_that_do_not_fit(
        self, charge_point: ChargePoint, at: timedelta, until: timedelta | None, words: str, field: str
    ) -> None:
        link(charge_point, up=False)
        with pytest.raises(ActionRefused, match=words) as refusal:
            planned(charge_point, now() + at, keep_until=now() + until if until else None)
        assert refusal.value.field == field
        assert not Command.objects.exists()

    @pytest.mark.parametrize("kind", ["start", "stop", "unlock", "reserve"])
    def test_what_cannot_wait(self, charge_point: ChargePoint, kind: str) -> None:
        link(charge_point, up=False)
        with pytest.raises(ActionRefused, match="now or not at all"):
            kept(charge_point, kind)

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"integration": "no_integration"}, "no identity"),
            ({"is_active": False}, "deactivated"),
            ({"registration_told": "Rejected"}, "rejected"),
        ],
    )
    def test_chargers_that_nothing_is_kept_for(
        self, charge_point: ChargePoint, fields: dict[str, object], words: str
    ) -> None:
        link(charge_point, up=False)
        ChargePoint.objects.filter(pk=charge_point.pk).update(**fields)
        with pytest.raises(ActionRefused, match=words):
            kept(charge_point)

    def test_nonsense_is_refused_at_once(self, charge_point: ChargePoint) -> None:
        link(charge_point, up=False)
        with pytest.raises(ActionRefused, match="no connector 9"):
            command_create(
                charge_point=charge_point,
                kind="availability",
                parameters={"connector": 9, "type": "Operative"},
                author=None,
                keep_until=now() + timedelta(hours=1),
            )

    def test_what_is_about_the_running_charge_is_not_kept(self, charge_point: ChargePoint) -> None:
        """It would meet another charge."""
        Charge.objects.create(
            charge_point=charge_point,
            connector=charge_point.connectors.get(number=1),
            transaction_id="7",
            state=ChargeState.CHARGING,
            started_at=now(),
        )
        link(charge_point, up=False)
        schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]}
        profile = {
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": schedule,
        }
        with pytest.raises(ActionRefused, match="charge that runs now"):
            command_create(
                charge_point=charge_point,
                kind="set_profile",
                parameters={"connector": 1, "profile": profile},
                author=None,
                keep_until=now() + timedelta(hours=1),
            )

    def test_it_is_made_ready_when_it_goes(self, charge_point: ChargePoint, nordlys: Organisation) -> None:
        """A list that was kept has the number that is next then, and the keys as they are then."""
        factories.charge_key(nordlys, "CARD-1")
        link(charge_point, up=False)
        parameters: dict[str, object] = {"update": "Full", "keys": ["CARD-1"]}
        made = command_create(
            charge_point=charge_point,
            kind="local_list",
            parameters=parameters,
            author=None,
            keep_until=now() + timedelta(hours=1),
        )
        assert Command.objects.get(pk=made.pk).parameters == {"update": "Full", "keys": ["CARD-1"]}
        link(charge_point, up=True)
        commands_release()
        ready = Command.objects.get(pk=made.pk)
        assert ready.status == CommandStatus.DISPATCHED
        assert (ready.parameters["version"], ready.parameters["entries"]) == (
            1,
            [{"id_tag": "CARD-1", "status": "Accepted"}],
        )


class TestGoing:
    """When its time has come."""

    def test_at_its_time(self, charge_point: ChargePoint) -> None:
        link(charge_point, up=True)
        made = planned(charge_point, now() + timedelta(hours=2))
        commands_release()
        assert state(made)[0] == CommandStatus.SCHEDULED
        later(charge_point, timedelta(hours=2, seconds=1))
        commands_release()
        assert state(made)[0] == CommandStatus.DISPATCHED
        assert sent_now(charge_point) == [made]

    def test_offline_at_its_time(self, charge_point: ChargePoint) -> None:
        link(charge_point, up=False)
        at = now() + timedelta(hours=1)
        alone, patient = planned(charge_point, at), planned(charge_point, at, keep_until=at + timedelta(hours=1))
        later(charge_point, timedelta(hours=1, seconds=1))
        commands_release()
        commands_release()
        assert state(alone) == (CommandStatus.FAILED, "The charger was offline at its time.")
        assert state(patient)[0] == CommandStatus.WAITING
        link(charge_point, up=True)
        commands_release()
        assert state(patient)[0] == CommandStatus.DISPATCHED

    def test_nobody_looked_in_time(self, charge_point: ChargePoint) -> None:
        """Workers were away at its time: what was meant for ten o'clock does not come at eleven."""
        link(charge_point, up=True)
        made = planned(charge_point, now() + timedelta(hours=1))
        later(charge_point, timedelta(hours=2))
        commands_release()
        assert state(made) == (CommandStatus.EXPIRED, "Its time passed unused.")

    def test_the_charger_settles_first(self, charge_point: ChargePoint) -> None:
        link(charge_point, up=False)
        made = kept(charge_point)
        link(charge_point, up=True, since=now())
        commands_release()
        assert state(made)[0] == CommandStatus.WAITING
        later(charge_point, SETTLED_AFTER + timedelta(seconds=1))
        commands_release()
        assert state(made)[0] == CommandStatus.DISPATCHED

    def test_one_at_a_time_the_oldest_first(self, charge_point: ChargePoint) -> None:
        link(charge_point, up=False)
        waiting = [kept(charge_point, kind) for kind in ("reboot", "clear_cache", "read_configuration")]
        link(charge_point, up=True)
        for command in waiting:
            commands_release()
            commands_release()
            assert Command.objects.filter(status=CommandStatus.DISPATCHED).count() == 1
            assert sent_now(charge_point) == [command]
            commands_release()
            assert sent_now(charge_point) == []
            answered(command)
        assert not commands_kept(charge_point)

    def test_chargers_do_not_wait_for_each_other(
        self, charge_point: ChargePoint, far_charge_point: ChargePoint
    ) -> None:
        made = []
        for point in (charge_point, far_charge_point):
            link(point, up=False)
            made.append(kept(point))
            link(point, up=True)
        commands_release()
        assert {state(command)[0] for command in made} == {CommandStatus.DISPATCHED}

    def test_it_never_came_back(self, charge_point: ChargePoint) -> None:
        link(charge_point, up=False)
        made = kept(charge_point, hours=1)
        later(charge_point, timedelta(hours=1, seconds=1))
        link(charge_point, up=True)
        commands_release()
        assert state(made) == (CommandStatus.EXPIRED, "The charger did not come back in time.")

    def test_it_came_back_and_left_again(self, charge_point: ChargePoint) -> None:
        """Released, but not sent: it waits again, until the end that was given for it."""
        link(charge_point, up=False)
        made = kept(charge_point, hours=1)
        link(charge_point, up=True)
        commands_release()
        assert state(made)[0] == CommandStatus.DISPATCHED
        link(charge_point, up=False)
        later(charge_point, SEND_WITHIN + timedelta(seconds=1))
        commands_due()
        assert state(made)[0] == CommandStatus.WAITING
        assert made.expires_at == made.keep_until
        Command.objects.update(status=CommandStatus.QUEUED)
        command_dispatch(command_id=made.pk)
        assert state(made)[0] == CommandStatus.WAITING
        link(charge_point, up=True)
        commands_release()
        assert sent_now(charge_point) == [made]
        later(charge_point, timedelta(minutes=5))
        commands_due()
        assert state(made) == (CommandStatus.EXPIRED, "No answer: the connection ended.")
