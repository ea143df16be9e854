"""Invitations: from the form over the mail to the membership, and every link that must not work."""

import re
from datetime import timedelta

import pytest
import redis
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from chargepoints.models import Site, SiteLimit
from chargepoints.tasks.invitations import invitation_mail
from hub.audit.models import AuditEntry
from hub.teams.choices import Role
from hub.teams.models import Invitation, Member, Organisation, User
from tests import factories
from tests.conftest import signed_in
from tests.portal.test_sign_in import PASSWORD, first_step

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_redis", "quick_passwords")]
EMAIL = "new@example.com"
GONE = "This invitation does not work"


def invite(client: Client, **fields: object) -> Invitation:
    """Invite somebody by the form; the mail has been sent."""
    organisation = Organisation.objects.get(name="Nordlys Charging")
    data = {"email": EMAIL, "role": "operations", "scope": f"organisation-{organisation.pk}", **fields}
    response = client.post("/people/invite/", data)
    assert response.headers.get("Location") == "/people/", response.content.decode()
    made = Invitation.objects.order_by("-pk")[0]
    invitation_mail(made.pk, "http://testserver/")
    made.refresh_from_db()
    return made


def link() -> str:
    """The link in the newest mail."""
    found = re.search(r"http://testserver(/invitations/[\w-]{43}/)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def opened(client: Client, url: str) -> str:
    """The page behind a link."""
    return client.get(url, follow=True).content.decode()


def account(**fields: str) -> dict[str, str]:
    """What a new person fills in."""
    filled = {
        "username": "nora",
        "first_name": "Nora",
        "last_name": "Nes",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    return {**filled, **fields}


def test_a_new_person_joins(alice_client: Client, site: Site, alice: User) -> None:
    made = invite(alice_client, sites=[site.pk])
    (sent,) = mail.outbox
    assert sent.to == [EMAIL]
    assert "Alice invites you to Nordlys Charging" in str(sent.body)
    token = link().split("/")[2]
    assert token not in (made.token_hash, *map(str, AuditEntry.objects.values_list("after", flat=True)))
    visitor = Client()
    first = visitor.get(link())
    assert (first.headers["Location"], first.headers["Referrer-Policy"]) == ("/invitations/join/", "no-referrer")
    page = visitor.get("/invitations/join/").content.decode()
    assert token not in page
    assert "Alice invites you" in page
    assert visitor.post("/invitations/join/", account()).headers["Location"] == "/"
    nora = User.objects.get(username="nora")
    member = nora.memberships.get()
    assert (nora.email, nora.is_staff, member.role, member.team) == (EMAIL, False, Role.OPERATIONS, None)
    assert list(SiteLimit.objects.filter(member=member).values_list("site", flat=True)) == [site.pk]
    assert visitor.get("/").status_code == 200
    assert GONE in opened(Client(), link())
    assert first_step(Client(), PASSWORD, "nora") == "/"
    acts = ["invitation.created", "invitation.accepted", "member.added", "user.signed_in"]
    assert list(AuditEntry.objects.order_by("at", "pk").values_list("act", flat=True))[: len(acts)] == acts


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"username": "alice"}, "already exists"),
        ({"username": "no ra"}, "valid username"),
        ({"password2": "x"}, "match"),
        ({"password1": "short", "password2": "short"}, "at least 12 characters"),
        ({"password1": "new@example.com", "password2": "new@example.com"}, "too similar"),
    ],
)
def test_what_is_wrong_is_said(alice_client: Client, fields: dict[str, str], said: str) -> None:
    invite(alice_client)
    visitor = Client()
    opened(visitor, link())
    response = visitor.post("/invitations/join/", account(**fields))
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not User.objects.filter(username="nora").exists()


def test_somebody_with_an_account_signs_in_first(alice_client: Client) -> None:
    factories.user("dora", password=PASSWORD, email=EMAIL.upper())
    invite(alice_client)
    visitor = Client()
    page = opened(visitor, link())
    assert "Sign in with it, then join" in page
    assert visitor.post("/invitations/join/", account()).status_code == 200
    assert not User.objects.filter(username="nora").exists()
    assert first_step(visitor, then="/invitations/join/") == "/invitations/join/"
    assert "Join as dora" in visitor.get("/invitations/join/").content.decode()
    assert not Member.objects.filter(user__username="dora").exists()
    assert visitor.post("/invitations/join/").headers["Location"] == "/"
    assert Member.objects.get(user__username="dora").role == Role.OPERATIONS
    assert GONE in visitor.get("/invitations/join/").content.decode()


def test_a_member_does_not_join_twice(alice_client: Client, alice: User) -> None:
    invite(alice_client)
    opened(alice_client, link())
    response = alice_client.post("/invitations/join/")
    assert response.status_code == 409
    assert "You are a member there already" in response.content.decode()


def test_links_that_do_not_work_all_look_the_same(alice_client: Client, alice: User, site: Site) -> None:
    gone = set()
    for spoil in (
        {"expires_at": timezone.now()},
        {"revoked_at": timezone.now()},
        {"accepted_at": timezone.now()},
        {"invited_by": None},
        {"site_ids": [999_999]},
    ):
        made = invite(alice_client, email=f"p{len(mail.outbox)}@example.com")
        waiting = Client()
        opened(waiting, link())
        Invitation.objects.filter(pk=made.pk).update(**spoil)
        response = Client().get(link())
        assert (response.status_code, response.headers["Referrer-Policy"]) == (404, "no-referrer"), spoil
        gone.add(re.sub(r'data-now="[^"]*"', "", response.content.decode()))
        assert GONE in waiting.post("/invitations/join/", account()).content.decode()
    gone.add(re.sub(r'data-now="[^"]*"', "", Client().get(f"/invitations/{'x' * 43}/").content.decode()))
    assert len(gone) == 1
    assert GONE in gone.pop()
    assert not User.objects.filter(username="nora").exists()


def test_an_invitation_is_worth_what_its_author_may_give(alice_client: Client, alice: User) -> None:
    invite(alice_client)
    Member.objects.filter(user=alice).update(role=Role.OPERATIONS)
    assert GONE in opened(Client(), link())


def test_guessing_is_slowed_down(alice_client: Client) -> None:
    invite(alice_client)
    visitor = Client()
    assert {visitor.get(f"/invitations/wrong{n}/").status_code for n in range(30)} == {404}
    assert visitor.get(link()).status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.4").get(link()).status_code == 302


def test_sending_again_makes_a_new_link(alice_client: Client) -> None:
    made = invite(alice_client)
    old = link()
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert "The link has run out" in alice_client.get("/people/").content.decode()
    assert alice_client.post(f"/people/invitations/{made.pk}/resend/").headers["Location"] == "/people/"
    assert "The mail has not gone out yet" in alice_client.get("/people/").content.decode()
    invitation_mail(made.pk, "http://testserver/")
    assert link() != old
    assert GONE in opened(Client(), old)
    assert "Join Nordlys Charging" in opened(Client(), link())
    assert AuditEntry.objects.filter(act="invitation.sent_again").count() == 1


def test_revoking(alice_client: Client) -> None:
    made = invite(alice_client)
    assert EMAIL in alice_client.get("/people/").content.decode()
    for _ in range(2):
        assert alice_client.post(f"/people/invitations/{made.pk}/revoke/").headers["Location"] == "/people/"
    assert EMAIL not in re.sub(r'id="say".*', "", alice_client.get("/people/").content.decode())
    assert GONE in opened(Client(), link())
    assert AuditEntry.objects.filter(act="invitation.revoked").count() == 1
    before = len(mail.outbox)
    invitation_mail(made.pk, "http://testserver/")
    assert len(mail.outbox) == before


def test_foreign_invitations_are_not_there(alice_client: Client, charlie_client: Client, bob_client: Client) -> None:
    made = invite(alice_client)
    for what in ("resend", "revoke"):
        url = f"/people/invitations/{made.pk}/{what}/"
        assert charlie_client.post(url).status_code == 404
        assert bob_client.post(url).status_code == 403
        assert alice_client.get(url).status_code == 405
        assert Client().post(url).headers["Location"].startswith("/login/")
    assert EMAIL not in charlie_client.get("/people/").content.decode()


def test_nobody_gives_what_they_do_not_have(nordlys: Organisation, fjord: Organisation, site: Site) -> None:
    tina = factories.user("tina")
    factories.member(site.team, tina, Role.ADMIN)
    client = signed_in(tina)
    for scope in (f"organisation-{nordlys.pk}", f"organisation-{fjord.pk}", "team-999", ""):
        response = client.post("/people/invite/", {"email": EMAIL, "role": "admin", "scope": scope})
        assert response.status_code == 422, scope
    invite(client, scope=f"team-{site.team_id}", role="admin")
    assert "of the team" in opened(Client(), link())


@pytest.mark.parametrize("fields", [{"email": "no address"}, {"email": ""}, {"role": "owner"}, {"sites": ["x"]}])
def test_bad_input_keeps_what_was_typed(alice_client: Client, nordlys: Organisation, fields: dict[str, object]) -> None:
    data = {"email": EMAIL, "role": "support", "scope": f"organisation-{nordlys.pk}", **fields}
    response = alice_client.post("/people/invite/", data)
    assert response.status_code == 422
    assert f'value="{data["email"]}"' in response.content.decode() or not data["email"]
    assert not Invitation.objects.exists()


def test_members_and_open_invitations_are_not_invited_again(alice_client: Client, nordlys: Organisation) -> None:
    factories.member(nordlys, factories.user("dora", email="dora@example.com"), Role.SUPPORT)
    invite(alice_client)
    for email, said in (("Dora@example.com", "a member there already"), (EMAIL, "There is an open invitation")):
        data = {"email": email, "role": "support", "scope": f"organisation-{nordlys.pk}"}
        response = alice_client.post("/people/invite/", data)
        assert response.status_code == 409
        assert said in response.content.decode()


def test_mails_are_handed_to_a_worker(
    alice_client: Client,
    nordlys: Organisation,
    clean_redis: redis.Redis,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    data = {"email": EMAIL, "role": "support", "scope": f"organisation-{nordlys.pk}"}
    with django_capture_on_commit_callbacks(execute=True):
        alice_client.post("/people/invite/", data)
    assert clean_redis.llen("default") == 1
    made = Invitation.objects.get()
    answers = []
    for _ in range(5):
        alice_client.post(f"/people/invitations/{made.pk}/resend/")
        answers.append("Too many invitations" in alice_client.get("/people/").content.decode())
    assert answers == [False] * 4 + [True]


def test_who_joins_where_a_second_factor_is_asked_for(alice_client: Client, nordlys: Organisation) -> None:
    invite(alice_client)
    Organisation.objects.filter(pk=nordlys.pk).update(requires_second_factor=True)
    visitor = Client()
    opened(visitor, link())
    visitor.post("/invitations/join/", account())
    assert visitor.get("/").headers["Location"] == "/account/second-factor/"
