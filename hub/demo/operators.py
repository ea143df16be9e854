"""The two operators of the demo, their sites, people, drivers and charge keys."""

from dataclasses import dataclass

PASSWORD = "demo"  # noqa: S105 - known on purpose: the demo runs on loopback only

NORDLYS = "Nordlys Charging"
FJORD = "Fjord Mobility"
AKER_BRYGGE = "Aker Brygge P-hus"
MINDE = "Minde Depot"
ZUIDAS = "Zuidas Parking"
STORTORGET = "Stortorget"


@dataclass(frozen=True)
class DemoSite:
    """A site and the team that owns it; `power_limit_w` in watts."""

    operator: str
    team: str
    name: str
    address: str
    city: str
    time_zone: str
    phone: str
    power_limit_w: int


@dataclass(frozen=True)
class DemoPerson:
    """A user of the portal; without sites they may see all of the operator's."""

    username: str
    first_name: str
    last_name: str
    operator: str
    role: str
    is_staff: bool = False
    sites: tuple[str, ...] = ()


@dataclass(frozen=True)
class DemoDriver:
    """A driver and their RFID cards."""

    operator: str
    name: str
    user_id: str
    keys: tuple[str, ...]
    blocked: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        """An address in a domain that is reserved for examples."""
        return f"{self.name.split()[0].lower()}@example.com"


SITES = (
    DemoSite(NORDLYS, "Norway", AKER_BRYGGE, "Sjøgata 4", "Oslo", "Europe/Oslo", "+47 22 00 00 01", 250_000),
    DemoSite(NORDLYS, "Norway", MINDE, "Kanalveien 51", "Bergen", "Europe/Oslo", "+47 55 00 00 02", 90_000),
    DemoSite(
        NORDLYS,
        "Netherlands",
        ZUIDAS,
        "Strawinskylaan 10",
        "Amsterdam",
        "Europe/Amsterdam",
        "+31 20 000 0003",
        500_000,
    ),
    DemoSite(FJORD, "Tromsø", STORTORGET, "Stortorget 1", "Tromsø", "Europe/Oslo", "+47 77 00 00 04", 66_000),
)

PEOPLE = (
    DemoPerson("alice", "Alice", "Aas", NORDLYS, "admin", is_staff=True),
    DemoPerson("bob", "Bob", "Berg", NORDLYS, "operations", sites=(AKER_BRYGGE,)),
    DemoPerson("charlie", "Charlie", "Carlsen", FJORD, "admin", is_staff=True),
)

DRIVERS = (
    DemoDriver(NORDLYS, "Test Driver", "N-1000", ("DEMO-TAG-1", "DEMO-TAG-2"), blocked=("DEMO-TAG-2",)),
    DemoDriver(NORDLYS, "Ingrid Solberg", "N-1001", ("DEMO-TAG-3", "DEMO-TAG-4")),
    DemoDriver(NORDLYS, "Lars Haugen", "N-1002", ("DEMO-TAG-5",)),
    DemoDriver(NORDLYS, "Amina Yusuf", "N-1003", ("DEMO-TAG-6",)),
    DemoDriver(NORDLYS, "Daan de Vries", "N-1004", ("DEMO-TAG-7",)),
    DemoDriver(NORDLYS, "Sanne Bakker", "N-1005", ("DEMO-TAG-8",)),
    DemoDriver(NORDLYS, "Bergen Bybud Van 1", "N-2001", ("DEMO-TAG-9", "DEMO-TAG-10")),
    DemoDriver(NORDLYS, "Bergen Bybud Van 2", "N-2002", ("DEMO-TAG-11", "DEMO-TAG-12")),
    DemoDriver(FJORD, "Nils Sara", "F-1001", ("FJORD-TAG-1",)),
    DemoDriver(FJORD, "Elle Utsi", "F-1002", ("FJORD-TAG-2",)),
)
