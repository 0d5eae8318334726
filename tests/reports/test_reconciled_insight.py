"""Months of random work: each figure of insight is the sum of the list it leads to, and of the rows."""

import json
from itertools import pairwise

import pytest

from reports.domain.fee import COVERED
from reports.models import MonthlyReport
from reports.services.issue import issue_report
from tests.reports.factories import APRIL, MAY, TERMS, Desk, one
from tests.reports.test_reconciliation import CLOSED, CLOSED_MAY, live_at_random
from tickets.models import TimeEntry

pytestmark = pytest.mark.allow_n_plus_one  # a test steps through many commands

SEEDS = (2, 11)
RATES = TERMS["cost"]["rates"]
Facts = dict


def breakdowns_sum_to_totals(facts: Facts):
    received = facts["volumes"]["received"]
    for name in ("by_type", "by_activity", "by_outcome", "by_priority", "by_system"):
        assert sum(each["count"] for each in facts["volumes"][name]) == received
    effort = facts["effort"]
    for name in ("by_stream", "by_tier", "by_charge"):
        assert sum(each["minutes"] for each in effort[name]) == effort["minutes"]
    rows = facts["sla"]["rows"]
    for name in ("met", "missed", "void", "open"):
        assert facts["sla"]["totals"][name] == sum(row[name] for row in rows)
    assert facts["sla"]["totals"]["missed"] == len(facts["sla"]["misses"])
    assert facts["sla"]["totals"]["met"] == sum(len(row["met_tickets"]) for row in rows)
    waiting = facts["waiting"]
    assert waiting["client_seconds"] == sum(each["seconds"] for each in waiting["by_cause"])
    assert facts["scope"]["out_of_scope"] == len(facts["scope"]["tickets"])


def the_split_is_all_the_work(facts: Facts):
    split, charged = facts["insight"]["split"], facts["cost"]["charged"]
    assert (
        split["minutes"]["operation"] + split["minutes"]["maintenance"]
        == (facts["effort"]["minutes"])
    )
    entries = dict(TimeEntry.objects.values_list("pk", "tier"))
    worth = sum(e["raw_minutes"] * RATES[entries[int(e["ref"])]] // 60 for e in charged)
    assert split["worth"]["operation"] + split["worth"]["maintenance"] == worth


def the_fee_covers_what_is_not_billed_apart(facts: Facts):
    fee = facts["insight"]["fee"]
    covered = [e for e in facts["cost"]["charged"] if e["kind"] in COVERED]
    assert fee["minutes"] == sum(e["raw_minutes"] for e in covered)
    for name in ("by_tier", "by_kind"):
        assert fee["minutes"] == sum(each["minutes"] for each in fee[name])
        assert fee["worth"] == sum(each["worth"] for each in fee[name])
    lines = facts["cost"]["lines"]
    assert fee["fee"] == sum(line["amount"] for line in lines if line["kind"] == "fee")


def losses_are_those_of_the_tickets(facts: Facts):
    lost, counted = facts["insight"]["hot_potato"], facts["hot_potato"]
    for name in lost.keys() - {"tickets"}:
        assert lost[name] == sum(each[name] for each in lost["tickets"])
    assert lost["returns"] == counted["returns"]
    assert lost["disputes"] == counted["disputed"]


def what_is_open_is_listed(facts: Facts):
    items = facts["open_items"]
    assert len(items) == facts["flow"]["open_after"]
    assert len({item["ticket"] for item in items}) == len(items)
    assert all(a["received_at"] <= b["received_at"] for a, b in pairwise(items))


def patterns_cost_what_their_tickets_took(facts: Facts, month):
    for pattern in facts["patterns"]:
        assert pattern["count"] == len(pattern["tickets"])
        assert pattern["minutes"] == one(
            "SELECT coalesce(sum(e.minutes), 0) FROM tickets_timeentry e JOIN tickets_ticket t"
            " ON t.id = e.ticket_id WHERE e.period_id = %s AND e.adjusts_id IS NULL"
            " AND t.key = ANY(%s)",
            month.pk,
            pattern["tickets"],
        )


def releases_lead_to_their_rows(facts: Facts, desk: Desk, month):
    rows = facts["releases"]["rows"]
    assert len(rows) == one(
        "SELECT count(*) FROM tickets_release WHERE contract_id = %s AND written_at < %s"
        " AND (written_at >= %s OR released_at >= %s::timestamptz - interval '14 days')",
        desk.contract.pk,
        month.ends_at,
        month.starts_at,
        month.starts_at,
    )
    for row in rows:
        assert len(row["incidents_after"]) == one(
            "SELECT count(*) FROM tickets_ticket WHERE contract_id = %s AND type = 'incident'"
            " AND system = %s AND received_at >= greatest(%s::timestamptz, %s)"
            " AND received_at < least(%s::timestamptz + interval '14 days', %s)",
            desk.contract.pk,
            row["system"],
            row["released_at"],
            month.starts_at,
            row["released_at"],
            month.ends_at,
        )
        assert len(row["fixes"]) == one(
            "SELECT count(*) FROM tickets_delivery d JOIN tickets_release r ON r.id = d.release_id"
            " WHERE r.name = %s AND d.at < %s",
            row["name"],
            month.ends_at,
        )


def every_miss_is_explained(facts: Facts):
    for miss in facts["sla"]["misses"]:
        seconds = {"running": 0, "paused": 0, "stopped": 0}
        for stretch in miss["stretches"]:
            seconds[stretch["kind"]] += stretch["seconds"]
        assert miss["stretches"][0]["starts_at"] == miss["started_at"]
        if not miss["reclassified"]:
            assert abs(seconds["running"] - miss["used_seconds"]) <= len(miss["stretches"])
        assert miss["held"]
        assert miss["held"][0]["starts_at"] == miss["started_at"]
        assert all(a["ends_at"] == b["starts_at"] for a, b in pairwise(miss["held"]))
        assert miss["held"][-1]["ends_at"] == (miss["stopped_at"] or facts["month"]["ends_at"])


def advice_counts_its_tickets(facts: Facts):
    for advice in facts["insight"]["emphasis"]["advice"]:
        assert advice["count"] == len(advice["tickets"])


def the_trend_repeats_what_was_frozen(reports: list[Facts]):
    april, may = reports
    points = may["insight"]["trend"]
    assert points[:-1] == april["insight"]["trend"]
    for facts, point in zip(reports, points, strict=True):
        assert point["received"] == facts["summary"]["received"]
        assert (point["met"], point["missed"]) == (
            facts["summary"]["met"],
            facts["summary"]["missed"],
        )
        assert point["open_after"] == facts["flow"]["open_after"]
        assert point["total"] == facts["summary"]["total"]
        assert point["returns"] == facts["hot_potato"]["returns"]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_insight_says_is_the_sum_of_what_it_lists(desk, seed):
    live_at_random(desk, seed, tickets=30)
    issued: list[MonthlyReport] = [
        issue_report(desk.contract, APRIL, now=CLOSED),
        issue_report(desk.contract, MAY, now=CLOSED_MAY),
    ]
    reports = [json.loads(report.facts) for report in issued]

    assert any(facts["insight"]["hot_potato"]["tickets"] for facts in reports)
    assert any(facts["releases"]["rows"] for facts in reports)
    assert any(facts["sla"]["misses"] for facts in reports)
    for report, facts in zip(issued, reports, strict=True):
        breakdowns_sum_to_totals(facts)
        the_split_is_all_the_work(facts)
        the_fee_covers_what_is_not_billed_apart(facts)
        losses_are_those_of_the_tickets(facts)
        what_is_open_is_listed(facts)
        patterns_cost_what_their_tickets_took(facts, report.period)
        releases_lead_to_their_rows(facts, desk, report.period)
        every_miss_is_explained(facts)
        advice_counts_its_tickets(facts)
    the_trend_repeats_what_was_frozen(reports)
