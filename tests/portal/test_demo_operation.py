"""What the demo shows of monitoring, security and the service desk is made once, by the commands."""

from datetime import UTC, datetime

import pytest

from contracts.domain.months import next_month
from contracts.services import period_of
from portal.demo import monitoring, security, service_desk
from portal.demo.people import CLIENTS
from portal.demo.seed import seed_contract, seed_people
from reports.services.facts import facts_of
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tickets.models import Alert, FaqEntry, Letter, Roster, SecurityFinding

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "heard", "held_back", "states", "letters"),
    [
        ("HOSHINO", 49, 3, {"open", "fixed", "accepted"}, 2),
        ("LOTUS", 5, 3, {"open", "fixed"}, 0),
        ("MINATO", 0, 0, set(), 0),
    ],
)
def test_each_page_has_something_and_a_second_start_adds_nothing(
    code, heard, held_back, states, letters
):
    seed_people(NOW)
    client = next(client for client in CLIENTS if client.code == code)
    tenant = Tenant.objects.get(code=code)
    with tenant_scope(tenant):
        contract = seed_contract(tenant, client, NOW)
        contract.tenant = tenant
        for _twice in range(2):
            for part in (monitoring, security, service_desk):
                part.seed(contract, NOW, lambda said: None)
        told = facts_of(period_of(contract, next_month(contract.starts_on)))["monitoring"]

        assert (told["alerts"]["heard"], told["alerts"]["held_back"]) == (heard, held_back)
        assert {finding.state for finding in SecurityFinding.objects.all()} == states
        assert Letter.objects.count() == letters
        assert Roster.objects.count() == 2
        assert FaqEntry.objects.filter(status="published").exists()
        if heard:
            outages = [i for i in told["availability"]["intervals"] if i["kind"] == "outage"]
            silences = [i["seconds"] for i in told["availability"]["intervals"] if i not in outages]
            assert silences == ([45 * 60] if code == "HOSHINO" else [])
            assert [i["seconds"] // 60 for i in outages] == [38 if code == "HOSHINO" else 27]
            assert Alert.objects.firing().filter(heard_at__gt=NOW.replace(hour=2)).count() == 2
