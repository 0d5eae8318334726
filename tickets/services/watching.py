"""Who hears of a ticket: those who ask for it, and those whom somebody calls in a message."""

from datetime import datetime

from tenants.models import Membership
from tenants.roles import Role
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.domain.mentions import mentioned
from tickets.models import Comment, Ticket, Watcher
from tickets.models.choices import Lane
from tickets.services.guard import begin, command


@command
def watch_ticket(*, ticket: Ticket, actor: Membership, now: datetime) -> Ticket:
    """Hear of the ticket from now on; asking twice changes nothing."""
    ticket = begin(ticket.pk, actor, Action.WATCH)
    if add_watcher(ticket, actor, now):
        audit.record(actor=actor, verb="ticket.watched", subject=ticket, at=now, watching=True)
    return ticket


@command
def unwatch_ticket(*, ticket: Ticket, actor: Membership, now: datetime) -> Ticket:
    """Hear of the ticket no more; whoever does not watch it changes nothing."""
    ticket = begin(ticket.pk, actor, Action.WATCH)
    gone, _rows = Watcher.objects.filter(ticket=ticket, member=actor).delete()
    if gone:
        audit.record(actor=actor, verb="ticket.watched", subject=ticket, at=now, watching=False)
    return ticket


def add_watcher(ticket: Ticket, member: Membership, now: datetime) -> bool:
    """Add the person, inside a command that has locked the ticket; return whether they are new."""
    _row, made = Watcher.objects.get_or_create(
        tenant_id=ticket.tenant_id, ticket=ticket, member=member, defaults={"since": now}
    )
    return made


def call_mentioned(ticket: Ticket, said: Comment, actor: Membership, now: datetime) -> None:
    """Make watchers of the people called in a message, each with an event of their own."""
    if "@" not in said.body and "＠" not in said.body:
        return
    readers = {member.pk: member for member in readers_of(ticket, said.lane)}
    names = {pk: member.user.name for pk, member in readers.items()}
    for pk in mentioned(said.body, names):
        if readers[pk].user_id == actor.user_id:
            continue
        add_watcher(ticket, readers[pk], now)
        audit.record(
            actor=actor,
            verb="comment.mentioned",
            subject=ticket,
            at=now,
            member=pk,
            comment=said.pk,
            lane=said.lane,
        )


def readers_of(ticket: Ticket, lane: str) -> list[Membership]:
    """Return the people who may read a lane of the ticket; nobody is called to what they cannot see."""
    team = Membership.objects.active().filter(tenant_id=ticket.tenant_id)
    own_only = not ticket.contract.tenant.requesters_see_all
    return [
        member
        for member in team.select_related("user").order_by("pk")
        if member.is_vendor or lane == Lane.PUBLIC
        if not (own_only and member.role == Role.REQUESTER and member.pk != ticket.requester_id)
    ]
