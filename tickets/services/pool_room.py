"""
How many minutes an hour pool still carries, counted under the lock of its month.

The month's statement is the truth: it is asked whether a piece of work, written as drawing on the
pool, would leave something of the pool's work without hours. So what is said when work is written
down and what the month says at its end cannot differ, whatever is rounded, and in whichever order
work comes. Later months count too: hours that they took, a late entry does not take from them.
"""

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet

from contracts.domain.cost import Authority, AuthorityKind, Lot, MonthFacts, Work, statement
from contracts.domain.durations import minutes_of
from contracts.domain.terms import WhenEmpty
from contracts.models import Contract, Period
from contracts.rules import rules_of
from contracts.services import version_in_force
from contracts.services.month_facts import month_facts
from tickets.models import TimeEntry
from tickets.services import worked
from tickets.services.openings import Openings, kept
from tickets.services.worked import rows_of


class Standing(NamedTuple):
    """What stands behind minutes; `key` is a pool or an estimate, `limit` is in minor units."""

    authority: str
    key: str = ""
    clause_id: str = ""
    limit: int | None = None


def is_counted(contract: Contract, pool: str, at: datetime) -> bool:
    """Return whether minutes beyond a pool are held; where they are billed nobody needs to count."""
    return when_empty(contract, pool, at) is not WhenEmpty.BILL


def asks_when_empty(contract: Contract, pool: str, at: datetime) -> bool:
    """Return whether minutes beyond a pool wait until somebody approves them."""
    return when_empty(contract, pool, at) is WhenEmpty.APPROVE


def when_empty(contract: Contract, pool: str, at: datetime) -> WhenEmpty | None:
    """Return what the terms of the day say of the empty pool; None where they do not have it."""
    version = version_in_force(contract, contract.local_date(at))
    found = rules_of(version).terms.pool(pool) if version else None
    return found.when_empty if found else None


def minutes_left_for(contract: Contract, period: Period, work: Work) -> int:
    """
    Return how many of the first minutes of `work` its pool carries; the others are held.

    `period` is the month of the work, which the caller has locked alone, as those after it.
    """
    return Count.of(contract, period, work.authority.key).most_of(work)


def fits(entry: TimeEntry, standing: Standing) -> bool:
    """Return whether a pool carries an entry that was held, all of it; its month is locked alone."""
    if not is_counted(entry.contract, standing.key, entry.starts_at):
        return True
    period = entry.adjusts or entry.period
    (work,) = on_pool(TimeEntry.objects.filter(pk=entry.pk), standing)
    count = Count.of(entry.contract, period, standing.key, without=[entry.pk])
    return count.most_of(work) == minutes_of(work.ends_at - work.starts_at)


def lacking_for(contract: Contract, period: Period, key: str, entries: Collection[int]) -> int:
    """Return the charged minutes beyond a pool that held entries of a month would draw."""
    count = Count.of(contract, period, key, without=entries)
    asked = on_pool(TimeEntry.objects.filter(pk__in=entries), Standing(AuthorityKind.POOL, key))
    return count.lacking(asked) - count.lacking()


def on_pool(entries: QuerySet[TimeEntry], standing: Standing) -> tuple[Work, ...]:
    """Return entries as work that draws on a pool."""
    authority = Authority(AuthorityKind.POOL, standing.key, standing.clause_id)
    return tuple(row.work()._replace(authority=authority) for row in rows_of(entries, Q()))


@dataclass(frozen=True, slots=True)
class Count:
    """A pool's work in a month and in those after it that are open, oldest first."""

    key: str
    months: tuple[MonthFacts, ...]
    given: tuple[tuple[Lot, ...], ...]  # hours given back, by month

    @classmethod
    def of(
        cls, contract: Contract, period: Period, key: str, *, without: Collection[int] = ()
    ) -> "Count":
        """Read the work and what it begins with; a closed month is counted for itself."""
        periods = [period]
        if period.is_open:
            later = Period.objects.filter(contract=contract, month__gt=period.month)
            periods += later.select_related("contract").order_by("month")
        openings = Openings(kept(contract, periods[-1].month))
        months, given = [], []
        for each in periods:
            opening = openings.of(each)
            rows = rows_of(of_pool(key, each).exclude(pk__in=without), Q())
            work = [only_of(key, row.work()) for row in rows]
            months.append(month_facts(each, work, opening.carried))
            given.append(tuple(lot for news in opening.given for lot in news.lots))
        return cls(key, tuple(months), tuple(given))

    def most_of(self, work: Work) -> int:
        """Return the most first minutes of `work` that leave no work of the pool without hours."""
        minutes = minutes_of(work.ends_at - work.starts_at)
        short = self.short(work, 0)

        def is_too_many(most: int) -> bool:
            return self.short(work, most) > short

        if not is_too_many(minutes):
            return minutes
        return bisect_left(range(1, minutes + 1), True, key=is_too_many)

    def short(self, work: Work, most: int) -> int:
        """Return the charged minutes that the pool lacks with the `most` first ones of `work`."""
        return self.lacking(split(work, most))

    def lacking(self, asked: tuple[Work, ...] = ()) -> int:
        """Return the charged minutes that the pool lacks if `asked`, of its first month, came too."""
        lacking, carried = 0, None
        for facts, given in zip(self.months, self.given, strict=True):
            begins = facts.carried
            if carried is not None:
                begins = replace(carried, lots=(*carried.lots, *given))
            facts = replace(facts, work=(*facts.work, *asked), carried=begins)
            stated = statement(facts)
            drawing = {each.ref for each in facts.work if each.authority.kind is AuthorityKind.POOL}
            lacking += sum(
                entry.charged_minutes
                for entry in stated.charged
                if entry.kind == AuthorityKind.HELD and entry.ref in drawing
            )
            carried, asked = stated.carried, ()
        return lacking


def of_pool(key: str, period: Period) -> QuerySet[TimeEntry]:
    """Keep a month's entries on a pool, and those that use up a ticket's triage."""
    mine = Q(authority=AuthorityKind.POOL, authority_key=key)
    return worked.ever(period).filter(mine | Q(triage=True) | Q(authority=AuthorityKind.HELD))


def only_of(key: str, work: Work) -> Work:
    """Return work as the pool sees it: what draws on it, else what triage it takes."""
    drawn = work.authority.kind is AuthorityKind.POOL and work.authority.key == key
    return work if drawn else work._replace(authority=Authority(AuthorityKind.INCLUDED))


def split(work: Work, minutes: int) -> tuple[Work, ...]:
    """Return work whose first `minutes` draw on the pool and whose others are held."""
    until = work.starts_at + timedelta(minutes=minutes)
    held = work._replace(
        ref=f"{work.ref} held",
        starts_at=until,
        authority=Authority(AuthorityKind.INCLUDED),
        triage=True,
    )
    parts = (work._replace(ends_at=until) if minutes else None, held)
    return tuple(part for part in parts if part and part.starts_at < part.ends_at)
