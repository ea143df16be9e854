"""What every page of the desk is given."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from hub.teams.choices import RIGHTS, Right
from hub.teams.models import Member, User


def desk(request: HttpRequest) -> dict[str, object]:
    """Context processor: the person's theme and density, and, for pages that ask, their rights by name.

    `rights` says what the person may do somewhere (`view`, `edit`, `people`, ...), `whole_rights` what they may do in
    the whole of an organisation: which parts of the desk are offered, never what they show. Each costs one query, and
    only where it is used.
    """
    user = getattr(request, "user", None)
    return {
        "theme": getattr(user, "theme", "auto"),
        "density": getattr(user, "density", "normal"),
        "rights": SimpleLazyObject(lambda: rights_somewhere(user)),
        "whole_rights": SimpleLazyObject(lambda: rights_somewhere(user, team__isnull=True, site_limits__isnull=True)),
    }


def rights_somewhere(user: object, **lookups: bool) -> frozenset[Right]:
    """Everything that any membership of the person allows; of those that the lookups leave."""
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    roles = Member.objects.filter(user=user, **lookups).values_list("role", flat=True)
    return frozenset().union(*(RIGHTS[role] for role in roles))
