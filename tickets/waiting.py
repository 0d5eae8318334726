"""
What waits for a person, by desk: the one home of each rule, for pages and API.

A rule names the tickets that wait at some desks of one person. All of them are asked by one
statement that returns ids, the first of each rule by deadline; a second loads the tickets.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants import roles
from tenants.models import Membership
from tenants.roles import Role
from tickets.models import (
    Comment,
    Dispute,
    Estimate,
    EstimateApproval,
    Handoff,
    Obligation,
    Ticket,
)
from tickets.models.choices import (
    EstimateStatus,
    HandoffState,
    Lane,
    ObligationKind,
    Outcome,
    PauseCause,
    Status,
)
from tickets.models.ticket import OPEN_STATUSES
from tickets.services.overage import waiting

SOON = timedelta(hours=2)
EACH = 20
AGENTS = roles.VENDOR - {Role.ACCOUNT_MANAGER}
MANAGERS = frozenset({Role.ACCOUNT_MANAGER})
OWNERS = frozenset({Role.SERVICE_OWNER})

Condition = Callable[[Sequence[Membership], datetime], Q]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of waiting: at which desks, said how, and of which tickets it is true."""

    code: str
    label: str | Promise
    icon: str
    desks: frozenset[str]
    condition: Condition


@dataclass(frozen=True, slots=True)
class Heap:
    """What waits by one rule: the ids of the first tickets, and whether there are more."""

    rule: Rule
    ids: list[int]
    more: bool

    @property
    def count(self) -> int:
        return len(self.ids)


def users(members: Sequence[Membership]) -> list[int]:
    return [m.user_id for m in members]


def has(rows: QuerySet) -> Q:
    """Return whether a row of `rows`, which have a ticket, belongs to the ticket."""
    return Q(Exists(rows.filter(ticket=OuterRef("pk"))))


def no_clause(members: Sequence[Membership], now: datetime) -> Q:
    undecided = Q(stage__decision__outcome=Outcome.UNDECIDED, stage__decision__pending=False)
    return undecided & ~Q(status=Status.CANCELLED)


def disputes_to_rule(members: Sequence[Membership], now: datetime) -> Q:
    return has(Dispute.objects.waiting().exclude(opened_by__user__in=users(members)))


def rulings_to_agree(members: Sequence[Membership], now: datetime) -> Q:
    ruled = Dispute.objects.open().exclude(ruled_at=None)
    return has(ruled.exclude(ruled_by__user__in=users(members)))


def estimates_to_approve(members: Sequence[Membership], now: datetime) -> Q:
    """Nobody decides on what they wrote or submitted, nor approves one revision twice."""
    mine = users(members)
    approved = EstimateApproval.objects.filter(revision=OuterRef("revision"), by__user__in=mine)
    rows = Estimate.objects.filter(~Exists(approved), status=EstimateStatus.SUBMITTED)
    wrote = Q(revision__author__user__in=mine) | Q(revision__edited_by__user__in=mine)
    return has(rows.exclude(wrote | Q(revision__submitted_by__user__in=mine)))


def estimates_in(status: str) -> Condition:
    return lambda members, now: has(Estimate.objects.filter(status=status))


def handoffs_offered(members: Sequence[Membership], now: datetime) -> Q:
    offered = Handoff.objects.filter(state=HandoffState.OFFERED)
    return has(offered.exclude(offered_by__user__in=users(members)))


def beyond_pools(members: Sequence[Membership], now: datetime) -> Q:
    return has(waiting())


def of_mine(members: Sequence[Membership]) -> Q:
    return Q(stage__owner__in=[m.pk for m in members])


def client_spoke_last() -> Q:
    """Return whether a client wrote in public and no vendor person has since."""
    said = Comment.objects.filter(lane=Lane.PUBLIC)
    later = said.filter(ticket=OuterRef("ticket"), pk__gt=OuterRef("pk"))
    answered = later.filter(author__role__in=[role.value for role in roles.VENDOR])
    by_client = said.filter(author__role__in=[role.value for role in roles.CLIENT])
    return has(by_client.filter(~Exists(answered)))


def answers_arrived(members: Sequence[Membership], now: datetime) -> Q:
    return Q(status=Status.ON_HOLD) & of_mine(members) & client_spoke_last()


def replies_owed(members: Sequence[Membership], now: datetime) -> Q:
    """The client spoke last, or nobody of the vendor has spoken yet and the clock for it runs."""
    unheard = has(Obligation.objects.running().filter(kind=ObligationKind.ACKNOWLEDGE))
    at_work = Q(status__in=[Status.NEW, Status.IN_PROGRESS])
    return at_work & of_mine(members) & (client_spoke_last() | unheard)


def about_to_miss(members: Sequence[Membership], now: datetime) -> Q:
    """A deadline within two hours or over; a bridge SE answers for all tickets of the client."""
    all_of = {m.tenant_id for m in members if m.role == Role.BRIDGE_SE}
    due = Q(status__in=OPEN_STATUSES, next_due_at__lte=now + SOON)
    return due & (of_mine(members) | Q(tenant_id__in=all_of))


def we_wait_for_you(members: Sequence[Membership], now: datetime) -> Q:
    """On hold for something of the client's: the requester's own, a service owner's all."""
    all_of = {m.tenant_id for m in members if m.role == Role.SERVICE_OWNER}
    mine = Q(requester__in=[m.pk for m in members]) | Q(tenant_id__in=all_of)
    window = Obligation.objects.running().filter(
        ledger__event="pause", ledger__cause=PauseCause.AGREED_WINDOW
    )
    return Q(status=Status.ON_HOLD) & mine & ~has(window)


RULES = (
    Rule("about_to_miss", _("Clocks about to miss"), "alarm-clock", AGENTS, about_to_miss),
    Rule(
        "handoffs",
        _("Handoffs to answer"),
        "handshake",
        frozenset({Role.MAINTENANCE_ENGINEER, Role.BRIDGE_SE}),
        handoffs_offered,
    ),
    Rule("replies", _("Replies owed to the client"), "message-square", AGENTS, replies_owed),
    Rule("answers", _("The client has answered"), "message-square-reply", AGENTS, answers_arrived),
    Rule("no_clause", _("No clause decides"), "scale", MANAGERS, no_clause),
    Rule("disputes", _("Disputes to rule on"), "scale", MANAGERS, disputes_to_rule),
    Rule("approve", _("Estimates to approve"), "stamp", MANAGERS, estimates_to_approve),
    Rule(
        "send",
        _("Approved estimates to send"),
        "send",
        frozenset({Role.BRIDGE_SE, Role.ACCOUNT_MANAGER}),
        estimates_in(EstimateStatus.APPROVED),
    ),
    Rule("accept", _("Estimates to answer"), "coins", OWNERS, estimates_in(EstimateStatus.SENT)),
    Rule(
        "deliveries",
        _("Deliveries to accept"),
        "package-check",
        OWNERS,
        estimates_in(EstimateStatus.DELIVERED),
    ),
    Rule("rulings", _("Rulings to agree to"), "scale", OWNERS, rulings_to_agree),
    Rule("overage", _("Hours beyond a pool wait"), "hourglass", OWNERS | MANAGERS, beyond_pools),
    Rule("you", _("We wait for you"), "hourglass", roles.CLIENT, we_wait_for_you),
)


def rows_of(rule: Rule, members: Sequence[Membership], now: datetime) -> QuerySet[Ticket]:
    """Return the tickets that wait at those of `members` whose desk the rule is about."""
    desks = [m for m in members if m.role in rule.desks]
    return Ticket.objects.visible_to(list(members)).at(desks).filter(rule.condition(desks, now))


def heaps(members: Sequence[Membership], now: datetime, each: int = EACH) -> list[Heap]:
    """Return what waits, by rule in their order, in one statement; empty heaps are left out."""
    mine = [rule for rule in RULES if any(m.role in rule.desks for m in members)]
    if not mine:
        return []
    parts = [
        rows_of(rule, members, now)
        .order_by(F("next_due_at").asc(nulls_last=True), "pk")
        .annotate(rule=Value(rule.code, output_field=CharField()))
        .values_list("rule", "pk")[: each + 1]
        for rule in mine
    ]
    found: dict[str, list[int]] = {}
    for code, pk in parts[0].union(*parts[1:], all=True) if parts[1:] else parts[0]:
        found.setdefault(code, []).append(pk)
    return [
        Heap(rule, found[rule.code][:each], len(found[rule.code]) > each)
        for rule in mine
        if rule.code in found
    ]


def with_tickets(found: list[Heap]) -> list[dict[str, object]]:
    """Return each heap with its tickets, ready for a list; one statement for all of them."""
    wanted = {pk for heap in found for pk in heap.ids}
    rows = Ticket.objects.for_worklist().select_related("stage__decision").in_bulk(wanted)
    return [
        {"heap": heap, "tickets": [rows[pk] for pk in heap.ids if pk in rows]} for heap in found
    ]
