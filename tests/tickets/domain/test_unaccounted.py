"""Which working minutes nothing was written down for: half-open, on the person's own calendar."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.domain.service_hours import ServiceHours
from tickets.domain.unaccounted import Calendar, midnight, unaccounted, working_time

TOKYO, HANOI, BERLIN = (ZoneInfo(z) for z in ("Asia/Tokyo", "Asia/Ho_Chi_Minh", "Europe/Berlin"))
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
DAY = date(2026, 4, 15)  # a Wednesday


def hours(zone: ZoneInfo, *windows: tuple[str, str], **given) -> ServiceHours:
    return ServiceHours(zone.key, dict.fromkeys(WEEKDAYS, windows), **given)


OFFICE = hours(TOKYO, ("09:00", "12:00"), ("13:00", "18:00"))
NIGHT_SHIFT = hours(TOKYO, ("22:00", "06:00"))


def during(zone: ZoneInfo, first: date, days: int = 1, **named: ServiceHours) -> Calendar:
    """Return the calendar of a contract over whole days; the first hours named are the usual ones."""
    until = first + timedelta(days=days)
    return Calendar(named, next(iter(named)), midnight(first, zone), midnight(until, zone))


def at(clock: str, zone: ZoneInfo = TOKYO, on: date = DAY) -> datetime:
    return datetime.combine(on, time.fromisoformat(clock), zone).astimezone(UTC)


def span(starts: str, ends: str, **where) -> tuple[datetime, datetime]:
    return at(starts, **where), at(ends, **where)


def office_day(*covered: tuple[datetime, datetime]):
    (day,) = unaccounted(TOKYO, working_time(TOKYO, [during(TOKYO, DAY, office=OFFICE)]), covered)
    return day


def test_a_day_without_an_entry_is_open_but_for_lunch():
    day = office_day()

    assert (day.on, day.working_minutes, day.unaccounted_minutes) == (DAY, 480, 480)
    assert day.gaps == (span("09:00", "12:00"), span("13:00", "18:00"))


def test_entries_leave_the_gaps_between_them():
    day = office_day(span("09:30", "10:00"), span("10:00", "11:00"), span("14:00", "19:30"))

    assert day.gaps == (span("09:00", "09:30"), span("11:00", "12:00"), span("13:00", "14:00"))
    assert day.unaccounted_minutes == 150


def test_entries_that_overlap_cover_a_minute_once():
    day = office_day(span("13:00", "17:00"), span("12:30", "14:00"), span("16:00", "18:00"))

    assert day.gaps == (span("09:00", "12:00"),)


def test_work_outside_the_hours_covers_nothing():
    assert office_day(span("06:00", "09:00"), span("18:00", "23:00")).unaccounted_minutes == 480


def test_an_entry_that_ends_at_the_opening_or_begins_at_the_closing_takes_no_minute():
    whole = office_day(span("09:00", "12:00"), span("13:00", "18:00"))

    assert (whole.gaps, whole.unaccounted_minutes) == ((), 0)


def test_less_than_a_minute_is_no_gap():
    nearly = (at("09:00") + timedelta(seconds=59), at("12:00"))

    assert office_day(nearly, span("13:00", "18:00")).gaps == ()


def test_closed_days_and_holidays_are_no_days():
    closed = hours(TOKYO, ("09:00", "18:00"), holidays=[DAY], special_days={date(2026, 4, 16): []})
    days = unaccounted(TOKYO, working_time(TOKYO, [during(TOKYO, DAY, 7, office=closed)]), [])

    assert [day.on.day for day in days] == [17, 20, 21]


def test_a_shift_past_midnight_is_cut_at_the_day():
    days = unaccounted(TOKYO, working_time(TOKYO, [during(TOKYO, DAY, 2, night=NIGHT_SHIFT)]), [])

    assert [(day.on.day, day.working_minutes) for day in days] == [(15, 480), (16, 480)]
    assert days[0].gaps == (
        span("00:00", "06:00"),
        (at("22:00"), midnight(date(2026, 4, 16), TOKYO)),
    )


@pytest.mark.parametrize(
    ("on", "minutes"), [(date(2026, 3, 29), 23 * 60), (date(2026, 10, 25), 25 * 60)]
)
def test_the_day_the_clocks_change_has_its_real_minutes(on, minutes):
    sundays = ServiceHours("Europe/Berlin", {"sun": [("00:00", "24:00")]})
    (day,) = unaccounted(BERLIN, working_time(BERLIN, [during(BERLIN, on, week=sundays)]), [])

    assert (day.working_minutes, day.unaccounted_minutes) == (minutes, minutes)
    assert day.gaps == ((midnight(on, BERLIN), midnight(on + timedelta(days=1), BERLIN)),)


class TestWhoseHours:
    HANOI_OFFICE = hours(HANOI, ("08:00", "17:00"))

    def test_in_a_persons_own_zone_come_before_the_contracts_usual_ones(self):
        contract = during(HANOI, DAY, office=OFFICE, hanoi=self.HANOI_OFFICE)

        assert working_time(HANOI, [contract]) == [span("08:00", "17:00", zone=HANOI)]

    def test_of_one_contract_keep_those_of_another_zone_away(self):
        tokyo_only = during(HANOI, DAY, office=OFFICE)
        both = during(HANOI, DAY, office=OFFICE, hanoi=self.HANOI_OFFICE)

        assert working_time(HANOI, [tokyo_only, both]) == [span("08:00", "17:00", zone=HANOI)]

    def test_are_the_usual_ones_where_none_is_in_their_zone(self):
        contract = during(TOKYO, DAY, office=OFFICE, hanoi=self.HANOI_OFFICE)

        assert working_time(BERLIN, [contract]) == list(OFFICE.windows(*contract[2:]))

    def test_of_several_contracts_are_one_day(self):
        early = during(TOKYO, DAY, early=hours(TOKYO, ("08:00", "12:30")))

        assert working_time(TOKYO, [during(TOKYO, DAY, office=OFFICE), early]) == [
            span("08:00", "12:30"), span("13:00", "18:00")
        ]  # fmt: skip

    def test_that_never_close_are_nobodys_day(self):
        always = during(TOKYO, DAY, always=ServiceHours.always())
        around = {day: [("00:00", "24:00")] for day in (*WEEKDAYS, "sat", "sun")}
        named = during(TOKYO, DAY, around=ServiceHours("Asia/Tokyo", around))

        assert working_time(ZoneInfo("UTC"), [always]) == []
        assert working_time(TOKYO, [named]) == []


MINUTES = st.integers(-200, 1700)


@given(st.lists(st.tuples(MINUTES, MINUTES)))
def test_each_working_minute_is_covered_or_in_a_gap(pairs):
    begins = at("00:00")
    covered = [(begins + timedelta(minutes=a), begins + timedelta(minutes=b)) for a, b in pairs]
    day = office_day(*covered)

    for minute in range(24 * 60):
        instant = begins + timedelta(minutes=minute)
        works = any(a <= instant < b for a, b in day.windows)
        told = any(a <= instant < b for a, b in covered)
        assert any(a <= instant < b for a, b in day.gaps) == (works and not told)
