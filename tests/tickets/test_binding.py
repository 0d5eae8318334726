"""Which contract work falls under, where two of a client name one system."""

from copy import deepcopy
from datetime import date

import pytest

from contracts.domain.scope import Facts
from tests.factories import ContractFactory, ContractVersionFactory
from tests.tickets.factories import TERMS, after, two_clients
from tickets import services
from tickets.services.binding import contracts_for

pytestmark = pytest.mark.allow_n_plus_one
APRIL = date(2026, 4, 15)


def second_contract(client, activities, **given):
    terms = deepcopy(TERMS)
    terms["responsibilities"] = [{"activities": activities, "tier": "L2", "party": "vendor"}]
    contract = ContractFactory(tenant=client.tenant, **given)
    ContractVersionFactory(contract=contract, terms=terms)
    return contract


def test_work_binds_to_the_one_whose_terms_name_its_activity(client):
    other = second_contract(client, ["monitoring"])

    assert contracts_for(client.tenant, "shop", "monitoring", APRIL).contract == other
    assert contracts_for(client.tenant, "shop", "corrective", APRIL).contract == client.contract


def test_several_are_undecided_and_named(client):
    other = second_contract(client, ["corrective"])

    bound = contracts_for(client.tenant, "shop", "corrective", APRIL)

    assert (bound.contract, bound.is_undecided) == (None, True)
    assert bound.numbers == tuple(sorted([client.contract.number, other.number]))
    assert contracts_for(client.tenant, "shop", "", APRIL).is_undecided


def test_none_names_what_nobody_covers(client):
    for system, activity in (("mainframe", "corrective"), ("shop", "monitoring")):
        bound = contracts_for(client.tenant, system, activity, APRIL)
        assert (bound.contract, bound.is_undecided) == (None, False)


def test_only_those_count_that_run_on_the_day(client):
    second_contract(client, ["corrective"], ends_on=date(2026, 4, 15))
    second_contract(client, ["corrective"], starts_on=date(2026, 4, 16))

    assert contracts_for(client.tenant, "shop", "corrective", APRIL).contract == client.contract


def test_another_clients_contracts_never_count(client):
    with two_clients(client) as globex:
        assert contracts_for(client.tenant, "shop", "corrective", APRIL).contract == client.contract
        assert contracts_for(globex.tenant, "shop", "corrective", APRIL).contract == globex.contract


class TestIntake:
    def test_a_request_is_of_the_contract_whose_terms_name_its_activity(self, client):
        other = second_contract(client, ["monitoring"])
        # The contract it is asked under does not answer for monitoring.

        ticket = client.open(facts=Facts(activity="monitoring"))

        assert (ticket.contract, ticket.version.contract) == (other, other)

    def test_between_several_nothing_is_decided_and_both_are_named(self, client):
        other = second_contract(client, ["incident_response"])

        decision = client.open().stage.decision

        assert (decision.outcome, decision.clause_id, decision.pending) == ("undecided", "", False)
        named = sorted([client.contract.number, other.number])
        assert decision.verdict["contracts"] == named

    def test_a_ruling_between_them_stands_while_the_facts_say_the_same(self, client):
        second_contract(client, ["incident_response"])
        ticket = client.open()
        services.rule_undecided(
            ticket=ticket,
            actor=client.account_manager,
            outcome="included",
            clause_id="S2",
            reason="The shop is run under this contract.",
            now=after(hours=1),
        )

        services.confirm_facts(
            ticket=ticket,
            actor=client.bridge_se,
            changes={"cause": "infrastructure"},
            now=after(hours=2),
        )

        ticket.refresh_from_db()
        assert (ticket.stage.decision.outcome, ticket.stage.decision.kind) == ("included", "ruling")

    def test_while_the_activity_is_not_known_the_question_is_asked(self, client):
        second_contract(client, ["incident_response"])

        decision = client.open(facts=Facts()).stage.decision

        assert (decision.outcome, decision.pending) == ("undecided", True)
        assert "contracts" not in decision.verdict
