"""What an account manager types about a client and its people."""

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from portal.accounts.forms import zones
from portal.templatetags.words import WORDS
from tenants.roles import Role


def languages() -> list[tuple[str, str]]:
    return [(code, WORDS["language"][code]) for code, _name in settings.LANGUAGES]


class ClientForm(forms.Form):
    """What can be changed of a client."""

    name = forms.CharField(label=_("Name"), max_length=200)
    language = forms.ChoiceField(label=_("Language"), choices=languages)
    timezone = forms.ChoiceField(label=_("Time zone"), choices=zones)
    requesters_see_all = forms.BooleanField(
        label=_("Requesters see all requests of the client"),
        help_text=_("Otherwise each sees their own."),
        required=False,
    )
    second_factor_roles = forms.MultipleChoiceField(
        label=_("Desks that need a second step at sign-in"),
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Who sits there without one is led to set it up, and can do nothing else."),
    )


class NewClientForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=12,
        help_text=_("The first part of a ticket's key, as in ACME-123. It never changes."),
        validators=[
            RegexValidator(r"^[A-Z][A-Z0-9]{1,11}$", _("Write 2 to 12 capitals or digits."))
        ],
    )
    name = forms.CharField(label=_("Name"), max_length=200)
    language = forms.ChoiceField(label=_("Language"), choices=languages, initial="ja")
    timezone = forms.ChoiceField(label=_("Time zone"), choices=zones, initial="Asia/Tokyo")


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    language = forms.ChoiceField(label=_("Language of the mail"), choices=languages)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
