"""What a person types about themselves."""

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.templatetags.words import WORDS
from tenants.models import User
from tenants.services.signing_in import person_with
from tenants.services.throttles import TooManyAttempts
from tenants.zones import zone_names

MISMATCH = _("E-mail and password do not match. Check both and try again.")
LONGEST_PASSWORD = 256  # a longer one would only make the server hash


def password_field(label, autocomplete: str, **kwargs) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
        **kwargs,
    )


def email_field(**attrs) -> forms.EmailField:
    return forms.EmailField(
        label=_("E-mail"),
        widget=forms.EmailInput(attrs={"autocomplete": "username", **attrs}),
        error_messages={
            "required": _("E-mail: write the address you were invited with."),
            "invalid": _("E-mail: write it like name@example.com."),
        },
    )


class SignInForm(forms.Form):
    """E-mail and password; `user` after it is valid, `refused` after too many attempts."""

    username = email_field(autofocus=True)
    password = password_field(
        _("Password"),
        "current-password",
        error_messages={"required": _("Password: write your password.")},
    )

    def __init__(self, request, data=None, **kwargs) -> None:
        self.request, self.user, self.refused = request, None, False
        super().__init__(data, **kwargs)

    def clean(self) -> dict:
        said = super().clean()
        if self.errors:
            return said
        try:
            self.user = person_with(
                self.request,
                email=said["username"],
                password=said["password"],
                now=timezone.now(),
            )
        except TooManyAttempts as refused:
            self.refused = True
            raise forms.ValidationError(str(refused.message)) from refused
        if self.user is None:
            raise forms.ValidationError(MISMATCH)
        return said


class ForgottenForm(forms.Form):
    email = email_field(autofocus=True)


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True}
        ),
    )


class NewPasswordForm(forms.Form):
    """A new password, typed twice and held against the rules for `user`."""

    password = password_field(
        _("New password"), "new-password", help_text=_("12 characters or more. A sentence is good.")
    )
    again = password_field(_("The same once more"), "new-password")

    def __init__(self, *args, user: User, **kwargs) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_password(self) -> str:
        validate_password(self.cleaned_data["password"], self.user)
        return self.cleaned_data["password"]

    def clean(self) -> dict:
        said = super().clean()
        if "password" in said and "again" in said and said["password"] != said["again"]:
            self.add_error("again", _("The two are not the same."))
        return said


class ChangePasswordForm(NewPasswordForm):
    current = password_field(_("Password until now"), "current-password")
    field_order = ("current", "password", "again")


def zones() -> list[tuple[str, str]]:
    return [(name, name) for name in zone_names()]


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=lambda: [(code, WORDS["language"][code]) for code, _name in settings.LANGUAGES],
    )
    timezone = forms.ChoiceField(label=_("Time zone"), choices=zones)


class TakeSeatForm(NewPasswordForm, ProfileForm):
    """Somebody new, at the end of an invitation."""

    PROFILE = ("name", "language", "timezone")
    field_order = (*PROFILE, "password", "again")
