"""
What a month begins with: what earlier months left, less late entries, plus hours given back.

Late news of closed months count in an open one: work that was written late, held minutes that got
their answer late, and minutes that were decided in the client's favour since. Closed months stand.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple, Protocol

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from contracts.domain.afterwards import charge_late, hours_back
from contracts.domain.cost import (
    Adjustment,
    Carried,
    Lot,
    MonthFacts,
    Statement,
    statement,
)
from contracts.domain.months import first_of_month, next_month
from contracts.models import Contract, Period
from contracts.services import period_of
from contracts.services.month_facts import month_facts, month_of
from tickets.domain.favour import FREE
from tickets.models import Correction, Settlement, TimeEntry
from tickets.services import worked
from tickets.services.worked import CHARGING, Row, rows_of, settled_before, settled_by

MOST_DRAFTED = 13  # months without a report that are stated before a month


class Chain(Protocol):
    """
    The months before, as reports froze them or as the periods keep them.

    `drafted` holds what months without a report would hand on, by the month that takes it.
    """

    drafted: Mapping[date, Carried]

    def carried_into(self, period: Period) -> Carried: ...


class LateNews(NamedTuple):
    """What entries for a closed month change that came, or were answered, in this one."""

    origin: str
    adjustment: Adjustment | None
    entries: list[Row]

    def to_dict(self) -> dict[str, Any]:
        return {
            "origin": self.origin,
            "amount": self.adjustment.amount if self.adjustment else 0,
            "minutes": sum(row.minutes for row in self.entries),
            "tickets": sorted({row.ticket for row in self.entries}),
            "entries": [row.pk for row in self.entries],
        }


class GivenBack(NamedTuple):
    """What a closed month charged, and drew, for minutes that cost nothing since."""

    origin: str
    amount: int
    lots: tuple[Lot, ...]
    tickets: tuple[str, ...]

    @property
    def adjustment(self) -> Adjustment | None:
        return Adjustment(self.origin, self.amount, self.tickets) if self.amount else None

    def to_dict(self) -> dict[str, Any]:
        return {
            "origin": self.origin,
            "amount": self.amount,
            "hours": [{"pool": lot.pool, "minutes": lot.minutes} for lot in self.lots],
            "tickets": list(self.tickets),
        }


class Opening(NamedTuple):
    """What a month begins with, and the late news that it tells."""

    carried: Carried
    late: list[LateNews]
    given: list[GivenBack]

    def adjustments(self) -> tuple[Adjustment, ...]:
        return tuple(news.adjustment for news in (*self.late, *self.given) if news.adjustment)


class Openings:
    """The openings of a contract's months, each worked out once."""

    def __init__(self, chain: Chain) -> None:
        self.chain, self._known = chain, dict[int, Opening]()

    def of(self, period: Period) -> Opening:
        """Return what the month begins with once late news of closed months took their share."""
        if period.pk not in self._known:
            self._known[period.pk] = self._open(period)
        return self._known[period.pk]

    def stated(self, period: Period) -> Statement:
        """Return the month as it would be stated if it ended with the entries it has now."""
        rows = rows_of(worked.on_time(period), settled_by(period))
        return statement(facts_with(period, rows, self.of(period).carried, period))

    def _open(self, period: Period) -> Opening:
        carried, late = self.chain.carried_into(period), []
        for origin in months_of(late_entries(period)):
            news, carried = self._late_news(origin, period, carried)
            late.append(news)
        given = [self._given_back(origin, period) for origin in settled_months(period)]
        back = tuple(lot for news in given for lot in news.lots)
        return Opening(replace(carried, lots=(*carried.lots, *back)), late, given)

    def _late_news(
        self, origin: Period, period: Period, carried: Carried
    ) -> tuple[LateNews, Carried]:
        """Charge the closed month again with what came for it in this month."""
        late = set(late_entries(period).values_list("pk", flat=True))
        rows = list(rows_of(worked.known_in(origin, upto=period), settled_by(period)))
        mine = [row for row in rows if row.pk in late]
        known = [row for row in rows if row.pk not in late]
        closed = facts_with(origin, known, self.of(origin).carried, period)
        news = charge_late(closed, (row.work() for row in mine), carried)
        return LateNews(f"{origin.month:%Y-%m}", news.adjustment, mine), news.carried

    def _given_back(self, origin: Period, period: Period) -> GivenBack:
        """Charge the closed month again without what costs nothing since; it never costs more."""
        entries, begins = worked.known_before(origin, period), self.of(origin).carried
        free_since = settled_by(period) & Q(authority__in=FREE)
        before = list(rows_of(entries, settled_before(period)))
        free = settled_before(period) | free_since
        after = list(rows_of(entries, free, known=settled_by(period)))
        charged = statement(facts_with(origin, before, begins, period))
        again = statement(facts_with(origin, after, begins, period))
        pairs = zip(before, after, strict=True)
        changed = {
            a.ticket for b, a in pairs if (a.authority, a.minutes) != (b.authority, b.minutes)
        }
        return GivenBack(
            origin=f"{origin.month:%Y-%m}",
            amount=min(0, again.subtotal - charged.subtotal),
            lots=hours_back(charged, again, month_of(period)),
            tickets=tuple(sorted(changed)),
        )


@dataclass(slots=True)
class Kept:
    """The chain as the periods keep it: what the last report before a month handed on."""

    contract: Contract
    drafted: Mapping[date, Carried] = field(default_factory=dict)

    def carried_into(self, period: Period) -> Carried:
        if (drafted := self.drafted.get(period.month)) is not None:
            return drafted
        before = last_reported(self.contract, period.month)
        return Carried.from_dict(before.left) if before else Carried()


def kept(contract: Contract, month: date) -> Kept:
    """Return the chain into a month; the months since the last report as they stand now."""
    chain = Kept(contract)
    reported = last_reported(contract, month)
    chain.drafted = drafted(contract, month, reported.month if reported else None, chain)
    return chain


def last_reported(contract: Contract, before: date) -> Period | None:
    rows = Period.objects.filter(contract=contract, month__lt=before).exclude(left=None)
    return rows.order_by("-month").first()


def drafted(
    contract: Contract, month: date, reported: date | None, chain: Chain
) -> dict[date, Carried]:
    """Return what the months since the last report would hand on, by the month that takes it."""
    first = next_month(reported) if reported else first_of_month(contract.starts_on)
    found: dict[date, Carried] = {}
    chain.drafted = found
    for _number in range(MOST_DRAFTED):
        if first >= month:
            break
        found[next_month(first)] = Openings(chain).stated(period_of(contract, first)).carried
        first = next_month(first)
    return found


def facts_with(period: Period, rows: Iterable[Row], carried: Carried, known: Period) -> MonthFacts:
    """Return the month's facts with these entries, and with what was agreed until `known`."""
    return month_facts(period, (row.work() for row in rows), carried, known=known)


def late_entries(period: Period) -> QuerySet[TimeEntry]:
    """Keep entries of closed months that were written in this month, or may be charged since."""
    answered = settled_since(period).filter(authority__in=CHARGING).values("entry")
    return TimeEntry.objects.filter(
        Q(period=period, adjusts__isnull=False) | Q(pk__in=answered, period__month__lt=period.month)
    )


def months_of(entries: QuerySet[TimeEntry]) -> Iterable[Period]:
    """Return the months in which the entries were worked, oldest first."""
    origins = entries.annotate(origin=Coalesce("adjusts", "period")).values("origin")
    return Period.objects.filter(pk__in=origins).select_related("contract").order_by("month")


def settled_months(period: Period) -> Iterable[Period]:
    """Return the closed months of whose minutes some cost nothing since, oldest first."""
    given = settled_since(period).filter(authority__in=FREE)
    corrected = Correction.objects.filter(period=period, entry__period__month__lt=period.month)
    worked_in = Coalesce("entry__adjusts", "entry__period")
    origins = Q()
    for rows in (given, corrected):
        origins |= Q(pk__in=rows.annotate(origin=worked_in).values("origin"))
    return Period.objects.filter(origins).select_related("contract").order_by("month")


def settled_since(period: Period) -> QuerySet[Settlement]:
    """Keep what was settled in this month of minutes that counted in a closed one."""
    return Settlement.objects.filter(period=period, entry__period__month__lt=period.month)
