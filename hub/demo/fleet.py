"""The chargers of the demo: those that are simulated, and the spare one for a real charger.

The simulator starts the first ones of SIMULATED; with its usual dozen, the last two stay "pending".
"""

from dataclasses import dataclass

from hub.demo.operators import AKER_BRYGGE, MINDE, STORTORGET, ZUIDAS

KEYS_OSLO = ("DEMO-TAG-1", "DEMO-TAG-3", "DEMO-TAG-4", "DEMO-TAG-5", "DEMO-TAG-6")
KEYS_BERGEN = ("DEMO-TAG-9", "DEMO-TAG-10", "DEMO-TAG-11", "DEMO-TAG-12")
KEYS_AMSTERDAM = ("DEMO-TAG-5", "DEMO-TAG-7", "DEMO-TAG-8")
KEYS_TROMSO = ("FJORD-TAG-1", "FJORD-TAG-2")


@dataclass(frozen=True)
class DemoModel:
    """A make of charger; power in watts, one (power, plug) pair per connector."""

    vendor: str
    model: str
    firmware: str
    connectors: tuple[tuple[int, str], ...]
    phases: int = 3


# Makers and models are made up.
AC_DUAL = DemoModel("Voltaris", "Duo 22", "3.8.1", ((22_000, "Type2"), (22_000, "Type2")))
WALLBOX = DemoModel("Voltaris", "Wall 11", "3.7.4", ((11_000, "Type2"),))
WALLBOX_SINGLE_PHASE = DemoModel("Heimlader", "Mini 7", "1.12.0", ((7_400, "Type2"),), phases=1)
DC_150 = DemoModel("Polstrom", "HPC 150", "2026.2.3", ((150_000, "CCS"), (50_000, "CHAdeMO")))
DC_300 = DemoModel("Polstrom", "HPC 300", "2026.2.3", ((300_000, "CCS"), (300_000, "CCS")))


@dataclass(frozen=True)
class DemoCharger:
    """One charger. `behaviour` tells the simulator how lively it is; `keys` are what drivers present."""

    identity: str
    name: str
    site: str
    make: DemoModel
    serial: str
    location: str
    keys: tuple[str, ...] = ()
    behaviour: str = "busy"


SIMULATED = (
    DemoCharger("DEMO-OSLO-01", "P1 east", AKER_BRYGGE, AC_DUAL, "VD22-300117", "Level 1, bay 4-5", KEYS_OSLO),
    DemoCharger(
        "DEMO-OSLO-02",
        "P1 west",
        AKER_BRYGGE,
        AC_DUAL,
        "VD22-300118",
        "Level 1, bay 6-7",
        (*KEYS_OSLO, "DEMO-TAG-2"),
    ),
    DemoCharger(
        "DEMO-OSLO-03",
        "Rapid 1",
        AKER_BRYGGE,
        DC_150,
        "PH150-0412",
        "Ground floor, at the gate",
        KEYS_OSLO,
        "dc",
    ),
    DemoCharger(
        "DEMO-OSLO-04",
        "P2 ramp",
        AKER_BRYGGE,
        AC_DUAL,
        "VD22-300131",
        "Level 2, bay 1-2",
        KEYS_OSLO,
        "faulty",
    ),
    DemoCharger("DEMO-BERGEN-01", "Van 1", MINDE, WALLBOX, "VW11-88014", "Hall A", KEYS_BERGEN[:2], "fleet"),
    DemoCharger("DEMO-BERGEN-02", "Van 2", MINDE, WALLBOX, "VW11-88015", "Hall A", KEYS_BERGEN[2:], "fleet"),
    DemoCharger("DEMO-BERGEN-03", "Visitors", MINDE, WALLBOX_SINGLE_PHASE, "HM7-2207", "Yard", KEYS_BERGEN, "calm"),
    DemoCharger("DEMO-BERGEN-04", "Yard", MINDE, AC_DUAL, "VD22-300240", "Yard, behind the wash", KEYS_BERGEN, "flaky"),
    DemoCharger("DEMO-AMS-01", "Rapid A", ZUIDAS, DC_300, "PH300-0077", "Level -1, row A", KEYS_AMSTERDAM, "dc"),
    DemoCharger("DEMO-AMS-02", "Rapid B", ZUIDAS, DC_150, "PH150-0415", "Level -1, row B", KEYS_AMSTERDAM, "dc"),
    DemoCharger("DEMO-AMS-03", "C1", ZUIDAS, AC_DUAL, "VD22-300512", "Level -2, row C", KEYS_AMSTERDAM),
    DemoCharger("DEMO-FJORD-01", "Torget 1", STORTORGET, AC_DUAL, "VD22-300601", "North side", KEYS_TROMSO),
    DemoCharger("DEMO-AMS-04", "C2", ZUIDAS, AC_DUAL, "VD22-300513", "Level -2, row C", KEYS_AMSTERDAM),
    DemoCharger("DEMO-FJORD-02", "Torget 2", STORTORGET, WALLBOX, "VW11-88090", "South side", KEYS_TROMSO, "calm"),
)

# Something to try: what a simulated charger takes for firmware begins with its version.
NEW_FIRMWARE = (DemoModel("Voltaris", "Duo 22", "3.9.0", ()), DemoModel("Polstrom", "HPC 150", "2026.3.0", ()))

SPARE = DemoCharger(
    "SPARE-1",
    "Spare",
    AKER_BRYGGE,
    DemoModel("", "", "", ((22_000, "Type2"), (22_000, "Type2"))),
    "",
    "For your own charger",
)
