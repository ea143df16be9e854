"""Commands that are kept, and what has changed meanwhile: facts, rights, minds."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from chargepoints.choices import CommandStatus, Effect
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Command, Site
from chargepoints.selectors.commands import commands_running, commands_today
from chargepoints.services.commands import command_create, commands_due
from chargepoints.services.effects import effects_seen_boot
from chargepoints.services.releases import command_take_back, commands_release
from hub.audit.models import AuditEntry
from hub.audit.records import HUB
from hub.teams.choices import Role
from hub.teams.models import ApiKey, Member, Organisation, User
from tests import factories
from tests.factories import now
from tests.portal.api_tools import key_made
from tests.portal.kept_tools import kept, later, link, planned, sent_now, state

pytestmark = pytest.mark.django_db


class TestFactsThatChanged:
    """What was true when it was asked for is asked again."""

    def test_a_charger_that_is_rejected_now(self, charge_point: ChargePoint) -> None:
        link(charge_point, up=False)
        made = kept(charge_point)
        link(charge_point, up=True)
        ChargePoint.objects.filter(pk=charge_point.pk).update(registration_told="Rejected")
        commands_release()
        assert state(made)[0] == CommandStatus.FAILED
        assert "rejected" in made.answer

    def test_a_connector_that_is_gone(self, charge_point: ChargePoint) -> None:
        link(charge_point, up=False)
        made = command_create(
            charge_point=charge_point,
            kind="availability",
            parameters={"connector": 2, "type": "Inoperative"},
            author=None,
            keep_until=now() + timedelta(hours=1),
        )
        charge_point.connectors.filter(number=2).delete()
        link(charge_point, up=True)
        commands_release()
        assert state(made) == (CommandStatus.FAILED, "NORD-1 has no connector 2.")

    @pytest.mark.parametrize("fields", [{"is_active": False}, {"archived_at": factories.now()}])
    def test_a_charger_that_is_put_away(self, charge_point: ChargePoint, fields: dict[str, object]) -> None:
        link(charge_point, up=False)
        waiting, ahead = kept(charge_point), planned(charge_point, now() + timedelta(days=2))
        ChargePoint.objects.filter(pk=charge_point.pk).update(**fields)
        commands_release()
        for command in (waiting, ahead):
            assert state(command) == (CommandStatus.FAILED, "The charger was archived or deactivated meanwhile.")

    def test_a_charger_that_moved_away_from_its_author(
        self, charge_point: ChargePoint, far_site: Site, bob: User, alice: User
    ) -> None:
        link(charge_point, up=False)
        bobs, alices = kept(charge_point, author=bob), kept(charge_point, author=alice)
        ChargePoint.objects.filter(pk=charge_point.pk).update(site=far_site)
        link(charge_point, up=True)
        commands_release()
        commands_release()
        assert state(bobs) == (CommandStatus.FAILED, "Bob may not do this here any more.")
        assert state(alices)[0] == CommandStatus.DISPATCHED

    @pytest.mark.parametrize(
        "lose",
        [
            lambda member: Member.objects.filter(pk=member.pk).update(role=Role.READ_ONLY),
            lambda member: ApiKey.objects.filter(member=member).update(revoked_at=now()),
        ],
        ids=["another role", "revoked"],
    )
    def test_a_program_that_lost_its_right(
        self, charge_point: ChargePoint, nordlys: Organisation, lose: Callable[[Member], object]
    ) -> None:
        key, _ = key_made(nordlys, Role.OPERATIONS)
        link(charge_point, up=False)
        made = command_create(
            charge_point=charge_point,
            kind="reboot",
            parameters={"type": "Soft"},
            author=None,
            api_key=key,
            keep_until=now() + timedelta(hours=1),
        )
        assert made.author_name == "API key A program"
        lose(key.member)
        link(charge_point, up=True)
        commands_release()
        assert state(made) == (CommandStatus.FAILED, "API key A program may not do this here any more.")

    def test_one_that_cannot_be_made_ready_holds_up_nobody(
        self, charge_point: ChargePoint, far_charge_point: ChargePoint
    ) -> None:
        made = []
        for point in (charge_point, far_charge_point):
            link(point, up=False)
            made.append(kept(point, "read_configuration"))
            link(point, up=True)
        broken = {"connector": "1; DROP", "keys": []}
        Command.objects.filter(pk=made[0].pk).update(parameters=broken)
        commands_release()
        assert state(made[0])[0] == CommandStatus.FAILED
        assert state(made[1])[0] == CommandStatus.DISPATCHED


class TestTakingBack:
    """Until it is sent."""

    @pytest.mark.parametrize("status", ["scheduled", "waiting", "queued", "dispatched"])
    def test_in_time(self, charge_point: ChargePoint, alice: User, status: str) -> None:
        link(charge_point, up=False)
        made = kept(charge_point)
        Command.objects.update(status=status)
        command_take_back(command=made, actor=HUB)
        link(charge_point, up=True)
        commands_release()
        commands_due()
        assert state(made) == (CommandStatus.CANCELLED, "Taken back before it was sent.")
        assert sent_now(charge_point) == []
        assert AuditEntry.objects.filter(act="charge_point.command_taken_back").count() == 1

    @pytest.mark.parametrize("status", ["sent", "accepted", "rejected", "failed", "expired", "cancelled"])
    def test_too_late(self, charge_point: ChargePoint, status: str) -> None:
        link(charge_point, up=False)
        made = kept(charge_point)
        Command.objects.update(status=status)
        with pytest.raises(ActionRefused, match="too late"):
            command_take_back(command=made, actor=HUB)
        assert state(made)[0] == status
        assert not AuditEntry.objects.filter(act="charge_point.command_taken_back").exists()


def test_the_effect_of_what_was_kept_for_days(charge_point: ChargePoint) -> None:
    """It is seen by when it was sent, not by when it was asked for."""
    link(charge_point, up=False)
    made = kept(charge_point, hours=72)
    later(charge_point, timedelta(hours=71))
    link(charge_point, up=True)
    commands_release()
    assert sent_now(charge_point) == [made]
    assert commands_running(charge_point) == {"reboot": made}
    assert commands_today(charge_point) == ([made], 1)
    effects_seen_boot(charge_point_ids=[charge_point.pk], at=now())
    made.refresh_from_db()
    assert (made.effect, made.effect_text) == (Effect.SEEN, "Booted")
