"""`manage.py seed_demo`: the demo's people and chargers, in an empty database."""

import hashlib
import hmac
import os
from pathlib import Path

import msgspec
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Model

from chargepoints.choices import KeyState, PaymentKind
from chargepoints.models import ChargeKey, ChargePoint, Connector, Driver, PaymentMethod, Site, SiteLimit
from chargepoints.services.credentials import password_hmac, password_set
from chargepoints.services.firmware import firmware_create
from chargepoints.services.firmware_store import FirmwareDraft
from chargepoints.services.ledger import wallet_top_up
from chargepoints.services.prices import price_change, price_group_create, site_price_group_set
from hub.audit.records import HUB, Place, audit_record, facts_of
from hub.demo.fleet import NEW_FIRMWARE, SIMULATED, SPARE, DemoCharger, DemoModel
from hub.demo.money import PAYERS, PRICES, DemoPayer, DemoPrice
from hub.demo.operators import DRIVERS, PASSWORD, PEOPLE, SITES, DemoDriver, DemoPerson
from hub.embedded.config import Config
from hub.embedded.data import write_private
from hub.management.demo_jobs import job_demo_create
from hub.teams.models import Member, Organisation, Team, User


class Command(BaseCommand):
    """Fill an empty database with the demo and write the fleet file of the simulator."""

    help = "Puts the demo into an empty database (HUB_DEMO=1 only) and writes the simulator's fleet file."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The options of the command."""
        parser.add_argument("--fleet-file", type=Path, help="Where to write the simulated chargers (JSON).")

    def handle(self, *args: object, fleet_file: Path | None = None, **options: object) -> None:
        """Seed. Raises CommandError where known passwords would be reachable by others."""
        refuse_unless_private()
        seed()
        if fleet_file is not None:
            write_private(fleet_file, fleet_json())


def refuse_unless_private() -> None:
    """Known passwords are for loopback. Raises CommandError unless HUB_DEMO is on and nobody else can reach them."""
    host = os.environ.get("HUB_HOST", "")
    if not settings.DEMO:
        raise CommandError("HUB_DEMO is not on. The demo has users with known passwords; set HUB_DEMO=1.")
    if settings.DEMO_PASSWORD == PASSWORD and not Config.read({"HUB_HOST": host}).loopback:
        raise CommandError(
            f"HUB_DEMO is on and HUB_HOST is {host}. The demo has users with known passwords, so it runs "
            "on 127.0.0.1 only. Unset one of the two."
        )


def seed() -> None:
    """Make the demo, whole or not at all, where there is no organisation yet.

    Whatever is there already was made or changed by people and stays. Only the password of the spare charge
    point follows HUB_SPARE_PASSWORD, because that is what `make run` prints.
    """
    with transaction.atomic():
        if not Organisation.objects.exists():
            sites_create()
            for person in PEOPLE:
                person_create(person)
            for driver in DRIVERS:
                driver_create(driver)
            for charger in (*SIMULATED, SPARE):
                charger_create(charger)
            for price in PRICES:
                price_create(price)
            for payer in PAYERS:
                payer_create(payer)
            for make in NEW_FIRMWARE:
                firmware_add(make)
            seeding_record()
            job_demo_create()
    people_passwords(settings.DEMO_PASSWORD)
    spare_password_set(os.environ.get("HUB_SPARE_PASSWORD", ""))


def seeding_record() -> None:
    """The demo is on record as Hub's doing, so that its audit log begins with something."""
    for operator in Organisation.objects.order_by("pk"):
        made(operator, Place(operator.pk), "name")
    for member in Member.objects.select_related("user", "organisation").order_by("pk"):
        made(member, Place(member.organisation_id), "user", "role")
    for site in Site.objects.select_related("team").order_by("pk"):
        made(site, site.place, "team", "city", "time_zone", "power_limit_w")
    for charger in ChargePoint.objects.select_related("site__team").order_by("pk"):
        made(charger, charger.place, "site", "identity", "vendor", "model", "location")


def made(row: Model, place: Place, *fields: str) -> None:
    """One entry: Hub made this row of the demo."""
    facts = facts_of(row, *fields)
    audit_record(actor=HUB, act="created", obj=row, place=place, after=facts, reason="The demo was set up.")


def people_passwords(wanted: str) -> None:
    """Give the demo's people the password of this start, unless they have chosen one of their own.

    On loopback it is the known one; where others can reach the portal it is one that only `make run` has printed.
    What was given last is remembered, so that most starts need not try passwords, which is slow by design.
    """
    memory = settings.DATA_DIR / "demo-people"
    mark = hashlib.sha256(f"{settings.SECRET_KEY}:{wanted}".encode()).hexdigest()
    if memory.exists() and memory.read_text() == mark:
        return
    ours = {PASSWORD, os.environ.get("HUB_DEMO_OTHER_PASSWORD", PASSWORD)}
    for user in User.objects.filter(username__in=[person.username for person in PEOPLE]):
        if any(user.check_password(password) for password in ours - {wanted}):
            user.set_password(wanted)
            user.save(update_fields=["password"])
    write_private(memory, mark)


def sites_create() -> None:
    """The organisations, their teams and sites."""
    for site in SITES:
        is_first = site.operator == SITES[0].operator
        operator, _ = Organisation.objects.get_or_create(name=site.operator, defaults={"receives_unknown": is_first})
        team, _ = Team.objects.get_or_create(organisation=operator, name=site.team)
        Site.objects.create(
            team=team,
            name=site.name,
            address=site.address,
            city=site.city,
            time_zone=site.time_zone,
            phone=site.phone,
            power_limit_w=site.power_limit_w,
        )


def person_create(person: DemoPerson) -> None:
    """A user with one membership; a user of that name who is there already is left alone."""
    if User.objects.filter(username=person.username).exists():
        return
    user = User.objects.create_user(
        person.username,
        password=PASSWORD,
        first_name=person.first_name,
        last_name=person.last_name,
        is_staff=person.is_staff,
    )
    operator = Organisation.objects.get(name=person.operator)
    member = Member.objects.create(user=user, organisation=operator, role=person.role)
    limits = Site.objects.filter(team__organisation=operator, name__in=person.sites)
    SiteLimit.objects.bulk_create(SiteLimit(member=member, site=site) for site in limits)


def driver_create(driver: DemoDriver) -> None:
    """A driver with charge keys."""
    operator = Organisation.objects.get(name=driver.operator)
    made = Driver.objects.create(organisation=operator, name=driver.name, user_id=driver.user_id, email=driver.email)
    ChargeKey.objects.bulk_create(
        ChargeKey(
            organisation=operator,
            driver=made,
            id_tag=tag,
            state=KeyState.BLOCKED if tag in driver.blocked else KeyState.ACTIVE,
            # Simulated chargers take whichever card they find, used elsewhere or not.
            allows_concurrent=True,
        )
        for tag in driver.keys
    )


def charger_create(charger: DemoCharger) -> None:
    """A charge point with its connectors; simulated ones get the password that the fleet file tells."""
    made = ChargePoint.objects.create(
        site=Site.objects.get(name=charger.site),
        name=charger.name,
        identity=charger.identity,
        location=charger.location,
        vendor=charger.make.vendor,
        model=charger.make.model,
        serial=charger.serial,
    )
    Connector.objects.bulk_create(
        Connector(charge_point=made, number=number, max_power_w=power, type=plug)
        for number, (power, plug) in enumerate(charger.make.connectors, start=1)
    )
    if charger is not SPARE:
        password_set(charge_point=made, password=demo_password(charger.identity))


def price_create(demo: DemoPrice) -> None:
    """A price group, what it costs from now on, and the sites that choose it."""
    operator = Organisation.objects.get(name=demo.operator)
    about = {
        "name": demo.name,
        "description": demo.description,
        "is_default": demo.is_default,
        "authorise_amount": demo.hold,
    }
    group = price_group_create(actor=HUB, organisation=operator, currency=demo.currency, fields=about)
    price_change(actor=HUB, price_group=group, valid_from=None, fields=demo.fields)
    for site in Site.objects.filter(team__organisation=operator, name__in=demo.sites):
        site_price_group_set(actor=HUB, site=site, price_group=group)


def payer_create(payer: DemoPayer) -> None:
    """How a driver pays, and the money in their wallet."""
    driver = Driver.objects.get(user_id=payer.user_id)
    kind = PaymentKind(payer.kind)
    method = PaymentMethod.objects.create(
        organisation_id=driver.organisation_id,
        driver=driver,
        kind=kind,
        name=f"{kind.label} of {driver.name}",
        currency=payer.currency,
        is_default=True,
    )
    if payer.money:
        wallet_top_up(method=method, amount=payer.money, key="demo", actor=HUB, reason="The demo was set up.")


def firmware_add(make: DemoModel) -> None:
    """A firmware file that is newer than what the simulated chargers of this model have."""
    draft = FirmwareDraft()
    draft.write(f"version={make.firmware}\n{make.vendor} {make.model}\n".encode() + bytes(200_000))
    draft.finish()
    fields: dict[str, object] = {
        "name": f"{make.model.replace(' ', '-').lower()}-{make.firmware}.bin",
        "vendor": make.vendor,
        "charge_point_models": [make.model],
        "version": make.firmware,
        "note": "Made for the demo: simulated chargers fetch and install it.",
    }
    operator = Organisation.objects.get(name=SITES[0].operator)
    firmware_create(actor=HUB, organisation=operator, draft=draft, fields=fields)


def spare_password_set(password: str) -> None:
    """Give the spare charge point the password that was asked for, if there is one and it is another.

    Raises CommandError for one that no charger would take.
    """
    spare = ChargePoint.objects.filter(identity=SPARE.identity).first()
    if spare is None or not password or spare.identity is None:
        return
    if spare.password_hmac == password_hmac(spare.identity, password):
        return
    try:
        password_set(charge_point=spare, password=password)
    except ValidationError as error:
        raise CommandError(f"HUB_SPARE_PASSWORD: {error.messages[0]}") from error


def demo_password(identity: str) -> str:
    """The password of a simulated charger: known to this installation only, and the same at every start."""
    return hmac.new(settings.SECRET_KEY.encode(), identity.encode(), hashlib.sha256).hexdigest()[:20]


def fleet_json() -> str:
    """What the simulator reads: the simulated chargers that are still registered."""
    known = dict(ChargePoint.objects.values_list("identity", "firmware"))
    fleet = [fleet_entry(charger, known[charger.identity]) for charger in SIMULATED if charger.identity in known]
    return msgspec.json.format(msgspec.json.encode(fleet), indent=1).decode() + "\n"


def fleet_entry(charger: DemoCharger, installed: str) -> dict[str, object]:
    """One charger of the fleet file (`hub.simulator.fleet.ChargerSpec`), with what was installed on it meanwhile."""
    return {
        "identity": charger.identity,
        "password": demo_password(charger.identity),
        "vendor": charger.make.vendor,
        "model": charger.make.model,
        "serial": charger.serial,
        "firmware": installed or charger.make.firmware,
        "connectors": [
            {"id": number, "max_w": power, "type": plug}
            for number, (power, plug) in enumerate(charger.make.connectors, start=1)
        ],
        "keys": charger.keys,
        "phases": charger.make.phases,
        "behaviour": charger.behaviour,
    }
