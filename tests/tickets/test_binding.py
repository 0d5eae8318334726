"""Which contract work falls under, where two of a client name one system."""

from copy import deepcopy
from datetime import date

import pytest

from tests.factories import ContractFactory, ContractVersionFactory
from tests.tickets.factories import TERMS, two_clients
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
