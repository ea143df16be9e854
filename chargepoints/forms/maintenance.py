"""Planning maintenance."""

from django import forms

from chargepoints.forms.fields import DeskForm, MomentField


class MaintenanceForm(DeskForm):
    """A maintenance: now or later, until an end or until somebody ends it."""

    starts_at = MomentField(label="Start", help_text="Empty: now.")
    ends_at = MomentField(label="End", help_text="Empty: until somebody ends it.")
    reason = forms.CharField(required=False, max_length=200)
