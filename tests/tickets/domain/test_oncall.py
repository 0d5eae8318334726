"""Who is on call: turns, zones, changes of the clocks, absences, holidays, swaps."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tickets.domain.oncall import (
    Roster,
    Seat,
    Span,
    Turns,
    called,
    on_wall,
    shifts,
    turn_at,
    who,
)

TOKYO, HANOI, BERLIN = (ZoneInfo(z) for z in ("Asia/Tokyo", "Asia/Ho_Chi_Minh", "Europe/Berlin"))
NEW_YORK = ZoneInfo("America/New_York")


def roster(**told) -> Roster:
    given = {
        "zone": TOKYO,
        "seats": (Seat(1), Seat(2), Seat(3)),
        "turns": Turns.DAY,
        "hands_over": time(9),
        "starts_on": date(2026, 4, 6),  # a Monday
    }
    return Roster(**(given | told))


def tokyo(day: int, hour: int = 12, minute: int = 0, month: int = 4) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=TOKYO)


class TestTurns:
    @pytest.mark.parametrize(
        ("at", "order"),
        [
            (tokyo(6, 9), (1, 2, 3)),
            (tokyo(7, 8, 59), (1, 2, 3)),
            (tokyo(7, 9), (2, 3, 1)),
            (tokyo(8, 12), (3, 1, 2)),
            (tokyo(9, 12), (1, 2, 3)),
            (tokyo(1, 12), (1, 2, 3)),  # before it begins
        ],
    )
    def test_change_at_the_hand_over_of_the_zone(self, at, order):
        assert who(roster(), at) == order
        assert who(roster(), at.astimezone(UTC)) == order

    def test_of_a_week_change_on_their_weekday(self):
        weekly = roster(turns=Turns.WEEK, weekday=2, starts_on=date(2026, 4, 6))

        assert who(weekly, tokyo(7))[0] == 1
        assert who(weekly, tokyo(8, 9))[0] == 1  # the first hand-over is the first one's own
        assert who(weekly, tokyo(15, 8, 59))[0] == 1
        assert who(weekly, tokyo(15, 9))[0] == 2

    def test_go_on_for_years(self):
        at = datetime(2036, 4, 6, 12, tzinfo=TOKYO)

        assert turn_at(roster(), at) == (date(2036, 4, 6) - date(2026, 4, 6)).days

    def test_nobody_has_a_seat(self):
        assert who(roster(seats=()), tokyo(7)) == ()


class TestChangesOfTheClocks:
    def test_a_hand_over_that_does_not_exist_is_at_the_end_of_the_gap(self):
        spring = roster(zone=BERLIN, hands_over=time(2, 30), starts_on=date(2026, 3, 28))
        gap_ends = datetime(2026, 3, 29, 1, tzinfo=UTC)

        assert on_wall(date(2026, 3, 29), time(2, 30), BERLIN) == gap_ends
        assert who(spring, gap_ends - timedelta(seconds=1))[0] == 1
        assert who(spring, gap_ends)[0] == 2

    def test_a_hand_over_that_is_there_twice_happens_once(self):
        autumn = roster(zone=NEW_YORK, hands_over=time(1, 30), starts_on=date(2026, 10, 31))
        first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)

        assert who(autumn, first - timedelta(seconds=1))[0] == 1
        assert who(autumn, first)[0] == 2
        assert who(autumn, first + timedelta(minutes=45))[0] == 2  # 01:15 again: not handed back
        assert who(autumn, first + timedelta(hours=1, minutes=1))[0] == 2

    def test_each_turn_of_a_year_is_handed_over_once(self):
        year = roster(zone=NEW_YORK, hands_over=time(2), starts_on=date(2026, 1, 1))
        start = datetime(2026, 1, 1, 12, tzinfo=UTC)
        turns = [turn_at(year, start + timedelta(hours=n)) for n in range(24 * 365)]

        assert sorted(turns) == turns
        assert set(turns) == set(range(366))

    def test_a_day_is_as_long_as_its_clocks_say(self):
        spring = roster(zone=BERLIN, starts_on=date(2026, 3, 27))
        from_at, until_at = (datetime(2026, 3, *at, tzinfo=UTC) for at in ((27, 8), (30, 7)))
        found = shifts(spring, from_at, until_at)

        assert [s.ends_at - s.starts_at for s in found] == [
            timedelta(hours=24),
            timedelta(hours=23),
            timedelta(hours=24),
        ]


class TestAbsence:
    def test_passes_the_call_to_the_deputy(self):
        away = roster(absences=(Span(1, tokyo(6, 12), tokyo(6, 18)),))

        assert who(away, tokyo(6, 11)) == (1, 2, 3)
        assert who(away, tokyo(6, 12)) == (2, 3)
        assert who(away, tokyo(6, 18)) == (1, 2, 3)

    def test_of_everybody_drops_no_call(self):
        away = roster(absences=tuple(Span(n, tokyo(6, 0), tokyo(8, 0)) for n in (1, 2, 3)))

        assert who(away, tokyo(7)) == (2, 3, 1)

    def test_holidays_are_those_of_each_ones_country_on_their_own_wall(self):
        both = roster(
            seats=(Seat(1, "JP", "Asia/Tokyo"), Seat(2, "VN", "Asia/Ho_Chi_Minh")),
            holidays={"JP": frozenset({date(2026, 4, 29)}), "VN": frozenset({date(2026, 4, 30)})},
            hands_over=time(0),
            starts_on=date(2026, 4, 1),
        )  # the 29th is 1's turn, the 30th is 2's

        assert who(both, tokyo(28, 12)) == (2, 1)
        assert who(both, tokyo(29, 12)) == (2,)
        assert who(both, tokyo(30, 1)) == (2, 1)  # in Hanoi it is still the 29th
        assert who(both, tokyo(30, 12)) == (1,)


class TestSwaps:
    def test_put_somebody_in_the_place_of_another(self):
        swapped = roster(swaps=(Span(3, tokyo(6, 9), tokyo(7, 9)),))

        assert who(swapped, tokyo(6, 12)) == (3, 1, 2)
        assert who(swapped, tokyo(7, 12)) == (2, 3, 1)

    def test_the_last_word_counts(self):
        twice = roster(swaps=(Span(3, tokyo(6, 9), tokyo(7, 9)), Span(2, tokyo(6, 9), tokyo(7, 9))))

        assert who(twice, tokyo(6, 12)) == (2, 3, 1)

    def test_on_their_holiday_they_said_so_themselves(self):
        kept = roster(
            seats=(Seat(1), Seat(2, "JP", "Asia/Tokyo")),
            holidays={"JP": frozenset({date(2026, 4, 6)})},
            swaps=(Span(2, tokyo(6, 9), tokyo(7, 9)),),
        )

        assert who(kept, tokyo(6, 12)) == (2, 1)

    def test_who_is_away_after_all_is_not_called(self):
        both = roster(
            swaps=(Span(3, tokyo(6, 9), tokyo(7, 9)),),
            absences=(Span(3, tokyo(6, 12), tokyo(6, 14)),),
        )

        assert who(both, tokyo(6, 13)) == (1, 2)


def test_a_week_is_cut_where_the_order_changes():
    week = roster(
        absences=(Span(1, tokyo(6, 12), tokyo(6, 18)),),
        swaps=(Span(1, tokyo(8, 9), tokyo(9, 9)),),
    )
    found = shifts(week, tokyo(6, 9), tokyo(10, 9))

    assert [(s.starts_at, s.order[0]) for s in found] == [
        (tokyo(6, 9), 1),
        (tokyo(6, 12), 2),
        (tokyo(6, 18), 1),
        (tokyo(7, 9), 2),
        (tokyo(8, 9), 1),
        (tokyo(9, 9), 1),
    ]
    assert all(who(week, s.starts_at) == who(week, s.ends_at - timedelta(seconds=1)) for s in found)


def test_calls_go_round_and_end():
    assert [called((4, 5), n) for n in range(7)] == [4, 5, 4, 5, 4, 5, None]
    assert called((), 0) is None
