"""The shape of an FAQ entry: a question and its answer, language by language."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tickets.forms import text_field
from tickets.models import FaqEntry
from tickets.services.faq import LANGUAGES, MOST_ANSWER, MOST_TITLE, Text

NAMES = {"ja": _("Japanese"), "en": _("English"), "vi": _("Vietnamese")}


class FaqForm(forms.Form):
    system = forms.CharField(label=_("System"), max_length=60, required=False)

    def __init__(self, *args, entry: FaqEntry | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        known = {text.language: text for text in entry.texts.all()} if entry else {}
        if entry:
            self.initial.setdefault("system", entry.system)
        for code in LANGUAGES:
            self.fields[f"title_{code}"] = forms.CharField(
                label=_("Question"), max_length=MOST_TITLE, required=False
            )
            self.fields[f"answer_{code}"] = text_field(_("Answer"), most=MOST_ANSWER, rows=5)
            if text := known.get(code):
                self.initial |= {f"title_{code}": text.title, f"answer_{code}": text.answer}

    def languages(self) -> list[dict[str, object]]:
        """Return the fields of each language with its name, for the page."""
        return [
            {"code": code, "name": NAMES[code], "title": self[f"title_{code}"],
             "answer": self[f"answer_{code}"]}
            for code in LANGUAGES
        ]  # fmt: skip

    def command(self) -> dict[str, object]:
        told = self.cleaned_data
        texts = {c: Text(told[f"title_{c}"], told[f"answer_{c}"]) for c in LANGUAGES}
        return {"texts": texts, "system": told["system"]}
