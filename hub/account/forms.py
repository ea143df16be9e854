"""The forms of the account pages."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm

from hub.account.throttle import PROOFS
from hub.teams.models import User

if TYPE_CHECKING:
    _SetPasswordForm = SetPasswordForm[User]
    _ProfileForm = forms.ModelForm[User]
else:
    _SetPasswordForm = SetPasswordForm
    _ProfileForm = forms.ModelForm

TOO_MANY = f"Too many attempts. Try again in {PROOFS.minutes} minutes."


def dress(form: forms.BaseForm) -> None:
    """Give the fields the look of the desk."""
    for field in form.fields.values():
        if not isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
            field.widget.attrs.setdefault("class", "in")


class SignInForm(forms.Form):
    """The first step."""

    username = forms.CharField(max_length=150)
    password = forms.CharField(max_length=4096, strip=False, widget=forms.PasswordInput)


class CodeForm(forms.Form):
    """A code of the app, or a recovery code."""

    code = forms.CharField(max_length=20, label="Code")


class ResetForm(forms.Form):
    """Who wants a new password."""

    email = forms.EmailField(
        max_length=254, label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class NewPasswordForm(_SetPasswordForm):
    """A new password after a link in a mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class PasswordForm(PasswordChangeForm):
    """A new password of somebody who knows the old one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = "Present password"
        self.fields["old_password"].widget.attrs.pop("autofocus", None)
        dress(self)

    def clean_old_password(self) -> str:
        """The present password, not guessed at too often."""
        return _proved(self.user, str(self.cleaned_data["old_password"]))


class ProfileForm(_ProfileForm):
    """Name, address and looks. Another e-mail address needs the password: it opens the account."""

    password = forms.CharField(
        required=False,
        max_length=4096,
        strip=False,
        label="Password",
        help_text="Only needed for another e-mail address.",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "theme", "density", "shortcuts")
        labels = {"email": "E-mail address", "density": "Row height", "shortcuts": "Shortcuts of one key"}
        help_texts = {
            "email": "Links for a new password go there.",
            "shortcuts": "Such as / for the search. Switch them off if they get in your way.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_name"].widget.attrs["autocomplete"] = "given-name"
        self.fields["last_name"].widget.attrs["autocomplete"] = "family-name"
        self.fields["email"].widget.attrs["autocomplete"] = "email"
        dress(self)

    def clean(self) -> dict[str, Any] | None:
        """The password, where it is needed."""
        cleaned = super().clean()
        if "email" in self.changed_data and "email" in self.cleaned_data:
            try:
                _proved(self._stored(), self.cleaned_data.get("password", ""))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned

    def _stored(self) -> User:
        return User.objects.get(pk=self.instance.pk)


class ProofForm(forms.Form):
    """Password and code: what switches the second factor off."""

    password = forms.CharField(
        max_length=4096,
        strip=False,
        label="Password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        max_length=20,
        label="Code",
        help_text="Of your app, or a recovery code.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        dress(self)

    def clean_password(self) -> str:
        """The person's password."""
        return _proved(self.user, self.cleaned_data["password"])


def _proved(user: User, password: str) -> str:
    """`password`, if it is the user's. Raises ValidationError if not, or when too many were tried."""
    if PROOFS.is_over(user.pk):
        raise forms.ValidationError(TOO_MANY)
    if not user.check_password(password):
        PROOFS.count(user.pk)
        raise forms.ValidationError("This is not your password. Type your present one.")
    PROOFS.forget(user.pk)
    return password
