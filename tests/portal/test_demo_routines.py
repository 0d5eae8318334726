"""The demo's routines were done on time, done late and missed, each once agreed."""

from datetime import UTC, datetime

import pytest

from portal.demo import routines
from portal.demo.people import CLIENTS
from portal.demo.seed import seed_contract, seed_people
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tickets.models import RoutineRun, RoutineTask

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "tasks", "states"),
    [("HOSHINO", 3, {"done", "late", "missed", "waiting"}), ("LOTUS", 1, {"done", "late", "waiting"})],
)  # fmt: skip
def test_runs_stand_at_every_turn_and_a_second_start_adds_none(code, tasks, states):
    seed_people(NOW)
    client = next(client for client in CLIENTS if client.code == code)
    tenant = Tenant.objects.get(code=code)
    with tenant_scope(tenant):
        contract = seed_contract(tenant, client, NOW)
        contract.tenant = tenant
        for _twice in range(2):
            routines.seed(contract, NOW, lambda said: None)

        assert RoutineTask.objects.count() == tasks
        runs = list(RoutineRun.objects.all())
        assert {run.state for run in runs} == states
        assert all(run.closes_at > NOW for run in runs if run.state == "waiting")
        proved = [run for run in runs if run.done_at]
        assert all(any(answer["value"] for answer in run.answers) for run in proved)
