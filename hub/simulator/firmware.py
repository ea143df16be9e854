"""Fetching firmware: the bytes come over HTTP as to a real charger, and say which version they are."""

import re

import httpx

# Seconds without a byte; the first bytes tell the version, and the others are counted and forgotten.
PATIENCE = 20.0
HEAD = 4096


async def fetch_version(location: str, present: str) -> str | None:
    """The version of the firmware at `location`; None when it cannot be fetched whole.

    It is what the first line says as `version=...`, or the version in the file's name, or one more than `present`.
    """
    head, came = b"", 0
    try:
        async with (
            httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client,
            client.stream("GET", location) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                return None
            async for piece in answer.aiter_raw():
                head += piece[: HEAD - len(head)]
                came += len(piece)
            told = answer.headers.get("Content-Length", "")
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    if told.isdecimal() and int(told) != came:
        return None
    said = re.match(rb"version=([\x21-\x7e]{1,50})", head)
    return said[1].decode() if said else _next_version(present, httpx.URL(location).path)


def _next_version(old: str, path: str) -> str:
    """The version in the file's name, else the old one with its last number raised."""
    named = re.search(r"\d+(?:\.\d+)+", path.rpartition("/")[2])
    if named:
        return named[0]
    counted = re.subn(r"(\d+)(\D*)$", lambda found: f"{int(found[1]) + 1}{found[2]}", old)
    return counted[0] if counted[1] else f"{old}.1"
