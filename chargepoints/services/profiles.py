"""Charging profiles: which ones a charger has accepted. OCPP 1.6 cannot read them back."""

import secrets
from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from chargepoints import sql
from chargepoints.choices import OPEN_CHARGE_STATES, CommandStatus
from chargepoints.exceptions import ActionRefused
from chargepoints.models import Charge, ChargePoint, ChargingProfile, Command
from chargepoints.profiles import UNITS, ProfileLimits, profile_problem
from chargepoints.reports import Answer
from chargepoints.selectors.configuration import configuration_number, configuration_value
from chargepoints.services.changes import changed

BOX_ONLY, OF_A_CHARGE = "ChargePointMaxProfile", "TxProfile"


def set_profile_bind(*, command: Command) -> None:
    """Check `{"connector": int, "profile": csChargingProfiles}`; raises ActionRefused.

    A missing chargingProfileId is made up; a TxProfile gets the transaction that runs on its connector.
    """
    profile = _profile(command)
    number = command.connector_number
    purpose = profile.get("chargingProfilePurpose")
    if purpose == BOX_ONLY and number:
        raise ActionRefused("A limit of the whole charger belongs to connector 0.", field="connector")
    if purpose == OF_A_CHARGE:
        if not number:
            raise ActionRefused("A profile of a charge belongs to a connector above 0.", field="connector")
        charge = _running(command.charge_point, number)
        command.charge = charge
        profile["transactionId"] = int(charge.transaction_id)
    elif "transactionId" in profile:
        raise ActionRefused("Only a profile of a charge names a transaction.", field="profile")
    _room(command.charge_point, profile, number or 0)


def start_profile_bind(*, command: Command) -> None:
    """Check the profile that a start brings along, if it does: a TxProfile without transaction (TC_059)."""
    if command.parameters.get("profile") is None:
        command.parameters.pop("profile", None)
        return
    profile = _profile(command)
    if profile.get("chargingProfilePurpose") != OF_A_CHARGE or "transactionId" in profile:
        raise ActionRefused(
            "A start brings a profile of its own charge (TxProfile), without a transaction.", field="profile"
        )


def _profile(command: Command) -> dict[str, Any]:
    given = command.parameters.get("profile")
    if not isinstance(given, dict):
        raise ActionRefused("A charging profile is a JSON object.", field="profile")
    profile: dict[str, Any] = dict(given)
    limits = ProfileLimits(
        stack_level=_known(command.charge_point, "ChargeProfileMaxStackLevel"),
        periods=configuration_number(command.charge_point, "ChargingScheduleMaxPeriods"),
        units=configuration_value(command.charge_point, "ChargingScheduleAllowedChargingRateUnit"),
    )
    if problem := profile_problem(profile, limits):
        raise ActionRefused(problem, field="profile")
    identifier = profile.setdefault("chargingProfileId", secrets.randbelow(2**31 - 1) + 1)
    if type(identifier) is not int or not 0 <= identifier < 2**31:
        raise ActionRefused("The id of a charging profile is a number.", field="profile")
    command.parameters["profile"] = profile
    return profile


def _known(charge_point: ChargePoint, key: str) -> int | None:
    """A limit that may be 0."""
    value = (configuration_value(charge_point, key) or "").strip()
    return int(value) if value.isdecimal() and len(value) < 10 else None


def _running(charge_point: ChargePoint, number: int) -> Charge:
    charge = Charge.objects.filter(
        charge_point=charge_point, connector__number=number, state__in=OPEN_CHARGE_STATES
    ).first()
    if charge is None:
        raise ActionRefused(f"No charge is running on connector {number}.")
    return charge


def _same(number: int, profile: dict[str, Any]) -> Q:
    """The profiles in whose place this one comes: of the same id, or of the same purpose and level."""
    transaction = str(profile.get("transactionId", ""))
    return Q(profile_id=profile["chargingProfileId"]) | Q(
        connector_number=number,
        purpose=profile["chargingProfilePurpose"],
        stack_level=profile["stackLevel"],
        transaction_id=transaction,
    )


def _room(charge_point: ChargePoint, profile: dict[str, Any], number: int) -> None:
    most = configuration_number(charge_point, "MaxChargingProfilesInstalled")
    kept = ChargingProfile.objects.filter(charge_point=charge_point).exclude(_same(number, profile)).count()
    if most is not None and kept >= most:
        raise ActionRefused(f"The charger keeps at most {most} charging profiles. Clear one first.")


def clear_profile_bind(*, command: Command) -> None:
    """Check `{"profile_id"}`, or any of `{"connector", "purpose", "stack_level"}`, or `{}` for all (TC_067)."""
    given = command.parameters
    by_id = given.get("profile_id") is not None
    if by_id and any(given.get(name) is not None for name in ("connector", "purpose", "stack_level")):
        raise ActionRefused("Clear a profile by its id, or by connector, purpose and stack level.", field="profile_id")


def composite_schedule_bind(*, command: Command) -> None:
    """Check `{"connector": int, "duration": s, "unit"?: "A" | "W"}`."""
    duration = command.parameters.get("duration")
    if type(duration) is not int or not 0 < duration < 2**31:
        raise ActionRefused("The duration is a number of seconds.", field="duration")
    if command.parameters.get("unit") not in {None, *UNITS}:
        raise ActionRefused("Limits are in A or in W.", field="unit")


def profiles_set(*, answers: Sequence[Answer]) -> None:
    """Keep what chargers accepted, in the place of what it replaces."""
    for answer in answers:
        if answer.outcome != CommandStatus.ACCEPTED:
            continue
        profile: Any = answer.request["csChargingProfiles"]
        number = int(str(answer.request["connectorId"]))
        ChargingProfile.objects.filter(_same(number, profile), charge_point=answer.charge_point_id).delete()
        ChargingProfile.objects.create(
            charge_point_id=answer.charge_point_id,
            connector_number=number,
            profile_id=profile["chargingProfileId"],
            purpose=profile["chargingProfilePurpose"],
            stack_level=profile["stackLevel"],
            transaction_id=str(profile.get("transactionId", "")),
            profile=profile,
            set_at=answer.at,
        )
    _limits_known(answers)


def _limits_known(answers: Sequence[Answer]) -> None:
    """A profile that was accepted is a limit that is known (SPEC section 4)."""
    ids = {answer.charge_point_id for answer in answers if answer.outcome == CommandStatus.ACCEPTED}
    unknown = ChargePoint.objects.filter(pk__in=ids, limit_unknown_since__isnull=False)
    if unknown.update(limit_unknown_since=None):
        changed(ids, "head", "row")


def profiles_cleared(*, answers: Sequence[Answer]) -> None:
    """Forget what chargers cleared; the ones that they say they do not know are gone as well.

    What limits a charger that has cleared one is not known until it boots or takes a new one (SPEC section 4).
    """
    fields = {
        "id": "profile_id",
        "connectorId": "connector_number",
        "chargingProfilePurpose": "purpose",
        "stackLevel": "stack_level",
    }
    for answer in answers:
        if (answer.response or {}).get("status") in {"Accepted", "Unknown"}:
            wanted = {fields[name]: value for name, value in answer.request.items()}
            ChargingProfile.objects.filter(charge_point=answer.charge_point_id, **wanted).delete()
        if answer.outcome == CommandStatus.ACCEPTED:
            ChargePoint.objects.filter(pk=answer.charge_point_id).update(limit_unknown_since=answer.at)
            changed([answer.charge_point_id], "head", "row")


_ENDED = """
DELETE FROM chargepoints_chargingprofile f USING unnest(%s::bigint[], %s::text[]) AS w (id, tx)
WHERE f.charge_point_id = w.id AND f.transaction_id = w.tx AND f.purpose = 'TxProfile'
"""


def profiles_ended(*, transactions: Sequence[tuple[int, str]]) -> None:
    """Profiles of a charge end with it; `transactions` are charge points and transaction ids."""
    if transactions:
        sql.execute(_ENDED, [pk for pk, _ in transactions], [tx for _, tx in transactions])
