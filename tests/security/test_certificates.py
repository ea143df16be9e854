"""Certificates of chargers and their roots (TC_074 to TC_078; SECURITY A20)."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from chargepoints.choices import CommandStatus, Effect, IssuedState
from chargepoints.exceptions import ActionRefused
from chargepoints.models import ChargePoint, Command, InstalledCertificate, IssuedCertificate, SecurityEvent
from tests.factories import PASSWORD
from tests.gateway.tools import db, ended, log, order, soon
from tests.security.tools import (
    base64_of,
    certificate_of,
    key,
    pem,
    plain,
    refused,
    request_of,
    through_proxy,
)
from tests.stage import Server
from tests.station import Call, Station, now

pytestmark = pytest.mark.django_db(transaction=True)


async def signed(station: Station, csr: str) -> tuple[Call, x509.Certificate]:
    """Ask for a certificate; the call that brings it, and the certificate."""
    assert await station.call("SignCertificate", {"csr": csr}) == {"status": "Accepted"}
    call = await station.expect("CertificateSigned")
    chain = x509.load_pem_x509_certificates(call.payload["certificateChain"].encode())
    assert len(chain) == 1
    return call, chain[0]


async def test_tc_074_a_new_certificate(guarded: Server, charge_point: ChargePoint) -> None:
    """TC_074: triggered, asked for, signed some time later, taken, used; the one before it ends then, not earlier."""
    first_key, second_key = key(), key()
    async with plain(guarded) as station:
        await station.boot(chargePointSerialNumber="S-1")
        command = await order(charge_point, "extended_trigger", message="SignChargePointCertificate")
        call = await station.expect("ExtendedTriggerMessage")
        assert call.payload == {"requestedMessage": "SignChargePointCertificate"}
        await station.answer(call, {"status": "Accepted"})
        await ended(command)
        call, first = await signed(station, request_of(first_key, greedy=True))
        await ended(command, Effect.SEEN)
        await station.answer(call, {"status": "Accepted"})
        row = await soon(lambda: IssuedCertificate.objects.filter(state=IssuedState.ACCEPTED).first(), "accepted")
    assert first.public_key() == first_key.public_key()
    assert first.subject.rfc4514_string() == "CN=S-1,O=Nordlys Charging"
    assert list(first.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.CLIENT_AUTH
    ]
    assert not first.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert row.fingerprint == first.fingerprint(hashes.SHA256()).hex()
    async with through_proxy(guarded, certificate=first) as station:
        again = await order(charge_point, "extended_trigger", message="SignChargePointCertificate")
        await station.answer(await station.expect("ExtendedTriggerMessage"), {"status": "Accepted"})
        await ended(again)
        call, second = await signed(station, request_of(second_key))
        await station.answer(call, {"status": "Accepted"})
        await soon(lambda: IssuedCertificate.objects.filter(state=IssuedState.ACCEPTED).count() == 2, "both good")
    async with through_proxy(guarded, certificate=first):
        pass
    async with through_proxy(guarded, certificate=second) as station:
        await station.boot(chargePointSerialNumber="S-1")
    assert (await refused(through_proxy(guarded, certificate=first))).status == 401
    assert (await refused(through_proxy(guarded, password=PASSWORD))).status == 401


async def test_tc_074_forms_of_requests(guarded: Server, charge_point: ChargePoint) -> None:
    """D27: odd line ends, no headers; RSA; the identity as name. The same request again brings the same certificate."""
    secret = rsa.generate_private_key(65537, 2048)
    text = request_of(secret, "NORD-1")
    async with plain(guarded) as station:
        call, made = await signed(station, text.replace("\n", "\r\n").strip())
        assert isinstance(made.public_key(), rsa.RSAPublicKey)
        await station.answer_error(call, "InternalError")
        repeat, same = await signed(station, text.replace("\n", "\r\n").strip())
        assert same == made
        await station.answer(repeat, {"status": "Accepted"})
        await soon(lambda: IssuedCertificate.objects.filter(state=IssuedState.ACCEPTED).exists(), "accepted")
    assert await db(IssuedCertificate.objects.count) == 1
    der = x509.load_pem_x509_csr(request_of(key(), "NORD-1").encode()).public_bytes(Encoding.DER)
    await db(IssuedCertificate.objects.all().delete)
    async with plain(guarded) as station:
        call, _ = await signed(station, base64_of(der))
        await station.answer(call, {"status": "Accepted"})
        await soon(lambda: IssuedCertificate.objects.filter(state=IssuedState.ACCEPTED).exists(), "accepted")


async def test_a20_bad_requests(guarded: Server, charge_point: ChargePoint, far_charge_point: ChargePoint) -> None:
    """A20: other names, weak or odd keys, forged or unreadable; none is signed, the newest is kept with its reason."""
    await db(lambda: ChargePoint.objects.filter(pk=far_charge_point.pk).update(serial="S-9"))
    forged = x509.load_pem_x509_csr(request_of(key()).encode()).public_bytes(Encoding.DER)
    bad = [
        request_of(key(), "NORD-2"),
        request_of(key(), "S-1 "),
        request_of(key(), organisation="Somebody Else"),
        request_of(rsa.generate_private_key(65537, 1024)),
        request_of(ec.generate_private_key(ec.SECP192R1())),
        base64_of(forged[:-4] + b"\x00\x00\x00\x00"),
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
        "A" * 6000,
        request_of(key())[:-70],
        "\x00" * 20,
    ]
    eddsa = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    bad.append(eddsa.sign(ed25519.Ed25519PrivateKey.generate(), None).public_bytes(Encoding.PEM).decode())
    async with plain(guarded) as station:
        await station.boot(chargePointSerialNumber="S-1")
        for csr in bad:
            assert await station.call("SignCertificate", {"csr": csr}) == {"status": "Rejected"}, csr
        # Claiming another charger's serial number at boot makes it nobody's.
        await station.boot(chargePointSerialNumber="S-9")
        assert await station.call("SignCertificate", {"csr": request_of(key(), "S-9")}) == {"status": "Rejected"}
    [kept] = await db(lambda: list(IssuedCertificate.objects.all()))
    assert (kept.state, kept.chain) == (IssuedState.REFUSED, "")
    assert "neither the serial number" in kept.detail
    lines = await db(lambda: log(charge_point, action="SignCertificate"))
    assert len(lines) == len(bad) + 1
    assert all(line.is_error and line.category == "auth" and line.text for line in lines)
    assert not await db(Command.objects.exists)


async def test_a20_too_many_requests(guarded: Server, charge_point: ChargePoint) -> None:
    """One an hour for each charger, unless somebody asked it."""
    async with plain(guarded) as station:
        call, _ = await signed(station, request_of(key(), "NORD-1"))
        await station.answer(call, {"status": "Accepted"})
        await soon(lambda: IssuedCertificate.objects.filter(state=IssuedState.ACCEPTED).exists(), "accepted")
        answer = await station.call("SignCertificate", {"csr": request_of(key(), "NORD-1")})
        assert answer == {"status": "Rejected"}


async def test_tc_077_the_charger_refuses_its_certificate(guarded: Server, charge_point: ChargePoint) -> None:
    """TC_077: rejected, and the security event answered; the certificate opens nothing."""
    async with plain(guarded) as station:
        call, made = await signed(station, request_of(key(), "NORD-1"))
        await station.answer(call, {"status": "Rejected"})
        event = {"type": "InvalidChargePointCertificate", "timestamp": now()}
        assert await station.call("SecurityEventNotification", event) == {}
    row = await soon(lambda: IssuedCertificate.objects.filter(state=IssuedState.REJECTED).first(), "rejected")
    assert row.detail == "Rejected by the charger"
    assert (await db(SecurityEvent.objects.get)).is_critical
    assert (await refused(through_proxy(guarded, certificate=made))).status == 401


@pytest.mark.parametrize("kind", ["ManufacturerRootCertificate", "CentralSystemRootCertificate"])
async def test_tc_075_install_a_root(guarded: Server, charge_point: ChargePoint, kind: str) -> None:
    """TC_075_1, TC_075_2: installed, and listed."""
    root = pem(certificate_of(key(), "Root", ca=True))
    listed = [{"hashAlgorithm": "SHA256", "issuerNameHash": "aA0", "issuerKeyHash": "bB0", "serialNumber": "0C"}]
    async with plain(guarded) as station:
        command = await order(charge_point, "install_certificate", type=kind, certificate=root)
        call = await station.expect("InstallCertificate")
        assert call.payload == {"certificateType": kind, "certificate": root}
        await station.answer(call, {"status": "Accepted"})
        assert (await ended(command)).effect == Effect.SEEN
        command = await order(charge_point, "certificate_ids", type=kind)
        call = await station.expect("GetInstalledCertificateIds")
        assert call.payload == {"certificateType": kind}
        await station.answer(call, {"status": "Accepted", "certificateHashData": listed})
        assert (await ended(command)).answer == "Accepted, 1 certificate"
        row = await InstalledCertificate.objects.aget()
        assert (row.type, row.hash_algorithm, row.serial_number) == (kind, "SHA256", "0C")
        command = await order(charge_point, "certificate_ids", type=kind)
        await station.answer(await station.expect("GetInstalledCertificateIds"), {"status": "NotFound"})
        assert (await ended(command)).status == CommandStatus.ACCEPTED
        assert not await InstalledCertificate.objects.aexists()


async def test_what_is_no_root(guarded: Server, charge_point: ChargePoint) -> None:
    leaf, old = certificate_of(key()), certificate_of(key(), ca=True, days=-1)
    weak = certificate_of(rsa.generate_private_key(65537, 1024), ca=True)
    async with plain(guarded):
        for text in ("", "nonsense", pem(leaf), pem(old), pem(weak), pem(certificate_of(key(), ca=True)) * 2):
            with pytest.raises(ActionRefused):
                await order(charge_point, "install_certificate", type="CentralSystemRootCertificate", certificate=text)
        with pytest.raises(ActionRefused):
            await order(charge_point, "certificate_ids", type="V2GRootCertificate")


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
async def test_tc_076_delete_a_root(guarded: Server, charge_point: ChargePoint, algorithm: str) -> None:
    """TC_076: exactly as reported; never the last root of a central system."""
    listed = [
        {"hashAlgorithm": algorithm, "issuerNameHash": f"aBc{n}", "issuerKeyHash": f"DeF{n}", "serialNumber": f"00{n}a"}
        for n in (1, 2)
    ]
    kind = "CentralSystemRootCertificate"
    async with plain(guarded) as station:
        await order(charge_point, "certificate_ids", type=kind)
        call = await station.expect("GetInstalledCertificateIds")
        await station.answer(call, {"status": "Accepted", "certificateHashData": listed})
        rows = await soon(lambda: list(InstalledCertificate.objects.order_by("serial_number")), "listed")
        command = await order(charge_point, "delete_certificate", certificate=rows[1].pk)
        call = await station.expect("DeleteCertificate")
        assert call.payload == {"certificateHashData": listed[1]}
        await station.answer(call, {"status": "Failed"})
        assert (await ended(command)).status == CommandStatus.REJECTED
        command = await order(charge_point, "delete_certificate", certificate=rows[1].pk)
        await station.answer(await station.expect("DeleteCertificate"), {"status": "Accepted"})
        await ended(command, Effect.SEEN)
        assert await InstalledCertificate.objects.acount() == 1
        with pytest.raises(ActionRefused, match="last root"):
            await order(charge_point, "delete_certificate", certificate=rows[0].pk)
        with pytest.raises(ActionRefused, match="not listed"):
            await order(charge_point, "delete_certificate", certificate=rows[1].pk)


async def test_tc_078_the_charger_refuses_a_root(guarded: Server, charge_point: ChargePoint) -> None:
    """TC_078: rejected, and the security event answered."""
    root = pem(certificate_of(key(), "Root", ca=True))
    async with plain(guarded) as station:
        command = await order(
            charge_point, "install_certificate", type="CentralSystemRootCertificate", certificate=root
        )
        await station.answer(await station.expect("InstallCertificate"), {"status": "Rejected"})
        assert (await ended(command)).status == CommandStatus.REJECTED
        event = {"type": "InvalidCentralSystemCertificate", "timestamp": now(), "techInfo": "no chain"}
        assert await station.call("SecurityEventNotification", event) == {}
    [line] = await db(lambda: log(charge_point, action="SecurityEventNotification"))
    assert (line.category, line.is_error, line.fact) == ("auth", True, "InvalidCentralSystemCertificate")
