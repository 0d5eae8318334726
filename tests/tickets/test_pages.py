"""The pages of tickets: who sees what, what a step does, and how a refusal is said."""

import re
from copy import deepcopy
from datetime import date

import pytest
from django.utils import translation
from zeal import zeal_ignore

from contracts.domain.scope import Facts
from tenants.models import Membership
from tenants.scoping import tenant_scope
from tests.factories import TERMS, ContractVersionFactory, MembershipFactory
from tests.portal.desk import IMPROVEMENT, browser_of, desk_of
from tickets import services
from tickets.models import Comment, Dispute, Handoff, Ticket, TimeEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme_desk(acme):
    return desk_of(acme)


@pytest.fixture
def globex_desk(globex):
    return desk_of(globex)


@pytest.fixture
def signed_in(acme_desk):
    """Return a function that gives the browser of acme's person at a role."""
    return lambda role: browser_of(acme_desk.people[role])


def everywhere(*people: Membership, user) -> None:
    """Make one vendor person a member of several teams."""
    for person in people:
        MembershipFactory(tenant=person.tenant, user=user, role=person.role)


class TestTheList:
    def test_shows_my_clients_and_no_other(self, signed_in, acme_desk, globex_desk):
        acme_desk.open("Mine")
        globex_desk.open("Theirs")

        page = signed_in("bridge_se").get("/tickets/").content.decode()

        assert "Mine" in page
        assert "Theirs" not in page
        assert "GLOBEX" not in page

    def test_puts_the_soonest_deadline_first_over_all_clients(self, acme_desk, globex_desk):
        person = acme_desk.people["bridge_se"]
        everywhere(globex_desk.people["bridge_se"], user=person.user)
        acme_desk.open("Later", received_at=acme_desk.after(30))
        globex_desk.open("Sooner")

        page = browser_of(person).get("/tickets/").content.decode()

        assert page.index("Sooner") < page.index("Later")
        assert "Globex" in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("text=shop", {"The shop is down"}),
            ("status=open", {"The shop is down", "A new colour"}),
            ("status=closed", set()),
            ("priority=P4", {"A new colour"}),
            ("outcome=estimate", {"A new colour"}),
            ("outcome=included", {"The shop is down"}),
        ],
    )
    def test_filters(self, signed_in, acme_desk, query, found):
        acme_desk.open("The shop is down")
        acme_desk.open("A new colour", answers=IMPROVEMENT, impact=3, urgency=3)

        page = signed_in("bridge_se").get(f"/tickets/?{query}").content.decode()

        shown = {title for title in ("The shop is down", "A new colour") if title in page}
        assert shown == found

    def test_refuses_to_filter_by_a_client_of_others(self, signed_in, acme_desk, globex_desk):
        acme_desk.open("Mine")
        globex_desk.open("Theirs")

        page = signed_in("bridge_se").get("/tickets/?client=GLOBEX").content.decode()

        assert "Theirs" not in page

    def test_answers_htmx_with_the_rows_only(self, signed_in, acme_desk):
        acme_desk.open("Mine")

        answer = signed_in("bridge_se").get("/tickets/", headers={"HX-Request": "true"})

        assert answer.content.decode().lstrip().startswith('<div id="ticket-list">')
        assert "HX-Request" in answer["Vary"]

    def test_asks_the_same_few_questions_for_one_ticket_and_for_many(
        self, signed_in, acme_desk, django_assert_num_queries
    ):
        browser = signed_in("bridge_se")
        for number in range(12):
            acme_desk.open(f"Number {number}")
        with django_assert_num_queries(LIST_QUERIES):
            browser.get("/tickets/")

    def test_shows_twenty_five_a_page(self, signed_in, acme_desk):
        for number in range(26):
            acme_desk.open(f"Number {number}")

        page = signed_in("bridge_se").get("/tickets/").content.decode()
        second = signed_in("bridge_se").get("/tickets/?page=2").content.decode()

        assert page.count('<tr id="ticket-') == 25
        assert second.count('<tr id="ticket-') == 1
        assert "1 to 25 of 26" in page


# session, user, the scope of the transaction, memberships, clients to filter by, count, rows
LIST_QUERIES = 7


class TestOnlyTheirOwn:
    def test_a_requester_sees_their_own_where_the_client_says_so(self, signed_in, acme, acme_desk):
        acme.requesters_see_all = False
        acme.save()
        colleague = MembershipFactory(tenant=acme)
        mine = acme_desk.open("Mine")
        other = acme_desk.open("My colleague's", requester=colleague)
        browser = signed_in("requester")

        assert "My colleague" not in browser.get("/tickets/").content.decode()
        assert browser.get(f"/tickets/{mine.key}/").status_code == 200
        assert browser.get(f"/tickets/{other.key}/").status_code == 404
        assert browser.post(f"/tickets/{other.key}/comment/", {"body": "Hi"}).status_code == 404

    def test_a_foreign_ticket_is_the_same_404_as_none(self, signed_in, acme_desk, globex_desk):
        theirs = globex_desk.open()
        browser = signed_in("bridge_se")

        foreign, never = (browser.get(f"/tickets/{key}/") for key in (theirs.key, "GLOBEX-999"))

        assert (foreign.status_code, never.status_code) == (404, 404)
        assert foreign.content == never.content


class TestTheTicketPage:
    def test_says_the_verdict_its_clause_and_who_is_accountable(self, signed_in, acme_desk):
        ticket = acme_desk.open()

        page = signed_in("requester").get(f"/tickets/{ticket.key}/").content.decode()

        assert "In the monthly fee" in page
        assert "Clause S1" in page
        assert "Incident response and defects" in page
        assert "Provisional" in page  # a client claimed it
        assert "Accountable now: <strong>ACME operations_engineer</strong>" in page

    def test_shows_the_clocks_in_the_readers_zone_and_language(self, signed_in, acme_desk):
        ticket, reader = acme_desk.open(), acme_desk.people["bridge_se"].user
        reader.timezone, reader.language = "Asia/Tokyo", "ja"
        reader.save()

        page = signed_in("bridge_se").get(f"/tickets/{ticket.key}/").content.decode()

        assert "期限" in page
        assert "2026/04/08 16:00" in page  # restored within four hours of 12:00 in Tokyo
        assert "Asia/Tokyo" in page

    def test_names_the_open_question_of_a_pending_verdict(self, signed_in, acme_desk):
        ticket = acme_desk.open(answers={})

        page = signed_in("requester").get(f"/tickets/{ticket.key}/").content.decode()

        assert "one answer is missing" in page
        assert "Is the service down or degraded now?" in page

    def test_keeps_the_vendors_lanes_from_clients(self, signed_in, acme_desk):
        ticket = acme_desk.open()
        with tenant_scope(acme_desk.tenant), zeal_ignore():
            for lane in ("public", "internal", "handoff"):
                services.comment(
                    ticket=ticket,
                    actor=acme_desk.people["bridge_se"],
                    body=f"words in {lane}",
                    lane=lane,
                    now=acme_desk.after(5),
                )

        client = signed_in("service_owner").get(f"/tickets/{ticket.key}/").content.decode()
        vendor = signed_in("service_desk").get(f"/tickets/{ticket.key}/").content.decode()

        assert [f"words in {lane}" in client for lane in LANES] == [True, False, False]
        assert [f"words in {lane}" in vendor for lane in LANES] == [True, True, True]

    def test_offers_only_the_steps_of_the_desk(self, signed_in, acme_desk):
        ticket = acme_desk.open()

        client = signed_in("requester").get(f"/tickets/{ticket.key}/").content.decode()
        vendor = signed_in("bridge_se").get(f"/tickets/{ticket.key}/").content.decode()

        assert offered(client) == {"comment", "cancel", "dispute", "watch"}
        assert {"start", "pause", "assign", "facts", "time", "hand-over"} <= offered(vendor)
        assert "resolve" not in offered(vendor)

    def test_shows_time_to_the_service_owner_and_not_to_the_requester(self, signed_in, acme_desk):
        ticket = acme_desk.open()

        assert "Time worked" in signed_in("service_owner").get(f"/tickets/{ticket.key}/").text
        assert "Time worked" not in signed_in("requester").get(f"/tickets/{ticket.key}/").text

    def test_asks_the_same_questions_however_much_was_said(
        self, signed_in, acme_desk, django_assert_num_queries
    ):
        ticket, browser = acme_desk.open(), signed_in("bridge_se")
        with tenant_scope(acme_desk.tenant), zeal_ignore():
            for number in range(8):
                services.comment(
                    ticket=ticket,
                    actor=acme_desk.people["bridge_se"],
                    body=f"Word {number}",
                    now=acme_desk.after(number),
                )
        with django_assert_num_queries(PAGE_QUERIES):
            browser.get(f"/tickets/{ticket.key}/")


LANES = ("public", "internal", "handoff")
PAGE_QUERIES = 34


def offered(page: str) -> set[str]:
    return set(re.findall(r'action="/tickets/[A-Z]+-\d+/([a-z-]+)/"', page))


class TestSteps:
    def test_starting_work_leads_back_to_the_ticket(self, signed_in, acme_desk):
        ticket = acme_desk.open()

        answer = signed_in("bridge_se").post(f"/tickets/{ticket.key}/start/", follow=True)

        assert answer.redirect_chain == [(f"/tickets/{ticket.key}/", 302)]
        assert "Work has started." in answer.text
        assert status_of(ticket) == "in_progress"

    def test_a_step_that_the_status_does_not_offer_is_409(self, signed_in, acme_desk):
        ticket = acme_desk.open()

        answer = signed_in("bridge_se").post(
            f"/tickets/{ticket.key}/resolve/",
            {"resolution": "Done", "fix": "delivered", "fix_reason": ""},
        )

        assert answer.status_code == 409
        assert "Nothing was changed." in answer.text
        assert status_of(ticket) == "new"

    def test_a_desk_that_may_not_is_403_and_htmx_gets_an_alert(self, signed_in, acme_desk):
        ticket = acme_desk.open()

        answer = signed_in("requester").post(
            f"/tickets/{ticket.key}/start/", headers={"HX-Request": "true"}
        )

        assert answer.status_code == 403
        assert answer["HX-Retarget"] == "#alert"
        assert "<html" not in answer.text
        assert status_of(ticket) == "new"

    def test_a_form_with_an_error_keeps_what_was_typed(self, signed_in, acme_desk):
        ticket = acme_desk.open()
        typed = {"cause": "client_access", "reason": ""}

        answer = signed_in("bridge_se").post(
            f"/tickets/{ticket.key}/pause/", typed, headers={"HX-Request": "true"}
        )

        assert answer.status_code == 422
        assert answer.text.lstrip().startswith("<form")
        assert "Reason: say what you need from the client." in answer.text
        assert 'value="client_access" id="id_pause_cause_2" checked' in answer.text

    def test_a_step_has_a_page_of_its_own_without_javascript(self, signed_in, acme_desk):
        ticket = acme_desk.open()

        answer = signed_in("bridge_se").get(f"/tickets/{ticket.key}/pause/")

        assert answer.status_code == 200
        assert "<h1>Pause for the client</h1>" in answer.text

    def test_what_a_command_finds_wrong_stands_at_its_field(self, signed_in, acme_desk):
        ticket = acme_desk.open()
        span = {"starts_at": "2099-04-08T10:00", "ends_at": "2099-04-08T11:00", "note": ""}

        answer = signed_in("bridge_se").post(f"/tickets/{ticket.key}/time/", span)

        assert answer.status_code == 422
        assert 'id="id_time_ends_at_error">Work cannot end in the future.' in answer.text

    def test_a_comment_is_public_for_clients_whatever_they_send(self, signed_in, acme_desk):
        ticket = acme_desk.open()

        signed_in("requester").post(
            f"/tickets/{ticket.key}/comment/", {"body": "Hello", "lane": "internal"}
        )

        with tenant_scope(acme_desk.tenant):
            assert Comment.objects.get().lane == "public"

    def test_times_are_read_in_the_persons_zone(self, signed_in, acme_desk):
        ticket, person = acme_desk.open(), acme_desk.people["bridge_se"].user
        person.timezone = "Asia/Tokyo"
        person.save()
        span = {"starts_at": "2026-04-08T12:00", "ends_at": "2026-04-08T12:30", "note": "Looked"}

        signed_in("bridge_se").post(f"/tickets/{ticket.key}/time/", span)

        with tenant_scope(acme_desk.tenant):
            entry = TimeEntry.objects.get()
            assert (entry.starts_at, entry.minutes) == (acme_desk.after(0), 30)

    def test_confirming_the_facts_takes_the_verdict_again(self, signed_in, acme_desk):
        ticket = acme_desk.open()
        facts = {
            "place": "ec-site/production", "impact": "3", "urgency": "3", "cause": "",
            "answer_0": "no", "answer_1": "no", "answer_2": "yes", "activity": "", "effort": "1.5",
        }  # fmt: skip

        answer = signed_in("bridge_se").post(f"/tickets/{ticket.key}/facts/", facts, follow=True)

        assert answer.status_code == 200
        assert "Needs a separate estimate" in answer.text
        assert "Provisional" not in answer.text

    def test_only_people_of_this_clients_team_can_be_assigned(
        self, signed_in, acme_desk, globex_desk
    ):
        ticket, browser = acme_desk.open(), signed_in("bridge_se")
        url = f"/tickets/{ticket.key}/assign/"

        outsider = browser.post(url, {"owner": globex_desk.people["service_desk"].public_id})
        colleague = browser.post(url, {"owner": acme_desk.people["service_desk"].public_id})

        assert (outsider.status_code, colleague.status_code) == (422, 302)


class TestHandoffs:
    @pytest.fixture
    def offer(self, acme_desk) -> Handoff:
        ticket = acme_desk.open()
        with tenant_scope(acme_desk.tenant):
            return services.offer_handoff(
                ticket=ticket,
                actor=acme_desk.people["operations_engineer"],
                evidence={"symptom": "Pool exhausted"},
                now=acme_desk.after(10),
            )

    def test_is_shown_to_the_vendor_only(self, signed_in, offer):
        url = f"/tickets/{offer.ticket.key}/"

        assert "Pool exhausted" in signed_in("maintenance_engineer").get(url).text
        assert "Pool exhausted" not in signed_in("service_owner").get(url).text

    def test_can_be_sent_back_with_a_reason(self, signed_in, offer, acme_desk):
        url, browser = f"/tickets/handoffs/{offer.public_id}/dispute/", signed_in("bridge_se")

        silent = browser.post(url, {"reason": ""})
        spoken = browser.post(url, {"reason": "No log"}, follow=True)

        assert silent.status_code == 422
        assert "Sent back" in spoken.text or "No log" in spoken.text

    def test_can_be_accepted_once(self, signed_in, offer):
        url, browser = (
            f"/tickets/handoffs/{offer.public_id}/accept/",
            signed_in("maintenance_engineer"),
        )

        assert browser.post(url).status_code == 302
        assert browser.post(url).status_code == 409

    def test_of_another_client_is_404(self, globex_desk, offer):
        browser = browser_of(globex_desk.people["bridge_se"])

        assert browser.post(f"/tickets/handoffs/{offer.public_id}/accept/").status_code == 404


class TestVerdictsByHand:
    SAID = {"outcome": "included", "clause_id": "S2", "cap": "", "reason": "We said so in May."}

    def test_an_account_manager_rules_where_no_clause_decides(self, signed_in, acme_desk):
        ticket, browser = undecided(acme_desk), signed_in("account_manager")
        page = browser.get(f"/tickets/{ticket.key}/").text
        assert "rule" in offered(page)
        assert "override" not in offered(page)

        url = f"/tickets/{ticket.key}/rule/"
        silent = browser.post(url, {**self.SAID, "reason": ""})
        ruled = browser.post(url, self.SAID, follow=True)

        assert silent.status_code == 422
        assert "Reason: say why. The client reads this." in silent.text
        assert "In the monthly fee" in ruled.text
        assert "We said so in May." in signed_in("requester").get(f"/tickets/{ticket.key}/").text

    def test_a_bridge_se_overrides_and_does_not_rule(self, signed_in, acme_desk):
        decided, browser = acme_desk.open(answers=IMPROVEMENT), signed_in("bridge_se")

        page = browser.get(f"/tickets/{decided.key}/").text
        assert "override" in offered(page)
        assert '<option value="S2" selected>S2 Improvements</option>' in page
        assert "rule" not in offered(browser.get(f"/tickets/{undecided(acme_desk).key}/").text)
        answer = browser.post(f"/tickets/{decided.key}/override/", self.SAID, follow=True)
        assert "Decided by a person" in answer.text
        assert "Goodwill" in answer.text

    def test_what_the_contract_does_not_have_stands_at_its_field(self, signed_in, acme_desk):
        ticket = acme_desk.open()
        said = {**self.SAID, "outcome": "preapproved", "cap": ""}

        answer = signed_in("bridge_se").post(f"/tickets/{ticket.key}/override/", said)

        assert answer.status_code == 422
        assert 'id="id_override_cap_error">Say up to which amount' in answer.text

    def test_money_has_the_decimals_of_the_currency(self, signed_in, acme_desk):
        ticket = acme_desk.open()
        said = {**self.SAID, "outcome": "preapproved", "cap": "100.5"}

        answer = signed_in("bridge_se").post(f"/tickets/{ticket.key}/override/", said)

        assert 'id="id_override_cap_error"' in answer.text


class TestDisputes:
    @pytest.fixture
    def ticket(self, acme_desk) -> Ticket:
        return acme_desk.open("A new colour", answers=IMPROVEMENT)

    @pytest.fixture
    def opened(self, signed_in, ticket, acme_desk) -> Dispute:
        url = f"/tickets/{ticket.key}/dispute/"
        assert signed_in("requester").post(url, {"reason": "It is a defect."}).status_code == 302
        with tenant_scope(acme_desk.tenant):
            return Dispute.objects.get()

    def test_the_client_reads_until_when_and_disputes_once(self, signed_in, ticket, acme_desk):
        browser, url = signed_in("requester"), f"/tickets/{ticket.key}/"
        page = browser.get(url).text
        assert "may be disputed until 10 business days after the month" in page

        assert browser.post(f"{url}dispute/", {"reason": ""}).status_code == 422
        page = browser.post(f"{url}dispute/", {"reason": "It is a defect."}, follow=True).text

        assert "Waits for the ruling" in page
        assert "It is a defect." in page
        assert "dispute" not in offered(page)
        assert browser.post(f"{url}dispute/", {"reason": "Again."}).status_code == 409

    def test_is_answered_by_the_account_manager_and_agreed_to(self, signed_in, ticket, opened):
        url = f"/tickets/disputes/{opened.public_id}"
        page = f"/tickets/{ticket.key}/"
        assert f"{url}/answer/" not in signed_in("bridge_se").get(page).text
        assert "override" not in offered(signed_in("bridge_se").get(page).text)
        assert f"{url}/answer/" in signed_in("account_manager").get(page).text
        said = {"ruling": "uphold", "reason": "It worked as agreed.", "cap": ""}

        assert signed_in("account_manager").post(f"{url}/answer/", {}).status_code == 422
        assert signed_in("account_manager").post(f"{url}/answer/", said).status_code == 302
        owner = signed_in("service_owner").get(page).text
        assert "Ruled, not agreed to yet" in owner
        assert "It worked as agreed." in owner
        assert f"{url}/agree/" not in signed_in("requester").get(page).text
        agreed = signed_in("service_owner").post(f"{url}/agree/", follow=True).text

        assert "Agreed: it binds" in agreed
        assert signed_in("service_owner").post(f"{url}/agree/").status_code == 409

    def test_is_ruled_on_beside_the_precedents_of_its_clause(
        self, signed_in, ticket, opened, acme_desk
    ):
        manager, owner = signed_in("account_manager"), signed_in("service_owner")
        url = f"/tickets/disputes/{opened.public_id}"
        manager.post(f"{url}/answer/", {"ruling": "uphold", "reason": "As agreed.", "cap": ""})
        owner.post(f"{url}/agree/")
        again = acme_desk.open("Another colour", answers=IMPROVEMENT)
        owner.post(f"/tickets/{again.key}/dispute/", {"reason": "A defect."})

        shown = manager.get(f"/tickets/{again.key}/").text

        assert "1 agreed ruling on clause S2 before this" in shown
        assert f'<a href="/tickets/{ticket.key}/">{ticket.key}</a>' in shown
        assert "agreed ruling" not in owner.get(f"/tickets/{again.key}/").text

    def test_of_another_client_is_404(self, globex_desk, opened):
        browser = browser_of(globex_desk.people["account_manager"])

        assert browser.post(f"/tickets/disputes/{opened.public_id}/answer/").status_code == 404


class TestEmergencies:
    @pytest.fixture
    def outage(self, acme_desk) -> Ticket:
        """A P1 outside the scope, confirmed by the vendor."""
        terms = deepcopy(TERMS)
        terms["scope"]["emergency"] = {
            "priorities": ["P1"], "cap": "4h", "estimate_within": "2bd",
        }  # fmt: skip
        ContractVersionFactory(
            contract=acme_desk.contract, number=2, effective_on=date(2026, 4, 2), terms=terms
        )
        return acme_desk.open(by="service_desk", answers=IMPROVEMENT)

    def test_only_outside_the_scope(self, signed_in, acme_desk, outage):
        browser = signed_in("service_desk")

        inside = acme_desk.open(by="service_desk")

        assert "emergency" in offered(browser.get(f"/tickets/{outage.key}/").text)
        assert "emergency" not in offered(browser.get(f"/tickets/{inside.key}/").text)

    def test_is_declared_and_owes_its_estimate(self, signed_in, outage):
        url, browser = f"/tickets/{outage.key}/", signed_in("bridge_se")
        assert "retro-estimate" not in offered(browser.get(url).text)

        told = {"told_at": "2026-04-08T03:10"}
        page = browser.post(f"{url}emergency/", told, follow=True).text
        assert "Service owner told" in page
        assert "emergency" not in offered(page)
        assert "retro-estimate" in offered(page)
        sent = {"amount": "24000", "text": "Four hours to bring it back."}
        page = browser.post(f"{url}retro-estimate/", sent, follow=True).text

        assert "¥24,000" in page
        assert "Four hours to bring it back." in page
        assert "24,000" not in signed_in("requester").get(url).text


def undecided(desk) -> Ticket:
    """Open a ticket that no clause takes."""
    return desk.open("A scan", facts=Facts(activity="security_operation"))


class TestNewRequest:
    ASKED = {
        "type": "incident", "title": "The shop is down", "place": "ec-site/production",
        "description": "", "impact": "1", "urgency": "1", "answer_0": "yes",
    }  # fmt: skip

    def test_a_client_opens_a_ticket_and_sees_its_verdict(self, signed_in, acme_desk):
        answer = signed_in("requester").post("/tickets/new/", self.ASKED, follow=True)

        assert answer.redirect_chain == [("/tickets/ACME-1/", 302)]
        assert "In the monthly fee" in answer.text

    def test_asks_the_questions_of_the_contract(self, signed_in, acme_desk):
        page = signed_in("requester").get("/tickets/new/").text

        assert "Is the service down or degraded now?" in page
        assert "Requested by" not in page

    def test_keeps_what_was_typed_and_says_what_is_missing(self, signed_in, acme_desk):
        answer = signed_in("requester").post(
            "/tickets/new/", {**self.ASKED, "title": "", "description": "Since nine"}
        )

        assert answer.status_code == 422
        assert "Title: write in one line what is wrong or wanted." in answer.text
        assert "Since nine" in answer.text
        assert 'name="answer_0" value="yes" id="id_answer_0_0" checked' in answer.text

    def test_a_vendor_person_asks_on_behalf_of_a_client(self, signed_in, acme_desk):
        requester = acme_desk.people["requester"]
        told = {
            **self.ASKED,
            "requester": requester.public_id,
            "channel": "phone",
            "received_at": "2026-04-08T03:00",
            "received_reason": "Told on the phone.",
        }

        assert signed_in("bridge_se").post("/tickets/new/", told).status_code == 302

        with tenant_scope(acme_desk.tenant):
            ticket = Ticket.objects.get()
            assert (ticket.requester, ticket.channel) == (requester, "phone")
            assert ticket.received_at == acme_desk.after(0)

    def test_chooses_the_contract_first_where_there_are_several(self, acme_desk, globex_desk):
        person = acme_desk.people["bridge_se"]
        everywhere(globex_desk.people["bridge_se"], user=person.user)
        browser = browser_of(person)

        assert "Under which contract?" in browser.get("/tickets/new/").text
        chosen = browser.get(f"/tickets/new/?contract={globex_desk.contract.public_id}")
        assert "Globex" in chosen.text

    def test_a_contract_of_others_is_404(self, signed_in, acme_desk, globex_desk):
        url = f"/tickets/new/?contract={globex_desk.contract.public_id}"

        assert signed_in("requester").get(url).status_code == 404


@pytest.mark.parametrize("language", ["en", "ja", "vi"])
def test_every_step_has_a_name_in_every_language(language):
    from tickets.views.moves import ANSWERS, MOVES, RULINGS

    with translation.override(language):
        assert all(str(move.label) and str(move.done) for move in (*MOVES, *ANSWERS, *RULINGS))


def status_of(ticket: Ticket) -> str:
    with tenant_scope(ticket.tenant_id):
        return Ticket.objects.get(pk=ticket.pk).status


class TestTheFlowchart:
    def flow(self, desk, role: str, query: str = "") -> str:
        url = f"/tickets/flow/{desk.contract.public_id}/{query}"
        return browser_of(desk.people[role]).get(url).text

    def test_is_the_contract_in_the_readers_language(self, acme_desk):
        reader = acme_desk.people["requester"].user
        reader.language = "ja"
        reader.save()

        page = self.flow(acme_desk, "requester")

        assert "契約範囲のフローチャート" in page
        assert "S1 Incident response and defects" in page
        assert page.count('class="flowchart"') == 2  # wide, and in one column

    def test_counts_the_months_tickets_by_branch(self, acme_desk, globex_desk):
        for number in range(2):
            acme_desk.open(f"Down {number}")
        acme_desk.open("A wish", answers=IMPROVEMENT)
        globex_desk.open("Theirs")

        page = self.flow(acme_desk, "bridge_se", "?month=2026-04")

        assert "3 tickets of April 2026 under version 1" in page
        assert ">Yes · 2</text>" in page  # the service is down
        assert ">No · 1</text>" in page
        assert "Yes · 3" not in page

    def test_counts_nothing_unless_asked(self, acme_desk):
        acme_desk.open()

        assert "Yes ·" not in self.flow(acme_desk, "bridge_se")
        assert "Yes ·" not in self.flow(acme_desk, "bridge_se", "?month=2026-13")

    def test_counts_what_the_reader_may_see(self, acme, acme_desk):
        acme.requesters_see_all = False
        acme.save()
        acme_desk.open("Mine")
        acme_desk.open("My colleague's", requester=MembershipFactory(tenant=acme))

        assert "1 ticket of April 2026" in self.flow(acme_desk, "requester", "?month=2026-04")
        assert "2 tickets of April 2026" in self.flow(acme_desk, "bridge_se", "?month=2026-04")

    @pytest.mark.parametrize(("role", "sees"), [("requester", False), ("service_owner", True)])
    def test_shows_caps_to_everybody_but_requesters(self, acme_desk, role, sees):
        terms = deepcopy(TERMS)
        terms["scope"]["clauses"][1]["then"] = {"preapproved": {"cap": 300000}}
        ContractVersionFactory(
            contract=acme_desk.contract, number=2, effective_on=date(2099, 1, 1), terms=terms
        )

        page = self.flow(acme_desk, role, "?version=2")

        assert "Preapproved, up to a cap" in page
        assert ("300,000" in page) is sees

    def test_answers_htmx_with_the_chart_only(self, signed_in, acme_desk):
        url = f"/tickets/flow/{acme_desk.contract.public_id}/"

        answer = signed_in("bridge_se").get(url, headers={"HX-Request": "true"})

        assert answer.content.decode().lstrip().startswith('<div id="flow"')
        assert "HX-Request" in answer["Vary"]

    def test_asks_the_same_questions_for_one_ticket_and_for_many(
        self, signed_in, acme_desk, django_assert_num_queries
    ):
        browser = signed_in("bridge_se")
        for number in range(8):
            acme_desk.open(f"Number {number}")
        with django_assert_num_queries(FLOW_QUERIES):
            browser.get(f"/tickets/flow/{acme_desk.contract.public_id}/?month=2026-04")

    def test_of_a_foreign_contract_is_the_same_404_as_none(self, signed_in, globex_desk):
        browser = signed_in("bridge_se")

        foreign = browser.get(f"/tickets/flow/{globex_desk.contract.public_id}/?month=2026-04")
        never = browser.get("/tickets/flow/AAAAAAAAAAAAAAAA/?month=2026-04")

        assert (foreign.status_code, never.status_code) == (404, 404)
        assert foreign.content == never.content


# session, person, transaction (twice), memberships, contract, versions, verdicts
FLOW_QUERIES = 8
PATH_QUERIES = 6


class TestTheWayToAVerdict:
    def test_is_drawn_when_it_is_opened(self, signed_in, acme_desk):
        ticket = acme_desk.open("A wish", answers=IMPROVEMENT)
        browser = signed_in("requester")

        page = browser.get(f"/tickets/{ticket.key}/").text
        chart = browser.get(f"/tickets/{ticket.key}/path/", headers={"HX-Request": "true"}).text

        assert f'hx-get="/tickets/{ticket.key}/path/"' in page
        assert 'class="flowchart"' not in page
        assert "<html" not in chart
        assert "The path taken: Does it differ from the specification?" in chart
        assert chart.count('class="node end taken"') == 2  # wide, and in one column

    def test_leaves_out_what_was_passed_by_unless_the_whole_is_asked_for(
        self, signed_in, acme_desk
    ):
        ticket = acme_desk.open("A wish", answers=IMPROVEMENT)
        url = f"/tickets/{ticket.key}/path/"

        part = signed_in("requester").get(url, headers={"HX-Request": "true"}).text
        whole = signed_in("requester").get(url).text

        assert part.count("S1  Incident response") < whole.count("S1  Incident response")
        assert "Step by step" in whole

    def test_is_drawn_while_a_question_is_open(self, signed_in, acme_desk):
        ticket = acme_desk.open("Who knows", answers={})

        page = signed_in("requester").get(f"/tickets/{ticket.key}/path/").text

        assert 'class="flowchart"' in page
        assert "Question open" in page

    def test_asks_few_questions(self, signed_in, acme_desk, django_assert_num_queries):
        ticket, browser = acme_desk.open(), signed_in("bridge_se")
        with django_assert_num_queries(PATH_QUERIES):
            browser.get(f"/tickets/{ticket.key}/path/")

    def test_of_a_foreign_ticket_is_404(self, signed_in, acme_desk, globex_desk):
        acme_desk.open()
        theirs = globex_desk.open()

        assert signed_in("bridge_se").get(f"/tickets/{theirs.key}/path/").status_code == 404
