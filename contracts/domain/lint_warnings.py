"""Warnings of the lint: what may be signed, but its author should look at once more."""

from collections.abc import Iterable, Iterator

from contracts.domain.coverage import Coverage
from contracts.domain.findings import Finding, warning
from contracts.domain.terms import (
    ALWAYS,
    Activity,
    Joint,
    Outcome,
    Party,
    Place,
    Terms,
    Tier,
    When,
)
from contracts.domain.vocabulary import FindingSeverity

UNASKED = frozenset({Activity.MONITORING, Activity.ROUTINE_TASK, Activity.SECURITY_OPERATION})


def warnings_of(terms: Terms, covered: Coverage) -> Iterator[Finding]:
    """Yield every warning, gaps first."""
    yield from _gaps(covered)
    yield from _unclassified(terms)
    yield from _unasked(terms)
    yield from _without_warranty(terms)
    yield from _unused(terms)
    yield from _emergency(terms, covered)
    yield from _places_without_rate(terms)
    yield from _business_days(terms)
    yield from _findings_without_due(terms)


def _findings_without_due(terms: Terms) -> Iterator[Finding]:
    """Yield the severities without a due date, once the terms give any finding one."""
    known = terms.time.findings
    if known and (missing := tuple(s.value for s in FindingSeverity if s not in known)):
        yield warning("finding_without_due", "time.findings", severities=missing)


def _without_warranty(terms: Terms) -> Iterator[Finding]:
    if terms.scope.warranty is None:
        for index, clause in enumerate(terms.scope.clauses):
            if clause.when.warranty is not None:
                path = f"scope.clauses[{index}].when.warranty"
                yield warning("clause_without_warranty", path, clause=clause.id)


def _emergency(terms: Terms, covered: Coverage) -> Iterator[Finding]:
    if terms.scope.emergency:
        refused = [a for a in Activity if Outcome.NOT_PROVIDED in covered.outcomes_of(a)]
        for tier, activities in tiers_without_rate(terms, refused):
            path = "scope.emergency"
            yield warning("emergency_without_rate", path, tier=tier.value, activities=activities)


def tiers_without_rate(
    terms: Terms, activities: Iterable[Activity]
) -> Iterator[tuple[Tier, tuple[str, ...]]]:
    """Yield the vendor's tiers that have no rate, with those of the activities they answer for."""
    missing: dict[Tier, list[str]] = {}
    for activity in activities:
        accountable = terms.accountable(activity)
        if accountable is None or accountable.party is Party.CLIENT:
            continue
        if accountable.tier not in terms.cost.rates:
            missing.setdefault(accountable.tier, []).append(activity.value)
    for tier, names in missing.items():
        yield tier, tuple(names)


def _gaps(covered: Coverage) -> Iterator[Finding]:
    for gap in covered.gaps:
        yield warning("gap", "scope.clauses", gap=gap)


def _unclassified(terms: Terms) -> Iterator[Finding]:
    """Yield a warning where every question may be answered no and then no clause decides for sure."""
    if terms.scope.classify and not any(
        clause.when == When() and clause.quota is None for clause in terms.scope.clauses
    ):
        yield warning("all_answers_no", "scope.classify")


def _unasked(terms: Terms) -> Iterator[Finding]:
    """Yield the activities that clauses name but neither a question nor an alert leads to."""
    if not terms.scope.classify:
        return
    led_to = UNASKED | {question.then for question in terms.scope.classify}
    for index, clause in enumerate(terms.scope.clauses):
        if left := tuple(a.value for a in clause.when.activity or () if a not in led_to):
            path = f"scope.clauses[{index}].when.activity"
            yield warning("activity_never_asked", path, clause=clause.id, activities=left)


def _unused(terms: Terms) -> Iterator[Finding]:
    pools = {clause.then.pool for clause in terms.scope.clauses}
    for index, pool in enumerate(terms.cost.pools):
        if pool.key not in pools:
            yield warning("pool_unused", f"cost.pools[{index}]", pool=pool.key)
    used = {terms.time.hours, *(terms.hours_of(target) for target in terms.time.targets)}
    for hours in terms.hours.values():
        used |= set(hours.intersect if isinstance(hours, Joint) else ())
    for name in terms.hours:
        if name not in used:
            yield warning("hours_unused", f"hours.{name}", hours=name)


def _places_without_rate(terms: Terms) -> Iterator[Finding]:
    for tier, rate in terms.cost.rates.items():
        if isinstance(rate, dict):
            for place in Place:
                if place not in rate:
                    path = f"cost.rates.{tier.value}"
                    yield warning("place_without_rate", path, tier=tier.value, place=place.value)


def _business_days(terms: Terms) -> Iterator[Finding]:
    """Yield a warning where business days count on hours that never close: they are UTC days."""
    for index, target in enumerate(terms.time.targets):
        if target.within.business_days and terms.hours_of(target) == ALWAYS:
            path = f"time.targets[{index}]"
            yield warning("business_days_always", path, obligation=target.obligation.value)
