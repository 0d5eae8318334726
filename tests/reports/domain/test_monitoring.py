"""The monitoring's rules on plain values: availability by hand, outages, findings as they stood."""

from datetime import UTC, date, datetime, timedelta

import pytest

from reports.domain.availability import Agreed, Kind, Maintenance, Trouble, availability
from reports.domain.findings import Found, Turn, Turned, findings
from reports.domain.outages import Turn as Step
from reports.domain.outages import Turned as Now
from reports.domain.outages import stretches
from reports.domain.spans import common, merged, seconds, without

DAY = datetime(2026, 4, 6, tzinfo=UTC)
END = datetime(2026, 5, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def span(start: float, end: float) -> tuple[datetime, datetime]:
    return at(start), at(end)


class TestSpans:
    def test_overlaps_count_once_and_empty_ones_not_at_all(self):
        found = merged([span(3, 5), span(1, 2), span(4, 6), span(7, 7), span(6, 6.5)])

        assert found == [span(1, 2), span(3, 6.5)]

    @pytest.mark.parametrize(
        ("one", "other", "both", "left"),
        [
            ([(0, 10)], [(2, 3), (5, 6)], [(2, 3), (5, 6)], [(0, 2), (3, 5), (6, 10)]),
            ([(0, 2), (4, 6)], [(1, 5)], [(1, 2), (4, 5)], [(0, 1), (5, 6)]),
            ([(0, 2)], [(2, 3)], [], [(0, 2)]),
            ([(0, 2)], [(-1, 9)], [(0, 2)], []),
        ],
    )
    def test_what_is_common_and_what_is_left(self, one, other, both, left):
        one, other = [span(*s) for s in one], [span(*s) for s in other]

        assert common(one, other) == [span(*s) for s in both]
        assert without(one, other) == [span(*s) for s in left]
        assert seconds(common(one, other)) + seconds(without(one, other)) == seconds(one)


class TestAvailability:
    def test_by_hand_in_office_hours(self):
        """Ten hours agreed, 30 minutes of maintenance: 9:30 h, of which 57 minutes are down: 90 %."""
        shop = Agreed("shop", "office", [span(0, 5), span(6, 11)])
        troubles = [
            Trouble(
                "shop", Kind.OUTAGE, "A-1", at(4.5), at(6.25)
            ),  # an hour of it is closed: 45 min
            Trouble("shop", Kind.OUTAGE, "A-2", at(4.75), at(5)),  # counted already
            Trouble(
                "shop", Kind.OUTAGE, "A-3", at(8.5), at(9.2)
            ),  # 30 minutes of it are maintenance
            Trouble("shop", Kind.SILENCE, "A-4", at(9.1), at(9.7)),  # 6 minutes of it are down
            Trouble("till", Kind.OUTAGE, "A-5", at(0), at(9)),  # another system's
        ]
        windows = [Maintenance("", at(8.5), at(9), "Patches")]

        told = availability([shop], troubles, windows, END)

        assert [(i.ticket, i.seconds) for i in told.intervals] == [
            ("A-1", 45 * 60), ("A-2", 0), ("A-3", 12 * 60), ("A-4", 30 * 60),
        ]  # fmt: skip
        (row,) = told.rows
        assert (row.agreed_seconds, row.maintenance_seconds) == (10 * 3600, 1800)
        assert (row.down_seconds, row.unwatched_seconds, row.outages) == (57 * 60, 1800, 3)
        assert (row.basis_points, row.at_least) == (9000, 8473)  # 513/570, and 483/570 rounded down

    def test_is_rounded_down_so_that_a_second_shows(self):
        shop = Agreed("shop", "always", [(DAY, DAY + timedelta(days=30))])
        second = Trouble("shop", Kind.OUTAGE, "A-1", at(1), at(1) + timedelta(seconds=1))

        (row,) = availability([shop], [second], [], END).rows

        assert row.basis_points == 9999

    def test_an_outage_that_lasts_counts_until_the_months_end(self):
        shop = Agreed("shop", "always", [span(0, 10)])
        lasting = Trouble("shop", Kind.OUTAGE, "A-1", at(8), None)

        told = availability([shop], [lasting], [], at(10))

        assert told.rows[0].down_seconds == 2 * 3600
        assert told.intervals[0].ends_at is None

    def test_a_system_that_was_never_promised_has_no_percentage(self):
        (row,) = availability([Agreed("shop", "office", [])], [], [], END).rows

        assert (row.agreed_seconds, row.basis_points, row.at_least) == (0, None, None)


class TestOutages:
    @pytest.mark.parametrize(
        ("steps", "down"),
        [
            ([], [(0, None)]),
            ([(Now.RESTORED, 2), (Now.RESOLVED, 9)], [(0, 2)]),
            ([(Now.RESOLVED, 3)], [(0, 3)]),
            ([(Now.RESOLVED, 3), (Now.REOPENED, 5), (Now.RESOLVED, 6)], [(0, 3), (5, 6)]),
            ([(Now.RESTORED, 2), (Now.RESOLVED, 3), (Now.REOPENED, 5)], [(0, 2)]),
            ([(Now.CANCELLED, 1)], []),
            ([(Now.MERGED, 1)], []),
        ],
    )
    def test_from_the_beginning_until_service_is_back(self, steps, down):
        found = stretches(DAY, [Step(step, at(hour)) for step, hour in steps])

        assert found == [(at(a), None if b is None else at(b)) for a, b in down]

    def test_a_recovery_counts_when_it_was_not_when_it_was_noticed(self):
        assert stretches(DAY, [Step(Now.RECOVERED, at(3), at(1))]) == [(DAY, at(1))]


def found(*turns: Turn, severity: str = "high") -> Found:
    return Found("Old TLS", "shop", severity, "scan", "CVE-1", turns[0].at, turns)


class TestFindings:
    def told(self, *turns: Turn):
        return findings([found(*turns)], DAY, END)

    def test_one_that_is_open_and_late_is_overdue_and_missed(self):
        told = self.told(Turn(Turned.RECORDED, at(1), due_at=at(48)))

        assert (told.opened, told.open, told.overdue, told.missed) == (1, 1, 1, 1)

    def test_one_that_was_late_before_is_overdue_and_no_new_miss(self):
        told = self.told(Turn(Turned.RECORDED, at(-200), due_at=at(-1)))

        assert (told.opened, told.open, told.overdue, told.missed) == (0, 1, 1, 0)

    def test_one_that_was_mended_too_late_is_a_miss_and_closed(self):
        told = self.told(
            Turn(Turned.RECORDED, at(1), due_at=at(48)), Turn(Turned.FIXED, at(50), reason="1.3")
        )

        assert (told.closed, told.open, told.overdue, told.missed) == (1, 0, 0, 1)
        assert told.rows[0].reason == "1.3"

    def test_a_risk_that_is_lived_with_is_not_late_and_has_an_end(self):
        until = date(2026, 6, 1)
        told = self.told(
            Turn(Turned.RECORDED, at(1), due_at=at(48)),
            Turn(Turned.ACCEPTED, at(2), until=until, reason="Behind the proxy."),
        )

        assert (told.accepted, told.open, told.overdue, told.missed) == (1, 0, 0, 0)
        assert told.rows[0].accepted_until == until

    def test_a_risk_that_expired_is_open_with_the_time_given_then(self):
        told = self.told(
            Turn(Turned.RECORDED, at(-300), due_at=at(-200)),
            Turn(Turned.ACCEPTED, at(-250), until=date(2026, 4, 7), reason="For now."),
            Turn(Turned.EXPIRED, at(24), due_at=at(72)),
        )

        assert (told.open, told.accepted, told.missed, told.overdue) == (1, 0, 1, 1)
        assert told.rows[0].due_at == at(72)
        assert told.rows[0].accepted_until is None

    def test_the_worst_comes_first_and_each_severity_adds_up(self):
        rows = [
            found(Turn(Turned.RECORDED, at(n), due_at=at(900)), severity=severity)
            for n, severity in enumerate(("low", "critical", "high", "critical"))
        ]

        told = findings(rows, DAY, END)

        assert [row.severity for row in told.rows] == ["critical", "critical", "high", "low"]
        assert sum(row.open for row in told.by_severity) == told.open == 4
