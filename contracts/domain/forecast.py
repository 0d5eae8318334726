"""When an hour pool empties, if the month goes on as it began."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    A pool's month in minutes: `used` of `available` on the first `days_gone` business days.

    `empties_on` is the business day on which it runs out at this pace; None: not in this month.
    A pool that is empty already has the last day gone.
    """

    used: int
    available: int
    days_gone: int
    days_left: int
    empties_on: date | None

    @property
    def a_day(self) -> int:
        """Return the minutes used a business day so far, rounded up."""
        return -(-self.used // self.days_gone) if self.days_gone else self.used


def forecast(used: int, available: int, business_days: Sequence[date], today: date) -> Forecast:
    """
    Return when `available` minutes are used up; `business_days` are the month's, in order.

    Linear: each business day to come uses what each so far has used on average, today counted as
    one that is over. Work on closed days counts as used, and makes no day of its own.
    """
    gone = bisect_right(business_days, today)
    left = len(business_days) - gone
    if used >= available:
        return Forecast(used, available, gone, left, today)
    if not used or not gone:
        return Forecast(used, available, gone, left, None)
    needed = -(-(available - used) * gone // used)
    empties = business_days[gone + needed - 1] if needed <= left else None
    return Forecast(used, available, gone, left, empties)
