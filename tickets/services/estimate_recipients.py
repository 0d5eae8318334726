"""Who is told of an estimate. No sentence holds an amount: who may see it finds it in the portal."""

from tenants.models import Membership
from tenants.roles import Role
from tickets.domain.notices import Kind
from tickets.models import Estimate
from tickets.models.choices import EstimateStatus
from tickets.services.estimate_people import cumulative_of, who_is_next
from tickets.services.estimate_steps import terms_of
from tickets.services.recipients import SENTENCES, Names, Sentence, Told, tells

SENTENCES |= {
    "estimate.to_approve": Sentence(Kind.ESTIMATE, for_vendor=True),
    "estimate.approved": Sentence(Kind.ESTIMATE, for_vendor=True),
    "estimate.refused": Sentence(Kind.ESTIMATE, for_vendor=True),
    "estimate.to_accept": Sentence(Kind.ESTIMATE),
    "estimate.accepted": Sentence(Kind.ESTIMATE, for_vendor=True),
    "estimate.declined": Sentence(Kind.ESTIMATE, for_vendor=True),
    "estimate.expired": Sentence(Kind.ESTIMATE),
    "estimate.delivered": Sentence(Kind.ESTIMATE),
    "estimate.delivery_accepted": Sentence(Kind.ESTIMATE, for_vendor=True),
    "estimate.delivery_refused": Sentence(Kind.ESTIMATE, for_vendor=True),
    "estimate.change_proposed": Sentence(Kind.ESTIMATE, for_vendor=True),
    "estimate.withdrawn": Sentence(Kind.ESTIMATE),
    "estimate.cancelled": Sentence(Kind.ESTIMATE),
}


def estimate_of(told: Told) -> Estimate:
    rows = Estimate.objects.select_related("revision")
    estimate = rows.get(public_id=told.data["estimate"])
    estimate.ticket = told.ticket
    return estimate


def writers(told: Told, estimate: Estimate) -> list[Membership]:
    """Return who wrote and who submitted what is on the table."""
    revision = estimate.revision
    return told.named(revision.author_id, revision.submitted_by_id)


@tells("estimate.submitted", "estimate.approved")
def moved_on(told: Told) -> Names:
    """Tell who approves next; once nobody has to, who wrote it."""
    estimate = estimate_of(told)
    if estimate.status == EstimateStatus.SUBMITTED:
        terms = terms_of(told.ticket, told.event.at)
        following = who_is_next(estimate, terms, cumulative_of(estimate, estimate.amount))
        users = {each.person for each in following}
        yield "estimate.to_approve", [m for m in told.team.values() if m.user_id in users]
    elif told.event.verb == "estimate.approved":
        yield "estimate.approved", writers(told, estimate)


@tells("estimate.refused", "estimate.change_proposed")
def back_to_its_writers(told: Told) -> Names:
    yield told.event.verb, [*writers(told, estimate_of(told)), *told.owner]


@tells("estimate.sent")
def sent(told: Told) -> Names:
    yield "estimate.to_accept", told.desk(Role.SERVICE_OWNER)


@tells(
    *("estimate.accepted", "estimate.declined"),
    *("estimate.delivery_accepted", "estimate.delivery_refused"),
)
def answered(told: Told) -> Names:
    writing = writers(told, estimate_of(told))
    yield told.event.verb, [*writing, *told.owner, *told.on_duty(Role.ACCOUNT_MANAGER)]


@tells("estimate.delivered")
def delivered(told: Told) -> Names:
    yield "estimate.delivered", told.desk(Role.SERVICE_OWNER)


@tells("estimate.expired", "estimate.withdrawn", "estimate.cancelled")
def over(told: Told) -> Names:
    """Tell both sides; the client only of what they had been sent."""
    estimate = estimate_of(told)
    if estimate.sent_at is not None:
        yield told.event.verb, told.desk(Role.SERVICE_OWNER)
    yield told.event.verb, [*writers(told, estimate), *told.owner]
