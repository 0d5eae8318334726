"""The month's statement: its work charged by the versions in force, with what earlier months left."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet

from contracts.domain import cost
from contracts.domain.calendars import holidays_of
from contracts.domain.cost import (
    Adjustment,
    Authority,
    AuthorityKind,
    Carried,
    InForce,
    Month,
    MonthFacts,
    SlaResult,
    Statement,
    Work,
)
from contracts.domain.terms import Place, Tier
from contracts.models import ContractVersion, Period
from contracts.rules import rules_of
from reports import queries
from reports.services.chain import Chain
from tickets.models import TimeEntry

# What these minutes count against is kept for each ticket, so their key stays empty.
KEYED = (AuthorityKind.POOL, AuthorityKind.ESTIMATE)


class Row(NamedTuple):
    pk: int
    ticket: str
    stream: str
    starts_at: datetime
    minutes: int
    tier: str
    place: str
    authority: str
    authority_key: str
    clause_id: str
    cap: int | None
    triage: bool
    period_id: int

    def work(self) -> Work:
        """Return the entry with the whole minutes that were recorded."""
        starts_at = self.starts_at.replace(second=0, microsecond=0)
        kind = AuthorityKind(self.authority)
        return Work(
            ref=str(self.pk),
            ticket=self.ticket,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=self.minutes),
            tier=Tier(self.tier),
            authority=Authority(
                kind,
                self.authority_key if kind in KEYED else "",
                self.clause_id,
                self.cap if kind is AuthorityKind.PREAPPROVED else None,
            ),
            place=Place(self.place) if self.place else None,
            triage=self.triage,
        )


def cost_facts(
    period: Period, results: Sequence[SlaResult], chain: Chain
) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the statement with its adjustments explained, and the charged money by stream."""
    rows = _rows(queries.work_on_time(period))
    late = [_late_news(origin, period, chain) for origin in queries.adjusted_months(period)]
    stated = _stated(
        period,
        rows,
        chain.carried_into(period),
        results,
        [news.adjustment for news in late if news.adjustment],
    )
    document = stated.to_dict() | {"adjustments": [news.to_dict() for news in late]}
    return document, dict(_by_stream(stated, rows))


def carried_after(period: Period, chain: Chain) -> Carried:
    """Return what the month would hand to the next if it ended with the entries it has now."""
    rows = _rows(queries.work_on_time(period))
    return _stated(period, rows, chain.carried_into(period)).carried


class LateNews(NamedTuple):
    """What entries for a closed month change, and which entries they are."""

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


def _late_news(origin: Period, period: Period, chain: Chain) -> LateNews:
    """Charge the closed month again with and without this month's late entries for it."""
    on_time = _rows(queries.work_on_time(origin))
    too_late = _rows(queries.work_too_late(origin, upto=period))
    mine = [row for row in too_late if row.period_id == period.pk]
    known = [*on_time, *(row for row in too_late if row.period_id != period.pk)]
    carried = chain.carried_into(origin)
    closed = _stated(origin, known, carried)
    with_late = _stated(origin, [*known, *mine], carried)
    return LateNews(closed.month, cost.late_adjustment(closed, with_late), mine)


def _rows(entries: QuerySet[TimeEntry]) -> list[Row]:
    return [Row(*values) for values in queries.work_rows(entries)]


def _stated(
    period: Period,
    rows: Iterable[Row],
    carried: Carried,
    results: Sequence[SlaResult] = (),
    adjustments: Sequence[Adjustment] = (),
) -> Statement:
    contract = period.contract
    return cost.statement(
        MonthFacts(
            month=Month(period.month.year, period.month.month, contract.timezone),
            versions=tuple(_in_force(version) for version in queries.versions_during(period)),
            starts_on=contract.starts_on,
            ends_on=contract.ends_on,
            work=tuple(row.work() for row in rows),
            carried=carried,
            results=tuple(results),
            adjustments=tuple(adjustments),
        )
    )


def _in_force(version: ContractVersion) -> InForce:
    rules = rules_of(version)
    name = rules.terms.time.hours
    return InForce(
        version.effective_on,
        rules.terms,
        rules.hours[name] if name else None,
        holidays_of(rules.terms, name, rules.holidays),
    )


def _by_stream(stated: Statement, rows: Iterable[Row]) -> Mapping[str, int]:
    streams = {str(row.pk): row.stream for row in rows}
    amounts: Counter[str] = Counter()
    for entry in stated.charged:
        amounts[streams[entry.ref]] += entry.amount
    return amounts
