"""The views of the cockpit: which open tickets, and what is asked of several at once."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.models import Membership
from tickets.models import Dispute, Estimate, Handoff
from tickets.models.choices import EstimateStatus, HandoffState, Outcome, Status
from tickets.waiting import SOON, has

Lens = Callable[[Sequence[Membership], datetime], Q]
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
    "mine": (_("Mine"), lambda members, now: Q(stage__owner__in=[m.pk for m in members])),
}
