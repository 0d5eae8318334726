"""Every step of a ticket as an action of its viewset: one body, one command, the ticket as it is now."""

from collections.abc import Callable
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.deeds import summary_of
from tenants.api.etag import check_match
from tenants.api.idempotency import once
from tenants.api.serializers import Body, Nothing
from tenants.models import Verb
from tickets import services
from tickets.api import bodies
from tickets.api.faq import AnswerFromFaqBody
from tickets.api.seen import ticket_seen, version_of
from tickets.api.serializers import TicketDetailSerializer
from tickets.domain.lifecycle import Action
from tickets.models import Dispute, Handoff, Ticket
from tickets.services.guard import lock
from tickets.views.desk import actor_for, ticket_or_404, tickets_of
from tickets.views.moves import ANSWERS, MOVES, RULINGS

APPROVE = {
    Action.OVERRIDE_VERDICT,
    Action.RULE_UNDECIDED,
    Action.ANSWER_DISPUTE,
    Action.AGREE_TO_RULING,
}
SUBJECTS = {"handoff": Handoff, "dispute": Dispute}
EDITS = {Action.CONFIRM_FACTS}  # of what somebody else may have edited: `If-Match` is required


def step(
    taken: Action,
    command: Callable[..., Any],
    path: str,
    *,
    on: str = "ticket",
    name: str = "",
    body: type[Body] = Nothing,
) -> Callable[..., Response]:
    """
    Return the action that takes a step: on the ticket, or on one of its handoffs or disputes.

    One with a `name` of its own asks for a `body` of its own, as a rule for nothing.
    """
    body = body if name else bodies.BODIES.get(taken, Nothing)
    edits, name = taken in EDITS, name or taken.value

    def take(viewset: Any, request: Request, key: str, subject: str = "") -> Response:
        ticket = ticket_or_404(request, key)
        about = {on: subject_of(on, ticket, subject)}
        others = tickets_of(request).filter(tenant_id=ticket.tenant_id)
        told = viewset.told(body, tenant_id=ticket.tenant_id, tickets=others)

        def act() -> Response:
            check_version(request, ticket, required=edits)
            actor = actor_for(request, ticket, taken)
            command(**about, actor=actor, now=timezone.now(), **told)
            return answer(request, key)

        return once(request, ticket.tenant_id, act)

    take.__name__, take.__doc__ = name, command.__doc__
    verb, method = Verb.APPROVE if taken in APPROVE else None, "patch" if edits else "post"
    acting = action(detail=True, methods=[method], url_path=path, verb=verb)(take)
    return extend_schema(
        operation_id=f"ticket_{name}",
        summary=summary_of(command),
        request=body,
        responses={200: TicketDetailSerializer},
    )(acting)


def subject_of(on: str, ticket: Ticket, public_id: str) -> Any:
    if on == "ticket":
        return ticket
    return get_object_or_404(SUBJECTS[on], ticket=ticket, public_id=public_id)


def check_version(request: Request, ticket: Ticket, *, required: bool) -> None:
    """Compare the ticket's version with `If-Match`; nobody changes it from then to the commit."""
    if request.headers.get("If-Match"):
        lock(ticket.pk)
        check_match(request, version_of(ticket))
    else:
        check_match(request, "", required=required)


def answer(request: Request, key: str, status: int = 200, **headers: str) -> Response:
    """Return the ticket as it is now, with its version."""
    ticket = ticket_or_404(request, key)
    headers["ETag"] = version_of(ticket)
    return Response(ticket_seen(request, ticket), status, headers=headers)


STEPS = (
    *(step(move.action, move.run, move.slug) for move in MOVES),
    *(
        step(move.action, move.run, f"handoffs/<slug:subject>/{move.slug}", on="handoff")
        for move in ANSWERS
    ),
    *(
        step(move.action, move.run, f"disputes/<slug:subject>/{move.slug}", on="dispute")
        for move in RULINGS
    ),
    step(Action.WATCH, services.watch_ticket, "watch"),
    step(Action.WATCH, services.unwatch_ticket, "unwatch", name="unwatch"),
    step(Action.LOG_TIME, services.start_timer, "timer", name="start_timer"),
    step(
        Action.COMMENT,
        services.answer_from_faq,
        "answer-from-faq",
        name="answer_from_faq",
        body=AnswerFromFaqBody,
    ),
    step(Action.LINK, services.leave_pattern, "leave-pattern", name="leave_pattern"),
    step(
        Action.LINK,
        services.join_pattern,
        "join-pattern",
        name="join_pattern",
        body=bodies.JoinBody,
    ),
    step(
        Action.LINK,
        services.describe_problem,
        "problem",
        name="describe_problem",
        body=bodies.ProblemBody,
    ),
)
TicketSteps = type("TicketSteps", (), {take.__name__: take for take in STEPS})
