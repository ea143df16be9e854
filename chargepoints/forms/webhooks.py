"""Forms of webhooks: what one is, a new secret, which events are sent again, and the filters of the log."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from chargepoints.action_choices import DeliveryState, WebhookEvent
from chargepoints.forms.fields import DeskForm
from chargepoints.models import Webhook
from chargepoints.permissions import Person
from chargepoints.selectors.api_keys import key_places
from chargepoints.selectors.webhooks import DeliveryFilters
from chargepoints.services.webhooks import KEPT, WebhookWanted

# The test event goes to every webhook; nobody chooses it.
EVENTS = [(event.value, event.label) for event in WebhookEvent if event is not WebhookEvent.TEST]


class WebhookForm(DeskForm):
    """Name, address, events, and of which part of the organisation it is told."""

    name = forms.CharField(
        label="Name", max_length=80, error_messages={"required": "Give it a name: what receives the events?"}
    )
    url = forms.CharField(
        label="Address",
        max_length=500,
        help_text="Where events are sent by POST. Name and password do not belong in it: each event is signed.",
        error_messages={"required": "Enter the address of the receiver, such as https://example.com/hub"},
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://", "spellcheck": "false"}),
    )
    place = forms.ChoiceField(label="Told of", error_messages={"required": "Choose what it is told of."})
    events = forms.MultipleChoiceField(
        choices=EVENTS, error_messages={"required": "Choose at least one event: without one nothing is ever sent."}
    )

    def __init__(self, *arguments: Any, person: Person, webhook: Webhook | None = None, **options: Any) -> None:
        if webhook is not None:
            place = f"team-{webhook.team_id}" if webhook.team_id else f"organisation-{webhook.organisation_id}"
            known = {"name": webhook.name, "url": webhook.url, "events": webhook.events, "place": place}
            options["initial"] = known
        super().__init__(*arguments, **options)
        places = key_places(person)
        if webhook is not None:
            places = [place for place in places if place.organisation.pk == webhook.organisation_id]
        self.places = {place.key: place for place in places}
        choices = [(key, str(place)) for key, place in self.places.items()]
        self.fields["place"].choices = choices  # type: ignore[attr-defined]

    def wanted(self) -> WebhookWanted:
        """The webhook, from a valid form."""
        given = self.cleaned_data
        place = self.places[given["place"]]
        return WebhookWanted(
            organisation=place.organisation,
            team=place.team,
            name=given["name"],
            url=given["url"],
            events=[event for event, _ in EVENTS if event in given["events"]],
        )


class SecretForm(DeskForm):
    """Whether the old secret goes on signing for a while."""

    at_once = forms.BooleanField(
        required=False,
        label="The old secret ends at once",
        help_text="For one that has leaked. Otherwise both sign for 24 hours.",
    )


class ReplayForm(DeskForm):
    """Since when what was given up is sent again."""

    since = forms.DateTimeField(
        label="Given up since (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "Choose since when.", "invalid": "Choose a day and a time."},
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        yesterday = timezone.now() - timedelta(days=1)
        options["initial"] = {"since": yesterday.astimezone(UTC).replace(second=0, microsecond=0)}
        super().__init__(*arguments, **options)

    def clean_since(self) -> datetime:
        """Within the time for which deliveries are kept."""
        since: datetime = self.cleaned_data["since"]
        if since > timezone.now():
            raise forms.ValidationError("This lies in the future. Choose a time that has passed.")
        return max(since, timezone.now() - KEPT)


class DeliveryFilterForm(forms.Form):
    """The filters of the log; what makes no sense filters nothing."""

    state = forms.ChoiceField(choices=[("", "Any state"), *DeliveryState.choices], required=False)
    event = forms.ChoiceField(choices=[("", "Every event"), *WebhookEvent.choices], required=False)

    def filters(self) -> DeliveryFilters:
        """What was asked for."""
        self.is_valid()
        given = self.cleaned_data
        return DeliveryFilters(state=given.get("state", ""), event=given.get("event", ""))
