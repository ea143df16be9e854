"""Plain functions that make one row each, with sensible values for whatever a test does not care about."""

import itertools
from datetime import UTC, datetime

from chargepoints.choices import ConnectorType, KeyState
from chargepoints.models import ChargeKey, ChargePoint, Connector, Driver, Site, SiteLimit
from chargepoints.services.credentials import password_set
from hub.teams.choices import Role
from hub.teams.models import Member, Organisation, Team, User

PASSWORD = "correct-horse-battery"
_number = itertools.count(1)


def now() -> datetime:
    """The present, UTC."""
    return datetime.now(UTC)


def organisation(name: str = "") -> Organisation:
    """An operator; the same one for the same name."""
    return Organisation.objects.get_or_create(name=name or f"Operator {next(_number)}")[0]


def team(of: Organisation | None = None, name: str = "Operations desk") -> Team:
    """A team of an organisation (a new one by default); the same one for the same name."""
    return Team.objects.get_or_create(organisation=of or organisation(), name=name)[0]


def site(of: Team | None = None, name: str = "", *, city: str = "Oslo", **fields: object) -> Site:
    """A site of a team."""
    return Site.objects.create(team=of or team(), name=name or f"Site {next(_number)}", city=city, **fields)


def charge_point(
    at: Site | None = None,
    identity: str | None = "",
    *,
    connectors: int = 1,
    password: str = PASSWORD,
    name: str = "",
    **fields: object,
) -> ChargePoint:
    """A charge point with Type 2 connectors 1..n; identity "" makes one up, None leaves it without.

    It counts as accepted at a boot long ago, unless `registration_told` is empty.
    """
    fields.setdefault("registration_told", "Accepted")
    chosen = f"CP-{next(_number)}" if identity == "" else identity
    made = ChargePoint.objects.create(
        site=at or site(), identity=chosen, name=name or chosen or f"Charger {next(_number)}", **fields
    )
    for number in range(1, connectors + 1):
        Connector.objects.create(charge_point=made, number=number, type=ConnectorType.TYPE2, max_power_w=22_000)
    if password and chosen:
        password_set(charge_point=made, password=password)
    return made


def user(username: str = "", *, password: str = "", **fields: object) -> User:
    """A person; without a password they can only be signed in by `client.force_login`."""
    person = User(username=username or f"person{next(_number)}", **fields)
    if password:
        person.set_password(password)
    else:
        person.set_unusable_password()
    person.save()
    return person


def member(
    of: Organisation | Team,
    person: User | None = None,
    role: Role = Role.ADMIN,
    *,
    sites: tuple[Site, ...] = (),
) -> Member:
    """A membership in an organisation or one of its teams, limited to `sites` if there are any."""
    whole = of.organisation if isinstance(of, Team) else of
    only = of if isinstance(of, Team) else None
    made = Member.objects.create(user=person or user(), organisation=whole, team=only, role=role)
    SiteLimit.objects.bulk_create(SiteLimit(member=made, site=limit) for limit in sites)
    return made


def driver(of: Organisation | None = None, name: str = "Kari Nordmann", *, user_id: str = "") -> Driver:
    """A driver of an organisation."""
    chosen = user_id or f"D-{next(_number)}"
    return Driver.objects.create(organisation=of or organisation(), name=name, user_id=chosen)


def charge_key(
    of: Organisation | None = None,
    id_tag: str = "",
    *,
    holder: Driver | None = None,
    state: KeyState = KeyState.ACTIVE,
    **fields: object,
) -> ChargeKey:
    """An RFID card, active by default; it belongs to its holder's organisation if it has one."""
    owner = of or (holder.organisation if holder else organisation())
    tag = id_tag or f"TAG-{next(_number):08d}"
    return ChargeKey.objects.create(organisation=owner, driver=holder, id_tag=tag, state=state, **fields)
