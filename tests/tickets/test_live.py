"""A ticket's page that keeps itself up to date, and the one step that it puts first."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from tenants.scoping import tenant_scope
from tests.portal.desk import NOON, browser_of, desk_of
from tickets import services

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def desk(acme, clock):
    return desk_of(acme)


def seen_on(browser, ticket) -> str:
    page = browser.get(f"/tickets/{ticket.key}/").text
    return page.partition("/now/?seen=")[2].partition('"')[0]


def now(browser, ticket, seen: str):
    return browser.get(f"/tickets/{ticket.key}/now/", {"seen": seen}, headers=HX)


def say(desk, ticket, role: str, body: str, **given) -> None:
    with tenant_scope(desk.tenant):
        services.comment(
            ticket=ticket, actor=desk.people[role], body=body, now=NOON, language="en", **given
        )


class TestWhatChanged:
    def test_is_nothing_at_first(self, desk):
        ticket, browser = desk.open(), browser_of(desk.people["requester"])

        answer = now(browser, ticket, seen_on(browser, ticket))
        assert (answer.status_code, answer.content) == (204, b"")

    def test_is_the_clocks_alone_when_time_went_by(self, desk, clock):
        ticket, browser = desk.open(), browser_of(desk.people["requester"])
        seen = seen_on(browser, ticket)
        clock.shift(timedelta(minutes=2))

        page = now(browser, ticket, seen).text
        assert 'id="ticket-clocks"' in page
        assert 'id="ticket-steps"' not in page
        assert "<form" not in page
        assert (
            now(browser, ticket, page.partition("?seen=")[2].partition('"')[0]).status_code == 204
        )

    def test_is_every_part_when_something_happened(self, desk):
        ticket, browser = desk.open(), browser_of(desk.people["requester"])
        seen = seen_on(browser, ticket)
        say(desk, ticket, "service_desk", "We look at it.")

        page = now(browser, ticket, seen).text
        assert "We look at it." in page
        for part in ("lead", "verdict", "steps", "disputes", "clocks", "events"):
            assert f'id="ticket-{part}" hx-swap-oob="innerHTML"' in page

    def test_of_the_vendor_alone_stays_with_them(self, desk):
        ticket, browser = desk.open(), browser_of(desk.people["requester"])
        seen = seen_on(browser, ticket)
        say(desk, ticket, "service_desk", "They always call at noon.", lane="internal")

        assert "They always call" not in now(browser, ticket, seen).text
        theirs = browser_of(desk.people["bridge_se"])
        assert "They always call" in now(theirs, ticket, seen).text

    def test_at_another_client_is_nobodys(self, desk, globex):
        other = desk_of(globex)
        ticket = desk.open()

        answer = now(browser_of(other.people["bridge_se"]), ticket, "0.0")
        assert answer.status_code == 404

    def test_asks_the_database_little(self, desk, clock, django_assert_max_num_queries):
        ticket, browser = desk.open(), browser_of(desk.people["requester"])
        seen = seen_on(browser, ticket)
        with django_assert_max_num_queries(7):
            assert now(browser, ticket, seen).status_code == 204
        clock.shift(timedelta(minutes=2))
        with django_assert_max_num_queries(11):
            now(browser, ticket, seen)


class TestSignedOut:
    def test_a_part_that_refreshes_itself_says_so_and_stops(self):
        headers = {**HX, "HX-Current-URL": "http://testserver/tickets/ACME-1/"}
        told = Client().get("/tickets/ACME-1/now/", headers={**headers, "X-Background": "1"})
        silent = Client().get("/notices/bell/", headers={**headers, "X-Background": "silent"})

        assert told.status_code == silent.status_code == 286
        assert "You are signed out." in told.text
        assert "/sign-in/?next=%2Ftickets%2FACME-1%2F" in told.text
        assert silent.text.strip() == ""

    def test_what_somebody_pressed_leads_to_the_sign_in(self):
        headers = {**HX, "HX-Current-URL": "http://testserver/tickets/ACME-1/"}
        answer = Client().post("/tickets/ACME-1/comment/", headers=headers)

        assert answer["HX-Redirect"] == "/sign-in/?next=%2Ftickets%2FACME-1%2F"


class TestOnePrimaryStep:
    def primary(self, desk, role: str, ticket) -> int:
        page = browser_of(desk.people[role]).get(f"/tickets/{ticket.key}/").text
        return page.count("btn-primary")

    def test_also_where_a_ruling_waits_for_the_owners_yes(self, desk):
        ticket = desk.open()
        with tenant_scope(desk.tenant):
            services.start_work(ticket=ticket, actor=desk.people["service_desk"], now=NOON)
            services.resolve_ticket(
                ticket=ticket, actor=desk.people["service_desk"], resolution="Done.", now=NOON,
                fix_reason="A restart was enough.",
            )  # fmt: skip
            dispute = services.open_dispute(
                ticket=ticket, actor=desk.people["requester"], reason="Not ours.", now=NOON
            )
            assert self.primary(desk, "account_manager", ticket) == 1
            services.answer_dispute(
                dispute=dispute, actor=desk.people["account_manager"], ruling="uphold",
                reason="It is in S1.", now=NOON,
            )  # fmt: skip

        for role in ("service_owner", "requester", "account_manager", "bridge_se"):
            assert self.primary(desk, role, ticket) == 1, role


def test_the_shortcuts_are_those_of_the_desk(desk):
    page = browser_of(desk.people["requester"]).get("/tickets/").text

    for keys in ("g h", "g t", "g c", "g r", "/", "n"):
        assert f'data-keys="{keys}"' in page
    assert 'data-keys="g k"' not in page  # no cockpit
