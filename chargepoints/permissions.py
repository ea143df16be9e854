"""Who may see and do what: one function per noun, asked by every view, fragment, live topic, export and API call.

Each returns a queryset, so that a foreign object is simply not there (404), whatever asks for it. A person may be a
user or an API key: both have memberships, and a membership says role, team and sites.
"""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from chargepoints.models import (
    BatchRow,
    Bill,
    Charge,
    ChargeKey,
    ChargePoint,
    Command,
    CommandBatch,
    ConnectionAttempt,
    DiagnosticsFile,
    Driver,
    FirmwareFile,
    LedgerMovement,
    PaymentMethod,
    PriceGroup,
    Site,
    SiteLimit,
    SpotSource,
    Webhook,
    WebhookDelivery,
)
from hub.audit.models import AuditEntry
from hub.teams.choices import RIGHTS, Right, roles_with
from hub.teams.models import ApiKey, Invitation, Member, Organisation, Team, User

Person = User | ApiKey | AnonymousUser


def memberships_of(person: Person) -> QuerySet[Member]:
    """What a person is, everywhere; nothing for who is not signed in or no longer active."""
    if not person.is_authenticated or not person.is_active:
        return Member.objects.none()
    if isinstance(person, ApiKey):
        return Member.objects.filter(api_key=person)
    return Member.objects.filter(user=person)


def organisations_for(person: Person, right: Right = Right.VIEW) -> QuerySet[Organisation]:
    """The organisations in the whole of which `person` has `right`: no membership of a team or of some sites."""
    return Organisation.objects.filter(Exists(_whole(person, right).filter(organisation=OuterRef("pk"))))


def teams_for(person: Person, right: Right = Right.VIEW) -> QuerySet[Team]:
    """The teams in the whole of which `person` has `right`; in these sites can be made."""
    grants = (
        _unlimited(person, right)
        .filter(organisation=OuterRef("organisation"))
        .filter(Q(team__isnull=True) | Q(team=OuterRef("pk")))
    )
    return Team.objects.filter(Exists(grants))


def sites_for(person: Person, right: Right = Right.VIEW, *, archived: bool = False) -> QuerySet[Site]:
    """The sites in which `person` has `right`: by organisation or team, and within the membership's site limits."""
    if not person.is_authenticated or not person.is_active:
        return Site.objects.none()
    limits = SiteLimit.objects.filter(member=OuterRef("pk"))
    grants = (
        memberships_of(person)
        .filter(role__in=roles_with(right))
        .filter(Q(team__isnull=True) | Q(team=OuterRef("team")))
        .filter(organisation=OuterRef("team__organisation"))
        .filter(~Exists(limits) | Exists(limits.filter(site=OuterRef(OuterRef("pk")))))
    )
    return Site.objects.filter(Exists(grants), archived_at__isnull=not archived)


def charge_points_for(person: Person, right: Right = Right.VIEW, *, archived: bool = False) -> QuerySet[ChargePoint]:
    """The charge points for which `person` has `right`; what is archived has a list of its own."""
    sites = sites_for(person, right)
    if archived:
        return ChargePoint.objects.filter(
            Q(site__in=sites) | Q(site__in=sites_for(person, right, archived=True)), archived_at__isnull=False
        )
    return ChargePoint.objects.filter(site__in=sites, archived_at__isnull=True)


def charges_for(person: Person, right: Right = Right.VIEW) -> QuerySet[Charge]:
    """The charges that `person` may see (or act on, with another right), of archived charge points too."""
    return Charge.objects.filter(_in_sites("charge_point__", person, right))


def commands_for(person: Person, right: Right = Right.VIEW) -> QuerySet[Command]:
    """The commands that `person` may see."""
    return Command.objects.filter(_in_sites("charge_point__", person, right))


def batches_for(person: Person, right: Right = Right.VIEW) -> QuerySet[CommandBatch]:
    """The batches with a charge point that `person` may see; which of its rows is another question."""
    return CommandBatch.objects.filter(
        organisation__in=organisations_of(person, right),
        pk__in=BatchRow.objects.filter(_in_sites("charge_point__", person, right)).values("batch"),
    )


def firmware_for(person: Person, right: Right = Right.VIEW, *, archived: bool = False) -> QuerySet[FirmwareFile]:
    """The firmware files of the organisations in any part of which `person` has `right`."""
    return FirmwareFile.objects.filter(
        organisation__in=organisations_of(person, right), archived_at__isnull=not archived
    )


def diagnostics_for(person: Person, right: Right = Right.REBOOT) -> QuerySet[DiagnosticsFile]:
    """What chargers have uploaded, to who may run a check there: diagnostics say more than a page does."""
    return DiagnosticsFile.objects.filter(_in_sites("charge_point__", person, right))


def webhooks_for(person: Person) -> QuerySet[Webhook]:
    """The webhooks that `person` manages: of whole organisations, or of teams."""
    grants = (
        _unlimited(person, Right.PEOPLE)
        .filter(organisation=OuterRef("organisation"))
        .filter(Q(team__isnull=True) | Q(team=OuterRef("team")))
    )
    return Webhook.objects.filter(Exists(grants))


def deliveries_for(person: Person) -> QuerySet[WebhookDelivery]:
    """What was sent to the webhooks that `person` manages."""
    return WebhookDelivery.objects.filter(webhook__in=webhooks_for(person))


def drivers_for(person: Person) -> QuerySet[Driver]:
    """The drivers of the organisations in which `person` may start a charge for somebody."""
    return drivers_managed_by(person, Right.COMMAND)


def drivers_managed_by(person: Person, right: Right = Right.VIEW, *, archived: bool = False) -> QuerySet[Driver]:
    """The drivers of the organisations in which `person` has `right`."""
    return Driver.objects.filter(organisation__in=organisations_of(person, right), archived_at__isnull=not archived)


def organisations_of(person: Person, right: Right) -> QuerySet[Organisation]:
    """The organisations in any part of which `person` has `right`: for what belongs to no site, such as drivers."""
    roles = memberships_of(person).filter(role__in=roles_with(right))
    return Organisation.objects.filter(Exists(roles.filter(organisation=OuterRef("pk"))))


def keys_for(person: Person, right: Right = Right.VIEW) -> QuerySet[ChargeKey]:
    """The charge keys of the organisations in which `person` has `right`."""
    return ChargeKey.objects.filter(organisation__in=organisations_of(person, right))


def bills_for(person: Person, right: Right = Right.MONEY) -> QuerySet[Bill]:
    """The bills of the sites in which `person` has `right`: where the charge was, not where the charger is now."""
    return Bill.objects.filter(
        Q(site__in=sites_for(person, right)) | Q(site__in=sites_for(person, right, archived=True))
    )


def price_groups_for(person: Person, right: Right = Right.MONEY, *, archived: bool = False) -> QuerySet[PriceGroup]:
    """The price groups of the organisations in the whole of which `person` has `right`."""
    return PriceGroup.objects.filter(
        organisation__in=organisations_for(person, right), archived_at__isnull=not archived
    )


def spot_sources_for(person: Person) -> QuerySet[SpotSource]:
    """The sources of hourly prices that `person` manages."""
    return SpotSource.objects.filter(organisation__in=organisations_for(person, Right.MONEY))


def payment_methods_for(person: Person, right: Right = Right.MONEY) -> QuerySet[PaymentMethod]:
    """The payment methods of the organisations in the whole of which `person` has `right`."""
    return PaymentMethod.objects.filter(organisation__in=organisations_for(person, right))


def movements_for(person: Person) -> QuerySet[LedgerMovement]:
    """The ledger's movements that `person` may read."""
    return LedgerMovement.objects.filter(organisation__in=organisations_for(person, Right.MONEY))


def attempts_for(person: Person) -> QuerySet[ConnectionAttempt]:
    """Refused handshakes of the person's charge points."""
    return ConnectionAttempt.objects.filter(charge_point__in=charge_points_for(person))


def unknown_attempts_for(person: Person, right: Right = Right.EDIT) -> QuerySet[ConnectionAttempt]:
    """Refused handshakes of identities that belong to nobody.

    They carry no organisation. The organisation that receives unknown chargers sees them, or the only one there is;
    of its people those who may add charge points anywhere in it.
    """
    return ConnectionAttempt.objects.filter(Exists(_receiving(person, right)), charge_point__isnull=True)


def sees_unknown(person: Person) -> bool:
    """Whether `person` is among those who are shown unknown chargers, whether there are any or not."""
    return _receiving(person, Right.EDIT).exists()


def members_for(person: Person, right: Right = Right.PEOPLE) -> QuerySet[Member]:
    """The memberships that `person` manages: of a whole organisation, or of a team in it. API keys have some too."""
    grants = (
        _unlimited(person, right)
        .filter(organisation=OuterRef("organisation"))
        .filter(Q(team__isnull=True) | Q(team=OuterRef("team")))
    )
    return Member.objects.filter(Exists(grants))


def api_keys_for(person: Person) -> QuerySet[ApiKey]:
    """The API keys that `person` manages."""
    return ApiKey.objects.filter(member__in=members_for(person))


def invitations_for(person: Person) -> QuerySet[Invitation]:
    """The invitations that `person` manages."""
    grants = (
        _unlimited(person, Right.PEOPLE)
        .filter(organisation=OuterRef("organisation"))
        .filter(Q(team__isnull=True) | Q(team=OuterRef("team")))
    )
    return Invitation.objects.filter(Exists(grants))


def audit_for(person: Person) -> QuerySet[AuditEntry]:
    """The audit entries that `person` may read: of their organisation, of their team, or of their sites."""
    organisations = _ids(organisations_for(person, Right.AUDIT))
    teams = _ids(teams_for(person, Right.AUDIT).exclude(organisation__in=organisations))
    sites = [
        pk
        for archived in (False, True)
        for pk in _ids(
            sites_for(person, Right.AUDIT, archived=archived)
            .exclude(team__organisation__in=organisations)
            .exclude(team__in=teams)
        )
    ]
    # Whoever reads one whole organisation gets no OR, so that its newest entries come straight out of the index.
    inside = Q(pk__in=[])
    for field, ids in (("organisation", organisations), ("team", teams), ("site_id", sites)):
        if ids:
            inside |= Q(**{f"{field}__in": ids})
    return AuditEntry.objects.filter(inside)


def rights_on(person: Person, charge_point: ChargePoint) -> frozenset[Right]:
    """Everything `person` may do with this charge point; empty when it is not theirs to see."""
    return rights_on_site(person, charge_point.site)


def rights_on_site(person: Person, site: Site) -> frozenset[Right]:
    """Everything `person` may do on this site; empty when it is not theirs to see."""
    limits = SiteLimit.objects.filter(member=OuterRef("pk"))
    roles = (
        memberships_of(person)
        .filter(organisation=site.team.organisation_id)
        .filter(Q(team__isnull=True) | Q(team=site.team_id))
        .filter(~Exists(limits) | Exists(limits.filter(site=site.pk)))
        .values_list("role", flat=True)
    )
    return frozenset().union(*(RIGHTS[role] for role in roles))


def _unlimited(person: Person, right: Right) -> QuerySet[Member]:
    return memberships_of(person).filter(role__in=roles_with(right), site_limits__isnull=True)


def _whole(person: Person, right: Right) -> QuerySet[Member]:
    return _unlimited(person, right).filter(team__isnull=True)


def _receiving(person: Person, right: Right) -> QuerySet[Organisation]:
    return organisations_for(person, right).filter(
        Q(receives_unknown=True) | ~Exists(Organisation.objects.exclude(pk=OuterRef("pk")))
    )


def _in_sites(path: str, person: Person, right: Right) -> Q:
    inside = Q(**{f"{path}site__in": sites_for(person, right)})
    return inside | Q(**{f"{path}site__in": sites_for(person, right, archived=True)})


def _ids(rows: QuerySet[Any]) -> list[int]:
    return list(rows.order_by().values_list(F("pk"), flat=True))
