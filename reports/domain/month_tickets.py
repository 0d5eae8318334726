"""
Every ticket of the month, one row each: the list to which the figures of a report lead.

Rows are as short as they can be, values in the order of `COLUMNS`, because a month may have ten
thousand. Yes and no are 1 and 0, so that a figure is the sum of a column, or the count of the rows
that have a value.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from reports.domain.lives import Life, Step, Verdict
from reports.domain.plain import Plain, instant
from reports.domain.sla import Clock, Result
from reports.domain.turns import state_at, waited, was_open_before
from reports.domain.worth import Worked, by_ticket
from tickets.domain.passing import Passed, passed

COLUMNS = (
    *("ticket", "type", "system", "priority", "activity", "outcome", "clause", "received_at"),
    *("received", "registered_late", "open_before", "state", "tier", "team"),
    *("resolved", "closed", "cancelled", "reopened", "vendor_seconds", "client_seconds"),
    *("reassignments", "returns", "met", "missed", "void", "running", "minutes", "worth"),
)
TEXTS = frozenset(COLUMNS[1:8]) | {"state", "tier", "team"}
_MET = Result.MET  # a name of the module is found five times faster than a member of an enum
RESULTS = (_MET, Result.MISSED, Result.VOID, Result.OPEN)
STEPS = {
    Step.RESOLVED: (0,),
    **dict.fromkeys((Step.CLOSED, Step.AUTO_CLOSED), (1,)),
    Step.RECOVERED: (0, 1),
    **dict.fromkeys((Step.CANCELLED, Step.MERGED), (2,)),
    Step.REOPENED: (3,),
}
UNMOVED, NO_WAIT = Passed((), 0, 0), (0, 0)
NO_VERDICT = ("",) * len(Verdict._fields)
NONE = (0,) * len(RESULTS)


def month_tickets(
    alive: Iterable[Life],
    others: Iterable[Life],
    clocks: Iterable[Clock],
    pieces: Iterable[Worked],
    ends_at: datetime,
) -> dict[str, Any]:
    """
    Return columns and rows, by the tickets' numbers, in whose order `alive` are.

    `others` were over before the month; those among them that a clock, or work, of the month names
    have a row too. Work on a ticket of which nothing else is known has one that tells only that.
    """
    told = _told(clocks)
    work = by_ticket(pieces)
    lives = {life.key: life for life in alive}
    counted = set(lives)
    lives |= {life.key: life for life in others if life.key in told or life.key in work}
    rows = [
        _row(life, key in counted, told.get(key, NONE), work.pop(key, (0, 0)), ends_at)
        for key, life in lives.items()
    ]
    rows += [_only_work(key, *work[key]) for key in sorted(work)]
    if len(rows) > len(counted):
        rows.sort(key=lambda row: _number(row[0]))
    return {"columns": list(COLUMNS), "rows": Plain(rows)}


def _told(clocks: Iterable[Clock]) -> dict[str, list[int]]:
    """Return how many clocks of each ticket had each of `RESULTS`."""
    at = {result: place for place, result in enumerate(RESULTS)}
    told: dict[str, list[int]] = {}
    for clock in clocks:
        counts = told.get(clock.ticket) or told.setdefault(clock.ticket, [0] * len(RESULTS))
        counts[0 if clock.result is _MET else at[clock.result]] += 1
    return told


def _number(key: str) -> tuple[int, str]:
    number = key.rpartition("-")[2]
    return (int(number) if number.isdecimal() else 0, key)


def _row(
    life: Life,
    counts: bool,
    clocks: Sequence[int],
    work: tuple[int, int],
    ends_at: datetime,
) -> list[Any]:
    _at, _stage, outcome, clause, activity, priority, system, *_ = life.verdict() or NO_VERDICT
    holdings = life.holdings
    moves = passed(holdings, life.since) if counts and len(holdings) > 1 else UNMOVED
    steps = _steps(life) if life.happened else NONE
    return [
        life.key,
        life.type,
        system,
        priority,
        activity,
        outcome,
        clause,
        instant(life.received_at),
        int(life.received),
        int(life.registered_late),
        int(counts and not life.received and was_open_before(life)),
        state_at(life, ends_at),
        holdings[-1].tier if holdings else "",
        holdings[-1].team if holdings else "",
        *steps,
        *(waited(life, ends_at) if counts else NO_WAIT),
        moves.reassignments,
        moves.returns,
        *clocks,
        *work,
    ]


def _steps(life: Life) -> list[int]:
    """Return how often it was resolved, closed, cancelled and reopened in the month."""
    counts = [0] * 4
    for each in life.happened:
        if each.at >= life.since:
            for place in STEPS.get(each.step, ()):
                counts[place] += 1
    return counts


def _only_work(key: str, minutes: int, worth: int) -> list[Any]:
    known = {"ticket": key, "minutes": minutes, "worth": worth}
    return [known.get(name, "" if name in TEXTS else 0) for name in COLUMNS]


def rows_in(facts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of frozen facts by name; reports of an older layout have none."""
    listed = facts.get("tickets", {"columns": (), "rows": ()})
    columns: Sequence[str] = listed["columns"]
    for row in listed["rows"]:
        yield dict(zip(columns, row, strict=True))


def column_of(facts: Mapping[str, Any], name: str) -> set[Any]:
    """Return the values that a column of the list has."""
    at = COLUMNS.index(name)
    return {row[at] for row in facts["tickets"]["rows"]}


def keys_in(listed: Mapping[str, Any]) -> Collection[str]:
    """Return the tickets of the list."""
    return [row[0] for row in listed["rows"]]
