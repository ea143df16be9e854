"""Payment methods of drivers and teams, and the statements of wallets."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chargepoints.choices import WALLETS
from chargepoints.exceptions import PaymentRefused
from chargepoints.forms.payment_methods import OF_DRIVERS, OF_TEAMS, PaymentMethodForm, TopUpForm
from chargepoints.models import Driver, PaymentMethod
from chargepoints.permissions import Person, organisations_for, organisations_of, payment_methods_for
from chargepoints.selectors.drivers import drivers_seen, sees_money_of
from chargepoints.selectors.wallets import method_lines, team_methods, wallet_statement
from chargepoints.services.ledger import wallet_top_up
from chargepoints.services.payment_methods import (
    payment_method_create,
    payment_method_default,
    payment_method_edit,
    payment_method_switch,
)
from chargepoints.views.sites import CONFLICT, INVALID, dialog, posted, to
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right
from hub.teams.models import Team

FORBIDDEN = "Your role does not allow this. It needs: see and change prices and payments, in the whole organisation."
Context = dict[str, object]


@require_safe
def team_payment_methods(request: HttpRequest) -> HttpResponse:
    """Each team with its payment methods: what keys of a fleet are paid with."""
    if not organisations_for(request.user, Right.MONEY).exists():
        raise PermissionDenied(FORBIDDEN)
    context = {"section": "drivers", "tab": "teams", "teams": team_methods(request.user)}
    return render(request, "chargepoints/payment_methods/teams.html", context)


@require_safe
def payment_method(request: HttpRequest, pk: int) -> HttpResponse:
    """One payment method; of a wallet the statement, newest first."""
    found = payment_method_get(request.user, pk)
    before = request.GET.get("before", "")
    after = int(before) if before.isdecimal() and len(before) < 19 else None
    lines, following = wallet_statement(found, after) if found.kind in WALLETS else ([], None)
    context: Context = {
        "section": "drivers",
        "line": method_lines([found])[0],
        "method": found,
        "lines": lines,
        "following": following,
        "is_later_page": after is not None,
    }
    return render(request, "chargepoints/payment_methods/page.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def driver_method_new(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """A new payment method of a driver."""
    found: Driver = get_object_or_404(drivers_seen(request.user), pk=pk)
    _money(request.user, found.organisation_id)
    return _new(request, found)


@require_http_methods(["GET", "HEAD", "POST"])
def team_method_new(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """A new payment method of a team."""
    mine = Team.objects.filter(organisation__in=organisations_of(request.user, Right.VIEW))
    found: Team = get_object_or_404(mine.select_related("organisation"), pk=pk)
    _money(request.user, found.organisation_id)
    return _new(request, found)


def _new(request: HtmxHttpRequest, owner: Driver | Team) -> HttpResponse:
    kinds = OF_DRIVERS if isinstance(owner, Driver) else OF_TEAMS
    last = PaymentMethod.objects.filter(organisation=owner.organisation_id).order_by("-pk").first()
    form = PaymentMethodForm(
        posted(request), kinds=kinds, initial={"kind": kinds[0], "currency": last.currency if last else "EUR"}
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = payment_method_create(actor=Actor.asking(request), owner=owner, fields=form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"{made} was added to {owner}.")
            return _to_owner(request, made)
    return _form(request, form, "New payment method", "Add", owner, None)


@require_http_methods(["GET", "HEAD", "POST"])
def payment_method_change(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Rename a payment method; the credit of a wallet, another reference of a card."""
    found = payment_method_get(request.user, pk)
    initial = {"name": found.name, "credit_limit": found.credit_limit}
    form = PaymentMethodForm(posted(request), method=found, initial=initial)
    if request.method == "POST" and form.is_valid():
        payment_method_edit(actor=Actor.asking(request), method=found, fields=form.cleaned_data)
        messages.success(request, f"{form.cleaned_data['name']} was saved.")
        return _to_owner(request, found)
    owner = found.driver or found.team
    return _form(request, form, f"Edit {found}", "Save", owner, found)


@require_POST
def payment_method_first(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Make it the default of its driver or team."""
    found = payment_method_get(request.user, pk)
    payment_method_default(actor=Actor.asking(request), method=found)
    messages.success(request, f"{found} pays from now on, where a key names no other.")
    return _to_owner(request, found)


@require_POST
def payment_method_active(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Switch it `to=on` or `to=off`."""
    found = payment_method_get(request.user, pk)
    active = request.POST.get("to") == "on"
    payment_method_switch(actor=Actor.asking(request), method=found, active=active)
    messages.success(request, f"{found} is switched {'on' if active else 'off'}.")
    return _to_owner(request, found)


@require_http_methods(["GET", "HEAD", "POST"])
def wallet_money(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Asks how much comes into a wallet or leaves it; a POST books it, once however often it is sent."""
    found = payment_method_get(request.user, pk)
    if found.kind not in WALLETS:
        raise Http404
    form = TopUpForm(posted(request))
    refusal, status = "", INVALID if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            booked = wallet_top_up(
                method=found,
                amount=form.signed(),
                key=str(given["key"]),
                actor=Actor.asking(request),
                reason=given["reason"],
            )
        except PaymentRefused as refused:
            refusal, status = str(refused), CONFLICT
        else:
            what = f"{given['amount']} {found.currency}"
            messages.success(request, f"{what} booked." if booked else "It was booked before, and not once more.")
            return to(request, "payment_method", pk)
    context = _frame(found) | {"form": form, "refusal": refusal, "line": method_lines([found])[0], "method": found}
    return dialog(request, "chargepoints/payment_methods/_money.html", context, status=status)


def payment_method_get(person: Person, pk: int) -> PaymentMethod:
    """The payment method. Raises Http404, or PermissionDenied for people of the organisation who see no money."""
    seen = PaymentMethod.objects.filter(organisation__in=organisations_of(person, Right.VIEW))
    found: PaymentMethod = get_object_or_404(seen.select_related("driver", "team"), pk=pk)
    if not payment_methods_for(person).filter(pk=pk).exists():
        raise PermissionDenied(FORBIDDEN)
    return found


def _money(person: Person, organisation_id: int) -> None:
    if not sees_money_of(person, organisation_id):
        raise PermissionDenied(FORBIDDEN)


def _frame(found: PaymentMethod) -> Context:
    name, back = str(found), reverse("payment_method", args=[found.pk])
    return {"section": "drivers", "title": name, "back": back, "back_name": name}


def _form(
    request: HtmxHttpRequest,
    form: PaymentMethodForm,
    title: str,
    verb: str,
    owner: Driver | Team | None,
    found: PaymentMethod | None,
) -> HttpResponse:
    back = reverse("driver", args=[owner.pk]) if isinstance(owner, Driver) else reverse("team_payment_methods")
    context: Context = {
        "section": "drivers",
        "title": title,
        "verb": verb,
        "back": back,
        "back_name": str(owner or "Payment methods"),
        "form": form,
        "method": found,
        "here": request.path,
    }
    status = INVALID if form.is_bound else 200
    return dialog(request, "chargepoints/payment_methods/_form.html", context, status=status)


def _to_owner(request: HtmxHttpRequest, found: PaymentMethod) -> HttpResponse:
    if found.driver_id is not None:
        return to(request, "driver", found.driver_id)
    return to(request, "team_payment_methods")
