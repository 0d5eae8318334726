"""Calendar months of a contract, in its own zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def next_month(month: date) -> date:
    """Return the first day of the month after `month`."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def previous_month(month: date) -> date:
    """Return the first day of the month before `month`."""
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)


def bounds_of(month: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return `[start, end)` of the month as UTC instants; local midnights of `zone`."""
    start, end = (
        datetime(day.year, day.month, 1, tzinfo=zone).astimezone(UTC)
        for day in (month, next_month(month))
    )
    return start, end
