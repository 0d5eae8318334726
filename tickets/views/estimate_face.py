"""An estimate as one reader may see it: which revision, which money, which steps."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contracts.domain.money import percent
from contracts.domain.terms import Terms
from contracts.views.shown import sees_cost
from tenants.models import AuditEvent, Membership
from tenants.roles import Role
from tickets.domain.estimate import (
    SHOWN_TO_CLIENT,
    UNLIMITED,
    EstimateAction,
    steps_for,
)
from tickets.models import Estimate, EstimateRevision, Ticket
from tickets.models.choices import EstimateStatus, Pricing
from tickets.services.estimate_burn import Burn, burn_of
from tickets.services.estimate_people import (
    approved_by,
    approver,
    barred_from,
    client_limit,
    cumulative_of,
    who_is_next,
)
from tickets.services.estimate_steps import terms_of
from tickets.services.offers import terms_on

CLIENTS_VERBS = (
    *("sent", "accepted", "declined", "expired", "delivered"),
    *("delivery_accepted", "delivery_refused", "cancelled", "order_attached"),
)
HISTORY = {
    "drafted": _("Drafted"),
    "edited": _("Changed"),
    "submitted": _("Submitted for approval"),
    "approved": _("Approved"),
    "refused": _("Given back to its writers"),
    "sent": _("Sent to the client"),
    "accepted": pgettext_lazy("estimate", "Accepted"),
    "declined": _("Declined"),
    "withdrawn": _("Withdrawn"),
    "expired": _("Expired without an answer"),
    "delivered": _("Delivered"),
    "delivery_accepted": _("Delivery accepted"),
    "delivery_refused": _("Delivery not accepted"),
    "cancelled": pgettext_lazy("estimate", "Cancelled"),
    "order_attached": _("Purchase order attached"),
    "change_proposed": _("Most of it is used: a change order is proposed"),
}
PROGRESS = 100


@dataclass(slots=True)
class Face:
    """What a page shows of an estimate. `status` is the reader's: a client sees no drafts."""

    estimate: Estimate
    revision: EstimateRevision
    status: str
    for_vendor: bool
    actors: dict[str, Membership]
    tax: int | None = None
    burn: Burn | None = None
    held: int = 0
    tone: str = ""
    next_names: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def amount(self) -> int:
        return self.revision.amount

    @property
    def with_tax(self) -> int | None:
        return None if self.tax is None else self.amount + self.tax

    @property
    def share(self) -> int:
        return min(PROGRESS, self.burn.basis_points // PROGRESS) if self.burn else 0

    @property
    def url(self) -> str:
        return reverse("tickets:estimate", args=[self.estimate.public_id])

    @property
    def is_fixed(self) -> bool:
        return self.revision.pricing == Pricing.FIXED

    def may(self, action: str) -> bool:
        return action in self.actors


def shown_revision(estimate: Estimate, *, for_vendor: bool) -> tuple[EstimateRevision, str]:
    """Return the revision and status for a reader: a client never sees what was not sent."""
    if for_vendor or estimate.status in SHOWN_TO_CLIENT:
        return estimate.revision, estimate.status
    return estimate.accepted, EstimateStatus.ACCEPTED


def face_of(
    estimate: Estimate, ticket: Ticket, desks: list[Membership], now: datetime, terms: Terms
) -> Face:
    """Return what the ticket's page shows, in few queries; whoever reads it may see money."""
    estimate.ticket = ticket
    for_vendor = any(m.is_vendor for m in desks)
    revision, status = shown_revision(estimate, for_vendor=for_vendor)
    tax = terms.cost.tax
    face = Face(
        estimate=estimate,
        revision=revision,
        status=status,
        for_vendor=for_vendor,
        actors=actors_of(estimate, desks),
        tax=percent(revision.amount, tax.rate, tax.round) if tax else None,
    )
    if estimate.accepted is not None:
        burn = burn_of(estimate)
        if for_vendor or estimate.accepted.pricing != Pricing.FIXED:
            face.burn = burn
            near = burn.basis_points >= terms.cost.estimates.warn_at
            face.tone = "late" if burn.is_over else "soon" if near else ""
        face.held = burn.held
    if status == EstimateStatus.SUBMITTED:
        found = who_is_next(
            estimate, terms.cost.estimates, cumulative_of(estimate, revision.amount)
        )
        face.next_names = list(dict.fromkeys(each.name for each in found))
    return face


def actors_of(estimate: Estimate, desks: list[Membership]) -> dict[str, Membership]:
    """Return the steps on offer with the desk that takes each."""
    found: dict[str, Membership] = {}
    for desk in desks:
        for step in steps_for(estimate.status, desk.role):
            found.setdefault(step.action.value, desk)
    return found


def estimate_on(ticket: Ticket, desks: list[Membership], now: datetime) -> Face | None:
    """Return the last estimate of a ticket for this reader; None where there is none to see."""
    if not sees_cost(desks):
        return None
    rows = Estimate.objects.filter(ticket=ticket).select_related("revision", "accepted")
    if not any(m.is_vendor for m in desks):
        rows = rows.shown_to_client()
    estimate = rows.order_by("-number").first()
    return face_of(estimate, ticket, desks, now, terms_on(ticket, now)) if estimate else None


def in_full(face: Face, desks: list[Membership], now: datetime) -> Face:
    """Add what only the estimate's own page shows: history, approvals, limits, whose turn it is."""
    estimate, ticket = face.estimate, face.estimate.ticket
    terms = terms_of(ticket, now)
    rows = estimate.acceptances.select_related("by__user", "revision").prefetch_related("files")
    acceptances = list(rows.order_by("-pk"))
    face.more = {
        "history": history(estimate, for_vendor=face.for_vendor),
        "acceptances": acceptances,
        "order": next((row for row in acceptances if row.purchase_order), None),
        "attaches": any(desk.role == Role.ACCOUNT_MANAGER for desk in desks),
        "cumulative": cumulative_of(estimate, face.amount),
        "limit": limit_shown(face, desks, terms),
    }
    if face.for_vendor:
        face.more["approvals"] = list(
            estimate.approvals.select_related("by__user", "revision").order_by("-pk")
        )
        face.more["revisions"] = [
            {"row": row, "status": row.status_in(estimate)}
            for row in estimate.revisions.select_related("author__user").order_by("-number")
        ]
        keep_approvers(face, desks, terms)
    return face


def keep_approvers(face: Face, desks: list[Membership], terms: Any) -> None:
    """Offer approval only to a desk with a limit, and never of one's own or twice."""
    actions = (EstimateAction.APPROVE.value, EstimateAction.REFUSE.value)
    if not any(face.may(action) for action in actions):
        return
    mine = next((d for d in desks if d.is_vendor and approver(d, terms)), None)
    barred = barred_from(face.estimate.revision)
    done = {each.person for each in approved_by(face.estimate.revision)}
    for action in actions:
        face.actors.pop(action, None)
    if mine is None:
        return
    face.actors[EstimateAction.REFUSE.value] = mine
    if mine.user_id not in barred | done:
        face.actors[EstimateAction.APPROVE.value] = mine
    face.more["own"] = mine.user_id in barred
    face.more["approved_before"] = mine.user_id in done


def limit_shown(face: Face, desks: list[Membership], terms: Any) -> int | None:
    """Return the reader's own limit for the decision; None where none was agreed."""
    limit: int | None = None
    for desk in desks:
        if desk.is_vendor and (who := approver(desk, terms)):
            limit = max(limit or 0, who.limit)
        elif desk.role == "service_owner":
            limit = client_limit(desk, terms)
    return None if limit is None or limit >= UNLIMITED else limit


def history(estimate: Estimate, *, for_vendor: bool) -> list[dict[str, Any]]:
    """Return what happened, the newest first; a client reads what it was told."""
    rows = AuditEvent.objects.filter(
        subject_type="tickets.ticket",
        subject_id=estimate.ticket_id,
        verb__startswith="estimate.",
        data__estimate=estimate.public_id,
    ).select_related("actor__user")
    found = []
    for row in rows.order_by("-pk"):
        step = row.verb.removeprefix("estimate.")
        if step in HISTORY and (for_vendor or step in CLIENTS_VERBS):
            found.append(
                {
                    "at": row.at,
                    "who": row.actor,
                    "text": HISTORY[step],
                    "revision": row.data.get("revision"),
                    "amount": row.data.get("amount"),
                    "reason": next(
                        (
                            row.data[name]
                            for name in ("reason", "note", "name")
                            if row.data.get(name)
                        ),
                        "",
                    ),
                    "partial": step == "approved" and not row.data.get("complete"),
                }
            )
    return found
