"""The API: the people of the cast by keys of their own, and what needs no key."""

from tests.portal.matrix_tables.line import ADMINS, ANYBODY, EVERY, WALKERS, Url


def operation(name: str, of: str = "") -> Url:
    """An operation that every role may call."""
    return Url(f"api:{name}", of=of, get=EVERY, as_key=True)


API = [
    Url("api_reference", get=EVERY),
    Url("api_openapi", get=ANYBODY),
    Url("api_nothing", path="api/nothing", get=ANYBODY, post=ANYBODY, but=dict.fromkeys(WALKERS, "404")),
    operation("me"),
    operation("sites"),
    operation("site", of="site"),
    operation("charge_points"),
    operation("charge_point", of="charge_point"),
    operation("connectors", of="charge_point"),
    operation("status_changes", of="charge_point"),
    operation("log", of="charge_point"),
    operation("charge_point_attempts", of="charge_point"),
    operation("connection_attempts"),
    # Of the organisation that receives unknown chargers as a whole: not Bob's, and not Charlie's.
    Url("api:connection_attempts", data={"unknown": "true"}, get=ADMINS, but={"charlie": "403"}, as_key=True),
]
