"""A month counted by hand, and the promises that every month keeps."""

import gc
import json
from collections import Counter
from copy import deepcopy
from datetime import date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from contracts import checking
from contracts.models import Contract
from contracts.services import activate_version, add_version, period_of
from reports.domain.metrics import Result
from reports.services.collecting import without_collecting
from reports.services.facts import Cover, facts_of, text_of
from reports.services.issue import draft_facts, issue_report
from tenants.errors import Refused
from tests.reports.factories import APRIL, MAY, TERMS, Desk, tokyo
from tickets.models import Ticket

pytestmark = pytest.mark.allow_n_plus_one  # a test steps through many commands; pins stand below

CLOSED = tokyo("2026-05-12 10:00")
CLOSED_MAY = tokyo("2026-06-10 10:00")


def april(desk: Desk) -> dict:
    return json.loads(issue_report(desk.contract, APRIL, now=CLOSED).facts)


def by(rows: list[dict], *names: str) -> dict:
    return {tuple(row[name] for name in names): row for row in rows}


def live_through_april(desk: Desk) -> None:
    """Seven tickets; what they add up to stands in the tests below."""
    quick = desk.open("2026-04-06 10:00", symptom="slow checkout")  # ACME-1, Monday
    desk.reply(quick, "2026-04-06 10:30")
    desk.start(quick, "2026-04-06 10:30")
    desk.restore(quick, "2026-04-06 12:00")
    desk.resolve(quick, "2026-04-06 15:00")
    desk.close(quick, "2026-04-07 09:00")
    desk.work(quick, "2026-04-06 10:30", "2026-04-06 11:20")  # 50 min of L2

    slow = desk.open("2026-04-07 10:00", impact=1, urgency=1)  # ACME-2, P1
    desk.reply(slow, "2026-04-07 12:00")  # acknowledged an hour late
    desk.start(slow, "2026-04-07 12:00")
    desk.pause(slow, "2026-04-07 12:00")
    desk.resume(slow, "2026-04-07 14:00")
    desk.assign(slow, "2026-04-07 14:30", "maintenance_engineer")
    desk.restore(slow, "2026-04-07 18:00")  # 6 h of service time; promised 4
    desk.assign(slow, "2026-04-08 09:00", "operations_engineer")
    desk.resolve(slow, "2026-04-08 11:00")
    desk.work(slow, "2026-04-07 14:00", "2026-04-07 15:30")  # 90 min of L2

    question = desk.open("2026-04-08 11:00", activity="service_desk", type="service_request")
    desk.reply(question, "2026-04-08 11:10")  # ACME-3
    desk.work(question, "2026-04-08 11:00", "2026-04-08 13:30", role="service_desk")  # 150 of L1

    wish = desk.open("2026-04-09 10:00", activity="perfective", type="change_request")  # ACME-4
    desk.reply(wish, "2026-04-09 10:10")
    desk.work(wish, "2026-04-09 10:00", "2026-04-09 10:40", role="maintenance_engineer")  # 40 held

    dropped = desk.open("2026-04-10 10:00", activity="perfective", type="change_request")  # ACME-5
    desk.reply(dropped, "2026-04-10 10:01")
    desk.cancel(dropped, "2026-04-10 16:00")

    unclear = desk.open("2026-04-13 10:00", activity=None, type="service_request")  # ACME-6
    desk.reply(unclear, "2026-04-13 10:05")

    passed = desk.open("2026-04-14 10:00")  # ACME-7
    desk.reply(passed, "2026-04-14 10:05")
    desk.restore(passed, "2026-04-14 11:00")
    first = desk.offer(passed, "2026-04-14 11:00")
    desk.dispute(first, "2026-04-14 11:30")
    second = desk.offer(passed, "2026-04-14 12:00")
    desk.accept(second, "2026-04-14 12:30")
    desk.work(passed, "2026-04-14 13:00", "2026-04-14 15:00", role="maintenance_engineer")  # 120 L3


@pytest.fixture
def lived(desk) -> Desk:
    live_through_april(desk)
    return desk


class TestAMonthByHand:
    def test_promises_are_met_and_missed_as_counted(self, lived):
        rows = by(april(lived)["sla"]["rows"], "obligation", "priority")

        met = {
            key: (row["met"], row["missed"], row["void"], row["open"]) for key, row in rows.items()
        }
        assert met == {
            ("acknowledge", "P1"): (0, 1, 0, 0),  # ACME-2
            ("acknowledge", "P3"): (6, 0, 0, 0),
            ("restore", "P1"): (0, 1, 0, 0),
            ("restore", "P3"): (2, 0, 0, 0),  # ACME-1, ACME-7
            ("resolve", "P1"): (1, 0, 0, 0),
            ("resolve", "P3"): (1, 3, 0, 0),  # ACME-1; ACME-3, 6 and 7 ran over five days
            ("permanent_fix", "P1"): (0, 0, 1, 0),
            ("permanent_fix", "P3"): (0, 1, 1, 0),  # ACME-7 ran over ten days
            ("handoff", "P3"): (1, 0, 0, 0),
        }

    def test_each_miss_is_explained(self, lived):
        misses = by(april(lived)["sla"]["misses"], "ticket", "obligation")
        restore = misses["ACME-2", "restore"]

        assert restore["due_at"] == "2026-04-07T07:00:00Z"  # 10:00 + 4 h + 2 h pause in Tokyo
        assert restore["stopped_at"] == "2026-04-07T09:00:00Z"
        assert (restore["over_seconds"], restore["used_seconds"]) == (7200, 6 * 3600)
        assert restore["pauses"] == [{"cause": "client_information", "seconds": 7200}]
        assert restore["tier"] == "L3"  # reassigned at 14:30, before the deadline

    def test_volumes_count_what_was_received(self, lived):
        volumes = april(lived)["volumes"]

        assert volumes["received"] == 7
        assert volumes["by_outcome"] == [
            {"key": "included", "count": 3},
            {"key": "pool", "count": 1},
            {"key": "estimate", "count": 2},
            {"key": "pending", "count": 1},
        ]
        assert {row["key"]: row["count"] for row in volumes["by_activity"]} == {
            "service_desk": 1,
            "incident_response": 2,
            "corrective": 1,
            "perfective": 2,
            "": 1,
        }

    def test_out_of_scope_is_listed_with_what_became_of_it(self, lived):
        scope = april(lived)["scope"]

        assert (scope["out_of_scope"], scope["estimate"], scope["not_provided"]) == (2, 2, 0)
        assert [
            (t["ticket"], t["clause"], t["state"], t["held_minutes"]) for t in scope["tickets"]
        ] == [
            ("ACME-4", "S3", "open", 0),  # nobody had asked for an estimate: goodwill
            ("ACME-5", "S3", "cancelled", 0),
        ]
        assert (scope["pending"], scope["undecided"]) == (["ACME-6"], [])

    def test_hands_it_passed_through(self, lived):
        potato = april(lived)["hot_potato"]

        assert (potato["offered"], potato["disputed"], potato["accepted"], potato["defaulted"]) == (
            2,
            1,
            1,
            0,
        )
        assert (potato["reassignments"], potato["returns"]) == (2, 1)  # ACME-2: L2, L3, L2
        assert potato["by_desks"] == [{"desks": 1, "tickets": 5}, {"desks": 2, "tickets": 2}]
        assert potato["tickets"] == [
            {"ticket": "ACME-2", "desks": ["L2", "L3", "L2"], "reassignments": 2, "returns": 1}
        ]

    def test_waiting_for_the_client_stands_beside_the_vendor(self, lived):
        waiting = april(lived)["waiting"]

        assert waiting["client_seconds"] == 7200
        assert waiting["by_cause"] == [{"cause": "client_information", "seconds": 7200}]
        assert waiting["tickets"] == ["ACME-2"]

    def test_what_came_and_went_adds_up(self, lived):
        assert april(lived)["flow"] == {
            "open_before": 0,
            "received": 7,
            "registered_late": 0,
            "resolved": 2,
            "closed": 1,
            "cancelled": 1,
            "reopened": 0,
            "open_after": 4,
        }

    def test_the_statement_is_the_contract_in_numbers(self, lived):
        cost = april(lived)["cost"]

        assert [
            (line["kind"], line["quantity_minutes"], line["amount"]) for line in cost["lines"]
        ] == [
            ("fee", None, 800_000),
            ("pool", 120, 0),  # 150 minutes asked, 120 in the pool
            ("overage", 30, 6_000),
            ("credit", None, -40_000),  # restore: 2 of 3 met, below 95 %
        ]
        assert (cost["subtotal"], cost["tax"], cost["total"]) == (766_000, 76_600, 842_600)
        assert (cost["held_minutes"], cost["goodwill_minutes"]) == (0, 40)

    def test_work_splits_into_operation_and_maintenance(self, lived):
        effort = april(lived)["effort"]

        assert effort["minutes"] == 50 + 90 + 150 + 40 + 120
        assert [(s["stream"], s["minutes"]) for s in effort["by_stream"]] == [
            ("operation", 290),
            ("maintenance", 160),
        ]

    def test_globex_does_not_appear(self, lived):
        text = issue_report(lived.contract, APRIL, now=CLOSED).facts

        assert "GLOBEX" not in text
        assert "Globex" not in text


class TestEveryReport:
    """Design, section 14: totals are sums, counts are lists, breakdowns are wholes."""

    def test_counts_equal_the_listed_tickets(self, lived):
        sla = april(lived)["sla"]

        listed = Counter()
        for result in ("misses", "void", "open"):
            listed.update((c["obligation"], c["priority"], c["result"]) for c in sla[result])
        for row in sla["rows"]:
            key = row["obligation"], row["priority"]
            assert row["met"] == len(row["met_tickets"])
            assert row["missed"] == listed[*key, Result.MISSED]
            assert row["void"] == listed[*key, Result.VOID]
            assert row["open"] == listed[*key, Result.OPEN]

    def test_totals_equal_the_sum_of_their_parts(self, lived):
        facts = april(lived)
        volumes, cost, effort = facts["volumes"], facts["cost"], facts["effort"]

        for name, rows in volumes.items():
            if name.startswith("by_"):
                assert sum(row["count"] for row in rows) == volumes["received"], name
        assert cost["subtotal"] == sum(line["amount"] for line in cost["lines"])
        assert cost["total"] == cost["subtotal"] + cost["tax"]
        for name in ("by_stream", "by_tier", "by_charge"):
            assert sum(row["minutes"] for row in effort[name]) == effort["minutes"], name
        charged = sum(entry["raw_minutes"] for entry in cost["charged"])
        assert charged + effort["adjusting_minutes"] == effort["minutes"]

    def test_holds_no_float_and_no_local_time(self, lived):
        text = issue_report(lived.contract, APRIL, now=CLOSED).facts

        assert text == json.dumps(
            json.loads(text, parse_float=pytest.fail),
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )
        assert "+00:00" not in text
        assert "+09:00" not in text

    def test_asks_the_database_as_often_for_many_tickets_as_for_few(self, lived):
        period = period_of(lived.contract, APRIL)
        with CaptureQueriesContext(connection) as few:
            facts_of(period)
        for day in range(15, 25):
            ticket = lived.open(f"2026-04-{day} 10:00")
            lived.work(ticket, f"2026-04-{day} 10:00", f"2026-04-{day} 10:30")
        with CaptureQueriesContext(connection) as many:
            facts_of(period)

        assert len(many) <= len(few) <= 36

    def test_leave_nothing_of_the_month_in_memory(self, lived):
        period = period_of(lived.contract, APRIL)
        gc.collect()
        with without_collecting():
            facts_of(period)
            left = Counter(type(each).__name__ for each in gc.get_objects())

        assert left["Life"] == left["Reach"] == left["Chain"] == 0


class TestTheMonthsEdge:
    def test_a_clock_that_runs_over_the_end_is_open_then_and_counts_when_it_is_decided(self, desk):
        ticket = desk.open("2026-04-30 17:00")
        desk.reply(ticket, "2026-04-30 17:10")
        desk.restore(ticket, "2026-05-01 10:00")

        before = by(april(desk)["sla"]["rows"], "obligation")["restore",]
        may = issue_report(desk.contract, MAY, now=CLOSED_MAY)
        after = by(json.loads(may.facts)["sla"]["rows"], "obligation")["restore",]

        assert (before["met"], before["missed"], before["open"]) == (0, 0, 1)
        assert (after["met"], after["missed"], after["open"]) == (1, 0, 0)

    def test_a_miss_counts_at_its_deadline_whenever_the_sweep_ran(self, desk):
        ticket = desk.open("2026-04-20 10:00")
        desk.reply(ticket, "2026-05-07 10:00")  # nobody looked, and no sweep ran

        assert by(april(desk)["sla"]["misses"], "obligation")["acknowledge",]["stopped_at"] is None

    def test_a_priority_that_changes_later_leaves_the_miss_where_it_was(self, desk):
        ticket = desk.open("2026-04-20 10:00", impact=1, urgency=1)
        stored = april(desk)
        desk.confirm(ticket, "2026-05-13 10:00", impact=3, urgency=3)

        again = facts_of(period_of(desk.contract, APRIL))
        assert again["sla"] == stored["sla"]
        assert again["volumes"]["by_priority"] == [{"key": "P1", "count": 1}]

    def test_what_happens_later_changes_no_byte(self, desk):
        running = desk.open("2026-04-28 10:00")
        done = desk.open("2026-04-20 10:00")
        desk.reply(done, "2026-04-20 10:10")
        desk.start(done, "2026-04-20 10:10")
        desk.resolve(done, "2026-04-27 10:00")
        shut = desk.open("2026-04-21 10:00")
        desk.start(shut, "2026-04-21 10:10")
        desk.resolve(shut, "2026-04-27 10:00")
        desk.close(shut, "2026-04-28 10:00")
        waits = desk.open("2026-04-27 10:00", activity=None)
        period = period_of(desk.contract, APRIL)
        report = issue_report(desk.contract, APRIL, now=tokyo("2026-05-05 18:30"))

        desk.reply(running, "2026-05-06 10:00")
        desk.start(running, "2026-05-06 10:00")
        desk.assign(running, "2026-05-06 11:00", "maintenance_engineer", team="backend")
        desk.pause(running, "2026-05-06 12:00")
        desk.resume(running, "2026-05-07 12:00")
        desk.confirm(running, "2026-05-07 13:00", impact=1, urgency=1)
        desk.accept(desk.offer(running, "2026-05-07 14:00"), "2026-05-07 14:30")
        desk.restore(running, "2026-05-07 15:00")
        desk.resolve(running, "2026-05-07 16:00")
        desk.reopen(done, "2026-05-05 19:00")
        desk.resolve(done, "2026-05-06 19:00")
        desk.close(done, "2026-05-07 19:00")
        desk.reopen(shut, "2026-05-05 19:00")
        desk.confirm(waits, "2026-05-08 10:00", activity="perfective")
        desk.work(running, "2026-04-28 10:00", "2026-04-28 11:00", written="2026-05-08 10:00")
        desk.open("2026-04-29 10:00", written="2026-05-08 11:00")  # written down too late

        period.refresh_from_db()
        again = facts_of(period, Cover.from_facts(json.loads(report.facts)))
        assert text_of(again) == report.facts

    def test_a_promise_met_and_reopened_after_the_end_stands_and_counts_again(self, desk):
        ticket = desk.open("2026-04-27 10:00")
        desk.start(ticket, "2026-04-27 10:00")
        desk.resolve(ticket, "2026-04-28 10:00")
        desk.reopen(ticket, "2026-05-04 10:00")  # the month has ended and is not closed yet
        desk.resolve(ticket, "2026-05-04 11:00")

        before = by(april(desk)["sla"]["rows"], "obligation")["resolve",]
        may = json.loads(issue_report(desk.contract, MAY, now=CLOSED_MAY).facts)
        after = by(may["sla"]["rows"], "obligation")["resolve",]

        assert (before["met"], before["missed"], before["open"]) == (1, 0, 0)
        assert (after["met"], after["missed"], after["open"]) == (1, 0, 0)
        assert may["flow"]["reopened"] == may["flow"]["resolved"] == 1

    def test_a_verdict_that_changes_later_leaves_the_credit_where_it_was(self, desk):
        desk.open("2026-04-20 10:00", impact=1, urgency=1)
        ticket = desk.open("2026-04-20 10:00", impact=1, urgency=1)
        stored = april(desk)
        desk.confirm(ticket, "2026-05-13 10:00", activity="perfective")  # now out of scope

        again = facts_of(period_of(desk.contract, APRIL))
        assert again["sla"]["credited"] == stored["sla"]["credited"]
        assert again["cost"]["lines"] == stored["cost"]["lines"]
        assert any(line["kind"] == "credit" for line in again["cost"]["lines"])

    def test_a_ticket_written_down_too_late_counts_in_the_next_report(self, desk):
        desk.open("2026-04-06 10:00")
        april(desk)
        late = desk.open("2026-04-29 10:00", written="2026-05-13 10:00")

        facts = json.loads(issue_report(desk.contract, MAY, now=CLOSED_MAY).facts)

        assert facts["flow"]["received"] == facts["flow"]["registered_late"] == 1
        misses = [m for m in facts["sla"]["misses"] if m["registered_late"]]
        assert {m["obligation"] for m in misses} == {"acknowledge", "restore", "resolve"}
        assert {m["ticket"] for m in misses} == {late.key}


class TestLabels:
    def test_names_that_change_later_change_no_byte(self, desk):
        desk.open("2026-04-06 10:00")
        report = issue_report(desk.contract, APRIL, now=CLOSED)
        desk.tenant.name, desk.contract.title = "Acme Holdings", "Renamed"
        desk.tenant.save()
        desk.contract.save()
        desk.people["operations_engineer"].user.name = "Married"
        desk.people["operations_engineer"].user.save()
        Ticket.objects.update(title="Renamed")

        with timezone.override("America/New_York"), translation.override("vi"):
            period = period_of(Contract.objects.get(pk=desk.contract.pk), APRIL)
            again = facts_of(period, Cover.from_facts(json.loads(report.facts)))

        assert text_of(again) == report.facts


class TestAnAmendment:
    def amend(self, desk: Desk, now: str) -> None:
        document = deepcopy(TERMS)
        document["cost"]["monthly_fee"] = 1_000_000
        version = add_version(
            contract=desk.contract,
            effective_on=date(2026, 4, 16),
            document=document,
            actor=desk.people["account_manager"],
            now=tokyo(now),
        )
        manager = desk.people["account_manager"]
        activate_version(
            version=version, actor=manager, now=tokyo(now), accept_gaps=checking.seal_of(version)
        )

    def test_in_the_middle_of_the_month_prorates_the_fee_and_is_named(self, desk):
        self.amend(desk, "2026-04-10 10:00")

        facts = april(desk)

        assert [v["effective_on"] for v in facts["versions"]] == ["2026-04-01", "2026-04-16"]
        assert facts["cost"]["lines"][0]["amount"] == 900_000  # half of each

    def test_is_refused_once_the_month_has_closed(self, desk):
        stored = april(desk)
        with pytest.raises(Refused, match="closed"), transaction.atomic():
            self.amend(desk, "2026-05-20 10:00")

        period = period_of(desk.contract, APRIL)
        assert facts_of(period)["cost"] == stored["cost"]


class TestLateEntries:
    def test_an_entry_for_a_closed_month_becomes_an_adjustment_of_the_next(self, desk):
        ticket = desk.open("2026-04-06 10:00", activity="service_desk", type="service_request")
        desk.work(ticket, "2026-04-06 10:00", "2026-04-06 11:30", role="service_desk")  # 90 of 120
        april(desk)

        desk.work(
            ticket,
            "2026-04-07 10:00",
            "2026-04-07 11:00",  # 30 still in April's pool, 30 beyond it
            role="service_desk",
            written="2026-05-13 10:00",
        )
        facts = json.loads(issue_report(desk.contract, MAY, now=CLOSED_MAY).facts)

        assert [(a["origin"], a["amount"], a["minutes"]) for a in facts["cost"]["adjustments"]] == [
            ("2026-04", 6_000, 60)
        ]
        (line,) = [row for row in facts["cost"]["lines"] if row["kind"] == "adjustment"]
        assert (line["key"], line["amount"], line["tickets"]) == ("2026-04", 6_000, [ticket.key])
        assert facts["effort"]["minutes"] == facts["effort"]["adjusting_minutes"] == 60

    def test_a_pool_rolls_over_to_the_next_month(self, desk):
        april(desk)

        facts = json.loads(issue_report(desk.contract, MAY, now=CLOSED_MAY).facts)

        assert facts["cost"]["pools"] == [
            {"key": "support", "brought": 60, "base": 120, "used": 0, "carried": 60, "expired": 120}
        ]

    def test_a_draft_carries_over_what_months_without_a_report_would(self, desk):
        facts = draft_facts(desk.contract, MAY, now=tokyo("2026-05-20 10:00"))

        assert facts["cover"]["draft"] is True
        assert facts["cost"]["pools"][0]["brought"] == 60

    def test_a_draft_looks_no_further_than_now(self, desk):
        desk.open("2026-05-20 10:00")

        facts = draft_facts(desk.contract, MAY, now=tokyo("2026-05-20 10:30"))

        assert facts["month"]["told_until"] == "2026-05-20T01:30:00Z"
        assert facts["sla"]["totals"]["missed"] == 0
        assert facts["sla"]["totals"]["open"] == 3
        assert facts["waiting"]["vendor_seconds"] == 1800
