"""A vendor person confirms or corrects what is known of a ticket; a new decision follows."""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from contracts.domain.scope import Facts
from contracts.domain.terms import stream_of
from contracts.rules import Rules, rules_of
from tenants.errors import Invalid
from tenants.models import Membership
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.domain.priority import priority_of
from tickets.models import Stage, Ticket
from tickets.services import verdicts
from tickets.services.clocks import Clocks
from tickets.services.guard import begin, command, stage_of
from tickets.services.intake import check_place, told
from tickets.services.owners import accountable_for
from tickets.services.paging import page_if_urgent
from tickets.services.promises import hold_to_verdict, is_clients
from tickets.services.settlements import settle_stage
from tickets.services.stages import note_owner
from tickets.services.warranty import with_warranty

OF_THE_TICKET = ("system", "environment", "priority")
CONFIRMABLE = {f.name for f in fields(Facts)} - {"confirmed", "in_hours"} | {"impact", "urgency"}


@command
def confirm_facts(
    *, ticket: Ticket, actor: Membership, changes: dict[str, Any], now: datetime, reason: str = ""
) -> Ticket:
    """
    Confirm what is known, with `changes` to it, and take a new decision; the old one stays.

    New answers join the old ones. A changed priority carries the time used over to its own targets;
    the clocks follow the new verdict. An activity that becomes known names its owner.

    :raises Invalid: if `changes` names a fact that cannot be confirmed.
    """
    if unknown := changes.keys() - CONFIRMABLE:
        raise Invalid(_("This fact cannot be confirmed: %s.") % ", ".join(sorted(unknown)))
    ticket = begin(ticket.pk, actor, Action.CONFIRM_FACTS)
    rules, stage = rules_of(ticket.version), stage_of(ticket)
    before = Facts.from_dict(stage.facts)
    facts = with_changes(before, with_priority(ticket, changes))
    check_place(rules, facts.system or "", facts.environment or "")
    was = aims(ticket, stage)
    for name in OF_THE_TICKET:
        setattr(ticket, name, getattr(facts, name))
    decide_again(ticket, stage, facts, rules, actor, now, reason)
    clocks = Clocks.of(ticket, actor, stopped=True)
    if aims(ticket, stage) != was:
        clocks.retarget(now)
    hold_to_verdict(clocks, stage, now)
    clocks.save()
    ticket.save(update_fields=[*OF_THE_TICKET, "impact", "urgency", "next_due_at"])
    audit.record(
        actor=actor,
        verb="ticket.facts_confirmed",
        subject=ticket,
        at=now,
        before=before.to_dict(),
        after=stage.facts,
        outcome=stage.decision.outcome,
        clause=stage.decision.clause_id,
        pending=stage.decision.pending,
    )
    page_if_urgent(ticket, now)
    return ticket


def with_priority(ticket: Ticket, changes: dict[str, Any]) -> dict[str, Any]:
    """Turn a changed impact or urgency into the priority that follows from both."""
    changes = dict(changes)
    impact, urgency = changes.pop("impact", None), changes.pop("urgency", None)
    if impact or urgency:
        ticket.impact, ticket.urgency = impact or ticket.impact, urgency or ticket.urgency
        changes.setdefault("priority", priority_of(ticket.impact, ticket.urgency))
    return changes


def with_changes(before: Facts, changes: dict[str, Any]) -> Facts:
    """Return the facts with the changes, all of them confirmed."""
    answers = {**before.answers, **changes.pop("answers", {})}
    facts = replace(before, answers=answers, **changes)
    return replace(facts, confirmed=before.confirmed | told(facts))


def aims(ticket: Ticket, stage: Stage) -> tuple[str, str, str]:
    """Return what the targets of the terms depend on."""
    return ticket.priority, ticket.system, stage.activity


def decide_again(
    ticket: Ticket,
    stage: Stage,
    facts: Facts,
    rules: Rules,
    actor: Membership,
    now: datetime,
    reason: str,
) -> None:
    """Take a new decision on a stage that goes on; owner and stream follow a corrected activity."""
    was, before = stage.activity, stage.decision
    after_operation = verdicts.follows_operation(stage)
    facts = with_warranty(facts, ticket, rules)
    verdict = verdicts.reach(ticket, facts, rules, after_operation=after_operation)
    verdicts.record(
        ticket=ticket,
        stage=stage,
        verdict=verdict,
        facts=facts,
        rules=rules,
        actor=actor,
        at=now,
        reason=reason,
        before=before,
    )
    if stage.activity and not after_operation:
        stage.stream = stream_of(stage.activity)
    if not was or is_clients(was, rules) != is_clients(stage.activity, rules):
        owner, tier = accountable_for(ticket, stage.activity, rules)
        if owner != stage.owner:
            stage.owner, stage.tier = owner, tier
            note_owner(stage, actor=actor, at=now)
    stage.save(update_fields=["decision", "facts", "activity", "stream", "owner", "tier"])
    if stage.decision.outcome != before.outcome:
        settle_stage(stage, by=actor, now=now)
