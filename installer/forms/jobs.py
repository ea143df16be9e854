"""Forms of jobs: the list's filters, where a job is, the job itself, its links, and how it ends."""

import zoneinfo
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from chargepoints.forms.fields import DeskForm, SiteField
from chargepoints.models import ChargePoint, Site
from installer.choices import JobState
from installer.forms.work import TEXT_LONGEST, WorkForm
from installer.models import InstallerJob, JobTemplate
from installer.selectors.jobs import NO_LINK, JobFilters
from installer.services.giving import LinkWanted
from installer.services.jobs import EDITABLE
from installer.services.links import VALID_AT_MOST, VALID_FOR

_BIGGEST = 2**62
STATES = [*JobState.choices, (NO_LINK, "no link works")]


class JobFilterForm(forms.Form):
    """Lenient: a value that makes no sense is left out, never an error."""

    q = forms.CharField(required=False, max_length=100)
    state = forms.ChoiceField(choices=STATES, required=False)
    site = forms.IntegerField(required=False, min_value=0, max_value=_BIGGEST)
    after = forms.IntegerField(required=False, min_value=0, max_value=_BIGGEST)

    def filters(self) -> JobFilters:
        """What was asked for."""
        self.is_valid()
        given = self.cleaned_data
        return JobFilters(words=tuple(given.get("q", "").split()), state=given.get("state", ""), site=given.get("site"))

    def page_after(self) -> int | None:
        """The last job of the page before this one."""
        self.is_valid()
        after: int | None = self.cleaned_data.get("after")
        return after


class PlaceForm(DeskForm):
    """At which site the job is: its number, from a link, or its name, typed."""

    site = SiteField(label="Site", help_text="The job is about the charge points of one site.")

    def __init__(self, *arguments: Any, sites: QuerySet[Site], **options: Any) -> None:
        super().__init__(*arguments, **options)
        field = self.fields["site"]
        assert isinstance(field, SiteField)
        field.sites = sites

    def clean_site(self) -> Site:
        """One of the person's sites."""
        field, text = self.fields["site"], self.cleaned_data["site"]
        assert isinstance(field, SiteField)
        if text.isascii() and text.isdecimal() and len(text) < 19:
            found = field.sites.select_related("team").filter(pk=int(text)).first()
            if found is not None:
                return found
        return field.site(text)


class TemplateForm(forms.Form):
    """Which template a new job begins with; what makes no sense is none."""

    template = forms.ModelChoiceField(JobTemplate.objects.none(), required=False)

    def __init__(self, *arguments: Any, templates: QuerySet[JobTemplate], **options: Any) -> None:
        super().__init__(*arguments, **options)
        field = self.fields["template"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = templates

    def chosen(self) -> JobTemplate | None:
        """The template, if there is one."""
        self.is_valid()
        found: JobTemplate | None = self.cleaned_data.get("template")
        return found


class JobForm(WorkForm):
    """A job at a site that is known."""

    charge_points = forms.ModelMultipleChoiceField(
        ChargePoint.objects.none(),
        error_messages={
            "required": "Choose at least one charge point.",
            "invalid_choice": "One of them is not at this site any more. Look at the list again.",
            "invalid_pk_value": "One of them is not at this site any more. Look at the list again.",
        },
    )
    description = forms.CharField(
        label="What is to be done",
        required=False,
        max_length=TEXT_LONGEST,
        help_text="A sentence or two; the installer reads it first.",
        widget=forms.Textarea,
    )
    installer_name = forms.CharField(label="Installer", required=False, max_length=120)
    installer_email = forms.EmailField(
        label="Their e-mail", required=False, error_messages={"invalid": "This is no e-mail address. Look for a typo."}
    )
    installer_phone = forms.CharField(label="Their phone", required=False, max_length=40)
    contact = forms.CharField(
        label="Whom they can call",
        required=False,
        max_length=120,
        help_text="Your phone number, for when something does not work.",
    )
    activate_when_complete = forms.BooleanField(
        label="Activate all charge points when the job is completed",
        required=False,
        help_text="The installer sees this box, checked or not, when they complete the job.",
    )

    def __init__(self, *arguments: Any, site: Site, **options: Any) -> None:
        super().__init__(*arguments, **options)
        field = self.fields["charge_points"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = site.charge_points.filter(archived_at=None).order_by("name", "pk")

    @property
    def chosen(self) -> set[int]:
        """The charge points whose boxes are checked, by id."""
        given = self["charge_points"].value() or []
        return {int(each) for each in given if str(each).isdecimal()}

    def values(self) -> dict[str, object]:
        """What the job becomes, from a valid form."""
        return {name: self.cleaned_data[name] for name in EDITABLE}


class LinkFields(forms.Form):
    """What is asked of a link."""

    expires_on = forms.DateField(
        label="The link works until the end of",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose a day.", "invalid": "Choose a day."},
    )
    pin = forms.RegexField(
        r"^[0-9]{4,8}$",
        label="PIN",
        required=False,
        help_text="Four to eight digits that the page asks for besides. Tell it by phone: the mail does not.",
        error_messages={"invalid": "A PIN has four to eight digits."},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": "8"}),
    )
    send = forms.BooleanField(
        label="Send the link by e-mail now",
        required=False,
        help_text="Then only the mail has it. Otherwise the next page shows it, once.",
    )

    def expires_at(self, zone: str) -> datetime:
        """The end of the chosen day by the clock of the site."""
        day: date = self.cleaned_data["expires_on"]
        return datetime.combine(day, time(23, 59, 59), zoneinfo.ZoneInfo(zone))

    def clean_expires_on(self) -> date:
        """Not in the past, and not for ever."""
        day: date = self.cleaned_data["expires_on"]
        today = timezone.now().date()
        last = today + VALID_AT_MOST - timedelta(days=2)
        if not today <= day <= last:
            raise ValidationError(f"Choose a day from today until {last:%-d %B %Y}.")
        return day


def link_initial() -> dict[str, object]:
    """What is usual for a link."""
    return {"expires_on": timezone.now().date() + VALID_FOR}


class JobNewForm(JobForm, LinkFields):
    """A new job, with its first link."""

    def clean(self) -> dict[str, Any]:
        """What is mailed needs an address."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("send") and not cleaned.get("installer_email") and "installer_email" not in self.errors:
            self.add_error("installer_email", "Enter the address that the link is sent to.")
        return cleaned

    def link(self, zone: str) -> LinkWanted:
        """The link, from a valid form."""
        given = self.cleaned_data
        label = given["installer_name"] or given["installer_email"] or "the installer"
        return LinkWanted(label, self.expires_at(zone), given["pin"], given["installer_email"] if given["send"] else "")


class LinkForm(LinkFields, DeskForm):
    """Another link for a job."""

    label = forms.CharField(
        label="For whom",
        max_length=160,
        help_text="It stands beside everything that is done by this link.",
        error_messages={"required": "Say for whom it is."},
    )
    email = forms.EmailField(
        label="Their e-mail", required=False, error_messages={"invalid": "This is no e-mail address. Look for a typo."}
    )
    field_order = ("label", "expires_on", "pin", "email", "send")

    def clean(self) -> dict[str, Any]:
        """What is mailed needs an address."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("send") and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", "Enter the address that the link is sent to.")
        return cleaned

    def link(self, job: InstallerJob) -> LinkWanted:
        """The link, from a valid form."""
        given = self.cleaned_data
        email = given["email"] if given["send"] else ""
        return LinkWanted(given["label"], self.expires_at(job.site.time_zone), given["pin"], email)


class NoteForm(DeskForm):
    """The operator's note, and how it read when it was opened."""

    text = forms.CharField(
        label="Your note",
        required=False,
        max_length=TEXT_LONGEST,
        help_text="The installer reads it at this charge point. Empty takes it away.",
        widget=forms.Textarea,
    )
    seen = forms.CharField(required=False, max_length=TEXT_LONGEST, strip=False, widget=forms.HiddenInput)


class SkipForm(DeskForm):
    """Why a step of the acceptance test is left out."""

    reason = forms.CharField(
        label="Why",
        max_length=200,
        help_text="It stands in the hand-over report.",
        error_messages={"required": "Say why this step is left out."},
    )


class CompleteForm(DeskForm):
    """How a job ends."""

    activate = forms.BooleanField(label="Activate all charge points", required=False)
