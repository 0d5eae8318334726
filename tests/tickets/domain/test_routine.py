"""Due days against tables written by hand: Golden Week in Tokyo, Tet in Hanoi."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from tickets.domain.routine import (
    Check,
    Every,
    Evidence,
    Schedule,
    Shift,
    due_days,
    missing,
    window,
)

# Japan, 29 April to 6 May 2026: Showa Day (Wed), Constitution, Greenery, Children's Day and the
# substitute on the 6th (Wed). 30 April (Thu) and 1 May (Fri) are working days.
GOLDEN_WEEK = {date(2026, 4, 29), *(date(2026, 5, day) for day in (3, 4, 5, 6))}
# Vietnam, Tet 2026: closed from Monday 16 to Friday 20 February.
TET = {date(2026, 2, day) for day in range(16, 21)}


def tokyo(on: date) -> bool:
    return on.weekday() < 5 and on not in GOLDEN_WEEK


def hanoi(on: date) -> bool:
    return on.weekday() < 5 and on not in TET


def days(schedule: Schedule, month: int, is_open) -> list[int]:
    found = due_days(schedule, date(2026, month, 1), date(2026, month + 1, 1), is_open)
    return [on.day for on in found]


DAILY, WEEKLY, MONTHLY = Every.DAY, Every.WEEK, Every.MONTH
WEDNESDAYS = frozenset({2})
MONDAYS = frozenset({0})


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        # every day
        (Schedule(DAILY), list(range(1, 32))),
        (Schedule(DAILY, shift=Shift.SKIP),
         [1, 7, 8, 11, 12, 13, 14, 15, 18, 19, 20, 21, 22, 25, 26, 27, 28, 29]),
        # on Wednesdays: 6 May is closed
        (Schedule(WEEKLY, WEDNESDAYS), [6, 13, 20, 27]),
        (Schedule(WEEKLY, WEDNESDAYS, shift=Shift.BEFORE), [1, 13, 20, 27]),
        (Schedule(WEEKLY, WEDNESDAYS, shift=Shift.AFTER), [7, 13, 20, 27]),
        (Schedule(WEEKLY, WEDNESDAYS, shift=Shift.SKIP), [13, 20, 27]),
        # on the 3rd, a Sunday: Friday the 1st before it, Thursday the 7th after it
        (Schedule(MONTHLY, of_month=3), [3]),
        (Schedule(MONTHLY, of_month=3, shift=Shift.BEFORE), [1]),
        (Schedule(MONTHLY, of_month=3, shift=Shift.AFTER), [7]),
        (Schedule(MONTHLY, of_month=3, shift=Shift.SKIP), []),
        # the last day, Sunday the 31st: Friday the 29th, or Monday 1 June, which is not May's
        (Schedule(MONTHLY, of_month=31, shift=Shift.BEFORE), [29]),
        (Schedule(MONTHLY, of_month=31, shift=Shift.AFTER), []),
    ],
)  # fmt: skip
def test_golden_week_in_tokyo(schedule, expected):
    assert days(schedule, 5, tokyo) == expected


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Schedule(DAILY, shift=Shift.SKIP), [2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 23, 24, 25, 26, 27]),
        (Schedule(WEEKLY, MONDAYS), [2, 9, 16, 23]),
        (Schedule(WEEKLY, MONDAYS, shift=Shift.BEFORE), [2, 9, 13, 23]),
        (Schedule(WEEKLY, MONDAYS, shift=Shift.SKIP), [2, 9, 23]),
        # the 16th moves onto the 23rd, where there is one already: one run
        (Schedule(WEEKLY, MONDAYS, shift=Shift.AFTER), [2, 9, 23]),
        (Schedule(MONTHLY, of_month=17, shift=Shift.BEFORE), [13]),
        (Schedule(MONTHLY, of_month=17, shift=Shift.AFTER), [23]),
        # February has no 31st: its last day, Saturday the 28th
        (Schedule(MONTHLY, of_month=31), [28]),
        (Schedule(MONTHLY, of_month=31, shift=Shift.BEFORE), [27]),
    ],
)
def test_tet_in_hanoi(schedule, expected):
    assert days(schedule, 2, hanoi) == expected


def test_a_date_of_the_month_before_may_move_into_this_one():
    schedule = Schedule(MONTHLY, of_month=31, shift=Shift.AFTER)

    found = due_days(schedule, date(2026, 6, 1), date(2026, 6, 2), tokyo)

    assert found == [date(2026, 6, 1)]  # Sunday 31 May


def test_where_nothing_ever_opens_the_date_stays():
    schedule = Schedule(MONTHLY, of_month=10, shift=Shift.AFTER)

    assert days(schedule, 5, lambda on: False) == [10]


class TestWindow:
    TOKYO = ZoneInfo("Asia/Tokyo")

    def test_is_of_the_contracts_zone(self):
        schedule = Schedule(DAILY, opens=time(9), closes=time(12))

        assert window(schedule, date(2026, 5, 1), self.TOKYO) == (
            datetime(2026, 5, 1, 0, tzinfo=UTC),
            datetime(2026, 5, 1, 3, tzinfo=UTC),
        )

    def test_may_go_past_midnight(self):
        schedule = Schedule(DAILY, opens=time(22), closes=time(2))

        opens_at, closes_at = window(schedule, date(2026, 5, 1), self.TOKYO)

        assert closes_at == datetime(2026, 5, 1, 17, tzinfo=UTC)
        assert (closes_at - opens_at).seconds == 4 * 3600

    def test_without_times_it_is_the_whole_day(self):
        opens_at, closes_at = window(Schedule(DAILY), date(2026, 5, 1), self.TOKYO)

        assert (closes_at - opens_at).days == 1


class TestSchedule:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"every": WEEKLY},
            {"every": WEEKLY, "weekdays": frozenset({7})},
            {"every": MONTHLY, "of_month": 0},
            {"every": MONTHLY, "of_month": 32},
        ],
    )
    def test_that_cannot_be_is_refused(self, wrong):
        with pytest.raises(ValueError, match="day"):
            Schedule(**wrong)


class TestChecklist:
    CHECKS = (Check("Backup exists"), Check("Its size in GB", Evidence.NUMBER))

    def test_names_what_is_not_ticked_or_not_proved(self):
        assert missing(self.CHECKS, set(), set()) == [0, 1]
        assert missing(self.CHECKS, {0, 1}, set()) == [1]
        assert missing(self.CHECKS, {0, 1}, {1}) == []
