"""What people change in the administration goes on record: a mixin for its pages."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Field, Model
from django.http import HttpRequest

from hub.audit.records import Actor, Place, audit_record
from hub.teams.models import Organisation, Team, User

HIDDEN, HIDDEN_NEW = "(hidden)", "(a new one)"
_SECRET_ENDS = ("password", "_hmac", "_hash", "session_key", "secret")
# Written by machines, or told by another field.
_UNTOLD = frozenset({"next_password_hmac", "last_login", "integration", "state"})

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class Recorded(_ModelAdmin):
    """Writes an audit entry for every add, change and delete, in the transaction of the change; secrets stay out.

    Django calls `log_addition`, `log_change` and `log_deletions` for whatever a page or a bulk action does.
    """

    organisation_path = ""
    # What a change that came without the page's form was: Django's own page for passwords.
    act_without_form = "edited"

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """Keep how the row was before."""
        if change:
            _former(request)[self._key(form.instance)] = self.model._default_manager.get(pk=form.instance.pk)
        return super().save_form(request, form, change)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """A new row."""
        self._record(request, "created", obj, after=facts(obj))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """A changed row; nothing when it is as it was."""
        former = _former(request).pop(self._key(obj), None)
        if former is None:
            self._record(request, self.act_without_form, obj)
        else:
            before, after = differences(former, obj)
            self._record(request, "edited", obj, before=before, after=after)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Rows that are about to go."""
        for obj in queryset:
            self._record(request, "deleted", obj, before=facts(obj))
        return super().log_deletions(request, queryset)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """The rows of an inline: each is an act of its own."""
        model = formset.model
        going = [each.instance.pk for each in formset.deleted_forms if each.instance.pk]
        ids = [each.instance.pk for each in formset.initial_forms if each.has_changed()]
        former = model._default_manager.in_bulk([*ids, *going])
        path = self._inline_path(model)
        super().save_formset(request, form, formset, change)
        for obj in formset.new_objects:
            record(request, "created", obj, path, after=facts(obj))
        for obj, _ in formset.changed_objects:
            before, after = differences(former[obj.pk], obj)
            record(request, "edited", obj, path, before=before, after=after)
        for pk in going:
            record(request, "deleted", former[pk], path, before=facts(former[pk]))

    def _inline_path(self, model: type[Model]) -> str:
        inlines = (getattr(each, "organisation_path", "") for each in self.inlines if each.model is model)
        return next(inlines, "")

    def _record(self, request: HttpRequest, act: str, obj: Model, **sides: dict[str, object]) -> None:
        record(request, act, obj, self.organisation_path, **sides)

    @staticmethod
    def _key(obj: Model) -> tuple[str, object]:
        return obj._meta.label, obj.pk


def record(request: HttpRequest, act: str, obj: Model, path: str, **sides: dict[str, object]) -> None:
    """One act of whoever makes this request, in each organisation that it concerns."""
    for place in places_of(obj, path):
        audit_record(
            actor=Actor.asking(request),
            act=act,
            obj=obj,
            place=place,
            before=sides.get("before"),
            after=sides.get("after"),
        )


def facts(obj: Model) -> dict[str, object]:
    """What the row says, without what is empty and without secrets."""
    found = {field.name: _told(obj, field) for field in _fields(obj)}
    return {name: value for name, value in found.items() if value not in (None, "", [], {})}


def differences(former: Model, obj: Model) -> tuple[dict[str, object], dict[str, object]]:
    """What of the row has changed: before and after. A secret is only said to be another."""
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    for field in _fields(obj):
        old, new = getattr(former, field.attname), getattr(obj, field.attname)
        if old != new:
            before[field.name] = _told(former, field)
            after[field.name] = HIDDEN_NEW if new and _is_secret(field.name) else _told(obj, field)
    return before, after


def places_of(obj: Model, path: str) -> list[Place]:
    """Where acts on this row belong; a person can belong to several organisations, and then each is told."""
    if isinstance(obj, User):
        ids = obj.memberships.order_by("organisation").values_list("organisation", flat=True).distinct()
        return [Place(pk) for pk in ids] or [Place()]
    if isinstance(obj, Team):
        return [Place(obj.organisation_id, obj.pk)]
    step: Any = obj
    team: int | None = None
    for name in path.split("__"):
        if isinstance(known := getattr(step, "place", None), Place):
            return [known]
        team = getattr(step, "team_id", None) or team
        step = getattr(step, name, None)
    found = obj if isinstance(obj, Organisation) else step
    return [Place(found.pk, team) if isinstance(found, Organisation) else Place()]


def _former(request: HttpRequest) -> dict[tuple[str, object], Model]:
    known: dict[tuple[str, object], Model] | None = getattr(request, "_audit_former", None)
    if known is None:
        known = {}
        request._audit_former = known  # type: ignore[attr-defined]
    return known


def _fields(obj: Model) -> Iterable[Field[Any, Any]]:
    return (field for field in obj._meta.concrete_fields if not field.primary_key and field.name not in _UNTOLD)


def _told(obj: Model, field: Field[Any, Any]) -> object:
    value = getattr(obj, field.name)
    if _is_secret(field.name):
        return HIDDEN if value else ""
    return str(value) if isinstance(value, Model) else value


def _is_secret(name: str) -> bool:
    return name.endswith(_SECRET_ENDS)
