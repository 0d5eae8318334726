"""The forms of the steps of a ticket: what each command asks for."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from contracts.domain.terms import Cause
from contracts.rules import rules_of
from tenants import roles
from tenants.models import Membership
from tickets.domain.lifecycle import Action
from tickets.file_fields import FilesMixin, files_field
from tickets.forms import (
    FACT_OF,
    NO,
    YES,
    PlaceField,
    QuestionsMixin,
    moment_field,
    places,
    text_field,
    yes_no_field,
)
from tickets.models import LinkKind, Ticket
from tickets.models.choices import (
    Activity,
    Lane,
    Level,
    PauseCause,
)
from tickets.services.promises import is_clients

CAUSES = {
    Cause.DELIVERED_SOFTWARE: _("Software we delivered"),
    Cause.CLIENT_CHANGE: _("A change by the client"),
    Cause.THIRD_PARTY: _("A third party"),
    Cause.INFRASTRUCTURE: _("Infrastructure"),
    Cause.REGULATION: _("Law or regulation"),
}
MOST_EFFORT = 2000  # hours
WORDS_IN = [("ja", "日本語"), ("en", "English"), ("vi", "Tiếng Việt")]


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


class CommentForm(FilesMixin, StepForm):
    body = text_field(
        _("Message"), rows=3, help_text=_("Write @ and a person's name to call them in.")
    )
    files = files_field()
    lane = forms.ChoiceField(
        label=_("Who reads it"),
        choices=[
            (Lane.PUBLIC, _("The client and us")),
            (Lane.INTERNAL, _("Only we")),
            (Lane.HANDOFF, _("Only we: about the handoff")),
        ],
        initial=Lane.PUBLIC,
    )
    language = forms.ChoiceField(label=_("Written in"), choices=WORDS_IN)

    def prepare(self) -> None:
        self.initial = {"language": get_language(), **self.initial}
        if not self.actor.is_vendor:
            del self.fields["lane"], self.fields["language"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not data.get("body") and not data.get("files") and "files" not in self.errors:
            self.add_error("body", _("Message: write something first."))
        return data

    def command(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "body": data["body"],
            "lane": data.get("lane") or Lane.PUBLIC,
            "language": data.get("language") or get_language(),
            "files": data["files"],
        }


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
        theirs = is_clients(self.ticket.stage.activity, rules_of(self.ticket.version))
        team = Membership.objects.active().filter(
            tenant_id=self.ticket.tenant_id, role__in=roles.CLIENT if theirs else roles.VENDOR
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


class OtherTicketForm(StepForm):
    """Another ticket of the same client, by its number."""

    other = forms.CharField(
        label=_("The other ticket"),
        max_length=32,
        widget=forms.TextInput(attrs={"placeholder": "ACME-123"}),
        error_messages={"required": _("The other ticket: write its number.")},
    )

    def prepare(self) -> None:
        hint = f"{self.ticket.tenant.code}-123"
        self.fields["other"].widget.attrs["placeholder"] = hint

    def clean_other(self) -> Ticket:
        key = self.cleaned_data["other"].strip().upper()
        found = Ticket.objects.filter(tenant_id=self.ticket.tenant_id, key=key).first()
        if found is None:
            raise forms.ValidationError(_("There is no ticket with this number at this client."))
        return found


class LinkForm(OtherTicketForm):
    kind = forms.ChoiceField(
        label=_("This ticket"),
        choices=[(k, name) for k, name in LinkKind.choices if k != LinkKind.DUPLICATE_OF],
    )
    field_order = ("kind", "other")


class MergeForm(OtherTicketForm):
    def command(self) -> dict[str, Any]:
        return {"into": self.cleaned_data["other"]}


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
    Action.LINK: LinkForm,
    Action.MERGE: MergeForm,
    Action.REOPEN: ReopenForm,
    Action.CANCEL: CancelForm,
}
