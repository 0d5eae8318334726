"""A ticket's minutes as its months round them, with the triage that it used up and has left."""

from dataclasses import dataclass

from django.db.models import Q

from contracts.domain.cost_terms import Rounding
from contracts.domain.rounded_minutes import DayMinutes, minutes_by_day
from contracts.models import ContractVersion
from contracts.rules import rules_of
from contracts.services.month_facts import in_force
from tickets.models import Ticket, TimeEntry
from tickets.services.worked import rows_of


@dataclass(frozen=True, slots=True)
class Rounded:
    """Minutes by local day of the contract; `allowance` is the triage of the terms now."""

    days: tuple[DayMinutes, ...]
    allowance: int
    rounding: Rounding

    @property
    def charged(self) -> int:
        return sum(day.charged_minutes for day in self.days)

    @property
    def triage(self) -> int:
        return sum(day.triage_minutes for day in self.days)

    @property
    def triage_left(self) -> int:
        return max(0, self.allowance - self.triage)


def rounded_minutes(ticket: Ticket) -> Rounded | None:
    """Return the days on which the ticket was worked, in two queries; None where it was not."""
    entries = TimeEntry.objects.filter(ticket=ticket)
    works = [row.work() for row in rows_of(entries, Q()) if row.minutes]
    if not works:
        return None
    known = ContractVersion.objects.filter(contract=ticket.contract).exclude(activated_at=None)
    versions = [in_force(rules_of(v), v.effective_on) for v in known.order_by("effective_on")]
    days = minutes_by_day(works, versions, ticket.contract.timezone)
    cost = versions[-1].terms.cost
    return Rounded(days, cost.triage, cost.rounding)
