"""The rows of a service desk's log: CSV text in, typed values and UTC instants out."""

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tickets.domain.log_moves import NO_STATE, PHASES

_COLUMNS = (
    *("number", "incident_state", "sys_mod_count", "sys_updated_at", "sys_updated_by"),
    *("assignment_group", "assigned_to", "impact", "urgency", "priority", "problem_id", "rfc"),
    *("opened_at", "contact_type", "location", "category", "subcategory", "u_symptom"),
    *("caller_id", "closed_code", "caused_by", "made_sla", "reassignment_count"),
)
_GRADE = re.compile(r"([1-4]) - .+")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
_TRUTH = {"true": True, "false": False}


class MissingColumns(ValueError):
    """The header lacks columns that the log cannot be read without."""


class MalformedRow(ValueError):
    """One row cannot be read; `line` is its first line in the file, the header being line 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


class Row(NamedTuple):
    line: int
    number: str
    state: str
    mod_count: int
    at: datetime
    by: str | None
    group: str | None
    assignee: str | None
    impact: int | None
    urgency: int | None
    priority: str | None
    problem_id: str | None
    rfc: str | None
    opened_at: datetime
    channel: str | None
    location: str | None
    category: str | None
    subcategory: str | None
    symptom: str | None
    caller: str | None
    closed_code: str | None
    caused_by: str | None
    made_sla: bool | None
    reassignment_count: int | None


class WallClock:
    """Reads `d/m/Y H:M` as a UTC instant; logs repeat their times, so each is worked out once."""

    def __init__(self, zone: ZoneInfo, shift: timedelta) -> None:
        self._zone, self._shift = zone, shift
        self._known: dict[str, datetime] = {}

    def instant(self, text: str) -> datetime:
        if text not in self._known:
            local = datetime.strptime(text, "%d/%m/%Y %H:%M") + self._shift  # noqa: DTZ007
            self._known[text] = first_instant(local, self._zone)
        return self._known[text]


def first_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a wall-clock time: the first of a fold, the first after a gap."""
    early = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    late = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if late <= early:  # equal, or a fold, whose first instant is that of fold=0
        return late
    while (span := (late - early) // 2) >= timedelta(seconds=1):  # the gap lies between the two
        middle = (early + span).replace(microsecond=0)
        if middle.astimezone(zone).replace(tzinfo=None) < local:
            early = middle
        else:
            late = middle
    return late


def rows_of(lines: Iterable[str], clock: WallClock) -> Iterator[Row | MalformedRow]:
    """
    Return the rows one by one, or in the place of one that cannot be read what is wrong with it.

    :raises MissingColumns: if the header lacks a column that is read.
    :raises MalformedRow: if the header is not CSV.
    """
    records = csv.reader(lines, strict=True)
    try:
        header = _header(next(records, []))
    except csv.Error as error:
        raise MalformedRow(1, f"not CSV: {error}") from None
    while True:
        line = records.line_num + 1
        try:
            if (record := next(records, None)) is None:
                return
            if record:
                yield _row(line, _Cells(line, _by_column(line, record, header), clock))
        except csv.Error as error:
            yield MalformedRow(line, f"not CSV: {error}")
        except MalformedRow as error:
            yield error


class _Header(NamedTuple):
    width: int
    places: dict[str, int]  # of the columns that are read


def _header(record: list[str]) -> _Header:
    names = [name.removeprefix("\ufeff").strip() for name in record]
    if missing := [name for name in _COLUMNS if name not in names]:
        raise MissingColumns(f"the header of an incident log lacks: {', '.join(missing)}")
    return _Header(len(names), {name: names.index(name) for name in _COLUMNS})


def _by_column(line: int, record: list[str], header: _Header) -> dict[str, str]:
    if len(record) != header.width:
        raise MalformedRow(line, f"{len(record)} columns where the header names {header.width}")
    return {name: record[place] for name, place in header.places.items()}


def _row(line: int, cell: "_Cells") -> Row:
    return Row(
        line=line,
        number=cell.required("number"),
        state=cell.state("incident_state"),
        mod_count=cell.required_integer("sys_mod_count"),
        at=cell.instant("sys_updated_at"),
        by=cell.text("sys_updated_by"),
        group=cell.text("assignment_group"),
        assignee=cell.text("assigned_to"),
        impact=cell.grade("impact", 3),
        urgency=cell.grade("urgency", 3),
        priority=cell.priority("priority"),
        problem_id=cell.text("problem_id"),
        rfc=cell.text("rfc"),
        opened_at=cell.instant("opened_at"),
        channel=cell.text("contact_type"),
        location=cell.text("location"),
        category=cell.text("category"),
        subcategory=cell.text("subcategory"),
        symptom=cell.text("u_symptom"),
        caller=cell.text("caller_id"),
        closed_code=cell.text("closed_code"),
        caused_by=cell.text("caused_by"),
        made_sla=cell.truth("made_sla"),
        reassignment_count=cell.integer("reassignment_count"),
    )


class _Cells:
    """The cells of one row; what cannot be read raises MalformedRow with its column and value."""

    def __init__(self, line: int, cells: dict[str, str], clock: WallClock) -> None:
        self._line, self._cells, self._clock = line, cells, clock

    def text(self, column: str) -> str | None:
        value = self._cells[column].strip()
        return None if value in ("", "?") else sys.intern(value)

    def required(self, column: str) -> str:
        if (value := self.text(column)) is None:
            raise MalformedRow(self._line, f"{column} is missing")
        return value

    def state(self, column: str) -> str:
        if (value := self.required(column)) not in PHASES and value != NO_STATE:
            raise self._refuse(column, value, f"a state of the log ({', '.join(PHASES)})")
        return value

    def instant(self, column: str) -> datetime:
        value = self.required(column)
        try:
            return self._clock.instant(value)
        except (ValueError, OverflowError):
            raise self._refuse(column, value, "a time such as 29/2/2016 01:23") from None

    def integer(self, column: str) -> int | None:
        if (value := self.text(column)) is None:
            return None
        if _WHOLE_NUMBER.fullmatch(value) is None:
            raise self._refuse(column, value, "a whole number")
        return int(value)

    def required_integer(self, column: str) -> int:
        self.required(column)
        return self.integer(column) or 0

    def grade(self, column: str, lowest: int) -> int | None:
        if (value := self.text(column)) is None:
            return None
        if (match := _GRADE.fullmatch(value)) is None or int(match[1]) > lowest:
            raise self._refuse(column, value, f"a grade such as 1 - High, from 1 to {lowest}")
        return int(match[1])

    def priority(self, column: str) -> str | None:
        grade = self.grade(column, 4)
        return None if grade is None else f"P{grade}"

    def truth(self, column: str) -> bool | None:
        if (value := self.text(column)) is not None and value not in _TRUTH:
            raise self._refuse(column, value, "true or false")
        return None if value is None else _TRUTH[value]

    def _refuse(self, column: str, value: str, expected: str) -> MalformedRow:
        return MalformedRow(self._line, f"{column} '{value}' is not {expected}")
