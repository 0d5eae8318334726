"""A client who says nothing is reminded twice, then the ticket is closed: with notice, and reopenable."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from contracts.rules import rules_of
from tenants import roles
from tenants.models import AuditEvent, Job, Membership
from tenants.services import audit, jobs
from tickets.domain.lifecycle import Action
from tickets.domain.silence import Silence
from tickets.models import Comment, Ticket
from tickets.models.choices import Lane, PauseCause, Status
from tickets.services.clocks import Clocks
from tickets.services.guard import begin, lock
from tickets.services.promises import void_ruling
from tickets.services.resolution import end_stage

EVERY = timedelta(minutes=15)
MOST_A_RUN = 200
AUTO_CLOSED = "auto_closed"
BEGINS = {Status.ON_HOLD: "ticket.paused", Status.RESOLVED: "ticket.resolved"}
ANSWERS = {"ticket.reopened", "ticket.resumed"}


@jobs.handles("tickets.silence", every=EVERY)
def heed_silence_of(job: Job) -> None:
    """Remind the silent clients of one tenant, and close what stayed unanswered."""
    heed_silence(timezone.now())


def heed_silence(now: datetime) -> int:
    """
    Send the reminders that are due by `now` and close what is over; return how many of both.

    A ticket waits for its client while it is on hold for them, and while its resolution is not
    closed yet; one that waits for an agreed window waits for the window. Imported ones wait for
    nobody.
    """
    waiting = Ticket.objects.filter(status__in=BEGINS, source="").order_by("pk")
    found = silences(list(waiting.select_related("version")))
    due = [pk for pk, silence in found.items() if is_due(silence, now)]
    return sum(take_notice(pk, now) for pk in due[:MOST_A_RUN])


def is_due(silence: Silence, now: datetime) -> bool:
    reminder = silence.next_reminder_at()
    return reminder <= now if reminder else silence.is_over(now)


def silences(tickets: list[Ticket]) -> dict[int, Silence]:
    """Return the silence of each ticket that waits for its client, in two queries."""
    happened: dict[int, list[AuditEvent]] = {ticket.pk: [] for ticket in tickets}
    told = {*BEGINS.values(), *ANSWERS, "ticket.reminded"}
    for event in AuditEvent.objects.filter(
        subject_type=Ticket._meta.label_lower, subject_id__in=happened, verb__in=told
    ).order_by("pk"):
        happened[event.subject_id].append(event)
    words = last_words(happened)
    found = ((t.pk, silence_of(t, happened[t.pk], words.get(t.pk))) for t in tickets)
    return {pk: silence for pk, silence in found if silence}


def last_words(ticket_ids: Iterable[int]) -> dict[int, datetime]:
    """Return when a client's person last said something on each ticket."""
    rows = Comment.objects.filter(
        ticket_id__in=list(ticket_ids), lane=Lane.PUBLIC, author__role__in=roles.CLIENT
    )
    return dict(rows.order_by("at", "pk").values_list("ticket_id", "at"))


def silence_of(
    ticket: Ticket, events: list[AuditEvent], spoke_at: datetime | None
) -> Silence | None:
    """Return the silence that a ticket's trail tells; None where nobody is waited for."""
    begun = [e for e in events if e.verb == BEGINS[ticket.status]]
    if not begun or begun[-1].data.get("cause") == PauseCause.AGREED_WINDOW:
        return None
    rules = rules_of(ticket.version)
    since = max(begun[-1].at, spoke_at or begun[-1].at)
    reminded = tuple(e.at for e in events if e.verb == "ticket.reminded" and e.at >= since)
    hours = rules.hours[rules.terms.time.hours or "always"]
    return Silence(since, rules.terms.time.auto_close, hours, reminded)


@transaction.atomic
def take_notice(ticket_id: int, now: datetime) -> int:
    """Remind or close, where nobody works on the ticket right now; return whether anything was done."""
    ticket = lock(ticket_id, skip_locked=True)
    if ticket is None or ticket.status not in BEGINS:
        return 0
    silence = silences([ticket]).get(ticket.pk)
    if silence is None or not is_due(silence, now):
        return 0
    if silence.next_reminder_at() is not None:
        remind(ticket, silence, now)
    else:
        auto_close(ticket, silence, now)
    return 1


def remind(ticket: Ticket, silence: Silence, now: datetime) -> None:
    begin(ticket.pk, None, Action.REMIND)
    number = len(silence.reminded_at) + 1
    sent = Silence(silence.since, silence.limit, silence.hours, (*silence.reminded_at, now))
    audit.record(
        actor=None,
        verb="ticket.reminded",
        subject=ticket,
        at=now,
        number=number,
        status=ticket.status,
        closes_at=sent.closes_at().isoformat(),
    )


def auto_close(ticket: Ticket, silence: Silence, now: datetime) -> Ticket:
    """Close a ticket whose client stays silent; the clocks that were open are void."""
    before = ticket.status
    ticket = begin(ticket.pk, None, Action.AUTO_CLOSE)
    nobody: Membership | None = None
    clocks = Clocks.of(ticket, nobody)
    clocks.void_all(now, cause=AUTO_CLOSED)
    void_ruling(clocks, now, cause=AUTO_CLOSED)
    clocks.save()
    ticket.closed_at = now
    end_stage(ticket, now)
    ticket.save(update_fields=["status", "closed_at", "next_due_at"])
    audit.record(
        actor=None,
        verb="ticket.auto_closed",
        subject=ticket,
        at=now,
        before=before,
        silent_since=silence.since.isoformat(),
    )
    return ticket
