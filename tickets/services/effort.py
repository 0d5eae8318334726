"""Time worked: every minute is recorded; what may be charged stands in the stage's decision."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _

from contracts.domain import statement
from contracts.domain.cost import Authority, Work
from contracts.domain.terms import Place, Tier
from contracts.models import Period
from contracts.services import period_for_work
from tenants.errors import Invalid
from tenants.models import Membership
from tenants.services import audit
from tickets.domain import emergency as emergencies
from tickets.domain.lifecycle import Action
from tickets.models import Decision, Estimate, Ticket, TimeEntry
from tickets.models.choices import AuthorityKind, Outcome
from tickets.services import pool_room
from tickets.services.emergencies import UNDER_EMERGENCY, minutes_used, told_of
from tickets.services.estimate_burn import estimate_for, warn_of_burn
from tickets.services.guard import begin, command, stage_of
from tickets.services.settlements import is_goodwill, settle_late, settle_under

AUTHORITY = {
    Outcome.INCLUDED: AuthorityKind.INCLUDED,
    Outcome.POOL: AuthorityKind.POOL,
    Outcome.PREAPPROVED: AuthorityKind.PREAPPROVED,
}  # anything else is held: visible, never billed, until an estimate or a ruling stands behind it


@command
def log_time(
    *,
    ticket: Ticket,
    actor: Membership,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    note: str = "",
    person: Membership | None = None,
    tier: str = "",
    place: str = "onshore",
    triage: bool = False,
    assumed: bool = False,
) -> Ticket:
    """
    Record work `[starts_at, ends_at)` on the stage of that time, in whole minutes rounded down.

    What may be charged is what the decision in force when the work began says: a late entry is
    judged as if on time. Work of a month that has closed counts in the open month as an adjustment.
    An entry is split where the cap of an emergency, or a pool that does not bill beyond its hours,
    is used up: two entries at once cannot both take the last hour.

    :raises Invalid: if the end is not at least a minute after the start, or in the future.
    """
    return record_time(
        ticket=begin(ticket.pk, actor, Action.LOG_TIME),
        actor=actor,
        starts_at=starts_at,
        ends_at=ends_at,
        now=now,
        note=note,
        person=person or actor,
        tier=tier,
        place=place,
        triage=triage,
        assumed=assumed,
    )


def record_time(
    *,
    ticket: Ticket,
    actor: Membership,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    note: str,
    person: Membership,
    tier: str,
    place: str,
    triage: bool,
    assumed: bool = False,
    replaces: TimeEntry | None = None,
) -> Ticket:
    """Write the entries of a stretch of work, inside a command that has locked the ticket."""
    check_span(starts_at, ends_at, now)
    if not person.is_vendor or person.tenant_id != ticket.tenant_id:
        raise Invalid(_("Choose a person of the vendor's team for this client."), field="person")
    stage_id, decision = in_force(ticket, starts_at)
    alone = counts_pool(ticket, decision, starts_at)
    period, adjusts = period_for_work(ticket.contract, starts_at, now, alone=alone)
    tier = tier or person.tier
    told = Told(starts_at, ends_at, tier, place, triage)
    estimate = estimate_for(ticket, decision, starts_at)
    for part in parts(ticket, decision, estimate, told, adjusts or period, now):
        entry = TimeEntry.objects.create(
            tenant_id=ticket.tenant_id,
            contract_id=ticket.contract_id,
            ticket=ticket,
            stage_id=stage_id,
            decision=decision,
            period=period,
            adjusts=adjusts,
            person=person,
            tier=tier,
            place=place,
            **part._asdict(),
            clause_id=decision.clause_id,
            triage=triage,
            assumed=assumed,
            note=note,
            written_at=now,
            replaces=replaces,
        )
        if decision.pk != stage_of(ticket).decision_id:
            settle_late(entry, by=actor, now=now)
        if estimate is not None and entry.authority == AuthorityKind.HELD:
            settle_under(entry, estimate, by=actor, now=now)
        audit.record(
            actor=actor,
            verb="time.logged",
            subject=ticket,
            at=now,
            entry=entry.pk,
            minutes=entry.minutes,
            authority=entry.authority,
            assumed=assumed,
        )
    if estimate is not None:
        warn_of_burn(estimate, actor=actor, now=now)
    return ticket


def check_span(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """:raises Invalid: if the work is shorter than a minute, or not over yet."""
    if ends_at > now:
        raise Invalid(_("Work cannot end in the future."), field="ends_at")
    if ends_at - starts_at < timedelta(minutes=1):
        raise Invalid(_("The end must be at least one minute after the start."), field="ends_at")


class Part(NamedTuple):
    """A stretch of work that one authority covers; `authority_key` is a pool, or what it is under."""

    starts_at: datetime
    ends_at: datetime
    minutes: int
    authority: str
    authority_key: str


class Told(NamedTuple):
    """What is told of a stretch of work `[starts_at, ends_at)`."""

    starts_at: datetime
    ends_at: datetime
    tier: str
    place: str
    triage: bool

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    def cut(self, shares: Iterable[tuple[str, str, int]]) -> Iterator[Part]:
        """Yield the work cut into shares of authority, key and minutes; the last has the seconds."""
        starts_at = self.starts_at
        kept = [share for share in shares if share[2]]
        for index, (kind, key, minutes) in enumerate(kept):
            last = index == len(kept) - 1
            until = self.ends_at if last else starts_at + timedelta(minutes=minutes)
            yield Part(starts_at, until, minutes, kind, key)
            starts_at = until


def counts_pool(ticket: Ticket, decision: Decision, at: datetime) -> bool:
    """Return whether work under a decision, or under one since, draws on a pool that is counted."""
    pools = {each.verdict.get("pool") for each in (decision, stage_of(ticket).decision)} - {None}
    return any(pool_room.is_counted(ticket.contract, pool, at) for pool in pools)


def parts(
    ticket: Ticket,
    decision: Decision,
    estimate: Estimate | None,
    told: Told,
    month: Period,
    now: datetime,
) -> Iterator[Part]:
    """
    Yield the work as its decision covers it, each minute once; held ones name their estimate.

    `month` is that of the work; where a pool is counted, it is locked alone.
    """
    kind, key = authority_of(decision)
    if kind == AuthorityKind.POOL and pool_room.is_counted(ticket.contract, key, told.starts_at):
        left = minutes_in_pool(ticket, decision, told, month)
        held = AuthorityKind.HELD
        return told.cut([(kind, key, left), (held, key, told.minutes - left)])
    if estimate is not None:
        key = estimate.public_id
        if estimate.had_authority(told.starts_at):
            return told.cut([(AuthorityKind.ESTIMATE, key, told.minutes)])
    if (emergency := told_of(ticket, decision, told.starts_at)) is None:
        return told.cut([(kind, key, told.minutes)])
    covered = emergencies.shares(
        emergency, used=minutes_used(ticket), minutes=told.minutes, now=now
    )
    return told.cut(
        (each, key if each == AuthorityKind.HELD else UNDER_EMERGENCY, minutes)
        for each, minutes in covered
    )


def minutes_in_pool(ticket: Ticket, decision: Decision, told: Told, month: Period) -> int:
    """Return how many of the first minutes the decision's pool carries."""
    starts_at = told.starts_at.replace(second=0, microsecond=0)
    work = Work(
        ref="new",
        ticket=ticket.key,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=told.minutes),
        tier=Tier(told.tier),
        authority=Authority(
            statement.AuthorityKind.POOL, decision.verdict["pool"], decision.clause_id
        ),
        place=Place(told.place) if told.place else None,
        triage=told.triage,
    )
    return pool_room.minutes_left_for(ticket.contract, month, work)


def in_force(ticket: Ticket, at: datetime) -> tuple[int, Decision]:
    """Return stage and decision of an instant; the first ones for work before they were taken."""
    decision = stage_of(ticket).decision
    if decision.at > at:
        begun = ticket.stages.order_by("sequence")
        stage = begun.filter(began_at__lte=at).last() or begun.first()
        rows = Decision.objects.filter(stage=stage).order_by("at", "pk")
        decision = rows.filter(at__lte=at).last() or rows.first()
    return decision.stage_id, decision


def authority_of(decision: Decision) -> tuple[str, str]:
    """Return kind and key (pool or clause) of what stands behind work under a decision."""
    kind = AUTHORITY.get(decision.outcome, AuthorityKind.HELD)
    if kind == AuthorityKind.INCLUDED and is_goodwill(decision):
        kind = AuthorityKind.GOODWILL
    return kind, decision.verdict.get("pool") or decision.clause_id
