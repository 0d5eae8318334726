"""What of a ticket decides which steps about its verdict make sense now, and what its panel shows."""

from dataclasses import dataclass
from datetime import datetime

from contracts.domain.months import first_of_month
from contracts.rules import Rules
from tenants.errors import Refused
from tenants.models import Membership
from tenants.roles import Role
from tickets.models import Dispute, Emergency, Handoff, Ticket
from tickets.models.choices import HandoffState, Outcome, Status
from tickets.services.disputes import check_disputable
from tickets.services.emergencies import counts_as_emergency
from tickets.services.resolution import reopen_until

ENDED = (Status.RESOLVED, Status.CLOSED)


@dataclass(frozen=True, slots=True)
class Situation:
    """`disputable_until` is the last instant; None where there is none yet, or where it is over."""

    ticket: Ticket
    offered: bool
    disputes: list[Dispute]
    disputable: bool
    disputable_until: datetime | None
    is_emergency: bool
    emergency: Emergency | None
    reopenable: bool

    @property
    def follows_up(self) -> bool:
        """Return whether what is not done yet is a new ticket: the time to reopen is over."""
        return self.ticket.status in ENDED and not self.reopenable

    @property
    def undecided(self) -> bool:
        return self.ticket.stage.decision.outcome == Outcome.UNDECIDED

    @property
    def waiting(self) -> Dispute | None:
        """Return the dispute that waits for its ruling."""
        return next((dispute for dispute in self.disputes if dispute.ruled_at is None), None)

    @property
    def owes_estimate(self) -> bool:
        return self.emergency is not None and self.emergency.estimate_sent_at is None

    def may_override(self, actor: Membership) -> bool:
        """Return whether there is a verdict to override; an answer to a dispute is a manager's."""
        if self.undecided or self.waiting:
            return False
        answers = self.ticket.stage.decision.verdict.get("answers")
        return not answers or actor.role == Role.ACCOUNT_MANAGER


def situation_of(
    ticket: Ticket, rules: Rules, handoffs: list[Handoff], now: datetime, *, for_client: bool
) -> Situation:
    """Return the situation; only for a client it asks whether the verdict may be disputed."""
    disputes = disputes_of(ticket)
    disputable, until = may_dispute(ticket, disputes, now) if for_client else (False, None)
    return Situation(
        ticket=ticket,
        offered=any(handoff.state == HandoffState.OFFERED for handoff in handoffs),
        disputes=disputes,
        disputable=disputable,
        disputable_until=until,
        is_emergency=counts_as_emergency(ticket.stage.decision, rules),
        emergency=Emergency.objects.filter(ticket=ticket).first(),
        reopenable=ticket.status in ENDED and now <= reopen_until(ticket),
    )


def situation_of_new(ticket: Ticket, rules: Rules, now: datetime, *, for_client: bool) -> Situation:
    """Return the situation of a ticket that was opened just now: nothing hangs on it yet."""
    disputable, until = may_dispute_new(ticket, now) if for_client else (False, None)
    return Situation(
        ticket=ticket,
        offered=False,
        disputes=[],
        disputable=disputable,
        disputable_until=until,
        is_emergency=counts_as_emergency(ticket.stage.decision, rules),
        emergency=None,
        reopenable=False,
    )


def may_dispute_new(ticket: Ticket, now: datetime) -> tuple[bool, datetime | None]:
    """Return what `may_dispute` does; a month has no report before it ends."""
    decision, day = ticket.stage.decision, ticket.contract.local_date
    if first_of_month(day(decision.at)) == first_of_month(day(now)):
        return decision.outcome != Outcome.UNDECIDED, None
    return may_dispute(ticket, [], now)


def disputes_of(ticket: Ticket) -> list[Dispute]:
    """Return the disputes of a ticket with their verdicts and people, the last first."""
    rows = Dispute.objects.filter(ticket=ticket).select_related(
        "decision", "ruling", "opened_by__user", "ruled_by__user", "agreed_by__user"
    )
    return list(rows.order_by("-pk"))


def may_dispute(
    ticket: Ticket, disputes: list[Dispute], now: datetime
) -> tuple[bool, datetime | None]:
    """Return whether the verdict may be disputed, and until when where that is known."""
    if any(dispute.ruled_at is None for dispute in disputes):
        return False, None
    try:
        return True, check_disputable(ticket, ticket.stage.decision, now)
    except Refused:
        return False, None
