"""A car: how much power its battery takes."""

from dataclasses import dataclass
from random import Random

VOLTAGE = 230.0
MIN_AMPERE = 6.0
RAMP_SECONDS = 20.0


@dataclass
class Car:
    """A battery on a cable. `soc` and `target` in percent, powers in W, `capacity` in Wh."""

    capacity: float
    soc: float
    target: float
    max_w: float
    phases: int
    is_dc: bool
    ramp: float = 0.0

    @property
    def is_full(self) -> bool:
        """True when the car asks for no more energy."""
        return self.soc >= self.target

    def least(self) -> float:
        """The power below which the car does not charge at all: 6 A per phase (IEC 61851), 1 kW for DC."""
        return 1000.0 if self.is_dc else MIN_AMPERE * VOLTAGE * self.phases

    def draw(self, seconds: float, offered: float, rng: Random) -> float:
        """Take what is offered for that long; returns the power in W and fills the battery."""
        if self.is_full or offered < self.least():
            self.ramp = 0.0
            return 0.0
        self.ramp = min(1.0, self.ramp + seconds / RAMP_SECONDS)
        wanted = self.max_w * self._taper() * self.ramp * rng.uniform(0.985, 1.0)
        power = min(max(wanted, self.least() * self.ramp), offered)
        self.soc = min(100.0, self.soc + power * seconds / 36.0 / self.capacity)
        return power

    def _taper(self) -> float:
        knee = 80.0 if self.is_dc else 96.0
        if self.soc <= knee:
            return 1.0
        return max(0.08, 1.0 - 0.92 * (self.soc - knee) / (100.0 - knee))


def arrive(rng: Random, *, max_w: int, phases: int, is_dc: bool, soc: tuple[float, float]) -> Car:
    """A car as it comes along; it never takes more than the connector's `max_w`."""
    capacity = rng.choice((38_000.0, 52_000.0, 64_000.0, 77_000.0, 94_000.0))
    own_phases = min(phases, rng.choice((1, 3, 3, 3)))
    own_max = rng.choice((90_000.0, 135_000.0, 170_000.0)) if is_dc else VOLTAGE * own_phases * 16.0
    if not is_dc and max_w >= 22_000 and own_phases == 3 and rng.random() < 0.25:
        own_max *= 2
    level = rng.uniform(*soc)
    target = max(level + 1.0, rng.choice((80.0, 90.0, 100.0, 100.0)))
    if rng.random() < 0.3:
        # Somebody who only tops up: the car ends the charge while one watches.
        target = level + rng.uniform(0.3, 1.5)
    return Car(capacity, level, min(100.0, target), min(own_max, max_w), own_phases, is_dc)
