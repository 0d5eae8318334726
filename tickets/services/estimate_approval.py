"""The vendor's own yes or no to an estimate, and its way to the client."""

from datetime import datetime

from django.utils.translation import gettext as _

from contracts.domain.cost_terms import EstimateTerms
from contracts.formats import money
from contracts.rules import rules_of
from tenants.errors import NotPermitted, Refused
from tenants.models import Membership
from tenants.roles import Role
from tickets.domain.estimate import UNLIMITED, Approver, EstimateAction, suffices
from tickets.models import Estimate, EstimateApproval, Ticket
from tickets.models.choices import ObligationKind
from tickets.services.clocks import Clocks
from tickets.services.conversation import heard, say
from tickets.services.estimate_people import (
    approved_by,
    approver,
    check_not_own,
    cumulative_of,
    named,
    who_is_next,
)
from tickets.services.estimate_steps import begin_step, check_seen, move, record, terms_of
from tickets.services.guard import command, stage_of
from tickets.services.offers import said_why
from tickets.services.promises import end_of


@command
def approve_estimate(
    *, estimate: Estimate, actor: Membership, revision: int, amount: int, now: datetime
) -> Estimate:
    """
    Approve the revision and amount (minor units) that were seen; above the limit a second must.

    The limit is held against all extra work of the ticket. Two different account managers approve
    what is above either's limit: after the first it is still submitted.

    :raises Refused: if something else is on the table, or the person approved it before.
    :raises NotPermitted: if it is their own, or above their limit; it names who is next.
    """
    ticket, estimate, target = begin_step(estimate, actor, EstimateAction.APPROVE)
    check_seen(estimate, revision, amount)
    terms = terms_of(ticket, now)
    cumulative = cumulative_of(estimate, amount)
    before = approved_by(estimate.revision)
    who = check_approver(estimate, actor, before, terms, cumulative)
    EstimateApproval.objects.create(
        tenant_id=estimate.tenant_id,
        estimate=estimate,
        revision=estimate.revision,
        by=actor,
        at=now,
        amount=amount,
        cumulative=cumulative,
        limit=None if who.limit == UNLIMITED else who.limit,
        sha256=estimate.revision.sha256,
    )
    complete = suffices([*before, who], cumulative)
    move(estimate, target if complete else estimate.status, now)
    record(estimate, "approved", actor=actor, now=now, complete=complete, cumulative=cumulative)
    return estimate


def check_approver(
    estimate: Estimate,
    actor: Membership,
    before: list[Approver],
    terms: EstimateTerms,
    cumulative: int,
) -> Approver:
    """Return the person as an approver, where they may approve; the refusal names who is next."""
    currency = estimate.revision.currency

    def next_ones() -> dict[str, str]:
        return {"names": named(who_is_next(estimate, terms, cumulative))}

    try:
        check_not_own(estimate.revision, actor)
    except NotPermitted as own:
        raise NotPermitted(_("%(why)s Next: %(names)s.") % ({"why": own} | next_ones())) from own
    who = approver(actor, terms)
    if who is None:
        raise NotPermitted(_("Your desk approves no estimates. Next: %(names)s.") % next_ones())
    if any(each.person == who.person for each in before):
        raise Refused(
            _("You approved this already. Above your limit it takes another one: %(names)s.")
            % next_ones()
        )
    if not who.covers(cumulative) and who.role != Role.ACCOUNT_MANAGER:
        words = {
            "amount": money(cumulative, currency),
            "limit": money(who.limit, currency),
        }
        raise NotPermitted(
            _(
                "%(amount)s of extra work on this ticket is above your limit of %(limit)s."
                " Next: %(names)s."
            )
            % (words | next_ones())
        )
    return who


@command
def refuse_estimate(
    *,
    estimate: Estimate,
    actor: Membership,
    reason: str,
    now: datetime,
    revision: int | None = None,
    amount: int | None = None,
) -> Estimate:
    """
    Give an estimate back to its writers with a reason: the next edit is the next revision.

    :raises Invalid: if there is no reason.
    :raises NotPermitted: if the person approves no estimates.
    """
    reason = said_why(reason)
    ticket, estimate, target = begin_step(estimate, actor, EstimateAction.REFUSE)
    check_seen(estimate, revision, amount)
    if approver(actor, terms_of(ticket, now)) is None:
        raise NotPermitted(_("Your desk approves no estimates."))
    move(estimate, target, now)
    record(estimate, "refused", actor=actor, now=now, reason=reason)
    return estimate


@command
def send_estimate(
    *, estimate: Estimate, actor: Membership, now: datetime, message: str = ""
) -> Estimate:
    """
    Send an approved estimate to the client, who has `valid_for` of the terms to answer.

    The estimate clock stops, that of the client's decision starts. A `message` is a public reply.

    :raises Refused: if its delivery date has passed meanwhile.
    """
    ticket, estimate, target = begin_step(estimate, actor, EstimateAction.SEND)
    check_day(estimate, ticket, now)
    valid_for = terms_of(ticket, now).valid_for
    until = end_of(valid_for, now, rules_of(ticket.version))
    move(estimate, target, now, sent_at=now, expires_at=until)
    clocks = Clocks.of(ticket, actor)
    clocks.stop(ObligationKind.ESTIMATE, now)
    clocks.measure(ObligationKind.CLIENT_DECISION, stage_of(ticket), now)
    if message.strip():
        say(ticket, actor, message.strip(), now, language=estimate.revision.language)
        heard(clocks, now)
    clocks.save()
    ticket.save(update_fields=["next_due_at"])
    record(estimate, "sent", actor=actor, now=now, expires_at=until.isoformat())
    return estimate


def check_day(estimate: Estimate, ticket: Ticket, now: datetime) -> None:
    on = estimate.revision.delivery_on
    if on is not None and on <= ticket.contract.local_date(now):
        raise Refused(_("Its delivery date has passed. Write a new revision with a later one."))
