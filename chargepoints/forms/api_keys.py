"""The form of a new API key."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from chargepoints.models import Site
from chargepoints.permissions import Person, sites_for
from chargepoints.selectors.api_keys import key_places
from chargepoints.services.api_keys import KeyWanted
from hub.teams.choices import RIGHTS, Right, Role

LIVES = (("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("", "Never"))
# What a role means for a program.
ROLE_WORDS = {
    Role.READ_ONLY: "Sees chargers and logs.",
    Role.SUPPORT: "As before, and may run a check and reboot.",
    Role.FINANCE: "Sees chargers and logs, prices and payments.",
    Role.OPERATIONS: "Every remote action, changes sites and charge points.",
    Role.ADMIN: "Everything, people and keys too.",
}


class ApiKeyForm(forms.Form):
    """Name, role, where it works, and until when. Nobody gives a key more than they may do there themselves."""

    name = forms.CharField(max_length=80, error_messages={"required": "Give the key a name: what is it for?"})
    role = forms.ChoiceField(error_messages={"required": "Choose a role."})
    place = forms.ChoiceField(error_messages={"required": "Choose where the key works."})
    sites = forms.MultipleChoiceField(required=False)
    days = forms.ChoiceField(choices=LIVES, required=False)

    def __init__(self, *arguments: Any, person: Person, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.places = {place.key: place for place in key_places(person)}
        sites = sites_for(person, Right.PEOPLE).select_related("team").order_by("name", "pk")
        self._sites = {str(site.pk): site for site in sites}
        self._choose("place", [(key, str(place)) for key, place in self.places.items()])
        self._choose("sites", [(key, f"{site.name}, {site.team.name}") for key, site in self._sites.items()])
        self._choose("role", [(role.value, role.label) for role in ROLE_WORDS if self._is_within(role)])
        self.initial = {
            "role": Role.READ_ONLY.value,
            "place": next(iter(self.places), ""),
            "days": "90",
            **self.initial,
        }

    def _is_within(self, role: Role, *keys: str) -> bool:
        """Whether the person has all rights of `role` in one of these places, or in any."""
        return any(RIGHTS[role] <= self.places[key].rights for key in keys or self.places)

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def roles(self) -> list[tuple[str, str, str]]:
        """The roles that can be given: word, name, what it may."""
        return [(role.value, role.label, ROLE_WORDS[role]) for role in ROLE_WORDS if self._is_within(role)]

    def clean(self) -> None:
        """The role is within the person's own, the sites are within the place."""
        given = self.cleaned_data
        place = self.places.get(given.get("place", ""))
        if place is None:
            return
        if "role" in given and not self._is_within(Role(given["role"]), place.key):
            self.add_error("role", f"In {place} you may not do yourself what this role allows. Choose a lesser one.")
        for site in self._wanted_sites():
            if not place.holds(site):
                self.add_error("sites", f"{site.name} does not belong to {place}. Choose other sites or another place.")

    def wanted(self) -> KeyWanted:
        """The key, from a valid form."""
        given = self.cleaned_data
        place = self.places[given["place"]]
        return KeyWanted(
            name=given["name"],
            organisation=place.organisation,
            team=place.team,
            role=Role(given["role"]),
            sites=self._wanted_sites(),
            expires_at=timezone.now() + timedelta(days=int(given["days"])) if given["days"] else None,
        )

    def _wanted_sites(self) -> list[Site]:
        return [self._sites[key] for key in self.cleaned_data.get("sites", ())]
