"""The verdict on a request while it is written: what is asked next, the clause, the clocks to come."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from contracts.domain.interview import interview
from contracts.domain.scope import Facts, Question
from contracts.domain.terms import Clause, Terms
from contracts.models import Contract, ContractVersion
from contracts.rules import rules_of
from tenants.errors import Invalid
from tenants.models import Membership
from tickets.models import Decision
from tickets.models.choices import Outcome
from tickets.request_forms import NewRequestForm
from tickets.services.rehearsal import Rehearsal, rehearse


@dataclass(frozen=True, slots=True)
class Live:
    """
    What the page shows beside the form.

    Without `found` the place is not chosen yet, or `problem` says what stands in the way.
    """

    form: NewRequestForm
    contract: Contract
    found: Rehearsal | None = None
    problem: str = ""

    @property
    def decision(self) -> Decision | None:
        return self.found.decision if self.found else None

    @property
    def terms(self) -> Terms | None:
        return rules_of(self.found.version).terms if self.found else None

    @property
    def clause(self) -> Clause | None:
        named = self.decision.clause_id if self.decision else ""
        return self.terms.clause(named) if named else None

    @property
    def bound_elsewhere(self) -> Contract | None:
        """Return the other contract of the client that the request would fall under."""
        bound = self.found.ticket.contract if self.found else self.contract
        return bound if bound != self.contract else None

    @property
    def zone(self) -> str:
        """Return the contract's zone."""
        return self.terms.timezone if self.terms else ""

    @property
    def seen(self) -> str:
        """Return what the reader is told, to be sent along with the request."""
        return token_of(self.decision) if self.decision else ""

    @property
    def may_dispute(self) -> bool:
        outcome = self.decision.outcome if self.decision else Outcome.UNDECIDED
        return outcome != Outcome.UNDECIDED and "reason" in self.form.fields


def token_of(decision: Decision) -> str:
    outcome = "pending" if decision.pending else decision.outcome
    return f"{outcome}:{decision.clause_id}"


def live(
    form: NewRequestForm,
    contract: Contract,
    version: ContractVersion,
    actor: Membership,
    now: datetime,
) -> Live:
    """Hold what is typed so far against the contract, and let the form show what that asks."""
    told, place = form.told(), form.where()
    if not place:
        reply = interview(rules_of(version).terms, Facts(), told)
        form.show(reply.asked, reply.decision.question)
        return Live(form, contract)
    received_at = form.cleaned_data.get("received_at") or now
    try:
        found = rehearse(
            contract=contract,
            actor=actor,
            received_at=received_at,
            now=now,
            answers=told,
            current=version,
            **form.held(),
        )
    except Invalid as error:
        form.show((), None)
        return Live(form, contract, problem=str(error.message))
    document = found.decision.verdict["question"]
    question = Question.from_dict(document) if document else None
    form.show(found.asked, question)
    return Live(form, contract, found)


def is_another_one(shown: str, now: Live) -> bool:
    """Return whether the reader saw another verdict than the one there is now."""
    return bool(shown) and now.found is not None and shown != now.seen


def changed_meanwhile() -> str:
    return _("The verdict is another one than you saw: read it below, then send again.")
