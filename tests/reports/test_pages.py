"""The pages: drawn from the frozen text, within the walls, without money for requesters."""

import json

import pytest
from django.db import transaction
from django.urls import reverse

from reports.models import MonthlyReport
from reports.services.issue import issue_report
from tenants.scoping import tenant_scope
from tests.factories import MembershipFactory
from tests.reports.factories import APRIL, MAY, Desk, make_desk, tokyo

pytestmark = pytest.mark.allow_n_plus_one  # the pages' queries are pinned below

CLOSED = tokyo("2026-05-12 10:00")
CLOSED_MAY = tokyo("2026-06-10 10:00")


def issue_two(desk: Desk) -> list[MonthlyReport]:
    with tenant_scope(desk.tenant):
        ticket = desk.open("2026-04-06 10:00", title=f"Slow at {desk.tenant.code}")
        desk.reply(ticket, "2026-04-06 12:00")
        desk.work(ticket, "2026-04-06 10:30", "2026-04-06 11:30")
        desk.open("2026-04-09 10:00", activity="perfective", type="change_request")
        return [
            issue_report(desk.contract, APRIL, now=CLOSED),
            issue_report(desk.contract, MAY, now=CLOSED_MAY),
        ]


@pytest.fixture
def acme_desk(db) -> Desk:
    return make_desk("ACME")


@pytest.fixture
def acme_reports(acme_desk) -> list[MonthlyReport]:
    return issue_two(acme_desk)


@pytest.fixture
def globex_desk(db) -> Desk:
    return make_desk("GLOBEX")


@pytest.fixture
def globex_reports(globex_desk) -> list[MonthlyReport]:
    return issue_two(globex_desk)


def page(report: MonthlyReport) -> str:
    return reverse("reports:page", args=[report.public_id])


class TestTheList:
    def test_shows_the_reports_of_ones_own_clients(
        self, client_of, acme_desk, acme_reports, globex_reports
    ):
        answer = client_of(acme_desk.people["service_owner"]).get(reverse("reports:list"))

        text = answer.content.decode()
        assert [report.public_id in text for report in acme_reports] == [True, True]
        assert [report.public_id in text for report in globex_reports] == [False, False]
        assert "880,000" in text.replace("¥", "")

    def test_shows_a_bridge_se_both_clients(
        self, client_of, acme_desk, acme_reports, globex_reports
    ):
        bridge = acme_desk.people["bridge_se"]
        MembershipFactory(tenant=globex_reports[0].tenant, user=bridge.user, role="bridge_se")

        text = client_of(bridge).get(reverse("reports:list")).content.decode()

        for report in [*acme_reports, *globex_reports]:
            assert report.public_id in text

    def test_keeps_to_one_contract_when_asked(
        self, client_of, acme_desk, acme_reports, globex_desk, globex_reports
    ):
        url = reverse("reports:list") + f"?contract={globex_desk.contract.public_id}"
        text = client_of(acme_desk.people["account_manager"]).get(url).content.decode()

        assert not any(r.public_id in text for r in [*acme_reports, *globex_reports])

    def test_hides_money_from_a_requester(self, client_of, acme_desk, acme_reports):
        text = (
            client_of(acme_desk.people["requester"]).get(reverse("reports:list")).content.decode()
        )

        assert acme_reports[0].public_id in text
        assert "880,000" not in text
        assert "Amount due" not in text

    def test_asks_the_database_a_fixed_number_of_times(
        self, client_of, acme_desk, acme_reports, django_assert_max_num_queries
    ):
        browser = client_of(acme_desk.people["account_manager"])
        with django_assert_max_num_queries(15):  # five of them: the run of the last month
            browser.get(reverse("reports:list"))

    def test_needs_a_person(self, client, db):
        assert client.get(reverse("reports:list")).status_code == 302


class TestTheReport:
    def test_shows_the_figures_of_the_frozen_text(self, client_of, acme_desk, acme_reports):
        answer = client_of(acme_desk.people["service_owner"]).get(page(acme_reports[0]))

        text = answer.content.decode()
        assert answer.status_code == 200
        assert acme_reports[0].sha256 in text
        assert "Slow at ACME" in text
        assert "ACME-1" in text
        assert "Cost statement" in text

    def test_reads_no_row_of_the_month(self, client_of, acme_desk, acme_reports, monkeypatch):
        from contracts.services import month_facts
        from reports import queries
        from tickets.services import worked

        read = {
            queries: ("tickets", "verdicts", "clock_rows", "effort"),
            worked: ("_annotated", "on_time"),
            month_facts: ("versions",),
        }
        for module, names in read.items():
            for name in names:
                monkeypatch.setattr(module, name, lambda *_a, **_m: pytest.fail("read a row"))

        answer = client_of(acme_desk.people["service_owner"]).get(page(acme_reports[0]))

        assert answer.status_code == 200

    def test_groups_the_misses_by_clock_and_priority(self, client_of, acme_desk):
        with tenant_scope(acme_desk.tenant):
            for hour, urgency in ((9, 1), (10, 3), (11, 3)):
                acme_desk.open(f"2026-04-06 {hour:02}:00", title=f"At {hour}", urgency=urgency)
            report = issue_report(acme_desk.contract, APRIL, now=CLOSED)
        browser = client_of(acme_desk.people["service_owner"])

        text = browser.get(page(report)).content.decode()
        unfolded = browser.get(page(report) + "?misses=all").content.decode()

        sla = json.loads(report.facts)["sla"]
        priorities = sorted({miss["priority"] for miss in sla["misses"]})
        assert len(priorities) == 2
        assert text.count('class="sub"') == len(
            {(miss["obligation"], miss["priority"]) for miss in sla["misses"]}
        )
        assert text.count("<li>") >= len(sla["misses"])
        assert text.count("<details open><summary>Why") == 0
        assert unfolded.count("<details open><summary>Why") == len(sla["misses"])
        assert "Fold all" in unfolded

    def test_asks_the_database_ten_times_at_most(
        self, client_of, acme_desk, acme_reports, django_assert_max_num_queries
    ):
        browser = client_of(acme_desk.people["account_manager"])
        with django_assert_max_num_queries(10):
            browser.get(page(acme_reports[0]))

    def test_hides_money_from_a_requester(self, client_of, acme_desk, acme_reports):
        text = client_of(acme_desk.people["requester"]).get(page(acme_reports[0])).content.decode()

        assert "Service levels" in text
        assert "Cost statement" not in text
        assert "880,000" not in text
        assert "¥" not in text

    def test_hides_titles_where_requesters_see_only_their_own(
        self, client_of, acme_desk, acme_reports
    ):
        acme_desk.tenant.requesters_see_all = False
        acme_desk.tenant.save()

        text = client_of(acme_desk.people["requester"]).get(page(acme_reports[0])).content.decode()

        assert "Slow at ACME" not in text

    def test_of_another_client_is_like_one_that_never_was(
        self, client_of, acme_desk, acme_reports, globex_reports
    ):
        browser = client_of(acme_desk.people["account_manager"])
        foreign = browser.get(page(globex_reports[0]))
        missing = browser.get(reverse("reports:page", args=["x" * 16]))

        assert (foreign.status_code, missing.status_code) == (404, 404)
        assert foreign.content == missing.content

    @pytest.mark.parametrize(("language", "month"), [("ja", "2026年4月"), ("vi", "2026")])
    def test_speaks_the_readers_language(self, client_of, acme_desk, acme_reports, language, month):
        person = acme_desk.people["service_owner"]
        person.user.language = language
        person.user.save()

        text = client_of(person).get(page(acme_reports[0])).content.decode()

        assert f'lang="{language}"' in text
        assert month in text

    def test_has_no_inline_style(self, client_of, acme_desk, acme_reports):
        text = (
            client_of(acme_desk.people["service_owner"]).get(page(acme_reports[0])).content.decode()
        )

        assert "style=" not in text
        assert "<style" not in text

    def test_of_a_corrected_month_points_to_the_revision_that_counts(
        self, client_of, acme_desk, acme_reports
    ):
        first = acme_reports[1]
        facts = json.loads(first.facts)
        facts["cover"]["revision"] = 2
        with tenant_scope(acme_desk.tenant), transaction.atomic():
            second = MonthlyReport(
                tenant_id=first.tenant_id,
                contract=first.contract,
                period=first.period,
                month=first.month,
                revision=2,
                facts=json.dumps(facts),
                sha256="0" * 64,
                issued_at=CLOSED_MAY,
            )
            second.save()
        browser = client_of(acme_desk.people["service_owner"])

        assert second.public_id in browser.get(page(first)).content.decode()
        listed = browser.get(reverse("reports:list")).content.decode()
        assert first.public_id not in listed
        assert second.public_id in listed


class TestTheDraft:
    def draft(self, desk: Desk) -> str:
        return reverse("reports:draft", args=[desk.contract.public_id, MAY])

    def test_says_that_it_is_one(self, client_of, acme_desk):
        text = client_of(acme_desk.people["bridge_se"]).get(self.draft(acme_desk)).content.decode()

        assert "This is a draft." in text

    def test_is_not_for_a_requester(self, client_of, acme_desk):
        answer = client_of(acme_desk.people["requester"]).get(self.draft(acme_desk))

        assert answer.status_code == 403

    def test_says_in_a_line_how_the_month_stands(self, acme_desk, client_of):
        url = reverse("reports:so_far", args=[acme_desk.contract.public_id, MAY])
        text = client_of(acme_desk.people["service_owner"]).get(url).text

        assert text.count("<td") == 4
        assert "¥" in text
        assert client_of(acme_desk.people["requester"]).get(url).status_code == 403

    def test_of_another_client_never_was(self, client_of, acme_desk, globex_desk):
        url = reverse("reports:draft", args=[globex_desk.contract.public_id, MAY])

        assert client_of(acme_desk.people["bridge_se"]).get(url).status_code == 404

    def test_of_a_month_before_the_contract_never_was(self, client_of, acme_desk):
        url = f"/reports/draft/{acme_desk.contract.public_id}/2026-03/"

        assert client_of(acme_desk.people["bridge_se"]).get(url).status_code == 404
