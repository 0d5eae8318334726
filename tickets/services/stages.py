"""A stage begins: its verdict is reached and its owner named, and all of it is written at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from contracts.domain.scope import Facts
from contracts.domain.terms import WorkStream, stream_of
from contracts.rules import Rules
from tenants.models import Membership
from tenants.services.at_once import insert, next_id
from tickets.models import Assignment, Decision, Stage, Ticket
from tickets.services import verdicts
from tickets.services.owners import accountable_for
from tickets.services.promises import is_clients
from tickets.services.warranty import with_warranty


class Ids(NamedTuple):
    """Ids that no row has yet; of `clocks` as many as a new ticket can start."""

    stage: int
    decision: int
    ticket: int = 0
    clocks: Sequence[int] = ()


def ids_of_stage() -> Ids:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {next_id(Stage)}, {next_id(Decision)}")
        return Ids(*cursor.fetchone())


def begin_stage(**told: Any) -> Stage:
    """
    Begin a stage with its decision and its owner, and make it the ticket's accountable one.

    The caller ends the stage `before` it. Without an `owner` of the side whose activity it is the
    terms name one, without a `stream` the activity does.
    """
    rows = new_stage(ids_of_stage(), **told)
    insert(rows)
    return rows[0]


def new_stage(
    ids: Ids,
    *,
    ticket: Ticket,
    facts: Facts,
    rules: Rules,
    actor: Membership | None,
    at: datetime,
    before: Stage | None = None,
    owner: Membership | None = None,
    stream: str = "",
    reason: str = "",
    others: bool | None = None,
) -> tuple[Stage, Decision, Assignment]:
    """
    Return what `begin_stage` is to write; the ticket is accountable by it already.

    `others` is whether the client has other contracts, where it is known.
    """
    after_operation = (
        before is not None
        and stream == WorkStream.MAINTENANCE
        and (before.stream == WorkStream.OPERATION or verdicts.follows_operation(before))
    )
    facts = with_warranty(facts, ticket, rules)
    verdict = verdicts.reach(ticket, facts, rules, after_operation=after_operation, others=others)
    activity = verdict.activity or facts.activity or ""
    tier = owner.tier if owner else ""
    if owner is None or owner.is_vendor == is_clients(activity, rules):
        owner, tier = accountable_for(ticket, activity, rules)
    stage = Stage(
        pk=ids.stage,
        tenant_id=ticket.tenant_id,
        ticket=ticket,
        sequence=before.sequence + 1 if before else 1,
        stream=stream or (stream_of(activity) if activity else WorkStream.OPERATION),
        activity=activity,
        owner=owner,
        tier=tier,
        facts=facts.to_dict(),
        began_at=at,
    )
    decision = verdicts.record(
        ticket=ticket,
        stage=stage,
        verdict=verdict,
        facts=facts,
        rules=rules,
        actor=actor,
        at=at,
        reason=reason,
        before=before.decision if before and before.stream == stage.stream else None,
    )
    decision.pk = ids.decision
    stage.decision = decision  # with its id now
    ticket.stage = stage
    return stage, decision, assigned(stage, actor=actor, at=at, reason=reason)


def note_owner(stage: Stage, **told: Any) -> None:
    """Write down who is accountable for a stage from now on; earlier rows stay."""
    assigned(stage, **told).save(force_insert=True)


def assigned(
    stage: Stage, *, actor: Membership | None, at: datetime, team: str = "", reason: str = ""
) -> Assignment:
    return Assignment(
        tenant_id=stage.tenant_id,
        stage=stage,
        ticket_id=stage.ticket_id,
        owner=stage.owner,
        team=team,
        tier=stage.tier,
        by=actor,
        reason=reason,
        at=at,
    )
