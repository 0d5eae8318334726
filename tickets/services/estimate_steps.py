"""What every command of an estimate does: ticket and estimate locked, the step asked, one event."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from contracts.domain.cost_terms import EstimateTerms
from contracts.formats import money
from tenants.errors import NotPermitted, Refused
from tenants.models import Membership
from tenants.services import audit
from tickets.domain import estimate as rule
from tickets.domain.estimate import ENDED, EstimateAction
from tickets.domain.lifecycle import TransitionNotAllowed
from tickets.models import Estimate, Ticket
from tickets.models.choices import EstimateStatus
from tickets.services.guard import locked
from tickets.services.offers import terms_on


def begin_step(
    estimate: Estimate, actor: Membership | None, action: EstimateAction
) -> tuple[Ticket, Estimate, EstimateStatus]:
    """
    Lock the ticket and its estimate; return both as they are, and where the step leads.

    :raises NotPermitted: if `actor` has no desk at the ticket's client.
    :raises Refused: if the estimate has moved on; the message says to what.
    :raises RoleNotAllowed: if the step is not one of the actor's desk.
    """
    ticket = locked(estimate.ticket_id)
    if actor is not None and actor.tenant_id != ticket.tenant_id:
        raise NotPermitted(_("You have no desk at this client."))
    rows = Estimate.objects.select_for_update(of=["self"])
    estimate = rows.select_related("revision", "accepted").get(pk=estimate.pk)
    estimate.ticket = ticket
    try:
        target = rule.after(
            estimate.status,
            action,
            role=actor and actor.role,
            has_authority=estimate.accepted_id is not None,
        )
    except TransitionNotAllowed as error:
        state = EstimateStatus(estimate.status).label
        raise Refused(
            _("This estimate has moved on: it is now “%(state)s”.") % {"state": state}
        ) from error
    return ticket, estimate, EstimateStatus(target)


def move(estimate: Estimate, target: str, now: datetime, **columns: Any) -> None:
    """
    Write the step in one UPDATE that holds only for the row that was read.

    :raises Refused: if the row is another one meanwhile.
    """
    columns |= {"status": target, "version": estimate.version + 1}
    columns.setdefault("ended_at", now if target in ENDED else None)
    same = Estimate.objects.filter(pk=estimate.pk, status=estimate.status, version=estimate.version)
    if not same.update(**columns):
        raise Refused(_("Somebody else changed this estimate in the same moment. Reload the page."))
    for name, value in columns.items():
        setattr(estimate, name, value)


def check_seen(estimate: Estimate, revision: int | None, amount: int | None) -> None:
    """
    Check that what a person decides on is what is on the table.

    :raises Refused: if it is another revision or amount; the message names both.
    """
    on_table = estimate.revision
    if revision in (None, on_table.number) and amount in (None, on_table.amount):
        return
    raise Refused(
        _(
            "The estimate changed: revision %(number)d over %(amount)s is on the table, and"
            " you saw another one. Look at it before you decide."
        )
        % {
            "number": on_table.number,
            "amount": money(on_table.amount, on_table.currency),
        }
    )


def record(
    estimate: Estimate, step: str, *, actor: Membership | None, now: datetime, **more: Any
) -> None:
    """Write the audit event `estimate.<step>` on the ticket."""
    audit.record(
        actor=actor,
        verb=f"estimate.{step}",
        subject=estimate.ticket,
        at=now,
        estimate=estimate.public_id,
        revision=estimate.revision.number,
        amount=estimate.revision.amount,
        **more,
    )


def terms_of(ticket: Ticket, now: datetime) -> EstimateTerms:
    """Return what the contract says of estimates on the day of `now`."""
    return terms_on(ticket, now).cost.estimates
