"""After the issue: printed, signed or remarked on, corrected with a difference people understand."""

import json
from hashlib import sha256

import pytest

from contracts.models import Period
from reports.domain.comparison import compare
from reports.models import MonthlyReport, ReportDocument
from reports.renderers.changes import changes_in
from reports.renderers.pdf import pdf_of
from reports.services import life, plan
from reports.services.issue import issue_report
from reports.services.papers import PRINT, edition_of, print_report
from reports.services.verify import verify_report
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent, Job, JobState
from tenants.services import jobs
from tests.reports.factories import APRIL, MAY, tokyo
from tickets.models import Ticket

pytestmark = pytest.mark.allow_n_plus_one  # a test steps through many commands

CLOSED = tokyo("2026-05-12 10:00")
LATER = tokyo("2026-05-13 10:00")


@pytest.fixture
def report(desk) -> MonthlyReport:
    ticket = desk.open("2026-04-06 10:00", title="Slow shop")
    desk.work(ticket, "2026-04-06 10:30", "2026-04-06 11:30")
    return issue_report(desk.contract, APRIL, now=CLOSED)


def verbs(report: MonthlyReport) -> list[str]:
    events = AuditEvent.objects.filter(subject_type="reports.monthlyreport", subject_id=report.pk)
    return list(events.order_by("pk").values_list("verb", flat=True))


def sign(desk, report, **more):
    told = {"actor": desk.people["service_owner"], "seen_sha256": report.sha256, "now": LATER}
    return life.sign_report(report=report, **told | more)


def remark(desk, report, text="The fee is wrong."):
    return life.remark_report(
        report=report, actor=desk.people["service_owner"], text=text, now=LATER
    )


def rename(desk, name: str) -> None:
    desk.contract.title = name
    desk.contract.save(update_fields=["title"])


def correct(desk, report, reason="The contract has another name."):
    return life.reissue_report(
        report=report, actor=desk.people["account_manager"], reason=reason, now=LATER
    )


class TestThePapers:
    def test_are_asked_for_by_the_issue(self, report):
        job = Job.objects.get(kind=PRINT)

        assert (job.key, job.payload) == (report.public_id, {"report_id": report.pk})

    def test_are_printed_once_in_each_language(self, report):
        job = Job.objects.get(kind=PRINT)
        assert jobs.run(job.pk)
        assert not jobs.run(job.pk)

        documents = ReportDocument.objects.filter(report=report)
        assert sorted(d.language for d in documents) == ["en", "ja", "vi"]
        for document in documents:
            assert bytes(document.content).startswith(b"%PDF-")
            assert document.sha256 == sha256(document.content).hexdigest()
        assert print_report(report, now=LATER) == []
        assert verbs(report) == ["report.issued", "report.printed"]

    def test_are_what_the_frozen_facts_give(self, report):
        print_report(report, now=LATER)

        document = ReportDocument.objects.get(report=report, language="vi")
        assert bytes(document.content) == pdf_of(edition_of(report, "vi"))

    def test_stay_when_names_change(self, desk, report):
        print_report(report, now=LATER)
        before = ReportDocument.objects.get(report=report, language="en").sha256
        rename(desk, "Renamed")
        Ticket.objects.update(title="Another title")

        report = MonthlyReport.objects.get(pk=report.pk)
        assert sha256(pdf_of(edition_of(report, "en"))).hexdigest() == before


class TestSigning:
    def test_names_the_hash_that_was_seen(self, desk, report):
        signature = sign(desk, report)

        assert signature.sha256 == report.sha256
        assert verbs(report) == ["report.issued", "report.signed"]

    def test_happens_once(self, desk, report):
        sign(desk, report)

        with pytest.raises(Refused, match="signed already"):
            sign(desk, report)

    def test_of_something_else_is_refused(self, desk, report):
        with pytest.raises(Refused, match="open it again"):
            sign(desk, report, seen_sha256="0" * 64)

    @pytest.mark.parametrize("role", ["requester", "account_manager", "bridge_se"])
    def test_is_for_the_service_owner(self, desk, report, role):
        with pytest.raises(NotPermitted):
            sign(desk, report, actor=desk.people[role])

    def test_by_another_clients_owner_is_refused(self, desk, other_desk, report):
        with pytest.raises(NotPermitted):
            sign(desk, report, actor=other_desk.people["service_owner"])

    def test_of_a_corrected_revision_is_refused(self, desk, report):
        rename(desk, "Renamed")
        again = correct(desk, report)

        with pytest.raises(Refused, match="newer revision"):
            sign(desk, report)
        sign(desk, again)


class TestRemarks:
    def test_wait_for_an_answer_before_anybody_signs(self, desk, report):
        made = remark(desk, report)
        with pytest.raises(Refused, match="waits for its answer"):
            sign(desk, report)

        life.answer_remark(
            remark=made, actor=desk.people["account_manager"], answer="It is right.", now=LATER
        )

        sign(desk, report)
        assert verbs(report) == [
            "report.issued",
            "report.remarked",
            "report.answered",
            "report.signed",
        ]

    def test_are_answered_once_and_by_the_account_manager(self, desk, report):
        made = remark(desk, report)
        with pytest.raises(NotPermitted):
            life.answer_remark(
                remark=made, actor=desk.people["service_owner"], answer="x", now=LATER
            )
        told = {"remark": made, "actor": desk.people["account_manager"], "now": LATER}
        life.answer_remark(answer="It is right.", **told)

        with pytest.raises(Refused, match="answered already"):
            life.answer_remark(answer="It is wrong.", **told)

    def test_say_something(self, desk, report):
        with pytest.raises(Invalid):
            remark(desk, report, text="  ")

    def test_come_before_the_signature(self, desk, report):
        sign(desk, report)

        with pytest.raises(Refused, match="signed already"):
            remark(desk, report)


class TestCorrecting:
    def test_makes_the_next_revision_with_reason_and_person(self, desk, report):
        rename(desk, "Operation of the shop")
        again = correct(desk, report)

        facts = json.loads(again.facts)
        assert (again.revision, again.reason) == (2, "The contract has another name.")
        assert again.issued_by == desk.people["account_manager"]
        assert facts["cover"]["corrects"] == {
            "revision": 1,
            "sha256": report.sha256,
            "reason": "The contract has another name.",
        }
        assert verbs(again) == ["report.reissued"]
        assert verify_report(again.pk) == verify_report(report.pk) == []

    def test_with_nothing_to_correct_is_refused(self, desk, report):
        with pytest.raises(Refused, match="nothing to correct"):
            correct(desk, report)

    def test_needs_a_reason(self, desk, report):
        rename(desk, "Renamed")

        with pytest.raises(Invalid):
            correct(desk, report, reason=" ")

    def test_is_for_the_account_manager(self, desk, report):
        rename(desk, "Renamed")

        with pytest.raises(NotPermitted):
            life.reissue_report(
                report=report, actor=desk.people["service_owner"], reason="x", now=LATER
            )

    def test_leaves_tickets_written_down_since_to_the_next_report(self, desk, report):
        desk.open("2026-04-20 10:00", written="2026-05-12 11:00", title="Told late")
        rename(desk, "Renamed")
        again = correct(desk, report)

        counted = [json.loads(each.facts)["summary"]["received"] for each in (report, again)]
        may = issue_report(desk.contract, MAY, now=tokyo("2026-06-10 10:00"))
        assert counted == [1, 1]
        assert json.loads(may.facts)["flow"]["registered_late"] == 1

    def test_shows_what_changed_to_people(self, desk, report):
        rename(desk, "Operation of the shop")
        Ticket.objects.update(title="The cart is slow")
        edition = edition_of(correct(desk, report), "en")

        with edition.speaking():
            tables = changes_in(edition)
        said = [row for table in tables for row in table.rows]
        assert [table.title for table in tables] == ["Names that changed"]
        assert ("Title of the contract", report.contract.title, "Operation of the shop") not in said
        assert any(row[2] == "Operation of the shop" for row in said)
        assert any(row[0].startswith("ACME-1") and row[2] == "The cart is slow" for row in said)


class TestTheComparison:
    def test_names_figures_and_the_tickets_behind_them(self, report):
        before = json.loads(report.facts)
        after = json.loads(report.facts)
        after["cost"]["lines"][0]["amount"] += 1000
        after["summary"]["total"] += 1000
        after["cost"]["charged"][0]["amount"] = 500
        after["sla"]["misses"] = []

        found = compare(before, after)

        figures = {change.what: (change.before, change.after) for change in found.figures}
        assert figures["line"] == (800000, 801000)
        assert figures["summary.total"][1] - figures["summary.total"][0] == 1000
        of_tickets = {(change.what, change.of[0]) for change in found.tickets}
        assert {("ticket.amount", "ACME-1"), ("ticket.missed", "ACME-1")} <= of_tickets

    def test_of_the_same_facts_is_empty(self, report):
        facts = json.loads(report.facts)

        assert compare(facts, json.loads(report.facts)).is_empty


class TestClosingEarly:
    IN_GRACE = tokyo("2026-05-02 10:00")

    def close(self, desk, now=IN_GRACE, role="account_manager"):
        life.close_early(contract=desk.contract, month=APRIL, actor=desk.people[role], now=now)

    def test_closes_the_month_and_rings_for_its_report(self, desk):
        plan.plan_next(desk.contract, self.IN_GRACE)
        self.close(desk)

        job = Job.objects.get(kind=plan.ISSUE)
        assert Period.objects.get(month=APRIL).closed_at == self.IN_GRACE
        assert (job.state, job.due_at) == (JobState.WAITING, self.IN_GRACE)
        issued = list(plan.issue_due(desk.contract, self.IN_GRACE))
        assert [(r.month, r.issued_at) for r in issued] == [(APRIL, self.IN_GRACE)]

    def test_waits_for_the_end_of_the_month(self, desk):
        with pytest.raises(Refused, match="not ended"):
            self.close(desk, now=tokyo("2026-04-30 10:00"))

    def test_is_for_the_account_manager(self, desk):
        with pytest.raises(NotPermitted):
            self.close(desk, role="bridge_se")
