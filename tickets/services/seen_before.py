"""What triage wants to know of a ticket: was it seen before, and what helped then."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from tickets.domain.wording import folded
from tickets.models import Occurrence, Pattern, PatternWording, Problem, Ticket
from tickets.models.choices import TicketType
from tickets.services.recurrence import standing, words_of


@dataclass(frozen=True, slots=True)
class SeenBefore:
    """An incident's pattern: how many were there, the last that was solved, and the problem."""

    pattern: Pattern
    count: int
    first_at: datetime
    last: Ticket | None
    fixed: Ticket | None
    recognised: bool

    @property
    def problem(self) -> Problem | None:
        return self.pattern.problem


def seen_before(ticket: Ticket) -> SeenBefore | None:
    """Return what is known of an incident's kind, None where it is the first, in three queries."""
    if ticket.type != TicketType.INCIDENT:
        return None
    pattern, recognised = pattern_of(ticket)
    if pattern is None:
        return None
    rows = standing(Occurrence.objects.filter(pattern=pattern)).exclude(ticket=ticket)
    others = list(
        rows.order_by("-ticket__received_at", "-pk").values_list(
            "ticket_id", "ticket__received_at", "ticket__resolution", "ticket__resolved_at"
        )
    )
    if not others:
        return None
    solved = [row for row in others if row[3] and row[2].strip()]
    fixed_id = max(solved, key=lambda row: row[3])[0] if solved else None
    wanted = Ticket.objects.filter(pk__in={others[0][0], fixed_id} - {None})
    by_pk = {row.pk: row for row in wanted}
    return SeenBefore(
        pattern=pattern,
        count=len(others) + 1,
        first_at=others[-1][1],
        last=by_pk[others[0][0]],
        fixed=by_pk.get(fixed_id),
        recognised=recognised,
    )


def pattern_of(ticket: Ticket) -> tuple[Pattern | None, bool]:
    """Return the ticket's pattern; of one that nobody looked at yet, that of its very words."""
    rows = Occurrence.objects.filter(ticket=ticket)
    row = rows.select_related("pattern__problem__ticket", "pattern__contract").first()
    if row is not None:
        return row.pattern, row.pattern is not None
    same = PatternWording.objects.filter(
        contract=ticket.contract_id, system=ticket.system, text=folded(words_of(ticket))
    )
    found = same.select_related("pattern__problem__ticket", "pattern__contract").first()
    return (found.pattern if found else None), False


def incidents_of(problem: Problem):
    """Return the incidents behind a problem: those of its patterns, and those linked by hand."""
    of_patterns = Q(occurrences__pattern__problem=problem)
    by_hand = Q(links__kind="caused_by", links__other=problem.ticket_id)
    return Ticket.objects.filter(of_patterns | by_hand).distinct().order_by("-received_at", "-pk")
