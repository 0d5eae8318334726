"""What happens when nobody does anything: deadlines pass, offers fall to their default owner."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from tenants.models import Job
from tenants.services import audit, jobs
from tickets.models import Obligation
from tickets.models.choices import ObligationKind
from tickets.services.clocks import Clocks
from tickets.services.emergencies import lapse_emergency, late_estimates
from tickets.services.estimate_answers import expire_estimate, expired_estimates
from tickets.services.estimate_delivery import deem_delivered, deemed_deliveries
from tickets.services.guard import lock
from tickets.services.handoffs import default_handoff, waiting_offer
from tickets.services.notices import tell_of_clock

EVERY = timedelta(minutes=1)
MOST_A_RUN = 200  # their locks are held until the run ends


@jobs.handles("tickets.sweep", every=EVERY)
def sweep(job: Job) -> None:
    """Record what nobody prevented at one tenant: misses, unanswered offers, late estimates."""
    now = timezone.now()
    sweep_warnings(now)
    missed = sweep_misses(now)
    sweep_emergencies(now)
    sweep_estimates(now)
    if missed:  # a figure for monitoring: it reads jobs only, never a client's rows
        job.payload["missed"] = job.payload.get("missed", 0) + missed
        job.save(update_fields=["payload"])


def sweep_misses(now: datetime) -> int:
    """
    Record every miss up to `now`, each at the instant of its deadline; return how many.

    A ticket that somebody works on right now waits for the next run.
    """
    overdue = Obligation.objects.overdue(now)
    unseen = overdue.filter(missed_at=None).order_by("due_at").values_list("ticket_id", flat=True)
    recorded = sum(record_misses(pk, now) for pk in dict.fromkeys(unseen[:MOST_A_RUN]))
    unanswered = overdue.filter(kind=ObligationKind.HANDOFF).exclude(missed_at=None)
    for pk in unanswered.values_list("ticket_id", flat=True)[:MOST_A_RUN]:
        give_to_default_owner(pk, now)
    return recorded


def sweep_warnings(now: datetime) -> int:
    """Tell of the clocks of which half, or nearly all, of the time is used; return how many."""
    rows = Obligation.objects.to_warn(now).order_by("warn_at").values_list("ticket_id", flat=True)
    return sum(warn(pk, now) for pk in dict.fromkeys(rows[:MOST_A_RUN]))


@transaction.atomic
def warn(ticket_id: int, now: datetime) -> int:
    """Write down that people are told of a ticket's clocks, and tell them, each step once."""
    if (ticket := lock(ticket_id, skip_locked=True)) is None:
        return 0
    clocks = Clocks.of(ticket, None)
    warned = clocks.record_warnings(now)
    clocks.save()
    for row, percent in warned:
        if not row.is_overdue(now):  # then it is a miss, of which they are told
            tell_of_clock(ticket, row, percent, now)
    return len(warned)


def sweep_emergencies(now: datetime) -> None:
    """Make goodwill of the minutes of emergencies whose retro-estimate is late."""
    for pk in late_estimates(now)[:MOST_A_RUN]:
        lapse_emergency(pk, now)


def sweep_estimates(now: datetime) -> None:
    """End the estimates that nobody answered in time; silence accepts what was delivered."""
    for pk in expired_estimates(now)[:MOST_A_RUN]:
        expire_estimate(pk, now)
    for pk in deemed_deliveries(now)[:MOST_A_RUN]:
        deem_delivered(pk, now)


@transaction.atomic
def record_misses(ticket_id: int, now: datetime) -> int:
    if (ticket := lock(ticket_id, skip_locked=True)) is None:
        return 0
    clocks = Clocks.of(ticket, None)
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
    return len(missed)


@transaction.atomic
def give_to_default_owner(ticket_id: int, now: datetime) -> None:
    """Give the last offer of a ticket, whose clock is missed, to its default owner."""
    ticket = lock(ticket_id, skip_locked=True)
    if ticket is not None and ticket.is_open and (waiting := waiting_offer(ticket)):
        default_handoff(handoff=waiting, now=now)
