"""Which clocks a stage promises, and what ends when a new decision promises something else."""

from datetime import datetime, timedelta

from contracts.domain.durations import Length
from contracts.domain.terms import Party
from contracts.rules import Rules
from tenants import roles
from tickets.models import Comment, Decision, Dispute, Stage, Ticket
from tickets.models.choices import OUT_OF_SCOPE, Lane, ObligationKind, Outcome, TicketType
from tickets.services.clocks import Clocks
from tickets.services.ledger import is_agreed

WITHOUT_WORDS = frozenset({"servicenow"})  # logs without words: no update or report in them
FOLLOW_THE_VERDICT = (
    ObligationKind.RESTORE,
    ObligationKind.UPDATE,
    ObligationKind.RESOLVE,
    ObligationKind.ESTIMATE,
)
AFTER_RESTORATION = (ObligationKind.PERMANENT_FIX, ObligationKind.INCIDENT_REPORT)


def is_clients(activity: str, rules: Rules) -> bool:
    """Return whether the terms give the activity (empty: the service desk's) to the client."""
    named = rules.terms.accountable(activity or "service_desk")
    return named is not None and named.party == Party.CLIENT


def end_of(span: Length, start: datetime, rules: Rules) -> datetime:
    """Return the instant at which a span of the terms is over; business days are of `time.hours`."""
    if span.business_days is not None:
        hours = rules.hours[rules.terms.time.hours or "always"]
        return hours.close_of_business_day(start, span.business_days)
    return start + (span.duration or timedelta())


def is_outside(decision: Decision) -> bool:
    return decision.outcome in OUT_OF_SCOPE


def promised(ticket: Ticket, stage: Stage, rules: Rules) -> set[str]:
    """
    Return the kinds of clock that may run for a stage. None of the vendor's for a client's activity.

    Out of scope nothing is promised but to acknowledge and to send the estimate; restoring is
    measured all the same, for no credit.
    """
    if is_clients(stage.activity, rules):
        return set()
    outside = is_outside(stage.decision)
    kinds = {ObligationKind.ACKNOWLEDGE, ObligationKind.HANDOFF}
    if not outside:
        kinds |= {ObligationKind.RESOLVE, ObligationKind.PERMANENT_FIX}
        if ticket.type == TicketType.INCIDENT and ticket.source not in WITHOUT_WORDS:
            kinds.add(ObligationKind.INCIDENT_REPORT)
    elif stage.decision.outcome == Outcome.ESTIMATE:
        kinds.add(ObligationKind.ESTIMATE)
    if ticket.type == TicketType.INCIDENT and ticket.restored_at is None:
        kinds.add(ObligationKind.RESTORE)
        if not outside and ticket.source not in WITHOUT_WORDS:
            kinds.add(ObligationKind.UPDATE)
    return kinds


def start_clocks(clocks: Clocks, stage: Stage, at: datetime) -> None:
    """Start what is promised for a new ticket."""
    kinds = promised(clocks.ticket, stage, clocks.rules)
    for kind in (ObligationKind.ACKNOWLEDGE, *FOLLOW_THE_VERDICT):
        if kind in kinds:
            clocks.start(kind, stage, at, creditable=not is_outside(stage.decision))
    hold_ruling(clocks, stage, at)


def start_if_promised(clocks: Clocks, kind: str, stage: Stage, at: datetime) -> None:
    """Start a clock that something else than a verdict sets off."""
    if kind in promised(clocks.ticket, stage, clocks.rules):
        clocks.start(kind, stage, at)


def hold_to_verdict(clocks: Clocks, stage: Stage, at: datetime) -> None:
    """
    Let a new verdict on a stage start what it promises and void what it does not; all are loaded.

    What was stopped by being done is done. The restoration keeps its credit where an earlier stage
    promised it.
    """
    kinds = promised(clocks.ticket, stage, clocks.rules)
    hold_ruling(clocks, stage, at)
    if not kinds:
        clocks.void_all(at, cause="clients_activity")
        return
    for kind in (*FOLLOW_THE_VERDICT, *AFTER_RESTORATION):
        if kind not in kinds | agreed_on(clocks, stage):
            clocks.void(kind, at, cause="not_promised")
    restore = clocks.running(ObligationKind.RESTORE)
    if restore and restore.stage_id == stage.pk:
        clocks.give_credit(ObligationKind.RESTORE, not is_outside(stage.decision))
    for kind in wanted(clocks):
        if kind in kinds and not clocks.was_done(kind):
            clocks.start(kind, stage, at, creditable=not is_outside(stage.decision))
    if not clocks.of_kind(ObligationKind.ACKNOWLEDGE) and not has_spoken(clocks.ticket):
        clocks.start(ObligationKind.ACKNOWLEDGE, stage, at)


def agreed_on(clocks: Clocks, stage: Stage) -> set[str]:
    """Return the kinds that run to a day of an accepted estimate, as long as one is needed."""
    if stage.decision.outcome != Outcome.ESTIMATE:
        return set()
    return {row.kind for row in clocks.open() if is_agreed(row)}


def waits_for_ruling(stage: Stage, rules: Rules) -> bool:
    """Return whether no clause decides on work of the vendor: that takes an account manager."""
    decision = stage.decision
    is_open = decision.outcome == Outcome.UNDECIDED and not decision.pending
    return is_open and not is_clients(stage.activity, rules)


def hold_ruling(clocks: Clocks, stage: Stage, at: datetime) -> None:
    """
    Let the ruling clock run while a verdict waits for a person; what a dispute is owed runs on.

    A person's verdict stops it. Where the rule decides after all nothing was ruled: it is void.
    """
    if waits_for_ruling(stage, clocks.rules):
        clocks.start(ObligationKind.RULING, stage, at)
    elif clocks.running(ObligationKind.RULING) and not is_disputed(clocks.ticket):
        if stage.decision.kind == Decision.Kind.RULE:
            clocks.void(ObligationKind.RULING, at, cause="not_promised")
        else:
            clocks.stop(ObligationKind.RULING, at)


def void_ruling(clocks: Clocks, at: datetime, *, cause: str, reason: str = "") -> None:
    """End the ruling clock of a verdict that nobody needs any more; a dispute is owed its ruling."""
    if clocks.running(ObligationKind.RULING) and not is_disputed(clocks.ticket):
        clocks.void(ObligationKind.RULING, at, cause=cause, reason=reason)


def is_disputed(ticket: Ticket) -> bool:
    return Dispute.objects.waiting().filter(ticket=ticket).exists()


def wanted(clocks: Clocks) -> list[str]:
    """Return what a verdict can start: what a restoration or an offer sets off only after it."""
    if clocks.ticket.restored_at:
        return [*FOLLOW_THE_VERDICT, *AFTER_RESTORATION]
    offered = clocks.of_kind(ObligationKind.HANDOFF)
    return [*FOLLOW_THE_VERDICT, *([ObligationKind.PERMANENT_FIX] if offered else [])]


def has_spoken(ticket: Ticket) -> bool:
    """Return whether a vendor person has said something to the client."""
    said = Comment.objects.filter(ticket=ticket, lane=Lane.PUBLIC)
    return said.filter(author__role__in=roles.VENDOR).exists()
