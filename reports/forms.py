"""What people say to a report, with messages that name the field and the way out."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tickets.forms import text_field


class SignForm(forms.Form):
    """Carries the hash that was seen, so that nobody signs what they did not read."""

    seen_sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)


class RemarkForm(forms.Form):
    text = text_field(
        _("Remark"),
        _("Remark: write what is wrong, and with which figure."),
        help_text=_("The account manager answers it. Until then the report waits."),
    )


class AnswerForm(forms.Form):
    answer = text_field(_("Answer"), _("Answer: write what was found and what follows from it."))


class ReasonForm(forms.Form):
    reason = text_field(
        _("Reason"),
        _("Reason: write why the report is corrected; the client reads it."),
        help_text=_("The client reads it on the next revision, beside the figures that changed."),
    )
