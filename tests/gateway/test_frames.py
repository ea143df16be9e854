"""Frames: what each text means, and that no text at all breaks the reader."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocpp_gateway import frames
from ocpp_gateway.errors import Code, OcppError, Version, wire
from ocpp_gateway.errors import parse as parse_code
from ocpp_gateway.frames import Broken, Call, CallError, CallResult, CallResultError, Frame, Ignored, Send

V16, V201, V21 = Version.V16, Version.V201, Version.V21

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
payloads = st.dictionaries(st.text(), values, max_size=4)
storable = st.text(st.characters(exclude_categories=["Cs"]))
ids = st.text(st.characters(exclude_categories=["Cs"]), max_size=255)
versions = st.sampled_from(Version)


def answer_to(frame: Frame, version: Version) -> str | None:
    """Whatever was read can be answered, stored and logged."""
    match frame:
        case Call():
            return frames.result(frame.id, frame.payload)
        case Broken():
            return frames.error(frame.id, frame.code, version, frame.description)
        case CallResult():
            return frames.result_error(frame.id, Code.FORMAT, version)
        case CallError() | CallResultError():
            return frames.error(frame.id, frame.code, version, frame.description, frame.details)
        case Send():
            return frames.call(frame.id, frame.action, frame.payload)
    return None


@given(st.text() | st.text(alphabet='[]{}",:234-.e\\ud80 \x00\t\n', max_size=60), versions)
@example('[2,"\\ud800","A",{"\\udc00":"\\ud800\ud800"}]', V16)
@example("[" * 100_000, V16)
@example('[3,"' + "\\" * 999, V201)
@example("9" * 10_000, V21)
@example('[2,"a","B",{"x":' + "9" * 10_000 + "}]", V21)
def test_no_text_breaks_the_reader(text: str, version: Version) -> None:
    frame = frames.parse(text, version)
    reply = answer_to(frame, version)
    if reply is None:
        assert isinstance(frame, Ignored)
        assert frame.reason
    else:
        assert type(json.loads(reply.encode())) is list


@given(st.integers(-1, 12) | scalars, st.lists(values, max_size=6), versions)
def test_no_array_breaks_the_reader(kind: Any, rest: list[Any], version: Version) -> None:
    text = json.dumps([kind, *rest])
    frame = frames.parse(text, version)
    reply = answer_to(frame, version)
    assert reply is None or reply.encode()
    if type(kind) is int and kind in {3, 4}:
        assert not isinstance(frame, Broken), "an answer must never be answered (M15)"


@given(ids, storable, payloads)
def test_calls_survive_the_round_trip(message_id: str, action: str, payload: dict[str, Any]) -> None:
    text = json.dumps([2, message_id, action, payload], ensure_ascii=False)
    frame = frames.parse(text, V16)
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in text):
        assert isinstance(frame, Call | Broken)
        return
    assert frame == Call(message_id, action, payload)


@given(ids, storable, st.dictionaries(storable, storable | st.integers(-(2**31), 2**31) | st.lists(storable)))
def test_what_we_send_is_read_back(message_id: str, text: str, payload: dict[str, Any]) -> None:
    assert frames.parse(frames.call(message_id, text, payload), V16) == Call(message_id, text, payload)
    assert frames.parse(frames.result(message_id, payload), V16) == CallResult(message_id, payload)
    refusal = frames.error(message_id, Code.FORMAT, V16, text, payload)
    expected = CallError(message_id, Code.FORMAT, "FormationViolation", text[:255], payload)
    assert frames.parse(refusal, V16) == expected


@pytest.mark.parametrize(
    ("text", "message_id", "code"),
    [
        ("hello", "-1", Code.RPC_FRAMEWORK),
        ("{bad json", "-1", Code.RPC_FRAMEWORK),
        ("{}", "-1", Code.RPC_FRAMEWORK),
        ("[]", "-1", Code.RPC_FRAMEWORK),
        ("7", "-1", Code.RPC_FRAMEWORK),
        ("null", "-1", Code.RPC_FRAMEWORK),
        ("[[2]]", "-1", Code.RPC_FRAMEWORK),
        ("[2]", "-1", Code.RPC_FRAMEWORK),
        ('[2,7,"Heartbeat",{}]', "-1", Code.RPC_FRAMEWORK),
        ('[2,null,"Heartbeat",{}]', "-1", Code.RPC_FRAMEWORK),
        ('[2,"' + "x" * 256 + '","Heartbeat",{}]', "-1", Code.RPC_FRAMEWORK),
        ('["2","a","Heartbeat",{}]', "a", Code.RPC_FRAMEWORK),
        ('[true,"a","Heartbeat",{}]', "a", Code.RPC_FRAMEWORK),
        ('[2.0,"a","Heartbeat",{}]', "a", Code.RPC_FRAMEWORK),
        ('[2,"a","Heartbeat"]', "a", Code.RPC_FRAMEWORK),
        ('[2,"a","Heartbeat",{},1,2]', "a", Code.RPC_FRAMEWORK),
        ('[2,"a",7,{}]', "a", Code.RPC_FRAMEWORK),
        ('[2,"a","Heartbeat",[]]', "a", Code.FORMAT),
        ('[2,"a","Heartbeat","x"]', "a", Code.FORMAT),
        ('[2,"a","StatusNotification",{"connectorId":1,"err', "a", Code.FORMAT),
        ('[2,"a\\"b","StatusNotification",{', 'a"b', Code.FORMAT),
        ('[2,"a', "-1", Code.RPC_FRAMEWORK),
        ('[2,"a","Heartbeat",{"x":1e999}]', "a", Code.FORMAT),
        ('[2,"a","Heartbeat",{"x":NaN}]', "a", Code.FORMAT),
        ('[2,"a","Heartbeat",{"x":-Infinity}]', "a", Code.FORMAT),
        ('[2,"a","Heartbeat",{"x":1,"x":2}]', "a", Code.FORMAT),
        ('[2,"a","Heartbeat",{"x":"12:00","y":[{"x":1,"x" :2}]}]', "a", Code.FORMAT),
        ('[2,"a","Heartbeat",{"x\\u003a":1,"y":1,"y":2}]', "a", Code.FORMAT),
        ('[2,"a","Heartbeat",{}][2,"b","Heartbeat",{}]', "a", Code.FORMAT),
    ],
)
def test_broken_calls_get_the_right_code(text: str, message_id: str, code: Code) -> None:
    frame = frames.parse(text, V16)
    assert isinstance(frame, Broken)
    assert (frame.id, frame.code) == (message_id, code)
    assert 0 < len(frame.description) <= 255


def test_no_description_quotes_the_text() -> None:
    marker = "<script>"
    for text in (marker, f"[{marker}", f'[2,"a","{marker}",[]]', f'[2,"a","{marker}",{{"{marker}":1'):
        frame = frames.parse(text, V16)
        assert isinstance(frame, Broken)
        assert marker not in frame.description


@pytest.mark.parametrize("text", ["", "   \r\n", "\x00\x00", "\ufeff", "AT+CREG?", "at\r", "+++", "OK", "RING\r\n"])
def test_modem_noise_is_ignored(text: str) -> None:
    assert isinstance(frames.parse(text, V16), Ignored)


@pytest.mark.parametrize("kind", [0, 1, 5, 6, 7, 9, -2, 10**30])
def test_unknown_types(kind: int) -> None:
    text = f'[{kind},"x","y",{{}}]'
    assert isinstance(frames.parse(text, V16), Ignored)
    assert frames.parse(text, V201) == Broken("x", Code.MESSAGE_TYPE, "This message type is not supported.")
    assert isinstance(frames.parse(f'[{kind},7,"y",{{}}]', V201), Ignored)
    if kind not in {5, 6}:
        assert isinstance(frames.parse(text, V21), Ignored)


@pytest.mark.parametrize("text", ["[3]", "[4]", "[3,7,{}]", "[4,7]", '["3","a",{}]', '[3,"a",{},1', "[4,"])
def test_answers_are_never_answered(text: str) -> None:
    assert isinstance(frames.parse(text, V16), Ignored)


@pytest.mark.parametrize("text", ['[3,"a"]', '[3,"a",[]]', '[3,"a",{},{}]', '[3,"a",{"configurationKey":[]'])
def test_an_unusable_answer_keeps_its_id(text: str) -> None:
    """Seen on Grizzl-E: the answer is cut in the middle. The waiting call must learn about it."""
    frame = frames.parse(text, V16)
    assert isinstance(frame, Ignored)
    assert frame.id == "a"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[4,"a","FormationViolation"]', CallError("a", Code.FORMAT, "FormationViolation", "", {})),
        ('[4,"a","","x"]', CallError("a", Code.GENERIC, "", "x", {})),
        ('[4,"a"]', CallError("a", Code.GENERIC, "", "", {})),
        ('[4,"a",7,null,null]', CallError("a", Code.GENERIC, "", "", {})),
        ('[4,"a","Odd","x","why"]', CallError("a", Code.GENERIC, "Odd", "x", {"value": "why"})),
        (
            '[4,"a","NotSupported","' + "x" * 300 + '",{"b":1}]',
            CallError("a", Code.NOT_SUPPORTED, "NotSupported", "x" * 255, {"b": 1}),
        ),
    ],
)
def test_short_callerrors_are_padded(text: str, expected: CallError) -> None:
    assert frames.parse(text, V16) == expected


@pytest.mark.parametrize(
    ("text", "payload", "repaired"),
    [
        ('[2,"a","Heartbeat",null]', {}, "null payload"),
        ('\ufeff[2,"a","Heartbeat",{}]\r\n\x00', {}, ""),
        (' [ 2 , "a" , "Heartbeat" , { "x" : "1:2" } ] ', {"x": "1:2"}, ""),
        ('[2,"a","Heartbeat",{"x":"a\tb\x01"}]', {"x": "a\tb\x01"}, "control character"),
        ('[2,"a","Heartbeat",{"x":"\\ud800!"}]', {"x": "\ufffd!"}, "lone surrogate"),
        ('[2,"a","Heartbeat",{"x":"\\ud83d\\ude00"}]', {"x": "\U0001f600"}, ""),
        ('[2,"a","Heartbeat",{"x":"\\u003a\\u0022"}]', {"x": ':"'}, ""),
        ('[2,"a","Heartbeat",{"x":[,{"y":1},{"y":2}]}]', {"x": [{"y": 1}, {"y": 2}]}, "leading comma"),
        ('[2,"a","Heartbeat",{"x":"\\u0000"}]', {"x": "\x00"}, ""),
    ],
)
def test_deviations_are_mended_and_named(text: str, payload: dict[str, Any], repaired: str) -> None:
    assert frames.parse(text, V16) == Call("a", "Heartbeat", payload, repaired)


def test_a_long_id_is_echoed() -> None:
    assert frames.parse(f'[2,"{"x" * 255}","Heartbeat",{{}}]', V16) == Call("x" * 255, "Heartbeat", {})


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_limited(opening: str, closing: str) -> None:
    def nested(depth: int) -> Frame:
        inner = depth - 2
        return frames.parse(f'[2,"a","DataTransfer",{{"x":{opening * inner}1{closing * inner}}}]', V16)

    assert isinstance(nested(32), Call)
    for depth in (33, 500, 200_000):
        frame = nested(depth)
        assert isinstance(frame, Broken)
        assert (frame.id, frame.code) == ("a", Code.FORMAT)


def test_array_items_are_limited() -> None:
    def long(items: int) -> Frame:
        return frames.parse(f'[2,"a","DataTransfer",{{"x":[{",".join("1" * items)}]}}]', V16)

    assert isinstance(long(19_990), Call)
    assert isinstance(long(20_000), Broken)
    assert isinstance(frames.parse(f'[2,"a","X",{{"x":[{",".join(["[1]"] * 10_001)}]}}]', V16), Broken)


def test_send_is_21_only_and_never_answered() -> None:
    assert frames.parse('[6,"a","NotifyPeriodicEventStream",{}]', V21) == Send("a", "NotifyPeriodicEventStream", {})
    for text in ('[6,"a","X",[]]', '[6,"a"]', '[6,7,"X",{}]', '[6,"a","X",{', '[6,"a","X",{"b":1,"b":2}]'):
        assert isinstance(frames.parse(text, V21), Ignored)


def test_callresulterror_is_21_only() -> None:
    expected = CallResultError("a", Code.TYPE, "TypeConstraintViolation", "no", {})
    assert frames.parse('[5,"a","TypeConstraintViolation","no",{}]', V21) == expected
    assert frames.parse(frames.result_error("a", Code.TYPE, V21, "no"), V21) == expected


@pytest.mark.parametrize("version", list(Version))
def test_every_code_is_spelled_and_read_again(version: Version) -> None:
    for code in Code:
        meaning = parse_code(wire(code, version))
        if version is V16 and code in {Code.RPC_FRAMEWORK, Code.MESSAGE_TYPE}:
            assert meaning is Code.FORMAT
        else:
            assert meaning is code
    assert parse_code("Occurence" + "ConstraintViolation") is Code.OCCURRENCE
    assert parse_code("OccurrenceConstraintViolation") is Code.OCCURRENCE
    assert parse_code("FormationViolation") is parse_code("FormatViolation") is Code.FORMAT
    assert parse_code("NoSuchThing") is parse_code("") is Code.GENERIC


def test_spelling_follows_the_version() -> None:
    assert json.loads(frames.error("a", Code.OCCURRENCE, V16))[2] == "OccurenceConstraintViolation"
    assert json.loads(frames.error("a", Code.OCCURRENCE, V201))[2] == "OccurrenceConstraintViolation"
    assert json.loads(frames.error("-1", Code.RPC_FRAMEWORK, V201))[2] == "RpcFrameworkError"
    assert json.loads(frames.error("-1", Code.RPC_FRAMEWORK, V16))[2] == "FormationViolation"


def test_values_are_sent_strictly() -> None:
    payload = {
        "utc": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
        "local": datetime(2024, 1, 2, 3, 4, 5, 678_999, tzinfo=timezone(timedelta(hours=2))),
        "limits": (Decimal("6.10"), 0.1 + 0.2, Decimal("1.23456789"), Decimal(5)),
    }
    assert frames.result("a", payload) == (
        '[3,"a",{"utc":"2024-01-02T03:04:05Z","local":"2024-01-02T01:04:05.678Z","limits":[6.1,0.3,1.234568,5]}]'
    )


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), Decimal("NaN"), datetime(2024, 1, 1)],  # noqa: DTZ001 (that is the point)
)
def test_what_has_no_meaning_is_not_sent(value: Any) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        frames.call("a", "X", {"list": [value]})


def test_clean_makes_text_storable() -> None:
    assert frames.clean("a\x00b\ud800c é") == "a\ufffdb\ufffdc é"
    assert frames.clean("plain") == "plain"


def test_a_raised_error_is_cut() -> None:
    problem = OcppError(Code.SECURITY, "x" * 300)
    assert len(problem.description) == 255
    assert problem.details == {}
