"""A minimal central system and a simulator process for it. Every frame is checked by the schemas."""

import asyncio
import contextlib
import functools
import http
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import jsonschema_rs
import ocpp
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

Payload = dict[str, Any]
SCHEMAS = Path(ocpp.__file__).parent / "v16" / "schemas"
DEADLINE = 15.0
TAG = "DEMO-TAG-1"


@functools.cache
def schema(name: str) -> jsonschema_rs.Draft4Validator:
    return jsonschema_rs.Draft4Validator(json.loads((SCHEMAS / f"{name}.json").read_text("utf-8-sig")))


class Central:
    """A central system that accepts everybody unless told otherwise."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Payload]] = []
        self.handshakes: list[Request] = []
        self.refuse: http.HTTPStatus | None = None
        self.boot_answers: list[Payload] = []
        self.tag_status = "Accepted"
        self.silent_on: set[str] = set()
        self.peer: ServerConnection | None = None
        self._changed = asyncio.Event()
        self._answers: dict[str, tuple[str, asyncio.Future[list[Any]]]] = {}
        self._serial = 1000
        self._server: Server | None = None
        self.faults: list[str] = []

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            0,
            subprotocols=[Subprotocol("ocpp1.6")],
            process_request=self._handshake,
            close_timeout=0.5,
        )
        return self

    async def __aexit__(self, *failure: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
        assert self.faults == []

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/ocpp"

    def of(self, action: str, **wanted: Any) -> list[Payload]:
        """The payloads received so far for an action, with these members."""
        return [p for a, p in self.calls if a == action and wanted.items() <= p.items()]

    def statuses(self, connector: int) -> list[str]:
        return [p["status"] for p in self.of("StatusNotification", connectorId=connector)]

    async def until(self, done: Callable[[], Any]) -> Any:
        """The first true result of `done`, looked at after every frame."""
        try:
            async with asyncio.timeout(DEADLINE):
                while not (result := done()):
                    self._changed.clear()
                    await self._changed.wait()
                return result
        except TimeoutError:
            raise AssertionError(f"not in time; received: {self.calls[-30:]}") from None

    async def first(self, action: str, **wanted: Any) -> Payload:
        await self.until(lambda: self.of(action, **wanted))
        return self.of(action, **wanted)[0]

    async def command(self, action: str, payload: Payload | None = None) -> Payload:
        """Send a CALL to the charger; returns its answer."""
        message = await self.raw_command(action, payload)
        assert message[0] == 3, message
        answer: Payload = message[2]
        return answer

    async def raw_command(self, action: str, payload: Payload | None = None) -> list[Any]:
        assert self.peer is not None
        message_id = f"csms-{len(self._answers)}"
        future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._answers[message_id] = (action, future)
        await self.peer.send(json.dumps([2, message_id, action, payload or {}]))
        return await asyncio.wait_for(future, DEADLINE)

    def drop(self) -> None:
        assert self.peer is not None
        self.peer.transport.abort()

    def _handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        self.handshakes.append(request)
        self._changed.set()
        return connection.respond(self.refuse, "refused\n") if self.refuse else None

    async def _serve(self, ws: ServerConnection) -> None:
        self.peer = ws
        with contextlib.suppress(ConnectionClosed):
            while True:
                message = json.loads(await ws.recv())
                if message[0] == 2:
                    await self._take(ws, *message[1:])
                else:
                    action, future = self._answers[message[1]]
                    if message[0] == 3:
                        self._check(f"{action}Response", message[2])
                    future.set_result(message)
                self._changed.set()

    def _check(self, name: str, payload: Payload) -> None:
        self.faults += [f"{name}: {error.message}" for error in schema(name).iter_errors(payload)]

    async def _take(self, ws: ServerConnection, message_id: str, action: str, payload: Payload) -> None:
        self._check(action, payload)
        self.calls.append((action, payload))
        if action in self.silent_on:
            return
        answer = self._answer(action)
        await ws.send(json.dumps([3, message_id, answer]))

    def _answer(self, action: str) -> Payload:
        if action == "BootNotification":
            default = {"status": "Accepted", "interval": 300}
            answer = self.boot_answers.pop(0) if self.boot_answers else default
            return {"currentTime": datetime.now(UTC).isoformat()} | answer
        if action == "StartTransaction":
            self._serial += 1
            return {"transactionId": self._serial, "idTagInfo": {"status": self.tag_status}}
        if action == "Authorize":
            return {"idTagInfo": {"status": self.tag_status}}
        special = {"Heartbeat": {"currentTime": datetime.now(UTC).isoformat()}}
        special["DataTransfer"] = {"status": "Accepted"}
        return special.get(action, {})


class Simulator:
    """A simulator process with one charger, SIM-1, password `secret`."""

    def __init__(self, central: Central, folder: Path) -> None:
        self._central, self._folder = central, folder
        self.process: asyncio.subprocess.Process | None = None
        self.log = ""

    async def run(self, *, speed: float = 50, **spec: Any) -> None:
        """Start it; members of the fleet file can be given. Without keys no driver ever comes."""
        charger = {"identity": "SIM-1", "password": "secret", "vendor": "Acme", "unknown member": 1} | spec
        fleet = self._folder / "fleet.json"
        fleet.write_text(json.dumps([charger, charger | {"identity": "SIM-2"}]))
        command = ["-m", "hub.simulator", "--url", self._central.url, "--fleet", str(fleet)]
        command += ["--speed", str(speed), "--count", "1", "--state", str(self._folder / "state.json")]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-X", "dev", *command, stderr=asyncio.subprocess.PIPE
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        if self.process and self.process.returncode is None:
            await self.stop()

    async def kill(self) -> None:
        """The power is gone."""
        assert self.process is not None
        self.process.kill()
        await self.process.communicate()

    async def stop(self) -> float:
        """SIGTERM; returns the seconds it took to end, and proves that it ended well."""
        assert self.process is not None
        begin = time.monotonic()
        if self.process.returncode is None:
            self.process.terminate()
        try:
            _, stderr = await asyncio.wait_for(self.process.communicate(), DEADLINE)
        except TimeoutError:
            self.process.kill()
            raise
        self.log = stderr.decode()
        assert self.process.returncode == 0, self.log
        assert "Traceback" not in self.log
        return time.monotonic() - begin
