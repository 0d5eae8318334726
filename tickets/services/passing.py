"""A ticket between the desks: the rows from which `tickets.domain.passing` counts."""

from collections.abc import Iterable
from datetime import datetime

from tenants.models import AuditEvent
from tickets.domain.passing import Happened, Holding, Potato, Step, potato_of
from tickets.models import Decision, Ticket, TimeEntry


def potato(ticket: Ticket, entries: Iterable[TimeEntry], now: datetime) -> Potato:
    """Return the figures of a ticket until `now`, in three queries; `entries` are its work."""
    steps = AuditEvent.objects.filter(
        subject_type="tickets.ticket", subject_id=ticket.pk, verb__in=list(Step)
    ).order_by("pk")
    happened = [
        Happened(Step(verb), at, cause or "")
        for verb, at, cause in steps.values_list("verb", "at", "data__cause")
    ]
    rows = ticket.assignments.order_by("pk").values_list("at", "stage_id", "tier", "team")
    verdicts = Decision.objects.filter(ticket=ticket).values_list("at", flat=True)
    moved = [*verdicts, *(entry.starts_at for entry in entries)]
    return potato_of(ticket.received_at, happened, [Holding(*row) for row in rows], moved, now)
