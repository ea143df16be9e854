"""Facts of a charger that is all right, for tests of the acceptance test's rules."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from installer.acceptance.facts import (
    Ask,
    BootSeen,
    ChargeSeen,
    Facts,
    LinkSeen,
    Plate,
    PlugSeen,
    Said,
    Sent,
)
from installer.choices import StepState

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OSLO = ZoneInfo("Europe/Oslo")
PASSED, FAILED, RUNNING, SKIPPED = StepState.PASSED, StepState.FAILED, StepState.RUNNING, StepState.SKIPPED
FACTS = Facts(
    now=NOW,
    zone=OSLO,
    begun=NOW - timedelta(seconds=60),
    connector=1,
    link=LinkSeen(is_connected=True, since=NOW - timedelta(minutes=5), version="OCPP 1.6", profile=1, seq=7),
    boot=BootSeen(at=NOW, wanted_since=NOW - timedelta(hours=1), model="Acme Twin", serial="ACE-1", seq=8),
    plate=Plate(identity="ACE-1", connectors=[1], reported=frozenset({1}), told=1),
    plug=PlugSeen(status="Available", has_lock=True, type="Type 2"),
    key="KEY",
)
CHARGE = ChargeSeen(pk=5, transaction="17", is_open=True, is_ours=True, began=NOW - timedelta(seconds=90))


def sent(ask: Ask, said: Said, word: str = "", *, age: int = 30, no_effect: bool = False) -> Sent:
    """What was sent for `ask` so many seconds ago, and answered a second later."""
    at = NOW - timedelta(seconds=age)
    answered = None if said is Said.OPEN else at + timedelta(seconds=1)
    return Sent(ask.kind, ask.parameters, said, word, at, answered, no_effect, seq=9)
