"""The list of a million charges: its plans, its first byte over HTTP, and what an export needs of memory."""

import http.client
import time
from datetime import timedelta
from pathlib import Path

from django.db import connection
from django.utils import timezone

from chargepoints.forms.charges import ChargeFilterForm
from chargepoints.models import Charge, ChargeKey, Driver, SiteLimit
from chargepoints.selectors.audit import Cursor
from chargepoints.selectors.charges import NEWEST, PAGE, charge_scope, charges_find
from hub.teams.choices import Role
from hub.teams.models import Member, User
from tests.bench.chargers import Chargers, chargers
from tests.bench.errors import BenchError
from tests.bench.scene import Scene, pid_of
from tests.bench.table import Cell, percentile, show
from tests.portal.live_tools import session_cookie

EVERY_SECONDS = 26
KEYS = 500

_CHARGES = """
INSERT INTO chargepoints_charge (charge_point_id, transaction_id, state, id_tag, charge_key_id, verdict, started_at,
    start_received_at, ended_at, stop_received_at, meter_start_wh, meter_stop_wh, energy_wh, stop_reason, needs_review,
    bill_due)
SELECT p.ids[1 + n %% cardinality(p.ids)], n, CASE WHEN n <= 300 THEN 'charging' WHEN n %% 4000 = 0 THEN 'failed'
        ELSE 'completed' END, 'KEY-' || n %% %s, p.keys[1 + n %% cardinality(p.keys)], 'Accepted', b.at, b.at,
    CASE WHEN n > 300 THEN b.at + interval '1 hour' END, CASE WHEN n > 300 THEN b.at + interval '1 hour' END,
    n * 10, n * 10 + n %% 60000, n %% 60000, CASE WHEN n > 300 THEN 'EVDisconnected' ELSE '' END,
    CASE WHEN n %% 5000 = 0 THEN 'Its stop never arrived.' ELSE '' END, false
FROM generate_series(1, %s) n, LATERAL (SELECT now() - n * make_interval(secs => %s) AS at) b,
    (SELECT %s::bigint[] AS ids, %s::bigint[] AS keys) p
"""

_BILLS = """
INSERT INTO chargepoints_bill (charge_id, organisation_id, site_id, driver_id, state, currency, energy_wh, seconds,
    idle_seconds, net, vat, total, lines, holds, proposed_why, started_at, ended_at, reviewed_by_name, review_note,
    created_at)
SELECT c.id, t.organisation_id, s.id, k.driver_id, CASE WHEN c.ended_at IS NULL THEN 'open'
        WHEN c.transaction_id::int % 2000 = 0 THEN 'held' WHEN c.transaction_id::int % 701 = 0 THEN 'unpaid'
        ELSE 'paid' END, 'NOK', c.energy_wh, 3600, 0, c.energy_wh * 0.0032, c.energy_wh * 0.0008, c.energy_wh * 0.004,
    '[]', '[]', '', c.started_at, c.ended_at, '', '', c.started_at
FROM chargepoints_charge c JOIN chargepoints_chargepoint p ON p.id = c.charge_point_id
JOIN chargepoints_site s ON s.id = p.site_id JOIN teams_team t ON t.id = s.team_id
LEFT JOIN chargepoints_chargekey k ON k.id = c.charge_key_id
"""


def measure(scene: Scene) -> None:
    """Fill, explain, ask, and take away."""
    count, times = scene.size(20_000, 1_000_000, 1_000_000), scene.size(5, 50, 50)
    some = chargers(scene.size(100, 2_000, 2_000))
    bob = _fill(some, count)
    deep = Charge.objects.order_by(*NEWEST)[count * 9 // 10]
    paths = _paths(some, deep)
    for who, person in (("Alice", some.person), ("Bob, one site", bob)):
        _explain(who, person, "")
    for what in ("driver", "held", "deep page"):
        _explain(f"Alice, {what}", some.person, paths[what])
    rows: list[list[Cell]] = []
    with scene.web("daphne") as server:
        for who, person, path in [
            *((f"Alice, {what}", some.person, path) for what, path in paths.items()),
            ("Bob, all", bob, ""),
        ]:
            cookie = session_cookie(person)
            taken = [_ask(server.port, f"/charges/{path}", cookie)[0] for _ in range(times + 1)][1:]
            rows.append([who, count, percentile(taken, 0.5), percentile(taken, 0.95)])
    show("Charges: milliseconds to the first byte", ("", "charges", "p50", "p95"), rows)
    _take_away(scene, some, count // 5)


def _fill(some: Chargers, count: int) -> User:
    """A million charges with bills; Bob, who has Operations on one site."""
    site = some.rows[0].site
    organisation = site.team.organisation
    drivers = Driver.objects.bulk_create(
        Driver(organisation=organisation, name=f"Driver {number:03}", user_id=f"U-{number}") for number in range(KEYS)
    )
    keys = ChargeKey.objects.bulk_create(
        ChargeKey(organisation=organisation, driver=driver, id_tag=f"KEY-{number}")
        for number, driver in enumerate(drivers)
    )
    bob = User.objects.create(username="bench-bob")
    member = Member.objects.create(user=bob, organisation=organisation, role=Role.OPERATIONS)
    SiteLimit.objects.create(member=member, site=site)
    with connection.cursor() as cursor:
        ids, key_ids = [row.pk for row in some.rows], [key.pk for key in keys]
        # The rows are right by making; checking each foreign key would take longer than writing it.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(_CHARGES, [KEYS, count, EVERY_SECONDS, ids, key_ids])
        cursor.execute(_BILLS)
        cursor.execute("RESET session_replication_role")
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
    return bob


def _paths(some: Chargers, deep: Charge) -> dict[str, str]:
    today = timezone.now().date()
    return {
        "all": "",
        "deep page": f"?before={Cursor(deep.started_at, deep.pk)}",
        "site": f"?site={some.rows[0].site_id}",
        "charger": f"?charge_point={some.rows[0].pk}",
        "driver": "?q=Driver+042",
        "transaction": "?q=777777",
        "nothing found": "?q=nobody-like-this",
        "failed": "?state=failed",
        "running": "?state=charging",
        "held": "?bill=held",
        "to review": "?review=1",
        "a month": f"?since={today - timedelta(days=90)}&until={today - timedelta(days=60)}",
        "5 to 6 kWh": "?least=5&most=6",
        "59.9 kWh and more": "?least=59.9",
    }


def _explain(what: str, person: User, path: str) -> None:
    scope = charge_scope(person)
    query = dict(part.split("=") for part in path.removeprefix("?").replace("+", " ").split("&") if part)
    form = ChargeFilterForm(query)
    rows, after = charges_find(scope, form.filters(scope)), form.page_after()
    if after is not None:
        rows = rows.filter(started_at__lte=after.at).exclude(started_at=after.at, id__gte=after.pk)
    plan = rows.order_by(*NEWEST).values("pk")[: PAGE + 1].explain(analyze=True)
    print(f"\n{what}")
    print("\n".join(f"  {line[:150]}" for line in plan.splitlines()))


def _ask(port: int, path: str, cookie: str) -> tuple[float, int]:
    """Milliseconds to the first byte, and how many bytes came in all."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        begin = time.perf_counter()
        asked.request("GET", path, headers={"Host": "localhost", "Cookie": cookie})
        answer = asked.getresponse()
        size = len(answer.read(1))
        taken = (time.perf_counter() - begin) * 1000
        while chunk := answer.read(65_536):
            size += len(chunk)
        if answer.status != 200:
            raise BenchError(f"{path} answers {answer.status}")
        return taken, size
    finally:
        asked.close()


def _take_away(scene: Scene, some: Chargers, count: int) -> None:
    """Memory at its highest, before and after an export of about so many rows, each by a server of its own."""
    since = timezone.now().date() - timedelta(seconds=count * EVERY_SECONDS)
    rows: list[list[Cell]] = []
    for form in ("csv", "xlsx"):
        with scene.web("daphne") as server:
            cookie = session_cookie(some.person)
            _ask(server.port, "/charges/export/csv/?q=777777", cookie)
            before = _highest_kib(pid_of(server))
            begin = time.perf_counter()
            _, size = _ask(server.port, f"/charges/export/{form}/?since={since}", cookie)
            seconds = time.perf_counter() - begin
            more = (_highest_kib(pid_of(server)) - before) / 1024
        rows.append([form, count, size / 1024 / 1024, seconds, before / 1024, more])
    show("Export of charges", ("", "rows", "MiB", "seconds", "process MiB", "more at its highest"), rows)


def _highest_kib(pid: int) -> int:
    """The most that a process has ever held in memory (VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
