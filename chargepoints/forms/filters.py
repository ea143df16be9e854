"""The filters of the overview, as they stand in its address."""

from django import forms

from chargepoints.selectors.overview import Filters

STATUSES = (
    ("charging", "Charging"),
    ("occupied", "Occupied"),
    ("paused", "Paused"),
    ("ready", "Ready"),
    ("unavailable", "Unavailable"),
    ("faulted", "Faulted"),
    ("offline", "Offline, all"),
    ("disconnected", "Disconnected"),
    ("refused", "Refused"),
    ("pending", "Never seen"),
    ("maintenance", "Maintenance"),
)


class FilterForm(forms.Form):
    """Lenient: an address with a value that makes no sense shows nothing found, never an error."""

    q = forms.CharField(required=False, max_length=100)
    site = forms.IntegerField(required=False, min_value=0, max_value=2**62)
    team = forms.IntegerField(required=False, min_value=0, max_value=2**62)
    status = forms.CharField(required=False, max_length=20)
    version = forms.CharField(required=False, max_length=16)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**62)

    def filters(self) -> Filters:
        """What was asked for; fields that do not validate are left out."""
        self.is_valid()
        given = self.cleaned_data
        return Filters(
            words=tuple(given.get("q", "").split()),
            status=given.get("status", ""),
            version=given.get("version", ""),
            site=given.get("site"),
            team=given.get("team"),
        )

    def page_after(self) -> int | None:
        """The last row of the page before this one."""
        self.is_valid()
        after: int | None = self.cleaned_data.get("after")
        return after
