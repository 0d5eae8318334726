"""The form that shows the verdict while it is written: what it asks, what it says, what it never does."""

from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.api.test_resources import everything
from tests.factories import TERMS, ContractFactory, ContractVersionFactory
from tests.portal.desk import NOON, browser_of, desk_of
from tickets import services
from tickets.models import Dispute, Ticket

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}
SMALL = {
    "id": "S0", "text": {"en": "Small improvements", "ja": "小改善"}, "then": "included",
    "when": {"activity": ["perfective"], "effort": {"at_most": "4h"}},
    "quota": {"per": "month", "count": 2},
}  # fmt: skip
ASKED = {"type": "change_request", "title": "A filter", "place": "ec-site/production"}
IMPROVES = {"answer_0": "no", "answer_1": "no", "answer_2": "yes"}


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def desk(acme):
    terms = deepcopy(TERMS)
    terms["scope"]["clauses"].insert(0, SMALL)
    return desk_of(acme, terms=terms)


@pytest.fixture
def look(desk):
    """Return what the form says to a person of acme while it is written."""

    def at(role: str = "requester", **told):
        return browser_of(desk.people[role]).post("/tickets/new/verdict/", told, headers=HX)

    return at


@contextmanager
def at_acme(desk):
    with tenant_scope(desk.tenant):
        yield


class TestTheNextQuestion:
    def test_comes_after_the_one_before(self, look):
        page = look(**ASKED, answer_0="no").text

        assert 'name="answer_0" value="no" id="id_answer_0_1" checked' in page
        assert "Does it differ from the specification?" in page
        assert "Anything else is an improvement" not in page

    def test_is_there_before_the_place_is_chosen(self, look):
        page = look(answer_0="no").text

        assert "Does it differ from the specification?" in page
        assert "Choose where it happens." in page

    def test_asks_a_fact_where_a_clause_looks_at_it(self, look):
        assert 'type="number"' in look(**ASKED, **IMPROVES).text
        assert 'type="number"' not in look(**ASKED, answer_0="yes").text

    def test_keeps_an_answer_that_is_not_asked_for_now(self, look):
        page = look(**ASKED, answer_0="yes", answer_1="no", effort="3").text

        assert '<input type="hidden" name="answer_1" value="no">' in page
        assert '<input type="hidden" name="effort" value="3">' in page
        assert "Does it differ" not in page

    def test_says_what_is_wrong_with_an_answer(self, look):
        page = look(**ASKED, **IMPROVES, effort="-1").text

        assert "greater than or equal to 0" in page
        assert "Title: write" not in page  # the form is not finished: nothing else is complained of


class TestTheVerdict:
    def test_is_said_with_clause_quota_and_the_deadlines(self, desk, look):
        desk.open("Another", facts=services_facts(60), type="change_request")

        page = look(**ASKED, **IMPROVES, effort="2").text

        assert "In the monthly fee" in page
        assert "Small improvements" in page
        assert "1 of 2 used this month" in page
        assert "Provisional" in page
        assert "8 Apr 2026 03:15" in page  # acknowledge, in the reader's zone
        assert "8 Apr 2026 12:15 Asia/Tokyo" in page

    def test_says_why_it_is_not_covered(self, look):
        page = look(**ASKED, **IMPROVES, effort="6").text

        assert "Needs a separate estimate" in page
        assert "Expected effort is 6 h; the clause asks for at most 4 h" in page

    def test_reads_in_the_language_of_the_reader(self, desk, look):
        user = desk.people["requester"].user
        user.language = "ja"
        user.save()

        page = look(**ASKED, **IMPROVES, effort="2").text

        assert "小改善" in page
        assert "月額" in page

    def test_of_a_vendor_person_rests_on_confirmed_facts(self, look):
        assert "Provisional" not in look("bridge_se", **ASKED, answer_0="yes").text

    def test_is_that_of_the_ticket(self, desk, look):
        browser = browser_of(desk.people["requester"])
        told = {**ASKED, **IMPROVES, "effort": "6", "impact": "2", "urgency": "2"}
        page = look(**told).text
        assert browser.post("/tickets/new/", told).status_code == 302

        with at_acme(desk):
            ticket = Ticket.objects.select_related("stage__decision").get()
            assert f'value="estimate:{ticket.stage.decision.clause_id}"' in page
            assert ticket.stage.facts["effort_minutes"] == 360
            assert len(ticket.obligations.all()) == page.count('class="when"')

    def test_names_the_other_contract_that_answers_for_the_work(self, desk, look):
        terms = deepcopy(TERMS)
        terms["responsibilities"] = [
            {"activities": ["security_operation"], "tier": "L2", "party": "vendor"}
        ]
        terms["scope"]["classify"] = []
        terms["scope"]["clauses"] = [{"id": "X1", "text": {"en": "Security"}, "then": "included"}]
        with at_acme(desk):
            other = ContractFactory(tenant=desk.tenant, number="SEC-1")
            ContractVersionFactory(contract=other, terms=terms)
            mine = deepcopy(desk.contract.versions.get().terms)
            mine["scope"]["classify"][0]["then"] = "security_operation"
            third = ContractFactory(tenant=desk.tenant, number="OPS-2")
            ContractVersionFactory(contract=third, terms=mine)

        page = look(**ASKED, answer_0="yes", contract=third.public_id).text

        assert "This work falls under your contract SEC-1" in page
        assert "X1" in page

    def test_says_what_stands_in_the_way(self, look):
        page = look("bridge_se", **ASKED, received_at="2099-01-01T09:00").text

        assert "A ticket cannot be received in the future." in page

    def test_writes_nothing(self, desk, look):
        before = everything(desk.tenant)

        assert look(**ASKED, **IMPROVES, effort="2").status_code == 200
        assert everything(desk.tenant) == before
        with at_acme(desk):
            assert not AuditEvent.objects.exists()

    def test_asks_the_database_little(self, desk, django_assert_max_num_queries):
        browser = browser_of(desk.people["requester"])
        with django_assert_max_num_queries(10):
            browser.post("/tickets/new/verdict/", {**ASKED, **IMPROVES, "effort": "2"}, headers=HX)

    def test_is_of_ones_own_contracts_only(self, desk, look, globex):
        theirs = desk_of(globex).contract.public_id

        assert look(**ASKED, contract=theirs).status_code == 404


class TestSending:
    def send(self, desk, **told):
        told = {"impact": "2", "urgency": "2", **ASKED, **told}
        return browser_of(desk.people["requester"]).post("/tickets/new/", told)

    def test_another_verdict_than_the_one_seen_is_shown_first(self, desk):
        told = {**IMPROVES, "effort": "2", "seen": "included:S0"}
        for number in range(2):
            desk.open(f"Taken {number}", facts=services_facts(60), type="change_request")

        answer = self.send(desk, **told)

        assert answer.status_code == 422
        assert "The verdict is another one than you saw" in answer.text
        assert "A filter" in answer.text
        again = self.send(desk, **told | {"seen": "estimate:S2"})
        assert again.status_code == 302

    def test_a_dispute_goes_with_the_request(self, desk):
        told = {**IMPROVES, "effort": "6", "then": "dispute"}

        missing = self.send(desk, **told)
        assert missing.status_code == 422
        assert "Say why the verdict is wrong." in missing.text
        with at_acme(desk):
            assert not Ticket.objects.exists()

        assert self.send(desk, **told, reason="It was agreed.").status_code == 302
        with at_acme(desk):
            assert Dispute.objects.get().reason == "It was agreed."

    def test_what_is_undecided_cannot_be_disputed_and_nothing_is_sent(self, desk):
        answer = self.send(desk, then="dispute", reason="No.")

        assert answer.status_code == 409
        with at_acme(desk):
            assert not Ticket.objects.exists()

    def test_a_vendor_person_disputes_nothing(self, desk, look):
        assert "Send and dispute" in look(**ASKED, answer_0="yes").text
        assert "Send and dispute" not in look("bridge_se", **ASKED, answer_0="yes").text

    def test_without_a_script_one_looks_first(self, desk):
        answer = self.send(desk, **IMPROVES, effort="2", then="look", title="")

        assert answer.status_code == 200
        assert "1. " not in answer.text
        assert "Small improvements" in answer.text
        assert "Title: write" not in answer.text

    def test_asks_the_database_little(self, desk, django_assert_max_num_queries):
        browser = browser_of(desk.people["requester"])
        told = {**ASKED, **IMPROVES, "effort": "2", "impact": "2", "urgency": "2"}
        with django_assert_max_num_queries(50):
            assert browser.post("/tickets/new/", told).status_code == 302


def test_the_warranty_of_a_release_is_known_and_not_asked(globex):
    terms = deepcopy(TERMS)
    terms["scope"]["warranty"] = {"for": "90d"}
    terms["scope"]["clauses"].insert(0, {
        "id": "W1", "text": {"en": "Our defects"}, "then": "estimate",
        "when": {"activity": ["corrective"], "warranty": True},
    })  # fmt: skip
    desk = desk_of(globex, terms=terms)
    told = {**ASKED, "answer_0": "no", "answer_1": "yes"}
    browser = browser_of(desk.people["requester"])
    assert "within the warranty?" in browser.post("/tickets/new/verdict/", told).text

    with at_acme(desk):
        services.record_release(
            contract=desk.contract, system="ec-site", kind="version", name="1.2", now=NOON,
            released_at=NOON - timedelta(days=9), actor=desk.people["maintenance_engineer"],
        )  # fmt: skip
    page = browser.post("/tickets/new/verdict/", told).text
    assert "within the warranty?" not in page
    assert "W1" in page


def test_a_session_that_is_over_leads_back_to_the_page(desk):
    answer = Client().post(
        "/tickets/new/verdict/",
        ASKED,
        headers={**HX, "HX-Current-URL": "http://testserver/tickets/new/"},
    )

    assert answer["HX-Redirect"] == "/sign-in/?next=%2Ftickets%2Fnew%2F"


def services_facts(minutes: int):
    from contracts.domain.scope import Facts

    return Facts(activity="perfective", effort_minutes=minutes)
