"""Keys and calls for the tests of the API."""

import json
from collections.abc import Mapping
from typing import Any

from django.test import Client

from chargepoints.models import ChargePoint, Site
from chargepoints.services.api_keys import KeyWanted, api_key_create
from hub.audit.records import HUB
from hub.teams.choices import Role
from hub.teams.models import ApiKey, Organisation, Team

BASE = "/api/v1"


def key_made(
    of: Organisation | Team, role: Role = Role.READ_ONLY, *, sites: tuple[Site, ...] = (), **fields: Any
) -> tuple[ApiKey, str]:
    """A key of an organisation or team, and what a program sends."""
    whole = of.organisation if isinstance(of, Team) else of
    team = of if isinstance(of, Team) else None
    wanted = KeyWanted(name="A program", organisation=whole, role=role, team=team, sites=sites, **fields)
    return api_key_create(actor=HUB, author=None, wanted=wanted)


class Program:
    """Something that calls the API with a key, or without one."""

    def __init__(self, secret: str | None = None, client: Client | None = None) -> None:
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        self.client = client or Client()

    def get(self, path: str, query: Mapping[str, object] | None = None, method: str = "GET") -> Any:
        """The response to one request below `/api/v1`, or to a link that the API gave."""
        address = path if path.startswith(("http", "/api")) else BASE + path
        address = address.removeprefix("http://testserver")
        return self.client.generic(method, address, headers=self.headers, query_params=dict(query or {}))

    def read(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """The body of a response that is 200."""
        response = self.get(path, query)
        assert response.status_code == 200, response.content
        return response.json()


def problem_of(response: Any, status: int) -> Any:
    """The problem in a response; it has the one shape."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["status"] == status
    return body


class Sender(Program):
    """A program that sends commands."""

    def send(self, point: ChargePoint, body: object, **headers: str) -> Any:
        """The response to one request for a command; `body` is sent as JSON, text as it is."""
        text = body if isinstance(body, str) else json.dumps(body)
        return self.post(f"/charge-points/{point.pk}/commands", text, **headers)

    def post(self, path: str, text: str = "", **headers: str) -> Any:
        """The response to a POST."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(BASE + path, data=text, content_type="application/json", headers=self.headers | named)
