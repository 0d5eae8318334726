"""The figures of a month, each by one worked example and by what is always true of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.domain import metrics
from reports.domain.metrics import (
    ClockResult,
    Effort,
    Happened,
    Holding,
    Life,
    Result,
    Step,
    Verdict,
)

STARTS = datetime(2026, 4, 1, tzinfo=UTC)
ENDS = datetime(2026, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(day: int, hour: int = 0) -> datetime:
    return STARTS + timedelta(days=day - 1, hours=hour)


def clock(ticket: str = "A-1", result: Result = Result.MET, **more) -> ClockResult:
    made = ClockResult(
        ticket=ticket,
        obligation="restore",
        attempt=1,
        priority="P1",
        within="4h",
        hours="always",
        result=result,
        started_at=at(2),
        due_at=at(2, 4),
        stopped_at=at(2, 3),
        over_seconds=0,
        used_seconds=3 * 3600,
        paused_seconds=0,
        pauses=(),
        reclassified=False,
        creditable=True,
        tier="L2",
        team="",
        registered_late=False,
    )
    return made._replace(**more)


def verdict(outcome: str = "included", when: datetime = STARTS, **more) -> Verdict:
    made = Verdict(when, 1, outcome, "S1", "incident_response", "P3", "ec-site")
    return made._replace(**more)


def life(key: str = "A-1", **more) -> Life:
    made = Life(
        key=key,
        type="incident",
        symptom="slow",
        received_at=at(2),
        since=STARTS,
        received=True,
        registered_late=False,
        verdicts=(verdict(when=at(2)),),
    )
    return replace(made, **more)


class TestShare:
    @pytest.mark.parametrize(
        ("part", "whole", "points"), [(1, 3, 3333), (2, 3, 6666), (5, 5, 10_000), (0, 4, 0)]
    )
    def test_is_in_basis_points_and_never_rounded_up(self, part, whole, points):
        assert metrics.share(part, whole) == points

    def test_of_nothing_is_no_number(self):
        assert metrics.share(0, 0) is None


class TestSlaRows:
    def test_void_and_open_clocks_are_in_no_percentage(self):
        clocks = [
            clock("A-1"),
            clock("A-2", Result.MISSED),
            clock("A-3", Result.VOID),
            clock("A-4", Result.OPEN),
        ]

        (row,) = metrics.sla_rows(clocks)

        assert (row.met, row.missed, row.void, row.open) == (1, 1, 1, 1)
        assert (row.basis_points, row.met_tickets) == (5000, ("A-1",))

    def test_come_in_the_order_of_the_contracts_words(self):
        clocks = [
            clock(obligation="resolve", priority="P2"),
            clock(priority="P2"),
            clock(obligation="acknowledge", priority="P4"),
            clock(priority="P1"),
        ]

        assert [(row.obligation, row.priority) for row in metrics.sla_rows(clocks)] == [
            ("acknowledge", "P4"),
            ("restore", "P1"),
            ("restore", "P2"),
            ("resolve", "P2"),
        ]

    def test_add_up_to_the_totals(self):
        rows = metrics.sla_rows([clock(), clock(priority="P2", result=Result.MISSED)])

        assert metrics.sla_totals(rows) == metrics.SlaTotals(1, 1, 0, 0, 5000)

    def test_what_was_only_measured_earns_no_credit(self):
        results = metrics.results_for_credits(
            [clock(), clock(creditable=False, result=Result.MISSED), clock(result=Result.OPEN)]
        )

        assert [(r.obligation, r.priority, r.met, r.missed) for r in results] == [
            ("restore", "P1", 1, 0)
        ]


class TestWaiting:
    def test_time_on_hold_is_the_clients_and_the_rest_the_vendors(self):
        waited = life(
            happened=(
                Happened(Step.PAUSED, at(2, 2), "client_information"),
                Happened(Step.RESUMED, at(2, 5)),
                Happened(Step.RESOLVED, at(2, 6)),
            )
        )

        figures = metrics.waiting([waited], ENDS)

        assert (figures.vendor_seconds, figures.client_seconds) == (3 * 3600, 3 * 3600)
        assert figures.client_basis_points == 5000
        assert [(p.cause, p.seconds) for p in figures.by_cause] == [
            ("client_information", 3 * 3600)
        ]

    def test_resolving_ends_a_pause_and_reopening_is_the_vendors_turn(self):
        back = life(
            happened=(
                Happened(Step.PAUSED, at(2, 1), "client_access"),
                Happened(Step.RESOLVED, at(2, 2)),
                Happened(Step.REOPENED, at(3)),
                Happened(Step.RESOLVED, at(3, 1)),
            )
        )

        figures = metrics.waiting([back], ENDS)

        assert (figures.vendor_seconds, figures.client_seconds) == (2 * 3600, 3600)

    def test_only_the_hours_of_the_month_count(self):
        old = life(received=False, received_at=STARTS - 10 * HOUR)

        figures = metrics.waiting([old], STARTS + 2 * HOUR)

        assert figures.vendor_seconds == 2 * 3600


class TestFlow:
    def test_says_what_came_and_went(self):
        lives = [
            life("A-1"),
            life("A-2", happened=(Happened(Step.RESOLVED, at(3)), Happened(Step.CLOSED, at(4)))),
            life("A-3", received=False, received_at=STARTS - HOUR),
            life("A-4", happened=(Happened(Step.CANCELLED, at(3)),)),
        ]

        assert metrics.flow(lives, ENDS) == metrics.Flow(1, 3, 0, 1, 1, 1, 0, 2)

    @given(st.lists(st.lists(st.integers(1, 700), max_size=6, unique=True), max_size=8))
    def test_what_was_open_and_came_is_what_went_and_is_open(self, hours):
        lives = []
        for number, moments in enumerate(hours):
            steps = [Step.RESOLVED, Step.REOPENED] * 3
            happened = [
                Happened(step, STARTS + (hour - 100) * HOUR)
                for step, hour in zip(steps, sorted(moments), strict=False)
            ]
            came = STARTS - 101 * HOUR
            lives.append(
                life(f"A-{number}", received=False, received_at=came, happened=tuple(happened))
            )

        flow = metrics.flow(lives, STARTS + 700 * HOUR)

        came_in = flow.open_before + flow.received + flow.reopened
        assert came_in - flow.resolved - flow.cancelled == flow.open_after


class TestVolumes:
    def test_count_the_last_verdict_of_the_month(self):
        changed = life(verdicts=(verdict("pending", at(2)), verdict("estimate", at(3))))

        volumes = metrics.volumes([changed, life("A-2"), life("A-3", received=False)])

        assert volumes.received == 2
        assert [(s.key, s.count) for s in volumes.by_outcome] == [("included", 1), ("estimate", 1)]


class TestScope:
    def test_lists_what_became_out_of_scope_this_month(self):
        moved = life(
            "A-1",
            received=False,
            received_at=STARTS - HOUR,
            verdicts=(verdict("included", STARTS - HOUR), verdict("estimate", at(5))),
        )
        told = life(
            "A-2",
            received=False,
            received_at=STARTS - HOUR,
            verdicts=(verdict("estimate", STARTS - HOUR),),
        )

        figures = metrics.scope_figures([moved, told], ENDS, {"A-1": 30})

        (row,) = figures.tickets
        assert (row.ticket, row.received, row.held_minutes, row.state) == ("A-1", False, 30, "open")

    def test_pending_and_undecided_stand_apart(self):
        lives = [
            life("A-1", verdicts=(verdict("pending", at(2)),)),
            life("A-2", verdicts=(verdict("undecided", at(2)),)),
            life("A-3", verdicts=(verdict("not_provided", at(2)),)),
        ]

        figures = metrics.scope_figures(lives, ENDS, {})

        assert (figures.pending, figures.undecided) == (("A-1",), ("A-2",))
        assert (figures.out_of_scope, figures.estimate, figures.not_provided) == (1, 0, 1)


class TestHotPotato:
    def test_a_return_is_a_change_to_a_team_that_had_it(self):
        passed = life(
            holdings=(
                Holding(at(2), 1, "L1", ""),
                Holding(at(3), 1, "L2", ""),
                Holding(at(4), 1, "L2", ""),  # another person of the same team
                Holding(at(5), 1, "L1", ""),
                Holding(at(6), 2, "L3", "backend"),  # the maintenance stage begins
            )
        )

        figures = metrics.hot_potato([passed])

        assert (figures.reassignments, figures.returns) == (3, 1)
        assert figures.tickets[0].desks == ("L1", "L2", "L1", "backend")
        assert [(d.desks, d.tickets) for d in figures.by_desks] == [(3, 1)]

    def test_moves_of_earlier_months_are_told(self):
        passed = life(
            received=False,
            holdings=(Holding(STARTS - 2 * HOUR, 1, "L1", ""), Holding(STARTS - HOUR, 1, "L2", "")),
        )

        assert metrics.hot_potato([passed]).reassignments == 0


class TestPatterns:
    def test_need_the_same_symptom_on_the_same_system_five_times(self):
        five = [life(f"A-{n}") for n in range(5)]
        four = [life(f"B-{n}", symptom="down") for n in range(4)]

        (pattern,) = metrics.patterns([*five, *four])

        assert (pattern.system, pattern.symptom, pattern.count) == ("ec-site", "slow", 5)
        assert len(metrics.patterns([*five, *four], at_least=4)) == 2


class TestEffort:
    def test_splits_operation_and_maintenance(self):
        rows = [Effort("operation", "L2", 60), Effort("maintenance", "L3", 30)]

        figures = metrics.effort_figures(rows, [("included", 90)], {"maintenance": 4000}, 0)

        operation, maintenance = figures.by_stream
        assert (operation.basis_points, maintenance.basis_points) == (6666, 3333)
        assert (maintenance.amount, figures.minutes) == (4000, 90)
