"""One line for each kind of command: what is asked, how a charger says yes and no, and what it does then.

`test_action_matrix.py` walks them. A new action needs a line here.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from chargepoints.models import Charge, ChargePoint, InstalledCertificate, Reservation
from tests import factories
from tests.factories import now
from tests.gateway.orders import schedule
from tests.security.tools import base64_of, certificate_of, key, pem
from tests.station import Call, Payload, Station

Given = dict[str, Any]
ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}
KEY, LOCATION, FILE = "CARD-1", "https://files.example.net/file", b"firmware 2.0"
# A check is made of other commands and has tests of its own.
COMPOSED = frozenset({"check"})


async def nothing(_: Station, __: Call) -> None:
    """Most proofs are the answer itself."""


@dataclass(frozen=True)
class Line:
    """`no` is None where the message knows no refusal but an error. `needs` is made before the command, in the
    database; `effect` is what a charger does that has said yes, `reboots` before it on a new connection."""

    action: str
    parameters: Given = field(default_factory=dict)
    yes: Payload = field(default_factory=lambda: ACCEPTED)
    no: Payload | None = field(default_factory=lambda: REJECTED)
    needs: Callable[[ChargePoint], Given] = lambda _: {}
    charges: bool = False
    effect: Callable[[Station, Call], Awaitable[None]] = nothing
    reboots: bool = False


def told(action: str, word: str, *, numbered: bool = False) -> Callable[[Station, Call], Awaitable[None]]:
    """The charger tells how its job ended; a new version is told at the boot after it."""

    async def tell(station: Station, call: Call) -> None:
        number = {"requestId": call.payload["requestId"]} if numbered else {}
        assert await station.call(action, {"status": word} | number) == {}
        if word == "Installed":
            await station.boot(firmwareVersion="2.0")

    return tell


async def boots(station: Station, _: Call) -> None:
    """The charger boots."""
    await station.boot()


async def starts(station: Station, call: Call) -> None:
    """The charge begins."""
    await station.start(call.payload["connectorId"], call.payload["idTag"], 0)


async def stops(station: Station, call: Call) -> None:
    """The charge ends."""
    await station.stop(call.payload["transactionId"], 10, "Remote")


async def goes_out(station: Station, call: Call) -> None:
    """The connector goes out of service."""
    await station.status(call.payload["connectorId"], "Unavailable")


async def beats(station: Station, _: Call) -> None:
    """The message that was asked for."""
    await station.call("Heartbeat", {})


def the_charge(charge_point: ChargePoint) -> Given:
    """The charge that runs."""
    return {"charge": Charge.objects.get(charge_point=charge_point).pk}


def a_reservation(charge_point: ChargePoint) -> Given:
    """One that the charger has accepted."""
    made = Reservation.objects.create(
        charge_point=charge_point,
        connector_number=1,
        reservation_id=7,
        id_tag=KEY,
        made_at=now(),
        expires_at=now() + timedelta(hours=1),
    )
    return {"reservation": made.pk}


def a_root(charge_point: ChargePoint) -> Given:
    """One that the charger has listed."""
    row = InstalledCertificate.objects.create(
        charge_point=charge_point,
        type="ManufacturerRootCertificate",
        hash_algorithm="SHA256",
        issuer_name_hash="aa",
        issuer_key_hash="bb",
        serial_number="0c",
        seen_at=now(),
    )
    return {"certificate": row.pk}


def a_key(charge_point: ChargePoint) -> Given:
    """It is the operator's."""
    factories.charge_key(charge_point.site.team.organisation, f"{KEY}-{charge_point.pk}")
    return {}


def own_key(charge_point: ChargePoint) -> Given:
    """A key that charges nowhere else."""
    a_key(charge_point)
    return {"id_tag": f"{KEY}-{charge_point.pk}"}


def own_list(charge_point: ChargePoint) -> Given:
    """A list with that key."""
    return {"keys": [own_key(charge_point)["id_tag"]]}


def a_release() -> Given:
    """A signed update."""
    secret = key()
    return {
        "location": LOCATION,
        "signature": base64_of(secret.sign(FILE, ec.ECDSA(hashes.SHA256()))),
        "certificate": pem(certificate_of(secret, "Maker")),
        "sha256": hashlib.sha256(FILE).hexdigest(),
    }


def a_chain() -> Given:
    """A certificate without its root."""
    secret = key()
    root = certificate_of(secret, "Root", ca=True)
    return {"chain": pem(certificate_of(key(), "Leaf", issuer=root, by=secret))}


PROFILE = {
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": schedule((0, 16.0), (3600, 7.4)),
}
COMPOSITE = {"status": "Accepted", "connectorId": 1, "chargingSchedule": schedule((0, 16.0))}
CENTRAL: Given = {"type": "CentralSystemRootCertificate"}
LINES: dict[str, Line] = {
    "reboot": Line("Reset", {"type": "Soft"}, effect=boots, reboots=True),
    "start": Line("RemoteStartTransaction", {"connector": 1}, needs=own_key, effect=starts),
    "stop": Line("RemoteStopTransaction", needs=the_charge, charges=True, effect=stops),
    "unlock": Line("UnlockConnector", {"connector": 1}, {"status": "Unlocked"}, {"status": "UnlockFailed"}),
    "availability": Line("ChangeAvailability", {"connector": 1, "type": "Inoperative"}, effect=goes_out),
    "trigger": Line("TriggerMessage", {"message": "Heartbeat"}, effect=beats),
    "clear_cache": Line("ClearCache"),
    "read_configuration": Line("GetConfiguration", {"keys": ["A"]}, {"unknownKey": ["A"]}, None),
    "configure": Line("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "300"}),
    "diagnostics": Line(
        "GetDiagnostics",
        {"location": LOCATION},
        {"fileName": "a.zip"},
        None,
        effect=told("DiagnosticsStatusNotification", "Uploaded"),
    ),
    "firmware": Line(
        "UpdateFirmware", {"location": LOCATION}, {}, None, effect=told("FirmwareStatusNotification", "Installed")
    ),
    "local_list_version": Line("GetLocalListVersion", {}, {"listVersion": 0}, None),
    "local_list": Line("SendLocalList", {"update": "Full"}, no={"status": "Failed"}, needs=own_list),
    "reserve": Line(
        "ReserveNow",
        {"connector": 1, "expires_at": "2099-01-31T12:00:00Z"},
        no={"status": "Occupied"},
        needs=own_key,
    ),
    "cancel_reservation": Line("CancelReservation", needs=a_reservation),
    "set_profile": Line("SetChargingProfile", {"connector": 1, "profile": PROFILE}, no={"status": "NotSupported"}),
    "clear_profile": Line("ClearChargingProfile", no={"status": "Unknown"}),
    "composite_schedule": Line("GetCompositeSchedule", {"connector": 1, "duration": 3600}, COMPOSITE),
    "data_transfer": Line("DataTransfer", {"vendor_id": "com.example"}, no={"status": "UnknownVendorId"}),
    "call": Line("ClearCache", {"action": "ClearCache", "payload": {}}),
    "extended_trigger": Line("ExtendedTriggerMessage", {"message": "Heartbeat"}, effect=beats),
    "rotate_password": Line("ChangeConfiguration"),
    "certificate_signed": Line("CertificateSigned", a_chain()),
    "install_certificate": Line(
        "InstallCertificate", CENTRAL | {"certificate": pem(certificate_of(key(), "Root", ca=True))}
    ),
    "certificate_ids": Line("GetInstalledCertificateIds", CENTRAL, {"status": "NotFound"}, None),
    "delete_certificate": Line("DeleteCertificate", no={"status": "Failed"}, needs=a_root),
    "log_upload": Line(
        "GetLog",
        {"type": "SecurityLog", "location": LOCATION},
        effect=told("LogStatusNotification", "Uploaded", numbered=True),
    ),
    "signed_firmware": Line(
        "SignedUpdateFirmware",
        a_release(),
        no={"status": "InvalidCertificate"},
        effect=told("SignedFirmwareStatusNotification", "Installed", numbered=True),
    ),
}
