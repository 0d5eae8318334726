"""The shape of what people type, with messages that name the field and the way out."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from contracts.domain.scope import Facts
from contracts.domain.terms import Terms, text_in
from contracts.models import Contract
from tenants import roles
from tenants.models import Membership
from tickets.file_fields import FilesMixin, files_field
from tickets.models.choices import (
    Channel,
    Level,
    TicketType,
)

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


def moment_field(label, required: str = "", **kwargs) -> forms.DateTimeField:
    """Return a field for a local date and time in the reader's zone; as above, it may stay empty."""
    return forms.DateTimeField(
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


class NewRequestForm(QuestionsMixin, FilesMixin):
    """What a request says when it is made; the contract is known before."""

    type = forms.ChoiceField(
        label=_("What is it?"),
        choices=TicketType.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("What is it: choose one.")},
    )
    title = forms.CharField(
        label=_("Title"),
        max_length=200,
        help_text=_("What is wrong or wanted, in one line."),
        error_messages={
            "required": _("Title: write in one line what is wrong or wanted."),
            "max_length": _("Title: at most 200 characters; put the rest in the description."),
        },
    )
    place = PlaceField()
    description = text_field(
        _("Description"),
        rows=5,
        help_text=_("Since when, what was seen, what was tried."),
    )
    impact = forms.TypedChoiceField(
        label=_("Impact"),
        choices=Level.choices,
        coerce=int,
        initial=Level.MEDIUM,
        help_text=_("How much of the business is affected."),
    )
    urgency = forms.TypedChoiceField(
        label=_("Urgency"),
        choices=Level.choices,
        coerce=int,
        initial=Level.MEDIUM,
        help_text=_("How soon it hurts."),
    )

    def __init__(self, *args, contract: Contract, terms: Terms, actor: Membership, **kwargs):
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.fields["place"].choices = [("", _("Choose")), *places(terms)]
        self.fields["files"] = files_field()
        self.add_questions(terms)
        if actor.is_vendor:
            self.add_on_behalf(contract)

    def add_on_behalf(self, contract: Contract) -> None:
        """Let a vendor person say who asked, how and when."""
        people = Membership.objects.active().filter(
            tenant_id=contract.tenant_id, role__in=roles.CLIENT
        )
        self.fields["requester"] = forms.ModelChoiceField(
            label=_("Requested by"),
            queryset=people.select_related("user").order_by("user__name"),
            to_field_name="public_id",
            empty_label=_("Choose"),
            error_messages={"required": _("Requested by: choose the person of the client.")},
        )
        self.fields["channel"] = forms.ChoiceField(
            label=_("Received by"),
            choices=[
                (value, label)
                for value, label in Channel.choices
                if value in {Channel.PHONE, Channel.EMAIL, Channel.FORM}
            ],
        )
        self.fields["received_at"] = moment_field(
            _("Received at"),
            _("Received at: choose when the client asked. Clocks run from then."),
            initial=lambda: timezone.localtime().replace(second=0, microsecond=0),
        )
        self.fields["received_reason"] = forms.CharField(
            label=_("Why it is written down only now"),
            max_length=200,
            required=False,
            help_text=_("Needed when it was received more than ten minutes ago."),
        )

    def command(self) -> dict[str, Any]:
        """Return the arguments of `open_ticket` without contract, actor and now."""
        data = self.cleaned_data
        system, _slash, environment = data["place"].partition("/")
        plain = {name: data[name] for name in ("type", "title", "description", "impact", "urgency")}
        return {
            **plain,
            "system": system,
            "environment": environment,
            "facts": Facts(answers=self.answers()),
            "requester": data.get("requester") or self.actor,
            "channel": data.get("channel") or Channel.FORM,
            "received_reason": data.get("received_reason", ""),
            "files": data["files"],
        }
