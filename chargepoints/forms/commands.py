"""The filters of the lists of commands, as they stand in their address."""

from django import forms

from chargepoints.actions import ACTIONS
from chargepoints.forms.fields import day_begin, day_end
from chargepoints.selectors.commands import OUTCOMES, CommandFilters, CommandMark

BIGGEST = 2**62
WORDS = 5
KINDS = sorted(((kind, action.label) for kind, action in ACTIONS.items()), key=lambda pair: pair[1])
OUTCOME_CHOICES = [(name, label) for name, (label, _) in OUTCOMES.items()]


class CommandFilterForm(forms.Form):
    """Lenient: a value that makes no sense is left out, never an error."""

    q = forms.CharField(required=False, max_length=100)
    site = forms.IntegerField(required=False, min_value=0, max_value=BIGGEST)
    charge_point = forms.IntegerField(required=False, min_value=0, max_value=BIGGEST)
    kind = forms.ChoiceField(choices=KINDS, required=False)
    outcome = forms.ChoiceField(choices=OUTCOME_CHOICES, required=False)
    author = forms.CharField(required=False, max_length=100)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    before = forms.CharField(required=False, max_length=60)

    def filters(self, zone: str, charge_point: int | None = None) -> CommandFilters:
        """What was asked for, of one charge point if one is given; `since` and `until` are whole days of this zone."""
        self.is_valid()
        given = self.cleaned_data
        return CommandFilters(
            words=tuple(given.get("q", "").replace("\x00", "").split())[:WORDS],
            site=given.get("site"),
            charge_point=given.get("charge_point") if charge_point is None else charge_point,
            kind=given.get("kind", ""),
            outcome=given.get("outcome", ""),
            author=given.get("author", "").replace("\x00", "").strip(),
            since=day_begin(given.get("since"), zone),
            until=day_end(given.get("until"), zone),
        )

    def site_asked(self) -> int | None:
        """The site in the filters, whose time zone counts."""
        self.is_valid()
        site: int | None = self.cleaned_data.get("site")
        return site

    def page_after(self) -> CommandMark | None:
        """The last command of the page before this one."""
        self.is_valid()
        return CommandMark.read(self.cleaned_data.get("before", ""))
