"""Commands that end a ticket, and the one that brings it back."""

from datetime import datetime

from django.utils.translation import gettext as _

from contracts.domain.months import first_of_month
from contracts.domain.scope import Facts
from contracts.models import Contract
from contracts.rules import rules_of
from tenants.errors import Invalid, Refused
from tenants.models import Membership
from tenants.services import audit
from tickets.domain.lifecycle import Action
from tickets.models import Release, Ticket
from tickets.models.choices import ObligationKind, TicketType, WorkStream
from tickets.services.clocks import Clocks
from tickets.services.conversation import heard, say
from tickets.services.estimate_delivery import end_with_ticket
from tickets.services.guard import begin, command, stage_of
from tickets.services.handoffs import waiting_offer
from tickets.services.ledger import is_agreed
from tickets.services.progress import restored
from tickets.services.promises import (
    end_of,
    hold_to_verdict,
    promised,
    start_if_promised,
    void_ruling,
)
from tickets.services.releases import end_maintenance
from tickets.services.stages import begin_stage

RESOLVED_COLUMNS = ["status", "resolution", "resolved_at", "restored_at", "next_due_at"]
REOPENED_COLUMNS = [
    *("status", "reopened", "restored_at", "resolved_at", "closed_at", "stage", "next_due_at")
]


@command
def resolve_ticket(
    *,
    ticket: Ticket,
    actor: Membership,
    resolution: str,
    now: datetime,
    fix: str = "none_needed",
    fix_reason: str = "",
    release: Release | None = None,
    no_release: str = "",
) -> Ticket:
    """
    Resolve the ticket and tell the client how; its clocks stop, a pause ends at that instant.

    The permanent fix is `delivered` by maintenance, or `none_needed` for a reason that the client
    may dispute: then its clock is void and counts in no percentage. Maintenance ends with the
    `release` that fixes it, unless one is recorded already, or says why there is `no_release`.

    :raises Invalid: if the resolution is empty, no reason is given for a fix that was promised, or
        maintenance names neither a release nor a reason for none.
    """
    if not resolution.strip():
        raise Invalid(_("Say how it was resolved: the client reads this."), field="resolution")
    ticket = begin(ticket.pk, actor, Action.RESOLVE)
    end_maintenance(ticket, actor, now, release, no_release)
    clocks = Clocks.of(ticket, actor, stopped=True)
    if ticket.type == TicketType.INCIDENT and ticket.restored_at is None:
        restored(ticket, clocks, now)
    delivered = fix == "delivered" or stage_of(ticket).stream == WorkStream.MAINTENANCE
    end_clocks(clocks, now, delivered, fix_reason)
    say(ticket, actor, resolution, now)
    heard(clocks, now)
    clocks.save()
    ticket.resolution, ticket.resolved_at = resolution, now
    ticket.save(update_fields=RESOLVED_COLUMNS)
    audit.record(
        actor=actor,
        verb="ticket.resolved",
        subject=ticket,
        at=now,
        fix="delivered" if delivered else "none_needed",
        reason=fix_reason,
        release=release.public_id if release else "",
        no_release=no_release,
    )
    return ticket


def end_clocks(clocks: Clocks, now: datetime, delivered: bool, fix_reason: str) -> None:
    """Stop what the resolution keeps; an offer or estimate that nobody waits for any more is void."""
    clocks.stop(ObligationKind.RESOLVE, now)
    if delivered:
        clocks.stop(ObligationKind.PERMANENT_FIX, now)
    elif clocks.running(ObligationKind.PERMANENT_FIX):
        if not fix_reason.strip():
            raise Invalid(_("Say why no permanent fix is needed."), field="fix_reason")
        clocks.void(ObligationKind.PERMANENT_FIX, now, cause="no_fix_needed", reason=fix_reason)
    for kind in (ObligationKind.HANDOFF, ObligationKind.ESTIMATE):
        clocks.void(kind, now, cause="resolved")


@command
def close_ticket(*, ticket: Ticket, actor: Membership, now: datetime) -> Ticket:
    """Close a resolved ticket."""
    ticket = begin(ticket.pk, actor, Action.CLOSE)
    ticket.closed_at = now
    end_stage(ticket, now)
    ticket.save(update_fields=["status", "closed_at"])
    audit.record(actor=actor, verb="ticket.closed", subject=ticket, at=now)
    return ticket


@command
def cancel_ticket(*, ticket: Ticket, actor: Membership, reason: str, now: datetime) -> Ticket:
    """
    Cancel a ticket that is not to be done; its open clocks are void.

    :raises Invalid: if there is no reason.
    """
    if not reason.strip():
        raise Invalid(_("Say why the ticket is cancelled."), field="reason")
    ticket = begin(ticket.pk, actor, Action.CANCEL)
    clocks = Clocks.of(ticket, actor)
    clocks.void_all(now, cause="cancelled", reason=reason)
    void_ruling(clocks, now, cause="cancelled", reason=reason)
    clocks.save()
    end_with_ticket(ticket, actor, reason=reason, now=now)
    ticket.closed_at = now
    end_stage(ticket, now)
    ticket.save(update_fields=["status", "closed_at", "next_due_at"])
    audit.record(actor=actor, verb="ticket.cancelled", subject=ticket, at=now, reason=reason)
    return ticket


@command
def reopen_ticket(
    *, ticket: Ticket, actor: Membership, reason: str, now: datetime, late: bool = False
) -> Ticket:
    """
    Take up a ticket again that was not done; its clock runs on where it stood.

    `late` is for what another desk reopened already (an imported log): the limit does not hold.

    :raises Refused: if `reopen_within` of the terms is over: that is a new ticket, linked to it.
    """
    if not reason.strip():
        raise Invalid(_("Say what is not done yet."), field="reason")
    ticket = begin(ticket.pk, actor, Action.REOPEN)
    if not late and now > reopen_until(ticket):
        raise Refused(_("The time to reopen is over. Open a new ticket and link this one."))
    if ticket.closed_at is not None:
        _stage_again(ticket, actor, now)
    clocks = Clocks.of(ticket, actor, stopped=True)
    _run_on(ticket, clocks, now)
    clocks.save()
    ticket.reopened += 1
    ticket.resolved_at = ticket.closed_at = None
    ticket.save(update_fields=REOPENED_COLUMNS)
    audit.record(actor=actor, verb="ticket.reopened", subject=ticket, at=now, reason=reason)
    return ticket


def reopen_until(ticket: Ticket) -> datetime:
    """Return the last instant at which a resolved ticket may be reopened."""
    rules = rules_of(ticket.version)
    ended = ticket.resolved_at or ticket.closed_at
    return end_of(rules.terms.time.reopen_within, ended, rules)


def end_stage(ticket: Ticket, now: datetime) -> None:
    """End the accountable stage with its ticket."""
    stage = stage_of(ticket)
    stage.ended_at = now
    stage.save(update_fields=["ended_at"])


def _stage_again(ticket: Ticket, actor: Membership, now: datetime) -> None:
    """Begin the stage anew that had ended, with its owner where they are still on the team."""
    before = stage_of(ticket)
    begin_stage(
        ticket=ticket,
        facts=Facts.from_dict(before.facts),
        rules=rules_of(ticket.version),
        actor=actor,
        at=now,
        before=before,
        owner=before.owner if before.owner.is_active else None,
        stream=before.stream,
        reason="reopened",
    )


def _run_on(ticket: Ticket, clocks: Clocks, now: datetime) -> None:
    """
    Let the clocks run on that the resolution had ended, as far as they are still promised.

    Service that was back only with the resolution is not back. An offer that waits, waits again.
    """
    stage = stage_of(ticket)
    kinds = [ObligationKind.RESOLVE]
    ended_at = ticket.resolved_at or ticket.closed_at
    if ticket.restored_at in (None, ended_at):
        ticket.restored_at = None
        kinds.append(ObligationKind.RESTORE)
    fixes = clocks.of_kind(ObligationKind.PERMANENT_FIX)
    if fixes and fixes[-1].started_at < ended_at:
        kinds.append(ObligationKind.PERMANENT_FIX)
    agreed = {kind for kind in kinds if (rows := clocks.of_kind(kind)) and is_agreed(rows[-1])}
    for kind in promised(ticket, stage, clocks.rules).intersection(kinds) | agreed:
        clocks.reopen(kind, now, month_is_over=lambda at: month_is_over(ticket.contract, at, now))
    if waiting_offer(ticket):
        start_if_promised(clocks, ObligationKind.HANDOFF, stage, now)
    hold_to_verdict(clocks, stage, now)


def month_is_over(contract: Contract, at: datetime, now: datetime) -> bool:
    """Return whether the contract's month of `at` had ended by `now`, closed or not."""
    return first_of_month(contract.local_date(at)) < first_of_month(contract.local_date(now))
