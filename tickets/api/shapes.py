"""Rows as the answers show them: plain mappings, made without a query. Twin of `serializers.py`."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from contracts.domain.terms import Terms, text_in
from contracts.domain.verdict import PathStep, Question
from tenants.models import Membership, Tenant
from tickets.models import (
    Decision,
    Ticket,
)
from tickets.services.settlements import is_goodwill

Shape = dict[str, Any]

ROW = (
    *("key", "title", "type", "status", "priority", "system", "environment", "tenant_id"),
    *("contract__public_id", "contract__number"),
    *("stage__stream", "stage__activity", "stage__tier"),
    *("stage__owner__public_id", "stage__owner__user__name"),
    *("stage__decision__outcome", "stage__decision__clause_id"),
    *("stage__decision__pending", "stage__decision__provisional"),
    *("received_at", "next_due_at", "restored_at", "resolved_at", "closed_at"),
)


def row(values: tuple[Any, ...], clients: Mapping[int, Shape]) -> Shape:
    """Return a ticket of a list from its `ROW` columns."""
    (
        key,
        title,
        type_,
        status,
        priority,
        system,
        environment,
        tenant_id,
        contract_id,
        number,
        stream,
        activity,
        tier,
        owner_id,
        owner,
        outcome,
        clause,
        pending,
        provisional,
        received_at,
        next_due_at,
        restored_at,
        resolved_at,
        closed_at,
    ) = values
    return {
        "key": key,
        "title": title,
        "type": type_,
        "status": status,
        "priority": priority,
        "system": system,
        "environment": environment,
        "client": clients[tenant_id],
        "contract": {"id": contract_id, "number": number},
        "stage": {
            "stream": stream,
            "activity": activity or None,
            "tier": tier,
            "owner": {"id": owner_id, "name": owner},
        },
        "verdict": {
            "outcome": outcome,
            "clause": clause or None,
            "pending": pending,
            "provisional": provisional,
        },
        "received_at": received_at,
        "next_due_at": next_due_at,
        "restored_at": restored_at,
        "resolved_at": resolved_at,
        "closed_at": closed_at,
    }


def values_of(ticket: Ticket) -> tuple[Any, ...]:
    """Return the `ROW` columns of a ticket that is loaded with all of them."""
    stage, decision, owner = ticket.stage, ticket.stage.decision, ticket.stage.owner
    return (
        *(ticket.key, ticket.title, ticket.type, ticket.status, ticket.priority),
        *(ticket.system, ticket.environment, ticket.tenant_id),
        *(ticket.contract.public_id, ticket.contract.number),
        *(stage.stream, stage.activity, stage.tier, owner.public_id, owner.user.name),
        *(decision.outcome, decision.clause_id, decision.pending, decision.provisional),
        *(ticket.received_at, ticket.next_due_at, ticket.restored_at),
        *(ticket.resolved_at, ticket.closed_at),
    )


def client(tenant: Tenant) -> Shape:
    return {"code": tenant.code, "name": tenant.name}


def clients_of(memberships: Iterable[Membership]) -> dict[int, Shape]:
    """Return the clients of these desks by their id."""
    return {m.tenant_id: client(m.tenant) for m in memberships}


def person(member: Membership | None) -> Shape | None:
    return member and {"id": member.public_id, "name": member.user.name}


def detail(ticket: Ticket, terms: Terms, *, sees_cost: bool) -> Shape:
    """Return what stands in the ticket's own columns and in its verdict."""
    return {
        **row(values_of(ticket), {ticket.tenant_id: client(ticket.tenant)}),
        "description": ticket.description,
        "symptom": ticket.symptom,
        "impact": ticket.impact,
        "urgency": ticket.urgency,
        "channel": ticket.channel,
        "requester": person(ticket.requester),
        "registered_at": ticket.registered_at,
        "resolution": ticket.resolution,
        "reopened": ticket.reopened,
        "version": ticket.version.number,
        "verdict": decision(ticket.stage.decision, terms, sees_cost=sees_cost),
    }


# --- the verdict ---


def short_verdict(row: Decision | None) -> Shape | None:
    return row and {
        "outcome": row.outcome,
        "clause": row.clause_id or None,
        "pending": row.pending,
        "provisional": row.provisional,
    }


def decision(row: Decision, terms: Terms, *, sees_cost: bool) -> Shape:
    clause = terms.clause(row.clause_id) if row.clause_id else None
    return {
        **short_verdict(row),
        "kind": row.kind,
        "clause_text": said(clause.text) if clause else "",
        "activity": row.activity or None,
        "pool": row.verdict.get("pool"),
        "cap": row.verdict.get("cap") if sees_cost else None,
        "goodwill": is_goodwill(row),
        "question": question(row.verdict.get("question"), terms),
        "path": path(row.verdict.get("path", ()), terms),
        "by": person(row.by),
        "reason": row.reason,
        "at": row.at,
    }


def path(steps: Iterable[Mapping[str, Any]], terms: Terms) -> list[Shape]:
    return [{**step, "text": text_of(PathStep.from_dict(step), terms)} for step in steps]


def text_of(step: PathStep, terms: Terms) -> str:
    """Return the words of a question or clause; an activity given from the start has none."""
    if step.kind == "clause":
        clause = terms.clause(step.ref)
        return said(clause.text) if clause else ""
    questions = terms.scope.classify
    is_asked = step.ref.isdecimal() and int(step.ref) < len(questions)
    return said(questions[int(step.ref)].ask) if is_asked else ""


def question(document: Mapping[str, Any] | None, terms: Terms) -> Shape | None:
    if not document:
        return None
    asked = Question.from_dict(document)
    words = asked.texts(terms)
    text = said(words) if words else _("What is not known yet: %s?") % asked.fact
    return {"key": asked.key, "text": text, "clause": asked.clause_id}


def said(texts: Mapping[str, str]) -> str:
    """Return the text in the language of the answer."""
    return text_in(texts, get_language() or "en")
