"""When a client's silence is reminded of, and when it ends the ticket."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.domain.durations import Length
from contracts.domain.service_hours import ServiceHours

REMINDERS = 2
_A_DAY = 1  # between the last reminder, which is the notice, and the end


@dataclass(frozen=True, slots=True)
class Silence:
    """A client has said nothing since `since`; `reminded_at` are the reminders sent, in order."""

    since: datetime
    limit: Length
    hours: ServiceHours
    reminded_at: tuple[datetime, ...] = ()

    def next_reminder_at(self) -> datetime | None:
        """Return when the next reminder is due, after a third and two thirds; None after both."""
        sent = len(self.reminded_at)
        return None if sent >= REMINDERS else self._share(sent + 1)

    def closes_at(self) -> datetime:
        """
        Return when the silence ends the ticket: after the whole limit, and never before a business
        day has passed since the last reminder announced it (as if it were sent at its time).
        """
        last = (
            self.reminded_at[-1] if len(self.reminded_at) >= REMINDERS else self._share(REMINDERS)
        )
        return max(self._share(REMINDERS + 1), self.hours.close_of_business_day(last, _A_DAY))

    def is_over(self, now: datetime) -> bool:
        return len(self.reminded_at) >= REMINDERS and self.closes_at() <= now

    def _share(self, thirds: int) -> datetime:
        """Return the instant at which that many thirds of the limit are over, rounded up to days."""
        parts = REMINDERS + 1
        if self.limit.business_days is None:
            return self.since + (self.limit.duration or timedelta()) * thirds / parts
        days = -(-self.limit.business_days * thirds // parts)
        return self.hours.close_of_business_day(self.since, days)
