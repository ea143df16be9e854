"""What the tests of the import share."""

import re
from collections.abc import Sequence

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from hub.spreadsheets import csv_write

UPLOAD = "/charge-points/import/"
HEAD = ["site", "name", "identity"]


def table(*rows: Sequence[object], head: Sequence[object] = HEAD) -> bytes:
    """A CSV file."""
    return csv_write([head, *rows])


def page_of(client: Client, content: bytes, name: str = "list.csv") -> str:
    """The dry run of a file, or the upload page with what is wrong with it."""
    response = client.post(UPLOAD, {"file": SimpleUploadedFile(name, content)}, follow=True)
    return response.content.decode()


def token_of(html: str) -> str:
    """The address to which the dry run is sent to be made."""
    found = re.search(r'action="(/charge-points/import/[\w-]{20,}/)"', html)
    assert found is not None, html
    return found[1]


def imported(client: Client, content: bytes, which: str = "all") -> str:
    """The page after the import."""
    html = page_of(client, content)
    return client.post(token_of(html), {"which": which}, follow=True).content.decode()
