"""Service hours: when the desk is open, and arithmetic with time inside its windows."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from types import MappingProxyType
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TWO_YEARS = timedelta(days=731)

_ZERO = timedelta()
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MARGIN = timedelta(days=2)  # a neighbouring year's windows reach less far: one day and a zone
_LAST_YEAR = 9998

Interval = tuple[str, str]
Window = tuple[datetime, datetime]
Offsets = tuple[timedelta, timedelta]  # opening and closing, from local midnight


class NeverOpens(ValueError):
    """There is no window in the two years after an instant."""


class Day(NamedTuple):
    """A business day: its local midnight and its merged windows, all in UTC."""

    midnight: datetime
    windows: tuple[Window, ...]


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
    _table: "_Table"

    def __init__(
        self,
        timezone: str,
        week: Mapping[str, Sequence[Interval]],
        holidays: Iterable[date] = (),
        special_days: Mapping[date, Sequence[Interval]] = MappingProxyType({}),
    ) -> None:
        if unknown := set(week) - set(WEEKDAYS):
            raise ValueError(f"not a day of the week: {', '.join(sorted(unknown))}; write mon..sun")
        zone = ZoneInfo(timezone)
        plan = _Plan(
            zone,
            tuple(_offsets(week.get(name, ())) for name in WEEKDAYS),
            frozenset(holidays),
            {on: _offsets(intervals) for on, intervals in special_days.items()},
        )
        self._begin(zone, plan.days_of)

    def _begin(self, zone: ZoneInfo, days_of: Callable[[int], Sequence[Day]]) -> None:
        self.zone, self._days_of, self._years, self._table = zone, days_of, {}, _EMPTY

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

    def _cover(self, start: datetime, end: datetime) -> "_Table":
        """Return the table, grown to hold every window of [start, end]."""
        table = self._table
        if not (table.starts_at <= start and end < table.ends_at):
            first = min(table.first, (start - _MARGIN).year)
            last = max(table.last, (end + _MARGIN).year)
            table = self._table = _Table(first, last, self._days_between(first, last))
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
        self._table = _Table(table.first, last, self._days_between(table.first, last))

    def _days_between(self, first: int, last: int) -> list[Day]:
        return [day for year in range(first, last + 1) for day in self._days_in(year)]

    def _days_in(self, year: int) -> Sequence[Day]:
        if year not in self._years:
            self._years[year] = self._days_of(year)
        return self._years[year]


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which wall-clock hours each date has."""

    zone: ZoneInfo
    week: tuple[tuple[Offsets, ...], ...]
    holidays: frozenset[date]
    special_days: Mapping[date, tuple[Offsets, ...]]

    def days_of(self, year: int) -> list[Day]:
        first, after = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
        days = (self._day(date.fromordinal(ordinal)) for ordinal in range(first, after))
        return [day for day in days if day.windows]

    def _day(self, on: date) -> Day:
        midnight = datetime.combine(on, time())
        edges = (
            (_opening(midnight + opens, self.zone), _closing(midnight + closes, self.zone))
            for opens, closes in self._offsets_on(on)
        )
        return Day(_opening(midnight, self.zone), tuple(_merged(sorted(edges))))

    def _offsets_on(self, on: date) -> tuple[Offsets, ...]:
        if on in self.special_days:
            return self.special_days[on]
        return () if on in self.holidays else self.week[on.weekday()]


class _Table:
    """
    The windows of some years as prefix sums, for bisection.

    Position k says what holds from `opens[k - 1]` to `opens[k]`: `sums[k]` is the service time
    before its window closes, and `shifts[k]` the instant which, plus the service time served so
    far, is the time now. The table answers for [starts_at, ends_at): windows are clipped to it.
    """

    __slots__ = (
        "days",
        "ends_at",
        "first",
        "gaps",
        "last",
        "last_close",
        "lists",
        "opens",
        "shifts",
        "starts_at",
        "sums",
    )

    def __init__(self, first: int, last: int, days: Sequence[Day]) -> None:
        self.first, self.last = first, last
        self.starts_at = datetime(first, 1, 1, tzinfo=UTC) + _MARGIN
        self.ends_at = max(self.starts_at, datetime(last + 1, 1, 1, tzinfo=UTC) - _MARGIN)
        windows = list(self._clipped(days))
        closes = [self.starts_at, *(window[1] for window in windows)]
        self.last_close = closes[-1]
        self.opens = [self.starts_at, *(window[0] for window in windows), self.ends_at]
        lengths = (end - start for start, end in windows)
        self.sums = [_ZERO, *accumulate(lengths, initial=_ZERO)]
        served = zip(self.opens, self.sums, strict=False)
        self.shifts = [self.starts_at, *(opens - before for opens, before in served)]
        self.gaps = [
            (closed_at, opens_at)
            for closed_at, opens_at in zip(closes, self.opens[1:-1], strict=False)
            if opens_at - closed_at > TWO_YEARS
        ]
        self.lists = (self.opens, self.shifts, self.sums, bool(self.gaps))
        day_closes = list(accumulate((day.windows[-1][1] for day in days), max))
        begins = [at for at in _day_begins(days, day_closes) if at < self.ends_at]
        self.days = (self.starts_at, [*begins, self.ends_at], day_closes, bool(self.gaps))

    def close(self, k: int) -> datetime:
        """Return when the window that opens at `opens[k]` closes."""
        return self.shifts[k + 1] + self.sums[k + 1]

    def reached(self, start: datetime, due: datetime) -> datetime:
        """
        Return `due`.

        :raises NeverOpens: if two years without a window lie between `start` and it.
        """
        for closed_at, opens_at in self.gaps:
            if start < opens_at <= due and opens_at - max(start, closed_at) > TWO_YEARS:
                raise NeverOpens(f"no window in the two years after {start.isoformat()}")
        return due

    def _clipped(self, days: Sequence[Day]) -> Iterator[Window]:
        for opens, closes in _merged(sorted(window for day in days for window in day.windows)):
            clipped = max(opens, self.starts_at), min(closes, self.ends_at)
            if clipped[0] < clipped[1]:
                yield clipped


def _day_begins(days: Sequence[Day], closes: Sequence[datetime]) -> Iterator[datetime]:
    """Yield when each day begins: at midnight, or where the day before is open past it, later."""
    yield from (day.midnight for day in days[:1])
    for day, closed_at in zip(days[1:], closes, strict=False):
        yield max(day.midnight, min(day.windows[0][0], closed_at))


def _common_days(days: Iterable[Day], others: Iterable[ServiceHours]) -> list[Day]:
    for hours in others:
        days = [
            Day(day.midnight, tuple(w for window in day.windows for w in hours.windows(*window)))
            for day in days
        ]
    return [day for day in days if day.windows]


def _merged(windows: Iterable[Window]) -> Iterator[Window]:
    """Yield sorted `windows` with those that touch or overlap made one, and empty ones left out."""
    current: Window | None = None
    for opens, closes in windows:
        if opens >= closes:
            continue
        if current and opens <= current[1]:
            current = current[0], max(current[1], closes)
        else:
            if current:
                yield current
            current = opens, closes
    if current:
        yield current


def _offsets(intervals: Sequence[Interval]) -> tuple[Offsets, ...]:
    return tuple(_interval(_offset(opens), _offset(closes)) for opens, closes in intervals)


def _interval(opens: timedelta, closes: timedelta) -> Offsets:
    if opens == _DAY:
        raise ValueError("24:00 ends a window and opens none")
    return opens, closes if closes > opens else closes + _DAY


def _offset(text: str) -> timedelta:
    if text in ("24:00", "24:00:00"):
        return _DAY
    try:
        at = time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a time of day: write 09:00") from None
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)


def _opening(wall: datetime, zone: ZoneInfo) -> datetime:
    earlier, later = _readings(wall, zone)
    return earlier if earlier <= later else _first_valid(later, earlier, zone)


def _closing(wall: datetime, zone: ZoneInfo) -> datetime:
    earlier, later = _readings(wall, zone)
    return later if earlier <= later else _first_valid(later, earlier, zone)


def _readings(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return `wall` in UTC by the offsets before and after a change; reversed in a gap."""
    before = wall.replace(tzinfo=zone)
    return before.astimezone(UTC), before.replace(fold=1).astimezone(UTC)


def _first_valid(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant in (low, high] at which the zone's offset changes."""
    offset = low.astimezone(zone).utcoffset()
    while high - low > _SECOND:
        middle = low + (high - low) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high


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


_EMPTY = _Table(9999, 1, ())
