"""The demo's prices, and who pays how. Amounts are those of the currency, per kWh or per minute."""

from dataclasses import dataclass, field
from decimal import Decimal

from hub.demo.operators import FJORD, MINDE, NORDLYS, ZUIDAS


@dataclass(frozen=True)
class DemoPrice:
    """A price group with one price; `sites` choose it, the default is for the others."""

    operator: str
    name: str
    currency: str
    description: str
    fields: dict[str, object]
    sites: tuple[str, ...] = ()
    is_default: bool = False
    hold: Decimal = Decimal(0)


@dataclass(frozen=True)
class DemoPayer:
    """How a driver pays: by wallet, which holds `money`, or by invoice."""

    user_id: str
    kind: str
    currency: str = "NOK"
    money: Decimal = field(default=Decimal(0))


NIGHT_AND_DAY: list[dict[str, object]] = [
    {
        "label": "Night",
        "weekdays": [0, 1, 2, 3, 4, 5, 6],
        "from_minute": 22 * 60,
        "to_minute": 6 * 60,
        "per_kwh": "2.10",
        "per_minute": None,
    },
    {
        "label": "Weekend",
        "weekdays": [5, 6],
        "from_minute": 0,
        "to_minute": 24 * 60,
        "per_kwh": "2.90",
        "per_minute": None,
    },
]

PRICES = (
    DemoPrice(
        NORDLYS,
        "Public",
        "NOK",
        "For everybody who comes by",
        {
            "vat_percent": Decimal(25),
            "per_kwh": Decimal("4.50"),
            "start_fee": Decimal(10),
            "idle_per_minute": Decimal(2),
            "idle_grace_minutes": 10,
            "idle_maximum": Decimal(200),
        },
        is_default=True,
        hold=Decimal(150),
    ),
    DemoPrice(
        NORDLYS,
        "Night and day",
        "NOK",
        "For the depot: cheap at night",
        {"vat_percent": Decimal(25), "per_kwh": Decimal("3.60"), "windows": NIGHT_AND_DAY},
        sites=(MINDE,),
    ),
    DemoPrice(
        NORDLYS,
        "Netherlands",
        "EUR",
        "Parking by the minute as well",
        {"vat_percent": Decimal(21), "per_kwh": Decimal("0.55"), "per_minute": Decimal("0.02"), "free_minutes": 30},
        sites=(ZUIDAS,),
    ),
    DemoPrice(
        FJORD,
        "Standard",
        "NOK",
        "",
        {"vat_percent": Decimal(25), "per_kwh": Decimal("3.90")},
        is_default=True,
    ),
)

PAYERS = (
    DemoPayer("N-1000", "wallet", money=Decimal(500)),
    DemoPayer("N-1001", "wallet", money=Decimal(1500)),
    DemoPayer("N-1002", "invoice"),
    DemoPayer("N-1003", "wallet", money=Decimal(800)),
    DemoPayer("N-1004", "invoice", "EUR"),
    DemoPayer("N-1005", "invoice", "EUR"),
    DemoPayer("N-2001", "invoice"),
    DemoPayer("N-2002", "invoice"),
    DemoPayer("F-1001", "wallet", money=Decimal(1000)),
    DemoPayer("F-1002", "invoice"),
)
