"""Who may decide on an estimate: limits of the terms by role, a person's own limit before them."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Sum
from django.utils.translation import gettext as _

from contracts.domain.cost_terms import EstimateTerms
from contracts.formats import money
from tenants import roles
from tenants.errors import Invalid, NotPermitted
from tenants.models import Membership
from tenants.roles import Role
from tenants.services import audit
from tickets.domain.estimate import UNLIMITED, Approver, limit_of, next_approvers
from tickets.models import (
    AmountLimit,
    Emergency,
    Estimate,
    EstimateApproval,
    EstimateRevision,
    Ticket,
)
from tickets.services.guard import command


def cumulative_of(estimate: Estimate, amount: int) -> int:
    """
    Return the ticket's extra amount if this estimate came to `amount`, in minor units.

    It counts what was accepted of the ticket's other estimates, and a retro-estimate that was sent.
    """
    others = Estimate.objects.filter(ticket=estimate.ticket).exclude(pk=estimate.pk)
    accepted = others.aggregate(sum=Sum("accepted__amount"))["sum"] or 0
    retro = Emergency.objects.filter(ticket=estimate.ticket)
    return amount + accepted + (retro.aggregate(sum=Sum("estimate_amount"))["sum"] or 0)


def own_limits(members: Iterable[Membership]) -> dict[int, int]:
    """Return the limits that people carry themselves, by membership id."""
    rows = AmountLimit.objects.filter(member__in=[member.pk for member in members])
    return dict(rows.values_list("member_id", "amount"))


def approver(member: Membership, terms: EstimateTerms) -> Approver | None:
    """Return the person as an approver; None where neither terms nor a limit of their own says so."""
    return next(iter(approvers_among([member], terms)), None)


def approvers_among(members: Iterable[Membership], terms: EstimateTerms) -> list[Approver]:
    members = [member for member in members if member.is_vendor]
    own = own_limits(members)
    found = []
    for member in members:
        limit = limit_of(member.role, own.get(member.pk), terms.approval_limits)
        if limit is not None:
            found.append(Approver(member.user_id, member.role, limit, member.user.name))
    return found


def team_of(ticket: Ticket, *desks: str) -> list[Membership]:
    team = Membership.objects.active().filter(tenant_id=ticket.tenant_id, role__in=desks)
    return list(team.select_related("user").order_by("duty_order", "pk"))


def barred_from(revision: EstimateRevision) -> set[int]:
    """Return the users who wrote, changed or submitted a revision, at whatever desk they sit now."""
    desks = Membership.objects.filter(pk__in=revision.people)
    return set(desks.values_list("user_id", flat=True))


def check_not_own(revision: EstimateRevision, actor: Membership) -> None:
    """:raises NotPermitted: if the person wrote, changed or submitted it."""
    if actor.user_id in barred_from(revision):
        raise NotPermitted(_("Nobody decides on an estimate that they wrote or submitted."))


def approved_by(revision: EstimateRevision) -> list[Approver]:
    rows = EstimateApproval.objects.filter(revision=revision).select_related("by__user")
    return [
        Approver(
            row.by.user_id,
            row.by.role,
            UNLIMITED if row.limit is None else row.limit,
            row.by.user.name,
        )
        for row in rows
    ]


def who_is_next(estimate: Estimate, terms: EstimateTerms, cumulative: int) -> list[Approver]:
    """Return who can still approve the revision on the table, those first who need nobody else."""
    team = approvers_among(team_of(estimate.ticket, *roles.VENDOR), terms)
    revision = estimate.revision
    return next_approvers(team, approved_by(revision), barred_from(revision), cumulative)


def named(people: Iterable[Approver]) -> str:
    """Return the names of people for a message, each once."""
    names = dict.fromkeys(each.name for each in people)
    return ", ".join(names) or _("nobody on this client's team: add an account manager")


def client_limit(member: Membership, terms: EstimateTerms) -> int:
    """Return up to which amount a service owner accepts; UNLIMITED where the terms name none."""
    own = own_limits([member]).get(member.pk)
    return limit_of(member.role, own, terms.client_authority, last=Role.SERVICE_OWNER) or 0


def others_with_authority(
    ticket: Ticket, terms: EstimateTerms, amount: int, without: Membership
) -> list[str]:
    """Return the names of the other service owners whose authority covers an amount."""
    team = [m for m in team_of(ticket, Role.SERVICE_OWNER) if m.user_id != without.user_id]
    own = own_limits(team)
    limits = terms.client_authority
    covers = {
        m.user.name: limit_of(m.role, own.get(m.pk), limits, last=Role.SERVICE_OWNER) or 0
        for m in team
    }
    return [name for name, limit in covers.items() if amount <= limit]


def above_authority(
    ticket: Ticket, terms: EstimateTerms, amount: int, actor: Membership, limit: int, currency: str
) -> NotPermitted:
    """Return the refusal of an amount above a service owner's authority, with both ways out."""
    words = {
        "amount": money(amount, currency),
        "limit": money(limit, currency),
        "names": ", ".join(others_with_authority(ticket, terms, amount, actor)),
    }
    if words["names"]:
        return NotPermitted(
            _(
                "%(amount)s of extra work on this ticket is above your authority of %(limit)s."
                " %(names)s may accept it, or send us a purchase order: the account manager"
                " records its number."
            )
            % words
        )
    return NotPermitted(
        _(
            "%(amount)s of extra work on this ticket is above your authority of %(limit)s."
            " Send us a purchase order: the account manager records its number."
        )
        % words
    )


@command
def set_amount_limit(
    *, member: Membership, actor: Membership, amount: int, now: datetime
) -> AmountLimit:
    """
    Give a person a limit of their own, in minor units, in place of their role's.

    :raises NotPermitted: if `actor` is no account manager of the client, or it is their own.
    :raises Invalid: if the amount is negative, or their desk decides on no amounts.
    """
    if actor.role != Role.ACCOUNT_MANAGER or actor.tenant_id != member.tenant_id:
        raise NotPermitted(_("Only an account manager of this client sets limits."))
    if actor.user_id == member.user_id:
        raise NotPermitted(_("Nobody sets their own limit."))
    if type(amount) is not int or not 0 <= amount <= UNLIMITED:
        raise Invalid(_("An amount is not negative."), field="amount")
    if member.role == Role.REQUESTER:
        raise Invalid(_("A requester accepts no estimates."), field="member")
    row, _made = AmountLimit.objects.update_or_create(
        tenant_id=member.tenant_id,
        member=member,
        defaults={"amount": amount, "set_by": actor, "set_at": now},
    )
    audit.record(actor=actor, verb="member.limit_set", subject=member, at=now, amount=amount)
    return row
