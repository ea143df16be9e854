"""Charge keys: the list, one key's form, blocking, removing, and learning the tag of a card."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from chargepoints.choices import KeyState
from chargepoints.forms.drivers import KEY_STATES, ChargeKeyForm, KeyFilterForm, key_initial
from chargepoints.forms.sites import ReasonForm
from chargepoints.models import ChargeKey, ChargePoint, Driver
from chargepoints.permissions import Person, keys_for
from chargepoints.selectors.charge_keys import (
    cards_held,
    charge_keys_find,
    charge_keys_page,
    key_groups,
    learning_points,
)
from chargepoints.selectors.drivers import drivers_seen, organisations_with_drivers, sees_money_of
from chargepoints.services.charge_keys import (
    charge_key_block,
    charge_key_create,
    charge_key_edit,
    charge_key_remove,
    charge_key_used,
)
from chargepoints.services.local_lists import TAG_LENGTH
from chargepoints.views.drivers import FORBIDDEN, listed, paged
from chargepoints.views.sites import INVALID, dialog, posted, to
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right
from hub.teams.models import Organisation

Context = dict[str, object]
OF_TESTS = "Hub has made this key for the tests of installers. It can be blocked, and nothing else."


@require_safe
def charge_keys(request: HtmxHttpRequest) -> HttpResponse:
    """Every key; for htmx only the table that matches the filters."""
    form = KeyFilterForm(request.GET)
    filters = form.key_filters()
    found = charge_keys_find(request.user, filters)
    rows, after = charge_keys_page(found, form.page_after())
    context: Context = {
        "section": "drivers",
        "tab": "keys",
        "form": form,
        "filters": filters,
        "states": KEY_STATES,
        "groups": key_groups(request.user),
        "keys": rows,
        "now": timezone.now(),
        "found": found.count(),
        "of_driver": drivers_seen(request.user).filter(pk=filters.driver).first() if filters.driver else None,
        "may_create": organisations_with_drivers(request.user).exists(),
        **paged(request, form, after),
    }
    return listed(request, "chargepoints/keys", context)


@require_http_methods(["GET", "HEAD", "POST"])
def charge_key_new(request: HtmxHttpRequest) -> HttpResponse:
    """A new key, of the driver `?driver=` or of the organisation `?organisation=`; `?id_tag=` fills it in."""
    holder, organisation = _owner(request)
    initial: dict[str, object] = {
        "driver": holder.user_id if holder else "",
        "id_tag": request.GET.get("id_tag", "")[:36],
    }
    form = _key_form(request, organisation, holder=holder, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = charge_key_create(
                actor=Actor.asking(request), organisation=organisation, fields=form.facts(), places=form.places()
            )
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            return _saved(request, form, made, f"The key {made} was added.")
    return _form(request, form, None, holder, organisation)


@require_http_methods(["GET", "HEAD", "POST"])
def charge_key_change(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Edit a key."""
    key = charge_key_get(request.user, pk)
    if key.for_tests:
        return _of_tests(request, key)
    form = _key_form(request, key.organisation, holder=key.driver, key=key, initial=key_initial(key))
    if request.method == "POST" and form.is_valid():
        try:
            charge_key_edit(actor=Actor.asking(request), key=key, fields=form.facts(), places=form.places())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            stored = charge_key_get(request.user, pk)
            return _saved(request, form, stored, f"The key {stored} was saved.")
    return _form(request, form, key, key.driver, key.organisation)


@require_http_methods(["GET", "HEAD", "POST"])
def charge_key_blocking(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Asks before a key is blocked, or works again; a POST does it."""
    key = charge_key_get(request.user, pk)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        blocked = key.state != KeyState.BLOCKED
        charge_key_block(actor=Actor.asking(request), key=key, blocked=blocked, reason=form.cleaned_data["reason"])
        messages.success(request, f"The key {key} is blocked." if blocked else f"The key {key} works again.")
        return _back(request, key)
    return _asked(request, key, "_block", form)


@require_http_methods(["GET", "HEAD", "POST"])
def charge_key_removing(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Asks before a key is deleted, or blocked where it was used; a POST does it."""
    key = charge_key_get(request.user, pk)
    if key.for_tests:
        return _of_tests(request, key)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        name = str(key)
        gone = charge_key_remove(actor=Actor.asking(request), key=key, reason=form.cleaned_data["reason"])
        said = f"The key {name} was deleted." if gone else f"The key {name} has charges: it is blocked, and stays."
        messages.success(request, said)
        return _back(request, key)
    return _asked(request, key, "_remove", form)


@require_safe
def charge_keys_learn(request: HtmxHttpRequest) -> HttpResponse:
    """Cards that were just held to a charger: choose it, hold the card to it, add what it has read."""
    if not organisations_with_drivers(request.user).exists():
        raise PermissionDenied(FORBIDDEN)
    points = list(learning_points(request.user))
    wanted = request.GET.get("charge_point", "")
    found = next((point for point in points if str(point.pk) == wanted), None)
    context: Context = {
        "section": "drivers",
        "tab": "keys",
        "points": points,
        "charge_point": found,
        "held": _held(found),
        "driver": request.GET.get("driver", ""),
    }
    name = "_held" if request.htmx and found else "learn"
    return render(request, f"chargepoints/keys/{name}.html", context)


def _held(found: ChargePoint | None) -> list[tuple[str, object]]:
    return [(card.id_tag, card.at) for card in cards_held(found)] if found else []


def charge_key_get(person: Person, pk: int, right: Right = Right.EDIT) -> ChargeKey:
    """The key. Raises Http404, or PermissionDenied for who may see it without `right`."""
    seen = keys_for(person).select_related("driver", "organisation", "payment_method")
    found: ChargeKey = get_object_or_404(seen, pk=pk)
    if not keys_for(person, right).filter(pk=pk).exists():
        raise PermissionDenied(FORBIDDEN)
    return found


def _owner(request: HttpRequest) -> tuple[Driver | None, Organisation]:
    """Whose key it will be. Raises Http404 for another's driver, PermissionDenied for who may add none."""
    organisations = organisations_with_drivers(request.user)
    asked = request.GET.get("driver", "")
    if asked.isdecimal() and len(asked) < 19:
        holder = get_object_or_404(drivers_seen(request.user), pk=int(asked))
        if not organisations.filter(pk=holder.organisation_id).exists():
            raise PermissionDenied(FORBIDDEN)
        return holder, holder.organisation
    wanted = request.GET.get("organisation", "")
    found = [one for one in organisations if str(one.pk) == wanted] or list(organisations)
    if not found:
        raise PermissionDenied(FORBIDDEN)
    return None, found[0]


def _key_form(
    request: HttpRequest,
    organisation: Organisation,
    *,
    holder: Driver | None,
    key: ChargeKey | None = None,
    initial: dict[str, object],
) -> ChargeKeyForm:
    assert request.user.is_authenticated
    return ChargeKeyForm(
        posted(request),
        person=request.user,
        organisation=organisation,
        holder=holder,
        key=key,
        sees_money=sees_money_of(request.user, organisation.pk),
        initial=initial,
    )


def _form(
    request: HttpRequest, form: ChargeKeyForm, key: ChargeKey | None, holder: Driver | None, organisation: Organisation
) -> HttpResponse:
    context: Context = {
        "section": "drivers",
        "form": form,
        "key": key,
        "driver": holder,
        "organisation": organisation,
        "organisations": [] if key or holder else list(organisations_with_drivers(request.user)),
        "is_limited": any(form[name].value() for name in ("teams", "sites", "charge_points")) or bool(form.kept),
    }
    return render(request, "chargepoints/keys/form.html", context, status=INVALID if form.is_bound else 200)


def _saved(request: HtmxHttpRequest, form: ChargeKeyForm, key: ChargeKey, say: str) -> HttpResponse:
    messages.success(request, say)
    if form.is_long:
        messages.warning(request, f"It is longer than {TAG_LENGTH} characters: OCPP 1.6 chargers cannot send it.")
    return _back(request, key)


def _of_tests(request: HtmxHttpRequest, key: ChargeKey) -> HttpResponse:
    """Nothing happens to the key that Hub has made by itself."""
    messages.warning(request, OF_TESTS)
    return _back(request, key)


def _back(request: HtmxHttpRequest, key: ChargeKey) -> HttpResponse:
    if key.driver_id is not None:
        return to(request, "driver", key.driver_id)
    return to(request, "charge_keys")


def _asked(request: HtmxHttpRequest, key: ChargeKey, name: str, form: ReasonForm) -> HttpResponse:
    back = reverse("driver", args=[key.driver_id]) if key.driver_id else reverse("charge_keys")
    context: Context = {
        "section": "drivers",
        "title": f"Key {key}",
        "back": back,
        "back_name": str(key.driver) if key.driver else "Keys",
        "key": key,
        "form": form,
        "used": charge_key_used(key),
    }
    return dialog(request, f"chargepoints/keys/{name}.html", context, status=INVALID if form.is_bound else 200)
