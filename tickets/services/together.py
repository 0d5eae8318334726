"""One safe step on several tickets: each happens as a whole or not at all, and says which."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.errors import Refused
from tenants.models import Membership
from tickets.domain.lifecycle import RoleNotAllowed, TransitionNotAllowed
from tickets.models import Ticket
from tickets.services.conversation import comment
from tickets.services.progress import assign
from tickets.services.watching import watch_ticket

MOST = 50

Step = Callable[[Ticket, Membership], object]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one ticket; an empty `refusal` means that the step was taken."""

    ticket: Ticket
    refusal: str = ""


def take_each(
    tickets: Iterable[Ticket], desk_of: Callable[[Ticket], Membership | None], step: Step
) -> list[Result]:
    """
    Take a step on each ticket in a savepoint of its own, in the order of their ids.

    A refusal takes back its own ticket only. `desk_of` says at which desk the person acts.
    """
    results = []
    for ticket in sorted(tickets, key=lambda each: each.pk):  # two at once lock in one order
        try:
            actor = desk_of(ticket)
            if actor is None:
                raise Refused(_("Your desk may not do this"))
            with transaction.atomic():
                step(ticket, actor)
            results.append(Result(ticket))
        except Refused as error:
            results.append(Result(ticket, str(error.message)))
        except TransitionNotAllowed:
            results.append(Result(ticket, _("Its status does not offer this step.")))
        except RoleNotAllowed:
            results.append(Result(ticket, _("Your role does not take this step.")))
    return results


def take_over(now: datetime) -> Step:
    """Return the step that makes the actor accountable."""
    return lambda ticket, actor: assign(ticket=ticket, actor=actor, owner=actor, now=now)


def watch(now: datetime) -> Step:
    return lambda ticket, actor: watch_ticket(ticket=ticket, actor=actor, now=now)


def say_to_each(body: str, lane: str, language: str, now: datetime) -> Step:
    """Return the step that writes the same words on the ticket."""
    return lambda ticket, actor: comment(
        ticket=ticket, actor=actor, body=body, lane=lane, language=language, now=now
    )
