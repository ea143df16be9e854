"""Which of the chosen chargers a command for many goes to, and which are left out, each with its reason."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from chargepoints.action import Action
from chargepoints.choices import OPEN_CHARGE_STATES, Integration
from chargepoints.models import Charge, ChargePoint, ConfigurationItem
from chargepoints.offers import why_not
from chargepoints.pacing import Pace
from chargepoints.permissions import Person, charge_points_for
from chargepoints.selectors.overview import Filters, overview_find
from hub.teams.choices import RIGHTS, Right, Role
from hub.teams.models import Organisation

PROFILES = "SupportedFeatureProfiles"
# One more than may be in a batch, so that too many are seen to be too many.
MOST_LOOKED_AT = 10_001
BUSY, OFFLINE = "waits until its charge has ended", "waits until it is back"


@dataclass(frozen=True, slots=True)
class Target:
    """One chosen charger: why it is left out, if it is, and what it would wait for."""

    pk: int
    name: str
    site: str
    why: str = ""
    waits: str = ""
    is_busy: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """All chosen chargers. `digest` says which they are, so that a page can tell whether they are the same still."""

    going: Sequence[Target]
    left_out: Sequence[Target]
    organisation: Organisation | None
    digest: str

    @property
    def total(self) -> int:
        """How many were chosen."""
        return len(self.going) + len(self.left_out)

    @property
    def busy(self) -> int:
        """On how many of those that it goes to a charge runs now."""
        return sum(target.is_busy for target in self.going)


def bulk_chosen(person: Person, ids: Iterable[int], filters: Filters | None) -> QuerySet[ChargePoint]:
    """The chosen charge points: by id, or with `filters` whatever matches them. What is foreign is not there."""
    if filters is not None:
        return overview_find(person, filters)
    return charge_points_for(person).filter(pk__in=list(ids))


def bulk_preview(
    person: Person,
    chosen: QuerySet[ChargePoint],
    action: Action,
    pace: Pace,
    misfit: Callable[[ChargePoint], str] | None = None,
) -> Preview:
    """What a batch would do with them: three queries, in order of site and name.

    `misfit` says why a charger is left out for another reason, in one sentence.
    """
    running = Charge.objects.filter(charge_point=OuterRef("pk"), state__in=OPEN_CHARGE_STATES)
    points = list(
        chosen.select_related("site__team__organisation")
        .annotate(is_busy=Exists(running))
        .order_by("site__name", "site_id", "name")[:MOST_LOOKED_AT]
    )
    ids = [point.pk for point in points]
    mine = set(charge_points_for(person, action.right).filter(pk__in=ids).values_list("pk", flat=True))
    told = _profiles(ids) if action.profile else {}
    organisation = next((point.site.team.organisation for point in points if point.pk in mine), None)
    targets = []
    for point in points:
        why = _no_right(action.right) if point.pk not in mine else ""
        why = why or _elsewhere(point, organisation) or (misfit(point) if misfit else "")
        targets.append(_target(point, why or _why(point, action, pace, told), pace))
    return Preview(
        [target for target in targets if not target.why],
        [target for target in targets if target.why],
        organisation,
        hashlib.sha256(",".join(map(str, sorted(ids))).encode()).hexdigest()[:16],
    )


def _target(point: ChargePoint, why: str, pace: Pace) -> Target:
    is_busy = bool(getattr(point, "is_busy", False))
    waits = OFFLINE if point.integration != Integration.CONNECTED else BUSY if is_busy and pace.skip_busy else ""
    return Target(point.pk, point.name, point.site.name, why, "" if why else waits, is_busy)


def _no_right(right: Right) -> str:
    return f"Your role does not allow this here. It needs: {right.label.lower()}."


def _elsewhere(point: ChargePoint, organisation: Organisation | None) -> str:
    """One batch is for one operator, whose people may see and stop it."""
    if organisation is None or point.site.team.organisation_id == organisation.pk:
        return ""
    return f"It belongs to another operator than the first one, {organisation.name}."


def _why(point: ChargePoint, action: Action, pace: Pace, told: dict[int, frozenset[str]]) -> str:
    """Why this charger is left out, by what is known of it now; one that is kept need not be connected."""
    if not point.may_connect:
        return "It is deactivated."
    integration = Integration(point.integration)
    if pace.keep_s and action.can_wait and integration != Integration.NO_INTEGRATION:
        integration = Integration.CONNECTED
    charges = int(getattr(point, "is_busy", False))
    if refused := why_not(action, integration, charges, RIGHTS[Role.ADMIN], point.registration_told):
        return refused
    if action.profile and point.pk in told and action.profile.casefold() not in told[point.pk]:
        return f"It does not have the profile {action.profile}, by its own setting {PROFILES}."
    return ""


def _profiles(ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """The profiles that chargers told when their settings were read; without those that never were."""
    rows = ConfigurationItem.objects.filter(charge_point__in=ids, key__iexact=PROFILES).values_list(
        "charge_point_id", "value"
    )
    return {pk: frozenset(part.strip().casefold() for part in value.split(",")) for pk, value in rows if value}
