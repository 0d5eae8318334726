"""What one ticket is to another; a duplicate goes into the ticket that was there, clocks and all."""

from datetime import datetime

from django.utils.translation import gettext as _

from contracts.domain import clock
from contracts.domain.clock import Entry, Event
from tenants.errors import Invalid, Refused
from tenants.models import Membership
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Link, LinkKind, Obligation, Ticket, Watcher
from tickets.models.choices import ObligationKind
from tickets.services.clocks import Clocks
from tickets.services.guard import begin, command, lock
from tickets.services.ledger import MERGED, is_paused
from tickets.services.link_rows import note_link
from tickets.services.promises import is_disputed, void_ruling
from tickets.services.resolution import end_stage
from tickets.services.watching import add_watcher

KEEPS_THE_EARLIEST = (ObligationKind.ACKNOWLEDGE, ObligationKind.RESTORE)


@command
def link_tickets(
    *, ticket: Ticket, other: Ticket, kind: str, actor: Membership, now: datetime
) -> Link:
    """
    Say what the ticket is to another of the same client; saying it twice changes nothing.

    A duplicate is merged, not linked: `merge_ticket`.

    :raises Invalid: if it is the ticket itself, another client's, or the kind is unknown.
    """
    if kind not in LinkKind.values or kind == LinkKind.DUPLICATE_OF:
        raise Invalid(_("Choose what the ticket is to the other."), field="kind")
    ticket = begin(ticket.pk, actor, Action.LINK)
    check_other(ticket, other)
    return note_link(ticket, other, kind, actor, now)


@command
def unlink_tickets(*, link: Link, actor: Membership, now: datetime) -> Ticket:
    """
    Take a link back that was wrong.

    :raises Refused: if it says of a merged ticket where it went.
    """
    ticket = begin(link.ticket_id, actor, Action.LINK)
    if link.kind == LinkKind.DUPLICATE_OF:
        raise Refused(_("This ticket was merged: the link says where it went."))
    audit.record(
        actor=actor,
        verb="ticket.unlinked",
        subject=ticket,
        at=now,
        kind=link.kind,
        other=link.other.key,
    )
    link.delete()
    return ticket


@command
def merge_ticket(*, ticket: Ticket, into: Ticket, actor: Membership, now: datetime) -> Ticket:
    """
    End the ticket as a duplicate of `into`, which keeps the earlier of the two's clocks.

    The duplicate's open clocks are void, its requester and watchers hear of the other from now on.

    :raises Invalid: if `into` is the ticket itself, another contract's, or not open.
    :raises Refused: if the duplicate's verdict is disputed: the dispute comes first.
    """
    check_other(ticket, into)
    first, second = sorted((ticket.pk, into.pk))
    lock(first)
    lock(second)  # in one order: two merges at once do not wait for each other for ever
    survivor = begin(into.pk, actor, Action.LINK)
    if survivor.contract_id != ticket.contract_id:
        raise Invalid(
            _("Only tickets of one contract are merged. Link the two instead."), field="other"
        )
    if not survivor.is_open:
        raise Invalid(_("The other ticket is not open. Link the two instead."), field="other")
    duplicate = begin(ticket.pk, actor, Action.MERGE)
    if is_disputed(duplicate):
        raise Refused(_("The verdict on this ticket is disputed. Answer the dispute first."))
    theirs = Clocks.of(duplicate, actor)
    kept = keep_earliest(survivor, theirs.open(), actor, now)
    theirs.void_all(now, cause=MERGED, reason=survivor.key)
    void_ruling(theirs, now, cause=MERGED, reason=survivor.key)
    theirs.save()
    duplicate.closed_at = now
    end_stage(duplicate, now)
    duplicate.save(update_fields=["status", "closed_at", "next_due_at"])
    move_people(duplicate, survivor, now)
    note_link(duplicate, survivor, LinkKind.DUPLICATE_OF, actor, now, clocks=kept)
    audit.record(
        actor=actor, verb="ticket.merged", subject=duplicate, at=now, into=survivor.key, clocks=kept
    )
    return duplicate


def keep_earliest(
    survivor: Ticket, theirs: list[Obligation], actor: Membership, now: datetime
) -> list[str]:
    """Let each clock of the duplicate that is due sooner run on the survivor; return their kinds."""
    clocks = Clocks.of(survivor, actor, stopped=True)
    kept = []
    for row in theirs:
        own = clocks.running(row.kind) if row.kind in KEEPS_THE_EARLIEST else None
        if own is None:
            continue
        check_hours(row, clocks)
        due, own_due = due_of(row, clocks, now), due_of(own, clocks, now)
        if due is not None and (own_due is None or due < own_due):
            clocks.take_over(row, now)
            kept.append(row.kind)
    clocks.record_misses(now)
    if clocks.save():
        survivor.save(update_fields=["next_due_at"])
    return kept


def due_of(row: Obligation, clocks: Clocks, now: datetime) -> datetime | None:
    """Return the clock's deadline; of one that stands still, what it would be if it ran on now."""
    if row.missed_at:
        return row.missed_at
    entries = [*row.entries]
    if is_paused(row):
        entries.append(Entry(Event.RESUME, max(now, entries[-1].at)))
    return clock.evaluate(entries, clocks.rules.hours, max(now, entries[-1].at)).due_at


def check_hours(row: Obligation, clocks: Clocks) -> None:
    """:raises Invalid: if the other version of the contract does not know the clock's hours."""
    known = {"", "always", *clocks.rules.hours}
    if any(entry.hours not in known for entry in row.entries):
        raise Invalid(
            _("The two tickets follow different versions of the contract. Link them instead."),
            field="other",
        )


def check_other(ticket: Ticket, other: Ticket) -> None:
    if other.pk == ticket.pk:
        raise Invalid(_("This is the ticket itself: name the other one."), field="other")
    if other.tenant_id != ticket.tenant_id:
        raise Invalid(_("There is no ticket with this number at this client."), field="other")


def move_people(duplicate: Ticket, survivor: Ticket, now: datetime) -> None:
    """Let whoever heard of the duplicate hear of the survivor."""
    rows = Watcher.objects.filter(ticket=duplicate).select_related("member")
    for member in (duplicate.requester, *(row.member for row in rows)):
        if member.pk != survivor.requester_id:
            add_watcher(survivor, member, now)
