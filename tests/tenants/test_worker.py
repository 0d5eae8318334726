"""Celery for real: a Redis, a worker process, and the reports of the months that are over."""

import os
import signal
from datetime import date, timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from contracts import checking, terms_yaml
from contracts import services as contracts
from contracts.domain.months import first_of_month, previous_month
from contracts.models import Contract
from reports.models import MonthlyReport
from tenants.models import Job, User
from tenants.roles import Role
from tenants.scoping import tenant_scope
from tenants.services.members import add_member, create_tenant
from tests.processes import required, running, wait_for

pytestmark = [
    pytest.mark.redis,
    pytest.mark.xdist_group("redis"),  # one broker, emptied by each test
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
URL = os.environ.get("REDIS_TEST_URL", "")
WORKER = ["celery", "-A", "portal", "worker", "--concurrency", "2", "--loglevel", "WARNING"]


@pytest.fixture
def broker() -> str:
    """Return the URL of a Redis database that only these tests use, emptied."""
    required("A Redis for tests (REDIS_TEST_URL)", bool(URL))
    redis.Redis.from_url(URL).flushdb()
    return URL


@pytest.fixture
def minato():
    """A client whose contract began two months ago: one month at least is over and due."""
    now = timezone.now()
    with transaction.atomic():
        tenant = create_tenant(code="MINATO", name="Minato", language="ja", timezone="Asia/Tokyo")
        with tenant_scope(tenant):
            user = User.objects.create_user("manager@vendor.example", name="Manager")
            manager = add_member(tenant=tenant, user=user, role=Role.ACCOUNT_MANAGER, now=now)
            text = (settings.BASE_DIR / "portal/demo/contracts/minato.yaml").read_text()
            contract = contracts.create_contract(
                tenant=tenant, number="M-1", title="M", starts_on=two_months_ago(now.date()),
                document=terms_yaml.load(text), actor=manager, now=now,
            )  # fmt: skip
            contracts.activate_version(
                version=contract.versions.get(),
                actor=manager,
                now=now,
                accept_gaps=checking.seal_of(contract.versions.get()),
            )
    return tenant


def two_months_ago(today: date) -> date:
    return previous_month(previous_month(first_of_month(today)))


def reports_of(tenant) -> int:
    with tenant_scope(tenant), transaction.atomic():
        return MonthlyReport.objects.count()


def test_a_worker_makes_the_reports_that_the_tick_rings_for(broker, minato, tmp_path: Path):
    log = tmp_path / "worker.log"

    with running(WORKER, log, REDIS_URL=broker):
        ring_on(broker)
        wait_for(lambda: reports_of(minato) >= 1, 60, log)

    assert not Job.objects.exclude(error="").exists()


def test_a_worker_killed_at_any_moment_costs_nothing_but_time(broker, minato, tmp_path: Path):
    with running(WORKER, tmp_path / "first.log", REDIS_URL=broker) as worker:
        ring_on(broker)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    redis.Redis.from_url(broker).flushdb()  # and the broker forgets everything too
    log = tmp_path / "second.log"

    with running(WORKER, log, REDIS_URL=broker):

        def issued() -> bool:
            Job.objects.filter(state="running").update(heartbeat_at=date_long_ago())
            ring_on(broker)
            return reports_of(minato) >= 1

        wait_for(issued, 60, log)

    made = reports_of(minato)
    with tenant_scope(minato), transaction.atomic():
        assert MonthlyReport.objects.values("period").distinct().count() == made


def test_a_worker_that_is_told_to_stop_finishes_what_it_has_in_hand(broker, minato, tmp_path):
    log = tmp_path / "worker.log"
    with running(WORKER, log, REDIS_URL=broker) as worker:
        with transaction.atomic(), tenant_scope(minato):
            Contract.objects.select_for_update().get()  # the report's first step waits for us
            ring_on(broker)
            wait_for(lambda: waiting_backends(), 60, log)
            worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0

    assert not Job.objects.filter(state="running").exists()
    assert not Job.objects.exclude(error="").exists()
    assert not Job.objects.filter(attempts__gt=1).exists()


def waiting_backends() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks AS waiting"
            " WHERE NOT granted AND locktype IN ('transactionid', 'tuple') AND EXISTS ("
            "  SELECT FROM pg_locks AS held JOIN pg_database ON pg_database.oid = held.database"
            "  WHERE held.pid = waiting.pid AND datname = current_database()"
            ")"  # another worker of the tests waits in its own database
        )
        return cursor.fetchone()[0]


def date_long_ago():
    return timezone.now() - timedelta(hours=1)


def ring_on(broker: str) -> None:
    """Ring for what is due, as the beat's tick does, on the worker's own broker."""
    from portal.celery import app

    with app.connection_for_write(broker) as connection:
        app.send_task("tenants.tasks.tick", connection=connection, ignore_result=True)
