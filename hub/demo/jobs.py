"""The demo's installer job: half done, with notes of both sides."""

from dataclasses import dataclass

from hub.demo.operators import ZUIDAS


@dataclass(frozen=True)
class DemoJob:
    """A job at a site. `passed` are steps of the first charge point, with what was seen."""

    site: str
    template: str
    description: str
    instructions: str
    installer: str
    contact: str
    checks: tuple[str, ...]
    configuration: tuple[tuple[str, str], ...]
    passed: tuple[tuple[str, str], ...]
    operator_note: str
    installer_note: str


JOB = DemoJob(
    ZUIDAS,
    "Parking garage",
    "Four chargers on levels -1 and -2. Two are new and have never called.",
    "1. Type the serial from the plate.\n2. Type the OCPP address into the charger.\n"
    "3. Wait until it has called, then test each connector.\n4. Photos of the plate and of the wiring.",
    "Sanne de Vries",
    "+31 20 555 0100",
    ("connected", "booted", "serial", "clock", "configuration", "start", "energy", "stop"),
    (("HeartbeatInterval", "300"), ("MeterValueSampleInterval", "60")),
    (
        ("connected", "Called from 192.0.2.44 with the right password."),
        ("booted", "Polstrom HPC 300, firmware 2026.2.3."),
        ("serial", "PH300-0077, two connectors."),
        ("clock", "0.4 s behind ours."),
    ),
    "The fuse of row C is behind the second door. The key is at the reception.",
    "C2 has no network yet: the switch on level -2 is missing. Back on Thursday.",
)
