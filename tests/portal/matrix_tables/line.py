"""What a line of the matrix says; `tests/portal/matrix.py` tells how to write one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Model

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
NOT_SIGNED_IN = "nobody"
WALKERS = ("alice", "bob", "finance", "support", "reader", "charlie", NOT_SIGNED_IN)
# What only one who has the whole organisation does, and what Bob does not even see: he belongs to one site.
NOT_BOB = {"bob": "403"}
UNSEEN_BY_BOB = {"bob": "404"}


@dataclass(frozen=True)
class Url:
    """One line of the table."""

    name: str
    get: Roles | str | None = None
    post: Roles | str | None = None
    of: str | type[Model] = ""
    more: Mapping[str, object] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    but: Mapping[str, str] = field(default_factory=dict)
    refused: int = 403
    early: bool = False
    as_key: bool = False
    staff: bool = False
    led_away: bool = False
    path: str = ""
    after: str = ""


def desk(name: str, *, of: str = "charge_point", get: Roles = EVERY, **more: object) -> Url:
    """A page of the desk that can only be read."""
    return Url(name, of=of, get=get, more=more)
