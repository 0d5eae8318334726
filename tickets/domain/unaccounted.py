"""Working time that nothing was written down for: a person's day, its windows, and the gaps in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from contracts.domain.calendar_days import Window, merged
from contracts.domain.service_hours import ServiceHours

MINUTE = timedelta(minutes=1)  # entries are whole minutes: less than one was never asked for
WEEK = timedelta(days=7)


class Calendar(NamedTuple):
    """The named hours of a contract's version in `[starts_at, ends_at)`; `usual` counts its days."""

    hours: Mapping[str, ServiceHours]
    usual: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """A day of a person's zone: its working time, and what of it nothing covers, in UTC."""

    on: date
    windows: tuple[Window, ...]
    gaps: tuple[Window, ...]

    @property
    def working_minutes(self) -> int:
        return _minutes(self.windows)

    @property
    def unaccounted_minutes(self) -> int:
        return _minutes(self.gaps)


def working_time(zone: ZoneInfo, calendars: Sequence[Calendar]) -> list[Window]:
    """
    Return the working time of a person in `zone`, merged, in UTC.

    Theirs are the hours that a contract names in their own zone, its usual ones before others; who
    has none anywhere keeps the usual hours of every contract. Hours that never close are nobody's
    working day.
    """
    own = [(each, hours) for each in calendars if (hours := _in_zone(zone, each)) is not None]
    chosen = own or [(each, each.hours[each.usual]) for each in calendars]
    found = (
        hours.windows(each.starts_at, each.ends_at)
        for each, hours in chosen
        if not _never_closes(hours, each.starts_at)
    )
    return list(merged(sorted(window for windows in found for window in windows)))


def unaccounted(
    zone: ZoneInfo, working: Iterable[Window], covered: Iterable[Window]
) -> list[WorkingDay]:
    """
    Return each day of `zone` that has working time, with the gaps that `covered` leaves in it.

    All are half-open `[starts_at, ends_at)`, in any order. Time past midnight is the next day's.
    Gaps of less than a minute are left out.
    """
    days: dict[date, list[Window]] = {}
    for window in merged(sorted(working)):
        for on, part in _by_day(zone, window):
            days.setdefault(on, []).append(part)
    known = list(merged(sorted(covered)))
    return [
        WorkingDay(on, tuple(windows), tuple(_long_enough(without(windows, known))))
        for on, windows in sorted(days.items())
    ]


def without(windows: Iterable[Window], covered: Sequence[Window]) -> Iterator[Window]:
    """Yield what is left of `windows` outside `covered`, which is merged and sorted."""
    for opens, closes in windows:
        at = opens
        for starts_at, ends_at in covered:
            if ends_at <= at or starts_at >= closes:
                continue
            if starts_at > at:
                yield at, starts_at
            at = max(at, ends_at)
        if at < closes:
            yield at, closes


def midnight(on: date, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which a day of `zone` begins; in a DST gap, the first after it."""
    return datetime.combine(on, time(), zone).astimezone(UTC)


def _in_zone(zone: ZoneInfo, calendar: Calendar) -> ServiceHours | None:
    usual = calendar.hours[calendar.usual]
    ordered = (usual, *calendar.hours.values())
    fitting = (
        hours
        for hours in ordered
        if hours.zone.key == zone.key and not _never_closes(hours, calendar.starts_at)
    )
    return next(fitting, None)


def _never_closes(hours: ServiceHours, at: datetime) -> bool:
    return hours.elapsed(at, at + WEEK) == WEEK


def _by_day(zone: ZoneInfo, window: Window) -> Iterator[tuple[date, Window]]:
    at, closes = window
    while at < closes:
        on = at.astimezone(zone).date()
        until = min(closes, midnight(on + timedelta(days=1), zone))
        yield on, (at, until)
        at = until


def _long_enough(gaps: Iterable[Window]) -> Iterator[Window]:
    return (gap for gap in gaps if gap[1] - gap[0] >= MINUTE)


def _minutes(windows: Iterable[Window]) -> int:
    return sum((ends - starts for starts, ends in windows), timedelta()) // MINUTE
