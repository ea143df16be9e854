"""Passwords on their way from the request that set them to the one page that shows them."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods
from redis.exceptions import RedisError

from chargepoints.exceptions import ActionRefused
from chargepoints.forms.charge_point import IdentityForm, PasswordForm
from chargepoints.models import ChargePoint
from chargepoints.services.identities import identity_change
from chargepoints.services.passwords import password_give
from chargepoints.views.asking import CONFLICT, INVALID, Ask, asked, done, editable
from hub import once
from hub.audit.records import Actor
from hub.http import HtmxHttpRequest

PASSWORD = Ask("password", "New password", "key-round", "Set the password")
IDENTITY = Ask("identity", "Change the identity", "pencil", "Change the identity")
METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(METHODS)
def password(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Set a password; it is shown once, on the Integration tab."""
    found = editable(request, pk)
    if not (found.identity or found.wanted_identity):
        why = "Set the identity first: the password belongs to it."
        return asked(request, found, PASSWORD, refusal=why, status=200 if request.method != "POST" else CONFLICT)
    if request.method != "POST":
        return asked(request, found, PASSWORD, form=PasswordForm())
    form = PasswordForm(request.POST)
    if form.is_valid():
        try:
            wanted = form.password_wanted() or ""
            given = password_give(actor=Actor.asking(request), charge_point=found, password=wanted)
        except ValidationError as error:
            form.add_error("password", error)
        except ActionRefused as refusal:
            return asked(request, found, PASSWORD, form=form, refusal=str(refusal), status=CONFLICT)
        else:
            password_show(request, found, given)
            return done(request, "", "charge_point_integration", found.pk)
    return asked(request, found, PASSWORD, form=form, status=INVALID)


@require_http_methods(METHODS)
def identity(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Give the charge point another identity, and the password that goes with it."""
    found = editable(request, pk)
    if request.method != "POST":
        return asked(request, found, IDENTITY, form=IdentityForm(charge_point=found))
    form = IdentityForm(request.POST, charge_point=found)
    if form.is_valid():
        try:
            given = identity_change(
                actor=Actor.asking(request),
                charge_point=found,
                identity=form.cleaned_data["identity"],
                password=form.password_wanted(),
            )
        except ValidationError as error:
            form.add_error("password", error)
        except ActionRefused as refusal:
            return asked(request, found, IDENTITY, form=form, refusal=str(refusal), status=CONFLICT)
        else:
            password_show(request, found, given)
            return done(request, "The identity was changed.", "charge_point_integration", found.pk)
    return asked(request, found, IDENTITY, form=form, status=INVALID)


def password_show(request: HttpRequest, charge_point: ChargePoint, given: str) -> None:
    """Have the Integration tab show `given` to this session, once."""
    if not given:
        return
    try:
        once.once_keep(session_key=request.session.session_key, what=_what(charge_point), secret=given)
    except RedisError:
        messages.error(request, "The password was set, but cannot be shown now. Set a new one in a minute.")


def password_shown(request: HttpRequest, charge_point: ChargePoint) -> str:
    """The password that was set just now by this session; empty from then on."""
    return once.once_take(session_key=request.session.session_key, what=_what(charge_point))


def _what(charge_point: ChargePoint) -> str:
    return f"charge-point:{charge_point.pk}"
