"""Tickets through the API: read, opened, moved; two clients in every list."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.client import Api
from tests.portal.desk import Desk, desk_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(acme) -> Desk:
    return desk_of(acme)


@pytest.fixture
def other(globex) -> Desk:
    return desk_of(globex)


class TestTheList:
    def test_shows_the_clients_own_tickets(self, desk, other):
        mine = desk.open("The cart is empty")
        other.open("Not for Acme")

        answer = Api(desk.people["requester"]).get("tickets/")

        assert answer.status_code == 200
        assert [row["key"] for row in answer.json()["results"]] == [mine.key]
        assert "Not for Acme" not in answer.text


class TestATicket:
    def test_is_read_with_its_verdict_and_what_may_be_done(self, desk):
        ticket = desk.open()

        answer = Api(desk.people["operations_engineer"]).get(f"tickets/{ticket.key}/")

        assert answer.status_code == 200, answer.text
        assert answer.json()["verdict"]["clause"] == "S1"
        assert "start" in answer.json()["actions"]

    def test_is_opened(self, desk):
        answer = Api(desk.people["requester"]).post("tickets/", asked(desk))

        assert answer.status_code == 201, answer.text
        assert answer.json()["verdict"]["outcome"] == "included"

    @pytest.mark.parametrize("role", ["requester", "bridge_se"])
    def test_is_answered_as_it_is_read_afterwards(self, desk, role):
        api, told = Api(desk.people[role]), asked(desk)
        if role == "bridge_se":
            told["requester"] = desk.people["requester"].public_id

        made = api.post("tickets/", told)
        read = api.get(f"tickets/{made.json()['key']}/")

        assert made.json() == read.json()
        assert made["ETag"] == read["ETag"]

    def test_of_last_month_is_answered_as_it_is_read_afterwards(self, desk):
        api, told = Api(desk.people["bridge_se"]), asked(desk)
        told |= {
            "requester": desk.people["requester"].public_id,
            "received_at": "2026-05-08T03:00:00Z",
            "received_reason": "Written on paper.",
        }

        made = api.post("tickets/", told)

        assert made.status_code == 201, made.text
        assert made.json() == api.get(f"tickets/{made.json()['key']}/").json()

    def test_is_started(self, desk):
        ticket = desk.open()

        answer = Api(desk.people["operations_engineer"]).post(f"tickets/{ticket.key}/start/")

        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "in_progress"


def asked(desk) -> dict[str, object]:
    return {
        "contract": desk.contract.public_id,
        "type": "incident",
        "title": "Down",
        "system": "ec-site",
        "environment": "production",
        "answers": {"0": True},
    }


def test_a_new_ticket_takes_eight_statements(desk):
    """Token, desks, contract, its version, other contracts, who is on duty, the number, all rows."""
    api = Api(desk.people["requester"])
    api.post("tickets/", asked(desk))

    with CaptureQueriesContext(connection) as found:
        answer = api.post("tickets/", asked(desk))

    assert answer.status_code == 201, answer.text
    assert statements(found) == 8, [query["sql"][:100] for query in found.captured_queries]


def statements(found: CaptureQueriesContext) -> int:
    """Count what was asked, without the ends of transactions."""
    ends = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return sum(not query["sql"].startswith(ends) for query in found.captured_queries)


@pytest.mark.parametrize("tickets", [1, 30])
def test_a_page_of_the_list_takes_three_statements(desk, tickets):
    """The token with its person, their desks, the rows."""
    for _n in range(tickets):
        desk.open()
    api = Api(desk.people["bridge_se"])
    api.get("tickets/")  # the first use of a token is noted

    with CaptureQueriesContext(connection) as found:
        answer = api.get("tickets/?status=open")

    assert len(answer.json()["results"]) == min(tickets, 25)
    assert statements(found) == 3


def test_pages_follow_each_other_without_a_gap(desk, other):
    keys = {desk.open().key for _n in range(7)}
    other.open()
    api, address, seen = Api(desk.people["bridge_se"]), "tickets/?limit=3&ordering=-received_at", []

    while address:
        page = api.get(address).json()
        seen += [row["key"] for row in page["results"]]
        address = (page["next"] or "").replace("http://testserver", "")

    assert len(seen) == 7
    assert set(seen) == keys
