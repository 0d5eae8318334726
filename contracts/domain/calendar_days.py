"""From a calendar's wall clock to instants: the windows of each date, across DST changes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)

Interval = tuple[str, str]
Window = tuple[datetime, datetime]
Offsets = tuple[timedelta, timedelta]  # opening and closing, from local midnight


class Day(NamedTuple):
    """A business day: its local midnight and its merged windows, all in UTC."""

    midnight: datetime
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class CalendarDays:
    """Which wall-clock hours each date has, and the business days they make in UTC."""

    zone: ZoneInfo
    week: tuple[tuple[Offsets, ...], ...]
    holidays: frozenset[date]
    special_days: Mapping[date, tuple[Offsets, ...]]

    @classmethod
    def of(
        cls,
        timezone: str,
        week: Mapping[str, Sequence[Interval]],
        holidays: Iterable[date],
        special_days: Mapping[date, Sequence[Interval]],
    ) -> Self:
        """
        Return the days of a calendar as the terms write it.

        :raises ValueError: if a weekday or a time is not one.
        """
        if unknown := set(week) - set(WEEKDAYS):
            raise ValueError(f"not a day of the week: {', '.join(sorted(unknown))}; write mon..sun")
        return cls(
            ZoneInfo(timezone),
            tuple(_offsets(week.get(name, ())) for name in WEEKDAYS),
            frozenset(holidays),
            {on: _offsets(intervals) for on, intervals in special_days.items()},
        )

    def in_year(self, year: int) -> list[Day]:
        """Return the business days that begin in `year` of the calendar's zone."""
        first, after = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
        days = (self._day(date.fromordinal(ordinal)) for ordinal in range(first, after))
        return [day for day in days if day.windows]

    def _day(self, on: date) -> Day:
        midnight = datetime.combine(on, time())
        edges = (
            (_opening(midnight + opens, self.zone), _closing(midnight + closes, self.zone))
            for opens, closes in self._offsets_on(on)
        )
        return Day(_opening(midnight, self.zone), tuple(merged(sorted(edges))))

    def _offsets_on(self, on: date) -> tuple[Offsets, ...]:
        if on in self.special_days:
            return self.special_days[on]
        return () if on in self.holidays else self.week[on.weekday()]


def merged(windows: Iterable[Window]) -> Iterator[Window]:
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
