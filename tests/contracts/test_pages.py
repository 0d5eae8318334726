"""The pages of contracts: what was agreed, readable, and only for those it concerns."""

from datetime import date

import pytest

from tests.factories import ContractVersionFactory
from tests.portal.desk import browser_of, desk_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme_desk(acme):
    return desk_of(acme)


@pytest.fixture
def globex_desk(globex):
    return desk_of(globex)


def page_of(desk, role: str, query: str = "") -> str:
    url = f"/contracts/{desk.contract.public_id}/{query}"
    return browser_of(desk.people[role]).get(url).text


class TestTheList:
    def test_shows_my_clients_contracts_and_no_other(self, acme_desk, globex_desk):
        page = browser_of(acme_desk.people["requester"]).get("/contracts/").text

        assert acme_desk.contract.number in page
        assert globex_desk.contract.number not in page

    def test_asks_the_same_questions_for_one_contract_and_for_many(
        self, acme, acme_desk, django_assert_num_queries
    ):
        browser = browser_of(acme_desk.people["account_manager"])
        for _number in range(5):
            ContractVersionFactory(contract__tenant=acme)
        with django_assert_num_queries(8):
            browser.get("/contracts/")


class TestTheContractPage:
    def test_reads_as_what_was_agreed(self, acme_desk):
        page = page_of(acme_desk, "requester")

        for words in ("Incident response and defects", "In the monthly fee", "EC site", "Mon–Fri"):
            assert words in page
        assert "15 min" in page  # acknowledge
        assert "24 hours, every day" in page

    def test_speaks_the_readers_language(self, acme_desk):
        reader = acme_desk.people["service_owner"].user
        reader.language = "ja"
        reader.save()

        page = page_of(acme_desk, "service_owner")

        assert "月額に含む" in page
        assert "￥800,000" in page

    @pytest.mark.parametrize(
        ("role", "sees"),
        [
            ("requester", False),
            ("service_owner", True),
            ("service_desk", True),
            ("account_manager", True),
        ],
    )
    def test_shows_money_to_everybody_but_requesters(self, acme_desk, role, sees):
        assert ("¥800,000" in page_of(acme_desk, role)) is sees

    def test_shows_the_version_in_force_and_any_other_on_request(self, acme_desk):
        ContractVersionFactory(contract=acme_desk.contract, number=2, effective_on=date(2099, 4, 1))

        assert "not in force now" not in page_of(acme_desk, "requester")
        assert "This is version 2" in page_of(acme_desk, "requester", "?version=2")

    def test_a_foreign_contract_is_the_same_404_as_none(self, acme_desk, globex_desk):
        browser = browser_of(acme_desk.people["account_manager"])

        foreign = browser.get(f"/contracts/{globex_desk.contract.public_id}/")
        never = browser.get("/contracts/AAAAAAAAAAAAAAAA/")

        assert (foreign.status_code, never.status_code) == (404, 404)
        assert foreign.content == never.content
