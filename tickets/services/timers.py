"""Work while it goes on: one timer a person, which becomes a time entry when it is stopped."""

from datetime import datetime, timedelta

from django.db import connection
from django.utils.translation import gettext as _

from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership, User
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Ticket, Timer
from tickets.services.effort import log_time
from tickets.services.guard import begin, command

FORGOTTEN_AFTER = timedelta(hours=12)
MINUTE = timedelta(minutes=1)
LOCK_SPACE = 0x0A0D  # the first half of the advisory lock's key; the second is the person's id


@command
def start_timer(*, ticket: Ticket, actor: Membership, now: datetime) -> Timer:
    """
    Begin to measure the work of `actor` on the ticket.

    :raises Refused: if a timer of the same person runs already, at whichever client in scope.
    """
    ticket = begin(ticket.pk, actor, Action.LOG_TIME)
    _one_at_a_time(actor)
    if running := running_of(actor.user):
        raise Refused(_("Your timer runs on %s. Stop it first.") % running.ticket.key)
    timer = Timer.objects.create(
        tenant_id=ticket.tenant_id, ticket=ticket, person=actor, started_at=now
    )
    audit.record(actor=actor, verb="timer.started", subject=ticket, at=now)
    return timer


@command
def stop_timer(
    *,
    timer: Timer,
    actor: Membership,
    now: datetime,
    ended_at: datetime | None = None,
    note: str = "",
    triage: bool = False,
) -> Ticket:
    """
    Stop the timer and record its whole minutes; less than one makes no entry.

    Work that ended before `now` says when (`ended_at`); one that ran over twelve hours must.

    :raises Invalid: if it was forgotten and nobody says when the work ended.
    :raises Refused: if it was stopped before.
    """
    if timer.person_id != actor.pk:
        raise NotPermitted(_("Only whoever started a timer stops it."))
    if ended_at is None and is_forgotten(timer, now):
        raise Invalid(
            _("The timer ran for over 12 hours: say when the work ended."), field="ended_at"
        )
    ended_at = ended_at or now
    if not timer.started_at <= ended_at <= now:
        raise Invalid(
            _("The work ended after the timer was started, and not later than now."),
            field="ended_at",
        )
    ticket = begin(timer.ticket_id, actor, Action.LOG_TIME)
    stopped = Timer.objects.filter(pk=timer.pk, stopped_at=None).update(stopped_at=now)
    if not stopped:
        raise Refused(_("This timer was stopped before."))
    minutes = (ended_at - timer.started_at) // MINUTE
    audit.record(actor=actor, verb="timer.stopped", subject=ticket, at=now, minutes=minutes)
    if minutes:
        log_time(
            ticket=ticket,
            actor=actor,
            starts_at=timer.started_at,
            ends_at=ended_at,
            now=now,
            note=note,
            triage=triage,
        )
    return ticket


def running_of(user: User) -> Timer | None:
    """Return the timer that runs for a person at one of the clients in scope."""
    rows = Timer.objects.filter(person__user=user, stopped_at=None)
    return rows.select_related("ticket", "person").first()


def is_forgotten(timer: Timer, now: datetime) -> bool:
    return now - timer.started_at > FORGOTTEN_AFTER


def _one_at_a_time(actor: Membership) -> None:
    """Let a person start one timer after the other, also from two windows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, actor.user_id % 2_147_483_647]
        )
