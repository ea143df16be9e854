"""The forms of a charger's root certificates."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from chargepoints.certificates import CertificateProblem, root_judge
from chargepoints.forms.action_fields import SiteForm
from chargepoints.forms.actions import Parameters
from chargepoints.models import InstalledCertificate
from chargepoints.selectors.security import installed_certificates

TYPES = [
    ("CentralSystemRootCertificate", "Of central systems: it says which Hub the charger trusts"),
    ("ManufacturerRootCertificate", "Of the manufacturer: it says whose firmware the charger trusts"),
]


class CertificateTypeForm(SiteForm):
    """Roots of which kind."""

    template = "chargepoints/actions/kinds/_certificate_ids.html"

    type = forms.ChoiceField(choices=TYPES, initial=TYPES[0][0], error_messages={"required": "Choose a kind."})

    def parameters(self) -> Parameters:
        """`{"type": "CentralSystemRootCertificate"}`."""
        return {"type": self.cleaned_data["type"]}


class InstallCertificateForm(CertificateTypeForm):
    """A root certificate as PEM text."""

    template = "chargepoints/actions/kinds/_install_certificate.html"

    certificate = forms.CharField(
        label="Certificate",
        max_length=20000,
        widget=forms.Textarea(attrs={"class": "in mono", "spellcheck": "false"}),
        help_text="PEM: the text from BEGIN CERTIFICATE to END CERTIFICATE.",
        error_messages={"required": "Certificate: paste its text, from BEGIN CERTIFICATE to END CERTIFICATE."},
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["certificate"].widget.attrs |= {"rows": 8, "placeholder": "-----BEGIN CERTIFICATE-----"}

    def clean_certificate(self) -> str:
        """A root that is good now."""
        text: str = self.cleaned_data["certificate"].strip()
        try:
            root_judge(text, timezone.now())
        except CertificateProblem as problem:
            raise ValidationError(f"Certificate: {problem}") from None
        return text

    def parameters(self) -> Parameters:
        """`{"type": "…", "certificate": PEM}`."""
        return {**super().parameters(), "certificate": self.cleaned_data["certificate"]}


class DeleteCertificateForm(SiteForm):
    """One of the roots that the charger has listed."""

    template = "chargepoints/actions/kinds/_delete_certificate.html"

    certificate = forms.ChoiceField(
        error_messages={"required": "Choose a certificate.", "invalid_choice": "The charger no longer lists it."}
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.roots: list[InstalledCertificate] = list(installed_certificates(self.charge_point))
        self.fields["certificate"].choices = [(str(root.pk), str(root)) for root in self.roots]  # type: ignore[attr-defined]

    def parameters(self) -> Parameters:
        """`{"certificate": 7}`."""
        return {"certificate": int(self.cleaned_data["certificate"])}
