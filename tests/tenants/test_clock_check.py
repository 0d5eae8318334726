"""A host whose clock is off records nothing, runs nothing early, and says so."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants import clock_check
from tenants.models import Beat, Job, JobState
from tenants.services import jobs
from tenants.tasks import run_job, tick

pytestmark = pytest.mark.django_db
FIVE = timedelta(minutes=5)


@pytest.fixture
def done(monkeypatch, settings) -> list[str]:
    settings.CLOCK_MOST_SKEW = 60
    given: list[str] = []
    monkeypatch.setitem(
        jobs._kinds, "test.note", jobs.Kind(lambda job: given.append(job.key), None)
    )
    return given


def job_of(tenant, **columns) -> Job:
    jobs.enqueue("test.note", tenant_id=tenant.pk, key="k", **columns)
    return Job.objects.get(kind="test.note")


@pytest.mark.parametrize("off", [FIVE, -FIVE, timedelta(days=400)])
def test_a_host_whose_clock_is_off_does_no_background_work(
    acme, done, off, time_machine, caplog, client
):
    job = job_of(acme, due_at=timezone.now() + timedelta(minutes=4))
    time_machine.move_to(timezone.now() + off)

    run_job(job_id=job.pk)
    tick()

    assert done == []
    assert not Beat.objects.exists()
    assert "off the database's" in caplog.text
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert answer.json()["clock"] in {
        f"{off.total_seconds() + second:.0f} s off" for second in (-1, 0)
    }


def test_a_clock_that_is_nearly_right_works(acme, done, time_machine):
    job = job_of(acme, due_at=timezone.now() - timedelta(minutes=4))
    time_machine.move_to(timezone.now() + timedelta(seconds=20))

    run_job(job_id=job.pk)

    assert done == ["k"]
    assert timedelta(seconds=15) < clock_check.skew() < timedelta(seconds=25)


def test_a_clock_that_jumps_back_does_nothing_twice(acme, done, time_machine, settings):
    settings.CLOCK_MOST_SKEW = 0  # even where nobody asks
    job = job_of(acme)
    run_job(job_id=job.pk)

    time_machine.move_to(timezone.now() - timedelta(hours=1))
    run_job(job_id=job.pk)

    assert done == ["k"]
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.DONE, 1)
