"""Security profiles at the handshake (H8, TC_083, TC_085 to TC_087), and certificates that prove who a charger is."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from django.core.management import CommandError, call_command
from django.test import override_settings

from chargepoints.choices import IssuedState, Refusal
from chargepoints.models import ChargePoint, Connection, ConnectionAttempt, IssuedCertificate
from tests import factories
from tests.factories import PASSWORD
from tests.gateway.tools import db, log, soon
from tests.security.tools import ORGANISATION, TLS, base64_of, certificate_of, key, pem, plain, refused, through_proxy
from tests.stage import Server
from tests.station import Station

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def authority(authority_folder: Path) -> tuple[x509.Certificate, object]:
    """The authority's certificate and key."""
    made = x509.load_pem_x509_certificate((authority_folder / "ca.pem").read_bytes())
    return made, load_pem_private_key((authority_folder / "ca.key.pem").read_bytes(), None)


@pytest.fixture
def own(charge_point: ChargePoint, authority: tuple[x509.Certificate, object]) -> x509.Certificate:
    """A certificate from the authority for the charger's serial number S-1."""
    ChargePoint.objects.filter(pk=charge_point.pk).update(serial="S-1")
    return certificate_of(key(), issuer=authority[0], by=authority[1])


async def reason(refusal: Refusal) -> ConnectionAttempt:
    """The stored attempt with this reason."""
    return await soon(lambda: ConnectionAttempt.objects.filter(reason=refusal).first(), f"{refusal}")


async def profile(charge_point: ChargePoint) -> tuple[int, int | None]:
    """The lowest profile that is let in, and that of the last connection."""
    found = await db(lambda: ChargePoint.objects.select_related("connection").get(pk=charge_point.pk))
    return found.security_profile, found.connection.security_profile


async def test_tc_083_no_way_back(guarded: Server, charge_point: ChargePoint) -> None:
    """TC_083, H8: after one connection over TLS the same password without it is refused, for ever."""
    async with plain(guarded):
        assert await profile(charge_point) == (1, 1)
    async with through_proxy(guarded, password=PASSWORD):
        assert await profile(charge_point) == (2, 2)
    answer = await refused(plain(guarded))
    assert (answer.status, answer.body) == (401, "")
    assert (await reason(Refusal.DOWNGRADE)).http_status == 401
    lines = await db(lambda: log(charge_point, action="Refused"))
    assert [line.fact for line in lines] == [Refusal.DOWNGRADE.label]
    async with through_proxy(guarded, password=PASSWORD) as station:
        await station.call("Heartbeat", {})


async def test_profile_0_is_opt_in(guarded: Server, charge_point: ChargePoint) -> None:
    """No password at all, only where an administrator said so; a password once proved ends it (SECURITY A1)."""
    assert (await refused(plain(guarded, password=None))).status == 401
    await db(lambda: ChargePoint.objects.update(security_profile=0))
    async with plain(guarded, password=None) as station:
        assert await profile(charge_point) == (0, 0)
        await station.call("Heartbeat", {})
    assert (await refused(plain(guarded, password="not the password at all"))).status == 401
    async with plain(guarded):
        assert await profile(charge_point) == (1, 1)
    assert (await refused(plain(guarded, password=None))).status == 401


async def test_tc_086_encryption_is_what_the_proxy_says(guarded: Server, charge_point: ChargePoint) -> None:
    """TC_086: TLS ends at the proxy; only its exact word counts."""
    for word, expected in (("http", 1), ("", 1), ("https, http", 1), ("https", 2)):
        headers = {"X-Forwarded-Proto": word} if word else {}
        async with Station(guarded.ocpp_url, "NORD-1", PASSWORD, headers=headers):
            assert (await profile(charge_point))[1] == expected


async def test_tc_087_client_certificate(guarded: Server, charge_point: ChargePoint, own: x509.Certificate) -> None:
    """TC_087: in without a password; from then on nothing less will do."""
    async with through_proxy(guarded, certificate=own) as station:
        assert await profile(charge_point) == (3, 3)
        assert (await station.boot(chargePointSerialNumber="S-1"))["status"] == "Accepted"
    assert (await refused(through_proxy(guarded, password=PASSWORD))).status == 401
    assert (await refused(plain(guarded))).status == 401
    assert (await refused(through_proxy(guarded))).status == 401
    counts = ConnectionAttempt.objects.filter(reason=Refusal.DOWNGRADE).values_list("count", flat=True)
    await soon(lambda: sum(counts.all()) == 3, "three downgrades")
    async with through_proxy(guarded, certificate=own) as station:
        await station.call("Heartbeat", {})


async def test_ways_to_hand_over_a_certificate(
    guarded: Server, charge_point: ChargePoint, own: x509.Certificate
) -> None:
    """nginx, plain base64, folded lines; and a fingerprint for one that we have issued."""
    der = base64_of(own.public_bytes(Encoding.DER))
    spellings = [quote(pem(own)), quote(der), der, pem(own).replace("\n", " "), pem(own).replace("\n", "\t")]
    for header in spellings:
        async with through_proxy(guarded, header=header) as station:
            await station.call("Heartbeat", {})
    digest = own.fingerprint(hashes.SHA256()).hex()
    assert (await refused(through_proxy(guarded, header=digest))).status == 401
    await issued(charge_point, own)
    for header in (digest, digest.upper(), ":".join(digest[i : i + 2] for i in range(0, 64, 2))):
        async with through_proxy(guarded, header=header) as station:
            await station.call("Heartbeat", {})


async def issued(charge_point: ChargePoint, certificate: x509.Certificate, **fields: object) -> IssuedCertificate:
    """The row of a certificate that we have issued."""
    now = factories.now()
    values = {
        "charge_point": charge_point,
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(),
        "chain": pem(certificate),
        "state": IssuedState.ACCEPTED,
        "requested_at": now,
        "not_after": certificate.not_valid_after_utc,
    }
    return await db(lambda: IssuedCertificate.objects.create(**(values | fields)))


async def test_certificates_that_prove_nothing(
    guarded: Server, charge_point: ChargePoint, own: x509.Certificate, authority: tuple[x509.Certificate, object]
) -> None:
    """SECURITY A1: of another authority, name, serial number or time; an authority's own; nonsense."""
    issuer, by = authority
    foreign_key = key()
    foreign = certificate_of(foreign_key, "Nordlys Charging charger CA", ca=True)
    bad = [
        certificate_of(key(), issuer=foreign, by=foreign_key),
        certificate_of(key()),
        certificate_of(key(), "S-2", issuer=issuer, by=by),
        certificate_of(key(), "", issuer=issuer, by=by),
        certificate_of(key(), organisation="Somebody Else", issuer=issuer, by=by),
        certificate_of(key(), issuer=issuer, by=by, days=-1),
        certificate_of(key(), issuer=issuer, by=by, ca=True),
        issuer,
    ]
    for certificate in bad:
        assert (await refused(through_proxy(guarded, certificate=certificate))).status == 401
    await reason(Refusal.BAD_CERTIFICATE)
    for header in ("nonsense", "-----BEGIN CERTIFICATE-----", "(null)", "a" * 64, quote(pem(own))[:-60]):
        assert (await refused(through_proxy(guarded, header=header))).status == 401
    assert not await db(Connection.objects.filter(generation__gt=0).exists)


async def test_certificates_of_ours_that_are_not_good(
    guarded: Server, charge_point: ChargePoint, far_charge_point: ChargePoint, own: x509.Certificate
) -> None:
    """Revoked, rejected, expired, or another charger's, even where the name on it fits."""
    row = await issued(charge_point, own, state=IssuedState.REVOKED)
    past = factories.now() - timedelta(minutes=1)
    for fields in (
        {"state": IssuedState.REVOKED},
        {"state": IssuedState.REJECTED},
        {"state": IssuedState.ACCEPTED, "not_after": past},
        {"state": IssuedState.ACCEPTED, "charge_point": far_charge_point},
    ):
        await db(lambda fields=fields: IssuedCertificate.objects.filter(pk=row.pk).update(**fields))  # type: ignore[misc]
        assert (await refused(through_proxy(guarded, certificate=own))).status == 401
        await db(lambda: IssuedCertificate.objects.update(not_after=own.not_valid_after_utc))
    await db(lambda: IssuedCertificate.objects.update(charge_point=charge_point))
    async with through_proxy(guarded, certificate=own) as station:
        await station.call("Heartbeat", {})


async def test_forged_header(guarded: Server, charge_point: ChargePoint, own: x509.Certificate) -> None:
    """The header counts on encrypted handshakes only, and once only."""
    header = quote(pem(own), safe="")
    assert (await refused(Station(guarded.ocpp_url, "NORD-1", headers={"X-Client-Cert": header}))).status == 401
    twice = Station(guarded.ocpp_url, "NORD-1", headers=TLS)
    twice._headers = [*TLS.items(), ("X-Client-Cert", header), ("X-Client-Cert", header)]  # type: ignore[assignment]
    assert (await refused(twice)).status == 401


async def test_no_header_is_trusted_without_a_proxy(
    server: object, charge_point: ChargePoint, own: x509.Certificate, authority_folder: Path
) -> None:
    """Without HUB_TLS nobody's word about encryption or certificates is taken."""
    env = {
        "HUB_CA_DIR": str(authority_folder),
        "HUB_CA_ORGANISATION": "Nordlys Charging",
        "HUB_CLIENT_CERT_HEADER": "X-Client-Cert",
    }
    bare = server(env=env)  # type: ignore[operator]
    assert (await refused(through_proxy(bare, certificate=own))).status == 401
    async with through_proxy(bare, password=PASSWORD):
        assert await profile(charge_point) == (1, 1)


async def test_boot_with_another_serial_number(
    guarded: Server, charge_point: ChargePoint, own: x509.Certificate
) -> None:
    """B01.FR.11: the certificate was for S-1: rejected and closed, and nothing of the boot is stored."""
    async with through_proxy(guarded, certificate=own) as station:
        assert (await station.boot(chargePointSerialNumber="S-2", vendor="Evil"))["status"] == "Rejected"
        assert (await station.close_code())[0] == 4008
    found = await ChargePoint.objects.aget(pk=charge_point.pk)
    assert (found.serial, found.vendor) == ("S-1", "")
    [line] = await db(lambda: log(charge_point, action="BootNotification"))
    assert (line.category, line.is_error) == ("auth", True)
    async with through_proxy(guarded, certificate=own) as station:
        assert (await station.boot(chargePointSerialNumber="s-1"))["status"] == "Accepted"
        assert (await station.boot())["status"] == "Accepted"


async def test_the_authority_is_made_once(authority_folder: Path, tmp_path: Path) -> None:
    """`manage.py ca`: the key is the owner's alone, and never overwritten; a name is needed."""
    key_file = authority_folder / "ca.key.pem"
    before = key_file.read_bytes()
    assert key_file.stat().st_mode & 0o777 == 0o600
    with override_settings(CA_DIR=authority_folder, CA_ORGANISATION=ORGANISATION):
        with pytest.raises(CommandError, match="already"):
            call_command("ca", "init")
        shown = StringIO()
        call_command("ca", "show", stdout=shown)
    assert key_file.read_bytes() == before
    assert "O=Nordlys Charging" in shown.getvalue()
    assert "PRIVATE" not in shown.getvalue()
    with override_settings(CA_DIR=tmp_path / "new", CA_ORGANISATION=""):
        for what, why in (("init", "HUB_CA_ORGANISATION"), ("show", "no authority")):
            with pytest.raises(CommandError, match=why):
                call_command("ca", what)
