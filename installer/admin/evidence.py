"""Notes, photos and results of jobs."""

from django.contrib import admin

from hub.admin import HistoryAdmin, moment
from installer.models import AcceptanceStep, JobPhoto, Note


@admin.register(Note)
class NoteAdmin(HistoryAdmin[Note]):
    """What the two sides told each other."""

    organisation_path = "row__job__organisation"
    list_display = (moment("edited_at"), "row", "side", "author_name", "text")
    list_select_related = ("row__job", "row__charge_point")
    list_filter = ("side",)
    search_fields = ("text", "author_name")


@admin.register(JobPhoto)
class JobPhotoAdmin(HistoryAdmin[JobPhoto]):
    """Photos, by what they are of."""

    organisation_path = "row__job__organisation"
    list_display = (moment("received_at"), "row", "kind", "size", "author_name", moment("removed_at"))
    list_select_related = ("row__job", "row__charge_point")
    list_filter = ("kind",)


@admin.register(AcceptanceStep)
class AcceptanceStepAdmin(HistoryAdmin[AcceptanceStep]):
    """Steps of acceptance tests."""

    organisation_path = "row__job__organisation"
    list_display = ("row", "kind", "connector_number", "state", "evidence", moment("ended_at"))
    list_select_related = ("row__job", "row__charge_point")
    list_filter = ("state", "kind")
    raw_id_fields = ("command", "charge")
