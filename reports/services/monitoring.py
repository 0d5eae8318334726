"""From rows to what the monitoring tells of a month: availability, alerts, security findings."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import pairwise

from contracts.domain import scope
from contracts.domain.terms import ALWAYS, Terms
from contracts.domain.vocabulary import Activity, ObligationKind, Outcome, Priority
from contracts.models import ContractVersion, Period
from contracts.rules import Rules
from contracts.services import month_facts
from reports import monitoring_queries as queries
from reports.domain import findings as finding
from reports.domain.alerts import Alerts, Group, alerts
from reports.domain.availability import (
    Agreed,
    Availability,
    Kind,
    Maintenance,
    Trouble,
    availability,
)
from reports.domain.findings import Findings, Found, findings
from reports.domain.metrics import Clock, Life
from reports.domain.outages import Turn, Turned, stretches
from reports.domain.spans import Span
from reports.queries import Reach
from tickets.domain.lifecycle import TicketType

PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Monitoring:
    availability: Availability
    alerts: Alerts
    security: Findings


def monitoring_of(
    period: Period,
    reach: Reach,
    lives: Mapping[int, Life],
    clocks: Sequence[Clock],
    versions: Sequence[ContractVersion],
    rules: Mapping[int, Rules],
) -> Monitoring:
    """Return the month as the monitoring saw it; `lives` are the month's tickets by id."""
    in_force = [
        (version.effective_on, rules[version.pk])
        for version in month_facts.versions_during(period, list(versions))
    ]
    last = in_force[-1][1].terms if in_force else None
    return Monitoring(
        availability=availability(
            _agreed(period, reach, in_force),
            [*_outages(reach, lives, last), *_silences(reach, last)],
            _maintenance(reach, last),
            reach.ends_at,
        ),
        alerts=_alerts(reach, clocks),
        security=findings(_findings(reach), reach.starts_at, reach.ends_at),
    )


# --- availability ---


def production_of(terms: Terms | None, system: str) -> str:
    """Return the environment whose outages count: production, or the first that the terms name."""
    found = terms.system(system) if terms else None
    names = found.environments if found else ()
    return PRODUCTION if PRODUCTION in names or not names else names[0]


def promised_hours(terms: Terms, system: str) -> str | None:
    """
    Return the name of the hours on which a stopped system is to be restored.

    None where the contract promises no restoration, or does not look after its incidents.
    """
    activity, priority = Activity.INCIDENT_RESPONSE, Priority.P1
    facts = scope.Facts(
        activity=activity,
        system=system,
        environment=production_of(terms, system),
        priority=priority,
        confirmed=frozenset({"activity", "system", "environment", "priority"}),
    )
    if scope.decide(terms, facts).outcome is Outcome.NOT_PROVIDED:
        return None
    target = terms.target_for(ObligationKind.RESTORE, activity, priority, system)
    return (terms.hours_of(target) or ALWAYS) if target else None


def _agreed(
    period: Period, reach: Reach, in_force: Sequence[tuple[date, Rules]]
) -> Iterator[Agreed]:
    """Yield the service time of each system, each stretch on the hours of its own version."""
    zone = period.contract.zone
    begins = [datetime.combine(day, time(), zone).astimezone(UTC) for day, _rules in in_force[1:]]
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    names: dict[str, str] = {}
    for (start, end), (_day, rules) in zip(
        pairwise([reach.starts_at, *begins, reach.ends_at]), in_force, strict=True
    ):
        for system in rules.terms.system_keys():
            if (name := promised_hours(rules.terms, system)) is not None:
                spans[system] += rules.hours[name].windows(start, min(end, reach.ends_at))
                names[system] = name
    return (Agreed(system, names[system], spans[system]) for system in names)


def _outages(reach: Reach, lives: Mapping[int, Life], terms: Terms | None) -> Iterator[Trouble]:
    """Yield the times in which an incident of the highest priority stopped a system's production."""
    urgent = {
        pk: (life, verdict.system)
        for pk, life in lives.items()
        if life.type == TicketType.INCIDENT
        and (verdict := life.verdict()) is not None
        and verdict.priority == Priority.P1
    }
    if not urgent:
        return
    turns: defaultdict[int, list[Turn]] = defaultdict(list)
    for pk, verb, at, ended_at in queries.turns(reach, list(urgent)):
        turns[pk].append(Turn(Turned(verb), at, _instant(ended_at)))
    where = queries.environments(reach, list(urgent))
    for pk, (life, system) in urgent.items():
        if where.get(pk) != production_of(terms, system):
            continue
        for starts_at, ends_at in stretches(life.received_at, turns[pk]):
            if ends_at is None or ends_at > reach.starts_at:
                yield Trouble(system, Kind.OUTAGE, life.key, starts_at, ends_at)


def _silences(reach: Reach, terms: Terms | None) -> Iterator[Trouble]:
    for system, environment, ticket, starts_at, ends_at in queries.silences(reach):
        if environment == production_of(terms, system):
            yield Trouble(system, Kind.SILENCE, ticket, starts_at, ends_at)


def _maintenance(reach: Reach, terms: Terms | None) -> Iterator[Maintenance]:
    for _pk, system, environment, starts_at, ends_at, reason in queries.maintenance(reach):
        if environment in ("", production_of(terms, system)) and starts_at < ends_at:
            yield Maintenance(system, starts_at, ends_at, reason)


# --- alerts ---


def _alerts(reach: Reach, clocks: Sequence[Clock]) -> Alerts:
    rows = queries.alert_groups(reach)
    sources = queries.source_names(reach, {row[0] for row in rows})
    keys = {row[1] for row in rows if row[1]}
    return alerts(
        (
            Group(
                sources[source][0],
                key,
                registered is not None and registered >= reach.starts_at,
                window,
                count,
                silences,
            )
            for source, key, registered, window, count, silences in rows
        ),
        dict(sources.values()),
        queries.windows({row[3] for row in rows if row[3] is not None}),
        queries.recovered(reach, keys) if keys else (),
        [clock for clock in clocks if clock.ticket in keys],
    )


# --- security findings ---


def _findings(reach: Reach) -> Iterator[Found]:
    rows = queries.findings_of(reach)
    turns: defaultdict[int, list[finding.Turn]] = defaultdict(list)
    for pk, verb, at, due_at, until, reason, ticket in queries.finding_turns(
        reach, [row[0] for row in rows]
    ):
        turns[pk].append(
            finding.Turn(
                finding.Turned(verb),
                at,
                _instant(due_at),
                date.fromisoformat(until) if until else None,
                reason or "",
                ticket or "",
            )
        )
    for pk, *known in rows:
        if turns[pk]:  # one that was written down later is the next report's
            yield Found(*known, turns[pk])


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
