"""What every page of the administration shares: tenancy, read-only history and lists that stay quick.

Staff see and edit what belongs to the organisations in which they are Admin; superusers see everything.
No Django permission rows are needed.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import ForeignKey, ManyToManyField, Model, QuerySet
from django.forms import ModelChoiceField, ModelMultipleChoiceField
from django.http import Http404, HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from hub.audit.recorded import Recorded
from hub.teams.choices import Role
from hub.teams.models import Member

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)

if TYPE_CHECKING:
    from django.contrib.admin.options import BaseModelAdmin as _Base

    _ModelAdmin = admin.ModelAdmin
    _TabularInline = admin.TabularInline
else:

    class _Base:
        """Django's classes cannot be subscripted at run time."""

        def __class_getitem__(cls, item: object) -> type:
            return cls

    class _ModelAdmin(_Base, admin.ModelAdmin): ...

    class _TabularInline(_Base, admin.TabularInline): ...


admin.site.site_header = "Hub administration"
admin.site.site_title = "Hub"
admin.site.index_title = "Administration"


def administered(request: HttpRequest) -> frozenset[int]:
    """The ids of the organisations that the person administers: the whole of it, not a team or some sites."""
    known = getattr(request, "_administered", None)
    if known is None:
        user = request.user
        whole = Member.objects.none()
        if user.is_authenticated and user.is_active and user.is_staff:
            admins = Member.objects.filter(user=user, role=Role.ADMIN)
            whole = admins.filter(team__isnull=True, site_limits__isnull=True)
        known = frozenset(whole.values_list("organisation", flat=True))
        # Every model of every page asks; the answer holds for one request.
        request._administered = known  # type: ignore[attr-defined]
    return known


def is_superuser(request: HttpRequest) -> bool:
    """Whether the person at the other end may see everything."""
    return bool(request.user.is_active and request.user.is_superuser)


class LimitedPaginator(Paginator[M]):
    """Counts so far and no further, so that a list of millions opens as fast as one of thousands."""

    count_limit = 5_000

    @cached_property
    def count(self) -> int:
        """The number of rows, at most `count_limit`."""
        rows = self.object_list
        assert isinstance(rows, QuerySet)
        return int(rows.order_by()[: self.count_limit].count())


class Scoped(_Base[M]):
    """Tenancy for model admins and inlines; `organisation_path` leads from the model to its organisation.

    Without a path only superusers see the model.
    """

    organisation_path = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """Only what belongs to the organisations that the person administers."""
        everything: QuerySet[M] = super().get_queryset(request)
        return everything if is_superuser(request) else self.scoped(everything, administered(request))

    def scoped(self, rows: QuerySet[M], organisations: frozenset[int]) -> QuerySet[M]:
        """Those of `rows` that belong to `organisations` (ids)."""
        if not self.organisation_path:
            return rows.none()
        return rows.filter(**{f"{self.organisation_path}__in": organisations})

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Offer, and accept, only objects that the person may see."""
        kwargs.setdefault("queryset", self._choices(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField[Any] | None:
        """As for foreign keys."""
        kwargs.setdefault("queryset", self._choices(db_field, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _choices(
        self, db_field: ForeignKey[Any, Any] | ManyToManyField[Any, Any], request: HttpRequest
    ) -> QuerySet[Any]:
        # A model that has no page here raises, which is better than offering everybody's rows.
        return self.admin_site.get_model_admin(db_field.related_model).get_queryset(request)

    def allowed(self, request: HttpRequest) -> bool:
        """Whether this model is for this person at all."""
        if is_superuser(request):
            return True
        return bool(self.organisation_path and administered(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Admins of an organisation; `get_queryset` decides which rows."""
        return self.allowed(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Admins of an organisation."""
        return self.allowed(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Admins of an organisation."""
        return self.allowed(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Admins of an organisation."""
        return self.allowed(request)


class ScopedAdmin(Scoped[M], Recorded, _ModelAdmin[M]):
    """A page of the administration with tenancy; a foreign object is a 404."""

    show_full_result_count = False
    paginator = LimitedPaginator
    # What is part of a row and goes with it, though nobody may delete it alone.
    goes_along: tuple[type[Model], ...] = ()
    # The name of the desk's page of a row, if it has one.
    desk_page = ""

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The desk's page of the row, for the button "View on desk"."""
        if obj is None or not self.desk_page:
            return None
        try:
            return reverse(self.desk_page, args=[self.desk_key(obj)])
        except NoReverseMatch:
            return None

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What is part of the rows keeps nobody from deleting them."""
        found, counts, lacking, protected = super().get_deleted_objects(objs, request)
        lacking -= {str(model._meta.verbose_name) for model in self.goes_along}
        return found, counts, lacking, protected

    def desk_key(self, obj: M) -> object:
        """What stands for the row in the desk's address."""
        return obj.pk

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Admins of an organisation."""
        return self.allowed(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Admins of an organisation."""
        return self.allowed(request)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> M | None:
        """The object, if it is theirs. Raises Http404, where Django would redirect and tell more."""
        found: M | None = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found


class HistoryAdmin(ScopedAdmin[M]):
    """What has happened: to be read, never to be changed."""

    list_per_page = 50
    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody writes history here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody writes history here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody writes history here."""
        return False


class ScopedInline(Scoped[M], _TabularInline[M, P]):
    """Rows of another model on a page; `get_queryset` scopes them too."""

    extra = 0
    show_change_link = True


class HistoryInline(ScopedInline[M, P]):
    """Rows to be read only."""

    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody writes these by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody writes these by hand."""
        return False


class ArchivedFilter(admin.SimpleListFilter):
    """In use, or archived; everything when not asked."""

    title = "archived"
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two choices."""
        return [("no", "In use"), ("yes", "Archived")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those that were asked for."""
        wanted = {"no": True, "yes": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(archived_at__isnull=wanted)


@admin.display(description="Archived", ordering="archived_at")
def archived(row: Any) -> str:
    """A list column that makes archived rows stand out."""
    return f"Archived {row.archived_at:%Y-%m-%d}" if row.archived_at else ""


def moment(field: str, label: str = "") -> Callable[[Model], str]:
    """A list column: a point in time to the second, UTC."""

    @admin.display(description=f"{label or field.replace('_', ' ').capitalize()} (UTC)", ordering=field)
    def shown(row: Model) -> str:
        value = getattr(row, field)
        return f"{value:%Y-%m-%d %H:%M:%S}" if value else "-"

    return shown


def link(obj: Model | None, label: str = "") -> SafeString | str:
    """A link to an object's page in the administration."""
    if obj is None:
        return "-"
    try:
        address = reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])
    except NoReverseMatch:
        return label or str(obj)
    return format_html('<a href="{}">{}</a>', address, label or str(obj))


def link_to_list(model: type[Model], label: str, **query: int | str) -> SafeString:
    """A link to a list, filtered by `query` (field lookups)."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', address, urlencode(query), label)
