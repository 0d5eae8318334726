"""The factories tell the truth: their terms are terms, their rows are of one tenant."""

import pytest

from contracts.domain import terms
from contracts.domain.months import bounds_of
from tenants.roles import Role
from tenants.scoping import active_tenants, tenant_scope
from tests.factories import (
    TERMS,
    ContractFactory,
    ContractVersionFactory,
    MembershipFactory,
    PeriodFactory,
)

pytestmark = pytest.mark.django_db


def test_the_smallest_terms_are_valid():
    assert terms.parse(TERMS).currency == "JPY"


@pytest.mark.parametrize("trait", [role.value for role in Role if role != Role.REQUESTER])
def test_a_trait_names_the_desk(trait):
    assert MembershipFactory(**{trait: True}).role == trait


def test_a_requester_is_the_default():
    assert MembershipFactory().role == Role.REQUESTER


@pytest.mark.parametrize("make", [ContractVersionFactory, PeriodFactory])
def test_a_child_takes_its_tenant_from_its_parent(make, acme):
    contract = ContractFactory(tenant=acme)

    assert make(contract=contract).tenant_id == acme.pk


def test_the_period_is_a_month_of_tokyo():
    period = PeriodFactory()

    assert bounds_of(period.month, period.contract.zone) == (period.starts_at, period.ends_at)


def test_no_scope_stays_open_behind_a_factory(acme, globex):
    MembershipFactory(tenant=acme)

    assert active_tenants() is None
    with tenant_scope(globex):
        assert MembershipFactory(tenant=globex).pk
