"""Calls of OCPP 1.6 core, by certification case: availability, settings, cache, vendor data, any message."""

import json

import pytest

from chargepoints.choices import CommandStatus, Effect
from chargepoints.models import ChargePoint, Command, ConfigurationItem
from tests.gateway.orders import done, following, now, sent
from tests.gateway.tools import db, ended, station
from tests.stage import Server

pytestmark = pytest.mark.django_db(transaction=True)


async def settings_of(charge_point: ChargePoint) -> dict[str, tuple[str | None, bool, bool]]:
    """Key: value, read-only, needs a restart."""
    found = ConfigurationItem.objects.filter(charge_point=charge_point)
    rows = await db(lambda: list(found.values_list("key", "value", "is_readonly", "needs_reboot")))
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


async def test_tc_019_1_all_settings(gateway: Server, charge_point: ChargePoint) -> None:
    """No keys at all are sent; what is reported is kept, write-only keys without a value."""
    told = [
        {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
        {"key": "NumberOfConnectors", "readonly": True, "value": "2"},
        {"key": "AuthorizationKey", "readonly": False},
        {"key": "Empty", "readonly": False, "value": ""},
    ]
    async with station(gateway) as charger:
        asked, command = await done(charger, charge_point, "read_configuration", {"configurationKey": told})
    assert asked == {}
    assert (command.status, command.effect) == (CommandStatus.ACCEPTED, Effect.SEEN)
    assert command.result == {"configurationKey": told}
    assert await settings_of(charge_point) == {
        "HeartbeatInterval": ("300", False, False),
        "NumberOfConnectors": ("2", True, False),
        "AuthorizationKey": (None, False, False),
        "Empty": ("", False, False),
    }


async def test_tc_019_2_one_setting(gateway: Server, charge_point: ChargePoint) -> None:
    """The key as asked; one that the charger does not know is forgotten here too."""
    item = {"key": "SupportedFeatureProfiles", "readonly": True, "value": "Core,Reservation"}
    async with station(gateway) as charger:
        first, _ = await done(
            charger,
            charge_point,
            "read_configuration",
            {"configurationKey": [item]},
            keys=["SupportedFeatureProfiles"],
        )
        assert first == {"key": ["SupportedFeatureProfiles"]}
        assert await settings_of(charge_point) == {"SupportedFeatureProfiles": ("Core,Reservation", True, False)}
        _, command = await done(
            charger,
            charge_point,
            "read_configuration",
            {"unknownKey": ["SupportedFeatureProfiles"]},
            keys=["SupportedFeatureProfiles"],
        )
    assert command.result == {"unknownKey": ["SupportedFeatureProfiles"]}
    assert await settings_of(charge_point) == {}


async def test_reading_is_cut_to_what_the_charger_takes(gateway: Server, charge_point: ChargePoint) -> None:
    """GetConfigurationMaxKeys: one call after the other, the next when the one before was answered."""
    async with station(gateway) as charger:
        most = [{"key": "GetConfigurationMaxKeys", "readonly": True, "value": "2"}]
        await done(charger, charge_point, "read_configuration", {"configurationKey": most})
        names = ["A", "B", "C", "D", "E"]
        first, call = await sent(charger, charge_point, "read_configuration", keys=names)
        assert call.payload == {"key": ["A", "B"]}
        for piece, keys in ((1, ["C", "D"]), (2, ["E"])):
            items = [{"key": key, "readonly": False, "value": "1"} for key in call.payload["key"]]
            await charger.answer(call, {"configurationKey": items})
            last, call = await following(charger, first, piece)
            assert call.payload == {"key": keys}
        await charger.answer(call, {"configurationKey": [{"key": "E", "readonly": False, "value": "1"}]})
        await ended(last)
    assert set(await settings_of(charge_point)) == {*names, "GetConfigurationMaxKeys"}
    assert await Command.objects.acount() == 4


async def test_quirk_2_11_odd_settings(gateway: Server, charge_point: ChargePoint) -> None:
    """Values of other types, over-long ones, nulls, a missing mark, NUL: what can be read is kept."""
    told = [
        {"key": "Number", "readonly": False, "value": 7},
        {"key": "Flag", "readonly": "true", "value": True},
        {"key": "Null", "readonly": False, "value": None},
        {"key": "Long", "readonly": True, "value": "v" * 900, "vendor": "x"},
        {"key": "K" * 80, "value": "1"},
        {"key": "Nul", "readonly": False, "value": "a\x00b"},
        {"readonly": False, "value": "nobody's"},
    ]
    async with station(gateway) as charger:
        answer = {"configurationKey": told, "unknownKey": None}
        _, command = await done(charger, charge_point, "read_configuration", answer)
        assert command.status == CommandStatus.ACCEPTED
        assert await settings_of(charge_point) == {
            "Number": ("7", False, False),
            "Flag": ("true", True, False),
            "Null": (None, False, False),
            "Long": ("v" * 900, True, False),
            "K" * 80: ("1", False, False),
            "Nul": ("a\ufffdb", False, False),
        }
        hopeless: object
        for hopeless in ([], "no", {"configurationKey": {"key": "A"}}, {"unknownKey": [{}]}):
            command, call = await sent(charger, charge_point, "read_configuration")
            await charger.send_raw(json.dumps([3, call.id, hopeless]))
            assert (await ended(command)).answer.startswith("Invalid answer"), hopeless


async def test_the_password_is_not_kept(gateway: Server, charge_point: ChargePoint) -> None:
    """A charger that tells its password: neither the setting nor the result has it."""
    told = [{"key": "AuthorizationKey", "readonly": False, "value": "c0ffee"}]
    async with station(gateway) as charger:
        _, command = await done(charger, charge_point, "read_configuration", {"configurationKey": told})
    assert command.result == {"configurationKey": [{"key": "AuthorizationKey", "readonly": False}]}
    assert await settings_of(charge_point) == {"AuthorizationKey": (None, False, False)}


async def test_tc_021_change_setting(gateway: Server, charge_point: ChargePoint) -> None:
    async with station(gateway) as charger:
        asked, command = await done(
            charger, charge_point, "configure", "Accepted", key="MeterValueSampleInterval", value="60"
        )
    assert asked == {"key": "MeterValueSampleInterval", "value": "60"}
    assert (command.status, command.effect) == (CommandStatus.ACCEPTED, Effect.SEEN)
    assert await settings_of(charge_point) == {"MeterValueSampleInterval": ("60", False, False)}


async def test_setting_that_needs_a_restart(gateway: Server, charge_point: ChargePoint) -> None:
    """RebootRequired is kept as such until the charger boots; a report in between does not take it away."""
    async with station(gateway) as charger:
        _, command = await done(charger, charge_point, "configure", "RebootRequired", key="SecurityProfile", value="2")
        assert (command.status, command.answer) == (CommandStatus.ACCEPTED, "RebootRequired")
        assert command.effect_text == "Stored; in force after a restart"
        assert await settings_of(charge_point) == {"SecurityProfile": ("2", False, True)}
        told = [{"key": "SecurityProfile", "readonly": False, "value": "2"}]
        await done(charger, charge_point, "read_configuration", {"configurationKey": told})
        await done(charger, charge_point, "trigger", "Accepted", message="BootNotification")
        await charger.boot()
        assert await settings_of(charge_point) == {"SecurityProfile": ("2", False, True)}
        await charger.boot()
    assert await settings_of(charge_point) == {"SecurityProfile": ("2", False, False)}


async def test_tc_040_setting_refused(gateway: Server, charge_point: ChargePoint) -> None:
    """TC_040_1 and TC_040_2: nothing is kept of it."""
    async with station(gateway) as charger:
        for word in ("NotSupported", "Rejected"):
            _, command = await done(
                charger, charge_point, "configure", word, key="MeterValueSampleInterval", value="-1"
            )
            assert (command.status, command.answer, command.effect) == (CommandStatus.REJECTED, word, Effect.NONE)
    assert await settings_of(charge_point) == {}


async def test_tc_061_clear_cache(gateway: Server, charge_point: ChargePoint) -> None:
    async with station(gateway) as charger:
        asked, command = await done(charger, charge_point, "clear_cache", "Accepted")
        assert (asked, command.status, command.effect) == ({}, CommandStatus.ACCEPTED, Effect.SEEN)
        _, refused = await done(charger, charge_point, "clear_cache", "Rejected")
    assert (refused.status, refused.effect) == (CommandStatus.REJECTED, Effect.NONE)


async def test_availability_is_proven_by_the_status(gateway: Server, charge_point: ChargePoint) -> None:
    async with station(gateway) as charger:
        await charger.status(1, "Available")
        await charger.status(2, "Available")
        asked, command = await done(charger, charge_point, "availability", "Accepted", connector=1, type="Inoperative")
        assert asked == {"connectorId": 1, "type": "Inoperative"}
        assert command.effect == Effect.AWAITED
        await charger.status(2, "Unavailable")
        assert (await now(command)).effect == Effect.AWAITED
        await charger.status(1, "Unavailable")
        seen = await now(command)
        assert (seen.effect, seen.effect_text) == (Effect.SEEN, "Out of service")
        _, again = await done(charger, charge_point, "availability", "Accepted", connector=1, type="Operative")
        assert again.effect == Effect.AWAITED
        await charger.status(1, "Available")
        assert (await now(again)).effect == Effect.SEEN
        # It is so already, and no status will follow.
        _, third = await done(charger, charge_point, "availability", "Accepted", connector=1, type="Operative")
    assert third.effect == Effect.SEEN


async def test_availability_scheduled_waits_for_the_charge(gateway: Server, charge_point: ChargePoint) -> None:
    """QUIRKS 5.4: Scheduled during a charge: awaited without an end, until the status comes."""
    async with station(gateway) as charger:
        tx = (await charger.start(1, "X", 0))["transactionId"]
        await charger.status(1, "Charging")
        _, command = await done(charger, charge_point, "availability", "Scheduled", connector=1, type="Inoperative")
        assert (command.status, command.answer) == (CommandStatus.ACCEPTED, "Scheduled")
        assert (command.effect, command.effect_due_at) == (Effect.AWAITED, None)
        # Asked again: the newer one is waited for.
        _, newer = await done(charger, charge_point, "availability", "Scheduled", connector=1, type="Inoperative")
        former = await now(command)
        assert (former.effect, former.effect_text) == (Effect.NONE, "Overtaken by a newer one")
        command = newer
        await charger.stop(tx, 10, "Local")
        await charger.status(1, "Finishing")
        assert (await now(command)).effect == Effect.AWAITED
        await charger.status(1, "Unavailable")
        assert (await now(command)).effect == Effect.SEEN


async def test_availability_of_the_whole_charger(gateway: Server, charge_point: ChargePoint) -> None:
    """Connector 0: proven by the box, or by all its connectors where the box says nothing."""
    async with station(gateway) as charger:
        asked, command = await done(charger, charge_point, "availability", "Accepted", connector=0, type="Inoperative")
        assert asked == {"connectorId": 0, "type": "Inoperative"}
        await charger.status(1, "Unavailable")
        assert (await now(command)).effect == Effect.AWAITED
        await charger.status(2, "Unavailable")
        assert (await now(command)).effect == Effect.SEEN
        _, back = await done(charger, charge_point, "availability", "Accepted", connector=0, type="Operative")
        await charger.status(0, "Available")
        assert (await now(back)).effect == Effect.SEEN
        _, refused = await done(charger, charge_point, "availability", "Rejected", connector=0, type="Operative")
        assert (refused.status, refused.effect) == (CommandStatus.REJECTED, Effect.NONE)


async def test_vendor_data(gateway: Server, charge_point: ChargePoint) -> None:
    async with station(gateway) as charger:
        for word in ("Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"):
            answer = {"status": word, "data": '{"a":1}'}
            asked, command = await done(
                charger, charge_point, "data_transfer", answer, vendor_id="com.example", message_id="m", data="ø"
            )
            assert asked == {"vendorId": "com.example", "messageId": "m", "data": "ø"}
            status = CommandStatus.ACCEPTED if word == "Accepted" else CommandStatus.REJECTED
            assert (command.status, command.answer, command.result) == (status, word, answer)


async def test_any_message(gateway: Server, charge_point: ChargePoint) -> None:
    """Its payload goes as it is, and the answer is kept."""
    payload = {"connectorId": 1, "duration": 60, "chargingRateUnit": "W"}
    async with station(gateway) as charger:
        command, call = await sent(charger, charge_point, "call", action="GetCompositeSchedule", payload=payload)
        assert (call.action, call.payload) == ("GetCompositeSchedule", payload)
        await charger.answer(call, {"status": "Rejected"})
        refused = await ended(command)
        assert (refused.status, refused.result) == (CommandStatus.REJECTED, {"status": "Rejected"})
        command, call = await sent(charger, charge_point, "call", action="GetLocalListVersion", payload={})
        await charger.answer(call, {"listVersion": 3})
        assert (await ended(command)).result == {"listVersion": 3}
