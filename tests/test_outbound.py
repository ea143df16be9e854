"""POST to an address that a person typed: nowhere but where it may go, and no longer than it may take."""

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub import outbound
from hub.outbound import AddressRefused, Answer, NoAnswer, address_check, post
from tests.factories import now
from tests.receiver import Receiver, dripping, giant, nonsense, receiving, silent, trickling

HOST = "receiver.example.com"
real_getaddrinfo = socket.getaddrinfo


class Names:
    """A name service under the test's control; addresses mean themselves."""

    def __init__(self) -> None:
        self.answers: list[list[str]] = []
        self.asked: list[str] = []

    def __call__(self, host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        self.asked.append(str(host))
        if host != HOST:
            return real_getaddrinfo(host, port, *arguments, **options)
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [found for address in addresses for found in real_getaddrinfo(address, port, type=socket.SOCK_STREAM)]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The system's name service is ours."""
    made = Names()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    return made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on this machine."""
    with receiving() as running:
        yield running


def sent(url: str, *, timeout: float = 5.0, private: bool = True) -> Answer:
    """A small POST."""
    return post(url, b"{}", {"webhook-id": "1"}, timeout=timeout, longest=1000, private=private)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://8.8.8.8/", "must begin with https://"),
        ("ftp://8.8.8.8/", "must begin with https://"),
        ("https:///hub", "names no host"),
        ("https://someone:secret@8.8.8.8/", "Leave name and password out"),
        ("https://8.8.8.8/#part", "after #"),
        ("https://8.8.8.8:25/", "ports 443 and 8443"),
        ("https://8.8.8.8:99999/", "not an address"),
        ("https://[8.8.8.8/", "not an address"),
        ("https://8.8.8.8/a b", "without spaces"),
        ("https://8.8.8.8\\@example.com/", "without spaces"),
        ("https://8.8.8.8/\r\nX: y", "without spaces"),
        ("https://8.8.8.8/" + "x" * 500, "in at most 500"),
        ("https://no-such-host.invalid/", "cannot be found"),
    ],
)
def test_addresses_that_do_not_do(url: str, sentence: str) -> None:
    with pytest.raises(AddressRefused, match=sentence):
        address_check(url)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "0.0.0.0", "localhost"),
        *("10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "192.0.2.1"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1"),
        *("[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fec0::1]", "[ff02::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]"),
        *("[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::1]", "[2001:0:4136:e378::1]"),
    ],
)
def test_private_addresses_in_any_clothes_are_refused(host: str) -> None:
    with pytest.raises(AddressRefused, match="not on the public internet"):
        address_check(f"https://{host}/hub")


@pytest.mark.parametrize("host", ["8.8.8.8", "[2001:4860:4860::8888]", "[::ffff:8.8.8.8]", "[64:ff9b::808:808]"])
def test_public_addresses_may_be_called(host: str) -> None:
    address_check(f"https://{host}/hub")
    address_check(f"https://{host}:8443/hub?token=1")


@pytest.mark.parametrize(("host", "is_let_in"), [("10.1.2.3", True), ("[::1]", True), ("169.254.169.254", False)])
def test_private_networks_where_the_operator_wants_them(host: str, is_let_in: bool) -> None:
    """Never the metadata of a cloud."""
    if is_let_in:
        address_check(f"http://{host}:8080/hub", private=True)
    else:
        with pytest.raises(AddressRefused):
            address_check(f"http://{host}:8080/hub", private=True)


def test_one_private_address_among_public_ones_is_enough(names: Names) -> None:
    names.answers = [["8.8.8.8", "10.0.0.1"]]
    with pytest.raises(AddressRefused, match="not on the public internet") as refused:
        address_check(f"https://{HOST}/")
    assert "10.0" not in str(refused.value)  # what our name service says is nobody else's business


def test_a_name_that_answers_otherwise_later_leads_nowhere(names: Names, receiver: Receiver) -> None:
    """It was public when it was saved; the next answer is this machine."""
    names.answers = [["8.8.8.8"], ["127.0.0.1"]]
    address_check(f"https://{HOST}:8443/")
    with pytest.raises(AddressRefused, match="not on the public internet"):
        sent(f"https://{HOST}:8443/", private=False)
    assert receiver.received == []


def test_the_connection_goes_to_the_address_that_was_checked(names: Names, receiver: Receiver) -> None:
    """The name is asked for once; a second answer would not be followed."""
    names.answers = [["127.0.0.1"], ["169.254.169.254"]]
    assert sent(f"http://{HOST}:{receiver.port}/hub").status == 200
    assert names.asked.count(HOST) == 1
    assert receiver.received[0].headers["host"] == f"{HOST}:{receiver.port}"


def test_what_is_sent(receiver: Receiver) -> None:
    answer = sent(receiver.url)
    assert (answer.status, answer.text) == (200, "thank you")
    got = receiver.received[0]
    assert (got.path, got.body, got.headers["webhook-id"]) == ("/hub?of=nordlys", b"{}", "1")


def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert sent(receiver.url).status == 200


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.answers, receiver.location = [302], receiver.url
    assert sent(receiver.url).status == 302
    assert len(receiver.received) == 1


def test_an_answer_without_an_end_is_cut_off(receiver: Receiver) -> None:
    receiver.answers = [giant]
    assert sent(receiver.url).text == "y" * 1000


@pytest.mark.parametrize("act", [silent, dripping, trickling])
def test_slow_answers_end_in_time(receiver: Receiver, act: Any) -> None:
    receiver.answers = [act]
    begun = time.monotonic()
    with pytest.raises(NoAnswer, match="No answer within"):
        sent(receiver.url, timeout=0.4)
    assert time.monotonic() - begun < 2


def test_what_is_not_http(receiver: Receiver) -> None:
    receiver.answers = [nonsense]
    with pytest.raises(NoAnswer, match="not HTTP"):
        sent(receiver.url)


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(NoAnswer, match="Connection refused"):
            sent(f"http://127.0.0.1:{closed.getsockname()[1]}/")


def certified(name: str, folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate that it has signed itself; `ca.pem` in `folder` is who signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "both.pem").write_bytes(pem + (folder / "ca.pem").read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context


@pytest.mark.parametrize(
    ("name", "is_known", "error"),
    [(HOST, True, ""), (HOST, False, "self-signed"), ("other.example.com", True, "Hostname mismatch")],
)
def test_the_certificate_must_be_that_of_the_name(
    name: str, is_known: bool, error: str, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to an address, but TLS asks for the host."""
    context = certified(name, tmp_path)
    if is_known:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    outbound._tls.cache_clear()
    names.answers = [["127.0.0.1"]]
    try:
        with receiving(context) as receiver:
            url = f"https://{HOST}:{receiver.port}/"
            if error:
                with pytest.raises(NoAnswer, match=error):
                    sent(url)
            else:
                assert sent(url).status == 200
    finally:
        outbound._tls.cache_clear()
