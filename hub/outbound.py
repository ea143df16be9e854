"""POST to an address that a person typed: nowhere but where it may go, and no longer than it may take.

The host is resolved here and every address of it must be a public one; the connection goes to exactly such an address,
so that a name which answers otherwise a moment later leads nowhere else (SECURITY.md, SSRF and DNS rebinding). No
redirects, no proxies of the environment, no cookies; one deadline for all of it, and an answer that is cut off.
"""

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, urlsplit

import certifi
import httpcore

LONGEST = 500
PORTS = frozenset({443, 8443})
# What Python puts around the words of the system: a number before, the line of a source file behind.
_NUMBERS = re.compile(r"^\[[^\]]*\] ?|\(_ssl\.c:\d+\)")
_IP = ipaddress.IPv4Address | ipaddress.IPv6Address
# Addresses of IPv4 in the clothes of IPv6 (RFC 6052): judged by what is in them.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_OTHER_CLOTHES = [ipaddress.IPv6Network(net) for net in ("64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")]


class AddressRefused(Exception):
    """The address is not one that may be called; the message is a sentence for who typed it."""


class NoAnswer(Exception):
    """Nothing usable came back; the message says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, the begin of the body, and after how many milliseconds."""

    status: int
    text: str
    took_ms: int


def address_check(url: str, *, private: bool = False) -> None:
    """Raise AddressRefused unless `url` may be called now: its form, and every address that its host has.

    `private` lets in http, any port, and addresses of private networks and of this machine.
    """
    parts = _parts(url, private=private)
    _resolved(str(parts.hostname), _port(parts), private=private)


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, timeout: float, longest: int, private: bool = False
) -> Answer:
    """POST and return the answer, whatever its status; at most `longest` bytes of it are read.

    `timeout` in seconds is for everything after the name is known. Raises AddressRefused and NoAnswer.
    """
    parts = _parts(url, private=private)
    begun = time.monotonic()
    backend = _Backend(private=private, timeout=timeout)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    told = {"Host": parts.netloc, "Connection": "close", "Content-Length": str(len(body)), **headers}
    try:
        with (
            httpcore.ConnectionPool(ssl_context=_tls(), network_backend=backend, max_connections=1) as pool,
            pool.stream(
                "POST",
                httpcore.URL(scheme=parts.scheme, host=str(parts.hostname), port=_port(parts), target=target),
                headers=[(name.encode("ascii"), value.encode("ascii")) for name, value in told.items()],
                content=body,
                extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout)},
            ) as response,
        ):
            return Answer(response.status, _text(response.iter_stream(), longest), _milliseconds(begun))
    except (httpcore.TimeoutException, TimeoutError) as error:
        raise NoAnswer(f"No answer within {timeout:g} s.") from error
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise NoAnswer("The answer was not HTTP.") from error
    except (httpcore.NetworkError, OSError, ssl.SSLError) as error:
        raise NoAnswer(f"The connection failed: {_plain(error)}"[:255]) from error


def _parts(url: str, *, private: bool) -> SplitResult:
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise AddressRefused(f"Write the address in plain letters, without spaces, in at most {LONGEST} of them.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("This is not an address. It looks like https://example.com/hub") from error
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise AddressRefused("The address must begin with https://")
    if not parts.hostname:
        raise AddressRefused("The address names no host. It looks like https://example.com/hub")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("Leave name and password out of the address: the signature proves who sends.")
    if parts.fragment:
        raise AddressRefused("Leave out the part after #: it is never sent.")
    if port == 0 or (not private and _port(parts) not in PORTS):
        raise AddressRefused("Only the ports 443 and 8443 are called.")
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _resolved(host: str, port: int, *, private: bool) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused(f"The host {host} cannot be found. Is it spelled right?") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if not _may_be_called(ipaddress.ip_address(address.partition("%")[0]), private=private):
            raise AddressRefused(f"The host {host} is not on the public internet: such addresses are not called.")
    return addresses


def _may_be_called(address: _IP, *, private: bool) -> bool:
    """Public, or with `private` also of a private network or this machine; link-local never: metadata lives there."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _may_be_called(inner, private=private)
        if private and address.is_loopback:
            return True
        if address.is_site_local or any(address in net for net in _OTHER_CLOTHES):
            return False
    if address.is_multicast or address.is_unspecified or address.is_link_local or address.is_reserved:
        return False
    return address.is_global or (private and (address.is_private or address.is_loopback))


class _Backend(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, and to nothing else."""

    def __init__(self, *, private: bool, timeout: float) -> None:
        self._private, self._timeout = private, timeout

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """The first of the checked addresses that takes the connection."""
        addresses = _resolved(host, port, private=self._private)
        end = time.monotonic() + self._timeout
        plain = httpcore.SyncBackend()
        for address in addresses[:-1]:
            try:
                return _Stream(plain.connect_tcp(address, port, _left(end) / 2, None, socket_options), end)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return _Stream(plain.connect_tcp(addresses[-1], port, _left(end), None, socket_options), end)


class _Stream(httpcore.NetworkStream):
    """A connection that ends at a moment, however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, end: float) -> None:
        self._stream, self._end = stream, end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Some bytes."""
        return self._stream.read(max_bytes, _left(self._end))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of these bytes."""
        self._stream.write(buffer, _left(self._end))

    def close(self) -> None:
        """Close it."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same over TLS; the certificate must be that of the host's name."""
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _left(self._end)), self._end)

    def get_extra_info(self, info: str) -> object:
        """What is known of the socket."""
        return self._stream.get_extra_info(info)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left


@cache
def _tls() -> ssl.SSLContext:
    """The system's authorities, and those that the browsers know: a small container may have none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _text(chunks: Iterable[bytes], longest: int) -> str:
    read = b""
    for chunk in chunks:
        read += chunk
        if len(read) >= longest:
            break
    return read[:longest].decode("utf-8", "replace").replace("\x00", "\ufffd")


def _milliseconds(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)


def _plain(error: BaseException) -> str:
    """What the system said, without its numbers."""
    return _NUMBERS.sub("", str(error)).strip() or "no reason given"
