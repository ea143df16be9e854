"""The filters of the audit log, as they stand in its address."""

from django import forms

from chargepoints.forms.fields import day_begin, day_end
from chargepoints.selectors.audit import AuditFilters, Cursor
from hub.audit.choices import ActorKind
from hub.audit.words import NOUNS, verbs

BIGGEST = 2**62


class AuditFilterForm(forms.Form):
    """Lenient: a value that makes no sense is left out, never an error."""

    q = forms.CharField(required=False, max_length=100)
    noun = forms.SlugField(required=False, max_length=32)
    act = forms.RegexField(r"^[a-z_.]{1,48}$", required=False)
    kind = forms.ChoiceField(choices=ActorKind, required=False)
    person = forms.IntegerField(required=False, min_value=0, max_value=BIGGEST)
    site = forms.IntegerField(required=False, min_value=0, max_value=BIGGEST)
    object = forms.CharField(required=False, max_length=40)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    before = forms.CharField(required=False, max_length=40)

    def filters(self, zone: str = "UTC") -> AuditFilters:
        """What was asked for; `since` and `until` are whole days of this time zone."""
        self.is_valid()
        given = self.cleaned_data
        return AuditFilters(
            words=tuple(given.get("q", "").split()),
            noun=given.get("noun", ""),
            act=given.get("act", ""),
            kind=given.get("kind", ""),
            person=given.get("person"),
            site=given.get("site"),
            object_id=given.get("object", ""),
            since=day_begin(given.get("since"), zone),
            until=day_end(given.get("until"), zone),
        )

    def site_asked(self) -> int | None:
        """The site in the filters, whose time zone counts."""
        self.is_valid()
        site: int | None = self.cleaned_data.get("site")
        return site

    def page_after(self) -> Cursor | None:
        """The last entry of the page before this one."""
        self.is_valid()
        return Cursor.read(self.cleaned_data.get("before", ""))


def noun_choices() -> list[tuple[str, str]]:
    """The nouns that can be asked for, with their words."""
    return sorted(((noun, words.capitalize().replace("Api", "API")) for noun, words in NOUNS.items()), key=_second)


def act_choices() -> list[tuple[str, str]]:
    """The verbs that can be asked for, with their words."""
    return sorted(verbs(), key=_second)


def _second(pair: tuple[str, str]) -> str:
    return pair[1]
