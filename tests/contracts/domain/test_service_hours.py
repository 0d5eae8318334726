import json
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.domain.service_hours import WEEKDAYS, NeverOpens, ServiceHours
from tests.contracts.domain.oracle import Oracle

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TOKYO = ZoneInfo("Asia/Tokyo")
VECTORS = json.loads((Path(__file__).parent / "data" / "sla_vectors.json").read_text())["vectors"]
EXPECTED_COUNTS = {
    "add_time": 126,
    "elapsed": 61,
    "is_open": 48,
    "clock": 15,
    "open_intervals": 12,
    "add_business_days": 6,
}


def weekdays(*intervals: tuple[str, str]) -> dict[str, list[tuple[str, str]]]:
    return {day: list(intervals) for day in WEEKDAYS[:5]}


def every_day(*intervals: tuple[str, str]) -> dict[str, list[tuple[str, str]]]:
    return {day: list(intervals) for day in WEEKDAYS}


def tokyo(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=TOKYO)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


GOLDEN_WEEK = [date(2026, 4, 29), *(date(2026, 5, day) for day in (3, 4, 5, 6))]
OFFICE = ServiceHours("Asia/Tokyo", weekdays(("09:00", "12:00"), ("13:00", "18:00")), GOLDEN_WEEK)
HANOI = ServiceHours(
    "Asia/Ho_Chi_Minh", weekdays(("08:00", "17:00")), [date(2026, 4, 30), date(2026, 5, 1)]
)


def vectors_of(kind: str) -> Any:
    found = [vector for vector in VECTORS if vector["kind"] == kind]
    return pytest.mark.parametrize("vector", found, ids=[vector["id"] for vector in found])


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


class TestAnswersOfOtherProducts:
    def test_none_is_lost(self):
        assert Counter(vector["kind"] for vector in VECTORS) == EXPECTED_COUNTS
        assert all(vector["source"]["project"] for vector in VECTORS)

    @vectors_of("add_time")
    def test_time_is_added(self, vector):
        hours = ServiceHours.from_dict(vector["calendar"])
        start, duration = instant(vector["start"]), timedelta(seconds=vector["duration_seconds"])
        if vector["expected"] == {"error": "never_opens"}:
            with pytest.raises(NeverOpens):
                hours.add(start, duration)
        else:
            assert hours.add(start, duration) == instant(vector["expected"])

    @vectors_of("elapsed")
    def test_time_has_elapsed(self, vector):
        hours = ServiceHours.from_dict(vector["calendar"])
        elapsed = hours.elapsed(instant(vector["start"]), instant(vector["end"]))
        assert elapsed.total_seconds() == vector["expected"]

    @vectors_of("is_open")
    def test_the_desk_is_open(self, vector):
        hours = ServiceHours.from_dict(vector["calendar"])
        assert hours.is_open(instant(vector["at"])) is vector["expected"]

    @vectors_of("open_intervals")
    def test_windows_are_listed(self, vector):
        hours = ServiceHours.from_dict(vector["calendar"])
        windows = hours.windows(instant(vector["start"]), instant(vector["end"]))
        expected = [(instant(opens), instant(closes)) for opens, closes in vector["expected"]]
        assert windows == expected

    @vectors_of("add_business_days")
    def test_business_days_are_added(self, vector):
        hours = ServiceHours.from_dict(vector["calendar"])
        start = instant(vector["start"])
        start = start if start.tzinfo else start.replace(tzinfo=hours.zone)
        due = hours.close_of_business_day(start, vector["days"]).astimezone(hours.zone)
        if "at_time" in vector:
            due = datetime.combine(due, time.fromisoformat(vector["at_time"]), hours.zone)
        if len(vector["expected"]) == len("2026-06-05"):
            assert due.date() == date.fromisoformat(vector["expected"])
        else:
            assert due == instant(vector["expected"])


class TestAdd:
    def test_skips_lunch_and_the_weekend(self):
        assert OFFICE.add(tokyo(2026, 6, 5, 17, 30), 4 * HOUR) == tokyo(2026, 6, 8, 13, 30)

    def test_answers_in_utc(self):
        assert OFFICE.add(tokyo(2026, 6, 5, 10), HOUR).tzinfo is UTC
        assert OFFICE.add(tokyo(2026, 6, 5, 10), timedelta()).tzinfo is UTC

    def test_used_up_exactly_at_closing_is_due_at_closing(self):
        assert OFFICE.add(tokyo(2026, 6, 5, 9), 3 * HOUR) == tokyo(2026, 6, 5, 12)
        assert OFFICE.add(tokyo(2026, 6, 5, 17), HOUR) == tokyo(2026, 6, 5, 18)

    def test_a_microsecond_more_is_due_after_the_weekend(self):
        due = OFFICE.add(tokyo(2026, 6, 5, 17, 0, 0, 300_000), HOUR)
        assert due == tokyo(2026, 6, 8, 9, 0, 0, 300_000)

    def test_zero_rolls_to_the_next_opening(self):
        assert OFFICE.add(tokyo(2026, 6, 5, 18), timedelta()) == tokyo(2026, 6, 8, 9)
        assert OFFICE.add(tokyo(2026, 6, 5, 12), timedelta()) == tokyo(2026, 6, 5, 13)

    def test_zero_stays_inside_a_window(self):
        assert OFFICE.add(tokyo(2026, 6, 5, 9), timedelta()) == tokyo(2026, 6, 5, 9)
        assert OFFICE.add(tokyo(2026, 6, 5, 10, 7), timedelta()) == tokyo(2026, 6, 5, 10, 7)

    @pytest.mark.parametrize("duration", [timedelta(microseconds=-1), -HOUR])
    def test_refuses_to_go_backward(self, duration):
        with pytest.raises(ValueError, match="forward"):
            OFFICE.add(tokyo(2026, 6, 5, 10), duration)

    @pytest.mark.parametrize("call", [OFFICE.is_open, OFFICE.end_of_business_day])
    def test_refuses_an_instant_without_a_zone(self, call):
        with pytest.raises(ValueError, match="has no zone"):
            call(datetime(2026, 6, 5, 10))
        with pytest.raises(ValueError, match="has no zone"):
            OFFICE.add(datetime(2026, 6, 5, 10), HOUR)

    def test_ten_years_of_hours_end_in_the_right_year(self):
        hours = ServiceHours("UTC", every_day(("08:00", "16:00")))
        days = (date(2036, 1, 1) - date(2026, 1, 1)).days
        assert hours.add(utc(2026, 1, 1), days * 8 * HOUR) == utc(2035, 12, 31, 16)

    def test_always_counts_the_clock_across_years(self):
        always = ServiceHours.always()
        start = utc(2025, 12, 31, 23, 59, 59, 999_999)
        assert always.add(start, timedelta(days=1000)) == start + timedelta(days=1000)
        assert always.elapsed(utc(1999, 1, 1), utc(2031, 1, 1)) == utc(2031, 1, 1) - utc(1999, 1, 1)


class TestElapsed:
    def test_end_before_start_is_zero(self):
        assert OFFICE.elapsed(tokyo(2026, 6, 8, 10), tokyo(2026, 6, 5, 10)) == timedelta()

    def test_counts_windows_only(self):
        assert OFFICE.elapsed(tokyo(2026, 6, 5, 11), tokyo(2026, 6, 8, 9, 30)) == 6.5 * HOUR

    def test_a_year_has_its_business_hours(self):
        hours = ServiceHours("Asia/Tokyo", weekdays(("09:00", "17:00")))
        assert hours.elapsed(tokyo(2026, 1, 1), tokyo(2027, 1, 1)) == 261 * 8 * HOUR

    def test_of_a_sparse_calendar_spans_its_gap(self):
        days = {date(2020, 1, 15): [("09:00", "10:00")], date(2027, 1, 15): [("09:00", "11:00")]}
        hours = ServiceHours("UTC", {}, special_days=days)
        assert hours.elapsed(utc(2019, 1, 1), utc(2030, 1, 1)) == 3 * HOUR


class TestOpenOrClosed:
    def test_the_opening_is_open_and_the_closing_is_closed(self):
        asked = [tokyo(2026, 6, 5, 9), tokyo(2026, 6, 5, 12), tokyo(2026, 6, 5, 13)]
        assert [OFFICE.is_open(at) for at in asked] == [True, False, True]

    def test_a_special_day_opens_a_holiday(self):
        on = date(2026, 5, 4)
        hours = ServiceHours("UTC", weekdays(("09:00", "18:00")), [on], {on: [("10:00", "11:00")]})
        day = (utc(2026, 5, 4), utc(2026, 5, 5))
        assert hours.windows(*day) == [(utc(2026, 5, 4, 10), utc(2026, 5, 4, 11))]

    def test_a_special_day_without_windows_is_closed(self):
        hours = ServiceHours("UTC", weekdays(("09:00", "18:00")), (), {date(2026, 12, 29): []})
        assert not hours.is_open(utc(2026, 12, 29, 10))
        assert hours.is_open(utc(2026, 12, 30, 10))

    def test_windows_in_any_order_that_overlap_count_once(self):
        hours = ServiceHours("UTC", weekdays(("13:00", "18:00"), ("09:00", "14:00")))
        day = (utc(2026, 6, 5), utc(2026, 6, 6))
        assert hours.windows(*day) == [(utc(2026, 6, 5, 9), utc(2026, 6, 5, 18))]
        assert hours.elapsed(*day) == 9 * HOUR

    def test_a_night_shift_outlives_its_day_into_a_holiday(self):
        hours = ServiceHours("UTC", every_day(("22:00", "02:00")), [date(2026, 6, 6)])
        windows = hours.windows(utc(2026, 6, 5, 12), utc(2026, 6, 7, 12))
        assert windows == [(utc(2026, 6, 5, 22), utc(2026, 6, 6, 2))]

    def test_windows_are_clipped_to_the_question(self):
        windows = OFFICE.windows(tokyo(2026, 6, 5, 10), tokyo(2026, 6, 5, 14))
        assert windows == [
            (tokyo(2026, 6, 5, 10), tokyo(2026, 6, 5, 12)),
            (tokyo(2026, 6, 5, 13), tokyo(2026, 6, 5, 14)),
        ]
        assert OFFICE.windows(tokyo(2026, 6, 5, 14), tokyo(2026, 6, 5, 14)) == []

    def test_a_whole_year_is_one_window_of_always(self):
        span = (utc(2025, 12, 30), utc(2027, 1, 2))
        assert ServiceHours.always().windows(*span) == [span]


class TestBusinessDays:
    def test_the_day_of_receipt_is_not_counted(self):
        due = OFFICE.close_of_business_day(tokyo(2026, 4, 30, 16), 5)
        assert due == tokyo(2026, 5, 12, 18)

    @pytest.mark.parametrize("hour", [0, 7, 9, 17, 18, 23])
    def test_any_hour_of_a_business_day_is_its_day_of_receipt(self, hour):
        due = OFFICE.close_of_business_day(tokyo(2026, 6, 5, hour), 1)
        assert due == tokyo(2026, 6, 8, 18)

    def test_received_on_a_closed_day_the_next_business_day_is_day_one(self):
        due = OFFICE.close_of_business_day(tokyo(2026, 6, 6, 12), 1)
        assert due == tokyo(2026, 6, 8, 18)

    def test_the_zone_of_the_hours_decides_which_day_it_is(self):
        assert OFFICE.close_of_business_day(utc(2026, 6, 4, 14, 59), 1) == tokyo(2026, 6, 5, 18)
        assert OFFICE.close_of_business_day(utc(2026, 6, 4, 15, 0), 1) == tokyo(2026, 6, 8, 18)

    def test_no_days_is_the_close_of_the_day_at_hand(self):
        assert OFFICE.close_of_business_day(tokyo(2026, 6, 5, 10), 0) == tokyo(2026, 6, 5, 18)
        assert OFFICE.close_of_business_day(tokyo(2026, 6, 6, 10), 0) == tokyo(2026, 6, 8, 18)

    def test_days_run_forward(self):
        with pytest.raises(ValueError, match="forward"):
            OFFICE.close_of_business_day(tokyo(2026, 6, 5, 10), -1)

    def test_a_night_shift_is_received_on_the_day_it_began(self):
        hours = ServiceHours("UTC", weekdays(("22:00", "06:00")))
        wednesday_early, wednesday_late = utc(2026, 6, 3, 5), utc(2026, 6, 3, 7)
        assert hours.close_of_business_day(wednesday_early, 1) == utc(2026, 6, 4, 6)
        assert hours.close_of_business_day(wednesday_late, 1) == utc(2026, 6, 5, 6)

    def test_a_night_shift_ends_where_the_next_day_opens(self):
        week = {
            "mon": [("22:00", "10:00")],
            "tue": [("08:00", "18:00")],
            "wed": [("08:00", "18:00")],
        }
        hours = ServiceHours("UTC", week)
        assert hours.close_of_business_day(utc(2026, 6, 2, 7), 1) == utc(2026, 6, 2, 18)
        assert hours.close_of_business_day(utc(2026, 6, 2, 8), 1) == utc(2026, 6, 3, 18)

    def test_a_day_inside_a_longer_shift_closes_with_it(self):
        hours = ServiceHours("UTC", {"mon": [("22:00", "20:00")], "tue": [("08:00", "09:00")]})
        assert hours.close_of_business_day(utc(2026, 6, 1, 12), 1) == utc(2026, 6, 2, 20)
        assert hours.end_of_business_day(utc(2026, 6, 2, 8, 30)) == utc(2026, 6, 2, 20)

    @pytest.mark.parametrize("month", [3, 12])
    def test_around_new_year_they_are_the_same_whatever_was_asked_before(self, month):
        hours = ServiceHours("America/New_York", every_day(("18:00", "17:00")))
        hours.add(utc(2026, month, 1), HOUR)
        new_york = ZoneInfo("America/New_York")
        for year, day in ((2026, 1), (2027, 1), (2025, 365), (2026, 365)):
            at = datetime(year, 1, 1, 3, tzinfo=new_york) + timedelta(days=day - 1)
            close = at.replace(hour=17)
            assert hours.end_of_business_day(at) == close
            assert hours.close_of_business_day(at, 1) == close + timedelta(days=1)

    def test_around_the_clock_a_day_closes_at_midnight(self):
        assert ServiceHours.always().close_of_business_day(utc(2026, 6, 5, 12), 1) == utc(
            2026, 6, 7
        )

    def test_they_run_on_into_the_next_year(self):
        due = OFFICE.close_of_business_day(tokyo(2026, 12, 30, 10), 3)
        assert due == tokyo(2027, 1, 4, 18)
        assert OFFICE.close_of_business_day(tokyo(2026, 1, 1), 600) == tokyo(2028, 4, 26, 18)

    @pytest.mark.parametrize(
        ("at", "end"),
        [
            (tokyo(2026, 6, 5, 7), tokyo(2026, 6, 5, 18)),
            (tokyo(2026, 6, 5, 12, 30), tokyo(2026, 6, 5, 18)),
            (tokyo(2026, 6, 5, 18), tokyo(2026, 6, 5, 18)),
            (tokyo(2026, 6, 5, 18, 0, 0, 1), tokyo(2026, 6, 8, 18)),
            (tokyo(2026, 6, 7, 12), tokyo(2026, 6, 8, 18)),
        ],
    )
    def test_rounding_up_ends_at_a_close(self, at, end):
        assert OFFICE.end_of_business_day(at) == end


class TestIntersection:
    JOINT = ServiceHours.intersect(OFFICE, HANOI)

    def test_is_open_when_all_are(self):
        day = (tokyo(2026, 6, 5), tokyo(2026, 6, 6))
        assert self.JOINT.windows(*day) == [
            (tokyo(2026, 6, 5, 10), tokyo(2026, 6, 5, 12)),
            (tokyo(2026, 6, 5, 13), tokyo(2026, 6, 5, 18)),
        ]

    def test_counts_days_on_which_both_open(self):
        assert self.JOINT.close_of_business_day(tokyo(2026, 4, 30, 16), 5) == tokyo(2026, 5, 13, 18)

    def test_has_the_days_of_the_first(self):
        reverse = ServiceHours.intersect(HANOI, OFFICE)
        received = tokyo(2026, 6, 5, 1)  # the evening before in Hanoi
        assert self.JOINT.close_of_business_day(received, 1) == tokyo(2026, 6, 8, 18)
        assert reverse.close_of_business_day(received, 1) == tokyo(2026, 6, 5, 18)

    def test_of_strangers_never_opens(self):
        nights = ServiceHours("Asia/Tokyo", every_day(("19:00", "23:00")))
        with pytest.raises(NeverOpens):
            ServiceHours.intersect(OFFICE, nights).add(tokyo(2026, 6, 5, 10), HOUR)

    def test_of_an_intersection_is_one_too(self):
        mornings = ServiceHours("Asia/Tokyo", every_day(("00:00", "11:00")))
        hours = ServiceHours.intersect(self.JOINT, mornings)
        assert hours.elapsed(tokyo(2026, 6, 1), tokyo(2026, 6, 8)) == 5 * HOUR

    def test_needs_hours(self):
        with pytest.raises(ValueError, match="needs hours"):
            ServiceHours.intersect()


class TestDaylightSaving:
    def test_an_edge_in_a_gap_is_the_first_instant_after_it(self):
        hours = ServiceHours("America/New_York", every_day(("02:30", "04:00")))
        assert hours.windows(utc(2026, 3, 8), utc(2026, 3, 9)) == [
            (utc(2026, 3, 8, 7), utc(2026, 3, 8, 8))
        ]
        hours = ServiceHours("America/New_York", every_day(("01:00", "02:30")))
        assert hours.windows(utc(2026, 3, 8), utc(2026, 3, 9)) == [
            (utc(2026, 3, 8, 6), utc(2026, 3, 8, 7))
        ]

    def test_a_window_inside_a_gap_is_no_window(self):
        hours = ServiceHours("America/New_York", every_day(("02:15", "02:45")))
        assert hours.windows(utc(2026, 3, 8), utc(2026, 3, 9)) == []

    def test_in_a_fold_a_start_takes_the_first_and_an_end_the_second(self):
        hours = ServiceHours("America/New_York", every_day(("01:15", "01:45")))
        assert hours.windows(utc(2026, 11, 1), utc(2026, 11, 2)) == [
            (utc(2026, 11, 1, 5, 15), utc(2026, 11, 1, 6, 45))
        ]

    def test_an_end_at_the_first_minute_of_a_fold_takes_the_second_too(self):
        hours = ServiceHours("America/New_York", {"sat": [("22:00", "01:00")]})
        assert hours.windows(utc(2026, 11, 1), utc(2026, 11, 2)) == [
            (utc(2026, 11, 1, 2), utc(2026, 11, 1, 6))
        ]

    def test_a_gap_of_half_an_hour_is_found_to_the_second(self):
        hours = ServiceHours("Australia/Lord_Howe", every_day(("02:10", "03:00")))
        assert hours.windows(utc(2026, 10, 3), utc(2026, 10, 4)) == [
            (utc(2026, 10, 3, 15, 30), utc(2026, 10, 3, 16))
        ]

    def test_midnight_in_a_gap_opens_the_day_late(self):
        hours = ServiceHours("America/Sao_Paulo", every_day(("00:00", "24:00")))
        assert hours.close_of_business_day(utc(2018, 11, 4, 3), 1) == utc(2018, 11, 6, 2)
        assert hours.elapsed(utc(2018, 11, 3, 3), utc(2018, 11, 5, 2)) == 47 * HOUR

    def test_a_day_that_a_country_skipped_is_no_business_day(self):
        hours = ServiceHours("Pacific/Apia", every_day(("09:00", "17:00")))
        thursday = datetime(2011, 12, 29, 10, tzinfo=ZoneInfo("Pacific/Apia"))
        saturday = datetime(2011, 12, 31, 17, tzinfo=ZoneInfo("Pacific/Apia"))
        assert hours.close_of_business_day(thursday, 1) == saturday


class TestNeverOpens:
    EMPTY = ServiceHours("UTC", {})

    def test_hours_without_windows_answer_what_they_can(self):
        assert self.EMPTY.elapsed(utc(2026, 1, 1), utc(2027, 1, 1)) == timedelta()
        assert not self.EMPTY.is_open(utc(2026, 1, 1))
        assert self.EMPTY.windows(utc(2026, 1, 1), utc(2027, 1, 1)) == []

    @pytest.mark.parametrize(
        "call",
        [
            lambda hours, at: hours.add(at, HOUR),
            lambda hours, at: hours.add(at, timedelta()),
            lambda hours, at: hours.close_of_business_day(at, 1),
            lambda hours, at: hours.end_of_business_day(at),
        ],
    )
    def test_is_raised_where_two_years_hold_no_window(self, call):
        later = {date(2029, 6, 1): [("09:00", "17:00")]}
        hours = ServiceHours("UTC", {}, special_days=later)
        assert hours.elapsed(utc(2026, 1, 1), utc(2030, 1, 1)) == 8 * HOUR  # the window is known
        for asked in (hours, self.EMPTY):
            with pytest.raises(NeverOpens, match="two years"):
                call(asked, utc(2027, 5, 31))
        assert call(hours, utc(2027, 6, 2)).date() == date(2029, 6, 1)

    def test_is_raised_where_the_windows_run_out(self):
        hours = ServiceHours("UTC", {}, special_days={date(2026, 6, 5): [("09:00", "17:00")]})
        assert hours.add(utc(2026, 6, 1), 8 * HOUR) == utc(2026, 6, 5, 17)
        with pytest.raises(NeverOpens):
            hours.add(utc(2026, 6, 1), 9 * HOUR)


class TestWhatIsNotHours:
    @pytest.mark.parametrize(
        ("week", "message"),
        [
            ({"monday": [("09:00", "18:00")]}, "monday"),
            ({"mon": [("9am", "18:00")]}, "'9am' is not a time of day"),
            ({"mon": [("09:00", "25:00")]}, "'25:00' is not a time of day"),
            ({"mon": [("24:00", "02:00")]}, "24:00 ends a window"),
        ],
    )
    def test_is_refused_with_its_name(self, week, message):
        with pytest.raises(ValueError, match=message):
            ServiceHours("UTC", week)


class Case(NamedTuple):
    """Hours and their oracle over sixteen days, most of which change the clocks."""

    hours: ServiceHours
    oracle: Oracle

    def at(self, minute: int) -> datetime:
        return self.oracle.begin + minute * MINUTE

    @property
    def horizon(self) -> datetime:
        return self.oracle.end - timedelta(days=2)

    def known(self, call: Any, *arguments: object) -> datetime | None:
        """What is answered within the oracle's stretch of time, else None."""
        try:
            found = call(*arguments)
        except NeverOpens:
            return None
        return found if found and found <= self.horizon else None


STRETCHES = [
    ("America/New_York", utc(2026, 3, 2)),
    ("America/New_York", utc(2026, 10, 26)),
    ("Europe/Berlin", utc(2026, 3, 23)),
    ("Europe/Berlin", utc(2026, 10, 19)),
    ("Australia/Lord_Howe", utc(2026, 3, 29)),
    ("Australia/Lord_Howe", utc(2026, 9, 27)),
    ("America/Sao_Paulo", utc(2018, 10, 29)),
    ("Asia/Tokyo", utc(2026, 12, 25)),
    ("UTC", utc(2027, 12, 25)),
]
LENGTH = timedelta(days=16)
TIMES = ["00:00", "00:30", "01:00", "01:30", "01:45", "02:00", "02:10", "02:30", "03:00", "06:00"]
TIMES += ["09:00", "12:00", "13:00", "17:20", "18:00", "22:00", "23:30"]
intervals = st.lists(
    st.tuples(st.sampled_from(TIMES), st.sampled_from([*TIMES, "24:00"])), max_size=3
)
minutes = st.integers(3 * 1440, 11 * 1440)  # away from both ends of the stretch


@st.composite
def calendars(draw: st.DrawFn, zone: str, begin: datetime) -> dict[str, Any]:
    dates = st.integers(0, 15).map(lambda n: begin.date() + timedelta(days=n))
    return {
        "timezone": zone,
        "week": draw(st.fixed_dictionaries(dict.fromkeys(WEEKDAYS, intervals))),
        "holidays": draw(st.lists(dates, max_size=3)),
        "special_days": draw(st.dictionaries(dates, intervals, max_size=3)),
    }


def hours_of(calendar: dict[str, Any]) -> ServiceHours:
    return ServiceHours(*calendar.values())


@st.composite
def cases(draw: st.DrawFn, joint: bool = False) -> Case:
    zone, begin = draw(st.sampled_from(STRETCHES))
    zones = [zone, draw(st.sampled_from([zone, "Asia/Ho_Chi_Minh"]))] if joint else [zone]
    drawn = [draw(calendars(zone, begin)) for zone in zones]
    hours = [hours_of(calendar) for calendar in drawn]
    return Case(
        ServiceHours.intersect(*hours) if joint else hours[0],
        Oracle(drawn, begin, begin + LENGTH),
    )


def either() -> st.SearchStrategy[Case]:
    return st.one_of(cases(), cases(joint=True))


bounded = settings(max_examples=60, deadline=None, derandomize=True)


class TestAgainstTheMinuteHand:
    @given(either(), minutes, st.integers(0, 3000))
    @bounded
    def test_adding(self, case, minute, duration):
        question = case.at(minute), duration * MINUTE
        assert case.known(case.hours.add, *question) == case.known(case.oracle.add, *question)

    @given(either(), minutes, minutes)
    @bounded
    def test_elapsed(self, case, start, end):
        question = case.at(start), case.at(end)
        assert case.hours.elapsed(*question) == case.oracle.elapsed(*question)

    @given(either(), minutes, st.integers(1, 8))
    @bounded
    def test_business_days(self, case, minute, days):
        question = case.at(minute), days
        ours = case.known(case.hours.close_of_business_day, *question)
        assert ours == case.known(case.oracle.close_of_business_day, *question)

    @given(either(), minutes)
    @bounded
    def test_rounding_up_to_a_close(self, case, minute):
        at = case.at(minute)
        ours = case.known(case.hours.end_of_business_day, at)
        assert ours == case.known(case.oracle.end_of_business_day, at)

    @given(either(), minutes, st.integers(0, 4000))
    @bounded
    def test_windows_and_what_is_open_in_them(self, case, minute, span):
        question = case.at(minute), case.at(minute + span)
        assert case.hours.windows(*question) == case.oracle.windows(*question)
        assert case.hours.is_open(question[0]) is case.oracle.is_open(question[0])


ANY_INSTANT = st.datetimes(datetime(2020, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))
NIGHTS = ServiceHours("Europe/Berlin", every_day(("22:00", "06:00"), ("09:00", "12:00")))


class TestToTheMicrosecond:
    @given(ANY_INSTANT, st.timedeltas(timedelta(microseconds=1), timedelta(days=900)))
    @bounded
    def test_what_was_added_has_elapsed(self, start, duration):
        for hours in (OFFICE, NIGHTS, TestIntersection.JOINT):
            due = hours.add(start, duration)
            assert hours.elapsed(start, due) == duration
            assert hours.elapsed(start, due - timedelta(microseconds=1)) < duration

    @given(st.tuples(ANY_INSTANT, ANY_INSTANT, ANY_INSTANT).map(sorted))
    @bounded
    def test_elapsed_adds_up(self, instants):
        start, middle, end = instants
        whole = NIGHTS.elapsed(start, end)
        assert whole == NIGHTS.elapsed(start, middle) + NIGHTS.elapsed(middle, end)

    @given(ANY_INSTANT, st.lists(ANY_INSTANT, max_size=3))
    @bounded
    def test_what_was_asked_before_changes_no_answer(self, at, asked_before):
        week, hours = weekdays(("09:00", "01:00")), []
        for questions in ([], asked_before):
            fresh = ServiceHours("America/New_York", week)
            for question in questions:
                fresh.close_of_business_day(question, 100)
            hours.append(fresh)
        first, second = hours
        assert first.add(at, 30 * HOUR) == second.add(at, 30 * HOUR)
        assert first.close_of_business_day(at, 3) == second.close_of_business_day(at, 3)
        assert first.end_of_business_day(at) == second.end_of_business_day(at)
        span = at, at + timedelta(days=8)
        assert first.windows(*span) == second.windows(*span)
