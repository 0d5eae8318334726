"""What every command does first: one transaction, the ticket locked, the table of steps asked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.errors import NotPermitted
from tenants.models import Membership
from tickets.domain import lifecycle
from tickets.domain.lifecycle import Action
from tickets.models import Stage, Ticket

_story: ContextVar[dict[int, Ticket] | None] = ContextVar("story", default=None)


def command(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make `function` happen as a whole or not at all; in a story, with the whole story."""
    alone = transaction.atomic(function)

    @wraps(function)
    def run(**kwargs):
        if not in_story():
            return alone(**kwargs)
        try:
            return function(**kwargs)
        except Exception:
            transaction.set_rollback(True)
            raise

    return run


@contextmanager
def story() -> Iterator[None]:
    """
    Make the commands of the block one transaction that locks and loads each of its tickets once.

    The first command that fails ends the story, and nothing of it has happened.
    """
    token = _story.set({})
    try:
        with transaction.atomic():
            yield
    finally:
        _story.reset(token)


def in_story() -> bool:
    return _story.get() is not None


def keep(ticket: Ticket) -> None:
    """Let the commands of the story that is told find the ticket, which it has locked or made."""
    if (kept := _story.get()) is not None:
        kept[ticket.pk] = ticket


def begin(ticket_id: int, actor: Membership | None, action: Action) -> Ticket:
    """
    Lock the ticket and move it along the lifecycle; the caller saves. No `actor` is the portal.

    :raises NotPermitted: if `actor` has no desk at the ticket's client.
    :raises TransitionNotAllowed: if its status does not offer the step.
    :raises RoleNotAllowed: if it does, but not to the desk of `actor`.
    """
    ticket = locked(ticket_id)
    if actor is not None and actor.tenant_id != ticket.tenant_id:
        raise NotPermitted(_("You have no desk at this client."))
    ticket.status = lifecycle.after(ticket.status, action, role=actor and actor.role)
    return ticket


def locked(ticket_id: int) -> Ticket:
    """Return the ticket as the story that is told has locked it, or lock it now."""
    return (_story.get() or {}).get(ticket_id) or lock(ticket_id)


def lock(ticket_id: int, *, skip_locked: bool = False) -> Ticket | None:
    """
    Return the ticket as it is now, locked until the transaction ends.

    Only what never changes is joined: a lock that was waited for shows its own row as it is now,
    and every joined row as it was before.
    """
    rows = (
        Ticket.objects.select_for_update(of=["self"], skip_locked=skip_locked)
        .select_related("contract", "version")
        .defer("version__terms", "version__holidays")
    )
    ticket = rows.filter(pk=ticket_id).first() if skip_locked else rows.get(pk=ticket_id)
    if ticket is not None:
        keep(ticket)
    return ticket


def stage_of(ticket: Ticket) -> Stage:
    """Return the accountable stage with owner and decision, read after the ticket was locked."""
    if not Ticket.stage.is_cached(ticket):
        rows = Stage.objects.select_related("owner", "decision")
        ticket.stage = rows.get(pk=ticket.stage_id)
    return ticket.stage
