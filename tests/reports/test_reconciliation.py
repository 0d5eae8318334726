"""Months of random work: what the report says equals what plain SQL counts in the rows."""

import json
import random
from datetime import datetime, timedelta
from itertools import count

import pytest

from reports.models import MonthlyReport
from reports.services.facts import Cover, facts_of, text_of
from reports.services.issue import issue_report
from tests.reports.factories import APRIL, MAY, Desk, one, tokyo
from tickets import services
from tickets.models import Ticket

pytestmark = pytest.mark.allow_n_plus_one  # a test steps through many commands

CLOSED = tokyo("2026-05-12 10:00")
CLOSED_MAY = tokyo("2026-06-10 10:00")
SEEDS = (1, 7, 23)


def live_at_random(desk: Desk, seed: int, tickets: int = 25) -> None:
    """Let tickets of April and May go through steps at random times, in order of time."""
    rng, at = random.Random(seed), datetime(2026, 4, 1, 9)
    alive: list[Ticket] = []
    for _step in count():
        at += timedelta(minutes=rng.randrange(5, 400))
        if at >= datetime(2026, 5, 31):
            return
        wall = at.isoformat(sep=" ")
        if len(alive) < 4 and tickets:
            tickets -= 1
            alive.append(open_one(desk, rng, wall))
            continue
        if not alive:
            return
        ticket = rng.choice(alive)
        ticket.refresh_from_db()
        take_a_step(desk, rng, ticket, wall)
        if rng.random() < 0.4:
            start = (at - timedelta(minutes=rng.randrange(5, 200))).isoformat(sep=" ")
            role = rng.choice(["service_desk", "operations_engineer", "maintenance_engineer"])
            desk.work(ticket, max(start, "2026-04-01 00:00"), wall, role=role)
        ticket.refresh_from_db()
        if ticket.status in ("closed", "cancelled"):
            alive.remove(ticket)


def open_one(desk: Desk, rng: random.Random, wall: str) -> Ticket:
    activity = rng.choice(["incident_response", "service_desk", "perfective", "corrective", None])
    return desk.open(
        wall,
        activity=activity,
        type="incident" if activity == "incident_response" else "service_request",
        symptom=rng.choice(["slow", "down"]),
        system=rng.choice(["ec-site", "core"]),
        impact=rng.randrange(1, 4),
        urgency=rng.randrange(1, 4),
    )


def take_a_step(desk: Desk, rng: random.Random, ticket: Ticket, wall: str) -> None:
    steps = {
        "new": [desk.reply, desk.start, desk.pause],
        "in_progress": [
            *(desk.reply, desk.pause, desk.resolve, restore, assign, desk.resolve),
            *(hand_over, hand_over, release),
        ],
        "on_hold": [desk.resume, desk.reply, desk.cancel],
        "resolved": [desk.close, desk.reopen, desk.close],
    }[ticket.status]
    step = rng.choice(steps)
    step(desk, ticket, wall) if step in OURS else step(ticket, wall)


def restore(desk: Desk, ticket: Ticket, wall: str) -> None:
    if ticket.type == "incident" and ticket.restored_at is None:
        desk.restore(ticket, wall)


def assign(desk: Desk, ticket: Ticket, wall: str) -> None:
    desk.assign(
        ticket, wall, "maintenance_engineer" if ticket.stage.tier == "L2" else "operations_engineer"
    )


def hand_over(desk: Desk, ticket: Ticket, wall: str) -> None:
    """Offer, or answer what is on offer: the second answer is a yes."""
    if ticket.stage.stream == "maintenance":
        return
    last = ticket.handoffs.order_by("pk").last()
    if last is None or last.state == "disputed":
        desk.offer(ticket, wall)
    elif ticket.handoffs.count() == 1 and ticket.number % 2:
        desk.dispute(last, wall)
    else:
        desk.accept(last, wall)


def release(desk: Desk, ticket: Ticket, wall: str) -> None:
    services.record_release(
        contract=desk.contract,
        actor=desk.people["maintenance_engineer"],
        system=ticket.system,
        kind="patch",
        name=f"{ticket.key} {wall}",
        released_at=tokyo(wall),
        now=tokyo(wall),
        fixes=[ticket] if ticket.stage.stream == "maintenance" else [],
    )


OURS = (restore, assign, hand_over, release)


def figures_equal_counts_of_rows(desk: Desk, reports: list[MonthlyReport]):
    for report in reports:
        facts, month = json.loads(report.facts), report.period
        window = [desk.contract.pk, month.starts_at, month.ends_at]

        assert facts["volumes"]["received"] == one(
            "SELECT count(*) FROM tickets_ticket WHERE contract_id = %s"
            " AND received_at >= %s AND received_at < %s",
            *window,
        )
        assert facts["effort"]["minutes"] == one(
            "SELECT coalesce(sum(minutes), 0) FROM tickets_timeentry WHERE period_id = %s",
            month.pk,
        )
        for step in ("resolved", "closed", "cancelled", "reopened"):
            assert facts["flow"][step] == one(
                "SELECT count(*) FROM tenants_auditevent e JOIN tickets_ticket t"
                " ON t.id = e.subject_id WHERE e.subject_type = 'tickets.ticket'"
                " AND e.verb = %s AND t.contract_id = %s AND e.at >= %s AND e.at < %s",
                f"ticket.{step}",
                *window,
            )
        assert facts["hot_potato"]["reassignments"] == one(
            "SELECT count(*) FROM tickets_assignment a JOIN tickets_ticket t"
            " ON t.id = a.ticket_id WHERE t.contract_id = %s AND a.at >= %s AND a.at < %s"
            " AND EXISTS (SELECT FROM tickets_assignment b WHERE b.stage_id = a.stage_id"
            " AND b.id < a.id)",
            *window,
        )


def what_is_open_moves_from_month_to_month(desk: Desk, reports: list[MonthlyReport]):
    april, may = reports
    before, after = json.loads(april.facts)["flow"], json.loads(may.facts)["flow"]

    assert before["open_after"] == after["open_before"]
    for flow in (before, after):
        came = flow["open_before"] + flow["received"] + flow["reopened"]
        assert came - flow["resolved"] - flow["cancelled"] == flow["open_after"]


def a_miss_is_told_once(desk: Desk, reports: list[MonthlyReport]):
    misses = [m for r in reports for m in json.loads(r.facts)["sla"]["misses"]]
    told = [(m["ticket"], m["obligation"], m["attempt"]) for m in misses]

    assert len(told) == len(set(told))
    assert len(told) == one(
        "SELECT count(*) FROM tickets_ledgerentry l JOIN tickets_obligation o"
        " ON o.id = l.obligation_id WHERE l.event = 'start' AND o.contract_id = %s"
        " AND o.missed_at IS NOT NULL AND o.missed_at < %s",
        desk.contract.pk,
        reports[-1].period.ends_at,
    ) + unswept(desk, reports[-1].period.ends_at)


def what_was_met_is_what_the_columns_say(desk: Desk, reports: list[MonthlyReport]):
    """The last month's, as earlier columns moved on with a reopened clock."""
    last = reports[-1]
    assert json.loads(last.facts)["sla"]["totals"]["met"] == one(
        "SELECT count(*) FROM tickets_obligation WHERE contract_id = %s AND state = 'met'"
        " AND within <> '' AND decided_at >= %s AND decided_at < %s",
        desk.contract.pk,
        last.period.starts_at,
        last.period.ends_at,
    )


def the_statement_adds_up(desk: Desk, reports: list[MonthlyReport]):
    for report in reports:
        cost = json.loads(report.facts)["cost"]
        assert cost["subtotal"] == sum(line["amount"] for line in cost["lines"])
        assert cost["total"] == cost["subtotal"] + cost["tax"]
        worked = ("pool", "overage", "preapproved", "emergency")
        for line in (row for row in cost["lines"] if row["kind"] in worked):
            pieces = [e for e in cost["charged"] if e["ticket"] in line["tickets"]]
            mine = [e for e in pieces if (e["kind"], e["key"]) == (line["kind"], line["key"])]
            assert line["amount"] == sum(e["amount"] for e in mine)
        for pool in cost["pools"]:
            assert pool["brought"] + pool["base"] == (
                pool["used"] + pool["carried"] + pool["expired"]
            )


def told_again_every_report_has_its_bytes(desk: Desk, reports: list[MonthlyReport]):
    for report in reports:
        again = facts_of(report.period, Cover.from_facts(json.loads(report.facts)))
        assert text_of(again) == report.facts


def unswept(desk: Desk, until: datetime) -> int:
    """Count the deadlines that passed while nobody looked and that no row says yet."""
    return one(
        "SELECT count(*) FROM tickets_obligation WHERE contract_id = %s AND missed_at IS NULL"
        " AND stopped_at IS NULL AND due_at < %s AND kind <> 'client_decision'",
        desk.contract.pk,
        until,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_reports_say_equals_what_plain_sql_counts(desk, seed):
    live_at_random(desk, seed)
    reports = [
        issue_report(desk.contract, APRIL, now=CLOSED),
        issue_report(desk.contract, MAY, now=CLOSED_MAY),
    ]

    figures_equal_counts_of_rows(desk, reports)
    what_is_open_moves_from_month_to_month(desk, reports)
    a_miss_is_told_once(desk, reports)
    what_was_met_is_what_the_columns_say(desk, reports)
    the_statement_adds_up(desk, reports)
    told_again_every_report_has_its_bytes(desk, reports)
