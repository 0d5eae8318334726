"""The shape of what is told of a security finding."""

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from contracts.domain.terms import Terms, text_in
from tickets.forms import QuestionsMixin, named, text_field
from tickets.models.security import FindingSource, Severity


class FindingForm(forms.Form):
    title = forms.CharField(label=_("What was found"), max_length=200)
    system = forms.ChoiceField(label=_("System"))
    severity = forms.ChoiceField(label=_("Severity"), choices=Severity.choices)
    source = forms.ChoiceField(label=_("Found by"), choices=FindingSource.choices)
    reference = forms.CharField(label=_("Reference"), max_length=60, required=False)
    description = text_field(_("Description"), rows=4)

    def __init__(self, *args, terms: Terms, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or "en"
        self.fields["system"].choices = [
            (system.key, text_in(system.name, language)) for system in terms.systems
        ]


class EndForm(forms.Form):
    reason = text_field(_("How it was mended, or why it is none"), _("Reason: say why."), rows=2)


class AcceptForm(forms.Form):
    reason = text_field(_("Why the risk is accepted"), _("Reason: say why."), rows=2)
    expires_on = forms.DateField(
        label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class FindingTicketForm(QuestionsMixin, forms.Form):
    """Where it is mended; the contract's questions tell which work that is, or nobody asks them."""

    environment = forms.ChoiceField(label=_("Environment"))

    def __init__(self, *args, terms: Terms, system: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        names = terms.environments_of((system,))
        self.fields["environment"].choices = [(name, named(name)) for name in names]
        self.add_questions(terms)

    def command(self) -> dict[str, object]:
        return {"environment": self.cleaned_data["environment"], "answers": self.answers()}
