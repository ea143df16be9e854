"""Secrets that people and chargers pass through Hub: what is never kept in clear."""

import re

HIDDEN = "(hidden)"
# Configuration keys that hold secrets (SECURITY.md 1); compared without regard to case.
_SECRET_KEYS = frozenset(
    {
        "authorizationkey",
        "basicauthpassword",
        "vpn.password",
        "vpn.key",
        "vpnpassword",
        "vpnkey",
        "apnpassword",
        "simpin",
    }
)
_SECRET_NAMES = re.compile(r"pass(word|wd)|secret|token|pin$|private", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(://)[^/?#\s@]*(?:@[^/?#\s@]*)*@")
_LONGEST, _START, _MOST = 200, 60, 10


def is_secret_key(key: object) -> bool:
    """Whether a charger's setting of this name holds a secret."""
    return str(key or "").strip().lower() in _SECRET_KEYS


def tellable(value: object) -> object:
    """Parameters as the audit log may keep them: without secrets, and no longer than anybody reads."""
    if isinstance(value, dict):
        hides = is_secret_key(value.get("key"))
        return {
            str(name): HIDDEN if (hides and name == "value") or _SECRET_NAMES.search(str(name)) else tellable(each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return f"{len(value)} entries" if len(value) > _MOST else [tellable(each) for each in value]
    if isinstance(value, str):
        text = _CREDENTIALS.sub(rf"\1{HIDDEN}@", value)
        return text if len(text) <= _LONGEST else f"{text[:_START]}… ({len(text)} characters)"
    return value
