"""What the tests of unknown chargers share: knocking, accepting, and reading the inbox."""

import re
from datetime import timedelta

from django.db import transaction
from django.test import Client
from django.urls import reverse

from chargepoints.choices import Refusal
from chargepoints.models import ConnectionAttempt, Site
from chargepoints.reports import Refused
from chargepoints.services.connections import attempts_record
from chargepoints.services.credentials import password_hmac
from tests.factories import now

HTMX = {"HX-Request": "true"}
OFFERED = "offered-by-the-charger"
INBOX = "/unknown/"


def knock(
    identity: str = "NEW-1",
    *,
    password: str = OFFERED,
    address: str = "192.0.2.9",
    user: str | None = None,
    age: int = 0,
) -> ConnectionAttempt:
    """A handshake that the gateway refused."""
    name = (identity if password else "") if user is None else user
    entry = Refused(
        charge_point_id=None,
        at=now() - timedelta(seconds=age),
        identity=identity,
        remote_address=address,
        user_name=name,
        subprotocols="ocpp1.6",
        path=f"/ocpp/{identity}",
        reason=Refusal.UNKNOWN_IDENTITY,
        http_status=401,
        password_hmac=password_hmac(identity, password) if len(password) >= 16 else "",
    )
    with transaction.atomic():
        attempts_record(refused=[entry])
    return ConnectionAttempt.objects.order_by("-pk")[0]


def accept(client: Client, attempt: ConnectionAttempt, at: Site, **fields: object) -> str:
    """The page after pressing Accept."""
    given = {"identity": attempt.identity, "attempt": attempt.pk, "site": at.pk, "name": "Left of the lift"}
    given |= {"connectors": 2, "proof": "offered", **fields}
    response = client.post(reverse("unknown_accept"), given, headers=HTMX)
    return f"{response.status_code} {response.content.decode()}"


def listed(client: Client, **query: str) -> list[str]:
    """The identities that the inbox shows, in its order."""
    html = client.get(INBOX, query, headers=HTMX).content.decode()
    return re.findall(r'<span class="id">([^<]+)</span>', html)
