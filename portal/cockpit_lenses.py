"""The views of the cockpit: which open tickets, and what is asked of several at once."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from tenants.models import Membership, Tenant
from tickets.models import Dispute, Estimate, Handoff, Ticket
from tickets.models.choices import EstimateStatus, HandoffState, Outcome, Status
from tickets.models.ticket import TicketQuerySet
from tickets.waiting import SOON, has, of_mine

Lens = Callable[[Sequence[Membership], datetime], Q]
NEXT_DEADLINE = (F("next_due_at").asc(nulls_last=True), "-received_at", "-pk")
PENDING = (EstimateStatus.SUBMITTED, EstimateStatus.APPROVED, EstimateStatus.SENT)


def to_decide(members: Sequence[Membership], now: datetime) -> Q:
    """No verdict yet, a dispute without its ruling, or an estimate that nobody has answered."""
    estimates = Estimate.objects.filter(status__in=PENDING)
    no_verdict = Q(stage__decision__outcome=Outcome.UNDECIDED)
    return no_verdict | has(Dispute.objects.waiting()) | has(estimates)


def handed_over(members: Sequence[Membership], now: datetime) -> Q:
    """An offer that waits, or was sent back and not offered again."""
    rows = Handoff.objects.filter(state__in=[HandoffState.OFFERED, HandoffState.DISPUTED])
    taken = Handoff.objects.filter(state__in=[HandoffState.ACCEPTED, HandoffState.DEFAULTED])
    return has(rows) & ~has(taken)


LENSES: dict[str, tuple[object, Lens]] = {
    "open": (_("All open"), lambda members, now: Q()),
    "late": (_("Late"), lambda members, now: Q(next_due_at__lte=now)),
    "soon": (
        _("Due within 2 hours"),
        lambda members, now: Q(next_due_at__gt=now, next_due_at__lte=now + SOON),
    ),
    "client": (_("Waiting for the client"), lambda members, now: Q(status=Status.ON_HOLD)),
    "decision": (_("Waiting for a decision"), to_decide),
    "handoff": (_("In handoff"), handed_over),
    "mine": (_("Mine"), lambda members, now: of_mine(members)),
}


def first_of_each(rows: TicketQuerySet, members: Sequence[Membership], most: int) -> list[int]:
    """
    Return the ids of each client's first `most` rows by deadline, in one statement.

    Each client is asked by itself, so the index by deadline serves it and it stops at `most`.
    """
    of_one = rows.filter(tenant_id=OuterRef("pk")).order_by(*NEXT_DEADLINE)
    clients = Tenant.objects.filter(pk__in={m.tenant_id for m in members}).order_by()
    found = clients.annotate(first=ArraySubquery(of_one.values("pk")[:most]))
    return [pk for first in found.values_list("first", flat=True) for pk in first]


def queue(rows: TicketQuerySet, members: Sequence[Membership], most: int) -> list[Ticket]:
    """Return the first `most` of all clients' rows by time to breach, ready for the table."""
    found = Ticket.objects.filter(pk__in=first_of_each(rows, members, most))
    return list(found.for_worklist().select_related("stage__decision")[:most])
