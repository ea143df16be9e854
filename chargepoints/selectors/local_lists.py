"""What the local list of a charger should say, and how far it is from that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Length
from django.utils import timezone

from chargepoints.choices import KeyState, Verdict
from chargepoints.models import ChargeKey, ChargePoint, Command, KeyLimit, LocalList
from chargepoints.moments import moment_write
from chargepoints.selectors.configuration import configuration_number

# OCPP 1.6: an id tag is a CiString20.
TAG_LENGTH = 20


@dataclass(frozen=True, slots=True)
class ListState:
    """The list as it is known here against what would be right: id tags to send and to take off."""

    known: LocalList | None
    wanted: Sequence[str]
    added: Sequence[str]
    changed: Sequence[str]
    removed: Sequence[str]
    most: int | None
    at_once: int | None
    last: Command | None

    @property
    def differing(self) -> int:
        """How many keys differ."""
        return len(self.added) + len(self.changed) + len(self.removed)

    @property
    def is_unsupported(self) -> bool:
        """The charger has no local list."""
        return self.known is not None and self.known.version < 0

    @property
    def is_known(self) -> bool:
        """Whether a list of ours is on the charger, as far as is known."""
        return self.known is not None and self.known.version > 0

    @property
    def full(self) -> dict[str, object]:
        """The parameters that send the whole list."""
        return {"update": "Full", "keys": list(self.wanted)}

    @property
    def changes(self) -> dict[str, object]:
        """The parameters that send what differs."""
        return {
            "update": "Differential",
            "keys": [*self.added, *self.changed],
            "remove": list(self.removed),
        }


def local_list_state(charge_point: ChargePoint, now: datetime | None = None) -> ListState:
    """The active keys that may charge here, against the list: five queries. Money is not asked, it is gone tomorrow."""
    right = _right(charge_point, now or timezone.now())
    known = LocalList.objects.filter(charge_point=charge_point).first()
    has: dict[str, object] = dict(known.entries) if known and known.version > 0 else {}
    by_tag = {tag.lower(): tag for tag in right}
    return ListState(
        known=known,
        wanted=list(right),
        added=[tag for lower, tag in by_tag.items() if lower not in has],
        changed=[tag for lower, tag in by_tag.items() if lower in has and has[lower] != right[tag]],
        removed=[lower for lower in has if lower not in by_tag],
        most=configuration_number(charge_point, "LocalAuthListMaxLength"),
        at_once=configuration_number(charge_point, "SendLocalListMaxLength"),
        last=Command.objects.filter(charge_point=charge_point, kind="local_list").order_by("-created_at").first(),
    )


def _right(charge_point: ChargePoint, now: datetime) -> dict[str, dict[str, str]]:
    """Each id tag as it is spelled with its idTagInfo."""
    limits = KeyLimit.objects.filter(charge_key=OuterRef("pk"))
    here = Q(charge_point=charge_point) | Q(site=charge_point.site_id) | Q(team=charge_point.site.team_id)
    keys = (
        ChargeKey.objects.filter(organisation=charge_point.site.team.organisation_id, state=KeyState.ACTIVE)
        .filter(for_tests=False)
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
        .filter(Q(driver__isnull=True) | Q(driver__is_blocked=False, driver__archived_at__isnull=True))
        .filter(~Exists(limits) | Exists(limits.filter(here)))
        .annotate(length=Length("id_tag"))
        .filter(length__lte=TAG_LENGTH)
        .order_by(F("id_tag"))
    )
    return {
        tag: _info(expires_at, parent)
        for tag, expires_at, parent in keys.values_list("id_tag", "expires_at", "parent_id_tag")
    }


def _info(expires_at: datetime | None, parent: str) -> dict[str, str]:
    info = {"status": str(Verdict.ACCEPTED)}
    if expires_at is not None:
        info["expiryDate"] = moment_write(expires_at)
    if parent:
        info["parentIdTag"] = parent
    return info
