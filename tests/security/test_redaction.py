"""What is taken out of frames before they are stored."""

import pytest

from ocpp_gateway import redaction


@pytest.mark.parametrize("key", ["AuthorizationKey", "authorizationkey", " AuthorizationKey ", "BasicAuthPassword"])
def test_secret_keys(key: str) -> None:
    kept, secrets = redaction.request("ChangeConfiguration", {"key": key, "value": "abcdef"})
    assert kept == {"key": key, "value": redaction.HIDDEN}
    assert redaction.text('[2,"x","y",{"value":"abcdef"}]', secrets) == '[2,"x","y",{"value":"(hidden)"}]'


def test_other_keys_and_messages_stay() -> None:
    for action, payload in (
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
        ("Reset", {"type": "Soft"}),
        ("DataTransfer", {"key": "AuthorizationKey", "value": "x"}),
    ):
        assert redaction.request(action, payload) == (payload, ())


def test_a_charger_that_reports_its_password() -> None:
    told = {
        "configurationKey": [
            {"key": "AuthorizationKey", "readonly": False, "value": "73656372"},
            {"key": "HeartbeatInterval", "readonly": False, "value": "60"},
        ]
    }
    kept = redaction.answer("GetConfiguration", told)
    assert kept["configurationKey"][0]["value"] == redaction.HIDDEN
    assert kept["configurationKey"][1] == told["configurationKey"][1]
    harmless = {"configurationKey": [{"key": "AuthorizationKey", "readonly": False}]}
    assert redaction.answer("GetConfiguration", harmless) is harmless
    assert redaction.answer("Reset", told) is told
