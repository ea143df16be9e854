"""Decisions about bills, and the force stop: dialogs that say first what will happen."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods

from chargepoints.choices import BillState
from chargepoints.exceptions import ActionRefused, PaymentRefused
from chargepoints.forms.reviews import NoteForm, RefundForm, ReleaseForm, RetryForm, WhyForm
from chargepoints.models import Bill, Charge
from chargepoints.permissions import Person, rights_on
from chargepoints.rendering.charge import refund_proposed
from chargepoints.rendering.charges import money
from chargepoints.selectors.charge_detail import bill_detailed, bill_payments, methods_offered, money_seen
from chargepoints.selectors.charges import is_running
from chargepoints.services.force_stops import charge_force_stop, charge_loss
from chargepoints.services.reviews import bill_cancel, bill_keep, bill_refund, bill_release, bill_retry
from chargepoints.views.charge import charge_get
from chargepoints.views.sites import CONFLICT, INVALID, dialog, posted, to
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest
from hub.teams.choices import Right
from hub.teams.models import User

Context = dict[str, object]


@dataclass(frozen=True, slots=True)
class Decision:
    """One kind of decision: how its dialog is called and looks, and its form."""

    title: str
    icon: str
    button: str
    form: Callable[[HtmxHttpRequest, Bill], Form]
    act: Callable[[Bill, Form, Actor], Bill]
    is_danger: bool = False


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HtmxHttpRequest, pk: int, kind: str) -> HttpResponse:
    """One decision about the bill of a charge; 403 for those who may not see its money, 409 when it came too late."""
    found = charge_get(request.user, pk)
    bill, decision = bill_detailed(found), DECISIONS.get(kind)
    if bill is None or decision is None:
        raise Http404
    if not money_seen(request.user, found, bill):
        raise PermissionDenied
    form, refusal, status = decision.form(request, bill), "", 200
    if request.method == "POST" and not form.is_valid():
        status = INVALID
    elif request.method == "POST":
        try:
            done = decision.act(bill, form, Actor.asking(request))
        except PaymentRefused as refused:
            refusal, status = str(refused), CONFLICT
        else:
            messages.success(request, said(done))
            return to(request, "charge", found.pk)
    context = _frame(found, decision.title) | {"bill": bill, "kind": kind, "decision": decision, "form": form}
    context |= {"refusal": refusal, "total": money(bill.total, bill.currency)}
    return dialog(request, "chargepoints/charge/_review.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def force_stop(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Close a charge at once, whatever the charger says, and remove its payment (SPEC section 4).

    403 for those who may not give commands; the amount is told to those who see money. Also for an offline charger.
    """
    found = charge_get(request.user, pk)
    if Right.COMMAND not in rights_on(request.user, found.charge_point):
        raise PermissionDenied
    form, refusal, status = WhyForm(posted(request)), "", 200
    if not is_running(found):
        refusal = "This charge has already ended."
    if request.method == "POST" and not form.is_valid():
        status = INVALID
    elif request.method == "POST":
        try:
            charge_force_stop(
                charge=found,
                actor=Actor.asking(request),
                author=_author(request.user),
                reason=form.cleaned_data["reason"],
            )
        except (ActionRefused, PaymentRefused) as refused:
            refusal, status = str(refused), CONFLICT
        else:
            messages.success(request, f"Charge {found.transaction_id} was stopped by force. Nobody pays for it.")
            return to(request, "charge", found.pk)
    context = _frame(found, "Force stop") | {"form": form, "refusal": refusal, "ended": not is_running(found)}
    loss = charge_loss(found)
    sees_money = money_seen(request.user, found, bill_detailed(found))
    context |= {"loss": loss, "amount": money(loss.amount, loss.currency) if sees_money and loss.currency else ""}
    return dialog(request, "chargepoints/charge/_force_stop.html", context, status=status)


def said(bill: Bill) -> str:
    """What became of the bill, in a sentence."""
    total = money(bill.total, bill.currency)
    return {
        BillState.PAID: f"The bill of {total} is paid.",
        BillState.INVOICED: f"{total} will be on the next invoice.",
        BillState.FREE: "The charge is free.",
        BillState.UNPAID: f"The bill of {total} is still not paid. The reason stands in the bill.",
        BillState.CANCELLED: "The bill was cancelled. Nobody pays for this charge.",
        BillState.REFUNDED: "All of the money was given back.",
    }.get(BillState(bill.state), f"The bill is {bill.get_state_display().lower()} now.")


def _author(person: Person) -> User | None:
    return person if isinstance(person, User) else None


def _frame(found: Charge, title: str) -> Context:
    return {
        "section": "charges",
        "title": title,
        "charge": found,
        "back": reverse("charge", args=[found.pk]),
        "back_name": f"Charge {found.transaction_id}",
    }


def _release_form(request: HtmxHttpRequest, bill: Bill) -> Form:
    wanted = bill.proposed_wh if bill.proposed_wh is not None else max(bill.energy_wh, 0)
    initial = {} if "other" in request.GET else {"energy": f"{wanted / 1000:.3f}"}
    return ReleaseForm(posted(request), initial=initial)


def _refund_form(request: HtmxHttpRequest, bill: Bill) -> Form:
    left = sum((each.captured - each.refunded for each in bill_payments(bill)), start=bill.total * 0)
    initial = {"amount": refund_proposed(bill, left), "key": uuid4().hex}
    return RefundForm(posted(request), initial=initial, currency=bill.currency)


def _retry_form(request: HtmxHttpRequest, bill: Bill) -> Form:
    return RetryForm(posted(request), methods=methods_offered(request.user, bill))


def _release(bill: Bill, form: Form, actor: Actor) -> Bill:
    assert isinstance(form, ReleaseForm)
    return bill_release(bill=bill, energy_wh=form.energy_wh(), actor=actor, note=form.cleaned_data["reason"])


def _refund(bill: Bill, form: Form, actor: Actor) -> Bill:
    given = form.cleaned_data
    return bill_refund(bill=bill, amount=given["amount"], key=given["key"], actor=actor, reason=given["reason"])


DECISIONS: dict[str, Decision] = {
    "release": Decision("Bill this charge", "receipt", "Bill this energy", _release_form, _release),
    "cancel": Decision(
        "Cancel the bill",
        "ban",
        "Cancel the bill",
        lambda request, bill: WhyForm(posted(request)),
        lambda bill, form, actor: bill_cancel(bill=bill, actor=actor, reason=form.cleaned_data["reason"]),
        is_danger=True,
    ),
    "refund": Decision("Refund", "rotate-ccw", "Refund", _refund_form, _refund),
    "retry": Decision(
        "Try the payment again",
        "wallet",
        "Try again",
        _retry_form,
        lambda bill, form, actor: bill_retry(bill=bill, actor=actor, method=form.cleaned_data["method"]),
    ),
    "keep": Decision(
        "Leave the bill as it is",
        "check",
        "Leave it",
        lambda request, bill: NoteForm(posted(request)),
        lambda bill, form, actor: bill_keep(bill=bill, actor=actor, note=form.cleaned_data["reason"]),
    ),
}

urlpatterns: list[URLPattern] = [
    path("charges/<int:pk>/review/<slug:kind>/", review, name="charge_review"),
    path("charges/<int:pk>/force-stop/", force_stop, name="charge_force_stop"),
]
