"""Service hours: when the desk is open, and arithmetic with time inside its windows."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Self
from zoneinfo import ZoneInfo

from contracts.domain.calendar_days import WEEKDAYS, CalendarDays, Day, Interval, Window
from contracts.domain.window_table import EMPTY, MARGIN, TWO_YEARS, NeverOpens, WindowTable

__all__ = ["TWO_YEARS", "WEEKDAYS", "Day", "NeverOpens", "ServiceHours", "as_utc"]

_ZERO = timedelta()
_LAST_YEAR = 9998


class ServiceHours:
    """
    Windows [opens, closes) in which service time runs, and the business days they make.

    Edges are wall-clock times in `timezone`. In a DST gap an edge is the first valid instant after
    it; in a fold a start takes the first, an end the second. A window that closes at or before its
    opening runs past midnight and belongs to the day it began on; `24:00` ends a day. A special
    day's windows replace the week's, and a holiday's closing. Instants must be aware; answers are
    UTC and exact to the microsecond.

    :raises ValueError: if a weekday or a time is not one.
    Source: portal/docs/clocks.md, rules 2 and 3.
    """

    zone: ZoneInfo
    _days_of: Callable[[int], Sequence[Day]]
    _years: dict[int, Sequence[Day]]
    _table: WindowTable

    def __init__(
        self,
        timezone: str,
        week: Mapping[str, Sequence[Interval]],
        holidays: Iterable[date] = (),
        special_days: Mapping[date, Sequence[Interval]] = MappingProxyType({}),
    ) -> None:
        calendar = CalendarDays.of(timezone, week, holidays, special_days)
        self._begin(calendar.zone, calendar.in_year)

    def _begin(self, zone: ZoneInfo, days_of: Callable[[int], Sequence[Day]]) -> None:
        self.zone, self._days_of, self._years, self._table = zone, days_of, {}, EMPTY

    @classmethod
    def always(cls) -> Self:
        """Return hours that never close; their business days are the days of UTC."""
        return cls("UTC", {day: [("00:00", "24:00")] for day in WEEKDAYS})

    @classmethod
    def from_dict(cls, calendar: Mapping[str, Any]) -> Self:
        """Return the hours that a JSON calendar of the sample vectors describes."""
        if calendar.get("always_open"):
            return cls.always()
        return cls(
            calendar["timezone"],
            calendar["week"],
            map(date.fromisoformat, calendar.get("holidays", ())),
            {date.fromisoformat(on): day for on, day in calendar.get("special_days", {}).items()},
        )

    @classmethod
    def intersect(cls, *hours: "ServiceHours") -> Self:
        """
        Return hours that are open only when all of `hours` are.

        Business days are those of the first one on which something is left of its windows.

        :raises ValueError: if there are no hours.
        """
        if not hours:
            raise ValueError("an intersection needs hours")
        first, *others = hours
        joint = cls.__new__(cls)
        joint._begin(first.zone, lambda year: _common_days(first._days_in(year), others))
        return joint

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """
        Return the UTC instant at which `duration` of service time after `start` is used up.

        Used up exactly at closing is due at closing; zero rolls to the next opening.

        :raises ValueError: if `duration` is negative.
        :raises NeverOpens: if no window follows within two years.
        """
        if start.tzinfo is not UTC:
            start = as_utc(start)
        if duration <= _ZERO:
            return self._next_open(start, duration)
        while True:
            opens, shifts, sums, has_gaps = (table := self._table).lists
            if 0 < (at := bisect_right(opens, start)) < len(sums):
                if (served := start - shifts[at]) > sums[at]:
                    served = sums[at]
                target = served + duration
                if (to := bisect_left(sums, target, at)) < len(sums):
                    due = shifts[to] + target
                    return table.reached(start, due) if has_gaps else due
            self._extend(start)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Return the service time in [start, end); zero if `end` is before `start`."""
        if start.tzinfo is not UTC:
            start = as_utc(start)
        if end.tzinfo is not UTC:
            end = as_utc(end)
        if end <= start:
            return _ZERO
        while True:
            opens, shifts, sums, _ = self._table.lists
            at = bisect_right(opens, start)
            to = bisect_right(opens, end, at)
            if at > 0 and to < len(sums):
                if (before := start - shifts[at]) > sums[at]:
                    before = sums[at]
                if (after := end - shifts[to]) > sums[to]:
                    after = sums[to]
                return after - before
            self._cover(start, end)

    def close_of_business_day(self, start: datetime, days: int) -> datetime:
        """
        Return the UTC close of the Nth business day after the day of receipt, `start`'s own.

        A day whose last window runs past midnight lasts until that closes, or the next day opens.
        Zero days is the close of the business day containing or following `start`.

        :raises ValueError: if `days` is negative.
        :raises NeverOpens: if no window follows within two years.
        """
        if start.tzinfo is not UTC:
            start = as_utc(start)
        if days <= 0:
            return self._close_of_receipt(start, days)
        while True:
            starts_at, begins, closes, has_gaps = (table := self._table).days
            if (
                starts_at <= start
                and (day := bisect_right(begins, start)) < len(begins)
                and (nth := day + days - 1) < len(closes)
            ):
                return table.reached(start, closes[nth]) if has_gaps else closes[nth]
            self._extend(start)

    def end_of_business_day(self, at: datetime) -> datetime:
        """
        Return the UTC close of the business day containing or following `at`.

        A closing is its own answer, so rounding up twice changes nothing.

        :raises NeverOpens: if no window follows within two years.
        """
        at = as_utc(at)
        while True:
            starts_at, _, closes, _ = (table := self._table).days
            if starts_at <= at < table.ends_at and (nth := bisect_left(closes, at)) < len(closes):
                return table.reached(at, closes[nth])
            self._extend(at)

    def is_open(self, at: datetime) -> bool:
        """Return whether `at` is inside a window; the closing instant is not."""
        at = as_utc(at)
        while True:
            opens, shifts, sums, _ = self._table.lists
            if 0 < (k := bisect_right(opens, at)) < len(sums):
                return at - shifts[k] < sums[k]
            self._cover(at, at)

    def windows(self, start: datetime, end: datetime) -> list[Window]:
        """Return the merged windows in [start, end), clipped to it, in UTC."""
        start, end = as_utc(start), as_utc(end)
        if end <= start:
            return []
        table = self._cover(start, end)
        first = max(bisect_right(table.opens, start) - 1, 1)
        last = bisect_left(table.opens, end)
        clipped = (
            (max(start, table.opens[k]), min(end, table.close(k))) for k in range(first, last)
        )
        return [(opens, closes) for opens, closes in clipped if opens < closes]

    def _close_of_receipt(self, start: datetime, days: int) -> datetime:
        if days < 0:
            raise ValueError(f"business days run forward: {days}")
        return self.end_of_business_day(start)

    def _next_open(self, start: datetime, duration: timedelta) -> datetime:
        if duration < _ZERO:
            raise ValueError(f"service time runs forward: {duration}")
        if self.is_open(start):
            return start
        while True:
            table = self._table
            k = bisect_right(table.opens, start)
            if 0 < k < len(table.opens) - 1:
                return table.reached(start, table.opens[k])
            self._extend(start)

    def _cover(self, start: datetime, end: datetime) -> WindowTable:
        """Return the table, grown to hold every window of [start, end]."""
        table = self._table
        if not (table.starts_at <= start and end < table.ends_at):
            first = min(table.first, (start - MARGIN).year)
            last = max(table.last, (end + MARGIN).year)
            table = self._table = WindowTable(first, last, self._days_between(first, last))
        return table

    def _extend(self, start: datetime) -> None:
        """
        Grow the table to hold `start`, or where it does, forward.

        :raises NeverOpens: if the table ends with two years without a window after `start`.
        """
        table = self._table
        if not table.starts_at <= start < table.ends_at:
            self._cover(start, start)
            return
        if table.ends_at - max(start, table.last_close) > TWO_YEARS or table.last >= _LAST_YEAR:
            raise NeverOpens(f"no window in the two years after {start.isoformat()}")
        last = min(2 * table.last - table.first + 1, table.last + 8, _LAST_YEAR)
        self._table = WindowTable(table.first, last, self._days_between(table.first, last))

    def _days_between(self, first: int, last: int) -> list[Day]:
        return [day for year in range(first, last + 1) for day in self._days_in(year)]

    def _days_in(self, year: int) -> Sequence[Day]:
        if year not in self._years:
            self._years[year] = self._days_of(year)
        return self._years[year]


def _common_days(days: Iterable[Day], others: Iterable[ServiceHours]) -> list[Day]:
    for hours in others:
        days = [
            Day(day.midnight, tuple(w for window in day.windows for w in hours.windows(*window)))
            for day in days
        ]
    return [day for day in days if day.windows]


def as_utc(at: datetime) -> datetime:
    """
    Return the same instant in UTC.

    :raises ValueError: if `at` has no zone.
    """
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} has no zone")
    return at.astimezone(UTC)
