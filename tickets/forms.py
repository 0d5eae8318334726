"""The shape of what people type, with messages that name the field and the way out."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from contracts.domain.scope import Facts
from contracts.domain.terms import Cause, Terms, text_in
from contracts.models import Contract
from contracts.rules import rules_of
from tenants import roles
from tenants.models import Membership
from tickets.domain.lifecycle import Action
from tickets.models import Ticket
from tickets.models.choices import Activity, Channel, Lane, Level, PauseCause, TicketType

YES, NO = "yes", "no"
YES_NO = [(YES, _("Yes")), (NO, _("No")), ("", _("Not known"))]
FACT_OF = {YES: True, NO: False}
CAUSES = {
    Cause.DELIVERED_SOFTWARE: _("Software we delivered"),
    Cause.CLIENT_CHANGE: _("A change by the client"),
    Cause.THIRD_PARTY: _("A third party"),
    Cause.INFRASTRUCTURE: _("Infrastructure"),
    Cause.REGULATION: _("Law or regulation"),
}
ENVIRONMENTS = {
    "production": _("Production"),
    "staging": _("Staging"),
    "development": _("Development"),
    "test": _("Test"),
}
MOST_EFFORT = 2000  # hours


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


def moment_field(label, required: str, **kwargs) -> forms.DateTimeField:
    """Return a field for a local date and time in the reader's zone."""
    return forms.DateTimeField(
        label=label,
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


class NewRequestForm(QuestionsMixin, forms.Form):
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
        }


class StepForm(forms.Form):
    """A step of a ticket that asks for nothing; the others add their fields."""

    def __init__(self, *args, ticket: Ticket, actor: Membership, **kwargs) -> None:
        self.ticket, self.actor = ticket, actor
        kwargs.setdefault("auto_id", f"id_{self.slug()}_%s")
        super().__init__(*args, **kwargs)
        self.prepare()

    @classmethod
    def slug(cls) -> str:
        return cls.__name__.removesuffix("Form").lower()

    def prepare(self) -> None:
        """Fit the fields to the ticket and the desk."""

    def command(self) -> dict[str, Any]:
        """Return the arguments of the command without ticket, actor and now."""
        return self.cleaned_data


class CommentForm(StepForm):
    body = text_field(_("Message"), _("Message: write something first."), rows=3)
    lane = forms.ChoiceField(
        label=_("Who reads it"),
        choices=[
            (Lane.PUBLIC, _("The client and we")),
            (Lane.INTERNAL, _("Only we")),
            (Lane.HANDOFF, _("Only we: about the handoff")),
        ],
        initial=Lane.PUBLIC,
    )

    def prepare(self) -> None:
        if not self.actor.is_vendor:
            del self.fields["lane"]

    def command(self) -> dict[str, Any]:
        lane = self.cleaned_data.get("lane") or Lane.PUBLIC
        return {"body": self.cleaned_data["body"], "lane": lane, "language": get_language()}


class AssignForm(StepForm):
    owner = forms.ModelChoiceField(
        label=_("Accountable"),
        queryset=None,
        to_field_name="public_id",
        empty_label=_("Choose"),
        error_messages={"required": _("Accountable: choose a person.")},
    )
    team = forms.CharField(label=_("Team"), max_length=60, required=False)
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def prepare(self) -> None:
        team = Membership.objects.active().filter(
            tenant_id=self.ticket.tenant_id, role__in=roles.VENDOR
        )
        self.fields["owner"].queryset = team.select_related("user").order_by("role", "user__name")


class PauseForm(StepForm):
    cause = forms.ChoiceField(
        label=_("We wait for"),
        choices=PauseCause.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("We wait for: choose one. Only the client stops our clocks.")
        },
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("The client reads this."),
        error_messages={"required": _("Reason: say what you need from the client.")},
    )


class RestoreForm(StepForm):
    note = forms.CharField(
        label=_("What brought it back"),
        max_length=200,
        required=False,
        help_text=_("The client reads this."),
    )


class ResolveForm(StepForm):
    resolution = text_field(
        _("Resolution"),
        _("Resolution: say how it was resolved."),
        help_text=_("The client reads this."),
    )
    fix = forms.ChoiceField(
        label=_("Permanent fix"),
        choices=[("none_needed", _("None needed")), ("delivered", _("Delivered"))],
        widget=forms.RadioSelect,
        initial="none_needed",
        error_messages={"required": _("Permanent fix: choose one.")},
    )
    fix_reason = forms.CharField(
        label=_("Why no fix is needed"),
        max_length=200,
        required=False,
        help_text=_("The client reads this and may dispute it."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("fix") == "none_needed" and not data.get("fix_reason"):
            self.add_error("fix_reason", _("Why no fix is needed: give a reason."))
        return data


class ReasonForm(StepForm):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Everybody on the ticket reads this."),
        error_messages={"required": _("Reason: say why.")},
    )


class CancelForm(ReasonForm):
    pass


class ReopenForm(ReasonForm):
    pass


class DisputeForm(ReasonForm):
    pass


class HandoffForm(StepForm):
    symptom = text_field(
        _("Symptom"), _("Symptom: describe it, so that maintenance can begin."), rows=2
    )
    workaround = text_field(_("Workaround"), rows=2)
    logs = text_field(_("Logs and traces"), rows=2)
    impact = text_field(_("Impact"), rows=2)

    def command(self) -> dict[str, Any]:
        return {"evidence": self.cleaned_data}


class TimeForm(StepForm):
    starts_at = moment_field(_("From"), _("From: choose when the work began."))
    ends_at = moment_field(_("To"), _("To: choose when the work ended."))
    note = forms.CharField(label=_("What was done"), max_length=200, required=False)
    triage = forms.BooleanField(
        label=_("Triage or estimating"),
        required=False,
        help_text=_("Included up to what the contract says."),
    )

    def prepare(self) -> None:
        end = timezone.localtime().replace(second=0, microsecond=0)
        self.initial = {"starts_at": end - timedelta(minutes=30), "ends_at": end, **self.initial}


class FactsForm(QuestionsMixin, StepForm):
    """What is known of the ticket, for a vendor person to confirm or correct."""

    place = PlaceField()
    impact = forms.TypedChoiceField(label=_("Impact"), choices=Level.choices, coerce=int)
    urgency = forms.TypedChoiceField(label=_("Urgency"), choices=Level.choices, coerce=int)
    cause = forms.ChoiceField(
        label=_("Cause"), required=False, choices=[("", _("Not known")), *CAUSES.items()]
    )
    warranty = yes_no_field(_("Within the warranty"))
    effort = forms.DecimalField(
        label=_("Expected effort in hours"),
        required=False,
        min_value=0,
        max_value=MOST_EFFORT,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.25", "inputmode": "decimal"}),
    )
    activity = forms.ChoiceField(
        label=_("Kind of work"),
        required=False,
        choices=[("", _("As the answers say")), *Activity.choices],
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def prepare(self) -> None:
        terms = rules_of(self.ticket.version).terms
        known = self.ticket.stage.facts
        self.fields["place"].choices = places(terms)
        self.add_questions(terms, known.get("answers"))
        effort = known.get("effort_minutes")
        flags = {True: YES, False: NO}
        self.initial = {
            "place": f"{self.ticket.system}/{self.ticket.environment}",
            "impact": self.ticket.impact,
            "urgency": self.ticket.urgency,
            "cause": known.get("cause", ""),
            "warranty": flags.get(known.get("warranty"), ""),
            "effort": effort / 60 if effort is not None else None,
            "activity": known.get("activity", ""),
        }

    def command(self) -> dict[str, Any]:
        data = self.cleaned_data
        system, _slash, environment = data["place"].partition("/")
        changes = {
            "system": system,
            "environment": environment,
            "answers": self.answers(),
            "cause": data["cause"] or None,
            "warranty": FACT_OF.get(data["warranty"]),
            "effort_minutes": None if data["effort"] is None else int(data["effort"] * 60),
            "activity": data["activity"] or None,
        }
        for name in ("impact", "urgency"):
            if data[name] != getattr(self.ticket, name):
                changes[name] = data[name]
        return {"changes": changes, "reason": data["reason"]}


FORMS: dict[Action, type[StepForm]] = {
    Action.COMMENT: CommentForm,
    Action.CONFIRM_FACTS: FactsForm,
    Action.ASSIGN: AssignForm,
    Action.PAUSE: PauseForm,
    Action.RESTORE: RestoreForm,
    Action.OFFER_HANDOFF: HandoffForm,
    Action.DISPUTE_HANDOFF: DisputeForm,
    Action.LOG_TIME: TimeForm,
    Action.RESOLVE: ResolveForm,
    Action.REOPEN: ReopenForm,
    Action.CANCEL: CancelForm,
}
