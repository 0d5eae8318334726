"""An estimate is written: drafted, changed, revised, submitted, withdrawn. Money in minor units."""

from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from tenants.errors import Refused
from tenants.models import Membership
from tickets.domain.estimate import EstimateAction
from tickets.domain.lifecycle import Action
from tickets.domain.offer import Offer
from tickets.models import Estimate, EstimateRevision, Ticket
from tickets.models.choices import EstimateStatus, ObligationKind, Outcome
from tickets.services.clocks import Clocks
from tickets.services.estimate_steps import begin_step, move, record
from tickets.services.guard import begin, command, stage_of
from tickets.services.offers import offer_of, said_why
from tickets.services.settlements import let_go_of_held


@command
def draft_estimate(*, ticket: Ticket, actor: Membership, now: datetime, **content: Any) -> Estimate:
    """
    Write the first revision of an estimate for extra work; `content` is that of `offers.offer_of`.

    :raises Refused: if the verdict asks for no estimate, or the ticket has one that is not over.
    :raises Invalid: if a line, the price or a date cannot be; the error names the field.
    """
    ticket = begin(ticket.pk, actor, Action.DRAFT_ESTIMATE)
    if stage_of(ticket).decision.outcome != Outcome.ESTIMATE:
        raise Refused(_("The verdict on this ticket asks for no estimate. Override it first."))
    mine = Estimate.objects.filter(ticket=ticket)
    if mine.alive().exists():
        raise Refused(_("This ticket has an estimate already: write a new revision of it."))
    offer = offer_of(ticket, now, **content)
    estimate = Estimate.objects.create(
        tenant_id=ticket.tenant_id,
        ticket=ticket,
        number=(mine.aggregate(last=Max("number"))["last"] or 0) + 1,
        amount=offer.amount,
        drafted_by=actor,
        drafted_at=now,
    )
    estimate.revision = write_revision(estimate, 1, offer, actor, now)
    estimate.save(update_fields=["revision"])
    record(estimate, "drafted", actor=actor, now=now)
    return estimate


@command
def edit_estimate(
    *,
    estimate: Estimate,
    actor: Membership,
    now: datetime,
    version: int | None = None,
    **content: Any,
) -> Estimate:
    """
    Change a draft; what `content` leaves out stays. One that was refused becomes the next revision.

    :raises Refused: if it was changed since `version`, or is no draft any more.
    """
    _ticket, estimate, target = begin_step(estimate, actor, EstimateAction.EDIT)
    if version is not None and version != estimate.version:
        raise Refused(_("Somebody else changed this estimate meanwhile. Reload the page."))
    put_on_the_table(estimate, target, actor, now, content)
    record(estimate, "edited", actor=actor, now=now)
    return estimate


@command
def revise_estimate(
    *, estimate: Estimate, actor: Membership, now: datetime, **content: Any
) -> Estimate:
    """
    Put a new revision on the table, prefilled with the last one. What was sent stands no longer.

    Of an accepted estimate it is a change order: the accepted revision keeps its authority until
    the new one is accepted.

    :raises Invalid: if a change order changes how the price is made.
    """
    ticket, estimate, target = begin_step(estimate, actor, EstimateAction.REVISE)
    was_sent = estimate.status == EstimateStatus.SENT
    put_on_the_table(estimate, target, actor, now, content)
    if was_sent:
        end_decision(ticket, actor, now, cause="superseded")
    record(estimate, "edited", actor=actor, now=now)
    return estimate


def put_on_the_table(
    estimate: Estimate, target: str, actor: Membership, now: datetime, content: dict[str, Any]
) -> None:
    """Write the content into the draft, or into a new revision where the last one is frozen."""
    last = estimate.revision
    offer = offer_of(estimate.ticket, now, before=last, accepted=estimate.accepted, **content)
    if last.submitted_at is None:
        columns = offer.columns() | {
            "sha256": sha256_of(estimate, last.number, offer),
            "edited_by": actor,
            "edited_at": now,
        }
        for name, value in columns.items():
            setattr(last, name, value)
        last.save(update_fields=list(columns))
        revision = last
    else:
        revision = write_revision(estimate, last.number + 1, offer, actor, now)
    move(estimate, target, now, revision=revision, amount=revision.amount, expires_at=None)


def write_revision(
    estimate: Estimate, number: int, offer: Offer, actor: Membership, now: datetime
) -> EstimateRevision:
    return EstimateRevision.objects.create(
        tenant_id=estimate.tenant_id,
        estimate=estimate,
        number=number,
        sha256=sha256_of(estimate, number, offer),
        author=actor,
        authored_at=now,
        edited_by=actor,
        edited_at=now,
        **offer.columns(),
    )


def sha256_of(estimate: Estimate, number: int, offer: Offer) -> str:
    """Return the hash of a revision: what is offered, for which ticket, in which revision."""
    return offer.sha256(ticket=estimate.ticket.key, estimate=estimate.public_id, revision=number)


@command
def submit_estimate(*, estimate: Estimate, actor: Membership, now: datetime) -> Estimate:
    """Ask for approval; from now on the revision is frozen."""
    _ticket, estimate, target = begin_step(estimate, actor, EstimateAction.SUBMIT)
    if estimate.revision.submitted_at is not None:
        raise Refused(_("This revision was refused. Change it before you submit it again."))
    revision = estimate.revision
    revision.submitted_by, revision.submitted_at = actor, now
    revision.save(update_fields=["submitted_by", "submitted_at"])
    move(estimate, target, now)
    record(estimate, "submitted", actor=actor, now=now)
    return estimate


@command
def withdraw_estimate(
    *, estimate: Estimate, actor: Membership, reason: str, now: datetime
) -> Estimate:
    """
    Take back what is on the table. What was accepted before stands; else its held minutes are given.

    :raises Invalid: if there is no reason.
    """
    reason = said_why(reason)
    ticket, estimate, target = begin_step(estimate, actor, EstimateAction.WITHDRAW)
    end_decision(ticket, actor, now, cause="withdrawn", reason=reason)
    take_off_the_table(estimate, target, now)
    record(estimate, "withdrawn", actor=actor, now=now, reason=reason)
    return estimate


def take_off_the_table(estimate: Estimate, target: str, now: datetime) -> None:
    """End what is on the table without an acceptance; the held minutes that waited are goodwill."""
    move(estimate, target, now, expires_at=None)
    if estimate.accepted_id is None:
        let_go_of_held(estimate, now=now)


def end_decision(
    ticket: Ticket, actor: Membership | None, now: datetime, *, cause: str, reason: str = ""
) -> None:
    """Void the client's clock: nobody waits for that answer any more."""
    clocks = Clocks.of(ticket, actor)
    clocks.void(ObligationKind.CLIENT_DECISION, now, cause=cause, reason=reason)
    if clocks.save():
        ticket.save(update_fields=["next_due_at"])
