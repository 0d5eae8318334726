"""The month's statement: its work charged by the versions in force, with what earlier months left."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet

from contracts.domain import cost
from contracts.domain.afterwards import charge_late
from contracts.domain.calendars import holidays_of
from contracts.domain.cost import (
    Adjustment,
    Authority,
    AuthorityKind,
    Carried,
    ChargedEntry,
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
from reports.domain.worth import Worked, worth_of
from reports.services.chain import Chain
from tickets.models import TimeEntry

# What these minutes count against is kept for each ticket, so their key stays empty.
KEYED = (AuthorityKind.POOL, AuthorityKind.ESTIMATE)
DISPUTE = ("ticket", "clause", "outcome", "opened_at", "ruled")


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
    disputed: bool

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


class Costs(NamedTuple):
    """The statement with its adjustments explained, charged money by stream, and what work is worth."""

    document: dict[str, Any]
    amounts: dict[str, int]
    pieces: list[Worked]


def cost_facts(period: Period, results: Sequence[SlaResult], chain: Chain) -> Costs:
    """Return what the month costs, from its work on time and what changed of closed months."""
    rows = _rows(queries.work_on_time(period), period)
    carried, late = _opening(period, chain)
    given = [_given_back(origin, period, chain) for origin in queries.settled_months(period)]
    facts = replace(
        _facts(period, rows, carried),
        results=tuple(results),
        adjustments=tuple(news.adjustment for news in (*late, *given) if news.adjustment),
    )
    stated = cost.statement(facts)
    document = stated.to_dict() | {
        "adjustments": [news.to_dict() for news in late],
        "given_back": [news.to_dict() for news in given],
        "disputed": _disputed(stated, facts, rows),
        "disputes": [dict(zip(DISPUTE, row, strict=True)) for row in queries.dispute_rows(period)],
    }
    terms = [version.terms for version in facts.versions]
    document["shown_to_requesters"] = bool(terms) and terms[-1].cost.shown_to_requesters
    return Costs(document, dict(_by_stream(stated, rows)), _pieces(stated, rows, facts))


def _disputed(stated: Statement, facts: MonthFacts, rows: Sequence[Row]) -> dict[str, Any]:
    """Return what is due without the work that the client disputes, and what is in dispute."""
    disputed = {str(row.pk): row.ticket for row in rows if row.disputed}
    due = stated.total
    if disputed:
        work = [_for_nothing(work) if work.ref in disputed else work for work in facts.work]
        due = min(due, cost.statement(replace(facts, work=tuple(work))).total)
    charged = {entry.ticket for entry in stated.charged if entry.ref in disputed and entry.amount}
    return {"amount": stated.total - due, "due": due, "tickets": sorted(charged)}


def _for_nothing(work: Work) -> Work:
    return replace(work, authority=Authority(AuthorityKind.GOODWILL))


def carried_after(period: Period, chain: Chain) -> Carried:
    """Return what the month would hand to the next if it ended with the entries it has now."""
    rows = _rows(queries.work_on_time(period), period)
    carried, _late = _opening(period, chain)
    return cost.statement(_facts(period, rows, carried)).carried


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


def _opening(period: Period, chain: Chain) -> tuple[Carried, list[LateNews]]:
    """Return what the month begins with once late entries took their share of the limits."""
    carried, late = chain.carried_into(period), []
    for origin in queries.adjusted_months(period):
        news, carried = _late_news(origin, period, chain, carried)
        late.append(news)
    return carried, late


def _late_news(
    origin: Period, period: Period, chain: Chain, carried: Carried
) -> tuple[LateNews, Carried]:
    """Charge the closed month again with this month's late entries for it."""
    on_time = _rows(queries.work_on_time(origin), period)
    too_late = _rows(queries.work_too_late(origin, upto=period), period)
    mine = [row for row in too_late if row.period_id == period.pk]
    known = [*on_time, *(row for row in too_late if row.period_id != period.pk)]
    began, _earlier = _opening(origin, chain)
    late = charge_late(_facts(origin, known, began), (row.work() for row in mine), carried)
    return LateNews(f"{origin.month:%Y-%m}", late.adjustment, mine), late.carried


class GivenBack(NamedTuple):
    """What a closed month charged for minutes that were settled in the client's favour since."""

    origin: str
    amount: int
    tickets: tuple[str, ...]

    @property
    def adjustment(self) -> Adjustment | None:
        return Adjustment(self.origin, self.amount, self.tickets) if self.amount else None

    def to_dict(self) -> dict[str, Any]:
        return {"origin": self.origin, "amount": self.amount, "tickets": list(self.tickets)}


def _given_back(origin: Period, period: Period, chain: Chain) -> GivenBack:
    """Charge the closed month again without what was settled since; it never costs more."""
    entries = queries.work_known_before(origin, period)
    before, after = _rows(entries, period, known=False), _rows(entries, period)
    began, _late = _opening(origin, chain)
    charged = cost.statement(_facts(origin, before, began)).subtotal
    again = cost.statement(_facts(origin, after, began)).subtotal
    pairs = zip(before, after, strict=True)
    changed = {a.ticket for b, a in pairs if (a.authority, a.minutes) != (b.authority, b.minutes)}
    return GivenBack(f"{origin.month:%Y-%m}", min(0, again - charged), tuple(sorted(changed)))


def _rows(entries: QuerySet[TimeEntry], period: Period, *, known: bool = True) -> list[Row]:
    """Return the entries as they stand in a month, or stood before it."""
    settled = queries.settled_by(period) if known else queries.settled_before(period)
    rows = queries.work_rows(entries, settled, queries.open_disputes(period))
    return [Row(*values) for values in rows]


def _facts(period: Period, rows: Iterable[Row], carried: Carried) -> MonthFacts:
    contract = period.contract
    return MonthFacts(
        month=Month(period.month.year, period.month.month, contract.timezone),
        versions=tuple(_in_force(version) for version in queries.versions_during(period)),
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
        work=tuple(row.work() for row in rows),
        carried=carried,
        bought=tuple(bought.fact() for bought in queries.bought_during(period)),
        renewals=queries.renewals_during(period),
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


def _pieces(stated: Statement, rows: Sequence[Row], facts: MonthFacts) -> list[Worked]:
    """Return the month's work as it was charged, each piece with its worth by its day's rate card."""
    known = {str(row.pk): row for row in rows}
    cards = _Cards(facts.versions)
    return [_piece(entry, known[entry.ref], cards) for entry in stated.charged]


def _piece(entry: ChargedEntry, row: Row, cards: "_Cards") -> Worked:
    rate = cards.rate(entry.on, row.tier, row.place)
    return Worked(
        ticket=row.ticket,
        stream=row.stream,
        tier=row.tier,
        kind=entry.kind,
        starts_at=row.starts_at,
        minutes=entry.raw_minutes,
        worth=worth_of(entry.raw_minutes, rate or 0),
        rated=rate is not None,
    )


class _Cards:
    """The rates of a month, each looked up once."""

    def __init__(self, versions: Sequence[InForce]) -> None:
        self.versions = versions
        self._known: dict[tuple[date, str, str], int | None] = {}

    def rate(self, on: date, tier: str, place: str) -> int | None:
        """Return minor units an hour on a day; None where the card has no rate."""
        key = (on, tier, place)
        if key not in self._known:
            in_force = [v for v in self.versions if v.from_on <= on] or self.versions[:1]
            self._known[key] = in_force[-1].terms.rate_for(tier, place or None)
        return self._known[key]
