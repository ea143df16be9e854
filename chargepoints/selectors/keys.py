"""Finding the key to start a charge with."""

from django.db.models import F, Q

from chargepoints.models import ChargeKey, ChargePoint
from chargepoints.permissions import Person, drivers_for

KEYS_SHOWN = 8


def keys_find(user: Person, charge_point: ChargePoint, text: str) -> list[ChargeKey]:
    """Keys of the charge point's operator whose id tag or driver (name, user id, e-mail) matches every word.

    The key of installers' tests is nobody's to choose.
    """
    found = ChargeKey.objects.filter(organisation=charge_point.site.team.organisation_id, for_tests=False)
    found = found.filter(Q(driver__isnull=True) | Q(driver__in=drivers_for(user)))
    for word in text.split():
        found = found.filter(
            Q(id_tag__icontains=word)
            | Q(driver__name__icontains=word)
            | Q(driver__user_id__icontains=word)
            | Q(driver__email__icontains=word)
        )
    ordered = found.select_related("driver").order_by(F("driver__name").asc(nulls_last=True), "id_tag")
    return list(ordered[:KEYS_SHOWN])


def key_exists(charge_point: ChargePoint, id_tag: str) -> bool:
    """Whether the charge point's operator has this key; id tags have no case (OCPP 1.6 CiString)."""
    organisation = charge_point.site.team.organisation_id
    return ChargeKey.objects.filter(organisation=organisation, id_tag__iexact=id_tag).exists()
