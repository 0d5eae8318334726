"""The forms of the steps about a verdict: by hand, in dispute, and for an emergency outside the scope."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import DecimalValidator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from contracts.domain.money import exponent_of
from contracts.domain.terms import Terms, text_in
from contracts.rules import rules_of
from tickets.domain.lifecycle import Action
from tickets.forms import moment_field, text_field
from tickets.models.choices import Outcome
from tickets.services.disputes import CHANGE, UPHOLD
from tickets.step_forms import StepForm

MOST_MONEY = 10**12  # in whole units
SHORT = 70  # characters of a clause in a list
OUTCOMES = [choice for choice in Outcome.choices if choice[0] != Outcome.UNDECIDED]


def reason_field() -> forms.CharField:
    return text_field(
        _("Reason"),
        _("Reason: say why. The client reads this."),
        rows=3,
        help_text=_("The client reads this."),
    )


def money_field(label, required: str = "", **kwargs) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=bool(required),
        min_value=0,
        max_value=MOST_MONEY,
        error_messages={"required": required},
        **kwargs,
    )


def clauses(terms: Terms) -> list[tuple[str, str]]:
    """Return each clause with the begin of its text, for a select."""
    language = get_language() or "en"
    texts = ((clause.id, text_in(clause.text, language)) for clause in terms.scope.clauses)
    return [
        (name, f"{name} {text[:SHORT].rstrip()}{'…' if len(text) > SHORT else ''}")
        for name, text in texts
    ]


class InCurrencyForm(StepForm):
    """A step that asks for money in the contract's currency; commands take minor units."""

    money = ""

    def prepare(self) -> None:
        self.terms = rules_of(self.ticket.version).terms
        field = self.fields[self.money]
        field.validators.append(DecimalValidator(None, exponent_of(self.terms.currency)))
        field.label = f"{field.label} ({self.terms.currency})"
        field.widget.attrs |= {"inputmode": "decimal", "step": "any"}

    def minor_units(self) -> int | None:
        amount: Decimal | None = self.cleaned_data.get(self.money)
        return None if amount is None else int(amount.scaleb(exponent_of(self.terms.currency)))


class VerdictForm(InCurrencyForm):
    """A whole verdict by a person; what is left out is the clause's."""

    money = "cap"

    outcome = forms.ChoiceField(
        label=_("Verdict"),
        choices=[("", _("Choose")), *OUTCOMES],
        error_messages={"required": _("Verdict: choose what it is.")},
    )
    clause_id = forms.ChoiceField(
        label=_("It rests on the clause"),
        error_messages={"required": _("Clause: choose the one that this rests on.")},
    )
    pool = forms.ChoiceField(
        label=_("Hour pool"), required=False, help_text=_("Only where it draws on one.")
    )
    cap = money_field(_("Cap"), help_text=_("Only where it is preapproved."))
    reason = reason_field()

    def prepare(self) -> None:
        super().prepare()
        self.fields["clause_id"].choices = [("", _("Choose")), *clauses(self.terms)]
        self.initial.setdefault("clause_id", self.ticket.stage.decision.clause_id)
        pools = [(pool.key, pool.key) for pool in self.terms.cost.pools]
        self.fields["pool"].choices = [("", _("As the clause says")), *pools]
        if not pools:
            del self.fields["pool"]

    def command(self) -> dict[str, Any]:
        return {**self.cleaned_data, "cap": self.minor_units()}


class OverrideForm(VerdictForm):
    pass


class RuleForm(VerdictForm):
    pass


class AnswerDisputeForm(VerdictForm):
    field_order = ["ruling"]

    ruling = forms.ChoiceField(
        label=_("Ruling"),
        choices=[(UPHOLD, _("Uphold the verdict")), (CHANGE, _("Change it"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Ruling: choose one.")},
    )

    def prepare(self) -> None:
        super().prepare()
        for name in ("outcome", "clause_id"):
            self.fields[name].required = False
        self.fields["outcome"].help_text = _("Only where you change it.")
        if self.ticket.stage.decision.outcome == Outcome.UNDECIDED:
            self.fields["ruling"].choices = [(CHANGE, _("Change it"))]


class DisputeVerdictForm(StepForm):
    reason = text_field(
        _("Why the verdict is wrong"), _("Why the verdict is wrong: say it in a few words."), rows=3
    )


class EmergencyForm(StepForm):
    told_at = moment_field(
        _("When the service owner was told"),
        help_text=_("Leave it empty if nobody was told: then the work is goodwill."),
    )


class RetroEstimateForm(InCurrencyForm):
    money = "amount"

    amount = money_field(_("Amount"), _("Amount: say what the work costs."))
    text = text_field(
        _("What was done and what it costs"),
        _("What was done and what it costs: write it for the client."),
        help_text=_("The client reads this."),
    )

    def command(self) -> dict[str, Any]:
        return {"amount": self.minor_units(), "text": self.cleaned_data["text"]}


VERDICT_FORMS: dict[Action, type[StepForm]] = {
    Action.OVERRIDE_VERDICT: OverrideForm,
    Action.RULE_UNDECIDED: RuleForm,
    Action.DISPUTE_VERDICT: DisputeVerdictForm,
    Action.ANSWER_DISPUTE: AnswerDisputeForm,
    Action.DECLARE_EMERGENCY: EmergencyForm,
    Action.SEND_RETRO_ESTIMATE: RetroEstimateForm,
}
