"""The RPC rules of one connection (M12..M20, T1), with the clock in the test's hand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_gateway.errors import Code, Version
from ocpp_gateway.frames import Call, CallError, CallResult, CallResultError, Send
from ocpp_gateway.session import (
    Answered,
    Dropped,
    Invalid,
    Late,
    Refused,
    Session,
    TimedOut,
    TurnTakenError,
)

HEARTBEAT = '[2,"h","Heartbeat",{}]'


def session(version: Version = Version.V16) -> Session:
    return Session(version, 100.0)


def test_a_call_takes_the_turn_until_it_is_answered() -> None:
    rpc = session()
    assert rpc.can_call
    frame = rpc.start_call("a", "Reset", {"type": "Soft"}, 100.0)
    assert json.loads(frame) == [2, "a", "Reset", {"type": "Soft"}]
    assert not rpc.can_call
    with pytest.raises(TurnTakenError):
        rpc.start_call("b", "Reset", {}, 101.0)
    assert rpc.receive('[3,"a",{"status":"Accepted"}]', 102.5) == Answered("a", "Reset", {"status": "Accepted"}, 2.5)
    assert rpc.can_call
    assert rpc.start_call("b", "ClearCache", {}, 103.0)


def test_a_payload_that_cannot_be_sent_leaves_the_turn_free() -> None:
    rpc = session()
    with pytest.raises(ValueError, match="cannot be sent"):
        rpc.start_call("a", "Reset", {"x": float("nan")}, 100.0)
    assert rpc.can_call
    assert rpc.sent == 0


def test_a_refusal_frees_the_turn() -> None:
    rpc = session()
    rpc.start_call("a", "Reset", {}, 100.0)
    refused = rpc.receive('[4,"a","NotImplemented","no",{"why":1}]', 101.0)
    assert refused == Refused("a", "Reset", Code.NOT_IMPLEMENTED, "NotImplemented", "no", {"why": 1}, 1.0)
    assert rpc.can_call


def test_calls_cross() -> None:
    """M13: the charger is served while our call waits."""
    rpc = session()
    rpc.start_call("a", "Reset", {}, 100.0)
    assert rpc.receive('[2,"a","Heartbeat",{}]', 100.5) == Call("a", "Heartbeat", {})
    assert rpc.waiting_for == "a"
    assert isinstance(rpc.receive('[3,"a",{}]', 101.0), Answered)


def test_a_silent_charger_loses_the_turn_at_the_deadline() -> None:
    rpc = session()
    assert rpc.next_deadline is None
    assert rpc.expire(1e9) is None
    rpc.start_call("a", "Reset", {}, 100.0, timeout=30.0)
    assert rpc.next_deadline == 130.0
    assert rpc.expire(129.9) is None
    assert rpc.expire(130.0) == TimedOut("a", "Reset", 30.0)
    assert rpc.can_call
    assert rpc.next_deadline is None


def test_a_late_answer_never_reaches_the_next_call() -> None:
    """T1, M15."""
    rpc = session()
    rpc.start_call("a", "Reset", {}, 100.0)
    rpc.expire(130.0)
    rpc.start_call("b", "ClearCache", {}, 131.0)
    late = rpc.receive('[3,"a",{"status":"Accepted"}]', 132.0)
    assert late == Late("a", "Reset", CallResult("a", {"status": "Accepted"}))
    assert rpc.waiting_for == "b"
    assert rpc.late == 1
    assert isinstance(rpc.receive('[3,"b",{}]', 133.0), Answered)
    again = rpc.receive('[4,"a","GenericError","",{}]', 134.0)
    assert again == Late("a", "", CallError("a", Code.GENERIC, "GenericError", "", {}))


def test_a_stray_answer_is_counted_and_not_answered() -> None:
    rpc = session()
    assert rpc.receive('[3,"zzz",{}]', 101.0) == Late("zzz", "", CallResult("zzz", {}))
    assert (rpc.late, rpc.sent, rpc.broken) == (1, 0, 0)


def test_an_unreadable_answer_fails_the_call_at_once() -> None:
    rpc = session()
    rpc.start_call("a", "GetConfiguration", {}, 100.0)
    refused = rpc.receive('[3,"a",{"configurationKey":[]', 101.0)
    assert isinstance(refused, Refused)
    assert (refused.id, refused.action, refused.code, refused.raw_code) == ("a", "GetConfiguration", Code.FORMAT, "")
    assert rpc.can_call
    assert isinstance(rpc.receive('[3,"a",{"configurationKey":[]', 102.0), Dropped)


def test_broken_messages_are_answered() -> None:
    rpc = session()
    invalid = rpc.receive('[2,"x","Heartbeat"]', 101.0)
    assert isinstance(invalid, Invalid)
    reply = json.loads(invalid.frame)
    assert reply[:3] == [4, "x", "FormationViolation"]
    assert reply[4] == {}
    modern = session(Version.V201).receive("{bad json", 101.0)
    assert isinstance(modern, Invalid)
    assert json.loads(modern.frame)[:3] == [4, "-1", "RpcFrameworkError"]
    assert (rpc.broken, rpc.in_flight, rpc.sent) == (1, 0, 1)


def test_noise_is_dropped_and_the_next_message_works() -> None:
    rpc = session()
    assert isinstance(rpc.receive("AT+CSQ", 101.0), Dropped)
    assert isinstance(rpc.receive('[9,"x","y",{}]', 101.0), Dropped)
    assert isinstance(rpc.receive(HEARTBEAT, 102.0), Call)
    assert (rpc.received, rpc.dropped, rpc.last_received) == (3, 2, 102.0)


def test_too_many_unanswered_calls_congest() -> None:
    """M14: then the reader stops."""
    rpc = session()
    for n in range(64):
        assert not rpc.congested
        assert rpc.receive(f'[2,"{n}","Heartbeat",{{}}]', 101.0) == Call(str(n), "Heartbeat", {})
    assert rpc.congested
    rpc.answered()
    assert not rpc.congested
    assert (rpc.in_flight, rpc.received, rpc.sent) == (63, 64, 1)


def test_closing_fails_the_waiting_call() -> None:
    rpc = session()
    assert rpc.close(100.0) is None
    rpc.start_call("a", "Reset", {}, 100.0)
    assert rpc.close(104.0) == TimedOut("a", "Reset", 4.0)
    assert rpc.close(105.0) is None


def test_sends_and_result_errors_of_21() -> None:
    rpc = session(Version.V21)
    assert rpc.receive('[6,"s","NotifyPeriodicEventStream",{}]', 101.0) == Send("s", "NotifyPeriodicEventStream", {})
    assert rpc.receive('[6,"s","NotifyPeriodicEventStream",[]]', 101.0) == Dropped("broken SEND")
    refused = rpc.receive('[5,"s","FormatViolation","bad",{}]', 101.0)
    assert refused == CallResultError("s", Code.FORMAT, "FormatViolation", "bad", {})
    assert (rpc.in_flight, rpc.sent) == (0, 0)


def test_only_21_tells_that_an_answer_was_invalid() -> None:
    assert session().reject_answer("a", Code.FORMAT, "bad") is None
    assert session(Version.V201).reject_answer("a", Code.FORMAT, "bad") is None
    frame = session(Version.V21).reject_answer("a", Code.FORMAT, "bad")
    assert frame is not None
    assert json.loads(frame) == [5, "a", "FormatViolation", "bad", {}]


steps = st.lists(st.sampled_from(["call", "answer", "error", "stray", "expire", "incoming", "reply", "broken"]))


@given(steps)
def test_no_order_of_events_mixes_up_the_turn(order: list[str]) -> None:
    """A model with one slot: an answer belongs to the open call or to nobody."""
    rpc, now, number, open_call, unanswered = session(), 100.0, 0, None, 0
    for step in order:
        now += 1.0
        if step == "call" and open_call is None:
            number += 1
            open_call = str(number)
            rpc.start_call(open_call, "Reset", {}, now, timeout=1.0)
        elif step in {"answer", "error"}:
            text = f'[3,"{number}",{{}}]' if step == "answer" else f'[4,"{number}","GenericError","",{{}}]'
            expected = Late if open_call is None else Answered if step == "answer" else Refused
            assert isinstance(rpc.receive(text, now), expected)
            open_call = None
        elif step == "stray":
            assert isinstance(rpc.receive('[3,"never",{}]', now), Late)
        elif step == "expire":
            gone = rpc.expire(now)
            assert (gone.id if gone else None) == open_call
            open_call = None
        elif step == "incoming":
            assert isinstance(rpc.receive(HEARTBEAT, now), Call)
            unanswered += 1
        elif step == "reply" and unanswered:
            rpc.answered()
            unanswered -= 1
        elif step == "broken":
            assert isinstance(rpc.receive("{", now), Invalid)
        assert rpc.waiting_for == open_call
        assert rpc.can_call is (open_call is None)
        assert rpc.in_flight == unanswered
