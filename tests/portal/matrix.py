"""Who gets what at every address and live socket: the table that `test_matrix.py` walks.

To add an address, write one line in the module of `matrix_tables` that it belongs to:

    Url("site_edit", of="site", get=EDITORS, post=EDITORS),

- `name` is the name of the URL with its namespace, or the whole route of one without a name. One name may have
  several lines, with other arguments.
- `get` and `post` are the roles that get in; a method that is left out is answered with 405. EVERY is every
  member, ANYBODY is also who is not signed in.
- `of` says what the address names (a function of `matrix_objects.OBJECTS`): it is tried with an object of Bob's site,
  with one out of his reach, and with one of another organisation, which must not be there (404). `more` are the
  other arguments.
- Whoever sees the object without having the right gets `refused`, 403 unless the line says 404. `early=True`: they
  are told so before anything is looked for, so a foreign object is 403 to them too.
- `but` says what single people of the cast get instead, mostly Bob for being limited to a site.
- `as_key=True` is for the API: the same people by keys of their own; nobody gets 401 instead of the login page.
- `staff=True` is for the administration: who is not staff is led to its login page. It is walked by Alice, Bob and
  nobody only; `test_admin.py` asks for the others. `led_away=True`: they are led to another page instead.
- `after` is another address to be opened first, by the same browser.

A POST is sent with an empty body, or with `data` (a GET has it as query), so it may be told that something is missing;
that counts as getting in.
"""

from dataclasses import dataclass

from tests.portal.matrix_tables.administration import ADMINISTRATION
from tests.portal.matrix_tables.api import API
from tests.portal.matrix_tables.batches import BATCHES
from tests.portal.matrix_tables.commands import COMMANDS
from tests.portal.matrix_tables.desk import DESK
from tests.portal.matrix_tables.diagnostics import DIAGNOSTICS
from tests.portal.matrix_tables.firmware import FIRMWARE
from tests.portal.matrix_tables.frame import FRAME
from tests.portal.matrix_tables.jobs import JOBS
from tests.portal.matrix_tables.line import EVERY, Roles
from tests.portal.matrix_tables.money import MONEY_PAGES
from tests.portal.matrix_tables.sites import ORGANISATION, PEOPLE, SITES
from tests.portal.matrix_tables.unknown import IMPORT, UNKNOWN
from tests.portal.matrix_tables.webhooks import WEBHOOKS

TABLE = [
    *FRAME,
    *DESK,
    *COMMANDS,
    *BATCHES,
    *SITES,
    *ORGANISATION,
    *PEOPLE,
    *UNKNOWN,
    *IMPORT,
    *API,
    *MONEY_PAGES,
    *FIRMWARE,
    *DIAGNOSTICS,
    *WEBHOOKS,
    *JOBS,
    *ADMINISTRATION,
]


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
