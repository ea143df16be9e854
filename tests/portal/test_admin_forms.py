"""What the administration accepts: passwords, identities, people, memberships."""

from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from chargepoints.models import ChargePoint, Site
from chargepoints.services.credentials import password_matches
from hub.teams.choices import Role
from hub.teams.models import Member, Organisation, User
from tests import factories
from tests.portal.admin_tools import url


def form_of(charge_point: ChargePoint, **changes: object) -> dict[str, object]:
    """What the page of a charge point posts."""
    names = {"connectors-TOTAL_FORMS": 0, "connectors-INITIAL_FORMS": 0}
    fields = {
        "site": charge_point.site_id,
        "name": charge_point.name,
        "identity": charge_point.identity or "",
        "is_active": "on",
        "registration": "Accepted",
        "security_profile": charge_point.security_profile,
    }
    return {**fields, **names, **changes}


def test_a_password_goes_in_and_never_comes_out(alice_client: Client, charge_point: ChargePoint) -> None:
    address = url(ChargePoint, "change", charge_point.pk)
    secret = "a-fresh-charger-password"
    answer = alice_client.post(address, form_of(charge_point, new_password=secret, _continue="1"), follow=True)
    assert answer.status_code == 200
    charge_point.refresh_from_db()
    assert password_matches("NORD-1", secret.encode(), charge_point.password_hmac)
    body = answer.content.decode()
    assert secret not in body
    assert charge_point.password_hmac not in body
    assert secret not in LogEntry.objects.get().change_message


def test_a_short_password_is_not_repeated(alice_client: Client, charge_point: ChargePoint) -> None:
    before = charge_point.password_hmac
    answer = alice_client.post(
        url(ChargePoint, "change", charge_point.pk), form_of(charge_point, new_password="too-short-pw")
    )
    assert "new_password" in answer.context["adminform"].form.errors
    assert "too-short-pw" not in answer.content.decode()
    charge_point.refresh_from_db()
    assert charge_point.password_hmac == before


def test_a_new_identity_needs_a_new_password(alice_client: Client, charge_point: ChargePoint) -> None:
    alice_client.post(url(ChargePoint, "change", charge_point.pk), form_of(charge_point, identity=" NORD-9 "))
    charge_point.refresh_from_db()
    assert charge_point.identity == "NORD-9"
    assert charge_point.password_hmac == ""


def test_an_identity_is_unique_in_any_case(
    alice_client: Client, charge_point: ChargePoint, far_charge_point: ChargePoint
) -> None:
    answer = alice_client.post(url(ChargePoint, "change", charge_point.pk), form_of(charge_point, identity="nord-2"))
    assert answer.context["adminform"].form.errors["identity"] == ["Another charge point has this identity already."]


def test_the_maintenance_flag_follows_from_periods(alice_client: Client, charge_point: ChargePoint) -> None:
    alice_client.post(url(ChargePoint, "change", charge_point.pk), form_of(charge_point, maintenance="on"))
    charge_point.refresh_from_db()
    assert not charge_point.maintenance


def test_only_an_unused_charge_point_can_be_deleted(
    filled: None, alice_client: Client, charge_point: ChargePoint, site: Site
) -> None:
    unused = factories.charge_point(site)
    assert alice_client.post(url(ChargePoint, "delete", unused.pk), {"post": "yes"}).status_code == 302
    assert not ChargePoint.objects.filter(pk=unused.pk).exists()
    assert alice_client.post(url(ChargePoint, "delete", charge_point.pk), {"post": "yes"}).status_code == 403
    assert ChargePoint.objects.filter(pk=charge_point.pk).exists()


def person_form(person: User, **changes: object) -> dict[str, object]:
    """What the page of a person posts."""
    names = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    known = {"username": person.username, "theme": "auto", "density": "normal", "is_active": "on"}
    return {**known, **names, **changes}


def test_nobody_makes_themselves_superuser(alice_client: Client, alice: User, bob: User) -> None:
    for person in (alice, bob):
        fields = person_form(person, is_superuser="on", is_staff="on", first_name="Changed")
        assert alice_client.post(url(User, "change", person.pk), fields).status_code == 302
        person.refresh_from_db()
        assert person.first_name == "Changed"
        assert not person.is_superuser


def test_people_who_belong_elsewhere_too_are_read_only(
    alice_client: Client, alice: User, nordlys: Organisation, fjord: Organisation
) -> None:
    both, root = factories.user("both"), factories.user("root", is_superuser=True)
    factories.member(nordlys, both, Role.READ_ONLY)
    factories.member(fjord, both, Role.ADMIN)
    factories.member(nordlys, root, Role.READ_ONLY)
    for person in (both, root):
        page = alice_client.get(url(User, "change", person.pk))
        assert page.status_code == 200
        assert "Fjord" not in page.content.decode()
        fields = person_form(person, email="a@example.com")
        assert alice_client.post(url(User, "change", person.pk), fields).status_code == 403
        password = reverse("admin:auth_user_password_change", args=[person.pk])
        assert alice_client.get(password).status_code == 403
        assert alice_client.post(url(User, "delete", person.pk), {"post": "yes"}).status_code == 403


def test_a_new_person_becomes_a_member(alice_client: Client, nordlys: Organisation, fjord: Organisation) -> None:
    fields = {
        "username": "dora",
        "usable_password": "true",
        "password1": "a-long-password-1",
        "password2": "a-long-password-1",
        "memberships-TOTAL_FORMS": 1,
        "memberships-INITIAL_FORMS": 0,
        "memberships-0-role": Role.SUPPORT,
    }
    alice_client.post(url(User, "add"), {**fields, "memberships-TOTAL_FORMS": 0})
    alice_client.post(url(User, "add"), {**fields, "memberships-0-organisation": fjord.pk})
    assert not User.objects.filter(username="dora").exists()
    alice_client.post(url(User, "add"), {**fields, "memberships-0-organisation": nordlys.pk})
    assert Member.objects.get(user__username="dora").organisation == nordlys


def test_a_site_limit_is_within_the_membership(alice_client: Client, bob: User, far_site: Site) -> None:
    member = Member.objects.get(user=bob)
    other = factories.team(member.organisation, "Another team")
    fields = {
        "role": Role.OPERATIONS,
        "team": other.pk,
        "site_limits-TOTAL_FORMS": 1,
        "site_limits-INITIAL_FORMS": 0,
        "site_limits-0-site": far_site.pk,
    }
    answer = alice_client.post(url(Member, "change", member.pk), fields)
    assert "is not a site of this membership" in answer.content.decode()
    alice_client.post(url(Member, "change", member.pk), {**fields, "team": ""})
    assert set(member.site_limits.values_list("site__name", flat=True)) == {"Aker Brygge", "Bergen Havn"}
