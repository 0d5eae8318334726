"""
How fast clocks are.

Each row is measured beside its floor, in turns: the same question answered by a bare bisection over
prefix sums that are laid out here, without checks. Two floors are tried, one on instants and one on
UTC seconds; the faster one counts. Business days have a floor of the same form, and beside it the
barest one for days alone, a look into a list of closings.
"""

import gc
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from statistics import median, quantiles
from typing import Any
from zoneinfo import ZoneInfo

from contracts.domain.clock import Entry, Event, deadline, evaluate
from contracts.domain.durations import Length
from contracts.domain.service_hours import ServiceHours

Call = Callable[[], object]

ROUNDS = 150
OFFICE = {day: [("09:00", "12:00"), ("13:00", "18:00")] for day in ("mon", "tue", "wed", "thu")}
HOURS = ServiceHours(
    "Asia/Tokyo",
    {**OFFICE, "fri": OFFICE["mon"]},
    [date(2026, 4, 29), *(date(2026, 5, day) for day in (3, 4, 5, 6)), date(2026, 7, 20)],
)
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
STARTS = [BEGIN + timedelta(minutes=571 * n) for n in range(500)]
EIGHT_HOURS = timedelta(hours=8)
SIXTY_DAYS = timedelta(days=84)


class Bare:
    """Bisection and nothing else; `position` and `instant` are its two halves."""

    def __init__(self, windows: Sequence[tuple[Any, Any]], zero: Any) -> None:
        self.opens = [opens for opens, _ in windows]
        self.sums = list(accumulate((end - start for start, end in windows), initial=zero))
        self.closes = [closes for _, closes in windows]
        days = {datetime.fromtimestamp(int(t), UTC).date(): t for t in map(_seconds, self.closes)}
        self.days = [t if zero == 0 else datetime.fromtimestamp(t, UTC) for t in days.values()]

    def position(self, at: Any) -> Any:
        k = bisect_right(self.opens, at) - 1
        served = self.sums[k] + (at - self.opens[k])
        return served if served < (most := self.sums[k + 1]) else most

    def instant(self, served: Any) -> Any:
        k = bisect_left(self.sums, served) - 1
        return self.opens[k] + (served - self.sums[k])


def _seconds(at: Any) -> float:
    return at.timestamp() if isinstance(at, datetime) else at


WINDOWS = HOURS.windows(BEGIN - timedelta(days=5), BEGIN + timedelta(days=900))
INSTANTS = Bare(WINDOWS, timedelta())
SECONDS = Bare([(a.timestamp(), b.timestamp()) for a, b in WINDOWS], 0)


def bare_add(start: datetime, duration: timedelta) -> datetime:
    opens, sums = INSTANTS.opens, INSTANTS.sums
    k = bisect_right(opens, start) - 1
    served = sums[k] + (start - opens[k])
    if served > sums[k + 1]:
        served = sums[k + 1]
    served += duration
    k = bisect_left(sums, served) - 1
    return opens[k] + (served - sums[k])


def bare_add_seconds(start: datetime, duration: timedelta) -> datetime:
    opens, sums = SECONDS.opens, SECONDS.sums
    at = start.timestamp()
    k = bisect_right(opens, at) - 1
    served = sums[k] + at - opens[k]
    if served > sums[k + 1]:
        served = sums[k + 1]
    served += duration.total_seconds()
    k = bisect_left(sums, served) - 1
    return datetime.fromtimestamp(opens[k] + served - sums[k], UTC)


def bare_elapsed(start: datetime, end: datetime) -> timedelta:
    opens, sums = INSTANTS.opens, INSTANTS.sums
    k = bisect_right(opens, start) - 1
    before = sums[k] + (start - opens[k])
    if before > sums[k + 1]:
        before = sums[k + 1]
    k = bisect_right(opens, end) - 1
    after = sums[k] + (end - opens[k])
    if after > sums[k + 1]:
        after = sums[k + 1]
    return after - before


def bare_elapsed_seconds(start: datetime, end: datetime) -> timedelta:
    position = SECONDS.position
    return timedelta(seconds=position(end.timestamp()) - position(start.timestamp()))


def bare_days(start: datetime, days: int) -> datetime:
    closes = INSTANTS.days
    return closes[bisect_right(closes, start) + days]


def bare_days_seconds(start: datetime, days: int) -> datetime:
    closes = SECONDS.days
    return datetime.fromtimestamp(closes[bisect_right(closes, start.timestamp()) + days], UTC)


class BareDays:
    """
    Business days as hours are laid out: calendar days, and prefix sums of how many of them are open.

    Where a `Bare` bisects into windows and back out of service time, this bisects into days and
    back out of business days: the same two bisections, for 1 day as for 60.
    """

    def __init__(self, windows: Sequence[tuple[datetime, datetime]], zone: ZoneInfo) -> None:
        closed_at = {closes.astimezone(zone).date(): closes for _, closes in windows}
        first, last = min(closed_at), max(closed_at)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        self.midnights = [
            datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in days
        ]
        self.sums = list(accumulate((day in closed_at for day in days), initial=0))
        self.closes = [closed_at.get(day) for day in days]


DAYS = BareDays(WINDOWS, ZoneInfo("Asia/Tokyo"))


def bare_days_by_sums(start: datetime, days: int) -> datetime | None:
    """Return the close of the Nth business day after that of `start`."""
    sums = DAYS.sums
    k = bisect_right(DAYS.midnights, start)
    return DAYS.closes[bisect_left(sums, sums[k] + days) - 1]


def _at(days: int, hours: int) -> datetime:
    return BEGIN + timedelta(days=days, hours=hours)


SIXTEEN, FORTY = Length(timedelta(hours=16)), Length(timedelta(hours=40))
NAMED = {"office": HOURS}
LEDGER = (
    Entry(Event.START, _at(0, 1), SIXTEEN, "office"),
    Entry(Event.PAUSE, _at(0, 6), cause="client_information"),
    Entry(Event.RESUME, _at(1, 2)),
    Entry(Event.RETARGET, _at(1, 5), FORTY, "office"),
    Entry(Event.PAUSE, _at(2, 1), cause="client_access"),
    Entry(Event.RESUME, _at(3, 1)),
)
NOW = _at(3, 4)


def bare_evaluate() -> tuple[datetime, timedelta, timedelta]:
    """Answer for the same ledger with the bisections it needs, once each and no rules."""
    elapsed, edges = bare_elapsed, [entry.at for entry in LEDGER]
    start, pause, resume, retarget, pause_again, resume_again = edges
    used = elapsed(start, pause)
    paused = elapsed(pause, resume)
    bare_add(start, EIGHT_HOURS)
    bare_add(resume, EIGHT_HOURS)
    used += elapsed(resume, retarget)
    used += elapsed(retarget, pause_again)
    paused += elapsed(pause_again, resume_again)
    bare_add(retarget, EIGHT_HOURS)
    due_at = bare_add(resume_again, timedelta(hours=40) - used)
    return due_at, used + elapsed(resume_again, NOW), paused


def _each(call: Callable[[datetime, Any], object], argument: Any) -> Call:
    def sweep() -> None:
        for start in STARTS:
            call(start, argument)

    return sweep


def _until(call: Callable[[datetime, datetime], object], span: timedelta) -> Call:
    pairs = [(start, start + span) for start in STARTS]

    def sweep() -> None:
        for start, end in pairs:
            call(start, end)

    return sweep


def _again(call: Callable[..., object], *arguments: object) -> Call:
    def sweep() -> None:
        for _ in STARTS:
            call(*arguments)

    return sweep


def _due(start: datetime, within: Length) -> datetime:
    return deadline(start, within, HOURS)


CASES: list[tuple[str, str, Call, list[Call]]] = [
    (
        f"add {size}",
        size,
        _each(HOURS.add, duration),
        [_each(bare_add, duration), _each(bare_add_seconds, duration)],
    )
    for size, duration in (("8 h", EIGHT_HOURS), ("480 h", 60 * EIGHT_HOURS))
]
CASES += [
    (
        f"elapsed {size}",
        size,
        _until(HOURS.elapsed, span),
        [_until(bare_elapsed, span), _until(bare_elapsed_seconds, span)],
    )
    for size, span in (("1 day", timedelta(days=1)), ("84 days", SIXTY_DAYS))
]
CASES += [
    (name, f"{days} bd", _each(call, argument), [_each(bare_days_by_sums, days)])
    for days in (1, 60)
    for name, call, argument in (
        (f"close_of_business_day {days}", HOURS.close_of_business_day, days),
        (f"deadline {days} bd", _due, Length(business_days=days)),
    )
]
BAREST = {  # a list of closings, where the Nth after an instant is one look further
    f"{days} bd": [_each(bare_days, days), _each(bare_days_seconds, days)] for days in (1, 60)
}
CASES += [
    (
        "clock.evaluate",
        f"{len(LEDGER)} entries",
        _again(evaluate, LEDGER, NAMED, NOW),
        [_again(bare_evaluate)],
    )
]


def _micros(sweep: Call) -> float:
    begun = time.perf_counter_ns()
    sweep()
    return (time.perf_counter_ns() - begun) / len(STARTS) / 1000


def _row(name: str, size: str, ours: Call, floors: list[Call]) -> dict[str, Any]:
    barest = BAREST.get(size, [])
    for sweep in (ours, *floors, *barest):
        sweep()
    rounds = [(_micros(ours), *map(_micros, (*floors, *barest))) for _ in range(ROUNDS)]
    own, *bare = zip(*rounds, strict=True)
    deciles = quantiles(own, n=10)
    floor = min(map(median, bare[: len(floors)]))
    more = {"barest_us": round(min(map(median, bare[len(floors) :])), 3)} if barest else {}
    return more | {
        "name": name,
        "size": size,
        "median_us": round(median(own), 3),
        "spread_us": [round(deciles[0], 3), round(deciles[-1], 3)],
        "floor_us": round(floor, 3),
        "ratio": round(median(own) / floor, 2),
    }


def _check() -> None:
    """The floors answer the same questions, or they are no floors."""
    for start in STARTS:
        for add in (bare_add, bare_add_seconds):
            assert add(start, EIGHT_HOURS) == HOURS.add(start, EIGHT_HOURS)
        for elapsed in (bare_elapsed, bare_elapsed_seconds):
            end = start + SIXTY_DAYS
            assert elapsed(start, end) == HOURS.elapsed(start, end)
    weekday = datetime(2026, 6, 4, 3, tzinfo=UTC)
    for days in (bare_days, bare_days_seconds):
        assert days(weekday, 60) == HOURS.close_of_business_day(weekday, 60)
    for start in STARTS:
        assert bare_days_by_sums(start, 60) == HOURS.close_of_business_day(start, 60)
    state = evaluate(LEDGER, NAMED, NOW)
    assert bare_evaluate() == (state.due_at, state.used, state.paused)


def run() -> list[dict[str, Any]]:
    """Return a row per case: times of one call in microseconds, and how many floors that is."""
    _check()
    gc.disable()
    try:
        return [_row(*case) for case in CASES]
    finally:
        gc.enable()
