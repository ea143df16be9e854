"""One charger: its connection, its registration and what happens to the box as a whole."""

import asyncio
import base64
import contextlib
import logging
import re
from collections.abc import Coroutine
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from hub.simulator.answers import Answers
from hub.simulator.clock import Clock, now, stamp
from hub.simulator.config import factory
from hub.simulator.connector import Connector
from hub.simulator.fleet import MANNERS, ChargerSpec, ConnectorSpec, Span
from hub.simulator.orders import Fault
from hub.simulator.outbox import Outbox
from hub.simulator.profiles import Profiles
from hub.simulator.state import State
from hub.simulator.wire import Lost, NoAnswer, Payload, RpcError, Wire, id_tag_status

log = logging.getLogger("hub.simulator")
SUBPROTOCOL = Subprotocol("ocpp1.6")
BACK_OFF = (1.0, 30.0)
FAULTS = (
    Fault("GroundFailure", "E-017", "Residual current device tripped"),
    Fault("ConnectorLockFailure", "E-031", "Lock does not reach its end position"),
    Fault("HighTemperature", "E-052", "Plug temperature 91 Celsius"),
    Fault("OtherError", "0x0A40", "Contactor feedback missing"),
)


class Charger:
    """Everything of a box that survives its connections. `url` is the endpoint without identity."""

    def __init__(self, spec: ChargerSpec, url: str, clock: Clock, seed: int, state: State) -> None:
        self.spec, self.clock, self.state = spec, clock, state
        self.rng = Random(f"{seed}/{spec.identity}")  # noqa: S311 - a simulation, not a secret
        self.manner = MANNERS[spec.behaviour]
        self.config = factory(self.rng, len(spec.connectors))
        self.profiles = Profiles()
        self.outbox = Outbox(clock, self.config)
        self.connectors = {c.id: Connector(self, c, _register(self.rng, c)) for c in spec.connectors}
        self.operative = True
        self.firmware = spec.firmware
        self.password = (spec.password or "").encode() if spec.password is not None else None
        self.list_version = 0
        self.local_list: dict[str, Payload] = {}
        self.cache: dict[str, str] = {}
        self.firmware_status = self.diagnostics_status = "Idle"
        self.boot_now = asyncio.Event()
        self._address = f"{url.rstrip('/')}/{quote(spec.identity, safe='')}"
        self._answers = Answers(self)
        self._needs_boot = True
        self._down = 0.0
        self._wire: Wire | None = None
        self._accepted = False
        self._tasks: asyncio.TaskGroup | None = None

    @property
    def is_online(self) -> bool:
        """Connected and accepted by the central system."""
        return self._wire is not None and self._accepted

    async def run(self) -> None:
        """Live until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            self._tasks.create_task(self._link())
            for connector in self.connectors.values():
                connector.settle()
                at_once = self.rng.random() < 0.65
                gap = self.rng.uniform(0, 3) if at_once else self.rng.uniform(5, 40)
                self._tasks.create_task(connector.run(gap))
            if self.manner.drop:
                self._tasks.create_task(self._drop_sometimes(self.manner.drop))
            if self.manner.fault:
                self._tasks.create_task(self._fail_sometimes(self.manner.fault))
            self._tasks.create_task(self._chat())

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something in the background of this charger."""
        assert self._tasks is not None
        return self._tasks.create_task(work)

    async def say(self, action: str, payload: Payload, *, early: bool = False) -> Payload | None:
        """Send what is not about a transaction; None when it was lost. `early`: also before acceptance."""
        wire = self._wire
        if wire is None or not (self._accepted or early):
            return None
        try:
            return await wire.call(action, payload)
        except RpcError as error:
            if error.code == "SecurityError" and self._accepted:
                self._needs_boot = True
                await wire.close()
        except (NoAnswer, Lost):
            pass
        return None

    def limit(self, connector: Connector) -> float:
        """What the profiles allow there now, in W."""
        sharers = sum(c.charge is not None for c in self.connectors.values())
        watts = self.profiles.limit(connector.session, sharers=sharers)
        return connector.spec.max_w if watts is None else watts

    async def authorize(self, tag: str) -> bool:
        """Ask the local list or the central system; off line the cache and the configuration decide."""
        listed = self._listed(tag)
        if listed and self.config.flag("LocalPreAuthorize"):
            return listed == "Accepted"
        answer = await self.say("Authorize", {"idTag": tag})
        if answer is not None:
            status = self.cache[tag] = id_tag_status(answer) or "Invalid"
            return status == "Accepted"
        known = listed or self.cache.get(tag)
        if known and self.config.flag("LocalAuthorizeOffline"):
            return known == "Accepted"
        return self.config.flag("AllowOfflineTxForUnknownId")

    async def restart(self, reason: str, *, soft: bool = False) -> None:
        """Stop the charges with that reason, go down and come back with a BootNotification."""
        self._needs_boot = True
        for connector in self.connectors.values():
            connector.stop(reason)
        patience = self.clock.time() + 5.0
        while soft and self.clock.time() < patience and (len(self.outbox) or self._is_charging()):
            await self.clock.sleep(0.2)
        self._down = self.rng.uniform(3.0, 8.0)
        self._accepted = False
        if self._wire is not None:
            await self._wire.close()

    async def comes_back(self) -> None:
        """Wait until the charger is on line again."""
        while not self.is_online:
            await self.clock.sleep(0.5)

    def _is_charging(self) -> bool:
        return any(connector.charge for connector in self.connectors.values())

    def _listed(self, tag: str) -> str | None:
        info = self.local_list.get(tag)
        if info is None or not self.config.flag("LocalAuthListEnabled"):
            return None
        expires = info["expires"]
        return "Expired" if expires and expires <= now() else str(info["status"])

    async def _link(self) -> None:
        """Connect, live on the connection, wait, again: for ever."""
        wait, silent = BACK_OFF[0], False
        await self.clock.sleep(self.rng.uniform(0, 1))
        while True:
            useful = False
            try:
                async with self._connect() as ws:
                    silent = False
                    useful = await self._session(ws)
            except (OSError, WebSocketException, TimeoutError) as error:
                if not silent:
                    log.warning("%s cannot connect: %s", self.spec.identity, error)
                silent = True
            wait = BACK_OFF[0] if useful else min(wait * 2, BACK_OFF[1])
            await self.clock.sleep(self._down or self.rng.uniform(0.5, 1.0) * wait)
            self._down = 0.0

    def _connect(self) -> connect:
        headers = {}
        if self.password is not None:
            credentials = base64.b64encode(self.spec.identity.encode() + b":" + self.password)
            headers["Authorization"] = f"Basic {credentials.decode()}"
        return connect(
            self._address,
            subprotocols=[SUBPROTOCOL],
            additional_headers=headers,
            compression=None,
            proxy=None,
            open_timeout=10,
            close_timeout=0.5,
            ping_interval=self.config.number("WebSocketPingInterval") or None,
        )

    async def _session(self, ws: ClientConnection) -> bool:
        """Live on one connection; True when the server was of any use on it."""
        wire = self._wire = Wire(ws, self._answers.answer, self.spawn)
        log.info("%s connected", self.spec.identity)
        life = self.spawn(self._speak(wire))
        try:
            await wire.run()
        finally:
            self._wire, self._accepted = None, False
            life.cancel()
        log.info("%s disconnected: %s", self.spec.identity, wire.end)
        return wire.answered > 0 and not self._needs_boot

    async def _speak(self, wire: Wire) -> None:
        booted = self._needs_boot
        with contextlib.suppress(Lost):
            while self._needs_boot:
                await self._boot(wire)
            self._accepted = True
            pump = self.spawn(self.outbox.pump(wire))
            try:
                await self._tell_statuses(everything=booted)
                while True:
                    await self.clock.sleep(max(1, self.config.number("HeartbeatInterval")))
                    await self.say("Heartbeat", {})
            finally:
                pump.cancel()

    async def _boot(self, wire: Wire) -> None:
        """One BootNotification, and the wait the central system asks for when it does not accept."""
        answer: Payload = {}
        self.boot_now.clear()
        with contextlib.suppress(RpcError, NoAnswer):
            answer = await wire.call("BootNotification", self.boot_payload())
        told = answer.get("interval")
        interval = told if isinstance(told, int) and told > 0 else 60
        if answer.get("status") == "Accepted":
            self.config.values["HeartbeatInterval"] = str(interval)
            self._needs_boot = False
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.clock.real(interval)):
                await self.boot_now.wait()

    def boot_payload(self) -> Payload:
        """What the charger says of itself; texts cut to the lengths that OCPP 1.6 allows."""
        spec = self.spec
        payload = {"chargePointVendor": spec.vendor[:20], "chargePointModel": spec.model[:20]}
        if spec.serial:
            payload |= {"chargePointSerialNumber": spec.serial[:25], "meterSerialNumber": spec.serial[:25]}
        return payload | {"firmwareVersion": self.firmware[:50], "meterType": "Class B three-phase"}

    async def tell_box(self, *, early: bool = False) -> None:
        """StatusNotification of connector 0, the box itself."""
        status = "Available" if self.operative else "Unavailable"
        payload = {"connectorId": 0, "status": status, "errorCode": "NoError", "timestamp": stamp()}
        await self.say("StatusNotification", payload, early=early)

    async def _tell_statuses(self, *, everything: bool) -> None:
        if everything:
            await self.tell_box()
        for connector in self.connectors.values():
            await (connector.report() if everything else connector.report_if_news())

    async def _drop_sometimes(self, span: Span) -> None:
        while True:
            await self.clock.sleep(self.rng.uniform(*span))
            if self._wire is not None:
                self._down = self.rng.uniform(3.0, 15.0)
                if self.rng.random() < 0.5:
                    self._wire.cut()
                else:
                    await self._wire.close()

    async def _fail_sometimes(self, span: Span) -> None:
        while True:
            await self.clock.sleep(self.rng.uniform(*span))
            connector = self.rng.choice(list(self.connectors.values()))
            connector.fail(self.rng.choice(FAULTS))
            await self.clock.sleep(self.rng.uniform(15, 40))
            connector.recover()

    async def _chat(self) -> None:
        while True:
            await self.clock.sleep(self.rng.uniform(120, 400))
            vendor = re.sub(r"\W+", "", self.spec.vendor).lower() or "vendor"
            data = f'{{"signal":{self.rng.randint(-98, -61)},"temperature":{self.rng.randint(18, 44)}}}'
            await self.say("DataTransfer", {"vendorId": f"com.{vendor}", "messageId": "health", "data": data})


def _register(rng: Random, spec: ConnectorSpec) -> float:
    """A first meter reading in Wh that a later start of the simulation never falls below."""
    age = (now() - datetime(2026, 1, 1, tzinfo=UTC)).total_seconds()
    return (rng.uniform(10_000, 900_000) + age * spec.max_w / 3600.0) % 2_000_000_000
