"""
What a replay costs: the months' statements as they were, and as the new terms would have them.

Assumed on both sides: no credits, no fixed-price charges and no tax on them; late entries count in
the month of the work; the first month begins with what the months before it really left. After:
the new terms hold for the whole range, also for work on older tickets; minutes of a stage whose
verdict changed stand on the new one, all others on what stood behind them; nobody asked for the
estimates that are now needed, so their minutes are held.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from contracts.domain.charging import version_on
from contracts.domain.cost import (
    Authority,
    AuthorityKind,
    Bought,
    Carried,
    ChargedEntry,
    InForce,
    LineKind,
    Month,
    MonthFacts,
    RateMissing,
    Statement,
    Work,
    amount_of,
    statement,
)
from contracts.domain.months import first_of_month, next_month
from contracts.domain.terms import Outcome
from tickets.domain.replay import Replayed

_STANDS_ON = {
    Outcome.INCLUDED: AuthorityKind.INCLUDED,
    Outcome.POOL: AuthorityKind.POOL,
    Outcome.PREAPPROVED: AuthorityKind.PREAPPROVED,
}
_GRANTED = (AuthorityKind.ESTIMATE, AuthorityKind.EMERGENCY, AuthorityKind.GOODWILL)


@dataclass(frozen=True, slots=True)
class Deal:
    """What a replay leaves alone: whose months, the versions in force, what was bought and agreed."""

    zone: str
    starts_on: date
    ends_on: date | None
    versions: tuple[InForce, ...]
    bought: tuple[Bought, ...] = ()
    overage: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # by month and pool

    def months(self, first_on: date, until_on: date) -> list[Month]:
        """Return the calendar months [first_on, until_on), both the first of a month."""
        found = []
        while first_on < until_on:
            found.append(Month(first_on.year, first_on.month, self.zone))
            first_on = next_month(first_on)
        return found

    def during(self, month: Month) -> tuple[InForce, ...]:
        """Return the versions in force on a day of the month; the first reaches back."""
        first_on = max(month.first_on, self.starts_on)
        started = [version for version in self.versions if version.from_on <= first_on]
        later = [v for v in self.versions if first_on < v.from_on < month.next_on]
        return (*started[-1:], *later) or self.versions[:1]

    def bought_in(self, month: Month) -> tuple[Bought, ...]:
        """Return what was bought in the month; under other terms it is bought all the same."""
        return tuple(b for b in self.bought if month.first_on <= b.bought_on < month.next_on)


@dataclass(frozen=True, slots=True)
class PastWork:
    """Work with what stood behind it; `outcome` names the verdict that stands on its stage."""

    work: Work
    stage: int
    outcome: str


@dataclass(slots=True)
class Share:
    """What belongs to one outcome; `held_worth` is None where a rate is missing."""

    stages: int = 0
    minutes: int = 0
    amount: int = 0
    held_minutes: int = 0
    held_worth: int | None = 0

    def add(self, entry: ChargedEntry, rate: int | None) -> None:
        self.minutes += entry.raw_minutes
        self.amount += entry.amount
        if entry.kind == AuthorityKind.HELD:
            self.held_minutes += entry.raw_minutes
            worth = None if rate is None else amount_of(entry.charged_minutes, rate)
            known = None if worth is None else self.held_worth
            self.held_worth = None if known is None or worth is None else known + worth

    def to_dict(self) -> dict[str, int | None]:
        return {
            "stages": self.stages,
            "minutes": self.minutes,
            "amount": self.amount,
            "held_minutes": self.held_minutes,
            "held_worth": self.held_worth,
        }


@dataclass(slots=True)
class Side:
    """The months on one side; `total` is None where one of them cannot be stated."""

    statements: list[Statement] = field(default_factory=list)
    unstated: dict[str, str] = field(default_factory=dict)
    shares: defaultdict[str, Share] = field(default_factory=lambda: defaultdict(Share))

    @property
    def total(self) -> int | None:
        return None if self.unstated else sum(each.total for each in self.statements)

    def to_dict(self) -> dict[str, Any]:
        return {
            "fee": self._billed(LineKind.FEE),
            "bought": self._billed(LineKind.BOUGHT),
            "work": sum(share.amount for share in self.shares.values()),
            "tax": sum(each.tax for each in self.statements),
            "total": self.total,
            "months": {each.month: each.total for each in self.statements},
            "unstated": self.unstated,
        }

    def _billed(self, kind: LineKind) -> int:
        lines = (line for each in self.statements for line in each.lines)
        return sum(line.amount for line in lines if line.kind is kind)


@dataclass(frozen=True, slots=True)
class Priced:
    currency: str
    before: Side
    after: Side

    @property
    def change(self) -> int | None:
        """Return how much more the client would have paid, in minor units."""
        before, after = self.before.total, self.after.total
        return None if before is None or after is None else after - before

    def to_dict(self) -> dict[str, Any]:
        return {
            "currency": self.currency,
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "change": self.change,
        }

    def outcomes(self) -> list[dict[str, Any]]:
        """Return stages, minutes and money of each outcome, before and after."""
        names = sorted({*self.before.shares, *self.after.shares})
        return [
            {
                "outcome": name,
                "before": self.before.shares.get(name, Share()).to_dict(),
                "after": self.after.shares.get(name, Share()).to_dict(),
            }
            for name in names
        ]


def price(
    deal: Deal,
    terms: InForce,
    months: Sequence[Month],
    works: Iterable[PastWork],
    stages: Iterable[Replayed],
) -> Priced:
    """
    Return what the months cost as they were, and with `terms` and the verdicts of the replay.

    `works` are those of the contract from its first month to the last of `months`.

    :raises ValueError: if the terms are of another currency than the months were.
    """
    done = {each.stage.key: each for each in stages}
    worked = _by_month(works, deal.zone)
    earlier = deal.months(first_of_month(deal.starts_on), months[0].first_on)
    carried = _state(Side(), deal, earlier, worked, Carried())
    before, after = Side(), Side()
    for each in done.values():
        before.shares[each.before.name].stages += 1
        after.shares[each.after.name].stages += 1
    _state(before, deal, months, worked, carried)
    _state(after, replace(deal, versions=(terms,)), months, _replayed(worked, done), carried)
    currencies = {each.currency for side in (before, after) for each in side.statements}
    if len(currencies) > 1:
        raise ValueError(f"the currencies differ: {', '.join(sorted(currencies))}")
    return Priced(terms.terms.currency, before, after)


def minutes_by_stage(works: Iterable[PastWork], months: Sequence[Month]) -> Mapping[int, int]:
    """Return the minutes worked in the months, by the key of their stage."""
    found: Counter[int] = Counter()
    starts_at, ends_at = months[0].starts_at, months[-1].ends_at
    for each in works:
        if starts_at <= each.work.starts_at < ends_at:
            length = each.work.ends_at - each.work.starts_at
            found[each.stage] += int(length.total_seconds()) // 60
    return found


def stands_on(recorded: Authority, done: Replayed) -> Authority:
    """Return what stands behind minutes that were recorded on a stage, after the replay."""
    after = done.after
    if not done.changed:
        return recorded
    if (kind := _STANDS_ON.get(after.outcome)) is None:
        granted = recorded.kind in _GRANTED
        return recorded if granted else Authority(AuthorityKind.HELD, clause_id=after.clause)
    return Authority(kind, after.pool, after.clause, after.cap)


Worked = Mapping[Month, Sequence[PastWork]]


def _by_month(works: Iterable[PastWork], zone: str) -> Worked:
    found: defaultdict[Month, list[PastWork]] = defaultdict(list)
    local = ZoneInfo(zone)
    for each in works:
        on = each.work.starts_at.astimezone(local)
        found[Month(on.year, on.month, zone)].append(each)
    return found


def _replayed(worked: Worked, done: Mapping[int, Replayed]) -> Worked:
    return {month: [_again(each, done) for each in works] for month, works in worked.items()}


def _again(past: PastWork, done: Mapping[int, Replayed]) -> PastWork:
    if (each := done.get(past.stage)) is None:
        return past
    authority = stands_on(past.work.authority, each)
    return PastWork(past.work._replace(authority=authority), past.stage, each.after.name)


def _state(
    side: Side, deal: Deal, months: Iterable[Month], worked: Worked, carried: Carried
) -> Carried:
    """Add the months' statements to `side` and return what the last one leaves."""
    for month in months:
        works, versions = worked.get(month, ()), deal.during(month)
        facts = MonthFacts(
            month=month,
            versions=versions,
            starts_on=deal.starts_on,
            ends_on=deal.ends_on,
            work=tuple(each.work for each in works),
            carried=carried,
            bought=deal.bought_in(month),
            overage=deal.overage.get(str(month), {}),
        )
        try:
            stated = statement(facts)
        except RateMissing as missing:
            side.unstated[str(month)] = str(missing).partition(": ")[2]
            continue
        carried = stated.carried
        side.statements.append(stated)
        _share_out(side, stated, works, versions)
    return carried


def _share_out(
    side: Side, stated: Statement, works: Sequence[PastWork], versions: Sequence[InForce]
) -> None:
    past = {each.work.ref: each for each in works}
    for entry in stated.charged:
        each = past[entry.ref]
        side.shares[each.outcome].add(entry, _rate(each.work, entry.on, versions))


def _rate(work: Work, on: date, versions: Sequence[InForce]) -> int | None:
    return version_on(versions, on).terms.rate_for(work.tier, work.place)
