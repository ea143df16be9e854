"""What jobs and their templates have in common: instructions, checks, settings to write, and how long energy flows."""

from collections.abc import Iterable, Mapping

from django import forms
from django.core.exceptions import ValidationError

from chargepoints.forms.fields import DeskForm
from chargepoints.withheld import is_secret_key
from hub.teams.models import Organisation
from installer.choices import StepKind
from installer.models import JobTemplate

TEXT_LONGEST, KEY_LONGEST, VALUE_LONGEST, SETTINGS_MOST = 4000, 100, 500, 60
DEFAULT_CHECKS = (
    *(StepKind.CONNECTED, StepKind.BOOTED, StepKind.SERIAL, StepKind.CLOCK),
    *(StepKind.START, StepKind.ENERGY, StepKind.STOP),
)


class ConfigurationField(forms.CharField):
    """Settings as text, one `Key = value` a line; a list of {"key", "value"} in their order."""

    def __init__(self) -> None:
        super().__init__(
            label="Settings to write",
            required=False,
            max_length=20_000,
            help_text="One a line: HeartbeatInterval = 300. The acceptance test writes them and reads them back.",
            widget=forms.Textarea(attrs={"class": "in mono", "spellcheck": "false", "placeholder": "Key = value"}),
        )

    def prepare_value(self, value: object) -> object:
        """What stands in the field."""
        return configuration_text(value) if isinstance(value, list) else value

    def clean(self, value: object) -> list[dict[str, str]]:
        """The settings. Raises ValidationError, which names the line."""
        found: dict[str, str] = {}
        for number, line in enumerate(str(super().clean(value)).splitlines(), start=1):
            if line.strip():
                key, setting = _setting(number, line)
                if key in found:
                    raise ValidationError(f"Line {number}: {key} stands here twice.")
                found[key] = setting
        if len(found) > SETTINGS_MOST:
            raise ValidationError(f"{SETTINGS_MOST} settings at most; these are {len(found)}.")
        return [{"key": key, "value": setting} for key, setting in found.items()]


def _setting(number: int, line: str) -> tuple[str, str]:
    key, sign, setting = (part.strip() for part in line.partition("="))
    if not sign or not key or len(key.split()) != 1:
        raise ValidationError(f"Line {number}: write it as “Key = value”, the key in one word.")
    if len(key) > KEY_LONGEST or len(setting) > VALUE_LONGEST:
        raise ValidationError(f"Line {number}: a key has {KEY_LONGEST} characters at most, a value {VALUE_LONGEST}.")
    if is_secret_key(key):
        raise ValidationError(f"Line {number}: {key} is a secret. Set it on the charger's Integration tab instead.")
    return key, setting


def configuration_text(settings: Iterable[Mapping[str, str]]) -> str:
    """Settings as they are typed."""
    return "\n".join(f"{each['key']} = {each['value']}" for each in settings)


class WorkForm(DeskForm):
    """The fields that a template fills in."""

    instructions = forms.CharField(
        label="Instructions",
        required=False,
        max_length=TEXT_LONGEST,
        help_text="What the installer does there, step by step. They read it on the phone.",
        widget=forms.Textarea,
    )
    checks = forms.MultipleChoiceField(choices=StepKind.choices, required=False, label="Acceptance test")
    configuration = ConfigurationField()
    energy_s = forms.IntegerField(
        label="Energy flows for (s)",
        min_value=5,
        max_value=3600,
        initial=60,
        help_text="How long the test charge must deliver energy.",
        error_messages={"required": "Say how many seconds: 60 is usual."},
    )

    def clean_checks(self) -> list[str]:
        """In the order in which they are done, whatever the order of the boxes."""
        given = self.cleaned_data["checks"]
        return [kind.value for kind in StepKind if kind.value in given]

    def work(self) -> dict[str, object]:
        """These fields, of a valid form."""
        return {name: self.cleaned_data[name] for name in ("instructions", "checks", "configuration", "energy_s")}


def work_of(template: JobTemplate | None) -> dict[str, object]:
    """What a form begins with: the template's, or the usual checks."""
    if template is None:
        return {"checks": list(DEFAULT_CHECKS), "energy_s": 60}
    return {
        "instructions": template.instructions,
        "checks": template.checks,
        "configuration": template.configuration,
        "energy_s": template.energy_s,
    }


class JobTemplateForm(WorkForm):
    """A template. Of which operator is asked only where there are several."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label="Organisation", error_messages={"required": "Choose the organisation."}
    )
    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="What kind of job it is for, such as: Two Duo 22 on a post.",
        error_messages={"required": "Give the template a name."},
    )
    field_order = ("organisation", "name")

    def values(self) -> dict[str, object]:
        """What the template becomes, from a valid form."""
        return {"name": self.cleaned_data["name"], **self.work()}
