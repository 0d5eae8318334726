"""The day on which a pool empties, by the pace of the month so far."""

from datetime import date, timedelta

import pytest

from contracts.domain.forecast import forecast

APRIL = [
    day
    for day in (date(2026, 4, 1) + timedelta(days=n) for n in range(30))
    if day.weekday() < 5 and day != date(2026, 4, 29)
]  # 21 business days


@pytest.mark.parametrize(
    ("used", "today", "empties"),
    [
        (600, date(2026, 4, 7), date(2026, 4, 14)),  # 5 days gone, 120 a day, 600 left: 5 more
        (601, date(2026, 4, 7), date(2026, 4, 14)),
        (500, date(2026, 4, 7), date(2026, 4, 16)),  # 100 a day, 700 left: 7 more
        (501, date(2026, 4, 7), date(2026, 4, 16)),
        (499, date(2026, 4, 7), date(2026, 4, 17)),  # 99.8 a day, 701 left: 7.02, so 8 more
        (200, date(2026, 4, 7), None),  # 40 a day, 1000 left: not before May
        (0, date(2026, 4, 7), None),
        (1200, date(2026, 4, 7), date(2026, 4, 7)),
        (1300, date(2026, 4, 7), date(2026, 4, 7)),
        (600, date(2026, 4, 5), date(2026, 4, 8)),  # a Sunday: three days gone, 200 a day
    ],
)
def test_a_pool_of_twenty_hours(used, today, empties):
    assert forecast(used, 1200, APRIL, today).empties_on == empties


def test_it_says_how_it_came_to_that():
    told = forecast(500, 1200, APRIL, date(2026, 4, 7))

    assert (told.days_gone, told.days_left, told.a_day) == (5, 16, 100)


def test_before_the_first_business_day_nothing_is_foretold():
    assert forecast(60, 1200, APRIL, date(2026, 3, 31)).empties_on is None


def test_a_pool_without_minutes_is_empty():
    assert forecast(0, 0, APRIL, date(2026, 4, 7)).empties_on == date(2026, 4, 7)
