"""Background work and its health."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tenants.models import AuditEvent, Beat, Job
from tenants.scoping import tenant_scope
from tenants.tasks import tick
from tests.portal.desk import browser_of

NOON = datetime(2026, 4, 15, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def job(tenant, key: str, state: str = "waiting", **fields) -> Job:
    return Job.objects.create(
        tenant=tenant, kind="report.issue", key=key, state=state, **{"due_at": NOON, **fields}
    )


@pytest.fixture
def manager(account_manager):
    with time_machine.travel(NOON + timedelta(minutes=90), tick=False):
        yield browser_of(account_manager)


def test_shows_my_clients_jobs_and_the_portals_own(manager, acme, globex):
    job(acme, "of-acme")
    job(globex, "of-globex")
    job(None, "of-the-portal")

    page = manager.get("/administration/jobs/").text

    assert "of-acme" in page
    assert "of-the-portal" in page
    assert "of-globex" not in page
    assert "1 h 30 min" in page  # the oldest that is due


def test_shows_one_state_and_why_a_job_died(manager, acme):
    job(acme, "fine", "done")
    job(acme, "broken", "dead", error="OperationalError", attempts=5)

    page = manager.get("/administration/jobs/?state=dead").text

    assert "broken" in page
    assert "OperationalError" in page
    assert "fine" not in page


def test_a_dead_job_is_tried_again_once(manager, acme):
    dead = job(acme, "broken", "dead", error="OperationalError", attempts=5)
    url = f"/administration/jobs/{dead.public_id}/retry/"

    assert manager.post(url).status_code == 302

    dead.refresh_from_db()
    assert (dead.state, dead.attempts) == ("waiting", 0)
    with tenant_scope(acme):
        assert AuditEvent.objects.get().verb == "job.retried"
    assert manager.post(url).status_code == 409


def test_another_clients_job_is_not_there(manager, globex):
    dead = job(globex, "broken", "dead")

    assert manager.post(f"/administration/jobs/{dead.public_id}/retry/").status_code == 404


def test_says_when_the_beat_is_silent(manager):
    assert "The beat is silent." in manager.get("/administration/jobs/").text

    tick()

    assert Beat.objects.get().name == "tick"
    assert "The beat is silent." not in manager.get("/administration/jobs/").text
    Beat.objects.update(at=NOON)
    assert "The beat is silent." in manager.get("/administration/jobs/").text


def test_asks_a_fixed_number_of_questions(manager, acme, django_assert_max_num_queries):
    for number in range(20):
        job(acme, f"n{number}")
    with django_assert_max_num_queries(10):
        manager.get("/administration/jobs/")
