"""
A slow second opinion on service hours and clocks, minute by minute, for tests only.

It knows no prefix sums, no offsets and no UTC edges: it asks every minute of a stretch of time what
the wall clock in the zone says, and counts. All instants must be whole minutes inside the stretch.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from contracts.domain.clock import Entry, Event

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Calendar = Mapping[str, object]


@cache
def _walls(zone: str, begin: datetime, minutes: int) -> list[datetime]:
    """The wall clock of every minute, without its zone."""
    utc, there = begin.astimezone(UTC), ZoneInfo(zone)
    return [(utc + n * MINUTE).astimezone(there).replace(tzinfo=None) for n in range(minutes)]


class Oracle:
    """One calendar, or several of which all must be open, over the minutes of [begin, end)."""

    def __init__(self, calendars: Sequence[Calendar], begin: datetime, end: datetime) -> None:
        self.begin, self.end = begin, end
        self.minutes = (end - begin) // MINUTE
        self.walls = _walls(str(calendars[0]["timezone"]), begin, self.minutes)
        self.days = self._days(calendars[0])
        for other in calendars[1:]:
            open_too = Oracle([other], begin, end).open
            self.days = {on: minutes & open_too for on, minutes in self.days.items()}
        self.days = {on: minutes for on, minutes in sorted(self.days.items()) if minutes}
        self.open = set().union(*self.days.values())

    def is_open(self, at: datetime) -> bool:
        return self.minute_of(at) in self.open

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        minutes = range(self.minute_of(start), self.minute_of(end))
        return sum(minute in self.open for minute in minutes) * MINUTE

    def add(self, start: datetime, duration: timedelta) -> datetime | None:
        """The due instant, or None where the stretch ends before it."""
        left = duration // MINUTE
        for minute in range(self.minute_of(start), self.minutes):
            if minute in self.open:
                if left == 0:
                    return self.instant_of(minute)
                left -= 1
                if left == 0:
                    return self.instant_of(minute + 1)
        return None

    def close_of_business_day(self, start: datetime, days: int) -> datetime | None:
        later = [on for on in self.days if on > self.day_of(start)]
        return self._close(later[days - 1]) if days <= len(later) else None

    def end_of_business_day(self, at: datetime) -> datetime | None:
        closes = (self._close(on) for on in self.days)
        return next((close for close in closes if close >= at), None)

    def day_of(self, at: datetime) -> date:
        """The day of receipt: the local date, or the day before until that has closed."""
        minute = self.minute_of(at)
        today = self.walls[minute].date()
        before = today - DAY
        ends_at = max((max(self.days[on]) for on in self.days if on <= before), default=-1) + 1
        opened_today = today in self.days and minute >= min(self.days[today])
        still_yesterday = before in self.days and minute < ends_at and not opened_today
        return before if still_yesterday else today

    def windows(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        first, last = self.minute_of(start), self.minute_of(end)
        inside = [first <= minute < last and minute in self.open for minute in range(self.minutes)]
        edges = [n for n, (a, b) in enumerate(pairwise([False, *inside, False])) if a != b]
        instants = [self.instant_of(n) for n in edges]
        return list(zip(instants[::2], instants[1::2], strict=True))

    def _close(self, on: date) -> datetime:
        return self.instant_of(1 + max(max(self.days[day]) for day in self.days if day <= on))

    def _days(self, calendar: Calendar) -> dict[date, set[int]]:
        dates = sorted({wall.date() for wall in self.walls})
        days = [dates[0] - DAY, *dates]
        return {on: self._open_on(on, _intervals(calendar, on)) for on in days}

    def _open_on(self, on: date, intervals: Sequence[Sequence[str]]) -> set[int]:
        minutes: set[int] = set()
        for opens, closes in intervals:
            starts, ends = _wall(on, opens), _wall(on, closes)
            if ends <= starts:
                ends += DAY
            minutes |= set(range(self._first_at_or_after(starts), self._last_at(ends)))
        return minutes

    def _first_at_or_after(self, wall: datetime) -> int:
        """The first minute at which the clock shows `wall` or later."""
        if wall <= self.walls[0]:
            return 0
        return next((n for n in self._near(wall) if self.walls[n] >= wall), self.minutes)

    def _last_at(self, wall: datetime) -> int:
        """The last minute at which the clock shows `wall`; skipped, the first one after it."""
        if wall > self.walls[-1]:
            return self.minutes
        shown = [n for n in self._near(wall) if self.walls[n] == wall]
        before = [n + 1 for n in self._near(wall) if self.walls[n] < wall]
        return max(shown or before, default=0)

    def _near(self, wall: datetime) -> range:
        """The minutes around `wall`, further than any change of clocks moves it."""
        middle = (wall - self.walls[0]) // MINUTE
        return range(max(0, middle - 200), min(self.minutes, middle + 200))

    def minute_of(self, at: datetime) -> int:
        minute, rest = divmod(at - self.begin, MINUTE)
        assert not rest
        assert 0 <= minute <= self.minutes
        return minute

    def instant_of(self, minute: int) -> datetime:
        return self.begin + minute * MINUTE


def _intervals(calendar: Calendar, on: date) -> Sequence[Sequence[str]]:
    if on in calendar["special_days"]:
        return calendar["special_days"][on]
    return () if on in calendar["holidays"] else calendar["week"].get(NAMES[on.weekday()], ())


def _wall(on: date, text: str) -> datetime:
    if text == "24:00":
        return datetime.combine(on, time()) + DAY
    return datetime.combine(on, time.fromisoformat(text))


class Stepper:
    """One clock with targets in hours, taken through its ledger minute by minute."""

    def __init__(self, oracles: Mapping[str, Oracle]) -> None:
        self.oracles = oracles
        self.mode = ""
        self.minutes: dict[str, list[int]] = {"running": [], "paused": [], "stopped": []}
        self.due_at: datetime | None = None
        self.missed_at: datetime | None = None
        self.reclassified = False

    def step_to(self, now: datetime, ledger: Sequence[Entry]) -> None:
        any_oracle = next(iter(self.oracles.values()))
        begin, end = any_oracle.minute_of(ledger[0].at), any_oracle.minute_of(now)
        for minute in range(begin, end + 1):
            instant = any_oracle.instant_of(minute)
            for entry in ledger:
                if entry.at == instant:
                    self._take(entry)
            if minute < end:
                self._live_through(minute, instant)

    def total(self, mode: str) -> timedelta:
        return sum(minute in self.hours.open for minute in self.minutes[mode]) * MINUTE

    def _live_through(self, minute: int, instant: datetime) -> None:
        overdue = self.due_at is not None and self.due_at <= instant
        if self.mode == "running" and overdue and not self.missed_at:
            self.missed_at = self.due_at
        self.minutes[self.mode].append(minute)

    def _take(self, entry: Entry) -> None:
        if entry.event in (Event.START, Event.RETARGET):
            self.hours, self.within = self.oracles[entry.hours], entry.within.duration
            if not self.missed_at and self.total("running") > self.within:
                self.due_at = self.missed_at = entry.at
                self.reclassified = True
        if entry.event != Event.PAUSE and not self.missed_at:
            self.due_at = self.hours.add(entry.at, self.within - self.total("running"))
        modes = {"pause": "paused", "stop": "stopped", "retarget": self.mode}
        self.mode = modes.get(entry.event, "running")
