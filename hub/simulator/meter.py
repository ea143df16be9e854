"""Meter samples in the form of OCPP 1.6."""

from collections.abc import Collection
from random import Random
from typing import Any

from hub.simulator.car import VOLTAGE, Car

Value = dict[str, str]


def sampled(
    rng: Random, *, register: float, power: float, car: Car | None, context: str, measurands: Collection[str]
) -> list[Value]:
    """The values of one moment: register in Wh, power in W, current and voltage per phase, SoC for DC."""
    values: list[Value] = []

    def add(measurand: str, value: str, unit: str, **more: str) -> None:
        if measurand in measurands:
            place = {"location": "EV"} if measurand == "SoC" else {"location": "Outlet"}
            values.append({"value": value, "measurand": measurand, "unit": unit, "context": context} | place | more)

    add("Energy.Active.Import.Register", str(int(register)), "Wh")
    add("Power.Active.Import", f"{power:.1f}", "W")
    if car is not None and car.is_dc:
        volts = 330.0 + 0.9 * car.soc
        add("Current.Import", f"{power / volts:.1f}", "A")
        add("Voltage", f"{volts:.1f}", "V")
        add("SoC", f"{car.soc:.0f}", "Percent")
        return values
    phases = car.phases if car else 3
    for phase in range(1, phases + 1):
        volts = VOLTAGE + rng.uniform(-2.5, 2.5)
        add("Current.Import", f"{power / phases / volts:.2f}", "A", phase=f"L{phase}")
        add("Voltage", f"{volts:.1f}", "V", phase=f"L{phase}-N")
    return values


def meter_value(timestamp: str, values: list[Value]) -> dict[str, Any]:
    """One element of a meterValue list."""
    return {"timestamp": timestamp, "sampledValue": values}
