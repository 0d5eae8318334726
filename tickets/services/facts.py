"""A vendor person confirms or corrects what is known of a ticket; a new decision follows."""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from contracts.domain.scope import Facts
from contracts.rules import rules_of
from tenants.errors import Invalid
from tenants.models import Membership
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.domain.priority import priority_of
from tickets.models import Ticket
from tickets.services import verdicts
from tickets.services.clocks import Clocks
from tickets.services.guard import begin
from tickets.services.intake import check_place, told

OF_THE_TICKET = ("system", "environment", "priority")
CONFIRMABLE = {f.name for f in fields(Facts)} - {"confirmed", "in_hours"} | {"impact", "urgency"}


@transaction.atomic
def confirm_facts(
    *, ticket: Ticket, actor: Membership, changes: dict[str, Any], now: datetime, reason: str = ""
) -> Ticket:
    """
    Confirm what is known, with `changes` to it, and take a new decision; the old one stays.

    A changed priority carries the time used over to its own targets.

    :raises Invalid: if `changes` names a fact that cannot be confirmed.
    """
    if unknown := changes.keys() - CONFIRMABLE:
        raise Invalid(_("This fact cannot be confirmed: %s.") % ", ".join(sorted(unknown)))
    ticket = begin(ticket, actor, Action.CONFIRM_FACTS)
    rules, stage = rules_of(ticket.version), ticket.stage
    before = Facts.from_dict(stage.facts)
    changes = with_priority(ticket, dict(changes))
    facts = replace(before, **changes)
    facts = replace(facts, confirmed=before.confirmed | told(facts))
    check_place(rules, facts.system or "", facts.environment or "")
    was = ticket.priority
    for name in OF_THE_TICKET:
        setattr(ticket, name, getattr(facts, name))
    decision = verdicts.decide(
        ticket=ticket, stage=stage, facts=facts, rules=rules, actor=actor, now=now, reason=reason
    )
    stage.save(update_fields=["decision", "facts", "activity"])
    clocks = Clocks(ticket, actor)
    if ticket.priority != was:
        clocks.retarget(now)
    clocks.save()
    ticket.save(update_fields=[*OF_THE_TICKET, "impact", "urgency", "next_due_at"])
    audit.record(
        actor=actor,
        verb="ticket.facts_confirmed",
        subject=ticket,
        at=now,
        before=before.to_dict(),
        after=facts.to_dict(),
        outcome=decision.outcome,
        clause=decision.clause_id,
        pending=decision.pending,
    )
    return ticket


def with_priority(ticket: Ticket, changes: dict[str, Any]) -> dict[str, Any]:
    """Turn a changed impact or urgency into the priority that follows from both."""
    impact, urgency = changes.pop("impact", None), changes.pop("urgency", None)
    if impact or urgency:
        ticket.impact, ticket.urgency = impact or ticket.impact, urgency or ticket.urgency
        changes.setdefault("priority", priority_of(ticket.impact, ticket.urgency))
    return changes
