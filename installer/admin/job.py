"""Jobs, their charge points, links and templates."""

from django.contrib import admin

from hub.admin import ArchivedFilter, HistoryAdmin, HistoryInline, archived, moment
from installer.models import InstallerJob, JobChargePoint, JobEdit, JobLink, JobMail, JobTemplate


class JobChargePointInline(HistoryInline[JobChargePoint, InstallerJob]):
    """The charge points of a job."""

    model = JobChargePoint
    organisation_path = "job__organisation"
    fields = ("charge_point", "position", "connector_number")


@admin.register(InstallerJob)
class InstallerJobAdmin(HistoryAdmin[InstallerJob]):
    """Jobs, newest first."""

    organisation_path = "organisation"
    desk_page = "job"
    list_display = ("number", "site", "state", "installer_name", "organisation", moment("created_at"))
    list_select_related = ("site", "organisation")
    list_filter = ("state",)
    search_fields = ("number", "site__name", "installer_name")
    inlines = (JobChargePointInline,)


@admin.register(JobChargePoint)
class JobChargePointAdmin(HistoryAdmin[JobChargePoint]):
    """Which charge points are in which job."""

    organisation_path = "job__organisation"
    list_display = ("charge_point", "job", "position", "connector_number")
    list_select_related = ("charge_point", "job")
    search_fields = ("charge_point__name", "charge_point__identity")


@admin.register(JobLink)
class JobLinkAdmin(HistoryAdmin[JobLink]):
    """Public links. Neither token nor PIN is kept, only their hashes, which are shown nowhere."""

    organisation_path = "job__organisation"
    list_display = ("label", "job", moment("expires_at"), moment("revoked_at"), moment("used_at"), "made_by_name")
    list_select_related = ("job",)
    search_fields = ("label",)
    exclude = ("token_sha256", "pin_hmac")


@admin.register(JobEdit)
class JobEditAdmin(HistoryAdmin[JobEdit]):
    """What phones have sent, and what they were told."""

    organisation_path = "link__job__organisation"
    list_display = (moment("received_at"), "link", "kind", "http_status", "key")
    list_select_related = ("link",)
    list_filter = ("kind", "http_status")


@admin.register(JobTemplate)
class JobTemplateAdmin(HistoryAdmin[JobTemplate]):
    """Templates."""

    organisation_path = "organisation"
    list_display = ("name", "organisation", "energy_s", archived)
    list_select_related = ("organisation",)
    list_filter = (ArchivedFilter,)
    search_fields = ("name",)


@admin.register(JobMail)
class JobMailAdmin(HistoryAdmin[JobMail]):
    """Mails of jobs: sent, on their way, given up."""

    organisation_path = "job__organisation"
    list_display = (moment("created_at"), "job", "kind", "to", "state", "tries", "why")
    list_select_related = ("job",)
    list_filter = ("state", "kind")
    search_fields = ("to", "label")
    exclude = ("pin_sealed",)
