"""
Lint: what a set of terms may not be signed with, and what its author should look at.

`parse` has already refused names that mean nothing; here the whole document is asked whether it can
work: every clause can decide, every bill has a rate, every promise has hours, nobody is missing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from contracts.domain.calendars import Holidays, service_hours
from contracts.domain.coverage import Coverage, coverage_of
from contracts.domain.findings import Finding, Severity, refusal, warning
from contracts.domain.grid import Grid
from contracts.domain.lint_warnings import tiers_without_rate, warnings_of
from contracts.domain.service_hours import NeverOpens, ServiceHours
from contracts.domain.terms import (
    Activity,
    Clause,
    Joint,
    ObligationKind,
    Outcome,
    Party,
    Pool,
    Priority,
    Terms,
    WhenEmpty,
)

__all__ = ["Finding", "Linted", "Severity", "lint", "lint_with_coverage"]

ANY_DAY = date(2026, 1, 1)  # weeks repeat, so where no first day is known any one will do
SOLD = frozenset({Outcome.INCLUDED, Outcome.POOL, Outcome.PREAPPROVED})
WORKED = SOLD | {Outcome.ESTIMATE}
_RESTORE = ObligationKind.RESTORE


@dataclass(frozen=True, slots=True)
class Linted:
    """The findings, refusals first, and the coverage that they were found on."""

    findings: tuple[Finding, ...]
    coverage: Coverage

    @property
    def refusals(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.severity is Severity.REFUSAL)


def lint(terms: Terms, holidays: Holidays, on: date = ANY_DAY) -> list[Finding]:
    """
    Return everything found in `terms`, refusals first.

    `on` is the first day they are in force: hours must open within two years after it.

    :raises HolidaysMissing: if the terms name a country that `holidays` does not have.
    """
    return list(lint_with_coverage(terms, holidays, on).findings)


def lint_with_coverage(terms: Terms, holidays: Holidays, on: date = ANY_DAY) -> Linted:
    """Return what `lint` finds together with the coverage, walking the grid once."""
    grid = Grid(terms)
    covered = coverage_of(terms, grid)
    found = [
        *_unreachable(terms, grid, covered),
        *_without_pool_or_rate(terms, covered),
        *_never_open(terms, service_hours(terms, holidays), on),
        *_without_hours(terms),
        *_without_restore(terms, grid),
        *_without_tier(terms, covered),
        *warnings_of(terms, covered),
    ]
    found.sort(key=lambda finding: finding.severity is Severity.WARNING)
    return Linted(tuple(found), covered)


def _unreachable(terms: Terms, grid: Grid, covered: Coverage) -> Iterator[Finding]:
    for index, clause in enumerate(terms.scope.clauses):
        if clause.id in covered.reached:
            continue
        path = f"scope.clauses[{index}]"
        if hiding := grid.deciders(grid.taken[index]) & (1 << index) - 1:
            yield refusal("clause_hidden", path, clause=clause.id, by=grid.ids(hiding))
        else:
            yield refusal("clause_impossible", path, clause=clause.id)


def _without_pool_or_rate(terms: Terms, covered: Coverage) -> Iterator[Finding]:
    """Yield each outcome that would draw on nothing, or bill at no rate."""
    for index, clause in enumerate(terms.scope.clauses):
        path = f"scope.clauses[{index}].then"
        pool = terms.pool(clause.then.pool) if clause.then.pool else None
        if clause.then.outcome is Outcome.POOL and pool is None:
            yield refusal("outcome_without_pool", path, clause=clause.id)
        if _bills(clause, pool):
            for tier, activities in tiers_without_rate(terms, _activities_of(covered, clause.id)):
                yield refusal(
                    "outcome_without_rate",
                    path,
                    clause=clause.id,
                    outcome=clause.then.outcome.value,
                    tier=tier.value,
                    activities=activities,
                )


def _bills(clause: Clause, pool: Pool | None) -> bool:
    """Return whether work under `clause` may be billed by the hour at the rates."""
    if pool is not None:
        return pool.overage_rate is None and pool.when_empty is not WhenEmpty.STOP
    return clause.then.outcome in (Outcome.PREAPPROVED, Outcome.ESTIMATE)


def _activities_of(covered: Coverage, clause_id: str) -> list[Activity]:
    found = (
        activity
        for (activity, _place), shares in covered.cells.items()
        if any(share.clause_id == clause_id for share in shares)
    )
    return list(dict.fromkeys(found))


def _never_open(terms: Terms, hours: Mapping[str, ServiceHours], on: date) -> Iterator[Finding]:
    for name, written in terms.hours.items():
        starts_at = datetime.combine(on, time(), UTC)
        try:
            hours[name].end_of_business_day(starts_at)
        except NeverOpens:
            parts = written.intersect if isinstance(written, Joint) else ()
            code = "joint_never_opens" if parts else "hours_never_open"
            yield refusal(code, f"hours.{name}", hours=name, parts=parts)


def _without_hours(terms: Terms) -> Iterator[Finding]:
    for index, target in enumerate(terms.time.targets):
        if terms.hours_of(target) is None:
            yield refusal(
                "target_without_hours",
                f"time.targets[{index}]",
                obligation=target.obligation.value,
                within=str(target.within),
            )


def _without_restore(terms: Terms, grid: Grid) -> Iterator[Finding]:
    """Yield the priorities and systems that are sold incident response but promised no restoring."""
    activity = Activity.INCIDENT_RESPONSE
    accountable = terms.accountable(activity)
    if accountable is not None and accountable.party is Party.CLIENT:
        return
    sold = {
        system.key: [p.value for p in Priority if _sold(grid, activity, system.key, p)]
        for system in terms.systems
    }
    missing = {
        key: [p for p in priorities if not terms.target_for(_RESTORE, activity, p, key)]
        for key, priorities in sold.items()
    }
    nowhere = [
        priority.value
        for priority in Priority
        if any(priority in priorities for priorities in sold.values())
        and all(priority in missing[key] for key in sold if priority in sold[key])
    ]
    for value in nowhere:
        yield refusal("priority_without_restore", "time.targets", priority=value)
    for index, system in enumerate(terms.systems):
        if left := tuple(p for p in missing[system.key] if p not in nowhere):
            say = refusal if system.revenue_critical else warning
            code = f"{'critical' if system.revenue_critical else 'system'}_without_restore"
            yield say(code, f"systems[{index}]", system=system.key, priorities=left)


def _sold(grid: Grid, activity: Activity, system: str, priority: Priority) -> bool:
    """Return whether some such case is worked without asking for an estimate first."""
    box = grid.box({"activity": (activity,), "system": (system,), "priority": (priority,)})
    deciders = grid.deciders(box)
    return any(
        clause.then.outcome in SOLD for i, clause in enumerate(grid.clauses) if deciders >> i & 1
    )


def _without_tier(terms: Terms, covered: Coverage) -> Iterator[Finding]:
    asked = {question.then for question in terms.scope.classify}
    for activity in Activity:
        if terms.accountable(activity) is None:
            in_use = activity in asked or covered.outcomes_of(activity) & WORKED
            if in_use:
                yield refusal("activity_without_tier", "responsibilities", activity=activity.value)
