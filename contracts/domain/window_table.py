"""The windows of some years laid out for bisection."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from contracts.domain.calendar_days import Day, Window, merged

TWO_YEARS = timedelta(days=731)
MARGIN = timedelta(days=2)  # a neighbouring year's windows reach less far: one day and a zone

_ZERO = timedelta()


class NeverOpens(ValueError):
    """There is no window in the two years after an instant."""


class WindowTable:
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
        self.starts_at = datetime(first, 1, 1, tzinfo=UTC) + MARGIN
        self.ends_at = max(self.starts_at, datetime(last + 1, 1, 1, tzinfo=UTC) - MARGIN)
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
        for opens, closes in merged(sorted(window for day in days for window in day.windows)):
            clipped = max(opens, self.starts_at), min(closes, self.ends_at)
            if clipped[0] < clipped[1]:
                yield clipped


def _day_begins(days: Sequence[Day], closes: Sequence[datetime]) -> Iterator[datetime]:
    """Yield when each day begins: at midnight, or where the day before is open past it, later."""
    yield from (day.midnight for day in days[:1])
    for day, closed_at in zip(days[1:], closes, strict=False):
        yield max(day.midnight, min(day.windows[0][0], closed_at))


EMPTY = WindowTable(9999, 1, ())
