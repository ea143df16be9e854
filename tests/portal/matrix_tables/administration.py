"""The administration, model by model."""

from django.db.models import Model

from chargepoints import models as domain
from hub.audit.models import AuditEntry
from hub.teams import models as teams
from installer import models as jobs
from tests.portal.matrix_tables.frame import NOT_STAFF
from tests.portal.matrix_tables.line import ADMINS, ANYBODY, EVERY, NOBODY, Url


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


def _missing(name: str, path: str = "", **more: object) -> Url:
    return Url(name, path=path, more=more, get=NOBODY, post=NOBODY, refused=404, staff=True)


HISTORY = (
    *(domain.Charge, domain.StatusChange, domain.Command, domain.Connection, domain.LinkPeriod),
    *(domain.ConnectionAttempt, domain.Finding, domain.LogLine, domain.MeterSample, domain.ConfigurationItem),
    *(domain.LocalList, domain.ChargingProfile, domain.Reservation, domain.SecurityEvent),
    *(domain.InstalledCertificate, domain.IssuedCertificate, domain.MaintenancePeriod),
    *(domain.CommandBatch, domain.BatchRow, domain.FirmwareFile, domain.FirmwareVersion, domain.Transfer),
)
MONEY = (
    *(domain.Price, domain.SpotSource, domain.SpotPrice, domain.PaymentMethod, domain.Payment, domain.Bill),
    *(domain.HomeCharger, domain.KeyLimit, domain.LedgerAccount, domain.LedgerMovement, domain.LedgerLine),
)
WEBHOOKS = (domain.Webhook, domain.WebhookDelivery)
JOBS = (
    *(jobs.InstallerJob, jobs.JobChargePoint, jobs.JobLink, jobs.JobEdit, jobs.JobTemplate),
    *(jobs.Note, jobs.JobPhoto, jobs.AcceptanceStep, jobs.JobMail),
)
EDITED = (domain.Site, domain.Connector, domain.Driver, domain.ChargeKey)
ADMINISTRATION = [
    Url("admin:index", get=EVERY, post=EVERY, staff=True),
    # The account's addresses stand before these two.
    Url("admin:login", get=ANYBODY, but=NOT_STAFF),
    Url("admin:logout", post=EVERY, staff=True, led_away=True),
    Url("admin:password_change", get=EVERY, post=EVERY),
    Url("admin:password_change_done", get=EVERY, staff=True),
    Url("admin:jsi18n", get=EVERY, staff=True),
    Url("admin:autocomplete", get=NOBODY, staff=True),
    Url(
        "admin:view_on_site",
        more={"content_type_id": 0, "object_id": 0},
        get=NOBODY,
        post=NOBODY,
        refused=404,
        staff=True,
    ),
    Url("admin:app_list", path="admin/chargepoints/", get=ADMINS, post=ADMINS, staff=True),
    _missing("admin/(?P<url>.*)$", path="admin/no-such-page/"),
    Url("admin:auth_user_password_change", of="user", get=ADMINS, post=ADMINS, staff=True),
    *(line for model in (*HISTORY, *MONEY, *WEBHOOKS) for line in page("chargepoints", model, add=False, change=False)),
    *(line for model in EDITED for line in page("chargepoints", model)),
    # The one here has a history.
    *page("chargepoints", domain.ChargePoint, delete=False),
    # Bills refer to it.
    *page("chargepoints", domain.PriceGroup, delete=False),
    *page("chargepoints", domain.GatewayProcess, add=False, change=False, seen=False),
    *(line for model in (teams.Team, teams.Member, teams.User) for line in page("teams", model)),
    *page("teams", teams.Organisation, add=False),
    *(
        line
        for model in (teams.ApiKey, teams.Invitation, teams.SignIn)
        for line in page("teams", model, add=False, change=False)
    ),
    *page("audit", AuditEntry, add=False, change=False),
    *(line for model in JOBS for line in page("installer", model, add=False, change=False)),
]
