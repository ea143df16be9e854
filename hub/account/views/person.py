"""Who asks."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from hub.teams.models import User


def person(request: HttpRequest) -> User:
    """The signed-in person as a row of their own. Raises PermissionDenied for programs."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return User.objects.get(pk=request.user.pk)
