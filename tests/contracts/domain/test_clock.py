import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.domain.clock import (
    PAUSE_CAUSES,
    Entry,
    Event,
    Kind,
    LedgerError,
    Segment,
    Status,
    deadline,
    evaluate,
    is_late,
    segments,
    used_in_time,
)
from contracts.domain.durations import Length, parse_length
from contracts.domain.service_hours import WEEKDAYS, ServiceHours
from tests.contracts.domain.oracle import Oracle, Stepper

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ZERO = timedelta()
TOKYO = ZoneInfo("Asia/Tokyo")
VECTORS = json.loads((Path(__file__).parent / "data" / "sla_vectors.json").read_text())["vectors"]
CLOCKS = [vector for vector in VECTORS if vector["kind"] == "clock"]

WEEK = {day: [("09:00", "12:00"), ("13:00", "18:00")] for day in WEEKDAYS[:5]}
GOLDEN_WEEK = [date(2026, 4, 29), *(date(2026, 5, day) for day in (3, 4, 5, 6))]
OFFICE = ServiceHours("Asia/Tokyo", WEEK, GOLDEN_WEEK)
HANOI = ServiceHours(
    "Asia/Ho_Chi_Minh",
    {day: [("08:00", "17:00")] for day in WEEKDAYS[:5]},
    [date(2026, 4, 30), date(2026, 5, 1)],
)
HOURS = {
    "office": OFFICE,
    "joint": ServiceHours.intersect(OFFICE, HANOI),
    "always": ServiceHours.always(),
}
FOUR_HOURS, FIVE_DAYS = parse_length("4h"), parse_length("5bd")


def at(*parts: int) -> datetime:
    """An instant in June 2026, Tokyo time; the 5th is a Friday."""
    return datetime(2026, 6, *parts, tzinfo=TOKYO)


def spring(*parts: int) -> datetime:
    return datetime(2026, *parts, tzinfo=TOKYO)


def start(begun: datetime, within: str | None = "4h", hours: str = "office") -> Entry:
    return Entry(Event.START, begun, within and parse_length(within), hours)


def retarget(when: datetime, within: str | None, hours: str = "office") -> Entry:
    return Entry(Event.RETARGET, when, within and parse_length(within), hours)


def pause(when: datetime, cause: str = "client_information") -> Entry:
    return Entry(Event.PAUSE, when, cause=cause)


def resume(when: datetime) -> Entry:
    return Entry(Event.RESUME, when)


def stop(when: datetime) -> Entry:
    return Entry(Event.STOP, when)


def reopen(when: datetime) -> Entry:
    return Entry(Event.REOPEN, when)


def void(when: datetime) -> Entry:
    return Entry(Event.VOID, when)


class TestDeadline:
    def test_four_hours_from_friday_evening_end_on_monday_after_lunch(self):
        assert deadline(at(5, 17, 30), FOUR_HOURS, OFFICE) == at(8, 13, 30)

    def test_five_business_days_step_over_golden_week(self):
        assert deadline(spring(4, 30, 16), FIVE_DAYS, OFFICE) == spring(5, 12, 18)

    def test_five_business_days_on_joint_hours_skip_the_holidays_of_both(self):
        assert deadline(spring(4, 30, 16), FIVE_DAYS, HOURS["joint"]) == spring(5, 13, 18)

    def test_a_pause_of_business_days_rounds_up_once(self):
        paused = OFFICE.elapsed(spring(5, 8, 13), spring(5, 12, 11))
        assert paused == 15 * HOUR
        assert deadline(spring(4, 30, 16), FIVE_DAYS, OFFICE, paused) == spring(5, 14, 18)

    def test_pauses_that_fill_a_day_are_not_rounded_past_it(self):
        assert deadline(spring(4, 30, 16), FIVE_DAYS, OFFICE, 8 * HOUR) == spring(5, 13, 18)

    def test_a_pause_moves_hours_by_its_service_time(self):
        assert deadline(at(5, 17, 30), FOUR_HOURS, OFFICE, HOUR / 2) == at(8, 14)


class TestRunning:
    def test_runs_until_its_deadline(self):
        state = evaluate([start(at(5, 17, 30))], HOURS, at(8, 10))
        assert (state.status, state.due_at, state.used) == (
            Status.RUNNING,
            at(8, 13, 30),
            1.5 * HOUR,
        )
        assert (state.stopped_at, state.missed_at, state.paused) == (None, None, ZERO)

    def test_is_not_late_at_its_deadline_nor_in_the_same_second(self):
        ledger = [start(at(5, 17, 30))]
        for now in (at(8, 13, 30), at(8, 13, 30, 0, 999_999)):
            assert evaluate(ledger, HOURS, now).status == Status.RUNNING

    def test_misses_at_the_deadline_whenever_it_is_looked_at(self):
        ledger = [start(at(5, 17, 30))]
        for now in (at(8, 13, 30, 1), at(9, 9), at(30, 9)):
            state = evaluate(ledger, HOURS, now)
            assert (state.status, state.missed_at) == (Status.MISSED, at(8, 13, 30))
            assert (state.stopped_at, state.due_at) == (None, at(8, 13, 30))

    def test_without_a_target_is_measured_only(self):
        ledger = [start(at(5, 9), None), stop(at(8, 10))]
        state = evaluate(ledger, HOURS, at(9, 9))
        assert (state.status, state.due_at, state.missed_at) == (Status.MET, None, None)
        assert state.used == 9 * HOUR

    def test_measured_only_needs_no_hours(self):
        state = evaluate([start(at(5, 9), None, "")], HOURS, at(6, 9))
        assert (state.status, state.used) == (Status.RUNNING, 24 * HOUR)

    def test_a_page_that_read_the_time_before_the_last_entry_sees_that_entry(self):
        ledger = [start(at(5, 9)), stop(at(5, 10))]
        assert evaluate(ledger, HOURS, at(5, 9, 59)).status == Status.MET
        assert evaluate([start(at(5, 9))], HOURS, at(5, 8)).used == ZERO

    def test_instants_may_come_in_any_zone(self):
        berlin = ZoneInfo("Europe/Berlin")
        first = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)
        second = datetime(2026, 10, 25, 2, 10, tzinfo=berlin, fold=1)  # later, by 40 minutes
        state = evaluate([start(first, "2h", "always"), stop(second)], HOURS, second)
        assert (state.used, state.started_at.tzinfo) == (40 * MINUTE, UTC)


class TestStop:
    @pytest.mark.parametrize("stopped_at", [at(8, 13, 30), at(8, 13, 30, 0, 400_000), at(8, 9)])
    def test_at_or_before_the_deadline_is_met_in_whole_seconds(self, stopped_at):
        state = evaluate([start(at(5, 17, 30)), stop(stopped_at)], HOURS, at(30, 9))
        assert (state.status, state.stopped_at, state.missed_at) == (Status.MET, stopped_at, None)
        assert state.due_at == at(8, 13, 30)

    def test_a_second_after_it_is_missed(self):
        ledger = [start(at(5, 17, 30)), stop(at(8, 13, 30, 1))]
        state = evaluate(ledger, HOURS, at(30, 9))
        assert (state.status, state.missed_at) == (Status.MISSED, at(8, 13, 30))
        assert state.stopped_at == at(8, 13, 30, 1)

    def test_time_after_it_is_not_used(self):
        ledger = [start(at(5, 17, 30)), stop(at(8, 10))]
        assert evaluate(ledger, HOURS, at(30, 9)).used == 1.5 * HOUR

    def test_while_paused_ends_the_pause_at_that_instant(self):
        ledger = [start(at(5, 9)), pause(at(5, 10)), stop(at(9, 11))]
        state = evaluate(ledger, HOURS, at(30, 9))
        assert (state.status, state.used, state.paused) == (Status.MET, HOUR, 17 * HOUR)
        assert state.due_at == at(9, 15)

    @pytest.mark.parametrize("seconds", range(3))
    def test_lateness_is_counted_in_whole_seconds(self, seconds):
        due_at = at(8, 13, 30, 0, 900_000)
        assert is_late(at(8, 13, 30, seconds, 0), due_at) is (seconds > 0)


class TestUsedInTime:
    """The short way, for clocks that were met, says what the ledger says."""

    @given(
        begun=st.integers(0, 20 * 24 * 60),
        within=st.sampled_from(["1m", "4h", "9h", "18h", "3d", "1bd", "5bd", None]),
        hours=st.sampled_from(sorted(HOURS)),
        near=st.booleans(),
        seconds=st.integers(-200, 1_500_000),
        fraction=st.sampled_from([0, 1, 999_999]),
    )
    def test_is_what_the_ledger_says_of_a_met_clock_and_nothing_of_others(
        self, begun, within, hours, near, seconds, fraction
    ):
        first = start(spring(4, 20) + begun * MINUTE, within, hours)
        from_at = deadline(first.at, first.within, HOURS[hours]) if near and within else first.at
        shift = seconds % 7 - 3 if near else max(0, seconds)
        stopped_at = from_at + timedelta(seconds=shift, microseconds=fraction)
        if stopped_at < first.at:
            assert used_in_time(first, stopped_at, HOURS) is None
            return

        said = evaluate([first, stop(stopped_at)], HOURS, stopped_at)
        is_met = within is not None and said.status is Status.MET

        assert used_in_time(first, stopped_at, HOURS) == (said.used if is_met else None)

    def test_of_a_stop_after_closing_it_is_late_though_no_more_service_time_was_used(self):
        assert used_in_time(start(at(5, 14)), at(5, 18), HOURS) == 4 * HOUR
        assert used_in_time(start(at(5, 14)), at(5, 20), HOURS) is None


class TestPause:
    def test_over_a_weekend_costs_its_service_time(self):
        ledger = [start(at(5, 17, 30)), pause(at(5, 17, 45)), resume(at(8, 9, 15))]
        state = evaluate(ledger, HOURS, at(8, 9, 15))
        assert (state.status, state.due_at) == (Status.RUNNING, at(8, 14))
        assert (state.used, state.paused) == (HOUR / 4, HOUR / 2)

    def test_of_business_days_rounds_up_to_a_close(self):
        ledger = [
            start(spring(4, 30, 16), "5bd"),
            pause(spring(5, 8, 13)),
            resume(spring(5, 12, 11)),
        ]
        assert evaluate(ledger, HOURS, spring(5, 12, 11)).due_at == spring(5, 14, 18)

    def test_twice_is_summed_before_it_rounds_up_once(self):
        ledger = [start(spring(4, 30, 16), "5bd")]
        for day in (8, 11):
            ledger += [pause(spring(5, day, 9)), resume(spring(5, day, 12))]
        assert evaluate(ledger, HOURS, spring(5, 11, 12)).due_at == spring(5, 13, 18)

    def test_has_no_deadline_while_it_lasts(self):
        ledger = [start(at(5, 17, 30)), pause(at(5, 17, 45))]
        state = evaluate(ledger, HOURS, at(9, 18))
        assert (state.status, state.due_at, state.missed_at) == (Status.PAUSED, None, None)
        assert (state.used, state.paused) == (HOUR / 4, 16.25 * HOUR)

    def test_at_the_deadline_is_no_miss_and_zero_time_left_rolls_to_the_opening(self):
        ledger = [start(at(5, 17), "1h"), pause(at(5, 18)), resume(at(6, 12))]
        state = evaluate(ledger, HOURS, at(6, 12))
        assert (state.status, state.due_at) == (Status.RUNNING, at(8, 9))

    def test_at_the_close_of_the_last_day_leaves_until_the_resume(self):
        ledger = [start(at(4, 17), "1bd"), pause(at(5, 18)), resume(at(6, 12))]
        state = evaluate(ledger, HOURS, at(6, 12))
        assert (state.status, state.due_at) == (Status.RUNNING, at(6, 12))

    def test_after_the_deadline_does_not_undo_the_miss(self):
        ledger = [start(at(5, 9)), pause(at(5, 15)), resume(at(8, 10))]
        paused, resumed = (evaluate(ledger[:n], HOURS, at(8, 11)) for n in (2, 3))
        assert (paused.status, paused.missed_at, paused.due_at) == ("missed", at(5, 14), None)
        assert (resumed.status, resumed.missed_at) == ("missed", at(5, 14))
        assert resumed.due_at == at(5, 14)

    def test_in_the_second_after_the_deadline_is_no_miss_and_leaves_nothing(self):
        ledger = [start(at(5, 9)), pause(at(5, 14, 0, 0, 400_000)), resume(at(5, 15))]
        state = evaluate(ledger, HOURS, at(5, 15))
        assert (state.status, state.due_at) == (Status.RUNNING, at(5, 15))

    @pytest.mark.parametrize("cause", sorted(PAUSE_CAUSES))
    def test_is_for_what_the_client_causes(self, cause):
        ledger = [start(at(5, 9)), pause(at(5, 10), cause)]
        assert evaluate(ledger, HOURS, at(5, 11)).status == Status.PAUSED

    @pytest.mark.parametrize("cause", ["", "waiting_for_parts"])
    def test_is_for_nothing_else(self, cause):
        with pytest.raises(LedgerError, match="does not pause"):
            evaluate([start(at(5, 9)), pause(at(5, 10), cause)], HOURS, at(5, 11))


class TestRetarget:
    def test_carries_the_time_used(self):
        ledger = [start(at(5, 9), "16h"), retarget(at(5, 11), "4h")]
        state = evaluate(ledger, HOURS, at(5, 11))
        assert (state.due_at, state.used, state.reclassified) == (at(5, 14), 2 * HOUR, False)

    def test_counts_the_time_used_on_the_new_hours(self):
        ledger = [start(at(5, 18), "4h"), retarget(at(6, 2), "9h", "always")]
        state = evaluate(ledger, HOURS, at(6, 2))
        assert (state.used, state.due_at) == (8 * HOUR, at(6, 3))

    def test_that_is_already_over_is_missed_now_and_says_why(self):
        ledger = [start(at(5, 9), "16h"), retarget(at(5, 14), "2h")]
        state = evaluate(ledger, HOURS, at(5, 15))
        assert (state.status, state.missed_at, state.due_at) == ("missed", at(5, 14), at(5, 14))
        assert state.reclassified

    def test_that_is_used_up_this_second_is_due_now(self):
        ledger = [start(at(5, 9), "16h"), retarget(at(5, 11), "2h")]
        state = evaluate(ledger, HOURS, at(5, 11))
        assert (state.status, state.due_at, state.reclassified) == ("running", at(5, 11), False)

    def test_to_less_removes_no_miss(self):
        ledger = [start(at(5, 9), "1h"), retarget(at(5, 11), "40h")]
        state = evaluate(ledger, HOURS, at(5, 11))
        assert (state.status, state.missed_at, state.reclassified) == ("missed", at(5, 10), False)

    def test_while_paused_counts_when_the_clock_resumes(self):
        ledger = [start(at(5, 9), "16h"), pause(at(5, 10)), retarget(at(5, 11), "4h")]
        assert evaluate(ledger, HOURS, at(5, 11)).due_at is None
        state = evaluate([*ledger, resume(at(8, 9))], HOURS, at(8, 9))
        assert (state.due_at, state.used) == (at(8, 12), HOUR)

    def test_while_paused_may_already_be_over(self):
        ledger = [start(at(5, 9), "16h"), pause(at(5, 11)), retarget(at(5, 15), "1h")]
        state = evaluate(ledger, HOURS, at(5, 15))
        assert (state.status, state.missed_at, state.reclassified) == ("missed", at(5, 15), True)

    def test_to_business_days_counts_them_from_receipt(self):
        ledger = [start(at(4, 16), "40h"), retarget(at(5, 11), "2bd")]
        assert evaluate(ledger, HOURS, at(5, 11)).due_at == at(8, 18)

    def test_to_business_days_that_are_over_is_missed_now(self):
        ledger = [start(at(4, 16), "40h"), retarget(at(8, 11), "1bd")]
        state = evaluate(ledger, HOURS, at(8, 11))
        assert (state.missed_at, state.reclassified) == (at(8, 11), True)

    def test_from_business_days_to_hours(self):
        ledger = [start(at(4, 16), "5bd"), retarget(at(5, 11), "8h")]
        assert evaluate(ledger, HOURS, at(5, 11)).due_at == at(5, 16)

    def test_to_no_target_ends_the_deadline(self):
        ledger = [start(at(5, 9), "4h"), retarget(at(5, 11), None)]
        state = evaluate(ledger, HOURS, at(30, 9))
        assert (state.status, state.due_at, state.missed_at) == ("running", None, None)

    def test_to_no_target_keeps_a_miss(self):
        ledger = [start(at(5, 9), "1h"), retarget(at(5, 11), None)]
        state = evaluate(ledger, HOURS, at(30, 9))
        assert (state.missed_at, state.due_at) == (at(5, 10), None)


class TestReopen:
    def test_of_a_met_clock_runs_on_with_the_time_left(self):
        ledger = [start(at(5, 9)), stop(at(5, 12)), reopen(at(9, 10))]
        state = evaluate(ledger, HOURS, at(9, 10))
        assert (state.status, state.due_at, state.stopped_at) == ("running", at(9, 11), None)
        assert (state.used, state.paused) == (3 * HOUR, ZERO)

    def test_of_business_days_leaves_the_stopped_time_out(self):
        ledger = [start(at(4, 16), "2bd"), stop(at(5, 10)), reopen(at(8, 11))]
        assert evaluate(ledger, HOURS, at(8, 11)).due_at == at(10, 18)

    def test_may_miss_then(self):
        ledger = [start(at(5, 9)), stop(at(5, 12)), reopen(at(9, 10))]
        assert evaluate(ledger, HOURS, at(9, 12)).missed_at == at(9, 11)

    def test_of_a_missed_clock_stays_missed(self):
        ledger = [start(at(5, 9)), stop(at(5, 15)), reopen(at(8, 9)), stop(at(8, 10))]
        state = evaluate(ledger, HOURS, at(9, 12))
        assert (state.status, state.missed_at, state.stopped_at) == ("missed", at(5, 14), at(8, 10))

    def test_after_a_stop_while_paused_runs(self):
        ledger = [start(at(5, 9)), pause(at(5, 10)), stop(at(5, 11)), reopen(at(8, 9))]
        state = evaluate(ledger, HOURS, at(8, 10))
        assert (state.status, state.used, state.due_at) == ("running", 2 * HOUR, at(8, 12))


class TestVoid:
    @pytest.mark.parametrize("before", [[], [pause(at(5, 10))]])
    def test_ends_a_clock_without_a_verdict(self, before):
        ledger = [start(at(5, 9)), *before, void(at(5, 11))]
        state = evaluate(ledger, HOURS, at(30, 9))
        assert (state.status, state.due_at, state.missed_at) == (Status.VOID, None, None)
        assert state.used + state.paused == 2 * HOUR

    def test_removes_no_miss(self):
        ledger = [start(at(5, 9)), void(at(5, 15))]
        state = evaluate(ledger, HOURS, at(30, 9))
        assert (state.status, state.missed_at) == (Status.MISSED, at(5, 14))


BEGUN, PAUSED = [start(at(5, 9))], [start(at(5, 9)), pause(at(5, 10))]
STOPPED, VOIDED = [*BEGUN, stop(at(5, 10))], [*BEGUN, void(at(5, 10))]


class TestImpossibleLedgers:
    @pytest.mark.parametrize(
        ("ledger", "event"),
        [
            *(([], event) for event in Event if event != Event.START),
            *((BEGUN, event) for event in (Event.START, Event.RESUME, Event.REOPEN)),
            *((PAUSED, event) for event in (Event.START, Event.PAUSE, Event.REOPEN)),
            *((STOPPED, event) for event in Event if event != Event.REOPEN),
            *((VOIDED, event) for event in Event),
        ],
    )
    def test_are_refused(self, ledger, event):
        entry = Entry(event, at(5, 11), FOUR_HOURS, "office", "client_access")
        with pytest.raises(LedgerError, match=f"cannot {event} a clock that is"):
            evaluate([*ledger, entry], HOURS, at(5, 12))

    def test_time_does_not_run_backward(self):
        with pytest.raises(LedgerError, match="backward"):
            evaluate([*BEGUN, pause(at(5, 8, 59))], HOURS, at(5, 12))

    def test_an_empty_one_is_no_clock(self):
        with pytest.raises(LedgerError, match="empty"):
            evaluate([], HOURS, at(5, 12))

    @pytest.mark.parametrize("name", ["", "nights"])
    def test_a_target_needs_hours(self, name):
        with pytest.raises(LedgerError, match="unknown hours"):
            evaluate([start(at(5, 9), "4h", name)], HOURS, at(5, 12))

    def test_always_is_built_in(self):
        assert evaluate([start(at(5, 9), "4h", "always")], {}, at(5, 10)).due_at == at(5, 13)


class TestSegments:
    def test_tell_where_the_time_went(self):
        ledger = [
            start(at(5, 9)),
            pause(at(5, 10), "client_access"),
            resume(at(5, 14)),
            stop(at(5, 15)),
            reopen(at(8, 9)),
        ]
        assert segments(ledger, HOURS, at(8, 10)) == [
            Segment(at(5, 9), at(5, 10), Kind.RUNNING, HOUR, ""),
            Segment(at(5, 10), at(5, 14), Kind.PAUSED, 3 * HOUR, "client_access"),
            Segment(at(5, 14), at(5, 15), Kind.RUNNING, HOUR, ""),
            Segment(at(5, 15), at(8, 9), Kind.STOPPED, 3 * HOUR, ""),
            Segment(at(8, 9), at(8, 10), Kind.RUNNING, HOUR, ""),
        ]

    def test_of_no_length_are_left_out_and_none_follows_the_stop(self):
        ledger = [start(at(5, 9)), pause(at(5, 9)), stop(at(5, 10))]
        assert segments(ledger, HOURS, at(9, 9)) == [
            Segment(at(5, 9), at(5, 10), Kind.PAUSED, HOUR, "client_information")
        ]

    def test_do_not_blame_the_client_after_a_stop(self):
        ledger = [*PAUSED, stop(at(5, 11)), reopen(at(5, 12))]
        causes = [segment.cause for segment in segments(ledger, HOURS, at(5, 14))]
        assert causes == ["", "client_information", "", ""]

    def test_keep_the_cause_of_a_pause_through_a_new_target(self):
        ledger = [*PAUSED, retarget(at(5, 11), "8h"), resume(at(5, 12))]
        causes = [segment.cause for segment in segments(ledger, HOURS, at(5, 12))]
        assert causes == ["", "client_information", "client_information"]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def length_of(vector: dict[str, Any]) -> Length:
    if "duration_days" in vector:
        return Length(business_days=vector["duration_days"])
    return Length(timedelta(seconds=vector["duration_seconds"]))


def ledger_of(vector: dict[str, Any]) -> tuple[list[Entry], dict[str, ServiceHours]]:
    """A pause that began before the clock did holds it from its start."""
    begun, within = instant(vector["start"]), length_of(vector)
    hours = {"0": ServiceHours.from_dict(vector["calendar"])}
    entries = [Entry(Event.START, begun, within, "0")]
    for opens, closes in vector.get("pauses", ()):
        entries.append(pause(max(begun, instant(opens))))
        entries += [resume(instant(closes))] if closes else []
    for change in vector.get("events", ()):
        name = str(len(hours))
        hours[name] = ServiceHours.from_dict(change.get("calendar", vector["calendar"]))
        within = length_of(change) if change["type"] == "target_changed" else within
        entries.append(Entry(Event.RETARGET, instant(change["at"]), within, name))
    return entries, hours


class TestClocksOfOtherProducts:
    @pytest.mark.parametrize("vector", CLOCKS, ids=[vector["id"] for vector in CLOCKS])
    def test_agree(self, vector):
        entries, hours = ledger_of(vector)
        now = instant(vector.get("as_of", vector["start"]))
        state = evaluate(entries, hours, now)
        found = {
            "due": state.due_at,
            "elapsed_seconds": state.used.total_seconds(),
            "paused_seconds": state.paused.total_seconds(),
            "breached": state.missed_at is not None,
        }
        if state.status == Status.PAUSED:  # the peer shows a deadline that slides with the clock
            first = entries[0]
            found["due"] = deadline(first.at, first.within, hours["0"], state.paused)
        expected = dict(vector["expected"])
        if "due" in expected:
            expected["due"] = instant(expected["due"])
        assert {key: found[key] for key in expected} == expected


BEGIN = datetime(2026, 3, 23, tzinfo=UTC)  # Europe changes its clocks on the 29th
BERLIN = {
    "timezone": "Europe/Berlin",
    "week": {
        **{day: [("09:00", "12:00"), ("13:00", "17:30")] for day in WEEKDAYS[:5]},
        "sat": [("22:00", "03:30")],
    },
    "holidays": [date(2026, 4, 1)],
    "special_days": {date(2026, 3, 31): [("10:00", "11:00")]},
}
NIGHT = {**BERLIN, "week": {day: [("20:00", "06:00"), ("05:00", "08:00")] for day in WEEKDAYS}}
ORACLES = {
    "office": Oracle([BERLIN], BEGIN, BEGIN + timedelta(days=16)),
    "night": Oracle([NIGHT], BEGIN, BEGIN + timedelta(days=16)),
}
FAST = {"office": ServiceHours(*BERLIN.values()), "night": ServiceHours(*NIGHT.values())}
FOLLOWERS = {
    Event.START: (Event.PAUSE, Event.RETARGET, Event.STOP),
    Event.PAUSE: (Event.RESUME, Event.STOP),
    Event.RESUME: (Event.PAUSE, Event.RETARGET, Event.STOP),
    Event.RETARGET: (Event.PAUSE, Event.STOP),
    Event.STOP: (Event.REOPEN,),
    Event.REOPEN: (Event.PAUSE, Event.RETARGET, Event.STOP),
}


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[list[Entry], datetime]:
    """A ledger that can have happened, and an instant after it."""
    gaps = st.integers(0, 60) | st.integers(0, 1500)
    minute, entries = draw(st.integers(1440, 5000)), []
    event = Event.START
    for _ in range(draw(st.integers(1, 6))):
        within = Length(draw(st.integers(0, 1200)) * MINUTE)
        name = draw(st.sampled_from(["office", "office", "night"]))
        entries.append(Entry(event, BEGIN + minute * MINUTE, within, name, "client_access"))
        minute += draw(gaps)
        event = draw(st.sampled_from(FOLLOWERS[event]))
    return entries, BEGIN + minute * MINUTE


class TestAgainstTheMinuteHand:
    @given(ledgers())
    @settings(max_examples=150, deadline=None, derandomize=True)
    def test_a_whole_ledger(self, drawn):
        ledger, now = drawn
        stepper = Stepper(ORACLES)
        stepper.step_to(now, ledger)

        state = evaluate(ledger, FAST, now)

        assert (state.used, state.paused) == (stepper.total("running"), stepper.total("paused"))
        assert (state.missed_at, state.reclassified) == (stepper.missed_at, stepper.reclassified)
        assert state.due_at == (None if stepper.mode == "paused" else stepper.due_at)

    @given(st.integers(1440, 6000), st.integers(0, 3), st.lists(st.integers(0, 900), max_size=2))
    @settings(max_examples=60, deadline=None, derandomize=True)
    def test_business_days_with_pauses(self, minute, days, pauses):
        oracle, begun = ORACLES["office"], BEGIN + minute * MINUTE
        close = oracle.end_of_business_day(begun)
        if days:
            close = oracle.close_of_business_day(begun, days)
        ledger, held, when = [start(begun, f"{days}bd")], ZERO, begun
        for length in pauses:
            ledger += [pause(when), resume(when + length * MINUTE)]
            held += oracle.elapsed(when, when + length * MINUTE)
            when += (length + 30) * MINUTE
        if held:
            close = oracle.end_of_business_day(oracle.add(close, held))

        state = evaluate(ledger, FAST, ledger[-1].at)

        if state.missed_at:
            assert close <= ledger[-1].at
        else:
            assert state.due_at == max(close, ledger[-1].at)

    @given(ledgers())
    @settings(max_examples=60, deadline=None, derandomize=True)
    def test_segments_follow_each_other_and_add_up(self, drawn):
        ledger, now = drawn
        told, state = segments(ledger, FAST, now), evaluate(ledger, FAST, now)
        assert all(first.ends_at == then.starts_at for first, then in pairwise(told))
        for kind, total in ((Kind.RUNNING, state.used), (Kind.PAUSED, state.paused)):
            assert sum((s.counted for s in told if s.kind == kind), ZERO) == total

    @given(ledgers(), st.integers(0, 5000))
    @settings(max_examples=60, deadline=None, derandomize=True)
    def test_a_miss_is_final(self, drawn, later):
        ledger, now = drawn
        missed = {
            evaluate(ledger[:n], FAST, entry.at).missed_at for n, entry in enumerate(ledger, 1)
        } | {evaluate(ledger, FAST, now + later * MINUTE).missed_at}
        assert len(missed - {None}) <= 1
