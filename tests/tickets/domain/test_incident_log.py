"""The incident log: each rule has one example, and the slices agree with another counter."""

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tickets.domain import incident_log
from tickets.domain.incident_log import COUNTED, RULES, MalformedRow, MissingColumns

ROOT = Path(__file__).parents[3]
SLICES = ROOT / "portal" / "demo" / "data"
COUNTER = ROOT / "tests" / "prove" / "count_incident_log.py"
HEADER = [
    *("number", "incident_state", "reassignment_count", "sys_mod_count", "made_sla", "caller_id"),
    *("opened_at", "sys_updated_by", "sys_updated_at", "contact_type", "location", "category"),
    *("subcategory", "u_symptom", "impact", "urgency", "priority", "assignment_group"),
    *("assigned_to", "problem_id", "rfc", "caused_by", "closed_code"),
]
PLAIN = {
    "number": "INC1",
    "incident_state": "New",
    "reassignment_count": "0",
    "made_sla": "true",
    "caller_id": "Caller 7",
    "opened_at": "1/3/2016 09:00",
    "sys_updated_by": "Updated by 4",
    "sys_updated_at": "1/3/2016 09:00",
    "contact_type": "Phone",
    "location": "Location 9",
    "category": "Category 5",
    "subcategory": "Subcategory 6",
    "u_symptom": "Symptom 8",
    "impact": "2 - Medium",
    "urgency": "2 - Medium",
    "priority": "3 - Moderate",
    "closed_code": "code 6",
}


def lines(*rows, header=HEADER):
    """Lay out one log line a row; a row counts on in `sys_mod_count` unless it says otherwise."""
    told = [{"sys_mod_count": str(place)} | PLAIN | row for place, row in enumerate(rows)]
    table = [header, *([row.get(name, "?") for name in header] for row in told)]
    return [",".join(cells) + "\n" for cells in table]


def read(*rows, timezone="Asia/Tokyo", **options):
    return incident_log.read(lines(*rows), timezone, **options)


def state(name, minute=0, **cells):
    return {"incident_state": name, "sys_updated_at": f"1/3/2016 10:{minute:02}", **cells}


def walk(*names, **first):
    """Read one incident that goes through the states `names`, a minute apart."""
    rows = [state(name, minute) for minute, name in enumerate(names)]
    rows[0] |= first
    log = read(*rows)
    return log, [step.kind.value for step in log.incidents[0].steps]


def implied(log):
    return [(step.kind.value, step.implied) for step in log.incidents[0].steps if step.implied]


def used(log):
    return {rule: count for rule, count in log.summary.rules.items() if count}


def at(hour, minute=0):
    return datetime(2016, 3, 1, hour, minute, tzinfo=UTC)


class TestAnIncident:
    def test_says_what_the_last_row_knows(self):
        log = read(
            state("New", location="?", category="Category 1", made_sla="true"),
            state("Closed", location="Location 9", category="Category 5", made_sla="false"),
        )

        (incident,) = log.incidents
        assert (incident.number, incident.rows) == ("INC1", 2)
        assert (incident.location, incident.category) == ("Location 9", "Category 5")
        assert (incident.subcategory, incident.symptom) == ("Subcategory 6", "Symptom 8")
        assert (incident.channel, incident.caller) == ("Phone", "Caller 7")
        assert incident.closed_code == "code 6"
        assert incident.made_sla is False

    def test_was_received_when_it_was_opened_however_late_its_first_row_is(self):
        (incident,) = read(state("Active", opened_at="1/3/2016 08:15")).incidents

        assert incident.opened_at == datetime(2016, 2, 29, 23, 15, tzinfo=UTC)
        assert incident.steps[0].at == at(1)

    def test_is_graded_as_it_was_at_first_and_regraded_by_steps(self):
        high = {"impact": "1 - High", "urgency": "1 - High", "priority": "1 - Critical"}
        (incident,) = read(state("New"), state("New", 5, **high)).incidents

        assert (incident.impact, incident.urgency, incident.priority) == (2, 2, "P3")
        (step,) = incident.steps
        assert (step.kind, step.at) == ("prioritise", at(1, 5))
        assert (step.impact, step.urgency, step.priority) == (1, 1, "P1")

    def test_reads_a_question_mark_as_unknown(self):
        (incident,) = read(state("New", caller_id="?", location="?", made_sla="?")).incidents

        assert incident.caller is None
        assert incident.location is None
        assert incident.made_sla is None
        assert incident.problem_id is None

    def test_may_have_rows_far_apart_in_any_order(self):
        log = read(
            state("Resolved", 9, sys_mod_count="7"),
            state("New", number="INC2"),
            state("Active", 3, sys_mod_count="2"),
        )

        first, second = log.incidents
        assert [step.kind for step in first.steps] == ["start", "resolve"]
        assert [step.line for step in first.steps] == [4, 2]
        assert second.number == "INC2"

    def test_comes_in_the_order_of_opening(self):
        log = read(
            state("New", number="INC1", opened_at="1/3/2016 09:30"),
            state("New", number="INC2", opened_at="1/3/2016 09:00"),
        )

        assert [incident.number for incident in log.incidents] == ["INC2", "INC1"]


class TestStates:
    def test_a_plain_life_starts_resolves_and_closes(self):
        log, steps = walk("New", "Active", "Resolved", "Closed")

        assert steps == ["start", "resolve", "close"]
        assert used(log) == {}
        assert log.summary.transitions == {
            "New > Active": 1,
            "Active > Resolved": 1,
            "Resolved > Closed": 1,
        }

    def test_waiting_for_the_user_pauses_and_leaving_it_resumes(self):
        _, steps = walk("Active", "Awaiting User Info", "Awaiting User Info", "Active")

        assert steps == ["start", "pause", "resume"]

    def test_first_row_at_work_starts(self):
        log, steps = walk("Awaiting User Info")

        assert steps == ["start", "pause"]
        assert implied(log) == [("start", "first_row_at_work_starts")]

    def test_first_row_resolved_starts_first(self):
        log, steps = walk("Resolved")

        assert steps == ["start", "resolve"]
        assert implied(log) == [("start", "first_row_resolved_starts_first")]

    def test_first_row_closed_resolves_first(self):
        log, steps = walk("Closed")

        assert steps == ["start", "resolve", "close"]
        rule = "first_row_closed_resolves_first"
        assert implied(log) == [("start", rule), ("resolve", rule)]

    def test_new_to_resolved_starts_first(self):
        log, steps = walk("New", "Resolved")

        assert steps == ["start", "resolve"]
        assert implied(log) == [("start", "new_to_resolved_starts_first")]
        assert {step.at for step in log.incidents[0].steps} == {at(1, 1)}

    def test_new_to_waiting_starts_first(self):
        log, steps = walk("New", "Awaiting User Info")

        assert steps == ["start", "pause"]
        assert implied(log) == [("start", "new_to_waiting_starts_first")]

    def test_new_to_closed_resolves_first(self):
        log, steps = walk("New", "Closed")

        assert steps == ["start", "resolve", "close"]
        rule = "new_to_closed_resolves_first"
        assert implied(log) == [("start", rule), ("resolve", rule)]

    @pytest.mark.parametrize("name", ["Active", "Awaiting User Info"])
    def test_open_to_closed_resolves_first(self, name):
        log, steps = walk("New", "Active", name, "Closed")

        assert steps[-2:] == ["resolve", "close"]
        assert implied(log) == [("resolve", "open_to_closed_resolves_first")]

    def test_resolving_ends_the_pause_without_a_resume(self):
        log, steps = walk("New", "Active", "Awaiting User Info", "Resolved")

        assert steps == ["start", "pause", "resolve"]
        assert used(log) == {"resolving_ends_the_pause": 1, "ends_before_closing": 1}

    def test_resolved_reopens(self):
        log, steps = walk("New", "Active", "Resolved", "Active", "Resolved", "Closed")

        assert steps == ["start", "resolve", "reopen", "resolve", "close"]
        assert used(log) == {"resolved_reopens": 1}

    def test_resolved_to_waiting_reopens_and_then_pauses(self):
        log, steps = walk("New", "Active", "Resolved", "Awaiting User Info")

        assert steps == ["start", "resolve", "reopen", "pause"]
        assert implied(log) == [("reopen", "resolved_reopens")]

    def test_closed_reopens(self):
        log, steps = walk("New", "Active", "Resolved", "Closed", "Active", "Resolved", "Closed")

        assert steps == ["start", "resolve", "close", "reopen", "resolve", "close"]
        assert used(log) == {"closed_reopens": 1}

    def test_back_to_new_is_work_and_starts_nothing_twice(self):
        log, steps = walk("Active", "New", "Active", "Resolved", "Closed")

        assert steps == ["start", "resolve", "close"]
        assert used(log) == {"first_row_at_work_starts": 1, "back_to_new_is_work": 1}

    def test_closed_to_resolved_is_ignored(self):
        log, steps = walk("New", "Active", "Resolved", "Closed", "Resolved", "Closed")

        assert steps == ["start", "resolve", "close"]
        assert used(log) == {"closed_to_resolved_is_ignored": 1}

    @pytest.mark.parametrize("what", ["Vendor", "Problem", "Evidence"])
    def test_other_waits_run_on_as_work(self, what):
        log, steps = walk("New", f"Awaiting {what}", f"Awaiting {what}", "Active", "Resolved")

        assert steps == ["start", "resolve"]
        assert used(log) == {f"awaiting_{what.lower()}_runs": 1, "ends_before_closing": 1}

    def test_leaving_the_user_for_the_vendor_resumes(self):
        _, steps = walk("Active", "Awaiting User Info", "Awaiting Vendor")

        assert steps == ["start", "pause", "resume"]

    def test_state_minus_100_keeps_the_state_and_its_row_still_counts(self):
        log = read(
            state("Active"),
            state("Awaiting User Info", 1),
            state("-100", 2, assignment_group="Group 2"),
            state("Awaiting User Info", 3),
        )

        kinds = [step.kind for step in log.incidents[0].steps]
        assert kinds == ["start", "pause", "assign"]
        assert log.summary.rules["state_minus_100_keeps_the_state"] == 1

    def test_the_log_may_end_before_closing(self):
        log, steps = walk("New", "Active", "Resolved")

        assert steps == ["start", "resolve"]
        assert used(log) == {"ends_before_closing": 1}


class TestTimes:
    def test_a_resolution_happens_when_its_row_was_written_not_at_the_final_resolved_at(self):
        header = [*HEADER, "resolved_at"]
        rows = [
            state("Active") | {"resolved_at": "1/3/2016 11:00"},
            state("Resolved", 10) | {"resolved_at": "1/3/2016 11:00"},
        ]

        (incident,) = incident_log.read(lines(*rows, header=header), "Asia/Tokyo").incidents

        assert incident.steps[-1].at == at(1, 10)

    def test_backward_time_is_clamped(self):
        log = read(state("Active", 30), state("Resolved", 10))

        assert [step.at for step in log.incidents[0].steps] == [at(1, 30), at(1, 30)]
        assert log.summary.rules["backward_time_is_clamped"] == 1

    def test_before_opening_is_clamped(self):
        log = read(state("Active", sys_updated_at="1/3/2016 07:00"))

        assert log.incidents[0].steps[0].at == at(0)
        assert log.summary.rules["before_opening_is_clamped"] == 1

    def test_same_mod_count_keeps_file_order(self):
        log = read(state("Active", sys_mod_count="3"), state("Resolved", sys_mod_count="3"))

        assert [step.kind for step in log.incidents[0].steps] == ["start", "resolve"]
        assert log.summary.rules["same_mod_count_keeps_file_order"] == 1

    def test_are_read_in_the_zone_given(self):
        (incident,) = read(state("Active"), timezone="Asia/Ho_Chi_Minh").incidents

        assert incident.steps[0].at == at(3)

    def test_in_a_gap_is_the_first_instant_after_it(self):
        rows = state("Active", opened_at="1/3/2026 09:00", sys_updated_at="29/3/2026 02:30")

        (incident,) = read(rows, timezone="Europe/Berlin").incidents

        assert incident.steps[0].at == datetime(2026, 3, 29, 1, tzinfo=UTC)

    def test_in_a_fold_is_the_first_of_the_two(self):
        rows = state("Active", opened_at="1/3/2026 09:00", sys_updated_at="25/10/2026 02:30")

        (incident,) = read(rows, timezone="Europe/Berlin").incidents

        assert incident.steps[0].at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    def test_shifted_by_weeks_keep_the_weekday_and_the_hour_through_summer_time(self):
        (incident,) = read(
            state("Active"), timezone="Europe/Berlin", shift=timedelta(weeks=8)
        ).incidents

        assert incident.opened_at == datetime(2016, 4, 26, 7, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("last_at", "weeks"),
        [
            (datetime(2026, 10, 31, 15, tzinfo=UTC), 0),
            (datetime(2026, 10, 31, 15, 1, tzinfo=UTC), -1),
            (datetime(2026, 10, 24, 15, 1, tzinfo=UTC), 0),
            (datetime(2026, 10, 24, 15, tzinfo=UTC), 1),
            (datetime(2016, 3, 31, 9, tzinfo=UTC), 552),
        ],
    )
    def test_weeks_to_shift_end_at_or_before_the_month_end(self, last_at, weeks):
        month_end = datetime(2026, 10, 31, 15, tzinfo=UTC)

        assert incident_log.weeks_to_shift(last_at, month_end) == weeks


class TestAssignments:
    def test_the_first_and_every_change_of_group_or_person_is_a_step(self):
        log = read(
            state("New", assignment_group="Group 1"),
            state("New", 1, assignment_group="Group 1", assigned_to="Resolver 1"),
            state("New", 2, assignment_group="Group 2", assigned_to="Resolver 2"),
            state("New", 3, assignment_group="Group 2", assigned_to="Resolver 2"),
        )

        assert [(step.group, step.assignee) for step in log.incidents[0].steps] == [
            ("Group 1", None),
            ("Group 1", "Resolver 1"),
            ("Group 2", "Resolver 2"),
        ]

    def test_an_incident_is_assigned_before_it_starts_and_after_it_is_reopened(self):
        log = read(
            state("New"),
            state("Active", 1, assignment_group="Group 1"),
            state("Resolved", 2, assignment_group="Group 1"),
            state("Active", 3, assignment_group="Group 2"),
        )

        kinds = [step.kind for step in log.incidents[0].steps]
        assert kinds == ["assign", "start", "resolve", "reopen", "assign"]

    def test_unknown_group_keeps_the_last(self):
        log = read(state("New", assignment_group="Group 1"), state("Active", 1))

        start = log.incidents[0].steps[-1]
        assert (start.kind, start.group) == ("start", "Group 1")
        assert log.summary.rules["unknown_group_keeps_the_last"] == 1

    def test_unknown_assignee_keeps_the_last(self):
        group = {"assignment_group": "Group 1"}
        log = read(
            state("Active", assigned_to="Resolver 1", **group), state("Resolved", 1, **group)
        )

        assert log.incidents[0].steps[-1].assignee == "Resolver 1"
        assert log.summary.rules["unknown_assignee_keeps_the_last"] == 1

    def test_new_group_clears_the_assignee(self):
        log = read(
            state("New", assignment_group="Group 1", assigned_to="Resolver 1"),
            state("New", 1, assignment_group="Group 2"),
        )

        last = log.incidents[0].steps[-1]
        assert (last.kind, last.group, last.assignee) == ("assign", "Group 2", None)
        assert log.summary.rules["new_group_clears_the_assignee"] == 1

    def test_assigned_after_resolution_is_a_step_that_reopens_nothing(self):
        log = read(state("Resolved"), state("Resolved", 1, assigned_to="Resolver 1"))

        assert [step.kind for step in log.incidents[0].steps] == ["start", "resolve", "assign"]
        assert log.summary.rules["assigned_after_resolution"] == 1


class TestLinks:
    def test_a_problem_or_a_change_that_appears_is_linked(self):
        log = read(
            state("New"),
            state("New", 1, problem_id="Problem ID 2"),
            state("New", 2, problem_id="Problem ID 2", rfc="CHG1"),
        )

        assert [(s.kind, s.problem_id, s.rfc) for s in log.incidents[0].steps] == [
            ("link_problem", "Problem ID 2", None),
            ("link_problem", "Problem ID 2", "CHG1"),
        ]

    def test_changed_link_links_again(self):
        log = read(state("New", rfc="CHG1"), state("New", 1, rfc="CHG2"))

        assert [step.rfc for step in log.incidents[0].steps] == ["CHG1", "CHG2"]
        assert used(log) == {"changed_link_links_again": 1, "ends_before_closing": 1}

    def test_lost_link_keeps_its_step(self):
        log = read(state("New", problem_id="Problem ID 2"), state("New", 1))

        (incident,) = log.incidents
        assert [step.kind for step in incident.steps] == ["link_problem"]
        assert incident.problem_id is None
        assert log.summary.rules["lost_link_keeps_its_step"] == 1


class TestBadInput:
    @pytest.mark.parametrize(
        ("cells", "message"),
        [
            (
                {"sys_updated_at": "31/2/2016 10:00"},
                "sys_updated_at '31/2/2016 10:00' is not a time",
            ),
            ({"opened_at": "?"}, "opened_at is missing"),
            ({"number": "?"}, "number is missing"),
            ({"incident_state": "Lost"}, "incident_state 'Lost' is not a state of the log"),
            ({"sys_mod_count": "two"}, "sys_mod_count 'two' is not a whole number"),
            ({"sys_mod_count": "9" * 5000}, "is not a whole number"),
            ({"reassignment_count": "-1"}, "reassignment_count '-1' is not a whole number"),
            ({"impact": "4 - Low"}, "impact '4 - Low' is not a grade"),
            ({"priority": "Critical"}, "priority 'Critical' is not a grade"),
            ({"made_sla": "maybe"}, "made_sla 'maybe' is not true or false"),
        ],
    )
    def test_a_row_that_cannot_be_read_is_left_out_and_named_by_its_line(self, cells, message):
        log = read(state("New"), state("Active", 1) | cells, state("Resolved", 2))

        (rejected,) = log.rejected
        assert rejected.line == 3
        assert message in rejected.message
        assert (log.summary.rows, log.incidents[0].rows) == (2, 2)

    def test_a_row_with_columns_missing_is_named_by_its_line(self):
        text = lines(state("New"), state("Active", 1))
        text[1] = "INC1,New\n"

        log = incident_log.read(text, "Asia/Tokyo")

        assert log.rejected == ((2, f"2 columns where the header names {len(HEADER)}"),)

    def test_a_row_after_a_cell_of_several_lines_is_named_by_its_first_line(self):
        text = lines(state("New", location='"Location\n9"'), state("Lost", 1))

        log = incident_log.read("".join(text).splitlines(keepends=True), "Asia/Tokyo")

        assert [line for line, _ in log.rejected] == [4]

    def test_an_unclosed_quote_is_not_csv(self):
        text = lines(state("New"), state("Active", 1, location='"Location 9'))

        log = incident_log.read(text, "Asia/Tokyo")

        assert log.rejected == ((3, "not CSV: unexpected end of data"),)
        assert len(log.incidents) == 1

    def test_strict_raises_the_first_such_row(self):
        with pytest.raises(MalformedRow, match=r"^line 3: incident_state 'Lost'") as raised:
            read(state("New"), state("Lost", 1), state("Gone", 2), strict=True)

        assert raised.value.line == 3

    @pytest.mark.parametrize("header", [HEADER[1:], [], ["something", "else"]])
    def test_a_missing_column_raises_at_once_and_is_named(self, header):
        with pytest.raises(MissingColumns, match="number"):
            incident_log.read(lines(state("New"), header=header), "Asia/Tokyo")

    def test_columns_in_any_order_further_ones_and_a_byte_order_mark_do_not_matter(self):
        text = lines(state("New"), header=["vendor", *reversed(HEADER)])

        log = incident_log.read(["\ufeff" + text[0], "\n", *text[1:]], "Asia/Tokyo")

        assert [incident.number for incident in log.incidents] == ["INC1"]

    def test_an_empty_log_has_no_incidents(self):
        log = read()

        assert (log.incidents, log.rejected, log.summary.rows) == ((), (), 0)
        assert log.summary.rules == dict.fromkeys(RULES, 0)


def counted_apart(path):
    command = [sys.executable, str(COUNTER), str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def read_slice(name):
    with (SLICES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return incident_log.read(file, "Asia/Tokyo", strict=True)


class TestShippedSlices:
    @pytest.mark.parametrize("name", ["hoshino", "minato", "lotus"])
    def test_count_the_same_by_the_independent_counter(self, name):
        log, apart = read_slice(name), counted_apart(SLICES / f"{name}.csv")

        counts = incident_log.counts(log.incidents)
        assert tuple(counts) == COUNTED
        assert counts == {key: apart[key] for key in COUNTED}
        moves = log.summary.transitions
        assert moves.get("New > Resolved", 0) == apart["known"]["new_to_resolved"]
        assert moves.get("Resolved > Active", 0) == apart["known"]["resolved_to_active"]
        assert moves.get("Closed > Active", 0) == apart["known"]["closed_to_active"]

    def test_count_the_same_by_the_independent_counter_on_the_rarest_moves(self, tmp_path):
        path = tmp_path / "rare.csv"
        paths = [
            ["New", "Closed", "Resolved", "Closed"],
            ["Closed", "-100", "Closed", "New", "Awaiting User Info", "-100", "Awaiting User Info"],
            ["Awaiting User Info", "New", "Awaiting User Info", "Closed", "Resolved", "Active"],
            ["Active", "New", "Resolved", "Awaiting User Info", "Resolved", "Awaiting Vendor"],
        ]
        rows = [
            state(name, minute, number=f"INC{place}", sys_mod_count=str(minute))
            for place, names in enumerate(paths)
            for minute, name in enumerate(names)
        ]
        path.write_text("".join(lines(*rows)), encoding="utf-8")

        counts = incident_log.counts(read(*rows).incidents)

        apart = counted_apart(path)
        assert counts == {key: apart[key] for key in COUNTED}
        assert counts["reopenings"] == 4

    @pytest.mark.parametrize("name", ["hoshino", "minato", "lotus"])
    def test_hold_what_the_demo_shows(self, name):
        incidents = read_slice(name).incidents
        counts = incident_log.counts(incidents)
        patterns = [(i.category, i.subcategory, i.symptom) for i in incidents]

        for figure in ("reopenings", "incidents_waited", "incidents_returned", "problem_links"):
            assert counts[figure] >= 2, figure
        assert {"P1", "P2"} <= {incident.priority for incident in incidents}
        assert max(patterns.count(pattern) for pattern in patterns) >= 5
        assert any(incident.rfc for incident in incidents)

    def test_share_no_incident(self):
        numbers = []
        for name in ("hoshino", "minato", "lotus"):
            with (SLICES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                numbers.append({row["number"] for row in csv.DictReader(file)})

        assert len(set.union(*numbers)) == sum(map(len, numbers)) == 351

    def test_fall_into_the_last_month_for_the_most_part_once_shifted(self):
        month_end = datetime(2026, 10, 31, 15, tzinfo=UTC)  # Tokyo's
        month_start = datetime(2026, 9, 30, 15, tzinfo=UTC)
        for name in ("hoshino", "minato", "lotus"):
            opened = [incident.opened_at for incident in read_slice(name).incidents]
            shift = timedelta(weeks=incident_log.weeks_to_shift(max(opened), month_end))

            inside = [at for at in opened if month_start <= at + shift < month_end]
            assert 0.8 < len(inside) / len(opened) < 1


class TestRules:
    def test_no_step_of_an_incident_goes_back_in_time(self):
        for name in ("hoshino", "minato", "lotus"):
            for incident in read_slice(name).incidents:
                instants = [incident.opened_at, *(step.at for step in incident.steps)]
                assert instants == sorted(instants)

    def test_every_rule_has_a_sentence_and_the_summary_counts_all_of_them(self):
        assert set(read(state("New")).summary.rules) == set(RULES)
        assert all(sentence.endswith(".") for sentence in RULES.values())
