"""Who gets what at every address and live socket: the table that `test_matrix.py` walks.

To add an address, write one line in TABLE:

    Url("site_edit", of="site", get=EDITORS, post=EDITORS),

- `name` is the name of the URL with its namespace, or the whole route of one without a name. One name may have
  several lines, with other arguments.
- `get` and `post` are the roles that get in; a method that is left out is answered with 405. EVERY is every
  member, ANYBODY is also who is not signed in.
- `of` says what the address names (a function of `matrix_scene.OBJECTS`): it is tried with an object of Bob's site,
  with one out of his reach, and with one of another organisation, which must not be there (404). `more` are the
  other arguments.
- Whoever sees the object without having the right gets `refused`, 403 unless the line says 404.
- `whole=True` is for what nobody does who is limited to some sites: Bob is refused.
- `as_key=True` is for the API: the same people by keys of their own; nobody gets 401 instead of the login page.
- `staff=True` is for the administration: who is not staff is led to its login page. It is walked by Alice, Bob and
  nobody only; `test_admin.py` asks for the others. `led_away=True`: they are led to another page instead.

A POST is sent with an empty body, so it may be told that something is missing; that counts as getting in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Model

from chargepoints import models as domain
from hub.audit.models import AuditEntry
from hub.teams import models as teams
from hub.teams.choices import Role

Roles = frozenset[Role]
EVERY: Roles = frozenset(Role)
ADMINS: Roles = frozenset({Role.ADMIN})
EDITORS: Roles = frozenset({Role.ADMIN, Role.OPERATIONS})
COMMANDERS: Roles = frozenset({Role.ADMIN, Role.OPERATIONS})
REBOOTERS: Roles = frozenset({Role.ADMIN, Role.OPERATIONS, Role.SUPPORT})
MONEY: Roles = frozenset({Role.ADMIN, Role.FINANCE})
NOBODY: Roles = frozenset()
ANYBODY = "anybody"


@dataclass(frozen=True)
class Url:
    """One line of the table."""

    name: str
    get: Roles | str | None = None
    post: Roles | str | None = None
    of: str | type[Model] = ""
    more: Mapping[str, object] = field(default_factory=dict)
    refused: int = 403
    whole: bool = False
    as_key: bool = False
    staff: bool = False
    led_away: bool = False
    path: str = ""


def page(
    label: str,
    model: type[Model],
    *,
    add: bool = True,
    change: bool = True,
    delete: bool | None = None,
    seen: bool = True,
) -> list[Url]:
    """The addresses of one model in the administration; `seen=False`: superusers only. Deleted is what can be added."""
    read = ADMINS if seen else NOBODY
    one = read if model is not domain.MeterSample else NOBODY
    lacking = 403 if seen and one else 404
    of: str | type[Model] = model if seen else ""
    more: dict[str, object] = {} if seen else {"object_id": "1"}
    write = ADMINS if add else NOBODY
    remove = write if delete is None else NOBODY
    edit = ADMINS if change else NOBODY
    name = f"admin:{label}_{model._meta.model_name}"
    return [
        Url(f"{name}_changelist", get=read, post=read, staff=True),
        Url(f"{name}_add", get=write, post=write, staff=True),
        Url(f"{name}_change", of=of, more=more, get=one, post=edit, refused=lacking, staff=True),
        Url(f"{name}_delete", of=of, more=more, get=remove, post=remove, refused=lacking, staff=True),
        Url(f"{name}_history", of=of, more=more, get=one, post=one, refused=lacking, staff=True),
        # Leads to the change page, whatever there is.
        Url(
            f"admin/{label}/{model._meta.model_name}/<path:object_id>/",
            more={"object_id": "1"},
            get=ADMINS,
            post=ADMINS,
            staff=True,
        ),
    ]


def desk(name: str, *, of: str = "charge_point", get: Roles = EVERY, **more: object) -> Url:
    """A page of the desk that can only be read."""
    return Url(name, of=of, get=get, more=more)


def act(kind: str, roles: Roles) -> Url:
    """A remote action's dialog."""
    return Url("action", of="charge_point", more={"kind": kind}, get=roles, post=roles)


def _missing(name: str, path: str = "", **more: object) -> Url:
    return Url(name, path=path, more=more, get=NOBODY, post=NOBODY, refused=404, staff=True)


FRAME = [
    Url("healthz", get=ANYBODY, post=ANYBODY),
    Url("login", get=ANYBODY, post=ANYBODY),
    Url("logout", post=EVERY),
    Url("preferences", post=EVERY),
]
DESK = [
    desk("overview", of=""),
    desk("overview_panel", of="", panel="kpis"),
    desk("overview_panel", of="", panel="attention"),
    desk("charge_point"),
    *(desk("panel", panel=panel) for panel in ("head", "connectors", "actions", "commands", "power")),
    desk("charge_point_status_log"),
    desk("charge_point_integration"),
    desk("charge_point_configuration"),
    desk("charge_point_findings"),
    act("reboot", REBOOTERS),
    act("trigger", REBOOTERS),
    act("read_configuration", REBOOTERS),
    act("start", COMMANDERS),
    act("stop", COMMANDERS),
    act("unlock", COMMANDERS),
    act("availability", COMMANDERS),
    act("clear_cache", COMMANDERS),
    act("configure", COMMANDERS),
    act("extended_trigger", COMMANDERS),
    act("rotate_password", COMMANDERS),
    desk("keys", get=COMMANDERS),
    desk("command", of="command"),
    desk("log_rows"),
    desk("log_line", of="log_line"),
    desk("log_line_raw", of="log_line"),
    desk("audit", of="", get=ADMINS),
    desk("audit_export", of="", get=ADMINS, form="csv"),
    desk("audit_export", of="", get=ADMINS, form="jsonl"),
    desk("reports", of=""),
    desk("reports_export", of="", form="csv"),
    desk("reports_export", of="", form="xlsx"),
    desk("home_charging", of="", get=MONEY),
    Url("home_charger_new", get=MONEY, post=MONEY),
    Url("home_charger_edit", of="home_charger", get=MONEY, post=MONEY),
    Url("home_charger_remove", of="home_charger", get=MONEY, post=MONEY),
    desk("home_statement", of="home_driver", get=MONEY),
    desk("home_statement_export", of="home_driver", get=MONEY, form="csv"),
    desk("ledger", of="", get=MONEY),
    desk("ledger_check", of="", get=MONEY),
]
HISTORY = (
    *(domain.Charge, domain.StatusChange, domain.Command, domain.Connection, domain.LinkPeriod),
    *(domain.ConnectionAttempt, domain.Finding, domain.LogLine, domain.MeterSample, domain.ConfigurationItem),
    *(domain.LocalList, domain.ChargingProfile, domain.Reservation, domain.SecurityEvent),
    *(domain.InstalledCertificate, domain.IssuedCertificate, domain.MaintenancePeriod),
)
EDITED = (domain.Site, domain.Connector, domain.Driver, domain.ChargeKey)
ADMINISTRATION = [
    Url("admin:index", get=EVERY, post=EVERY, staff=True),
    Url("admin:login", get=ANYBODY, post=ANYBODY),
    Url("admin:logout", post=EVERY, staff=True, led_away=True),
    Url("admin:password_change", get=EVERY, post=EVERY, staff=True),
    Url("admin:password_change_done", get=EVERY, staff=True),
    Url("admin:jsi18n", get=EVERY, staff=True),
    Url("admin:autocomplete", get=NOBODY, staff=True),
    Url(
        "admin:view_on_site",
        of="",
        more={"content_type_id": 0, "object_id": 0},
        get=NOBODY,
        post=NOBODY,
        refused=404,
        staff=True,
    ),
    Url("admin:app_list", path="admin/chargepoints/", get=ADMINS, post=ADMINS, staff=True),
    _missing("admin/(?P<url>.*)$", path="admin/no-such-page/"),
    Url("admin:auth_user_password_change", of="user", get=ADMINS, post=ADMINS, staff=True),
    *(line for model in HISTORY for line in page("chargepoints", model, add=False, change=False)),
    *(line for model in EDITED for line in page("chargepoints", model)),
    # The one here has a history.
    *page("chargepoints", domain.ChargePoint, delete=False),
    *page("chargepoints", domain.GatewayProcess, add=False, change=False, seen=False),
    *(line for model in (teams.Team, teams.Member, teams.User) for line in page("teams", model)),
    *page("teams", teams.Organisation, add=False),
    *(
        line
        for model in (teams.ApiKey, teams.Invitation, teams.SignIn)
        for line in page("teams", model, add=False, change=False)
    ),
    *page("audit", AuditEntry, add=False, change=False),
]
TABLE = [*FRAME, *DESK, *ADMINISTRATION]


@dataclass(frozen=True)
class Socket:
    """One live socket: its route, what it names, and who gets to see that."""

    route: str
    facets: frozenset[str]
    of: str = ""
    roles: Roles = EVERY


# Facets are those of `chargepoints.events`: each is told over one of these sockets.
SOCKETS = [
    Socket(
        "ws/charge-points/<int:pk>/",
        frozenset({"log", "connectors", "commands", "head", "power", "actions"}),
        of="charge_point",
    ),
    Socket("ws/overview/", frozenset({"row"})),
]

# SPEC section 5, as README shows it: role and right.
RIGHTS = """
              view  reboot  command  edit  money  people  audit
admin         x     x       x        x     x      x       x
operations    x     x       x        x     -      -       -
finance       x     -       -        -     x      -       -
support       x     x       -        -     -      -       -
read-only     x     -       -        -     -      -       -
"""
