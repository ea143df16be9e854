"""The file in a form, however its body is cut into pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.multipart import MOST_HEADER_BYTES, FilePart, FormError, boundary_of

BOUNDARY = b"----cut--here"
FILE = b"\r\n--\r\n------cut--her\x00\r\n" * 40


def form(*parts: tuple[bytes, bytes], end: bytes = b"--\r\n") -> bytes:
    """A body of (headers, content)."""
    told = b"".join(b"--" + BOUNDARY + b"\r\n" + head + b"\r\n\r\n" + body + b"\r\n" for head, body in parts)
    return told + b"--" + BOUNDARY + end


NOTE = (b'Content-Disposition: form-data; name="note"', b"filename=none")
EMPTY = (b'Content-Disposition: form-data; name="empty"', b"")
DIAG = (b'Content-Disposition: form-data; name="f"; filename="diag.zip"\r\nContent-Type: text/plain', FILE)
OTHER = (b'Content-Disposition: form-data; name="g"; filename="other.zip"', b"second")


def taken(body: bytes, size: int) -> tuple[FilePart, bytes]:
    part = FilePart(BOUNDARY)
    return part, b"".join(part.feed(body[at : at + size]) for at in range(0, len(body), size))


@given(st.integers(1, 400))
def test_the_first_file_is_taken(size: int) -> None:
    part, file = taken(form(NOTE, EMPTY, DIAG, OTHER), size)
    assert (part.name, part.is_found, part.is_done) == ("diag.zip", True, True)
    assert file == FILE


@given(st.integers(1, 400))
def test_a_form_that_breaks_off_is_not_done(size: int) -> None:
    part, file = taken(form(DIAG)[:-20], size)
    assert (part.is_found, part.is_done) == (True, False)
    assert FILE.startswith(file)
    assert len(file) > len(FILE) - 40


@given(st.binary(max_size=600), st.integers(1, 50))
def test_nonsense_is_no_file(body: bytes, size: int) -> None:
    part, file = taken(body, size)
    assert (part.is_found, file) == (False, b"")


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"Content-Disposition: form-data; name=\"f\"; filename*=utf-8''pr%C3%B8ve.log", "prøve.log"),
        (b"content-disposition: form-data; filename=bare.log", "bare.log"),
        (b"Content-Type: application/octet-stream", ""),
    ],
)
def test_names(head: bytes, name: str) -> None:
    part, file = taken(form((head, b"abc")), 7)
    assert (part.is_found, part.name, file) == (True, name, b"abc")


def test_only_fields() -> None:
    part, file = taken(form(NOTE, EMPTY), 9)
    assert (part.is_found, file) == (False, b"")


def test_a_file_of_nothing() -> None:
    part, file = taken(form((DIAG[0], b"")), 5)
    assert (part.is_found, part.is_done, file) == (True, True, b"")


def test_endless_headers() -> None:
    part = FilePart(BOUNDARY)
    with pytest.raises(FormError):
        part.feed(b"--" + BOUNDARY + b"\r\nX: " + b"x" * MOST_HEADER_BYTES + b"y")


def test_boundaries() -> None:
    assert boundary_of('multipart/form-data; boundary="a b"') == b"a b"
    assert boundary_of("application/zip") is None
    assert boundary_of("") is None
    with pytest.raises(FormError):
        boundary_of("multipart/form-data")
    with pytest.raises(FormError):
        boundary_of("multipart/form-data; boundary=" + "x" * 201)
