"""The pages of an estimate: written, approved, accepted, delivered; and what nobody else sees."""

from datetime import date

import pytest
from django.utils import timezone
from zeal import zeal_ignore

from tenants.scoping import tenant_scope
from tests.portal.desk import IMPROVEMENT, browser_of, desk_of
from tickets import services
from tickets.models import Estimate, EstimateApproval

pytestmark = pytest.mark.django_db

LINES = {"text": ["The form", "A licence"], "work": ["L3", "fixed"], "quantity": ["10", "5000"]}
WRITTEN = {"pricing": "fixed", "language": "en", **LINES}
OFFER = [{"text": "The form", "tier": "L3", "minutes": 600}]


@pytest.fixture
def acme_desk(acme):
    return desk_of(acme)


@pytest.fixture
def globex_desk(globex):
    return desk_of(globex)


@pytest.fixture
def signed_in(acme_desk):
    return lambda role: browser_of(acme_desk.people[role])


def on_the_way(desk, *steps: str, **content) -> Estimate:
    """Return an estimate of a new ticket that took these steps; the commands read no clock."""
    people, now = desk.people, timezone.now()
    with tenant_scope(desk.tenant), zeal_ignore():
        ticket = desk.open("A new tax form", type="change_request", answers=IMPROVEMENT)
        writer = people["maintenance_engineer"]
        estimate = services.draft_estimate(
            ticket=ticket, actor=writer, now=now, **{"lines": OFFER, "language": "en", **content}
        )
        seen = {"revision": 1, "amount": estimate.amount}
        run = {
            "submit": lambda e: services.submit_estimate(estimate=e, actor=writer, now=now),
            "approve": lambda e: services.approve_estimate(
                estimate=e, actor=people["account_manager"], now=now, **seen
            ),
            "send": lambda e: services.send_estimate(
                estimate=e, actor=people["bridge_se"], now=now
            ),
            "accept": lambda e: services.accept_estimate(
                estimate=e, actor=people["service_owner"], now=now, **seen
            ),
            "deliver": lambda e: services.deliver_estimate(estimate=e, actor=writer, now=now),
        }
        for step in steps:
            estimate = run[step](estimate)
    return estimate


SENT = ("submit", "approve", "send")
ACCEPTED = (*SENT, "accept")


def state(desk, estimate) -> tuple[str, int]:
    with tenant_scope(desk.tenant):
        row = Estimate.objects.select_related("revision").get(pk=estimate.pk)
        return row.status, row.revision.number


class TestWriting:
    def opened(self, desk) -> str:
        return desk.open("A new tax form", type="change_request", answers=IMPROVEMENT).key

    def test_the_ticket_says_that_an_estimate_is_needed(self, signed_in, acme_desk):
        key = self.opened(acme_desk)

        assert (
            "Write the estimate" in signed_in("maintenance_engineer").get(f"/tickets/{key}/").text
        )
        assert "Write the estimate" not in signed_in("service_owner").get(f"/tickets/{key}/").text

    def test_saves_lines_at_the_contracts_rates(self, signed_in, acme_desk):
        key = self.opened(acme_desk)

        answer = signed_in("maintenance_engineer").post(
            f"/tickets/{key}/estimate/",
            {**WRITTEN, "delivery_on": "2099-05-01", "assumptions": "Data is clean."},
        )

        with tenant_scope(acme_desk.tenant):
            estimate = Estimate.objects.select_related("revision").get()
            assert answer.url == f"/tickets/estimates/{estimate.public_id}/"
            assert (estimate.amount, estimate.status) == (85_000, "draft")
            assert estimate.revision.delivery_on == date(2099, 5, 1)

    def test_prices_what_is_typed_and_saves_nothing(self, signed_in, acme_desk):
        key = self.opened(acme_desk)

        page = signed_in("maintenance_engineer").post(
            f"/tickets/{key}/estimate/", WRITTEN, headers={"HX-Request": "true"}
        )

        assert "¥85,000" in page.text
        assert "<html" not in page.text
        with tenant_scope(acme_desk.tenant):
            assert not Estimate.objects.exists()

    @pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
    def test_adds_a_line_and_keeps_what_was_typed(self, signed_in, acme_desk, headers):
        page = signed_in("maintenance_engineer").post(
            f"/tickets/{self.opened(acme_desk)}/estimate/",
            {**WRITTEN, "do": "add"},
            headers=headers,
        )

        assert page.status_code == 200
        assert page.text.count('name="text"') == 3
        assert 'value="The form"' in page.text

    @pytest.mark.parametrize("quantity", ["", "-1", "NaN", "1e400", "Infinity", "ten", "0.001"])
    def test_an_impossible_quantity_is_said_and_nothing_typed_is_lost(
        self, signed_in, acme_desk, quantity
    ):
        typed = {**WRITTEN, "quantity": [quantity, "5000"], "assumptions": "Data is clean."}

        page = signed_in("maintenance_engineer").post(
            f"/tickets/{self.opened(acme_desk)}/estimate/", typed
        )

        assert page.status_code == 422
        assert "Line 1" in page.text
        assert 'value="The form"' in page.text
        assert "Data is clean." in page.text

    def test_a_client_writes_none(self, signed_in, acme_desk):
        key = self.opened(acme_desk)
        assert signed_in("service_owner").get(f"/tickets/{key}/estimate/").status_code == 404

    def test_a_change_is_refused_where_somebody_else_made_one(self, signed_in, acme_desk):
        estimate = on_the_way(acme_desk)
        url = f"/tickets/estimates/{estimate.public_id}/edit/"
        browser = signed_in("maintenance_engineer")
        assert 'value="The form"' in browser.get(url).text

        first = browser.post(url, {**WRITTEN, "version": "1"})
        second = browser.post(url, {**WRITTEN, "version": "1"})

        assert (first.status_code, second.status_code) == (302, 409)

    def test_of_an_accepted_one_a_change_order_is_prefilled(self, signed_in, acme_desk):
        estimate = on_the_way(acme_desk, *ACCEPTED)
        url = f"/tickets/estimates/{estimate.public_id}/edit/"
        browser = signed_in("maintenance_engineer")
        page = browser.get(url).text
        assert "Write a change order" in page
        assert 'value="The form"' in page

        browser.post(url, WRITTEN)

        assert state(acme_desk, estimate) == ("draft", 2)


class TestDeciding:
    def test_the_account_manager_sees_what_it_rests_on_and_approves_what_was_seen(
        self, signed_in, acme_desk
    ):
        estimate = on_the_way(acme_desk, "submit")
        browser = signed_in("account_manager")
        assert "Estimates waiting for approval" in browser.get("/").text
        page = browser.get(f"/tickets/estimates/{estimate.public_id}/").text
        assert "All extra work of this ticket" in page
        assert "Approve · ¥80,000" in page

        answer = browser.post(
            f"/tickets/estimates/{estimate.public_id}/approve/", {"revision": 1, "amount": 80_000}
        )

        assert answer.status_code == 302
        assert state(acme_desk, estimate) == ("approved", 1)

    @pytest.mark.parametrize("amount", ["79999", "", "x", "８００００", "9" * 40])
    def test_another_amount_than_seen_is_refused(self, signed_in, acme_desk, amount):
        estimate = on_the_way(acme_desk, "submit")

        answer = signed_in("account_manager").post(
            f"/tickets/estimates/{estimate.public_id}/approve/", {"revision": 1, "amount": amount}
        )

        assert answer.status_code == 409
        with tenant_scope(acme_desk.tenant):
            assert not EstimateApproval.objects.exists()

    def test_its_writer_is_offered_no_approval_and_refused_it(self, signed_in, acme_desk):
        estimate = on_the_way(acme_desk, "submit")
        browser = signed_in("maintenance_engineer")
        url = f"/tickets/estimates/{estimate.public_id}/"

        assert "Approve ·" not in browser.get(url).text
        answer = browser.post(f"{url}approve/", {"revision": 1, "amount": 80_000})
        assert answer.status_code == 403

    def test_giving_back_needs_a_reason_and_keeps_the_page(self, signed_in, acme_desk):
        estimate = on_the_way(acme_desk, "submit")
        url, browser = f"/tickets/estimates/{estimate.public_id}/", signed_in("account_manager")
        seen = {"revision": 1, "amount": 80_000}

        assert "Say why." in browser.post(f"{url}refuse/", {**seen, "reason": " "}).text
        browser.post(f"{url}refuse/", {**seen, "reason": "Too much."})

        assert state(acme_desk, estimate) == ("draft", 1)
        assert "Too much." in browser.get(url).text

    def test_the_service_owner_reads_it_in_their_language_and_accepts(self, signed_in, acme_desk):
        estimate = on_the_way(acme_desk, *SENT)
        browser = signed_in("service_owner")
        assert "Estimates waiting for your decision" in browser.get("/").text
        url = f"/tickets/estimates/{estimate.public_id}/"
        page = browser.get(url, headers={"Accept-Language": "ja"})
        assert page.status_code == 200

        browser.post(f"{url}accept/", {"revision": 1, "amount": 80_000})

        assert state(acme_desk, estimate) == ("accepted", 1)

    def test_the_service_owner_declines_with_a_reason(self, signed_in, acme_desk):
        estimate = on_the_way(acme_desk, *SENT)
        signed_in("service_owner").post(
            f"/tickets/estimates/{estimate.public_id}/decline/",
            {"revision": 1, "amount": 80_000, "reason": "Too dear."},
        )
        assert state(acme_desk, estimate) == ("declined", 1)

    def test_a_purchase_order_is_recorded_with_its_number(self, signed_in, acme_desk):
        estimate = on_the_way(acme_desk, *SENT)
        url, browser = f"/tickets/estimates/{estimate.public_id}/", signed_in("account_manager")
        seen = {"revision": 1, "amount": 80_000}

        assert browser.post(f"{url}order/", {**seen, "purchase_order": ""}).status_code == 422
        browser.post(f"{url}order/", {**seen, "purchase_order": "PO-9"})

        assert state(acme_desk, estimate) == ("accepted", 1)
        assert "PO-9" in browser.get(url).text

    def test_a_delivery_is_accepted(self, signed_in, acme_desk):
        estimate = on_the_way(acme_desk, *ACCEPTED, "deliver")
        signed_in("service_owner").post(f"/tickets/estimates/{estimate.public_id}/accept-delivery/")
        assert state(acme_desk, estimate) == ("delivery_accepted", 1)


class TestWhoSees:
    @pytest.mark.parametrize("steps", [(), ("submit",), ("submit", "approve")])
    def test_a_client_sees_nothing_before_it_is_sent(self, signed_in, acme_desk, steps):
        estimate = on_the_way(acme_desk, *steps)
        owner = signed_in("service_owner")

        assert owner.get(f"/tickets/estimates/{estimate.public_id}/").status_code == 404
        ticket = owner.get(f"/tickets/{estimate.ticket.key}/").text
        assert "¥80,000" not in ticket
        assert "Estimate drafted" not in ticket

    def test_a_requester_sees_no_money(self, signed_in, acme_desk):
        estimate = on_the_way(acme_desk, *SENT)
        requester = signed_in("requester")

        assert requester.get(f"/tickets/estimates/{estimate.public_id}/").status_code == 404
        assert "¥80,000" not in requester.get(f"/tickets/{estimate.ticket.key}/").text

    def test_a_client_keeps_seeing_the_accepted_revision_while_a_change_is_written(
        self, signed_in, acme_desk
    ):
        estimate = on_the_way(acme_desk, *ACCEPTED)
        signed_in("maintenance_engineer").post(
            f"/tickets/estimates/{estimate.public_id}/edit/", WRITTEN
        )

        page = signed_in("service_owner").get(f"/tickets/estimates/{estimate.public_id}/").text

        assert "¥80,000" in page
        assert "¥85,000" not in page

    @pytest.mark.parametrize("role", ["bridge_se", "account_manager", "service_owner"])
    def test_another_client_sees_nothing(self, acme_desk, globex_desk, role):
        estimate = on_the_way(acme_desk, *SENT)
        mine = on_the_way(globex_desk, *SENT)
        browser = browser_of(globex_desk.people[role])
        url = f"/tickets/estimates/{estimate.public_id}/"

        assert browser.get(f"/tickets/estimates/{mine.public_id}/").status_code == 200
        assert browser.get(url).status_code == 404
        seen = {"revision": 1, "amount": 80_000}
        for step in ("approve", "accept", "withdraw", "deliver"):
            assert browser.post(f"{url}{step}/", seen).status_code == 404
        assert estimate.ticket.key not in browser.get("/").text
        assert state(acme_desk, estimate) == ("sent", 1)

    def test_the_home_lists_ask_the_same_questions_however_many_wait(
        self, signed_in, acme_desk, django_assert_num_queries
    ):
        for _number in range(3):
            on_the_way(acme_desk, "submit")
        browser = signed_in("account_manager")
        with django_assert_num_queries(18):  # what waits for them, and how far the pools go
            page = browser.get("/")
        assert page.text.count("Waits for approval") >= 3

    def test_the_page_of_one_asks_few_questions(
        self, signed_in, acme_desk, django_assert_max_num_queries
    ):
        estimate = on_the_way(acme_desk, *ACCEPTED)
        with django_assert_max_num_queries(32):
            signed_in("account_manager").get(f"/tickets/estimates/{estimate.public_id}/")
