"""The list of all tickets of a month, and the audit chain's heads: frozen, drawn, and led to."""

import csv
import json
from io import BytesIO, StringIO

import openpyxl
import pytest
from django.db import connection, transaction
from django.urls import reverse

from reports.domain.month_tickets import rows_in
from reports.renderers.csv import BOM, csv_of
from reports.renderers.edition import Edition
from reports.renderers.paper import paper_of
from reports.renderers.xlsx import xlsx_of
from reports.services.issue import issue_report
from reports.services.verify import verify_report
from tenants.models import AuditLink
from tenants.scoping import tenant_scope
from tests.reports.factories import APRIL, MAY, as_owner, make_desk, tokyo
from tickets.models import Ticket

pytestmark = pytest.mark.allow_n_plus_one  # the fixtures step through many commands

CLOSED, CLOSED_MAY = tokyo("2026-05-12 10:00"), tokyo("2026-06-10 10:00")


@pytest.fixture
def report(desk):
    """April of acme: three tickets; globex's desk, too, has one that must not appear."""
    first = desk.open("2026-04-06 10:00", title="=cmd", symptom="slow")
    desk.reply(first, "2026-04-06 12:00")
    desk.work(first, "2026-04-06 13:00", "2026-04-06 14:10")
    desk.start(first, "2026-04-06 12:30")
    desk.resolve(first, "2026-04-07 10:00")
    asked = desk.open("2026-04-13 10:00", activity="service_desk", type="service_request")
    desk.pause(asked, "2026-04-13 11:00")
    desk.open("2026-04-14 10:00", activity="perfective", type="change_request", title="Nicer")
    return issue_report(desk.contract, APRIL, now=CLOSED)


class TestTheList:
    def test_has_every_ticket_once(self, report):
        rows = list(rows_in(json.loads(report.facts)))

        assert [row["ticket"] for row in rows] == ["ACME-1", "ACME-2", "ACME-3"]
        first, asked, wish = rows
        assert (first["missed"], first["minutes"], first["worth"]) == (1, 70, 7000)
        assert (first["state"], first["resolved"], first["received"]) == ("resolved", 1, 1)
        assert (asked["state"], asked["client_seconds"] > 0) == ("waiting", True)
        assert (wish["outcome"], wish["clause"], wish["minutes"]) == ("estimate", "S3", 0)

    def test_goes_on_with_what_was_left_open(self, desk, report):
        may = json.loads(issue_report(desk.contract, MAY, now=CLOSED_MAY).facts)

        rows = list(rows_in(may))
        assert [(row["ticket"], row["received"], row["open_before"]) for row in rows] == [
            ("ACME-2", 0, 1),
            ("ACME-3", 0, 1),
        ]

    def test_has_work_on_a_ticket_that_was_over(self, desk, report):
        desk.work(Ticket.objects.get(number=1), "2026-05-20 10:00", "2026-05-20 11:00")

        may = json.loads(issue_report(desk.contract, MAY, now=CLOSED_MAY).facts)

        row = next(row for row in rows_in(may) if row["ticket"] == "ACME-1")
        assert row["minutes"] == may["effort"]["minutes"] == 60

    def test_is_in_the_workbook_and_the_csv_with_real_numbers(self, report):
        edition = Edition(json.loads(report.facts), "en", report.sha256, report.issued_at)
        sheet = openpyxl.load_workbook(BytesIO(xlsx_of(edition)))["Tickets"]
        heads = [cell.value for cell in sheet[3]]
        cells = dict(zip(heads, sheet[4], strict=True))
        text = "".join(csv_of(edition, "tickets")).removeprefix(BOM)

        assert cells["Title"].value == "=cmd"
        assert cells["Title"].data_type == "s"
        assert cells["Time worked"].value.total_seconds() == 70 * 60
        assert cells["By the rate card"].value == 7000
        assert len(list(csv.reader(StringIO(text)))) == 4
        assert "'=cmd" in text

    def test_shows_no_worth_to_whoever_may_see_no_money(self, report):
        edition = Edition(
            json.loads(report.facts), "en", report.sha256, report.issued_at, sees_money=False
        )

        assert "By the rate card" not in "".join(csv_of(edition, "tickets"))
        assert "7000" not in "".join(csv_of(edition, "tickets"))

    def test_is_cut_on_paper_where_it_is_very_long(self, report):
        facts = json.loads(report.facts)
        facts["tickets"]["rows"] = facts["tickets"]["rows"] * 4000
        paper = paper_of(Edition(facts, "en", report.sha256, report.issued_at))

        section = next(s for s in paper["sections"] if s["title"] == "Tickets of the month")
        table = section["blocks"][0]
        assert len(table["cells"]) == 1_000 * len(table["columns"])
        assert "12,000" in table["note"]


class TestThePage:
    def page(self, client, desk, report, **asked):
        client.force_login(desk.people["service_owner"].user)
        return client.get(reverse("reports:tickets", args=[report.public_id]), asked)

    def test_lists_what_a_figure_counts(self, client, desk, report):
        everything = self.page(client, desk, report).content.decode()
        some = self.page(client, desk, report, received="1", outcome="estimate").content.decode()

        assert all(f"ACME-{n}" in everything for n in (1, 2, 3))
        assert "GLOBEX" not in everything
        assert ">ACME-3<" in some
        assert ">ACME-1<" not in some

    def test_says_the_sum_of_what_adds_up(self, client, desk, report):
        page = self.page(client, desk, report, minutes="1").content.decode()

        assert 'href="/tickets/ACME-2/"' not in page
        assert "<strong>1 h 10 min</strong>" in page

    @pytest.mark.parametrize("odd", [{"page": "x"}, {"state": "?"}, {"minutes": ""}, {"type": "'"}])
    def test_takes_anything(self, client, desk, report, odd):
        assert self.page(client, desk, report, **odd).status_code == 200

    def test_is_led_to_from_the_report(self, client, desk, report):
        client.force_login(desk.people["service_owner"].user)
        page = client.get(reverse("reports:page", args=[report.public_id])).content.decode()

        assert f"{reverse('reports:tickets', args=[report.public_id])}?received=1&amp;" in page


class TestTheAuditChain:
    def test_is_printed_as_it_stood_on_each_day_and_at_the_end(self, desk):
        link_at_once()
        desk.open("2026-04-06 10:00")
        desk.open("2026-04-08 10:00")
        report = issue_report(desk.contract, APRIL, now=CLOSED)

        audit = json.loads(report.facts)["audit"]
        links = dict(AuditLink.objects.values_list("position", "sha256"))
        assert audit["sha256"] == links[audit["position"]]
        assert [links[day["position"]] for day in audit["days"]] == [
            day["sha256"] for day in audit["days"]
        ]
        assert [day["day"] for day in audit["days"]][1:] == ["2026-04-06", "2026-04-08"]

    def test_what_is_written_later_changes_nothing(self, desk):
        link_at_once()
        desk.open("2026-04-06 10:00")
        report = issue_report(desk.contract, APRIL, now=CLOSED)

        desk.open("2026-04-07 10:00", written="2026-05-13 10:00")

        assert verify_report(report.pk) == []

    def test_is_on_paper_with_every_day(self, desk):
        link_at_once()
        desk.open("2026-04-06 10:00")
        report = issue_report(desk.contract, APRIL, now=CLOSED)
        facts = json.loads(report.facts)
        paper = json.dumps(paper_of(Edition(facts, "ja", report.sha256, report.issued_at)))

        assert all(day["sha256"] in paper for day in facts["audit"]["days"])


def link_at_once() -> None:
    """Let the chain grow with each event, and not at the commit that a test never comes to."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_list_is_another_client_s_never(client, other_desk):
    made = make_desk("ACME")
    with tenant_scope(made.tenant):
        report = issue_report(made.contract, APRIL, now=CLOSED)
    client.force_login(other_desk.people["service_owner"].user)

    assert client.get(reverse("reports:tickets", args=[report.public_id])).status_code == 404


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_whoever_cuts_off_the_end_of_the_chain_is_found(db):
    with transaction.atomic():
        desk = make_desk("CUT")
    with tenant_scope(desk.tenant):
        with transaction.atomic():
            desk.open("2026-04-06 10:00")
        with transaction.atomic():
            report = issue_report(desk.contract, APRIL, now=CLOSED)
        tables = ("tenants_auditlink", "tenants_auditevent")
        with transaction.atomic():
            assert verify_report(report.pk) == []
        last = json.loads(report.facts)["audit"]["position"]
        with transaction.atomic("owner"), as_owner(*tables) as cursor:
            cursor.execute("DELETE FROM tenants_auditlink WHERE position >= %s", [last])

        with transaction.atomic():
            assert any("audit" in finding.what for finding in verify_report(report.pk))
