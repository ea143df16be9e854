"""One outlet: cars come, charge and leave; orders from the central system come in between."""

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from hub.simulator.car import Car, arrive
from hub.simulator.clock import now, seconds_until, stamp, text
from hub.simulator.fleet import ConnectorSpec
from hub.simulator.meter import meter_value, sampled
from hub.simulator.orders import Charge, Fault, Reservation, Start, Stop
from hub.simulator.profiles import Session
from hub.simulator.wire import Payload, id_tag_status

if TYPE_CHECKING:
    from hub.simulator.charger import Charger

REGISTER = frozenset({"Energy.Active.Import.Register"})


class Connector:
    """The state machine of one connector. Its energy register in Wh never goes back."""

    def __init__(self, charger: "Charger", spec: ConnectorSpec, register: float) -> None:
        self.charger, self.spec, self.register = charger, spec, register
        self.id = spec.id
        self.power = 0.0
        self.status = "Available"
        self.operative = True
        self.car: Car | None = None
        self.charge: Charge | None = None
        self.fault: Fault | None = None
        self.reservation: Reservation | None = None
        self.expects_start = False
        self._orders: asyncio.Queue[Start | Stop | None] = asyncio.Queue()
        self._shown: tuple[str, Fault | None] = ("", None)
        self._reported: tuple[str, Fault | None] = ("", None)
        self._since = stamp()

    @property
    def is_free(self) -> bool:
        """True when a car could begin here, a reservation apart."""
        resting = self.status in ("Available", "Preparing", "Reserved") and self.charge is None
        return resting and self.operative and not self.fault and not self.expects_start

    @property
    def session(self) -> Session:
        """What the profiles need to know."""
        charge, phases = self.charge, self.car.phases if self.car else self.charger.spec.phases
        if charge is None:
            return Session(self.id, None, None, phases)
        return Session(self.id, charge.transaction, charge.started, phases)

    def settle(self) -> None:
        """Queue the stop of a charge that a loss of power has ended."""
        owed = self.charger.state.lost(self.charger.spec.identity, self.id)
        if owed:
            self.register = max(self.register, owed["meterStop"])
            self.charger.outbox.put("StopTransaction", lambda: owed, lambda _answer: self._forget())

    def start(self, tag: str) -> None:
        """A remote start that was accepted."""
        self.expects_start = True
        self._orders.put_nowait(Start(tag, remote=True))

    def stop(self, reason: str) -> None:
        """Stop with that reason; without a charge the car leaves."""
        self._orders.put_nowait(Stop(reason))

    def look(self) -> None:
        """Something changed that the status may show."""
        self._orders.put_nowait(None)

    def fail(self, fault: Fault) -> None:
        """Become faulted; a running charge ends."""
        self.fault = fault
        self.stop("Other")

    def recover(self) -> None:
        """The fault is over."""
        self.fault = None
        self.look()

    async def run(self, first_gap: float) -> None:
        """Live for ever."""
        gap = first_gap
        while True:
            start = await self._idle(gap)
            await self._visit(start)
            self.expects_start = False
            gap = self.charger.rng.uniform(*self.charger.manner.gap)

    async def report(self, *, early: bool = False) -> None:
        """Send the present status; what does not arrive is sent after the next reconnect."""
        status, fault = shown = self._shown
        payload: Payload = {"connectorId": self.id, "status": status, "errorCode": "NoError"}
        if fault:
            payload |= {"errorCode": fault.error, "info": fault.info, "vendorErrorCode": fault.vendor_error}
            payload["vendorId"] = self.charger.spec.vendor
        answer = await self.charger.say("StatusNotification", payload | {"timestamp": self._since}, early=early)
        if answer is not None:
            self._reported = shown

    async def report_if_news(self) -> None:
        """After a reconnect: send a status that changed while off line."""
        if self._shown != self._reported:
            await self.report()

    def values(self, context: str, only: frozenset[str] | None = None) -> dict[str, Any]:
        """One meterValue element of now."""
        measurands = only or self.charger.config.names("MeterValuesSampledData")
        values = sampled(
            self.charger.rng,
            register=self.register,
            power=self.power,
            car=self.car,
            context=context,
            measurands=measurands or REGISTER,
        )
        return meter_value(stamp(), values)

    async def show(self, status: str) -> None:
        """Change the status and tell the central system."""
        status = "Faulted" if self.fault else status
        if (status, self.fault) == self._shown:
            return
        self.status, self._shown, self._since = status, (status, self.fault), stamp()
        await self.report()

    async def _next(self, seconds: float) -> Start | Stop | None:
        """The next order within that time; None for `look` and when nothing came."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.charger.clock.real(seconds)):
                return await self._orders.get()
        return None

    async def _idle(self, gap: float) -> Start:
        clock = self.charger.clock
        until = clock.time() + gap
        while True:
            if self.reservation and not seconds_until(self.reservation.expires):
                self.reservation = None
            resting = "Reserved" if self.reservation else "Available"
            await self.show(resting if self.operative and self.charger.operative else "Unavailable")
            order = await self._next(min(5.0, max(0.0, until - clock.time())))
            if isinstance(order, Start):
                return order
            if clock.time() < until:
                continue
            if self.is_free and self.charger.operative and self.charger.spec.keys:
                reserved = self.reservation.tag if self.reservation else None
                return Start(reserved or self.charger.rng.choice(self.charger.spec.keys))
            until = clock.time() + 10.0

    async def _visit(self, start: Start) -> None:
        """From plugging in to unplugging."""
        charger, rng = self.charger, self.charger.rng
        self.car = arrive(
            rng,
            max_w=self.spec.max_w,
            phases=charger.spec.phases,
            is_dc=charger.spec.is_dc,
            soc=charger.manner.soc,
        )
        await self.show("Preparing")
        # The driver looks for the card; a remote start may be faster.
        order = await self._next(rng.uniform(2, 6))
        start = order if isinstance(order, Start) else start
        while not isinstance(order, Stop) and not self.fault:
            ask = not start.remote or charger.config.flag("AuthorizeRemoteTxRequests")
            if not ask or await charger.authorize(start.tag):
                await self._depart(await self._deliver(start.tag))
                break
            order = await self._next(rng.uniform(3, 8))
            if not isinstance(order, Start):
                break
            start = order
        self.car = None

    async def _deliver(self, tag: str) -> str:
        """Charge until something ends it; returns the reason."""
        charge = self._begin(tag)
        clock, rng, config = self.charger.clock, self.charger.rng, self.charger.config
        assert self.car is not None
        await self._answered(charge)
        last = clock.time()
        leave = last + rng.uniform(*self.charger.manner.stay)
        sample = last + config.number("MeterValueSampleInterval")
        while True:
            order = await self._next(max(1.0, clock.speed / 50))
            if isinstance(order, Stop):
                return order.reason
            if charge.denied and config.flag("StopTransactionOnInvalidId"):
                return "DeAuthorized"
            present = clock.time()
            offered = min(self.spec.max_w, self.charger.limit(self))
            self.power = self.car.draw(present - last, offered, rng)
            self.register += self.power * (present - last) / 3600.0
            last = present
            paused = offered < self.car.least()
            if self.car.is_full and not paused and self.status != "SuspendedEV":
                leave = min(leave, present + rng.uniform(20, 90))
            await self.show(self._charging_status(paused=paused))
            interval = config.number("MeterValueSampleInterval")
            if interval and present >= sample:
                self._send_values(charge)
                sample = present + interval
            if present >= leave:
                return rng.choice(("Local", "Local", "EVDisconnected"))

    def _charging_status(self, *, paused: bool) -> str:
        assert self.car is not None
        if paused:
            return "SuspendedEVSE"
        return "SuspendedEV" if self.car.is_full else "Charging"

    def _begin(self, tag: str) -> Charge:
        reserved = self.reservation.id if self.reservation and self.reservation.tag == tag else None
        charge = self.charge = Charge(tag, self.register, now(), reserved)
        self.reservation, self.expects_start = None, False
        self._begin_values = self.values("Transaction.Begin", REGISTER)
        payload: Payload = {
            "connectorId": self.id,
            "idTag": tag,
            "meterStart": int(charge.register),
            "timestamp": text(charge.started),
        }
        payload |= {} if reserved is None else {"reservationId": reserved}

        def started(answer: Payload) -> None:
            given = answer.get("transactionId")
            charge.transaction = given if isinstance(given, int) else -1
            charge.denied = id_tag_status(answer) not in (None, "Accepted")
            charge.answered.set()
            self._remember(charge)

        self.charger.outbox.put("StartTransaction", lambda: payload, started)
        return charge

    async def _answered(self, charge: Charge) -> None:
        """Off line the charge goes on without an answer."""
        if self.charger.is_online:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.charger.clock.real(10)):
                    await charge.answered.wait()

    def _remember(self, charge: Charge) -> None:
        if self.charge is charge:
            self.charger.state.keep(self.charger.spec.identity, self.id, charge.transaction, self.register)

    def _forget(self) -> None:
        if self.charge is None:
            self.charger.state.forget(self.charger.spec.identity, self.id)

    def _send_values(self, charge: Charge) -> None:
        self._remember(charge)
        reading = self.values("Sample.Periodic")
        self.charger.outbox.put(
            "MeterValues",
            lambda: {
                "connectorId": self.id,
                "transactionId": charge.transaction,
                "meterValue": [reading],
            },
            lambda _answer: None,
        )

    async def _depart(self, reason: str) -> None:
        """Stop the transaction; the car stays a little unless its driver has unplugged it."""
        charge, self.charge, self.power = self.charge, None, 0.0
        assert charge is not None
        payload: Payload = {"meterStop": int(self.register), "timestamp": stamp(), "reason": reason}
        payload["transactionData"] = [self._begin_values, self.values("Transaction.End", REGISTER)]
        payload |= {"idTag": charge.tag} if reason == "Local" else {}
        self.charger.outbox.put(
            "StopTransaction",
            lambda: payload | {"transactionId": charge.transaction},
            lambda _answer: self._forget(),
        )
        self.charger.profiles.end_charge(self.id)
        if reason != "EVDisconnected":
            await self.show("Finishing")
            await self._next(self.charger.rng.uniform(5, 20))
