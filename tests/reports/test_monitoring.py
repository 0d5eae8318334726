"""The monitoring's part of a report on real rows: what it says is what happened, and stays so."""

import json
from copy import deepcopy
from datetime import date, timedelta

import pytest
from django.urls import reverse

from contracts.services import period_of
from reports.renderers.csv import csv_of
from reports.renderers.edition import Edition
from reports.renderers.paper import paper_of
from reports.renderers.pdf import pdf_of
from reports.renderers.xlsx import sheets_of
from reports.services.facts import facts_of
from reports.services.issue import issue_report
from reports.services.verify import verify_report
from tenants.scoping import tenant_scope
from tests.portal.desk import browser_of
from tests.reports.factories import APRIL, TERMS, Desk, make_desk, tokyo
from tickets import services
from tickets.domain.alert import Alert as Word
from tickets.models import Ticket
from tickets.services import alert_sources, alert_sweep, alerts
from tickets.services.alert_sources import SourcePlan
from tickets.services.security import sweep_findings

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]  # a test steps through commands

CLOSED, LATER = tokyo("2026-05-12 10:00"), tokyo("2026-05-20 10:00")


def watched_terms() -> dict:
    terms = deepcopy(TERMS)
    terms["responsibilities"][1]["activities"] += ["monitoring", "security_operation"]
    terms["scope"]["clauses"][0]["when"]["activity"] += ["monitoring"]
    terms["time"]["findings"] = {"critical": "2bd", "high": "10bd"}
    return terms


@pytest.fixture
def globex(db) -> Desk:
    """Another client with alerts, maintenance, an outage and a finding: none may ever appear."""
    other = make_desk("GLOBEX", document=watched_terms())
    with tenant_scope(other.tenant):
        says(source(other), "Theirs", "2026-04-06 10:00", severity="critical")
        maintain(other, "2026-04-10 01:00", "2026-04-10 03:00", agreed="2026-04-08 10:00")
        find(other, "2026-04-06 10:00", title="Globex only")
    return other


@pytest.fixture
def desk(globex) -> Desk:
    made = make_desk("ACME", document=watched_terms())
    with tenant_scope(made.tenant):
        yield made


def monitoring(desk: Desk) -> dict:
    return json.loads(json.dumps(facts_of(period_of(desk.contract, APRIL))))["monitoring"]


def source(desk: Desk, **plan):
    told = {"name": "Prometheus", "system": "ec-site", "environment": "production",
            "timezone": "Asia/Tokyo", **plan}  # fmt: skip
    return alert_sources.create_source(
        contract=desk.contract, actor=desk.people["bridge_se"], kind="alertmanager",
        plan=SourcePlan(**told), now=tokyo("2026-04-01 00:00"),
    )[0]  # fmt: skip


def says(
    source, name: str, at: str, *, over: str = "", severity: str = "warning", on: str = ""
) -> None:
    """Let a source say that an alert fires since `at`, or that it is over since `over`."""
    word = Word(
        fingerprint=f"{name}{on}", name=name, firing=not over, started_at=tokyo(at),
        ended_at=tokyo(over) if over else None, severity=severity, labels={"instance": on},
    )  # fmt: skip
    alerts.take_in(source=source, alerts=[word], now=tokyo(over or at))


def maintain(desk: Desk, start: str, end: str, *, agreed: str, system: str = "ec-site"):
    return alert_sources.agree_window(
        contract=desk.contract, actor=desk.people["bridge_se"], system=system, environment="",
        starts_at=tokyo(start), ends_at=tokyo(end), reason="Patches", now=tokyo(agreed),
    )  # fmt: skip


def down(desk: Desk, start: str, end: str = "", **more):
    ticket = desk.open(start, impact=1, urgency=1, **more)
    if end:
        desk.start(ticket, start)
        desk.restore(ticket, end)
    return ticket


def find(desk: Desk, at: str, severity: str = "critical", title: str = "Old TLS"):
    return services.record_finding(
        contract=desk.contract, actor=desk.people["operations_engineer"], system="ec-site",
        source="scan", severity=severity, title=title, now=tokyo(at),
    )  # fmt: skip


class TestAvailability:
    def test_by_hand(self, desk):
        """
        April has 720 h, 2 h are maintenance. Down: 2:30 + 0:30 + 0:30 = 3:30 h.

        (718:00 - 3:30) / 718:00 = 99.5125 %, said as 99.51 %. The source was silent for 0:45 h:
        were the shop down then too, 713:45 / 718:00 = 99.408 %, said as 99.40 %.
        """
        one = down(desk, "2026-04-06 10:00", "2026-04-06 12:30")
        two = down(desk, "2026-04-06 12:00", "2026-04-06 13:00")
        maintain(desk, "2026-04-10 01:00", "2026-04-10 03:00", agreed="2026-04-08 10:00")
        three = down(desk, "2026-04-10 02:30", "2026-04-10 03:30")
        down(desk, "2026-04-12 10:00", "2026-04-12 20:00", system="core")
        desk.open("2026-04-14 10:00")  # less urgent: slow, and not down
        heart = source(desk, silent_after_minutes=15, system="ec-site")
        says(heart, "Full", "2026-04-20 09:45")
        alert_sweep.raise_silences(tokyo("2026-04-20 10:02"))
        says(heart, "Full", "2026-04-20 09:45", over="2026-04-20 10:45")

        told = monitoring(desk)["availability"]

        shop, core = told["rows"]
        assert (shop["system"], shop["hours"]) == ("ec-site", "always")
        assert (shop["agreed_seconds"], shop["maintenance_seconds"]) == (720 * 3600, 2 * 3600)
        assert (shop["down_seconds"], shop["unwatched_seconds"]) == (3.5 * 3600, 45 * 60)
        assert (shop["outages"], shop["basis_points"], shop["at_least"]) == (3, 9951, 9940)
        assert (core["down_seconds"], core["basis_points"]) == (10 * 3600, 9861)
        counted = [(i["ticket"], i["kind"], i["seconds"]) for i in told["intervals"]]
        assert counted[:3] == [
            (one.key, "outage", 9000), (two.key, "outage", 1800), (three.key, "outage", 1800),
        ]  # fmt: skip
        assert counted[3][1:] == ("silence", 45 * 60)
        assert [(w["reason"], w["seconds"]) for w in told["maintenance"]] == [("Patches", 7200)]

    def test_maintenance_agreed_during_an_outage_hides_nothing_before_it_was_agreed(self, desk):
        down(desk, "2026-04-06 10:00", "2026-04-06 14:00")
        maintain(desk, "2026-04-06 09:00", "2026-04-06 14:00", agreed="2026-04-06 13:00")

        (shop, _core) = monitoring(desk)["availability"]["rows"]

        assert (shop["down_seconds"], shop["maintenance_seconds"]) == (3 * 3600, 3600)

    def test_what_was_lowered_or_is_on_staging_or_was_no_fault_counts_not(self, desk):
        lowered = down(desk, "2026-04-06 10:00")
        desk.confirm(lowered, "2026-04-06 10:10", impact=2, urgency=2)
        gone = down(desk, "2026-04-07 10:00")
        desk.cancel(gone, "2026-04-07 11:00")
        services.open_ticket(
            contract=desk.contract, actor=desk.people["service_desk"], type="incident",
            requester=desk.people["requester"], title="Staging", system="ec-site",
            environment="staging", impact=1, urgency=1, received_at=tokyo("2026-04-08 10:00"),
            now=tokyo("2026-04-08 10:00"),
        )  # fmt: skip

        told = monitoring(desk)["availability"]

        assert told["intervals"] == []
        assert {row["basis_points"] for row in told["rows"]} == {10_000}

    def test_one_that_began_in_april_goes_on_in_may(self, desk):
        ticket = down(desk, "2026-04-30 22:00")
        desk.start(ticket, "2026-04-30 22:10")
        april = issue_report(desk.contract, APRIL, now=CLOSED)
        desk.restore(ticket, "2026-05-12 12:00")

        (interval,) = json.loads(april.facts)["monitoring"]["availability"]["intervals"]
        assert (interval["seconds"], interval["ends_at"]) == (2 * 3600, None)
        assert verify_report(april.pk) == []
        may = facts_of(period_of(desk.contract, date(2026, 5, 1)))["monitoring"]["availability"]
        assert may["intervals"][0]["seconds"] == (11 * 24 + 12) * 3600


class TestAlerts:
    def test_each_alert_is_told_once_and_the_sums_are_those_of_the_lists(self, desk):
        prometheus = source(desk)
        says(prometheus, "Down", "2026-04-06 10:00", on="web-1")
        says(prometheus, "Down", "2026-04-06 10:01", on="web-2")
        says(prometheus, "Down", "2026-04-06 10:01", on="web-2")  # again: counted once
        says(prometheus, "Disk", "2026-04-07 10:00")
        maintain(desk, "2026-04-08 01:00", "2026-04-08 03:00", agreed="2026-04-07 12:00")
        says(prometheus, "Load", "2026-04-08 02:00")
        says(prometheus, "Load", "2026-04-08 02:00", over="2026-04-08 02:10")
        says(prometheus, "Disk", "2026-04-07 10:00", over="2026-04-07 10:20")
        alert_sweep.settle(tokyo("2026-04-07 10:30"))
        answered = Ticket.objects.get(symptom="Down")
        desk.reply(answered, "2026-04-06 10:20")

        told = monitoring(desk)["alerts"]

        assert (told["heard"], told["opened"], told["folded"], told["held_back"]) == (4, 2, 1, 1)
        assert (told["lost"], told["by_itself"], told["noise"]) == (0, 1, 3)
        assert told["response"] == {
            "answered": 1, "median_seconds": 1200, "longest_seconds": 1200,
        }  # fmt: skip
        (row,) = told["by_source"]
        assert (row["source"], row["kind"], row["heard"]) == ("Prometheus", "alertmanager", 4)
        assert sum(ticket["alerts"] for ticket in told["tickets"]) == 3
        assert sum(window["alerts"] for window in told["windows"]) == 1
        assert [t["by_itself"] for t in told["tickets"]] == [0, 1]

    def test_what_happens_after_the_month_changes_no_byte(self, desk):
        prometheus = source(desk)
        maintain(desk, "2026-04-30 22:00", "2026-05-13 02:00", agreed="2026-04-20 10:00")
        says(prometheus, "Down", "2026-04-29 23:00", on="web-1")
        says(prometheus, "Down", "2026-04-30 23:00", on="web-2")  # held back over the month's end
        april = issue_report(desk.contract, APRIL, now=CLOSED)
        alert_sweep.end_windows(tokyo("2026-05-13 03:00"))
        says(prometheus, "Down", "2026-04-29 23:00", on="web-1", over="2026-05-14 10:00")
        alert_sources.change_source(
            source=prometheus, actor=desk.people["bridge_se"], now=LATER,
            plan=SourcePlan("Other", "core", "production", "Asia/Tokyo"),
        )  # fmt: skip

        told = json.loads(april.facts)["monitoring"]["alerts"]
        assert (told["heard"], told["opened"], told["held_back"]) == (2, 1, 1)
        assert verify_report(april.pk) == []

    def test_a_ticket_that_recovered_by_itself_is_resolved_and_closed(self, desk):
        prometheus = source(desk)
        says(prometheus, "Down", "2026-04-06 10:00")
        says(prometheus, "Down", "2026-04-06 10:00", over="2026-04-06 10:20")
        alert_sweep.settle(tokyo("2026-04-06 10:30"))

        facts = facts_of(period_of(desk.contract, APRIL))

        flow = facts["flow"]
        assert (flow["received"], flow["resolved"], flow["closed"]) == (1, 1, 1)
        assert (flow["open_after"], facts["open_items"]) == (0, [])


class TestSecurity:
    def test_tells_them_as_they_stood_whatever_comes_later(self, desk):
        late = find(desk, "2026-04-06 10:00")
        sweep_findings(tokyo("2026-04-09 10:00"))
        risk = find(desk, "2026-04-06 10:00", title="Weak cipher")
        services.accept_risk(
            finding=risk, actor=desk.people["service_owner"], reason="Behind the proxy.",
            expires_on=date(2026, 5, 15), now=tokyo("2026-04-07 10:00"),
        )  # fmt: skip
        april = issue_report(desk.contract, APRIL, now=CLOSED)
        services.end_finding(
            finding=late, actor=desk.people["operations_engineer"], fixed=True, reason="Patched.",
            now=tokyo("2026-05-13 10:00"),
        )  # fmt: skip
        sweep_findings(tokyo("2026-05-15 10:00"))
        find(desk, "2026-05-16 10:00", title="Of May")

        told = json.loads(april.facts)["monitoring"]["security"]
        assert (told["opened"], told["open"], told["overdue"], told["accepted"]) == (2, 1, 1, 1)
        assert told["missed"] == 1
        by_title = {row["title"]: row for row in told["rows"]}
        assert by_title["Weak cipher"]["accepted_until"] == "2026-05-15"
        assert by_title["Weak cipher"]["reason"] == "Behind the proxy."
        assert verify_report(april.pk) == []
        may = facts_of(period_of(desk.contract, date(2026, 5, 1)))["monitoring"]["security"]
        assert (may["opened"], may["closed"], may["open"], may["accepted"]) == (1, 1, 2, 0)


def test_nothing_of_another_client_is_in_it(desk):
    told = monitoring(desk)

    assert told["alerts"]["heard"] == told["security"]["opened"] == 0
    assert told["availability"]["intervals"] == told["availability"]["maintenance"] == []
    assert told["security"]["rows"] == told["alerts"]["by_source"] == []


def test_a_storm_costs_as_few_queries_as_an_alert(desk, django_assert_max_num_queries):
    prometheus = source(desk)
    words = [
        Word(fingerprint=str(n), name=f"Down {n % 40}", firing=True, severity="warning",
             started_at=tokyo("2026-04-06 10:00") + timedelta(seconds=n % 60))
        for n in range(300)
    ]  # fmt: skip
    alerts.take_in(source=prometheus, alerts=words, now=tokyo("2026-04-06 10:05"))

    with django_assert_max_num_queries(45):
        told = facts_of(period_of(desk.contract, APRIL))["monitoring"]["alerts"]

    assert told["heard"] == 300
    assert len(told["tickets"]) == told["opened"] <= 5
    assert told["folded"] == 300 - told["opened"] == told["noise"]


def edition_of(report, language: str = "en", **reader: bool) -> Edition:
    return Edition(json.loads(report.facts), language, report.sha256, report.issued_at, **reader)


@pytest.fixture
def report(desk):
    """An April with an outage, maintenance, alerts and findings."""
    down(desk, "2026-04-06 10:00", "2026-04-06 12:30", title="The shop stands still")
    maintain(desk, "2026-04-10 01:00", "2026-04-10 03:00", agreed="2026-04-08 10:00")
    prometheus = source(desk)
    says(prometheus, "Disk", "2026-04-07 10:00")
    says(prometheus, "Load", "2026-04-10 02:00")
    find(desk, "2026-04-06 10:00", title="Weak cipher")
    return issue_report(desk.contract, APRIL, now=CLOSED)


class TestShown:
    def page(self, desk: Desk, report, role: str) -> str:
        browser = browser_of(desk.people[role])
        return browser.get(reverse("reports:page", args=[report.public_id])).content.decode()

    def test_the_page_shows_the_calculation_and_leads_to_the_tickets(self, desk, report):
        text = self.page(desk, report, "service_owner")

        assert "(720:00 − 2:00 − 2:30) ÷ (720:00 − 2:00) = 99.65%" in text
        assert "The shop stands still" in text
        for said in ("Prometheus", "Held back by maintenance", "Weak cipher", "rounded down"):
            assert said in text

    def test_a_requester_sees_how_available_it_was_and_no_weakness(self, desk, report):
        text = self.page(desk, report, "requester")

        assert "99.65%" in text
        assert "Weak cipher" not in text
        mine = edition_of(report, sees_findings=False)
        assert not any(table.key == "security_findings" for _name, table in sheets_of(mine))
        browser = browser_of(desk.people["requester"])
        for name, args in (
            ("csv", [report.public_id, "findings"]),
            ("pdf", [report.public_id, "en"]),
            ("json", [report.public_id]),
        ):
            assert browser.get(reverse(f"reports:{name}", args=args)).status_code == 403

    @pytest.mark.parametrize("language", ["en", "ja", "vi"])
    def test_paper_and_files_hold_every_row(self, desk, report, language):
        edition = edition_of(report, language)
        told = edition.facts["monitoring"]

        paper = json.dumps(paper_of(edition), ensure_ascii=False)

        for said in ("(720:00 − 2:00 − 2:30)", "Weak cipher", "Prometheus", "Patches"):
            assert said in paper
        assert pdf_of(edition).startswith(b"%PDF")
        counts = {
            "availability": len(told["availability"]["rows"]),
            "downtime": len(told["availability"]["intervals"]),
            "maintenance": 1, "alerts": 1, "alert-tickets": 1, "alerts-held-back": 1,
            "findings": 1,
        }  # fmt: skip
        for name, rows in counts.items():
            assert "".join(csv_of(edition, name)).count("\n") == 1 + rows, name
        assert len({name for name, _table in sheets_of(edition)}) == len(list(sheets_of(edition)))

    def test_a_report_of_the_layout_before_is_drawn_without_it(self, desk, report):
        facts = json.loads(report.facts)
        del facts["monitoring"]
        edition = Edition(facts | {"schema": 4}, "en", report.sha256, report.issued_at)

        assert "Availability" not in json.dumps(paper_of(edition))
        assert "Releases" in {name for name, _table in sheets_of(edition)}
        assert "".join(csv_of(edition, "availability")).count("\n") == 1
