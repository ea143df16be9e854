"""The errors of OCPP-J: one meaning, spelled per version (M18; OCPP-J 1.6 table 7, OCPP 2.x part 4, 4.3)."""

from enum import Enum, StrEnum, auto
from typing import Any

MAX_DESCRIPTION = 255


class Version(StrEnum):
    """A negotiated OCPP version; the value is the WebSocket subprotocol."""

    V16 = "ocpp1.6"
    V201 = "ocpp2.0.1"
    V21 = "ocpp2.1"


class Code(Enum):
    """What went wrong, whatever the version calls it."""

    NOT_IMPLEMENTED = auto()
    NOT_SUPPORTED = auto()
    INTERNAL = auto()
    PROTOCOL = auto()
    SECURITY = auto()
    FORMAT = auto()
    PROPERTY = auto()
    OCCURRENCE = auto()
    TYPE = auto()
    GENERIC = auto()
    RPC_FRAMEWORK = auto()
    MESSAGE_TYPE = auto()


_V2 = {
    Code.NOT_IMPLEMENTED: "NotImplemented",
    Code.NOT_SUPPORTED: "NotSupported",
    Code.INTERNAL: "InternalError",
    Code.PROTOCOL: "ProtocolError",
    Code.SECURITY: "SecurityError",
    Code.FORMAT: "FormatViolation",
    Code.PROPERTY: "PropertyConstraintViolation",
    Code.OCCURRENCE: "OccurrenceConstraintViolation",
    Code.TYPE: "TypeConstraintViolation",
    Code.GENERIC: "GenericError",
    Code.RPC_FRAMEWORK: "RpcFrameworkError",
    Code.MESSAGE_TYPE: "MessageTypeNotSupported",
}
# The missing "r" is what OCPP 1.6 puts on the wire; it has no code for the framework itself.
_V16 = _V2 | {
    Code.FORMAT: "FormationViolation",
    Code.OCCURRENCE: "OccurenceConstraintViolation",
    Code.RPC_FRAMEWORK: "FormationViolation",
    Code.MESSAGE_TYPE: "FormationViolation",
}
_PARSE = {text.lower(): code for code, text in (_V16 | _V2).items()} | {
    "formationviolation": Code.FORMAT,
    "occurenceconstraintviolation": Code.OCCURRENCE,
    "rpcframeworkerror": Code.RPC_FRAMEWORK,
}


def wire(code: Code, version: Version) -> str:
    """The spelling of a code in this version."""
    return _V16[code] if version is Version.V16 else _V2[code]


def parse(text: str) -> Code:
    """The meaning of a received code: every spelling of every version, anything else is GENERIC."""
    return _PARSE.get(text.strip().lower(), Code.GENERIC)


class OcppError(Exception):
    """A call is refused with a CALLERROR.

    Only for calls that cannot be processed. A business refusal (unknown token, odd meter) is a normal
    CALLRESULT: chargers repeat a transaction message that got a CALLERROR, some for ever.
    """

    def __init__(self, code: Code, description: str = "", details: dict[str, Any] | None = None) -> None:
        self.code = code
        self.description = description[:MAX_DESCRIPTION]
        self.details: dict[str, Any] = details or {}
        super().__init__(code.name, self.description)

    def __str__(self) -> str:
        return f"{self.code.name}: {self.description}"
