"""The filters of the list of charges, as they stand in its address."""

from decimal import Decimal

from django import forms

from chargepoints.choices import BillState, ChargeState
from chargepoints.forms.fields import day_begin, day_end
from chargepoints.selectors.audit import Cursor
from chargepoints.selectors.charges import WORDS, ChargeFilters, ChargeScope

BIGGEST = 2**62
MOST_KWH = 1_000_000


class ChargeFilterForm(forms.Form):
    """Lenient: a value that makes no sense is left out, never an error."""

    q = forms.CharField(required=False, max_length=100)
    site = forms.IntegerField(required=False, min_value=0, max_value=BIGGEST)
    charge_point = forms.IntegerField(required=False, min_value=0, max_value=BIGGEST)
    driver = forms.IntegerField(required=False, min_value=0, max_value=BIGGEST)
    state = forms.ChoiceField(choices=ChargeState, required=False)
    bill = forms.ChoiceField(choices=BillState, required=False)
    review = forms.CharField(required=False, max_length=8)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    least = forms.DecimalField(required=False, min_value=0, max_value=MOST_KWH)
    most = forms.DecimalField(required=False, min_value=0, max_value=MOST_KWH)
    before = forms.CharField(required=False, max_length=40)

    def filters(self, scope: ChargeScope, charge_point: int | None = None) -> ChargeFilters:
        """What was asked for, of one charge point if one is given; days are those of `zone`."""
        self.is_valid()
        given = self.cleaned_data
        zone = self.zone(scope)
        return ChargeFilters(
            words=tuple(given.get("q", "").replace("\x00", "").split())[:WORDS],
            site=given.get("site"),
            charge_point=given.get("charge_point") if charge_point is None else charge_point,
            driver=given.get("driver"),
            state=given.get("state", ""),
            bill=given.get("bill", "") if scope.money else "",
            review=bool(given.get("review")),
            since=day_begin(given.get("since"), zone),
            until=day_end(given.get("until"), zone),
            least_wh=_wh(given.get("least")),
            most_wh=_wh(given.get("most")),
        )

    def zone(self, scope: ChargeScope) -> str:
        """The time zone of the site that is asked for, or of all sites if they share one."""
        self.is_valid()
        asked = self.cleaned_data.get("site")
        zones = {site.time_zone for pk, site in scope.sites.items() if asked in {None, pk}}
        return zones.pop() if len(zones) == 1 else "UTC"

    def page_after(self) -> Cursor | None:
        """The last charge of the page before this one."""
        self.is_valid()
        return Cursor.read(self.cleaned_data.get("before", ""))


def _wh(kilowatt_hours: Decimal | None) -> int | None:
    return None if kilowatt_hours is None else int(kilowatt_hours * 1000)
