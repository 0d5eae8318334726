"""What happens when nobody does anything: deadlines pass, offers fall to their default owner."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from tenants.models import Job
from tenants.services import audit, jobs
from tickets.models import Handoff, Obligation, Ticket
from tickets.models.choices import HandoffState, ObligationKind
from tickets.services.clocks import Clocks
from tickets.services.handoffs import default_handoff

EVERY = timedelta(minutes=1)


@jobs.handles("tickets.sweep", every=EVERY)
def sweep(job: Job) -> None:
    """Record the misses of one tenant and give unanswered offers to their default owner."""
    sweep_misses(timezone.now())


def sweep_misses(now: datetime) -> int:
    """Record every miss up to `now`, each at the instant of its deadline; return how many."""
    overdue = Obligation.objects.overdue(now).filter(missed_at=None)
    tickets = list(overdue.values_list("ticket_id", flat=True).distinct()[:2000])
    return sum(record_misses(pk, now) for pk in tickets)


@transaction.atomic
def record_misses(ticket_id: int, now: datetime) -> int:
    ticket = (
        Ticket.objects.select_for_update(of=["self"]).select_related("version").get(pk=ticket_id)
    )
    clocks = Clocks(ticket, None)
    missed = clocks.record_misses(now)
    clocks.save()
    for row in missed:
        audit.record(
            actor=None,
            verb="clock.missed",
            subject=ticket,
            at=now,
            kind=row.kind,
            missed_at=row.missed_at.isoformat(),
        )
        if row.kind == ObligationKind.HANDOFF:
            give_to_default_owner(ticket, now)
    return len(missed)


def give_to_default_owner(ticket: Ticket, now: datetime) -> None:
    waiting = [HandoffState.OFFERED, HandoffState.DISPUTED]
    last = Handoff.objects.filter(ticket=ticket).order_by("pk").last()
    if last and last.state in waiting and ticket.is_open:
        default_handoff(handoff=last, now=now)
