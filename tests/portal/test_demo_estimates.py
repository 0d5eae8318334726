"""The demo's estimates stand at every turn, and one of them is in the statement of last month."""

from datetime import UTC, datetime

import pytest

from portal.demo import estimates, today
from portal.demo.people import CLIENTS
from portal.demo.seed import seed_contract, seed_people
from reports.services.issue import draft_facts
from tenants.models import AuditEvent, Tenant
from tenants.scoping import tenant_scope
from tickets.models import Estimate
from tickets.services.estimate_burn import burn_of

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


def seeded(code: str):
    seed_people(NOW)
    client = next(client for client in CLIENTS if client.code == code)
    tenant = Tenant.objects.get(code=code)
    with tenant_scope(tenant):
        contract = seed_contract(tenant, client, NOW)
        contract.tenant = tenant
        for _twice in range(2):
            today.seed(contract, NOW, lambda said: None)
            estimates.seed(contract, NOW, lambda said: None)
    return tenant, contract


def test_hoshino_has_one_to_approve_one_at_work_and_one_paid():
    tenant, contract = seeded("HOSHINO")
    with tenant_scope(tenant):
        rows = Estimate.objects.select_related("ticket__contract", "revision", "accepted")
        found = {row.ticket.source_key: row for row in rows}
        assert {key: row.status for key, row in found.items()} == {
            "redesign": "submitted",
            "points": "accepted",
            "gift": "delivery_accepted",
        }
        burn = burn_of(found["points"])
        assert burn.basis_points >= 8_000
        assert AuditEvent.objects.filter(
            verb="estimate.change_proposed", data__estimate=found["points"].public_id
        ).exists()
        lines = draft_facts(contract, datetime(2026, 10, 1).date(), now=NOW)["cost"]["lines"]
        extra = [line for line in lines if line["kind"] == "estimate"]
        gift = found["gift"]
        assert [(line["key"], line["amount"], line["tickets"]) for line in extra] == [
            (gift.public_id, gift.amount, [gift.ticket.key])
        ]


def test_lotus_has_one_that_waits_for_the_client():
    tenant, _contract = seeded("LOTUS")
    with tenant_scope(tenant):
        estimate = Estimate.objects.select_related("revision").get()
        assert (estimate.status, estimate.revision.language) == ("sent", "vi")
