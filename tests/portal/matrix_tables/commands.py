"""Commands: the lists, one of them, taking one back, and the same for programs."""

from chargepoints.models import IdempotencyKey
from tests.portal.matrix_tables.administration import page
from tests.portal.matrix_tables.line import EVERY, REBOOTERS, Url, desk

COMMANDS = [
    desk("commands", of=""),
    desk("commands_export", of=""),
    desk("charge_point_commands"),
    desk("panel", panel="last"),
    Url("command_cancel", of="command", post=REBOOTERS),
    Url("api:actions", of="charge_point", get=EVERY, as_key=True),
    Url("api:commands", get=EVERY, as_key=True),
    Url("api:command", of="command", get=EVERY, as_key=True),
    Url("api:command_cancel", of="command", post=REBOOTERS, as_key=True),
    # With an empty body, which is wrong for everybody; who may send what is asked in `test_api_commands`.
    Url("api:command_send", more={"pk": 1}, post=EVERY, as_key=True),
    *page("chargepoints", IdempotencyKey, add=False, change=False),
]
