"""Time that is put right: on time it changes the month, late it changes the next one, never dearer."""

import pytest

from reports.services.issue import draft_facts
from tests.reports.factories import APRIL, MAY, tokyo
from tests.reports.test_settlements import (
    CLOSED,
    CLOSED_MAY,
    LATER,
    issued,
    kinds,
    nothing_wrong,
    overdrawn,
)
from tickets import services
from tickets.models import TimeEntry

pytestmark = pytest.mark.allow_n_plus_one


def correct(desk, ticket, until: str, now):
    entry = TimeEntry.objects.standing().get(ticket=ticket)
    given = {}
    if until:
        given = {"starts_at": entry.starts_at, "ends_at": tokyo(f"2026-04-06 {until}")}
    services.correct_time(
        entry=entry, actor=desk.people["account_manager"], reason="Wrong.", now=now, **given
    )


@pytest.mark.parametrize(
    ("until", "more"), [("", 0), ("11:00", 0), ("12:30", 6000), ("14:00", 24000)]
)
def test_in_its_own_month_is_charged_as_if_it_had_been_right(desk, until, more):
    """The pool holds two hours; beyond it an hour costs 12,000."""
    correct(desk, overdrawn(desk), until, tokyo("2026-04-20 10:00"))

    cost = issued(desk, APRIL, CLOSED)

    assert cost["subtotal"] == 800_000 + more
    minutes = {"": 0, "11:00": 60, "12:30": 150, "14:00": 240}[until]
    assert sum(kinds(cost).values()) == minutes


@pytest.mark.parametrize(
    ("until", "difference"),
    [("", -12_000), ("11:00", -12_000), ("12:30", -6000), ("14:00", 12_000)],
)
def test_late_costs_what_it_would_have_on_time(desk, until, difference):
    ticket = overdrawn(desk)
    april = issued(desk, APRIL, CLOSED)
    correct(desk, ticket, until, LATER)

    cost = issued(desk, MAY, CLOSED_MAY)

    given = sum(row["amount"] for row in cost["given_back"])
    late = sum(row["amount"] for row in cost["adjustments"])
    assert april["subtotal"] == 812_000
    assert given + late == cost["subtotal"] - 800_000
    assert given + late == difference
    assert nothing_wrong()


def test_is_counted_once_in_the_hours_worked(desk):
    correct(desk, overdrawn(desk), "12:00", tokyo("2026-04-20 10:00"))

    effort = draft_facts(desk.contract, APRIL, now=CLOSED)["effort"]

    assert "120" in str(effort)
    assert "180" not in str(effort)
    assert "300" not in str(effort)
