"""
Who is told of what: one rule a verb of the audit trail, which names people and a sentence each.

A sentence (`Sentence`) says of which kind it is, so a person's choice holds for it, and whether it
is the vendor's own. What must not reach a client is dropped here, whatever a rule says.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from contracts.domain.early_warning import NEARLY
from tenants.models import AuditEvent, Membership
from tenants.roles import Role
from tenants.services import audit
from tickets.domain.notices import Kind
from tickets.models import Comment, Dispute, Handoff, Obligation, Ticket, Watcher
from tickets.models.choices import Lane, ObligationKind, Outcome, PauseCause
from tickets.services.guard import in_story


@dataclass(frozen=True, slots=True)
class Sentence:
    """One kind of news; `for_vendor` keeps it from every client, `by_mail` lets it be mailed."""

    kind: Kind
    for_vendor: bool = False
    by_mail: bool = True


SENTENCES: dict[str, Sentence] = {
    "ticket.yours": Sentence(Kind.ASSIGNMENT, for_vendor=True),
    "ticket.assigned": Sentence(Kind.ASSIGNMENT),
    "ticket.opened_for_you": Sentence(Kind.PROGRESS),
    "ticket.paused": Sentence(Kind.COMMENT),
    "ticket.restored": Sentence(Kind.PROGRESS),
    "ticket.resolved": Sentence(Kind.PROGRESS),
    "ticket.closed": Sentence(Kind.PROGRESS),
    "ticket.cancelled": Sentence(Kind.PROGRESS),
    "ticket.reopened": Sentence(Kind.PROGRESS),
    "ticket.reminded": Sentence(Kind.COMMENT),
    "ticket.auto_closed": Sentence(Kind.PROGRESS),
    "ticket.merged": Sentence(Kind.PROGRESS),
    "ticket.recovered": Sentence(Kind.PROGRESS),
    "page.in_vain": Sentence(Kind.DEADLINE, for_vendor=True),
    "alert.recovered": Sentence(Kind.PROGRESS, for_vendor=True),
    "comment.public": Sentence(Kind.COMMENT),
    "comment.internal": Sentence(Kind.COMMENT, for_vendor=True),
    "comment.mentioned": Sentence(Kind.MENTION),
    "handoff.offered": Sentence(Kind.HANDOFF, for_vendor=True),
    "handoff.accepted": Sentence(Kind.HANDOFF, for_vendor=True),
    "handoff.disputed": Sentence(Kind.HANDOFF, for_vendor=True),
    "handoff.defaulted": Sentence(Kind.HANDOFF, for_vendor=True),
    "handoff.yours": Sentence(Kind.HANDOFF, for_vendor=True),
    "clock.half": Sentence(Kind.HALFTIME, for_vendor=True),
    "clock.nearly": Sentence(Kind.DEADLINE, for_vendor=True),
    "clock.missed": Sentence(Kind.MISSED, for_vendor=True),
    "verdict.to_rule": Sentence(Kind.VERDICT, for_vendor=True),
    "verdict.changed": Sentence(Kind.VERDICT),
    "dispute.opened": Sentence(Kind.VERDICT, for_vendor=True),
    "dispute.ruled": Sentence(Kind.VERDICT),
    "dispute.agreed": Sentence(Kind.VERDICT, for_vendor=True),
    "emergency.declared": Sentence(Kind.VERDICT),
    "emergency.estimate_sent": Sentence(Kind.ESTIMATE),
    "contract.reminded": Sentence(Kind.CONTRACT, for_vendor=True),
    "contract.renewed": Sentence(Kind.CONTRACT),
    "contract.ended": Sentence(Kind.CONTRACT),
}


class Team:
    """A client's people around a ticket, loaded once they are asked for."""

    def __init__(self, tenant_id: int, ticket: Ticket | None) -> None:
        self.tenant_id, self.ticket = tenant_id, ticket

    @cached_property
    def team(self) -> dict[int, Membership]:
        """Return the client's active people, by id; those on duty first."""
        rows = Membership.objects.active().filter(tenant_id=self.tenant_id, user__is_active=True)
        rows = rows.select_related("user", "tenant").order_by("duty_order", "pk")
        return {m.pk: m for m in rows}

    def desk(self, *roles: str) -> list[Membership]:
        return [m for m in self.team.values() if m.role in roles]

    def on_duty(self, role: str) -> list[Membership]:
        return self.desk(role)[:1]

    def named(self, *pks: int | None) -> list[Membership]:
        """Return the people with these ids who are still on the team."""
        return [self.team[pk] for pk in pks if pk in self.team]

    @property
    def owner(self) -> list[Membership]:
        """Return who is accountable for the ticket now."""
        return self.named(self.ticket.stage.owner_id)

    @property
    def askers(self) -> list[Membership]:
        """Return who asked for the ticket and who watches it."""
        return self.named(self.ticket.requester_id, *watchers(self.ticket))


class Told(Team):
    """An event with the people whom it may concern."""

    def __init__(self, event: AuditEvent, ticket: Ticket | None) -> None:
        super().__init__(event.tenant_id, ticket)
        self.event, self.data = event, event.data


Names = Iterable[tuple[str, list[Membership]]]
Rule = Callable[[Told], Names]

TELL = "notices.tell"
RULES: dict[str, Rule] = {}


def tells(*verbs: str) -> Callable[[Rule], Rule]:
    """
    Register who is told when an event with one of these verbs is recorded; upper apps may.

    A job asks the rule once the change is committed: the command pays nothing for it, however many
    are told. A story is the past of an imported log, of which nobody is told.
    """

    def register(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(verbs, rule))
        audit.followed_by(TELL, verbs, unless=in_story)
        return rule

    return register


def watchers(ticket: Ticket) -> list[int]:
    return list(Watcher.objects.filter(ticket=ticket).values_list("member_id", flat=True))


def recipients(told: Told) -> Iterator[tuple[str, Membership]]:
    """
    Yield each person to be told once, with their sentence: the first that the rule names them for.

    Nobody is told of what they did themselves. A client is told nothing of the vendor's lanes, and
    a requester nothing of a ticket that they do not see.
    """
    actor = told.event.actor.user_id if told.event.actor_id else None
    yield from each_once(RULES[told.event.verb](told), told.ticket, without=actor)


def each_once(
    names: Names, ticket: Ticket | None, *, without: int | None = None
) -> Iterator[tuple[str, Membership]]:
    reached = {without}
    for code, members in names:
        for member in members:
            if member.user_id not in reached and may_know(member, code, ticket):
                reached.add(member.user_id)
                yield code, member


def may_know(member: Membership, code: str, ticket: Ticket | None) -> bool:
    if SENTENCES[code].for_vendor and not member.is_vendor:
        return False
    if ticket is None or member.role != Role.REQUESTER or member.tenant.requesters_see_all:
        return True
    return ticket.requester_id == member.pk


# --- a ticket's life ---


@tells("ticket.opened")
def opened(told: Told) -> Names:
    if told.data.get("outcome") == Outcome.UNDECIDED and not told.data.get("pending"):
        yield "verdict.to_rule", told.on_duty(Role.ACCOUNT_MANAGER)
    yield "ticket.yours", told.owner
    yield "ticket.opened_for_you", told.named(told.ticket.requester_id)


@tells("ticket.assigned")
def assigned(told: Told) -> Names:
    yield "ticket.assigned", told.named(told.data.get("after"))


@tells("ticket.paused")
def paused(told: Told) -> Names:
    if told.data.get("cause") != PauseCause.AGREED_WINDOW:
        yield "ticket.paused", told.askers


@tells(
    *("ticket.restored", "ticket.resolved", "ticket.closed", "ticket.cancelled"),
    *("ticket.reopened", "ticket.reminded", "ticket.auto_closed"),
)
def moved(told: Told) -> Names:
    yield told.event.verb, [*told.askers, *told.owner]


@tells("ticket.recovered", "alert.recovered")
def recovered(told: Told) -> Names:
    yield told.event.verb, [*told.askers, *told.owner]


@tells("page.in_vain")
def nobody_answered(told: Told) -> Names:
    leads = (*told.desk(Role.BRIDGE_SE), *told.desk(Role.ACCOUNT_MANAGER))
    yield "page.in_vain", [*told.owner, *leads]


@tells("ticket.merged")
def merged(told: Told) -> Names:
    yield "ticket.merged", [*told.askers, *told.owner]


# --- words ---

SPEAK_FOR_THEMSELVES = ("ticket.resolved", "emergency.estimate_sent")  # they write a message too


@tells("ticket.commented")
def commented(told: Told) -> Names:
    comment = Comment.objects.filter(pk=told.data.get("comment")).first()
    if comment is None or is_part_of_more(told.event):
        return
    called = called_in(told.event)
    code = "comment.public" if comment.lane == Lane.PUBLIC else "comment.internal"
    yield code, [m for m in (*told.askers, *told.owner) if m.pk not in called]


def called_in(event: AuditEvent) -> set[int]:
    """Return who is called by name in the message of the event: they are told of that."""
    calls = AuditEvent.objects.filter(
        subject_type=event.subject_type, subject_id=event.subject_id, verb="comment.mentioned"
    )
    calls = calls.filter(data__comment=event.data["comment"])
    return set(calls.values_list("data__member", flat=True))


def is_part_of_more(event: AuditEvent) -> bool:
    """Return whether the words belong to a step of which people are told anyway."""
    same = AuditEvent.objects.filter(
        subject_type=event.subject_type, subject_id=event.subject_id, at=event.at
    )
    return same.filter(actor_id=event.actor_id, verb__in=SPEAK_FOR_THEMSELVES).exists()


@tells("comment.mentioned")
def mentioned(told: Told) -> Names:
    comment = Comment.objects.filter(pk=told.data.get("comment")).first()
    is_public = comment is None or comment.lane == Lane.PUBLIC
    found = told.named(told.data.get("member"))
    yield "comment.mentioned", [m for m in found if is_public or m.is_vendor]


# --- handoffs ---


@tells("handoff.offered")
def handoff_offered(told: Told) -> Names:
    desk = told.desk(Role.MAINTENANCE_ENGINEER) or told.on_duty(Role.BRIDGE_SE)
    yield "handoff.offered", desk


@tells("handoff.accepted", "handoff.disputed", "handoff.defaulted")
def handoff_answered(told: Told) -> Names:
    handoff = Handoff.objects.filter(public_id=told.data.get("handoff")).first()
    if told.event.verb == "handoff.defaulted":
        yield "handoff.yours", told.named(told.data.get("owner"))
    yield told.event.verb, told.named(handoff and handoff.offered_by_id)
    if told.event.verb == "handoff.disputed":
        yield told.event.verb, [*told.owner, *told.on_duty(Role.BRIDGE_SE)]


# --- clocks ---


@tells("clock.missed")
def clock_missed(told: Told) -> Names:
    leads = (*told.on_duty(Role.BRIDGE_SE), *told.on_duty(Role.ACCOUNT_MANAGER))
    yield "clock.missed", [*told.owner, *leads]


def clock_people(ticket: Ticket, row: Obligation, percent: int) -> Iterator[tuple[str, Membership]]:
    """Yield who is told that a part of a clock's time is used: who can still keep the promise."""
    team = Team(ticket.tenant_id, ticket)
    if percent < NEARLY:
        return each_once([("clock.half", keepers(team, row))], ticket)
    return each_once(
        [("clock.nearly", [*keepers(team, row), *team.on_duty(Role.BRIDGE_SE)])], ticket
    )


def keepers(team: Team, row: Obligation) -> list[Membership]:
    """Return who keeps the promise: the owner, and for some clocks the desk that must answer."""
    if row.kind == ObligationKind.RULING:
        return team.on_duty(Role.ACCOUNT_MANAGER)
    if row.kind == ObligationKind.HANDOFF:
        return [*team.desk(Role.MAINTENANCE_ENGINEER), *team.owner]
    return team.owner


# --- verdicts ---


@tells("verdict.overridden", "verdict.ruled")
def verdict_changed(told: Told) -> Names:
    yield "verdict.changed", [*told.askers, *told.desk(Role.SERVICE_OWNER), *told.owner]


@tells("dispute.opened")
def dispute_opened(told: Told) -> Names:
    yield "dispute.opened", told.desk(Role.ACCOUNT_MANAGER)


@tells("dispute.ruled", "dispute.agreed")
def dispute_answered(told: Told) -> Names:
    dispute = Dispute.objects.filter(public_id=told.data.get("dispute")).first()
    if told.event.verb == "dispute.agreed":
        yield "dispute.agreed", [*told.named(dispute and dispute.ruled_by_id), *told.owner]
    else:
        opener = told.named(dispute and dispute.opened_by_id)
        yield "dispute.ruled", [*opener, *told.desk(Role.SERVICE_OWNER)]


@tells("emergency.declared", "emergency.estimate_sent")
def emergency(told: Told) -> Names:
    yield told.event.verb, [*told.desk(Role.SERVICE_OWNER), *told.named(told.ticket.requester_id)]


# --- contracts ---


@tells("contract.reminded")
def contract_reminded(told: Told) -> Names:
    yield "contract.reminded", told.desk(Role.ACCOUNT_MANAGER)


@tells("contract.renewed", "contract.ended")
def contract_turned(told: Told) -> Names:
    yield told.event.verb, told.desk(Role.ACCOUNT_MANAGER, Role.BRIDGE_SE, Role.SERVICE_OWNER)
