from django import forms
from django.utils.translation import gettext_lazy as _


class ProblemForm(forms.Form):
    """What is known of a problem."""

    root_cause = forms.CharField(
        label=_("Root cause"), required=False, max_length=20_000, widget=forms.Textarea({"rows": 4})
    )
    workaround = forms.CharField(
        label=_("Workaround"), required=False, max_length=20_000, widget=forms.Textarea({"rows": 4})
    )
    known_error = forms.BooleanField(
        label=_("Known error"),
        required=False,
        help_text=_("The cause is known and there is a way to live with it until the fix."),
    )
