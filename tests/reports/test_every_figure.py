"""Months of random work of two clients: each figure of a report equals the list it leads to."""

import json
import random
from collections import Counter
from typing import Any

import pytest

from contracts.services import period_of
from reports.domain.fee import COVERED
from reports.domain.month_tickets import rows_in
from reports.domain.plain import Plain
from reports.services.facts import facts_of
from reports.services.issue import issue_report
from reports.services.verify import verify_report
from tenants.scoping import tenant_scope
from tests.reports.factories import APRIL, MAY, Desk, make_desk, tokyo
from tests.reports.test_reconciliation import CLOSED, CLOSED_MAY, live_at_random
from tickets import services
from tickets.models import Ticket, TimeEntry

pytestmark = pytest.mark.allow_n_plus_one  # a test steps through many commands

SEEDS = (3, 17, 40)
Facts = dict[str, Any]
Rows = list[dict[str, Any]]


def is_plain(value: Any) -> bool:
    """Return whether JSON says a value exactly: no enum, no instant, no named row left anywhere."""
    if isinstance(value, dict):
        return all(type(key) is str and is_plain(held) for key, held in value.items())
    if type(value) in (list, Plain):
        return all(map(is_plain, value))
    return type(value) in (str, int, bool, type(None))


def total(rows: Rows, name: str) -> int:
    return sum(row[name] for row in rows)


def keys(rows: Rows, **have: Any) -> set[str]:
    """Return the tickets of the rows whose columns have these values; True is any but nothing."""
    return {
        row["ticket"]
        for row in rows
        if all(bool(row[n]) if v is True else row[n] == v for n, v in have.items())
    }


def volumes_are_the_received(facts: Facts, rows: Rows):
    received = [row for row in rows if row["received"]]
    assert facts["volumes"]["received"] == len(received) == facts["summary"]["received"]
    for column in ("type", "activity", "outcome", "priority", "system"):
        said = {each["key"]: each["count"] for each in facts["volumes"][f"by_{column}"]}
        assert said == Counter(row[column] for row in received)


def the_flow_adds_up(facts: Facts, rows: Rows):
    flow = facts["flow"]
    for name in ("open_before", "received", "registered_late", "resolved", "closed"):
        assert flow[name] == total(rows, name)
    for name in ("cancelled", "reopened"):
        assert flow[name] == total(rows, name)
    open_after = keys(rows, state="open") | keys(rows, state="waiting")
    assert flow["open_after"] == len(open_after)
    assert {item["ticket"] for item in facts["open_items"]} == open_after


def promises_are_their_clocks(facts: Facts, rows: Rows):
    sla, columns = (
        facts["sla"],
        {"met": "met", "missed": "missed", "void": "void", "open": "running"},
    )
    for name, column in columns.items():
        assert sla["totals"][name] == total(sla["rows"], name) == total(rows, column)
    assert facts["summary"]["met"] == sla["totals"]["met"]
    assert facts["summary"]["missed"] == sla["totals"]["missed"]
    for listed, column in (("misses", "missed"), ("void", "void"), ("open", "running")):
        by_ticket = Counter(one["ticket"] for one in sla[listed])
        assert by_ticket == {row["ticket"]: row[column] for row in rows if row[column]}
        by_row = Counter((one["obligation"], one["priority"]) for one in sla[listed])
        name = "missed" if listed == "misses" else listed
        assert by_row == {(r["obligation"], r["priority"]): r[name] for r in sla["rows"] if r[name]}
    met = Counter(key for row in sla["rows"] for key in row["met_tickets"])
    assert met == {row["ticket"]: row["met"] for row in rows if row["met"]}
    for miss in sla["misses"]:
        counted = [each for each in miss["stretches"] if each["kind"] == "running"]
        assert total(counted, "seconds") == miss["used_seconds"]


def waiting_is_that_of_the_tickets(facts: Facts, rows: Rows):
    waiting = facts["waiting"]
    assert waiting["vendor_seconds"] == total(rows, "vendor_seconds")
    assert waiting["client_seconds"] == total(rows, "client_seconds")
    assert waiting["client_seconds"] == total(waiting["by_cause"], "seconds")
    assert set(waiting["tickets"]) == keys(rows, client_seconds=True)


def what_is_out_of_scope_is_listed(facts: Facts, rows: Rows):
    scope = facts["scope"]
    assert scope["out_of_scope"] == len(scope["tickets"]) == facts["summary"]["out_of_scope"]
    assert scope["out_of_scope"] == scope["estimate"] + scope["not_provided"]
    for one in scope["tickets"]:
        assert one["ticket"] in keys(rows, outcome=one["outcome"], clause=one["clause"])
    assert set(scope["pending"]) <= keys(rows, outcome="pending")
    assert set(scope["undecided"]) <= keys(rows, outcome="undecided")
    held = Counter[str]()
    for piece in facts["cost"]["charged"]:
        held[piece["ticket"]] += piece["raw_minutes"] if piece["kind"] == "held" else 0
    for one in scope["tickets"]:
        assert one["held_minutes"] == held[one["ticket"]]


def hot_potatoes_are_the_moves(facts: Facts, rows: Rows):
    passed, lost = facts["hot_potato"], facts["insight"]["hot_potato"]
    assert passed["reassignments"] == total(rows, "reassignments")
    assert passed["returns"] == total(rows, "returns")
    assert sum(each["tickets"] for each in passed["by_desks"]) <= len(rows)
    for name in (
        "disputes",
        "returns",
        "on_offer_seconds",
        "round_trip_seconds",
        "minutes",
        "worth",
    ):
        assert lost[name] == total(lost["tickets"], name)


def minutes_are_those_of_the_entries(facts: Facts, rows: Rows):
    effort, charged = facts["effort"], facts["cost"]["charged"]
    late = [one for one in facts["cost"]["late"] if one["counts"]]
    corrected = effort["corrected_minutes"]
    assert effort["adjusting_minutes"] == total(late, "minutes")
    assert effort["minutes"] == total(charged, "raw_minutes") + total(late, "minutes") - corrected
    assert effort["minutes"] == total(rows, "minutes") - corrected == facts["summary"]["minutes"]
    for name in ("by_stream", "by_tier", "by_charge"):
        assert total(effort[name], "minutes") == effort["minutes"]
    by_kind = Counter[str]()
    for piece in charged:
        by_kind[piece["kind"]] += piece["raw_minutes"]
    by_kind["adjustment"] += total(late, "minutes")
    by_kind["corrected"] -= corrected
    assert {each["key"]: each["minutes"] for each in effort["by_charge"] if each["minutes"]} == {
        kind: minutes for kind, minutes in by_kind.items() if minutes
    }
    for name, kind in (("held_minutes", "held"), ("goodwill_minutes", "goodwill")):
        assert facts["cost"][name] == by_kind[kind]


def worth_is_that_of_the_pieces(facts: Facts, rows: Rows):
    split = facts["insight"]["split"]
    late = [one for one in facts["cost"]["late"] if one["counts"]]
    worth = Counter[str]()
    for piece in [*facts["cost"]["charged"], *late]:
        worth[piece["stream"]] += piece["worth"]
    for side in ("operation", "maintenance"):
        assert split["worth"][side] == worth[side]
    assert sum(worth.values()) == total(rows, "worth")
    fee = facts["insight"]["fee"]
    covered = [piece for piece in facts["cost"]["charged"] if piece["kind"] in COVERED]
    assert fee["minutes"] == total(covered, "raw_minutes")
    assert fee["worth"] == total(covered, "worth")
    for name in ("by_tier", "by_kind"):
        assert total(fee[name], "worth") == fee["worth"]
        assert total(fee[name], "minutes") == fee["minutes"]


def money_is_the_sum_of_its_lines(facts: Facts, rows: Rows):
    cost = facts["cost"]
    assert cost["subtotal"] == total(cost["lines"], "amount")
    assert cost["total"] == cost["subtotal"] + cost["tax"] == facts["summary"]["total"]
    worked = [line for line in cost["lines"] if line["kind"] in ("pool", "overage", "preapproved")]
    for line in worked:
        mine = [
            piece
            for piece in cost["charged"]
            if (piece["kind"], piece["key"], piece["clause_id"], piece["rate"])
            == (line["kind"], line["key"], line["clause"], line["rate"])
        ]
        assert line["amount"] == total(mine, "amount")
        assert line["quantity_minutes"] == total(mine, "charged_minutes")
        assert line["tickets"] == sorted({piece["ticket"] for piece in mine})
    for line in cost["lines"]:  # an adjustment names tickets of the closed month
        assert line["kind"] == "adjustment" or set(line["tickets"]) <= set(facts["titles"])
    late = [line for line in cost["lines"] if line["kind"] == "adjustment"]
    assert total(late, "amount") == total(cost["adjustments"], "amount") + total(
        cost["given_back"], "amount"
    )


def patterns_are_their_tickets(facts: Facts, rows: Rows):
    minutes = {row["ticket"]: row["minutes"] for row in rows}
    worth = {row["ticket"]: row["worth"] for row in rows}
    for pattern in facts["patterns"]:
        assert pattern["count"] == len(pattern["tickets"])
        mine = keys(rows, type="incident", system=pattern["system"], received=True)
        assert set(pattern["tickets"]) <= mine
        assert pattern["minutes"] == sum(minutes[key] for key in pattern["tickets"])
        assert pattern["worth"] == sum(worth[key] for key in pattern["tickets"])
    for advice in facts["insight"]["emphasis"]["advice"]:
        assert advice["count"] == len(advice["tickets"])
    for release in facts["releases"]["rows"]:
        assert set(release["incidents_after"]) <= keys(rows, type="incident", received=True)


def the_monitoring_is_its_intervals_and_tickets(facts: Facts, rows: Rows):
    told, down = facts["monitoring"], Counter[tuple[str, str]]()
    for one in told["availability"]["intervals"]:
        down[one["system"], one["kind"]] += one["seconds"]
        assert one["ticket"] in keys(rows, type="incident", system=one["system"])
    for row in told["availability"]["rows"]:
        planned = [w for w in told["availability"]["maintenance"] if w["system"] == row["system"]]
        assert row["maintenance_seconds"] == total(planned, "seconds")
        assert row["down_seconds"] == down[row["system"], "outage"]
        assert row["unwatched_seconds"] == down[row["system"], "silence"]
        base = row["agreed_seconds"] - row["maintenance_seconds"]
        assert row["basis_points"] == (base - row["down_seconds"]) * 10_000 // base
    alerts = told["alerts"]
    assert alerts["heard"] == total(alerts["by_source"], "heard")
    assert alerts["opened"] + alerts["folded"] == total(alerts["tickets"], "alerts")
    assert alerts["held_back"] == total(alerts["windows"], "alerts")
    for name in ("opened", "closed", "overdue", "missed"):
        assert told["security"][name] == total(told["security"]["rows"], name)


def the_trend_ends_with_this_month(facts: Facts, rows: Rows):
    last = facts["insight"]["trend"][-1]
    for name, value in (
        ("received", total(rows, "received")),
        ("met", total(rows, "met")),
        ("missed", total(rows, "missed")),
        ("open_after", facts["flow"]["open_after"]),
        ("out_of_scope", facts["scope"]["out_of_scope"]),
        ("total", facts["cost"]["total"]),
        ("returns", facts["insight"]["hot_potato"]["returns"]),
        ("held_minutes", facts["cost"]["held_minutes"]),
    ):
        assert last[name] == value


CHECKS = [
    volumes_are_the_received,
    the_flow_adds_up,
    promises_are_their_clocks,
    waiting_is_that_of_the_tickets,
    what_is_out_of_scope_is_listed,
    hot_potatoes_are_the_moves,
    minutes_are_those_of_the_entries,
    worth_is_that_of_the_pieces,
    money_is_the_sum_of_its_lines,
    patterns_are_their_tickets,
    the_monitoring_is_its_intervals_and_tickets,
    the_trend_ends_with_this_month,
]


def write_late(desk: Desk, rng: random.Random) -> None:
    """After April closed, write some of its work down, and find some of it wrong."""
    tickets = list(Ticket.objects.filter(received_at__lt=tokyo("2026-04-20 00:00")))
    for ticket in rng.sample(tickets, min(3, len(tickets))):
        day = rng.randrange(21, 29)
        role = rng.choice(["service_desk", "operations_engineer", "maintenance_engineer"])
        desk.work(
            ticket,
            f"2026-04-{day} 10:00",
            f"2026-04-{day} 11:{rng.randrange(10, 59)}",
            role=role,
            written="2026-05-20 10:00",
        )
    april = TimeEntry.objects.standing().filter(period__month=APRIL).order_by("pk")
    for entry in rng.sample(list(april), min(2, len(april))):
        services.correct_time(
            entry=entry,
            actor=desk.people["account_manager"],
            reason="Wrong.",
            now=tokyo("2026-05-21 10:00"),
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_each_figure_equals_its_list(db, seed):
    desks = [make_desk(code) for code in ("ACME", "GLOBEX")]
    rng = random.Random(seed)
    for number, desk in enumerate(desks):
        with tenant_scope(desk.tenant):
            live_at_random(desk, seed + number)
    for desk, other in zip(desks, reversed(desks), strict=True):
        with tenant_scope(desk.tenant):
            april = issue_report(desk.contract, APRIL, now=CLOSED)
            write_late(desk, rng)
            may = issue_report(desk.contract, MAY, now=CLOSED_MAY)
            for month in (APRIL, MAY):
                assert is_plain(facts_of(period_of(desk.contract, month)))
            for report in (april, may):
                facts = json.loads(report.facts)
                rows = list(rows_in(facts))
                assert rows
                assert len(rows) == len(keys(rows))
                assert f'"{other.tenant.code}-' not in report.facts
                for check in CHECKS:
                    check(facts, rows)
                assert verify_report(report.pk) == []
            assert json.loads(may.facts)["cost"]["late"]
