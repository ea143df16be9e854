"""Acts on a person's own account, on record in each organisation that the person belongs to."""

from hub.audit.records import Actor, Facts, Place, audit_record
from hub.teams.models import Member, User


def person_record(
    *, actor: Actor, act: str, user: User, before: Facts | None = None, after: Facts | None = None, reason: str = ""
) -> None:
    """Record one act on `user` once for each of their organisations; without any, for superusers only."""
    theirs: list[int | None] = [*Member.objects.filter(user=user).order_by().values_list("organisation", flat=True)]
    for organisation in dict.fromkeys(theirs or [None]):
        audit_record(
            actor=actor, act=act, obj=user, place=Place(organisation), before=before, after=after, reason=reason
        )
