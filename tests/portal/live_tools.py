"""What the tests of the live log share: writing lines as the gateway does, and a viewer without a browser."""

import json
import re
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from chargepoints.choices import Category, Direction
from chargepoints.models import ChargePoint, LogLine
from chargepoints.reports import NewLine
from chargepoints.services.log_lines import log_lines_append
from hub.teams.models import User

SEQ = re.compile(r' data-seq="(\d+)"')
JSON = dict[str, Any]


def line(charge_point: ChargePoint, **fields: Any) -> NewLine:
    """A StatusNotification of now, or what `fields` make of it."""
    chosen: JSON = {
        "at": datetime.now(UTC),
        "direction": Direction.IN,
        "category": Category.STATE,
        "action": "StatusNotification",
        "fact": "1 Available",
        "text": "NoError",
        **fields,
    }
    return NewLine(charge_point_id=charge_point.pk, **chosen)


def append(charge_point: ChargePoint, count: int = 1, **fields: Any) -> list[int]:
    """Append `count` lines in one transaction, as the gateway does; returns their sequences."""
    with transaction.atomic():
        log_lines_append(lines=[line(charge_point, **fields) for _ in range(count)])
    return sequences(charge_point)[-count:]


def sequences(charge_point: ChargePoint) -> list[int]:
    """All sequences of the charge point in the database, in order."""
    return list(LogLine.objects.filter(charge_point=charge_point).order_by("seq").values_list("seq", flat=True))


def session_cookie(person: User) -> str:
    """The Cookie header of a new session of `person`."""
    client = Client()
    client.force_login(person)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def cast_off(person: User) -> None:
    """Take all memberships from `person`."""
    person.memberships.all().delete()


@dataclass
class WebViewer:
    """A browser's side of a live socket: keeps its cursor, acknowledges, and notes what it saw."""

    url: str
    cookie: str = ""
    cursor: int | None = None
    acknowledges: bool = True
    seen: list[int] = field(default_factory=list)
    frames: list[JSON] = field(default_factory=list)
    socket: ClientConnection | None = None
    _opened: ExitStack = field(default_factory=ExitStack)
    _read: int = 0

    def open(self) -> None:
        """Connect, behind the cursor if there is one."""
        after = f"?after={self.cursor}" if self.cursor is not None else ""
        headers = {"Cookie": self.cookie} if self.cookie else {}
        origin = self.url.replace("ws://", "http://").partition("/ws/")[0]
        opening = connect(
            self.url + after, additional_headers=headers, origin=Origin(origin), max_size=None, compression=None
        )
        self.socket = self._opened.enter_context(opening)
        self._read = 0

    def read(self, seconds: float = 0.05) -> bool:
        """Take one frame if one comes within `seconds`."""
        assert self.socket is not None
        try:
            frame: JSON = json.loads(self.socket.recv(timeout=seconds))
        except TimeoutError:
            return False
        self._read += 1
        if self.acknowledges:
            self.acknowledge()
        self.frames.append(frame)
        if frame["t"] == "log":
            self.seen += [int(seq) for seq in SEQ.findall(frame["h"])]
            self.cursor = frame["c"]
        return True

    def acknowledge(self) -> None:
        """Say how many frames were read."""
        assert self.socket is not None
        self.socket.send(json.dumps({"a": self._read}))

    def until_seen(self, wanted: list[int], seconds: float = 10.0) -> None:
        """Read until exactly `wanted` has been seen, in this order."""
        deadline = time.monotonic() + seconds
        while self.seen != wanted:
            assert time.monotonic() < deadline, f"saw {len(self.seen)} of {len(wanted)} lines"
            assert self.seen == wanted[: len(self.seen)], "lost, doubled or out of order"
            self.read()

    def until_frame(self, seconds: float = 10.0, **wanted: object) -> JSON:
        """Read until a frame has these members; returns it."""
        deadline = time.monotonic() + seconds
        checked = 0
        while True:
            for frame in self.frames[checked:]:
                if all(frame.get(name) == value for name, value in wanted.items()):
                    return frame
            checked = len(self.frames)
            assert time.monotonic() < deadline, f"no frame {wanted} among {len(self.frames)}"
            self.read()

    def close_code(self, seconds: float = 10.0) -> int:
        """Read until the server closes the socket; its close code."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.read()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 1006
            assert time.monotonic() < deadline, "the socket stays open"

    def close(self) -> None:
        """Leave."""
        self._opened.close()


def ago(**span: float) -> datetime:
    """A moment in the past."""
    return datetime.now(UTC) - timedelta(**span)
