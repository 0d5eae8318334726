"""The term of a contract: which days it holds, when it is over, and when to speak of its end."""

from dataclasses import dataclass
from datetime import date, timedelta

from contracts.domain.months import next_month

STEPS = (90, 60, 30, 7)  # days before the end at which somebody is reminded


@dataclass(frozen=True, slots=True)
class Term:
    """The days [starts_on, ends_on) of the contract's zone; without an end it is open-ended."""

    starts_on: date
    ends_on: date | None = None

    def holds(self, day: date) -> bool:
        return self.starts_on <= day and not self.is_over(day)

    def is_over(self, today: date) -> bool:
        return self.ends_on is not None and self.ends_on <= today

    def step_on(self, today: date) -> int | None:
        """
        Return the last step that was reached; None before the first, and once the term is over.

        Steps that were passed unseen are not told late: the nearest one says more.
        """
        if self.ends_on is None or self.is_over(today):
            return None
        left = (self.ends_on - today).days
        return min((step for step in STEPS if left <= step), default=None)

    def first_open_day(self, last_closed: date | None) -> date:
        """Return the first day that may still be changed, after the last closed month (its first)."""
        return max(self.starts_on, next_month(last_closed)) if last_closed else self.starts_on


def due_on(ends_on: date, step: int) -> date:
    """Return the day on which a step is reached."""
    return ends_on - timedelta(days=step)
