"""One line per log record. Charger-supplied text cannot forge a second line or colour a terminal."""

import logging
import re
import time

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), 127, 0x85)} | {
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}
# The address of a job's public page is the key to it.
_LINK = re.compile(r"(/j/)[^/\s?]+")


class LineFormatter(logging.Formatter):
    """`2026-11-20T12:00:00.123Z WARNING name: message`; control characters escaped, tracebacks kept."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self.converter = time.gmtime

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """The line itself; a traceback, which is ours and not a charger's, follows on its own lines."""
        return _LINK.sub(r"\1...", super().formatMessage(record).translate(_ESCAPES))
