"""A new request: what it says, and the questions that its verdict still needs, one by one."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contracts.domain.scope import Question
from contracts.domain.terms import Terms
from contracts.models import Contract
from tenants import roles
from tenants.models import Membership
from tickets.file_fields import FilesMixin, files_field
from tickets.forms import (
    FACT_OF,
    PlaceField,
    QuestionsMixin,
    moment_field,
    places,
    text_field,
    yes_no_field,
)
from tickets.models.choices import Activity, Channel, Level, TicketType
from tickets.step_forms import CAUSES, MOST_EFFORT

DISPUTE = "dispute"  # the button that sends and disputes
UNKNOWN = [("", _("Not known"))]
FACT_FIELDS = {
    "cause": "cause",
    "effort_minutes": "effort",
    "warranty": "warranty",
    "activity": "activity",
}


class InterviewMixin(QuestionsMixin):
    """
    A field for everything that a verdict may ask; the page shows what was asked, and what is next.

    The others keep what was typed, out of sight: an answer that is changed back finds them again.
    """

    asked: list[forms.BoundField]
    following: forms.BoundField | None
    aside: list[forms.BoundField]

    def add_interview(self, terms: Terms) -> None:
        self.add_questions(terms)
        self.fields["cause"] = forms.ChoiceField(
            label=_("What caused it, as far as you know?"),
            required=False,
            choices=[*UNKNOWN, *CAUSES.items()],
        )
        self.fields["warranty"] = yes_no_field(
            _("Does it lie in something that we delivered within the warranty?")
        )
        self.fields["effort"] = forms.DecimalField(
            label=_("About how many hours will the work take?"),
            required=False,
            min_value=0,
            max_value=MOST_EFFORT,
            decimal_places=2,
            help_text=_("A first guess is enough. Leave it empty if you do not know."),
            widget=forms.NumberInput(attrs={"step": "0.25", "inputmode": "decimal"}),
        )
        self.fields["activity"] = forms.ChoiceField(
            label=_("What kind of work is it?"),
            required=False,
            choices=[*UNKNOWN, *Activity.choices],
        )
        self.show((), None)

    def told(self) -> dict[str, str | int | bool]:
        """Return what was answered, by the key of its question, whether it was asked or not."""
        data = self.cleaned_data
        found: dict[str, Any] = {f"answers.{n}": value for n, value in self.answers().items()}
        effort = data.get("effort")
        facts = {
            "cause": data.get("cause"),
            "warranty": FACT_OF.get(data.get("warranty", "")),
            "effort_minutes": None if effort is None else int(effort * 60),
            "activity": data.get("activity"),
        }
        return found | {name: value for name, value in facts.items() if value not in (None, "")}

    def show(self, asked: Iterable[Question], following: Question | None) -> None:
        """Let the page show the fields of the answered questions, in their order, and of the next."""
        after = field_of(following) if following else ""
        names = [*(field_of(question) for question in asked), *([after] if after else [])]
        every = [name for name in self.fields if name.startswith("answer_")]
        self.asked = [self[name] for name in names]
        self.following = self[after] if after else None
        self.aside = [self[n] for n in (*every, *FACT_FIELDS.values()) if n not in names]


def field_of(question: Question) -> str:
    """Return the name of the field that asks; empty where another field of the request says it."""
    if question.index is not None:
        return f"answer_{question.index}"
    return FACT_FIELDS.get(question.fact, "")


class NewRequestForm(InterviewMixin, FilesMixin):
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
        self.add_interview(terms)
        if actor.is_vendor:
            self.add_on_behalf(contract)
        else:
            self.fields["reason"] = text_field(_("Why is this verdict wrong?"), rows=3)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.disputes and not data.get("reason", "").strip():
            self.add_error("reason", _("Say why the verdict is wrong."))
        return data

    def read(self) -> bool:
        """Clean what was sent, or take what the form begins with; return whether it can be sent."""
        if self.is_bound:
            return self.is_valid()
        self.cleaned_data = {
            name: self.get_initial_for_field(field, name) for name, field in self.fields.items()
        }
        return False

    def forget_errors(self, but: Iterable[forms.BoundField] = ()) -> None:
        """Drop what is said about fields that nobody has finished yet."""
        kept = {field.name for field in but}
        for name in [name for name in self.errors if name not in kept]:
            del self.errors[name]

    @property
    def disputes(self) -> bool:
        """Return whether a client sends the request and disputes its verdict at once."""
        return "reason" in self.fields and self.data.get("then") == DISPUTE

    def where(self) -> dict[str, str]:
        """Return system and environment; nothing until they are chosen."""
        chosen = self.cleaned_data.get("place") or ""
        system, slash, environment = chosen.partition("/")
        return {"system": system, "environment": environment} if slash else {}

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

    def held(self) -> dict[str, Any]:
        """Return what the verdict and the clocks depend on beside the answers."""
        data = self.cleaned_data
        return {
            **self.where(),
            "type": data.get("type") or "",
            "impact": data.get("impact") or Level.MEDIUM,
            "urgency": data.get("urgency") or Level.MEDIUM,
        }

    def command(self) -> dict[str, Any]:
        """Return the arguments of `open_ticket` without contract, actor, facts and now."""
        data = self.cleaned_data
        return {
            **self.held(),
            "title": data["title"],
            "description": data["description"],
            "requester": data.get("requester") or self.actor,
            "channel": data.get("channel") or Channel.FORM,
            "received_reason": data.get("received_reason", ""),
            "files": data["files"],
        }
