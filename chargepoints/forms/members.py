"""Forms about people: role, place and sites, and the account of somebody who was invited."""

import hashlib
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import UserCreationForm

from chargepoints.models import Site
from chargepoints.permissions import Person
from chargepoints.selectors.members import Scope, may_give, sites_to_choose
from hub.teams.choices import Role
from hub.teams.models import Member, User

if TYPE_CHECKING:
    _UserCreationForm = UserCreationForm[User]
else:
    _UserCreationForm = UserCreationForm

ROLE_WORDS = {
    Role.ADMIN: "Everything: chargers, sites, money, people, API keys and the audit log.",
    Role.OPERATIONS: "Every remote action, sites and charge points. No money.",
    Role.FINANCE: "Prices and payments. No commands.",
    Role.SUPPORT: "Sees chargers and logs, runs a check, reboots.",
    Role.READ_ONLY: "Sees chargers and logs, changes nothing.",
}


class PeopleFilterForm(forms.Form):
    """The filters of the list of people; what makes no sense is left out."""

    q = forms.CharField(required=False, max_length=100)
    role = forms.ChoiceField(required=False, choices=[("", "Any role"), *Role.choices])
    page = forms.IntegerField(required=False, min_value=1, max_value=100_000)

    def value(self, name: str) -> Any:
        """One cleaned value, or None."""
        self.is_valid()
        return self.cleaned_data.get(name) or None


class MemberForm(forms.Form):
    """Role, place and sites of a membership."""

    role = forms.ChoiceField(choices=Role.choices, error_messages={"required": "Choose a role."})
    scope = forms.ChoiceField(label="Where", error_messages={"required": "Choose a place."})
    sites = forms.ModelMultipleChoiceField(queryset=Site.objects.none(), required=False)
    version = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, by: Person, scopes: list[Scope], member: Member | None = None, **kwargs: Any):
        self.by, self.member = by, member
        self.scopes = {scope.key: scope for scope in scopes}
        if member is not None:
            kwargs["initial"] = _of(member)
        super().__init__(*args, **kwargs)
        scope = self.fields["scope"]
        assert isinstance(scope, forms.ChoiceField)
        scope.choices = [(key, str(each)) for key, each in self.scopes.items()]
        scope.widget.attrs["class"] = "in"
        sites = self.fields["sites"]
        assert isinstance(sites, forms.ModelMultipleChoiceField)
        sites.queryset = sites_to_choose(scopes)

    def clean(self) -> dict[str, Any] | None:
        """What belongs together."""
        cleaned = super().clean()
        scope = self.scopes.get(self.cleaned_data.get("scope", ""))
        outside = [site.name for site in self.cleaned_data.get("sites", ()) if scope and not scope.holds(site)]
        if outside:
            self.add_error(
                "sites", f"Not in {scope}: {', '.join(outside[:5])}. Take them out, or choose another place."
            )
        role = self.cleaned_data.get("role")
        if scope and role and not may_give(self.by, scope, role):
            self.add_error("role", "You can only give rights that you have there yourself.")
        if self.member is not None and self.cleaned_data.get("version") != _version(self.member):
            self.add_error(None, f"Somebody else has changed this meanwhile: {self.member}. Look, then save again.")
        return cleaned

    def chosen(self) -> Scope:
        """The place; the form must be valid."""
        return self.scopes[self.cleaned_data["scope"]]

    def site_choices(self) -> list[tuple[Site, bool]]:
        """The sites, each with whether it is chosen."""
        value = self["sites"].value() or []
        chosen = {str(each) for each in value}
        sites = self.fields["sites"]
        assert isinstance(sites, forms.ModelMultipleChoiceField)
        assert sites.queryset is not None
        return [(site, str(site.pk) in chosen) for site in sites.queryset]

    def role_choices(self) -> list[tuple[str, str, str]]:
        """Value, label and what it means."""
        return [(role.value, role.label, ROLE_WORDS[role]) for role in Role]

    def present_version(self) -> str:
        """What the membership is now, for the page that is sent out."""
        return _version(self.member) if self.member is not None else ""


class InviteForm(MemberForm):
    """A membership to offer, and to whom."""

    email = forms.EmailField(
        max_length=254,
        label="E-mail address",
        widget=forms.EmailInput(attrs={"class": "in", "autocomplete": "off"}),
        error_messages={"required": "Type the address of the person."},
    )


class JoinForm(_UserCreationForm):
    """The account of somebody who was invited; the e-mail address is the one that the link went to."""

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name")
        labels = {"username": "User name"}
        help_texts = {"username": "You sign in with it. Letters, digits and @ . + - _"}

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.email = email
        for name, hint in (("username", "username"), ("first_name", "given-name"), ("last_name", "family-name")):
            self.fields[name].widget.attrs["autocomplete"] = hint
        for field in self.fields.values():
            field.widget.attrs["class"] = "in"


def _of(member: Member) -> dict[str, Any]:
    scope = Scope(member.organisation, member.team)
    sites = [limit.site_id for limit in member.site_limits.all()]
    return {"role": member.role, "scope": scope.key, "sites": sites}


def _version(member: Member) -> str:
    sites = sorted(limit.site_id for limit in member.site_limits.all())
    return hashlib.sha256(f"{member.role}|{member.team_id}|{sites}".encode()).hexdigest()[:32]
