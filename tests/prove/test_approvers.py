"""Ten approvers at once on each of a hundred estimates: a hundred approvals, each for what was seen."""

import pytest
from django.db import transaction

from tenants.errors import Refused
from tenants.scoping import tenant_scope
from tests.factories import MembershipFactory
from tests.tickets.estimates import Money
from tests.tickets.races import at_once
from tickets.models import Estimate, EstimateApproval

pytestmark = [pytest.mark.prove, pytest.mark.allow_n_plus_one]

ESTIMATES, APPROVERS = 100, 10


@pytest.mark.django_db(transaction=True)
def test_a_hundred_estimates_have_a_hundred_approvals(transactional_db):
    acme = Money()
    with tenant_scope(acme.tenant):
        with transaction.atomic():
            managers = [
                MembershipFactory(tenant=acme.tenant, account_manager=True)
                for _n in range(APPROVERS)
            ]
            estimates = [
                acme.submitted(lines=[{"text": "Work", "amount": 1_000 + number}])
                for number in range(ESTIMATES)
            ]
        won, lost = 0, 0
        for estimate in estimates:
            answers = at_once(
                [lambda m=m, e=estimate: acme.approve(e, m) for m in managers], acme.tenant
            )
            won += sum(isinstance(answer, Estimate) for answer in answers)
            lost += sum(isinstance(answer, Refused) for answer in answers)
        with transaction.atomic():
            approved = dict(EstimateApproval.objects.values_list("estimate_id", "amount"))
            rows = EstimateApproval.objects.count()
    assert (won, lost, rows) == (ESTIMATES, ESTIMATES * (APPROVERS - 1), ESTIMATES)
    assert approved == {estimate.pk: estimate.amount for estimate in estimates}
