"""Local authorisation lists, by certification case."""

from datetime import UTC, datetime

import pytest

from chargepoints.choices import CommandStatus, KeyState
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Command, ConfigurationItem, LocalList
from hub.teams.models import Organisation
from tests import factories
from tests.gateway.orders import done, following, sent
from tests.gateway.tools import db, ended, order, station
from tests.stage import Server

pytestmark = pytest.mark.django_db(transaction=True)


async def keys(of: Organisation, *tags: str) -> list[str]:
    """Active keys of the operator."""
    for tag in tags:
        await db(lambda tag=tag: factories.charge_key(of, tag))  # type: ignore[misc]
    return list(tags)


async def kept(charge_point: ChargePoint) -> tuple[int, list[str], bool]:
    """Version, tags and doubt of the list as it is known here."""
    found = await LocalList.objects.aget(charge_point=charge_point)
    return found.version, sorted(found.entries), found.in_doubt


async def limit(charge_point: ChargePoint, key: str, value: int) -> None:
    """What the charger has said that it takes."""
    await ConfigurationItem.objects.acreate(
        charge_point=charge_point, key=key, value=str(value), is_readonly=True, reported_at=factories.now()
    )


async def test_tc_042_version(gateway: Server, charge_point: ChargePoint) -> None:
    """TC_042_1 (not supported), TC_042_2 (empty); a version that is not ours makes the list doubtful."""
    async with station(gateway) as charger:
        for version, words in ((7, "Version 7"), (0, "The list is empty"), (-1, "Not supported by this charger")):
            asked, command = await done(charger, charge_point, "local_list_version", {"listVersion": version})
            assert (asked, command.status, command.answer) == ({}, CommandStatus.ACCEPTED, words)
            assert await kept(charge_point) == (version, [], version == 7)


@pytest.mark.parametrize(("word", "after"), [("NotSupported", (-1, [], False)), ("Failed", (0, [], True))])
async def test_tc_043_refused(
    gateway: Server, charge_point: ChargePoint, nordlys: Organisation, word: str, after: tuple[int, list[str], bool]
) -> None:
    """TC_043_1 and TC_043_3: nothing is kept of it; after a failure only a whole list goes out."""
    tags = await keys(nordlys, "CARD-1")
    async with station(gateway) as charger:
        _, command = await done(charger, charge_point, "local_list", word, update="Full", keys=tags)
        assert (command.status, command.answer) == (CommandStatus.REJECTED, word)
        assert await kept(charge_point) == after
        if after[2]:
            with pytest.raises(ActionRefused, match="Send the whole list first"):
                await order(charge_point, "local_list", update="Differential", keys=tags)
        await done(charger, charge_point, "local_list", "Accepted", update="Full", keys=tags)
    assert await kept(charge_point) == (1, ["card-1"], False)


async def test_tc_043_4_whole_list(gateway: Server, charge_point: ChargePoint, nordlys: Organisation) -> None:
    """Every entry has its idTagInfo: verdict, end and group; each key goes once."""
    end = datetime(2099, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)
    await keys(nordlys, "CARD-1")
    await db(lambda: factories.charge_key(nordlys, "CARD-2", state=KeyState.BLOCKED, parent_id_tag="FLEET"))
    await db(lambda: factories.charge_key(nordlys, "CARD-3", expires_at=end))
    tags = ["card-1", "CARD-1", "CARD-2", "CARD-3"]
    async with station(gateway) as charger:
        asked, command = await done(charger, charge_point, "local_list", "Accepted", update="Full", keys=tags)
    assert asked == {
        "listVersion": 1,
        "updateType": "Full",
        "localAuthorizationList": [
            {"idTag": "CARD-1", "idTagInfo": {"status": "Accepted"}},
            {"idTag": "CARD-2", "idTagInfo": {"status": "Blocked", "parentIdTag": "FLEET"}},
            {"idTag": "CARD-3", "idTagInfo": {"status": "Accepted", "expiryDate": "2099-01-31T12:00:00Z"}},
        ],
    }
    assert command.status == CommandStatus.ACCEPTED
    assert await kept(charge_point) == (1, ["card-1", "card-2", "card-3"], False)


async def test_tc_043_5_changes(gateway: Server, charge_point: ChargePoint, nordlys: Organisation) -> None:
    """Only the changed key, with a greater version; one without idTagInfo is taken off."""
    tags = await keys(nordlys, "CARD-1", "CARD-2")
    async with station(gateway) as charger:
        await done(charger, charge_point, "local_list", "Accepted", update="Full", keys=tags, version=41)
        await done(charger, charge_point, "local_list_version", {"listVersion": 41})
        await keys(nordlys, "CARD-3")
        asked, _ = await done(
            charger, charge_point, "local_list", "Accepted", update="Differential", keys=["CARD-3"], remove=["card-1"]
        )
        assert asked == {
            "listVersion": 42,
            "updateType": "Differential",
            "localAuthorizationList": [
                {"idTag": "CARD-3", "idTagInfo": {"status": "Accepted"}},
                {"idTag": "card-1"},
            ],
        }
        assert await kept(charge_point) == (42, ["card-2", "card-3"], False)
        empty, _ = await done(charger, charge_point, "local_list", "Accepted", update="Full")
        assert empty == {"listVersion": 43, "updateType": "Full"}
    assert await kept(charge_point) == (43, [], False)


async def test_version_mismatch(gateway: Server, charge_point: ChargePoint, nordlys: Organisation) -> None:
    tags = await keys(nordlys, "CARD-1")
    async with station(gateway) as charger:
        await done(charger, charge_point, "local_list", "Accepted", update="Full", keys=tags)
        await done(charger, charge_point, "local_list", "VersionMismatch", update="Differential", keys=tags)
        assert await kept(charge_point) == (1, ["card-1"], True)
        await done(charger, charge_point, "local_list", "Accepted", update="Full", keys=tags)
        assert await kept(charge_point) == (2, ["card-1"], False)


async def test_no_answer_leaves_the_list_in_doubt(
    gateway: Server, charge_point: ChargePoint, nordlys: Organisation
) -> None:
    tags = await keys(nordlys, "CARD-1")
    async with station(gateway) as charger:
        command, _ = await sent(charger, charge_point, "local_list", update="Full", keys=tags)
        charger.drop()
        assert (await ended(command)).status == CommandStatus.EXPIRED
    assert await kept(charge_point) == (0, [], True)


async def test_a_long_list_goes_in_pieces(gateway: Server, charge_point: ChargePoint, nordlys: Organisation) -> None:
    """SendLocalListMaxLength: a first whole list, then changes; a refused piece ends it."""
    tags = await keys(nordlys, *(f"CARD-{number}" for number in range(5)))
    await limit(charge_point, "SendLocalListMaxLength", 2)
    async with station(gateway) as charger:
        first, call = await sent(charger, charge_point, "local_list", update="Full", keys=tags)
        shapes = []
        for piece in (1, 2):
            shapes.append((call.payload["updateType"], call.payload["listVersion"]))
            await charger.answer(call, {"status": "Accepted"})
            last, call = await following(charger, first, piece)
        shapes.append((call.payload["updateType"], call.payload["listVersion"]))
        assert shapes == [("Full", 1), ("Differential", 2), ("Differential", 3)]
        assert [entry["idTag"] for entry in call.payload["localAuthorizationList"]] == ["CARD-4"]
        await charger.answer(call, {"status": "Failed"})
        await ended(last)
        assert await kept(charge_point) == (2, [f"card-{number}" for number in range(4)], True)
        first, call = await sent(charger, charge_point, "local_list", update="Full", keys=tags)
        await charger.answer(call, {"status": "Failed"})
        await ended(first)
    assert not await Command.objects.filter(parameters__follows=str(first.pk)).aexists()
