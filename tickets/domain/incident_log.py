"""
Reads the audit log of a service desk (ServiceNow's form) into incidents with a portal's steps.

One row of the log is one change of one incident. Rows are grouped by `number` and ordered by
`sys_mod_count`, then by their place in the file; never by time, which runs backward in places.

A step happened at the `sys_updated_at` of the row that shows it. `resolved_at` and `closed_at` are
not read: they repeat the *final* value on every row, so they are wrong for every resolution but the
last, and one incident in twelve has none. Where they differ from the row that entered Resolved last
(134 of 8,419, always later, by up to weeks), a later row of the same resolved stretch stamped them
anew. Service was back when Resolved began.

What an incident *is* (place, category, symptom, caller, links, verdict) is read from its last row,
the desk's last word. Its impact, urgency and priority are those of its first; later ones are steps.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tickets.domain.log_moves import Phase, StepKind
from tickets.domain.log_rows import MalformedRow, MissingColumns, Row, WallClock, rows_of
from tickets.domain.log_steps import Grades, Step, Tally, Walk

__all__ = [
    "COUNTED",
    "RULES",
    "Incident",
    "Log",
    "MalformedRow",
    "MissingColumns",
    "Rejected",
    "Step",
    "StepKind",
    "Summary",
    "counts",
    "read",
    "weeks_to_shift",
]

RULES: dict[str, str] = {  # how the log is read where it does not say; the summary counts each
    "first_row_at_work_starts": "First seen Active or waiting: it starts at its first row.",
    "first_row_resolved_starts_first": "First seen Resolved: it starts at that instant.",
    "first_row_closed_resolves_first": "First seen Closed: it starts and is resolved there.",
    "new_to_resolved_starts_first": "From New to Resolved: it starts at that instant.",
    "new_to_waiting_starts_first": "From New to Awaiting User Info: it starts at that instant.",
    "new_to_closed_resolves_first": "From New to Closed: it starts and is resolved there.",
    "open_to_closed_resolves_first": "From work or a wait to Closed: it is resolved there.",
    "resolving_ends_the_pause": "From Awaiting User Info to Resolved: that ends the wait.",
    "resolved_reopens": "From Resolved to an open state: it is reopened.",
    "closed_reopens": "From Closed to an open state: it is reopened.",
    "back_to_new_is_work": "Back to New once it started: it is at work, nothing starts twice.",
    "closed_to_resolved_is_ignored": "From Closed to Resolved: it stays closed.",
    "awaiting_vendor_runs": "Awaiting Vendor is work: no clock pauses.",
    "awaiting_problem_runs": "Awaiting Problem is work: no clock pauses.",
    "awaiting_evidence_runs": "Awaiting Evidence is work: no clock pauses.",
    "state_minus_100_keeps_the_state": "The state -100 says nothing: the state before it stands.",
    "backward_time_is_clamped": "A row earlier than one before it takes the latest time so far.",
    "before_opening_is_clamped": "A first row earlier than opened_at happens at opened_at.",
    "same_mod_count_keeps_file_order": "Rows with one sys_mod_count keep their order in the file.",
    "unknown_group_keeps_the_last": "A row with an unknown group leaves the last known one.",
    "unknown_assignee_keeps_the_last": "A row with an unknown person leaves the group's last.",
    "new_group_clears_the_assignee": "A new group with an unknown person: nobody is named yet.",
    "assigned_after_resolution": "Assigned while resolved or closed: a step that reopens nothing.",
    "changed_link_links_again": "Another problem or change than the first: linked as well.",
    "lost_link_keeps_its_step": "A row that no longer names the problem or change undoes no step.",
    "ends_before_closing": "The log may end before an incident is closed: no step is added.",
}

COUNTED = (
    *("incidents", "rows", "client_waits", "incidents_waited", "assignments", "reassignments"),
    *("group_changes", "incidents_several_groups", "returns", "incidents_returned"),
    *("reopenings", "incidents_reopened", "resolves", "closes", "priority_changes"),
    *("problem_links", "incidents_with_problem"),
)


class Rejected(NamedTuple):
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident; `reassignment_count` and `made_sla` are to compare with, never to copy."""

    number: str
    opened_at: datetime
    channel: str | None
    location: str | None
    category: str | None
    subcategory: str | None
    symptom: str | None
    impact: int | None
    urgency: int | None
    priority: str | None
    caller: str | None
    closed_code: str | None
    problem_id: str | None
    rfc: str | None
    caused_by: str | None
    made_sla: bool | None
    reassignment_count: int | None
    steps: tuple[Step, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Summary:
    """How the log was read: uses of every rule, and the changes of state as `New > Resolved`."""

    rows: int
    rules: dict[str, int]
    transitions: dict[str, int]


@dataclass(frozen=True, slots=True)
class Log:
    incidents: tuple[Incident, ...]  # by opening, then number
    summary: Summary
    rejected: tuple[Rejected, ...]


def read(
    lines: Iterable[str], timezone: str, shift: timedelta = timedelta(0), strict: bool = False
) -> Log:
    """
    Return the incidents that the CSV text `lines` tell, with the steps of each in order.

    Times are wall-clock times of `timezone`, to the minute: in a DST gap the first instant after
    it, in a fold the first of the two. `shift` moves the wall clock before that, so whole weeks
    keep weekday and hour through summer time. Columns may stand in any order; others are ignored.
    `?` is unknown.

    :raises MissingColumns: if the header lacks one that is read.
    :raises MalformedRow: if `strict` and a row cannot be read; else it is left out and listed in
        `rejected`.
    :raises zoneinfo.ZoneInfoNotFoundError: if `timezone` is not a zone.
    Source: Amaral, Fantinato, Peres (2018), doi.org/10.24432/C57S4H, whose form this is.
    """
    rejected: list[Rejected] = []
    groups: dict[str, list[Row]] = {}
    for row in rows_of(lines, WallClock(ZoneInfo(timezone), shift)):
        if isinstance(row, Row):
            groups.setdefault(row.number, []).append(row)
        elif strict:
            raise row
        else:
            rejected.append(Rejected(row.line, row.message))
    return _log(groups, rejected)


def _log(groups: dict[str, list[Row]], rejected: list[Rejected]) -> Log:
    tally, incidents = Tally(Counter(dict.fromkeys(RULES, 0))), []
    while groups:
        number = next(iter(groups))
        incidents.append(_incident(groups.pop(number), tally))  # popped, so that its rows are freed
    incidents.sort(key=lambda incident: (incident.opened_at, incident.number))
    rows = sum(incident.rows for incident in incidents)
    summary = Summary(rows, dict(tally.rules), dict(tally.transitions))
    return Log(tuple(incidents), summary, tuple(rejected))


def _incident(rows: list[Row], tally: Tally) -> Incident:
    rows.sort(key=lambda row: row.mod_count)  # stable: equal counts keep the order of the file
    first, last = rows[0], rows[-1]
    tally.rules["same_mod_count_keeps_file_order"] += len(rows) - len({r.mod_count for r in rows})
    walk = Walk(tally, first.opened_at, Grades(first.impact, first.urgency, first.priority))
    for place, row in enumerate(rows):
        walk.take(row, is_first=place == 0)
    tally.rules["ends_before_closing"] += walk.phase is not Phase.CLOSED
    return Incident(
        number=first.number,
        opened_at=first.opened_at,
        channel=last.channel,
        location=last.location,
        category=last.category,
        subcategory=last.subcategory,
        symptom=last.symptom,
        impact=first.impact,
        urgency=first.urgency,
        priority=first.priority,
        caller=last.caller,
        closed_code=last.closed_code,
        problem_id=last.problem_id,
        rfc=last.rfc,
        caused_by=last.caused_by,
        made_sla=last.made_sla,
        reassignment_count=last.reassignment_count,
        steps=tuple(walk.steps),
        rows=len(rows),
    )


def weeks_to_shift(last_at: datetime, month_end: datetime) -> int:
    """
    Return the most whole weeks that `last_at` can move and be at or before `month_end`.

    A week is seven times 24 hours between the two instants; a negative number moves back.
    """
    return (month_end.astimezone(UTC) - last_at.astimezone(UTC)) // timedelta(weeks=1)


def counts(incidents: Iterable[Incident]) -> dict[str, int]:
    """
    Return what a replay of the steps must show afterwards, under the names in COUNTED.

    `assignments` are the `assign` steps, `reassignments` those after an incident's first.
    `group_changes` go from one known group to another; `returns` are those of them to a group that
    had the incident before. tests/prove/count_incident_log.py counts the same from the CSV.
    """
    total: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
    for incident in incidents:
        total.update(_counts_of(incident))
    return dict(total)


def _counts_of(incident: Incident) -> dict[str, int]:
    kinds = Counter(step.kind for step in incident.steps)
    groups = _stays(step.group for step in incident.steps)
    returns = len(groups) - len(set(groups))
    return {
        "incidents": 1,
        "rows": incident.rows,
        "client_waits": kinds[StepKind.PAUSE],
        "incidents_waited": bool(kinds[StepKind.PAUSE]),
        "assignments": kinds[StepKind.ASSIGN],
        "reassignments": max(kinds[StepKind.ASSIGN] - 1, 0),
        "group_changes": max(len(groups) - 1, 0),
        "incidents_several_groups": len(groups) > 1,
        "returns": returns,
        "incidents_returned": bool(returns),
        "reopenings": kinds[StepKind.REOPEN],
        "incidents_reopened": bool(kinds[StepKind.REOPEN]),
        "resolves": kinds[StepKind.RESOLVE],
        "closes": kinds[StepKind.CLOSE],
        "priority_changes": kinds[StepKind.PRIORITISE],
        "problem_links": kinds[StepKind.LINK_PROBLEM],
        "incidents_with_problem": incident.problem_id is not None,
    }


def _stays(groups: Iterable[str | None]) -> list[str]:
    """Return the known groups in turn, each once for every stay."""
    stays: list[str] = []
    for group in groups:
        if group is not None and stays[-1:] != [group]:
            stays.append(group)
    return stays
