"""Making and changing charge points by hand."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db.models import QuerySet

from chargepoints.forms.fields import DeskForm, SiteField, dress, opened_read, opened_text
from chargepoints.models import ChargePoint, Site
from chargepoints.models.charge_point import IDENTITY_PATTERN
from chargepoints.services.charge_points import DESCRIPTION, EDITABLE, OPERATION
from chargepoints.services.credentials import LONGEST, SHORTEST

MADE, TYPED, NONE = "made", "typed", "none"
VERSIONS = [("", "None: it is refused without one"), ("ocpp1.6", "OCPP 1.6")]


class IdentityField(forms.CharField):
    """What a charger calls itself, trimmed and checked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False,
            max_length=48,
            validators=[
                RegexValidator(IDENTITY_PATTERN, "Use up to 48 letters, digits and * - _ = + | @ . and no spaces.")
            ],
            help_text="Often its serial number. The last part of the OCPP address, up to 48 letters, digits "
            "and * - _ = + | @ .",
            **options,
        )
        self.widget.attrs |= {"autocapitalize": "none", "spellcheck": "false", "class": "in mono"}


class PasswordForm(DeskForm):
    """A password: made, or typed."""

    how = forms.ChoiceField(choices=[(MADE, "Make one"), (TYPED, "Type one")], initial=MADE, required=False)
    password = forms.CharField(
        required=False,
        strip=False,
        min_length=SHORTEST,
        max_length=LONGEST,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "in mono"}),
        help_text=f"{SHORTEST} to {LONGEST} characters, the same as in the charger.",
        error_messages={"min_length": f"Use {SHORTEST} to {LONGEST} characters; chargers accept no others."},
    )

    def clean(self) -> dict[str, Any]:
        """One that is to be typed must be."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("how") == TYPED and "password" in cleaned and not cleaned["password"]:
            self.add_error("password", "Type the password, or let one be made.")
        return cleaned

    def password_wanted(self) -> str | None:
        """As the services want it: the typed one, empty for one to be made, None for none."""
        how = self.cleaned_data["how"]
        return None if how == NONE else str(self.cleaned_data["password"]) if how == TYPED else ""


class IdentityForm(PasswordForm):
    """Another identity, and the password that goes with it."""

    identity = IdentityField()
    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, charge_point: ChargePoint, **options: Any) -> None:
        self.present = charge_point.identity or charge_point.wanted_identity
        options["initial"] = {"identity": self.present, "opened": self.present, **options.get("initial", {})}
        super().__init__(*arguments, **options)
        self.fields["how"].choices = [*self.fields["how"].choices, (NONE, "None")]  # type: ignore[attr-defined]

    def clean_identity(self) -> str:
        """Another one than before, and not over somebody else's change."""
        identity: str = self.cleaned_data["identity"]
        if self.data.get("opened", self.present) != self.present:
            now = f"“{self.present}”" if self.present else "empty"
            raise ValidationError(f"Somebody changed this meanwhile: it is {now} now. Save again to use yours.")
        if identity == self.present:
            raise ValidationError("This is its identity already.")
        return identity


class ChargePointNewForm(PasswordForm):
    """A new charge point."""

    site = SiteField()
    identity = IdentityField()
    is_active = forms.BooleanField(required=False, initial=True, label="Active")

    def __init__(self, *arguments: Any, sites: QuerySet[Site], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields |= _fields(DESCRIPTION)
        self._site: SiteField = self.fields["site"]  # type: ignore[assignment]
        self._site.sites = sites
        self.fields["name"].help_text = "As people call it. Once on a site."

    def clean_site(self) -> Site:
        """The site that was meant."""
        return self._site.site(self.cleaned_data["site"])

    def values(self) -> dict[str, object]:
        """What the service wants of a valid form."""
        return {field: self.cleaned_data[field] for field in (*DESCRIPTION, "is_active")}


class ChargePointSettingsForm(DeskForm):
    """What can be changed of a charge point. What somebody else changed meanwhile is not overwritten silently."""

    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, charge_point: ChargePoint, connectors: list[str], **options: Any) -> None:
        self.present = {field: getattr(charge_point, field) for field in EDITABLE}
        self.connectors = connectors
        options["initial"] = {**self.present, **options.get("initial", {})}
        super().__init__(*arguments, **options)
        self.fields |= _fields((*DESCRIPTION, *OPERATION))
        heartbeat = self.fields["heartbeat_interval"]
        heartbeat.help_text = "Seconds between two Heartbeats; empty for the default. Told at its next boot."
        heartbeat.widget.attrs |= {"min": 10, "max": 86_400}
        self.fields["assume_version"] = forms.ChoiceField(
            choices=VERSIONS, required=False, help_text="For chargers that offer no OCPP version: the one they speak."
        )
        dress(self.fields["assume_version"])
        for name in ("vendor", "model"):
            self.fields[name].help_text = "The charger's own word replaces it when it boots."

    @property
    def version(self) -> str:
        """What is stored now, for the hidden field."""
        return opened_text({**self.present, "connectors": self.connectors})

    def clean_heartbeat_interval(self) -> int | None:
        """Between ten seconds and a day."""
        seconds: int | None = self.cleaned_data["heartbeat_interval"]
        if seconds is not None and not 10 <= seconds <= 86_400:
            raise ValidationError("Use 10 to 86400 seconds, or leave it empty.")
        return seconds

    def clean(self) -> dict[str, Any]:
        """Keep what others changed and this person did not; ask where both did."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["security_profile"] = int(cleaned.get("security_profile") or 0)
        opened = opened_read(cleaned.get("opened", ""))
        for field in EDITABLE:
            now = self.present[field]
            if field not in opened or field not in cleaned or opened[field] == now or cleaned[field] == now:
                continue
            if cleaned[field] == opened[field]:
                cleaned[field] = now
            else:
                shown = f"“{now}”" if now not in {"", None} else "empty"
                self.add_error(field, f"Somebody changed this meanwhile: it is {shown} now. Save again to use yours.")
        return cleaned

    def connectors_changed(self, wanted: list[str]) -> tuple[bool, str]:
        """Whether this person changed the connectors, and what is wrong when somebody else did, too."""
        opened = opened_read(self.data.get("opened", "")).get("connectors", self.connectors)
        if wanted in (opened, self.connectors):
            return False, ""
        if opened == self.connectors:
            return True, ""
        return True, f"They changed meanwhile: {'; '.join(self.connectors) or 'none'}. Save again to use yours."

    def values(self) -> dict[str, object]:
        """What the service wants of a valid form."""
        return {field: self.cleaned_data[field] for field in EDITABLE}


def _fields(names: tuple[str, ...]) -> dict[str, forms.Field]:
    found = forms.fields_for_model(ChargePoint, fields=names)
    for field in found.values():
        dress(field)
    return found
