"""The charger's answers to the central system's CALLs."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from hub.simulator import maintenance
from hub.simulator.clock import parse, seconds_until
from hub.simulator.connector import Connector
from hub.simulator.orders import Reservation
from hub.simulator.profiles import STATION_MAX, Profiles
from hub.simulator.wire import Payload, Reply, RpcError

if TYPE_CHECKING:
    from hub.simulator.charger import Charger

KINDS = ("Absolute", "Recurring", "Relative")
Answer = Callable[[Payload], Reply]


def _status(value: str) -> Payload:
    return {"status": value}


class Answers:
    """One method per action. Each decides at once and returns what to do after the answer."""

    def __init__(self, charger: "Charger") -> None:
        self._charger = charger
        self._actions: dict[str, Answer] = {
            "CancelReservation": self._cancel_reservation,
            "ChangeAvailability": self._change_availability,
            "ChangeConfiguration": self._change_configuration,
            "ClearCache": self._clear_cache,
            "ClearChargingProfile": self._clear_charging_profile,
            "DataTransfer": self._data_transfer,
            "GetCompositeSchedule": self._get_composite_schedule,
            "GetConfiguration": self._get_configuration,
            "GetDiagnostics": partial(maintenance.get_diagnostics, charger),
            "GetLog": partial(maintenance.get_log, charger),
            "GetLocalListVersion": self._get_local_list_version,
            "RemoteStartTransaction": self._remote_start,
            "RemoteStopTransaction": self._remote_stop,
            "ReserveNow": self._reserve_now,
            "Reset": self._reset,
            "SendLocalList": self._send_local_list,
            "SetChargingProfile": self._set_charging_profile,
            "TriggerMessage": partial(maintenance.trigger_message, charger),
            "UnlockConnector": self._unlock_connector,
            "UpdateFirmware": partial(maintenance.update_firmware, charger),
        }

    def answer(self, action: str, payload: Payload) -> Reply:
        """The answer and its follow-up. Raises RpcError for what is unknown or malformed."""
        if action not in self._actions:
            raise RpcError("NotImplemented", f"{action} is not known here")
        try:
            return self._actions[action](payload)
        except KeyError as missing:
            raise RpcError("OccurenceConstraintViolation", f"{missing} is missing") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise RpcError("TypeConstraintViolation", str(error)) from None

    def _chosen(self, connector_id: int) -> list[Connector]:
        """The connector of that id, all for 0, none for an unknown one."""
        connectors = self._charger.connectors
        if connector_id == 0:
            return list(connectors.values())
        return [connectors[connector_id]] if connector_id in connectors else []

    def _reset(self, payload: Payload) -> Reply:
        soft = payload["type"] == "Soft"
        reason = "SoftReset" if soft else "HardReset"
        return _status("Accepted"), partial(self._charger.restart, reason, soft=soft)

    def _remote_start(self, payload: Payload) -> Reply:
        tag, wanted = str(payload["idTag"]), int(payload.get("connectorId", 0))
        free = [
            connector
            for connector in self._chosen(wanted)
            if connector.is_free and (not connector.reservation or connector.reservation.tag == tag)
        ]
        if not free or not self._charger.is_online or not self._charger.operative:
            return _status("Rejected"), None
        profile = payload.get("chargingProfile")
        if profile and not _is_complete(profile, free[0]):
            return _status("Rejected"), None
        # A connector with a car that waits for its driver comes first.
        chosen = min(free, key=lambda connector: (connector.status != "Preparing", connector.id))
        if profile:
            self._charger.profiles.add(chosen.id, profile)
        chosen.start(tag)
        return _status("Accepted"), None

    def _remote_stop(self, payload: Payload) -> Reply:
        wanted = int(payload["transactionId"])
        for connector in self._charger.connectors.values():
            if connector.charge and connector.charge.transaction == wanted:
                connector.stop("Remote")
                return _status("Accepted"), None
        return _status("Rejected"), None

    def _unlock_connector(self, payload: Payload) -> Reply:
        connector = self._charger.connectors.get(int(payload["connectorId"]))
        if connector is None:
            return _status("NotSupported"), None
        if connector.fault and connector.fault.error == "ConnectorLockFailure":
            return _status("UnlockFailed"), None
        connector.stop("UnlockCommand")
        return _status("Unlocked"), None

    def _change_availability(self, payload: Payload) -> Reply:
        wanted, operative = int(payload["connectorId"]), payload["type"] == "Operative"
        chosen = self._chosen(wanted)
        if not chosen:
            return _status("Rejected"), None
        if wanted == 0:
            self._charger.operative = operative
        for connector in chosen:
            connector.operative = operative
            connector.look()
        busy = not operative and any(connector.charge for connector in chosen)
        return _status("Scheduled" if busy else "Accepted"), self._charger.tell_box if wanted == 0 else None

    def _get_configuration(self, payload: Payload) -> Reply:
        return self._charger.config.report(list(payload.get("key") or [])), None

    def _change_configuration(self, payload: Payload) -> Reply:
        key, value = str(payload["key"]), str(payload["value"])
        if key == "AuthorizationKey":
            self._charger.password = _password(value)
            return _status("Accepted"), None
        return _status(self._charger.config.change(key, value)), None

    def _clear_cache(self, _payload: Payload) -> Reply:
        if not self._charger.config.flag("AuthorizationCacheEnabled"):
            return _status("Rejected"), None
        self._charger.cache.clear()
        return _status("Accepted"), None

    def _get_local_list_version(self, _payload: Payload) -> Reply:
        return {"listVersion": self._charger.list_version}, None

    def _send_local_list(self, payload: Payload) -> Reply:
        version, entries = int(payload["listVersion"]), payload.get("localAuthorizationList") or []
        full = payload["updateType"] == "Full"
        if not full and version <= self._charger.list_version:
            return _status("VersionMismatch"), None
        if full and any("idTagInfo" not in entry for entry in entries):
            return _status("Failed"), None
        merged = {} if full else dict(self._charger.local_list)
        for entry in entries:
            if "idTagInfo" in entry:
                info = entry["idTagInfo"]
                merged[entry["idTag"]] = {"status": str(info["status"]), "expires": parse(info.get("expiryDate"))}
            else:
                merged.pop(entry["idTag"], None)
        self._charger.local_list, self._charger.list_version = merged, version
        return _status("Accepted"), None

    def _reserve_now(self, payload: Payload) -> Reply:
        expires = parse(payload["expiryDate"])
        reservation = Reservation(int(payload["reservationId"]), str(payload["idTag"]), expires)
        connector = self._charger.connectors.get(int(payload["connectorId"]))
        if connector is None or not seconds_until(expires):
            return _status("Rejected"), None
        if connector.fault:
            return _status("Faulted"), None
        if not connector.operative:
            return _status("Unavailable"), None
        other = connector.reservation and connector.reservation.id != reservation.id
        if connector.car or connector.expects_start or other:
            return _status("Occupied"), None
        self._forget(reservation.id)
        connector.reservation = reservation
        connector.look()
        return _status("Accepted"), None

    def _cancel_reservation(self, payload: Payload) -> Reply:
        return _status("Accepted" if self._forget(int(payload["reservationId"])) else "Rejected"), None

    def _forget(self, reservation_id: int) -> bool:
        for connector in self._charger.connectors.values():
            if connector.reservation and connector.reservation.id == reservation_id:
                connector.reservation = None
                connector.look()
                return True
        return False

    def _set_charging_profile(self, payload: Payload) -> Reply:
        wanted, profile = int(payload["connectorId"]), payload["csChargingProfiles"]
        chosen = self._chosen(wanted)
        purpose = profile["chargingProfilePurpose"]
        if not chosen or not _is_complete(profile, chosen[0]) or (purpose == STATION_MAX and wanted != 0):
            return _status("Rejected"), None
        if purpose == "TxProfile" and (wanted == 0 or chosen[0].charge is None):
            return _status("Rejected"), None
        self._charger.profiles.add(wanted, profile)
        for connector in chosen:
            connector.look()
        return _status("Accepted"), None

    def _clear_charging_profile(self, payload: Payload) -> Reply:
        cleared = self._charger.profiles.clear(payload)
        return _status("Accepted" if cleared else "Unknown"), None

    def _get_composite_schedule(self, payload: Payload) -> Reply:
        wanted, duration = int(payload["connectorId"]), min(86_400, int(payload["duration"]))
        chosen = self._chosen(wanted)
        if not chosen:
            return _status("Rejected"), None
        unit = payload.get("chargingRateUnit", "W")
        most = float(sum(connector.spec.max_w for connector in chosen))
        schedule = self._charger.profiles.composite(chosen[0].session, duration, unit, most)
        reply = {"status": "Accepted", "connectorId": wanted, "chargingSchedule": schedule}
        return reply | {"scheduleStart": schedule["startSchedule"]}, None

    def _data_transfer(self, payload: Payload) -> Reply:
        if payload["vendorId"] != self._charger.spec.vendor:
            return _status("UnknownVendorId"), None
        if payload.get("messageId") not in (None, "ping"):
            return _status("UnknownMessageId"), None
        return _status("Accepted") | {"data": str(payload.get("data", "pong"))}, None


def _is_complete(profile: Payload, connector: Connector) -> bool:
    """True for a profile that can be followed, its periods in order from 0.

    Raises KeyError, TypeError or ValueError for a malformed one, so that none is ever installed.
    """
    schedule = profile["chargingSchedule"]
    starts = [period["startPeriod"] for period in schedule["chargingSchedulePeriod"]]
    numbers = [period["limit"] + period.get("numberPhases", 3) for period in schedule["chargingSchedulePeriod"]]
    numbers += [profile["chargingProfileId"] + profile["stackLevel"], *starts, schedule.get("duration", 0)]
    Profiles([(connector.id, profile)]).limit(connector.session)
    whole = all(isinstance(number, int | float) for number in numbers)
    known = schedule["chargingRateUnit"] in ("A", "W") and profile["chargingProfileKind"] in KINDS
    return whole and known and starts[:1] == [0] and starts == sorted(starts)


def _password(value: str) -> bytes:
    """AuthorizationKey is the hex of the password; some central systems send the password itself."""
    try:
        return bytes.fromhex(value)
    except ValueError:
        return value.encode()
