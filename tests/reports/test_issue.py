"""A report is issued once, in order, linked to the one before, and made again byte for byte."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from contracts.domain.canonical import canonical, sha256_of
from contracts.models import Period
from contracts.services import period_of
from reports.models import MonthlyReport
from reports.services import life, plan, verify
from reports.services.issue import issue_report
from reports.services.papers import print_report
from tenants.errors import Refused
from tenants.models import AuditEvent, Job, JobState
from tenants.scoping import tenant_scope
from tenants.services import jobs
from tests.processes import environment
from tests.reports.factories import APRIL, JUNE, MAY, Desk, as_owner, make_desk, tokyo

pytestmark = pytest.mark.allow_n_plus_one  # a test steps through many commands

CLOSED = tokyo("2026-05-12 10:00")
CLOSED_MAY = tokyo("2026-06-10 10:00")


class TestIssueReport:
    def test_freezes_the_facts_with_their_hash_and_closes_the_month(self, desk):
        report = issue_report(desk.contract, APRIL, now=CLOSED)

        assert report.sha256 == sha256_of(report.facts)
        assert canonical(json.loads(report.facts)) == report.facts
        assert (report.revision, report.previous_sha256, report.issued_at) == (1, "", CLOSED)
        assert Period.objects.get(month=APRIL).closed_at == CLOSED
        event = AuditEvent.objects.get(verb="report.issued")
        assert event.data["sha256"] == report.sha256

    def test_a_second_call_returns_the_same_report(self, desk):
        report = issue_report(desk.contract, APRIL, now=CLOSED)

        assert issue_report(desk.contract, APRIL, now=CLOSED_MAY) == report
        assert MonthlyReport.objects.count() == 1

    def test_names_the_hash_of_the_month_before(self, desk):
        april = issue_report(desk.contract, APRIL, now=CLOSED)
        may = issue_report(desk.contract, MAY, now=CLOSED_MAY)

        assert may.previous_sha256 == april.sha256
        assert json.loads(may.facts)["cover"]["previous_sha256"] == april.sha256

    def test_waits_for_the_grace(self, desk):
        with pytest.raises(Refused, match="late entries"):
            issue_report(desk.contract, APRIL, now=tokyo("2026-05-04 10:00"))

    def test_waits_for_the_month_before(self, desk):
        with pytest.raises(Refused, match="month before"):
            issue_report(desk.contract, MAY, now=CLOSED_MAY)

    def test_a_correction_is_the_next_revision_and_says_why(self, desk):
        first = issue_report(desk.contract, APRIL, now=CLOSED)
        old = json.loads(first.facts)
        old["summary"]["received"] = 99  # as an error of an older release would have written it
        text = canonical(old)
        MonthlyReport.objects.bulk_create(
            [
                MonthlyReport(
                    tenant_id=first.tenant_id,
                    contract=first.contract,
                    period=first.period,
                    month=APRIL,
                    revision=2,
                    facts=text,
                    sha256=sha256_of(text),
                    issued_at=CLOSED,
                )
            ]
        )

        with pytest.raises(Refused, match="say why"):
            issue_report(desk.contract, APRIL, now=CLOSED)
        third = issue_report(desk.contract, APRIL, now=CLOSED, correction="Counted twice.")

        assert (third.revision, json.loads(third.facts)["cover"]["revision"]) == (3, 3)
        event = AuditEvent.objects.filter(verb="report.reissued").latest("pk")
        assert event.data["reason"] == "Counted twice."
        assert "summary.received: 99 -> 0" in event.data["changed"]


class TestPlan:
    def test_plans_the_oldest_month_without_a_report_and_then_the_next(self, desk):
        plan.plan_next(desk.contract, CLOSED_MAY)
        plan.plan_next(desk.contract, CLOSED_MAY)

        job = Job.objects.get(kind=plan.ISSUE)
        assert job.key == f"{desk.contract.public_id}:2026-04"
        assert job.due_at == Period.objects.get(month=APRIL).closes_at
        assert job.payload == {"contract_id": desk.contract.pk, "month": "2026-04-01"}

    def test_writes_down_every_month_up_to_the_current(self, desk):
        list(plan.unissued(desk.contract, CLOSED_MAY))

        months = Period.objects.filter(contract=desk.contract).values_list("month", flat=True)
        assert sorted(months) == [APRIL, MAY, JUNE]

    def test_a_month_that_has_not_ended_is_not_planned(self, desk):
        plan.plan_next(desk.contract, tokyo("2026-04-20 10:00"))

        assert not Job.objects.filter(kind=plan.ISSUE).exists()

    def test_issues_earlier_months_first(self, desk):
        issued = list(plan.issue_due(desk.contract, CLOSED_MAY, until=MAY))

        assert [report.month for report in issued] == [APRIL, MAY]

    def test_stops_at_a_month_that_is_not_due(self, desk):
        assert list(plan.issue_due(desk.contract, tokyo("2026-05-02 10:00"))) == []

    def test_a_job_that_ran_too_early_comes_back(self, desk):
        plan.plan_next(desk.contract, CLOSED)
        Job.objects.filter(kind=plan.ISSUE).update(state=JobState.DONE)

        plan.plan_next(desk.contract, CLOSED)

        assert Job.objects.get(kind=plan.ISSUE).state == JobState.WAITING


@pytest.fixture
def committed(transactional_db) -> Desk:
    """Acme's desk, committed, with two months that are over."""
    with transaction.atomic():
        return make_desk("ACME")


def scoped(desk: Desk):
    return tenant_scope(desk.tenant)


def job_of(desk: Desk) -> Job:
    with transaction.atomic(), scoped(desk):
        plan.plan_next(desk.contract, timezone.now())
        return Job.objects.filter(kind=plan.ISSUE, state=JobState.WAITING).latest("pk")


def count_reports(desk: Desk) -> int:
    with transaction.atomic(), scoped(desk):
        return MonthlyReport.objects.count()


class TestTheJob:
    def test_delivered_twice_issues_once(self, committed):
        job = job_of(committed)

        assert jobs.run(job.pk) is True
        assert jobs.run(job.pk) is False
        assert count_reports(committed) == 1

    def test_killed_before_the_commit_issues_once_when_it_comes_back(self, committed):
        job = job_of(committed)
        with pytest.raises(KeyboardInterrupt):
            self.die_at_the_end_of(job, committed)
        assert count_reports(committed) == 0

        assert jobs.run(job.pk) is True
        assert count_reports(committed) == 1

    def die_at_the_end_of(self, job: Job, desk: Desk) -> None:
        """Do the work and lose the worker before the commit."""
        with transaction.atomic(), scoped(desk):
            plan.issue(job)
            assert MonthlyReport.objects.count() == 1
            raise KeyboardInterrupt

    def test_plans_the_next_month_when_it_is_done(self, committed):
        jobs.run(job_of(committed).pk)

        keys = Job.objects.filter(kind=plan.ISSUE).values_list("key", "state")
        assert set(keys) == {
            (f"{committed.contract.public_id}:2026-04", JobState.DONE),
            (f"{committed.contract.public_id}:2026-05", JobState.WAITING),
        }

    def test_the_recurring_job_plans_every_contract(self, committed):
        with transaction.atomic():
            jobs.start_recurring(committed.tenant.pk)
        job = Job.objects.get(kind="reports.plan")

        assert jobs.run(job.pk) is True

        job.refresh_from_db()
        assert job.state == JobState.WAITING
        assert job.due_at > timezone.now() + timedelta(minutes=9)
        assert Job.objects.filter(kind=plan.ISSUE).count() == 1


def issue_in_a_thread(desk: Desk) -> str:
    try:
        with transaction.atomic(), scoped(desk):
            return issue_report(desk.contract, APRIL, now=CLOSED).sha256
    finally:
        connection.close()


class TestTwoAtOnce:
    def test_make_one_report(self, committed):
        with ThreadPoolExecutor(4) as pool:
            hashes = set(pool.map(issue_in_a_thread, [committed] * 4))

        assert len(hashes) == count_reports(committed) == 1


def run(*command: str) -> subprocess.CompletedProcess:
    """Run a console command in a process of its own, on this test's database."""
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=Path(__file__).resolve().parents[2],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def issued(committed) -> Desk:
    """Acme with the reports of April and May, and one hour of work in April."""
    with transaction.atomic(), scoped(committed):
        ticket = committed.open("2026-04-06 10:00", activity="service_desk", type="service_request")
        committed.work(ticket, "2026-04-06 10:00", "2026-04-06 11:00", role="service_desk")
        issue_report(committed.contract, APRIL, now=CLOSED)
        issue_report(committed.contract, MAY, now=CLOSED_MAY)
    return committed


@pytest.fixture
def printed(issued) -> Desk:
    """April printed in three languages and signed."""
    with transaction.atomic(), scoped(issued):
        april = MonthlyReport.objects.get(month=APRIL)
        print_report(april, now=CLOSED)
        life.sign_report(
            report=april,
            actor=issued.people["service_owner"],
            seen_sha256=april.sha256,
            now=CLOSED_MAY,
        )
    return issued


class TestVerifyReports:
    def test_a_new_process_makes_the_same_bytes(self, issued):
        done = run("verify_reports", "--tenant", "ACME")

        assert done.stdout == "2 reports verified, 0 differences.\n"
        assert done.returncode == 0

    def test_an_altered_time_entry_is_named(self, issued):
        with as_owner("tickets_timeentry") as cursor:
            cursor.execute("UPDATE tickets_timeentry SET minutes = minutes + 15")

        done = run("verify_reports")

        assert done.returncode == 1
        assert "ACME ACME-2026 2026-04 revision 1: effort.minutes: 60 -> 75" in done.stderr
        assert "2026-05" not in done.stderr

    def test_an_altered_report_is_named(self, issued):
        with as_owner("reports_monthlyreport") as cursor:
            cursor.execute(
                "UPDATE reports_monthlyreport SET facts = replace(facts, '\"total\":880000',"
                " '\"total\":990000') WHERE month = '2026-05-01'"
            )

        done = run("verify_reports")

        assert done.returncode == 1
        assert "2026-05 revision 1: the stored text does not have the stored hash" in done.stderr
        assert "2026-05 revision 1: cost.total: 990000 -> 880000" in done.stderr

    def test_an_altered_pdf_is_named(self, printed):
        with as_owner("reports_reportdocument") as cursor:
            cursor.execute(
                "UPDATE reports_reportdocument SET content = 'forged' WHERE language = 'ja'"
            )
            cursor.execute(
                "UPDATE reports_reportdocument SET content = 'forged', sha256 = %s"
                " WHERE language = 'en'",
                [sha256_of("forged")],
            )
            cursor.execute("DELETE FROM reports_reportdocument WHERE language = 'vi'")

        done = run("verify_reports")

        assert done.returncode == 1
        assert [line.rpartition(": ")[2] for line in done.stderr.splitlines()] == [
            "the stored PDF (en) is not the one that was printed",
            "the stored PDF (ja) does not have the stored hash",
            "the stored PDF (vi) is gone",
        ]

    def test_a_signature_of_another_hash_is_named(self, printed):
        assert run("verify_reports").returncode == 0
        with as_owner("reports_reportsignature") as cursor:
            cursor.execute("UPDATE reports_reportsignature SET sha256 = repeat('0', 64)")

        done = run("verify_reports")

        assert "2026-04 revision 1: the signature names another hash" in done.stderr

    def test_a_forged_report_with_its_own_hash_breaks_the_chain(self, issued):
        with transaction.atomic(), scoped(issued):
            april = MonthlyReport.objects.get(month=APRIL)
        text = april.facts.replace('"tenant_name":"Acme"', '"tenant_name":"Acne"')
        with as_owner("reports_monthlyreport") as cursor:
            cursor.execute(
                "UPDATE reports_monthlyreport SET facts = %s, sha256 = %s WHERE id = %s",
                [text, sha256_of(text), april.pk],
            )

        with transaction.atomic(), scoped(issued):
            may = MonthlyReport.objects.get(month=MAY)
            (finding,) = verify.verify_report(may.pk)
        assert finding.what == "it does not name the hash of the month before"

    def test_a_closed_month_without_a_report_is_named(self, issued):
        with transaction.atomic(), scoped(issued):
            from contracts.services import close_period

            june = period_of(issued.contract, JUNE)
            close_period(period=june, actor=None, now=tokyo("2026-07-10 10:00"))
            findings = [str(finding) for finding in verify.closed_without_report()]

        assert findings == ["ACME ACME-2026 2026-06: the month is closed and has no report"]


class TestIssueReports:
    def test_issues_what_is_due_in_order_and_only_once(self, committed, capsys):
        call_command("issue_reports", "--tenant", "ACME", "--month", "2026-05")
        call_command("issue_reports", "--tenant", "ACME", "--month", "2026-05")

        lines = capsys.readouterr().out.splitlines()
        assert [line.rpartition(" ")[0] for line in lines[:2]] == [
            "ACME-2026 2026-04",
            "ACME-2026 2026-05",
        ]
        assert lines[2:] == ["2 reports issued.", "0 reports issued."]

    def test_says_how_far_it_is_and_goes_on_where_it_was(self, committed, capsys):
        call_command("issue_reports", "--tenant", "ACME", "--month", "2026-04")
        call_command("issue_reports", "--tenant", "ACME", "--month", "2026-05")

        captured = capsys.readouterr()
        assert captured.out.splitlines()[2].startswith("ACME-2026 2026-05")
        assert captured.err.splitlines() == ["1 of 1 contracts, 1 reports"] * 2

    def test_leaves_it_to_the_workers_and_watches_them(self, committed, capsys):
        watch = ["issue_reports", "--tenant", "ACME", "--month", "2026-04", "--wait"]
        with pytest.raises(CommandError, match="goes on"):
            call_command(*watch, "--background", "--timeout", "0")
        for kind in (plan.ISSUE, "reports.print"):
            for job in Job.objects.filter(kind=kind, state=JobState.WAITING):
                jobs.run(job.pk)

        call_command(*watch)

        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "1 contracts handed to the workers."
        assert lines[1].startswith("2026-04: 0 of ")
        assert lines[-1] == "2026-04: 1 of 1 issued, 1 printed, 0 at work, 0 given up"

    def test_says_when_only_what_was_given_up_is_left(self, committed):
        call_command("issue_reports", "--tenant", "ACME", "--background")
        Job.objects.filter(kind=plan.ISSUE).update(state=JobState.DEAD)

        with pytest.raises(CommandError, match="retry"):
            call_command("issue_reports", "--tenant", "ACME", "--month", "2026-04", "--wait")

    def test_watches_one_month(self, committed):
        with pytest.raises(CommandError, match="--month"):
            call_command("issue_reports", "--wait")

    def test_the_list_shows_the_run_to_desks_that_see_money(self, committed, client):
        call_command("issue_reports", "--tenant", "ACME", "--month", "2026-04")
        client.force_login(committed.people["bridge_se"].user)
        page = client.get("/reports/").content.decode()
        run = client.get("/reports/run/").content.decode()
        client.force_login(committed.people["requester"].user)

        assert 'id="run"' in page
        assert 'hx-trigger="every 3s"' in run
        assert 'id="run"' not in client.get("/reports/").content.decode()
        assert client.get("/reports/run/").status_code == 403
