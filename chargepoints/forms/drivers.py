"""Drivers and charge keys as people type them."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from chargepoints.choices import KeyType
from chargepoints.forms.fields import DeskForm
from chargepoints.models import ChargeKey, ChargePoint, Driver, PaymentMethod, Site
from chargepoints.selectors.charge_keys import KeyFilters, key_methods, key_places
from chargepoints.selectors.drivers import DriverFilters
from chargepoints.services.local_lists import TAG_LENGTH
from hub.teams.models import Organisation, Team, User

LONGEST_TAG = 36
DRIVER_STATES = (("active", "Active"), ("blocked", "Blocked"), ("archived", "Archived"))
KEY_STATES = (
    ("active", "Active"),
    ("blocked", "Blocked"),
    ("expired", "Expired"),
    ("expiring", "Expiring in 30 days"),
    ("nobody", "Without driver"),
)


class DriverFilterForm(forms.Form):
    """Lenient: an address with a value that makes no sense shows what is left of it, never an error."""

    q = forms.CharField(required=False, max_length=100)
    state = forms.CharField(required=False, max_length=12)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**62)

    def filters(self) -> DriverFilters:
        """What was asked for."""
        self.is_valid()
        return DriverFilters(tuple(self.cleaned_data.get("q", "").split()), self.cleaned_data.get("state", ""))

    def page_after(self) -> int | None:
        """The last row of the page before this one."""
        self.is_valid()
        after: int | None = self.cleaned_data.get("after")
        return after


class KeyFilterForm(DriverFilterForm):
    """Lenient, too."""

    group = forms.CharField(required=False, max_length=20)
    driver = forms.IntegerField(required=False, min_value=0, max_value=2**62)

    def key_filters(self) -> KeyFilters:
        """What was asked for."""
        asked, given = self.filters(), self.cleaned_data
        return KeyFilters(asked.words, asked.state, given.get("group", ""), given.get("driver"))


class DriverForm(DeskForm):
    """A driver; the organisation is asked for where there are several."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), empty_label=None)
    name = forms.CharField(max_length=120)
    user_id = forms.CharField(
        max_length=64, label="User id", help_text="Your own number of this person: a customer or employee number."
    )
    email = forms.EmailField(required=False, label="E-mail")
    phone = forms.CharField(required=False, max_length=40)
    note = forms.CharField(required=False, max_length=2000, widget=forms.Textarea)

    def __init__(
        self, *arguments: Any, organisations: QuerySet[Organisation], driver: Driver | None = None, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.driver = driver
        self.organisations = list(organisations)
        if driver is not None or len(self.organisations) == 1:
            del self.fields["organisation"]
        else:
            self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]

    def organisation_of(self) -> Organisation:
        """Whose driver it is, from a valid form."""
        if self.driver is not None:
            return self.driver.organisation
        found: Organisation = self.cleaned_data.get("organisation") or self.organisations[0]
        return found

    def clean(self) -> dict[str, Any] | None:
        """A user id is one driver's."""
        cleaned = super().clean()
        user_id = self.cleaned_data.get("user_id")
        if user_id and (self.driver or "organisation" not in self.errors):
            others = Driver.objects.filter(organisation=self.organisation_of(), user_id=user_id)
            if others.exclude(pk=self.driver.pk if self.driver else 0).exists():
                self.add_error("user_id", "Another driver has this user id. Each has their own.")
        return cleaned


class ChargeKeyForm(DeskForm):
    """A key of an organisation, with where it works and how it is paid."""

    id_tag = forms.CharField(
        max_length=LONGEST_TAG,
        label="Id tag",
        help_text="As the charger reads it, without regard to upper and lower case.",
    )
    driver = forms.CharField(
        required=False, max_length=200, help_text="The user id or the name. Empty: nobody's, such as a spare card."
    )
    type = forms.ChoiceField(choices=KeyType.choices, initial=KeyType.RFID)
    label = forms.CharField(required=False, max_length=80, help_text="What is printed on it, or who has it.")
    expires_on = forms.DateField(
        required=False,
        label="Works until",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="To the end of that day, UTC. Empty: for ever.",
    )
    parent_id_tag = forms.CharField(
        required=False, max_length=20, label="Group", help_text="Keys of one group may stop each other's charges."
    )
    payment_method = forms.ModelChoiceField(
        PaymentMethod.objects.none(), required=False, empty_label="The driver's default", label="Paid with"
    )
    allows_concurrent = forms.BooleanField(required=False, label="May charge at several connectors at once")
    teams = forms.ModelMultipleChoiceField(Team.objects.none(), required=False)
    sites = forms.ModelMultipleChoiceField(Site.objects.none(), required=False)
    charge_points = forms.ModelMultipleChoiceField(ChargePoint.objects.none(), required=False, label="Charge points")

    def __init__(
        self,
        *arguments: Any,
        person: User,
        organisation: Organisation,
        holder: Driver | None = None,
        key: ChargeKey | None = None,
        sees_money: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.organisation, self.key, self.sees_money = organisation, key, sees_money
        choices = dict(zip(("teams", "sites", "charge_points"), key_places(person, organisation), strict=True))
        choices["payment_method"] = key_methods(organisation, holder)
        for name, rows in choices.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
            self.fields[name].widget.attrs["class"] = "in" if name == "payment_method" else "in many"
        if not sees_money:
            del self.fields["payment_method"]
        # A limit to what this person does not see stays as it is.
        self.kept = [place for place in key_limits(key) if place not in self._offered()] if key else []

    def _offered(self) -> set[object]:
        return {
            place
            for name in ("teams", "sites", "charge_points")
            for place in self.fields[name].queryset  # type: ignore[attr-defined]
        }

    def clean_id_tag(self) -> str:
        """One key of the organisation, in any case of the letters."""
        tag: str = self.cleaned_data["id_tag"]
        if not tag.isprintable() or not tag.isascii():
            raise ValidationError("An id tag has letters, digits and signs of ASCII only. Look for a stray character.")
        others = ChargeKey.objects.filter(organisation=self.organisation, id_tag__iexact=tag)
        if found := others.exclude(pk=self.key.pk if self.key else 0).select_related("driver").first():
            holder = f" It belongs to {found.driver}." if found.driver else ""
            raise ValidationError(f"There is a key with this id tag already.{holder}")
        return tag

    def clean_driver(self) -> Driver | None:
        """By user id, else by name."""
        text: str = self.cleaned_data["driver"]
        if not text:
            return None
        mine = Driver.objects.filter(organisation=self.organisation, archived_at__isnull=True)
        found = list(mine.filter(user_id=text)[:1]) or list(mine.filter(name__iexact=text)[:2])
        if not found:
            raise ValidationError(
                "There is no driver of this name or user id. Add the driver first, or leave it empty."
            )
        if len(found) > 1:
            raise ValidationError("Several drivers have this name. Give the user id.")
        return found[0]

    def clean(self) -> dict[str, Any] | None:
        """A payment method is the driver's own or a team's."""
        cleaned = super().clean()
        method, driver = self.cleaned_data.get("payment_method"), self.cleaned_data.get("driver")
        if method is not None and method.driver_id is not None and method.driver != driver:
            self.add_error("payment_method", f"{method} is another driver's. Choose one of this driver or of a team.")
        return cleaned

    @property
    def is_long(self) -> bool:
        """Whether OCPP 1.6 has no room for the tag."""
        return len(self.cleaned_data.get("id_tag", "")) > TAG_LENGTH

    def facts(self) -> dict[str, Any]:
        """The fields of a valid form, as the service takes them."""
        given = self.cleaned_data
        day = given["expires_on"]
        method = given["payment_method"] if self.sees_money else self.key.payment_method if self.key else None
        if method is not None and method.driver_id is not None and method.driver != given["driver"]:
            method = None
        names = ("id_tag", "driver", "type", "label", "parent_id_tag", "allows_concurrent")
        return {name: given[name] for name in names} | {
            "expires_at": datetime.combine(day, time(23, 59, 59), UTC) if day else None,
            "payment_method": method,
        }

    def places(self) -> list[Team | Site | ChargePoint]:
        """Where the key works, from a valid form."""
        given = self.cleaned_data
        return [*given["teams"], *given["sites"], *given["charge_points"], *self.kept]


def key_limits(key: ChargeKey) -> list[Any]:
    """The teams, sites and charge points that a key is limited to."""
    limits = key.limits.select_related("team", "site", "charge_point")
    return [limit.team or limit.site or limit.charge_point for limit in limits]


def key_initial(key: ChargeKey) -> dict[str, Any]:
    """The form of a key as it is."""
    places = key_limits(key)
    return {
        "id_tag": key.id_tag,
        "driver": key.driver.user_id if key.driver else "",
        "type": key.type,
        "label": key.label,
        "expires_on": key.expires_at and timezone.localtime(key.expires_at, UTC).date(),
        "parent_id_tag": key.parent_id_tag,
        "payment_method": key.payment_method_id,
        "allows_concurrent": key.allows_concurrent,
        "teams": [place for place in places if isinstance(place, Team)],
        "sites": [place for place in places if isinstance(place, Site)],
        "charge_points": [place for place in places if isinstance(place, ChargePoint)],
    }
