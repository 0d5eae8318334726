"""The shape of what people type, with messages that name the field and the way out."""

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from contracts.domain.terms import Terms, text_in
from tenants.moments import MomentField

YES, NO = "yes", "no"
YES_NO = [(YES, _("Yes")), (NO, _("No")), ("", _("Not known"))]
FACT_OF = {YES: True, NO: False}
ENVIRONMENTS = {
    "production": _("Production"),
    "staging": _("Staging"),
    "development": _("Development"),
    "test": _("Test"),
}


def text_field(label, required: str = "", *, most: int = 5000, rows: int = 4, **kwargs):
    """Return a field for several lines; without a message it may stay empty."""
    return forms.CharField(
        label=label,
        required=bool(required),
        max_length=most,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": required},
        **kwargs,
    )


def moment_field(label, required: str = "", **kwargs) -> MomentField:
    """Return a field for a local date and time in the reader's zone; as above, it may stay empty."""
    return MomentField(
        label=label,
        required=bool(required),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={
            "required": required,
            "invalid": _("Choose a date and a time, for example 2026-04-01 09:30."),
        },
        **kwargs,
    )


def yes_no_field(label, **kwargs) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=YES_NO, required=False, widget=forms.RadioSelect, **kwargs
    )


def places(terms: Terms) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each system with its environments, as groups of one select."""
    language = get_language() or "en"
    return [
        (
            text_in(system.name, language),
            [
                (f"{system.key}/{name}", f"{text_in(system.name, language)} · {named(name)}")
                for name in system.environments
            ],
        )
        for system in terms.systems
    ]


def named(environment: str) -> str:
    return str(ENVIRONMENTS.get(environment, environment))


class PlaceField(forms.ChoiceField):
    """System and environment in one choice, so that they always fit each other."""

    def __init__(self, **kwargs) -> None:
        super().__init__(
            label=_("System and environment"),
            error_messages={
                "required": _("System and environment: choose where it happens."),
                "invalid_choice": _(
                    "This contract does not name this system: choose from the list."
                ),
            },
            **kwargs,
        )


class QuestionsMixin:
    """The classify questions of the terms as fields `answer_0`, `answer_1`, ..."""

    def add_questions(self, terms: Terms, answers: dict[str, bool] | None = None) -> None:
        words = {True: YES, False: NO}
        for index, question in enumerate(terms.scope.classify):
            self.fields[f"answer_{index}"] = yes_no_field(
                text_in(question.ask, get_language() or "en"),
                initial=words.get((answers or {}).get(str(index)), ""),
            )

    def questions(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("answer_")]

    def answers(self) -> dict[int, bool]:
        """Return the answered ones by index."""
        return {
            int(name.removeprefix("answer_")): FACT_OF[value]
            for name, value in self.cleaned_data.items()
            if name.startswith("answer_") and value in FACT_OF
        }
