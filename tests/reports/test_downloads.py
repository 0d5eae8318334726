"""Files and steps of a report in the browser: by role, within the walls, the stored bytes."""

import json
from copy import deepcopy
from io import BytesIO

import openpyxl
import pytest
from django.urls import reverse

from reports.models import MonthlyReport, ReportDocument, ReportRemark
from reports.renderers.csv import TABLES, WITH_MONEY
from reports.services.issue import issue_report
from reports.services.papers import print_report
from tenants.models import Job
from tenants.scoping import tenant_scope
from tests.reports.factories import APRIL, TERMS, Desk, make_desk, tokyo

pytestmark = pytest.mark.allow_n_plus_one  # the fixtures step through many commands

CLOSED = tokyo("2026-05-12 10:00")
DESKS = ("service_owner", "account_manager", "bridge_se", "requester")
SEES_ALL = {"service_owner", "account_manager", "bridge_se"}


def printed(code: str) -> tuple[Desk, MonthlyReport]:
    desk = make_desk(code)
    with tenant_scope(desk.tenant):
        ticket = desk.open("2026-04-06 10:00", title=f"Slow at {code}")
        desk.work(ticket, "2026-04-06 10:30", "2026-04-06 11:30")
        report = issue_report(desk.contract, APRIL, now=CLOSED)
        print_report(report, now=CLOSED)
    return desk, report


@pytest.fixture
def acme_printed(db) -> tuple[Desk, MonthlyReport]:
    return printed("ACME")


@pytest.fixture
def globex_printed(db) -> tuple[Desk, MonthlyReport]:
    return printed("GLOBEX")


def address(name: str, report: MonthlyReport, *more: str) -> str:
    return reverse(f"reports:{name}", args=[report.public_id, *more])


@pytest.mark.parametrize("role", DESKS)
class TestFilesByRole:
    def test_the_pdf_is_the_stored_bytes(self, client_of, acme_printed, role):
        desk, report = acme_printed
        answer = client_of(desk.people[role]).get(address("pdf", report, "ja"))

        if role not in SEES_ALL:
            assert answer.status_code == 403
            return
        with tenant_scope(desk.tenant):
            stored = ReportDocument.objects.get(report=report, language="ja")
        assert answer.content == bytes(stored.content)
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"] == (
            'attachment; filename="ACME_ACME-2026_2026-04_r1_ja.pdf"'
        )

    def test_the_workbook_shows_money_to_whoever_may_see_it(self, client_of, acme_printed, role):
        desk, report = acme_printed
        answer = client_of(desk.people[role]).get(address("xlsx", report))

        sheets = openpyxl.load_workbook(BytesIO(answer.content)).sheetnames
        assert ("Cost statement" in sheets) == (role in SEES_ALL)

    @pytest.mark.parametrize("table", sorted(TABLES))
    def test_each_csv(self, client_of, acme_printed, role, table):
        desk, report = acme_printed
        answer = client_of(desk.people[role]).get(address("csv", report, table))

        refused = table in WITH_MONEY and role not in SEES_ALL
        assert answer.status_code == (403 if refused else 200)
        if not refused:
            text = b"".join(answer.streaming_content).decode()
            assert text.startswith("\ufeff")

    def test_the_facts_are_the_hashed_text(self, client_of, acme_printed, role):
        desk, report = acme_printed
        answer = client_of(desk.people[role]).get(address("json", report))

        assert answer.status_code == (200 if role in SEES_ALL else 403)
        assert role not in SEES_ALL or answer.content.decode() == report.facts

    def test_the_page_offers_what_the_reader_may_have(self, client_of, acme_printed, role):
        desk, report = acme_printed
        text = client_of(desk.people[role]).get(address("page", report)).content.decode()

        assert (address("pdf", report, "vi") in text) == (role in SEES_ALL)
        assert (address("csv", report, "statement") in text) == (role in SEES_ALL)
        assert address("xlsx", report) in text
        assert (address("sign", report) in text) == (role == "service_owner")
        assert (address("reissue", report) in text) == (role == "account_manager")


class TestFiles:
    def test_hold_costs_for_requesters_where_the_terms_say_so(self, client_of, db):
        document = deepcopy(TERMS)
        document["cost"]["shown_to_requesters"] = True
        desk = make_desk("ACME", document=document)
        with tenant_scope(desk.tenant):
            report = issue_report(desk.contract, APRIL, now=CLOSED)
            print_report(report, now=CLOSED)
        browser = client_of(desk.people["requester"])

        assert browser.get(address("pdf", report, "en")).status_code == 200
        assert browser.get(address("csv", report, "statement")).status_code == 200
        assert "Cost statement" in browser.get(address("page", report)).content.decode()

    def test_have_no_titles_where_requesters_see_only_their_own(self, client_of, acme_printed):
        desk, report = acme_printed
        desk.tenant.requesters_see_all = False
        desk.tenant.save()
        answer = client_of(desk.people["requester"]).get(address("csv", report, "misses"))

        assert "Slow at ACME" not in b"".join(answer.streaming_content).decode()

    def test_of_an_unknown_language_or_table_never_were(self, client_of, acme_printed):
        desk, report = acme_printed
        browser = client_of(desk.people["service_owner"])

        assert browser.get(address("pdf", report, "fr")).status_code == 404
        assert browser.get(address("csv", report, "salaries")).status_code == 404

    def test_that_are_not_printed_yet_say_so(self, client_of, db):
        desk = make_desk("ACME")
        with tenant_scope(desk.tenant):
            report = issue_report(desk.contract, APRIL, now=CLOSED)
        browser = client_of(desk.people["service_owner"])

        answer = browser.get(address("pdf", report, "en"))
        assert answer.status_code == 409
        assert "being printed" in answer.content.decode()
        assert "being printed" in browser.get(address("page", report)).content.decode()


class TestSteps:
    def post(self, browser, name: str, report: MonthlyReport, **data):
        return browser.post(address(name, report), data, follow=True)

    def test_the_owner_signs_what_was_shown(self, client_of, acme_printed):
        desk, report = acme_printed
        browser = client_of(desk.people["service_owner"])
        form = browser.get(address("sign", report)).content.decode()
        assert f'value="{report.sha256}"' in form

        text = self.post(browser, "sign", report, seen_sha256=report.sha256).content.decode()

        assert "The report is signed." in text
        assert desk.people["service_owner"].user.name in text
        assert address("sign", report) not in text
        listed = browser.get(reverse("reports:list")).content.decode()
        assert "Signed" in listed

    def test_a_remark_is_answered_on_the_page(self, client_of, acme_printed):
        desk, report = acme_printed
        owner = client_of(desk.people["service_owner"])
        manager = client_of(desk.people["account_manager"])
        empty = owner.post(address("remark", report), {"text": " "})
        assert empty.status_code == 422
        self.post(owner, "remark", report, text="The fee is <b>wrong</b>.")

        text = manager.get(address("page", report)).content.decode()
        assert "The fee is &lt;b&gt;wrong&lt;/b&gt;." in text
        with tenant_scope(desk.tenant):
            remark = ReportRemark.objects.get()
        answer = reverse("reports:answer", args=[remark.public_id])
        assert answer in text
        said = manager.post(answer, {"answer": "It is as agreed."}, follow=True)
        assert "It is as agreed." in said.content.decode()

    def test_remarks_are_not_for_requesters(self, client_of, acme_printed):
        desk, report = acme_printed
        self.post(client_of(desk.people["service_owner"]), "remark", report, text="1,000,000?")

        text = client_of(desk.people["requester"]).get(address("page", report)).content.decode()
        assert "1,000,000?" not in text

    def test_the_manager_corrects_and_the_difference_is_shown(self, client_of, acme_printed):
        desk, report = acme_printed
        desk.contract.title = "Operation of the shop"
        with tenant_scope(desk.tenant):
            desk.contract.save(update_fields=["title"])
        browser = client_of(desk.people["account_manager"])

        page = self.post(browser, "reissue", report, reason="Another name.").content.decode()
        with tenant_scope(desk.tenant):
            again = MonthlyReport.objects.get(revision=2)
        changes = browser.get(address("changes", again)).content.decode()

        assert address("changes", again) in page
        assert "Operation of the shop" in changes
        assert "Another name." in changes
        assert browser.get(address("changes", report)).status_code == 404
        old = browser.get(address("page", report)).content.decode()
        assert "This report was corrected." in old

    @pytest.mark.parametrize("name", ["sign", "remark", "reissue"])
    def test_are_refused_to_other_desks(self, client_of, acme_printed, name):
        desk, report = acme_printed
        browser = client_of(desk.people["bridge_se"])

        assert browser.get(address(name, report)).status_code == 403
        assert browser.post(address(name, report), {"reason": "x"}).status_code == 403

    @pytest.mark.parametrize("name", ["sign", "remark", "reissue", "changes", "xlsx", "json"])
    def test_of_another_clients_report_never_were(
        self, client_of, acme_printed, globex_printed, name
    ):
        desk, _report = acme_printed
        browser = client_of(desk.people["account_manager"])

        assert browser.get(address(name, globex_printed[1])).status_code == 404

    def test_the_manager_closes_an_ended_month_early(self, client_of, db, time_machine):
        time_machine.move_to(tokyo("2026-05-01 10:00"), tick=False)
        desk = make_desk("ACME")
        with tenant_scope(desk.tenant):
            from contracts.services import period_of

            period = period_of(desk.contract, APRIL)
        browser = client_of(desk.people["account_manager"])
        url = reverse("reports:close", args=[desk.contract.public_id, APRIL])
        assert url in browser.get(reverse("reports:list")).content.decode()

        answer = browser.post(url, follow=True)

        assert "The month is closed." in answer.content.decode()
        with tenant_scope(desk.tenant):
            period.refresh_from_db()
            assert not period.is_open
            assert Job.objects.filter(kind="reports.issue").count() == 1


class TestTheList:
    def test_keeps_to_one_month_when_asked(self, client_of, acme_printed):
        desk, report = acme_printed
        browser = client_of(desk.people["service_owner"])

        assert report.public_id in browser.get("/reports/?month=2026-04").content.decode()
        assert report.public_id not in browser.get("/reports/?month=2026-05").content.decode()
        assert browser.get("/reports/?month=garbage").status_code == 200

    def test_says_what_waits_for_a_signature(self, client_of, acme_printed):
        desk, report = acme_printed
        text = client_of(desk.people["service_owner"]).get("/reports/").content.decode()

        assert "To be signed" in text
        assert json.loads(report.facts)["summary"]["received"] == 1
