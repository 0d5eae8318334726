"""Tickets through the API: read, opened, moved; two clients in every list."""

import pytest

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
        told = {
            "contract": desk.contract.public_id,
            "type": "incident",
            "title": "Down",
            "system": "ec-site",
            "environment": "production",
            "answers": {"0": True},
        }
        answer = Api(desk.people["requester"]).post("tickets/", told)

        assert answer.status_code == 201, answer.text
        assert answer.json()["verdict"]["outcome"] == "included"

    def test_is_started(self, desk):
        ticket = desk.open()

        answer = Api(desk.people["operations_engineer"]).post(f"tickets/{ticket.key}/start/")

        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "in_progress"
