"""What the month means, beside what it counts: drawn from the lives, the work and earlier reports."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.domain.terms import ALWAYS, ObligationKind, Terms
from contracts.rules import Rules
from reports import queries
from reports.domain.bounces import HotPotatoCost, hot_potato_cost
from reports.domain.emphasis import Emphasis, Seen, emphasis, is_bug, is_slow
from reports.domain.fee import FeeValue, fee_value
from reports.domain.metrics import Clock, Life, Result
from reports.domain.releases import Released, Releases, releases
from reports.domain.scope import Offered, OfferStep, offers
from reports.domain.split import Split, split_of
from reports.domain.trend import Point, trend
from reports.domain.worth import Worked
from reports.queries import Reach

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Insight:
    split: Split
    emphasis: Emphasis
    hot_potato: HotPotatoCost
    fee: FeeValue
    trend: list[Point]


def releases_of(reach: Reach, alive: Sequence[Life]) -> Releases:
    """Return the releases that the month's report speaks of, with the incidents after them."""
    rows = list(queries.released(reach))
    fixes: dict[int, list[str]] = {}
    if rows:
        for pk, key in queries.deliveries(reach, [row[0] for row in rows]):
            fixes.setdefault(pk, []).append(key)
    found = (
        Released(name, kind, system, released_at, len(documents), tuple(fixes.get(pk, ())))
        for pk, name, kind, system, released_at, documents in rows
    )
    return releases(found, alive)


def offers_of(reach: Reach) -> dict[str, tuple[Offered, ...]]:
    """Return the estimates that were sent to the client, by ticket."""
    steps: defaultdict[str, list[OfferStep]] = defaultdict(list)
    for key, estimate, verb, at, revision, amount in queries.offer_steps(reach):
        step = verb.removeprefix("estimate.")
        steps[key].append(OfferStep(estimate, step, at, revision, amount))
    return {key: offers(rows) for key, rows in steps.items()}


def insight_of(
    month: str,
    reach: Reach,
    figures: Mapping[str, Any],
    alive: Sequence[Life],
    clocks: Sequence[Clock],
    pieces: Sequence[Worked],
    rules: Rules | None,
    earlier: Sequence[Mapping[str, Any]],
) -> Insight:
    """
    Return the month's insight; `figures` are those of the facts, `rules` the last in force.

    `earlier` are the trend's points of the report before, so that no later change reaches them.
    """
    minutes = {row.stream: row.minutes for row in figures["effort"].by_stream}
    split = split_of(minutes, pieces)
    lost = hot_potato_cost(alive, pieces, reach.ends_at)
    return Insight(
        split=split,
        emphasis=emphasis(_seen(reach, figures["releases"], alive, clocks, rules, earlier)),
        hot_potato=lost,
        fee=fee_value(figures["cost"]["lines"], pieces),
        trend=trend(earlier, _point(month, figures, alive, clocks, split, lost)),
    )


def _seen(
    reach: Reach,
    released: Releases,
    alive: Sequence[Life],
    clocks: Sequence[Clock],
    rules: Rules | None,
    earlier: Sequence[Mapping[str, Any]],
) -> Seen:
    hours = rules.hours[rules.terms.time.hours or ALWAYS] if rules else None
    return Seen(
        lives=alive,
        ends_at=reach.ends_at,
        releases=released,
        always_on=frozenset(always_on(rules.terms)) if rules else frozenset(),
        revenue_critical=frozenset(
            system.key
            for system in (rules.terms.systems if rules else ())
            if system.revenue_critical
        ),
        is_open_at=hours.is_open if hours else lambda at: True,
        missed=Counter(clock.ticket for clock in clocks if clock.result is Result.MISSED),
        earlier=earlier,
    )


def always_on(terms: Terms) -> list[str]:
    """Return the systems whose restoration is promised around the clock."""
    targets = [t for t in terms.time.targets if t.obligation == ObligationKind.RESTORE]
    around = [target for target in targets if terms.hours_of(target) == ALWAYS]
    return [
        key
        for key in terms.system_keys()
        if any(target.system is None or key in target.system for target in around)
    ]


def _point(
    month: str,
    figures: Mapping[str, Any],
    alive: Sequence[Life],
    clocks: Sequence[Clock],
    split: Split,
    lost: HotPotatoCost,
) -> Point:
    decided = Counter(clock.result for clock in clocks)
    cost = figures["cost"]
    return {
        "month": month,
        "received": figures["volumes"].received,
        "out_of_scope": figures["scope"].out_of_scope,
        "open_after": figures["flow"].open_after,
        "met": decided[Result.MET],
        "missed": decided[Result.MISSED],
        "bugs": sum(is_bug(life) for life in alive),
        "slow": sum(is_slow(life) for life in alive),
        "operation_minutes": split.minutes.operation,
        "maintenance_minutes": split.minutes.maintenance,
        "returns": lost.returns,
        "lost_minutes": lost.minutes,
        "releases": len(figures["releases"].rows),
        "held_minutes": cost["held_minutes"],
        "total": cost["total"],
    }
