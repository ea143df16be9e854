"""Django's own way of knowing people, which tells along the way who must set up a second factor first."""

from django.contrib.auth.backends import ModelBackend

from hub.account.second_factor import people_with_needs
from hub.teams.models import User


class Backend(ModelBackend):
    """One query for the person of a session, with `needs_second_factor`."""

    def get_user(self, user_id: int) -> User | None:
        """The person, if active."""
        found = people_with_needs().filter(pk=user_id).first()
        return found if found is not None and self.user_can_authenticate(found) else None
