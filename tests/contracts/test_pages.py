"""The pages of contracts: what was agreed, readable, and only for those it concerns."""

import re
from copy import deepcopy
from datetime import date

import pytest
from django.utils.translation import gettext_lazy

from contracts.templatetags.contract_tags import of_priorities
from tenants.scoping import tenant_scope
from tests.factories import TERMS, ContractVersionFactory
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


def read(page: str) -> str:
    """Return what a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


# session, person, transaction (twice), memberships, contract, versions; the terms add the months
HEAD_QUERIES = 7
CAPPED = {"preapproved": {"cap": 300000}}


def amend(desk, **kwargs):
    """Write version 2 down: improvements are preapproved, another fee, one more clause."""
    terms = deepcopy(TERMS)
    terms["scope"]["clauses"][1]["then"] = CAPPED
    terms["scope"]["clauses"].append(
        {"id": "S3", "text": {"en": "Advice"}, "when": {"activity": ["service_desk"]},
         "then": "not_provided"}
    )  # fmt: skip
    terms["cost"]["monthly_fee"] = 900000
    terms["time"]["targets"][0]["within"] = "10m"
    return ContractVersionFactory(
        contract=desk.contract, number=2, effective_on=date(2099, 4, 1), terms=terms, **kwargs
    )


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

    @pytest.mark.parametrize("under", ["", "coverage/", "versions/"])
    def test_a_foreign_contract_is_the_same_404_as_none(self, acme_desk, globex_desk, under):
        browser = browser_of(acme_desk.people["account_manager"])

        foreign = browser.get(f"/contracts/{globex_desk.contract.public_id}/{under}")
        never = browser.get(f"/contracts/AAAAAAAAAAAAAAAA/{under}")

        assert (foreign.status_code, never.status_code) == (404, 404)
        assert foreign.content == never.content

    def test_asks_the_same_questions_for_one_version_and_for_many(
        self, acme_desk, django_assert_num_queries
    ):
        browser = browser_of(acme_desk.people["account_manager"])
        for number in range(2, 6):
            ContractVersionFactory(
                contract=acme_desk.contract, number=number, effective_on=date(2099, number, 1)
            )
        with django_assert_num_queries(HEAD_QUERIES + 1):
            browser.get(f"/contracts/{acme_desk.contract.public_id}/")
        for under in ("coverage/", "versions/?version=2"):
            with django_assert_num_queries(HEAD_QUERIES):
                browser.get(f"/contracts/{acme_desk.contract.public_id}/{under}")


class TestCoverage:
    def test_says_what_decides_and_where_nothing_does(self, acme_desk):
        said = read(page_of(acme_desk, "requester", "coverage/"))

        assert "Incident response EC site Production, Staging In the monthly fee S1" in said
        assert "Service desk EC site Production, Staging Nothing decides" in said
        assert "preventive, adaptive, any priority: nothing decides" in said

    def test_shows_what_the_check_found_to_the_vendor_alone(self, acme_desk):
        manager = read(page_of(acme_desk, "account_manager", "coverage/"))

        assert "Check of this version" in manager
        assert "scope.clauses: " not in manager  # the gaps stand under the matrix
        for client in ("requester", "service_owner"):
            assert "Check of this version" not in page_of(acme_desk, client, "coverage/")

    def test_names_a_refusal(self, acme_desk):
        terms = deepcopy(TERMS)
        terms["scope"]["clauses"].append({"id": "S3", "text": {"en": "Late"}, "when": {"activity": ["perfective"]}, "then": "included"})  # fmt: skip # noqa: E501
        ContractVersionFactory(
            contract=acme_desk.contract, number=2, effective_on=date(2099, 4, 1), terms=terms
        )

        said = read(page_of(acme_desk, "bridge_se", "coverage/?version=2"))

        assert "1 refusal" in said
        assert "clause S3 can never decide" in said

    def test_shows_the_agreed_examples_and_which_one_differs(self, acme_desk):
        given = {"answers": [True], "system": "ec-site", "environment": "production"}
        examples = [
            {"title": "The shop is down", "given": given, "expect": "included", "clause": "S1"},
            {"title": "A wish", "given": {"activity": "perfective"}, "expect": "included"},
        ]
        amend(acme_desk, examples=examples)

        said = read(page_of(acme_desk, "service_owner", "coverage/?version=2"))

        assert "The shop is down In the monthly fee S1 decides so" in said
        assert "A wish In the monthly fee – decides otherwise" in said

    def test_speaks_the_readers_language(self, acme_desk):
        reader = acme_desk.people["requester"].user
        reader.language = "ja"
        reader.save()

        page = page_of(acme_desk, "requester", "coverage/")

        assert "決める条項がありません" in page
        assert "月額に含む" in page


class TestVersions:
    def test_show_a_clause_whole_on_both_sides(self, acme_desk):
        amend(acme_desk)

        said = read(page_of(acme_desk, "service_owner", "versions/?version=2"))

        assert "Version 2 against version 1" in said
        assert "Clause S2 changed Improvements Perfective maintenance Needs a separate" in said
        assert "Improvements Perfective maintenance Preapproved up to a cap Up to ¥300,000" in said
        assert "Clause S3 added – Advice Service desk Not provided" in said
        assert "Time target: Acknowledge , Time changed 15 min 10 min" in said
        assert "Monthly fee changed ¥800,000 ¥900,000" in said

    def test_compare_in_either_direction(self, acme_desk):
        amend(acme_desk)

        said = read(page_of(acme_desk, "service_owner", "versions/?version=1&against=2"))

        assert "Version 1 against version 2" in said
        assert "Clause S3 removed Advice Service desk Not provided –" in said

    def test_hide_every_amount_from_a_requester(self, acme_desk):
        amend(acme_desk)

        said = read(page_of(acme_desk, "requester", "versions/?version=2"))

        assert "Preapproved up to a cap" in said
        for amount in ("¥", "300,000", "900,000", "Monthly fee"):
            assert amount not in said

    def test_do_not_tell_a_requester_that_only_a_cap_changed(self, acme_desk):
        for number, cap in ((2, 300000), (3, 400000)):
            terms = deepcopy(TERMS)
            terms["scope"]["clauses"][1]["then"] = {"preapproved": {"cap": cap}}
            ContractVersionFactory(
                contract=acme_desk.contract, number=number, effective_on=date(2099, number, 1),
                terms=terms,
            )  # fmt: skip

        assert "Both say the same" in page_of(acme_desk, "requester", "versions/?version=3")
        assert "400,000" in page_of(acme_desk, "service_owner", "versions/?version=3")

    def test_say_that_there_is_one_so_far(self, acme_desk):
        assert "There is one version so far" in page_of(acme_desk, "requester", "versions/")


class TestADraft:
    @pytest.mark.parametrize("role", ["requester", "service_owner"])
    def test_is_not_for_the_client(self, acme_desk, role):
        with tenant_scope(acme_desk.contract.tenant_id):
            amend(acme_desk, activated_at=None)

        for path in ("versions/?version=2", "?version=2", "coverage/?version=2"):
            page = page_of(acme_desk, role, path)
            assert "Advice" not in page
            assert "version=2" not in page

    def test_is_not_there_for_the_clients_programs(self, acme_desk):
        with tenant_scope(acme_desk.contract.tenant_id):
            amend(acme_desk, activated_at=None)
        url = f"/api/v1/contracts/{acme_desk.contract.public_id}/"

        client = browser_of(acme_desk.people["service_owner"])
        vendor = browser_of(acme_desk.people["bridge_se"])

        assert [v["number"] for v in client.get(url).json()["versions"]] == [1]
        assert [v["number"] for v in vendor.get(url).json()["versions"]] == [1, 2]
        assert client.get(f"{url}versions/2/").status_code == 404
        assert vendor.get(f"{url}versions/2/").status_code == 200

    def test_is_for_the_vendor(self, acme_desk):
        with tenant_scope(acme_desk.contract.tenant_id):
            amend(acme_desk, activated_at=None)

        assert "Advice" in page_of(acme_desk, "bridge_se", "?version=2")


def test_a_clock_is_named_with_its_priorities():
    assert of_priorities(gettext_lazy("Restore service"), ["P1", "P2"]) == "Restore service P1, P2"
    assert of_priorities(gettext_lazy("Restore service"), None) == "Restore service"
