"""The file in a multipart/form-data body, as the body comes (RFC 7578). Pure: no files, no sockets."""

from email.message import Message
from email.parser import BytesHeaderParser

MOST_HEADER_BYTES = 16 * 1024
MOST_BOUNDARY = 200
_LINE, _BLANK = b"\r\n", b"\r\n\r\n"


class FormError(Exception):
    """The body is not what its Content-Type says."""


def boundary_of(content_type: str) -> bytes | None:
    """The boundary of a multipart/form-data body; None for any other body. Raises FormError without a good one."""
    found = Message()
    found["Content-Type"] = content_type
    if found.get_content_type() != "multipart/form-data":
        return None
    boundary = found.get_boundary() or ""
    if not 0 < len(boundary) <= MOST_BOUNDARY or not boundary.isascii():
        raise FormError("The form has no boundary.")
    return boundary.encode()


class FilePart:
    """Takes a body piece by piece and gives back the bytes of its first file; other fields are passed over.

    `name` is the file's name as the form says it, `is_found` that the file has begun, `is_done` that it has ended.
    """

    def __init__(self, boundary: bytes) -> None:
        self.name = ""
        self.is_found = self.is_done = False
        self._delimiter = _LINE + b"--" + boundary
        # A body begins with a delimiter, without the line's end before it.
        self._held = _LINE
        self._state = self._passing

    def feed(self, data: bytes) -> bytes:
        """What of the file these bytes bring. Raises FormError for headers beyond all measure."""
        if self.is_done:
            return b""
        self._held += data
        brought: list[bytes] = []
        while True:
            piece = self._state()
            if piece is None:
                return b"".join(brought)
            brought.append(piece)

    def _passing(self) -> bytes | None:
        """Outside the file: on to the next delimiter."""
        at = self._held.find(self._delimiter)
        if at < 0:
            self._keep()
            return None
        self._held = self._held[at + len(self._delimiter) :]
        self._state = self._heading
        return b""

    def _heading(self) -> bytes | None:
        """After a delimiter: the end of the form, or the headers of a part."""
        if self._held.startswith(b"--"):
            self._held, self._state = b"", self._ending
            return None
        end = self._held.find(_BLANK)
        if end < 0:
            if len(self._held) > MOST_HEADER_BYTES:
                raise FormError("A part of the form has too many headers.")
            return None
        # A part without headers has its blank line at once; the delimiter's own line may end in spaces.
        _, _, headers = self._held[: end + len(_BLANK)].partition(_LINE)
        told = BytesHeaderParser().parsebytes(headers)
        self._held = self._held[end + len(_BLANK) :]
        if _is_file(told):
            self.is_found, self.name, self._state = True, told.get_filename() or "", self._taking
        else:
            # An empty part is followed by its delimiter at once, whose line's end was read as that of the headers.
            self._held, self._state = _LINE + self._held, self._passing
        return b""

    def _taking(self) -> bytes | None:
        """In the file: everything up to the next delimiter."""
        at = self._held.find(self._delimiter)
        if at >= 0:
            taken, self._held, self._state = self._held[:at], b"", self._ending
            self.is_done = True
            return taken
        return self._keep() or None

    def _ending(self) -> bytes | None:
        """After the file nothing matters."""
        self._held = b""
        return None

    def _keep(self) -> bytes:
        """Let go of all but what may be the begin of a delimiter."""
        safe = max(len(self._held) - len(self._delimiter) + 1, 0)
        given, self._held = self._held[:safe], self._held[safe:]
        return given


def _is_file(told: Message) -> bool:
    """With a file name it is one; chargers also send files with a type only."""
    return bool(told.get_filename()) or told.get("Content-Type", "").lower().startswith("application/")
