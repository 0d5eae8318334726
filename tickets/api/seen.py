"""One ticket as its reader sees it now: what the pages show, as data."""

from typing import Any

from django.utils import timezone
from rest_framework.request import Request

from contracts.rules import rules_of
from contracts.views.shown import sees_cost
from tenants.api.etag import tag_of
from tenants.models import AuditEvent, Membership
from tickets.api import part_shapes, shapes
from tickets.domain.lifecycle import Action
from tickets.models import Ticket
from tickets.models.choices import HandoffState
from tickets.services.intake import Opened
from tickets.views.clocks import faces, faces_of_new
from tickets.views.desk import actions_at, desks_at
from tickets.views.moves import MOVES, fits
from tickets.views.situation import Situation, situation_of, situation_of_new


def version_of(ticket: Ticket) -> str:
    """
    Return the ETag of a ticket: another one after each command.

    Every command writes an audit event, so the last one's number is the version.
    """
    events = AuditEvent.objects.filter(
        tenant_id=ticket.tenant_id,
        subject_type=ticket._meta.label_lower,
        subject_id=ticket.pk,
    )
    return version_at(ticket, events.order_by("-pk").values_list("pk", flat=True).first())


def version_at(ticket: Ticket, event_id: int | None) -> str:
    return tag_of("ticket", ticket.pk, event_id)


def ticket_seen(request: Request, ticket: Ticket) -> dict[str, Any]:
    """Return the whole answer for a ticket loaded by `ticket_or_404`."""
    now, desks, rules = timezone.now(), desks_at(request, ticket), rules_of(ticket.version)
    handoffs = list(ticket.handoffs.filter(state=HandoffState.OFFERED))
    situation = situation_of(ticket, rules, handoffs, now, for_client=any_client(desks))
    offered = handoffs[0].public_id if handoffs else None
    open_one = next((d.public_id for d in situation.disputes if d.is_open), None)
    return {
        **shapes.detail(ticket, rules.terms, sees_cost=sees_cost(desks)),
        "clocks": [part_shapes.clock(face) for face in faces(ticket, rules, now)],
        "handoff": offered if any(m.is_vendor for m in desks) else None,
        "dispute": open_one,
        "actions": actions_of(ticket, desks, situation),
    }


def opened_seen(request: Request, opened: Opened) -> dict[str, Any]:
    """Return what `ticket_seen` does, of a ticket that was opened just now, without a reading."""
    ticket, now, desks = opened.ticket, timezone.now(), desks_at(request, opened.ticket)
    rules = rules_of(ticket.version)
    situation = situation_of_new(ticket, rules, now, for_client=any_client(desks))
    return {
        **shapes.detail(ticket, rules.terms, sees_cost=sees_cost(desks)),
        "clocks": [part_shapes.clock(face) for face in faces_of_new(opened.clocks, rules, now)],
        "handoff": None,
        "dispute": None,
        "actions": actions_of(ticket, desks, situation),
    }


def any_client(desks: list[Membership]) -> bool:
    return any(not m.is_vendor for m in desks)


def actions_of(ticket: Ticket, desks: list[Membership], situation: Situation) -> list[str]:
    """Return the steps that this person may take now, in the order of the table of steps."""
    steps = {action: desk for desk in reversed(desks) for action in actions_at(ticket, desk)}
    makes_sense = {
        move.action
        for move in MOVES
        if move.action in steps and fits(move, ticket, situation, steps[move.action])
    }
    makes_sense |= {Action.COMMENT, Action.WATCH, Action.LINK, Action.MERGE} | answers(situation)
    return [action.value for action in Action if action in steps and action in makes_sense]


def answers(situation: Situation) -> set[Action]:
    """Return the answers that an offer or a dispute waits for."""
    waits = {Action.ACCEPT_HANDOFF, Action.DISPUTE_HANDOFF} if situation.offered else set()
    states = {dispute.state for dispute in situation.disputes}
    if "waiting" in states:
        waits.add(Action.ANSWER_DISPUTE)
    if "ruled" in states:
        waits.add(Action.AGREE_TO_RULING)
    return waits
