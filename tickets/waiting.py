"""
What waits for a person, by desk: the one home of each rule, for pages and API.

A rule names the tickets that wait at some desks of one person. All of them are asked by one
statement that returns ids, the first of each rule by deadline; a second loads the tickets. The
statement is the same for all who have such desks, so its SQL is kept.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    CharField,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants import roles
from tenants.models import Membership
from tenants.prepared import LISTS, Slot
from tenants.roles import Role
from tenants.scoping import active_tenants
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
from tickets.models.ticket import OPEN_STATUSES, TicketQuerySet, own_only
from tickets.services.overage import waiting

SOON = timedelta(hours=2)
EACH = 20
AGENTS = roles.VENDOR - {Role.ACCOUNT_MANAGER}
MANAGERS = frozenset({Role.ACCOUNT_MANAGER})
OWNERS = frozenset({Role.SERVICE_OWNER})
FOR_ALL = frozenset({Role.BRIDGE_SE, Role.SERVICE_OWNER})
BY_SOON = Slot("soon", DateTimeField())


@dataclass(frozen=True, slots=True)
class Who:
    """The desks that a rule is about: what decides on its SQL, and what the SQL is told, as slots."""

    code: str
    whole: bool  # they stand at every client in scope
    for_all: bool  # and answer for every ticket of theirs

    @classmethod
    def of(cls, code: str, desks: Sequence[Membership]) -> Self:
        clients, all_of = clients_of(desks), clients_of(m for m in desks if m.role in FOR_ALL)
        return cls(code, whole=clients == active_tenants(), for_all=clients == all_of)

    def slot(self, name: str) -> Slot:
        return Slot(f"{self.code}.{name}", ArrayField(BigIntegerField()))

    def told(self, desks: Sequence[Membership]) -> dict[str, list[int]]:
        """Return what the slots hold for these desks; `all_of`: where they answer for every ticket."""
        ids = {
            "desks": {m.pk for m in desks},
            "users": {m.user_id for m in desks},
            "clients": clients_of(desks),
            "all_of": clients_of(m for m in desks if m.role in FOR_ALL),
        }
        return {f"{self.code}.{name}": sorted(values) for name, values in ids.items()}


Condition = Callable[[Who], Q]


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


def has(rows: QuerySet) -> Q:
    """Return whether a row of `rows`, which have a ticket, belongs to the ticket."""
    return Q(Exists(rows.filter(ticket=OuterRef("pk"))))


def no_clause(who: Who) -> Q:
    undecided = Q(stage__decision__outcome=Outcome.UNDECIDED, stage__decision__pending=False)
    return undecided & ~Q(status=Status.CANCELLED)


def disputes_to_rule(who: Who) -> Q:
    return has(Dispute.objects.waiting().exclude(opened_by__user__among=who.slot("users")))


def rulings_to_agree(who: Who) -> Q:
    ruled = Dispute.objects.open().exclude(ruled_at=None)
    return has(ruled.exclude(ruled_by__user__among=who.slot("users")))


def estimates_to_approve(who: Who) -> Q:
    """Nobody decides on what they wrote or submitted, nor approves one revision twice."""
    mine = who.slot("users")
    approved = EstimateApproval.objects.filter(revision=OuterRef("revision"), by__user__among=mine)
    rows = Estimate.objects.filter(~Exists(approved), status=EstimateStatus.SUBMITTED)
    wrote = Q(revision__author__user__among=mine) | Q(revision__edited_by__user__among=mine)
    return has(rows.exclude(wrote | Q(revision__submitted_by__user__among=mine)))


def estimates_in(status: str) -> Condition:
    return lambda who: has(Estimate.objects.filter(status=status))


def handoffs_offered(who: Who) -> Q:
    offered = Handoff.objects.filter(state=HandoffState.OFFERED)
    return has(offered.exclude(offered_by__user__among=who.slot("users")))


def beyond_pools(who: Who) -> Q:
    return has(waiting())


def of_mine(who: Who) -> Q:
    return Q(stage__owner__among=who.slot("desks"))


def for_whom(who: Who, mine: Q) -> Q:
    """Keep a desk's own; all of a client where it answers for all of them."""
    return Q() if who.for_all else mine | Q(tenant__among=who.slot("all_of"))


def client_spoke_last() -> Q:
    """Return whether a client wrote in public and no vendor person has since."""
    said = Comment.objects.filter(lane=Lane.PUBLIC)
    later = said.filter(ticket=OuterRef("ticket"), pk__gt=OuterRef("pk"))
    answered = later.filter(author__role__in=[role.value for role in roles.VENDOR])
    by_client = said.filter(author__role__in=[role.value for role in roles.CLIENT])
    return has(by_client.filter(~Exists(answered)))


def answers_arrived(who: Who) -> Q:
    return Q(status=Status.ON_HOLD) & of_mine(who) & client_spoke_last()


def replies_owed(who: Who) -> Q:
    """The client spoke last, or nobody of the vendor has spoken yet and the clock for it runs."""
    unheard = has(Obligation.objects.running().filter(kind=ObligationKind.ACKNOWLEDGE))
    at_work = Q(status__in=[Status.NEW, Status.IN_PROGRESS])
    return at_work & of_mine(who) & (client_spoke_last() | unheard)


def about_to_miss(who: Who) -> Q:
    """A deadline within two hours or over; a bridge SE answers for all tickets of the client."""
    due = Q(status__in=OPEN_STATUSES, next_due_at__lte=BY_SOON)
    return due & for_whom(who, of_mine(who))


def we_wait_for_you(who: Who) -> Q:
    """On hold for something of the client's: the requester's own, a service owner's all."""
    mine = for_whom(who, Q(requester__among=who.slot("desks")))
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


def heaps(members: Sequence[Membership], now: datetime, each: int = EACH) -> list[Heap]:
    """Return what waits, by rule in their order, in one statement; empty heaps are left out."""
    asked, told = [], {BY_SOON.name: now + SOON}
    for rule in RULES:
        if desks := desks_of(rule, members):
            who = Who.of(rule.code, desks)
            asked.append((rule, who))
            told |= who.told(desks)
    if not asked:
        return []

    def parts() -> QuerySet:
        visible = Ticket.objects.visible_to(members)
        first, *more = (waiting_by(rule, who, visible, each) for rule, who in asked)
        return first.union(*more, all=True) if more else first

    words = None if own_only(members) else ("heaps", each, *(who for _rule, who in asked))
    found: dict[str, list[int]] = {}
    for code, pk in LISTS.all(words, parts, **told):
        found.setdefault(code, []).append(pk)
    return [
        Heap(rule, found[rule.code][:each], len(found[rule.code]) > each)
        for rule, _who in asked
        if rule.code in found
    ]


def desks_of(rule: Rule, members: Sequence[Membership]) -> list[Membership]:
    return [m for m in members if m.role in rule.desks]


def clients_of(desks: Iterable[Membership]) -> set[int]:
    return {m.tenant_id for m in desks}


def waiting_by(rule: Rule, who: Who, visible: TicketQuerySet, each: int) -> QuerySet:
    """Return code and id of what waits by a rule, by deadline."""
    rows = visible if who.whole else visible.filter(tenant__among=who.slot("clients"))
    rows = rows.filter(rule.condition(who)).order_by(F("next_due_at").asc(nulls_last=True), "pk")
    code = Value(rule.code, output_field=CharField())
    return rows.annotate(rule=code).values_list("rule", "pk")[: each + 1]


def with_tickets(found: list[Heap]) -> list[dict[str, object]]:
    """Return each heap with its tickets, ready for a list; one statement for all of them."""
    wanted = {pk for heap in found for pk in heap.ids}
    rows = Ticket.objects.for_worklist().select_related("stage__decision").in_bulk(wanted)
    return [
        {"heap": heap, "tickets": [rows[pk] for pk in heap.ids if pk in rows]} for heap in found
    ]
