"""
What is over: a recovered ticket that nobody touched is closed; one that somebody has, is told so.

Its clocks end with the alert, not with the quiet time that follows: waiting whether it comes back
makes nothing late. If it does, they run on where they stood.
"""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from tenants.models import AuditEvent
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Alert, Ticket
from tickets.models.choices import ObligationKind, Status
from tickets.services.clocks import Clocks
from tickets.services.guard import begin, lock
from tickets.services.promises import void_ruling
from tickets.services.resolution import end_stage, month_is_over

RECOVERED = "recovered"
DONE = (ObligationKind.RESTORE, ObligationKind.RESOLVE)
NOT_NEEDED = (ObligationKind.ACKNOWLEDGE, ObligationKind.UPDATE)
COLUMNS = ["status", "resolution", "restored_at", "resolved_at", "closed_at", "next_due_at"]


@transaction.atomic
def heed(ticket_id: int, now: datetime) -> None:
    """Let the clocks of an untouched ticket end with its last alert, or run on with the next."""
    ticket = lock(ticket_id)
    if not ticket.is_open or is_touched(ticket):
        return
    ended_at = over_at(ticket, now)
    if (ended_at is None) == (ticket.restored_at is None):
        return
    clocks = Clocks.of(ticket, None, stopped=True)
    if ended_at is None:
        for kind in (*DONE, *NOT_NEEDED):
            clocks.reopen(kind, now, month_is_over=partial(is_past, ticket, now))
    else:
        for kind in DONE:
            clocks.stop(kind, ended_at)
        for kind in NOT_NEEDED:
            clocks.void(kind, ended_at, cause=RECOVERED)
    clocks.save()
    ticket.restored_at = ended_at
    ticket.save(update_fields=["restored_at", "next_due_at"])


def is_past(ticket: Ticket, now: datetime, at: datetime) -> bool:
    return month_is_over(ticket.contract, at, now)


def over_at(ticket: Ticket, now: datetime) -> datetime | None:
    """Return the end of the last alert of a ticket; None while one lasts."""
    ends = Alert.objects.filter(ticket=ticket).values_list("ended_at", flat=True)
    if None in (ends := list(ends)):
        return None
    return min(max(ticket.received_at, *ends), now)


@transaction.atomic
def close_recovered(ticket_id: int, now: datetime) -> int:
    """
    Close a ticket whose every alert is over, if nobody touched it; else write down that they are.

    Nobody acknowledged it, and nobody needed to: that clock is void. Returns whether it was so.
    """
    ticket = lock(ticket_id, skip_locked=True)
    if ticket is None or not ticket.is_open or (ended_at := over_at(ticket, now)) is None:
        return 0
    Alert.objects.filter(ticket=ticket, settled_at=None).update(settled_at=now)
    if is_touched(ticket):  # a person says when service is back
        told = {"ended_at": ended_at.isoformat()}
        audit.record(actor=None, verb="alert.recovered", subject=ticket, at=now, **told)
    else:
        end(ticket, ended_at, now)
    return 1


def is_touched(ticket: Ticket) -> bool:
    """Return whether a person did anything on a ticket: it is theirs to end."""
    done = AuditEvent.objects.filter(subject_type="tickets.ticket", subject_id=ticket.pk)
    return ticket.status != Status.NEW or done.exclude(actor=None).exists()


def end(ticket: Ticket, ended_at: datetime, now: datetime) -> None:
    for action in (Action.START, Action.RESOLVE, Action.AUTO_CLOSE):
        ticket = begin(ticket.pk, None, action)
        ticket.save(update_fields=["status"])
    clocks = Clocks.of(ticket, None, stopped=True)
    for kind in DONE:
        clocks.stop(kind, ended_at)
    clocks.void_all(now, cause=RECOVERED)
    void_ruling(clocks, now, cause=RECOVERED)
    clocks.save()
    with translation.override(ticket.tenant.language):
        ticket.resolution = _("It recovered by itself before anybody had begun to work on it.")
    ticket.restored_at = ticket.resolved_at = ended_at
    ticket.closed_at = now
    end_stage(ticket, now)
    ticket.save(update_fields=COLUMNS)
    audit.record(
        actor=None, verb="ticket.recovered", subject=ticket, at=now, ended_at=ended_at.isoformat()
    )
