"""A charger brings a password of its own: whoever stands before it says that it is the right one."""

from collections.abc import Mapping

from django.db import transaction

from chargepoints.exceptions import ActionRefused
from chargepoints.models import ConnectionAttempt
from chargepoints.services.locks import charge_point_locked, charges_refuse
from chargepoints.services.passwords import password_adopt
from hub.audit.records import Actor
from installer.models import JobChargePoint
from installer.selectors.knocks import knocks_of


@transaction.atomic
def password_take_over(*, actor: Actor, row: JobChargePoint, knock: str) -> Mapping[str, object]:
    """Take over the password of the newest refused handshake; the charger gets in at its next try.

    `knock`: the handshake that was shown. Raises ActionRefused when the charger is connected, charges, has not called
    lately, or when that identity was tried from several places, so that nobody can know which one is the charger.
    """
    found = charge_point_locked(charge_point=row.charge_point)
    charges_refuse(charge_point=found, what="its password cannot be changed now")
    if found.connection.is_connected:
        raise ActionRefused("The charger is connected: its password is right.")
    offered = knocks_of([found]).get(found.pk)
    if offered is None:
        raise ActionRefused("The charger has not called lately. Let it call again, then press once more.")
    if not offered.is_clear:
        raise ActionRefused("Calls with this identity come from several places. Ask the operator.")
    if str(offered.attempt_id) != knock:
        raise ActionRefused("The charger has called again meanwhile. Look at it and press once more.")
    # Locked: a call that comes now replaces what was offered.
    attempt = ConnectionAttempt.objects.select_for_update().get(pk=offered.attempt_id)
    password_adopt(actor=actor, charge_point=found, attempt=attempt)
    return {"password": "taken over"}
