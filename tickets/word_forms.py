"""The forms of translations and of the glossary."""

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tickets.forms import text_field
from tickets.models import Comment
from tickets.step_forms import WORDS_IN


class TranslationForm(forms.Form):
    """A comment in another language; the newest translation into it is there to be changed."""

    language = forms.ChoiceField(label=_("Into"))
    body = text_field(_("Translation"), _("Translation: write it first."), rows=4)

    def __init__(self, *args, comment: Comment, **kwargs) -> None:
        super().__init__(*args, auto_id=f"id_{comment.public_id}_%s", **kwargs)
        others = [(code, name) for code, name in WORDS_IN if code != comment.language]
        self.fields["language"].choices = others
        mine = get_language()
        first = mine if mine in dict(others) else others[0][0]
        rows = {row.language: row.body for row in comment.translations.order_by("pk")}
        self.initial = {"language": first, "body": rows.get(first, ""), **self.initial}


class TermForm(forms.Form):
    """A term under its name in two languages at least."""

    ja = forms.CharField(label=_("Japanese"), max_length=120, required=False)
    en = forms.CharField(label=_("English"), max_length=120, required=False)
    vi = forms.CharField(label=_("Vietnamese"), max_length=120, required=False)
    note = forms.CharField(label=_("Note"), max_length=300, required=False)
