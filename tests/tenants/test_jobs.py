"""The row is the record, the broker only a bell."""

import threading
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from contracts.models import Contract
from tenants.models import AuditEvent, Job, JobState
from tenants.scoping import TenantScopeMissing, active_tenants, tenant_scope
from tenants.services import audit, jobs
from tenants.tasks import run_job, tick
from tests.factories import ContractFactory, TenantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rung(monkeypatch) -> list[int]:
    """The ids that the broker was told, instead of a broker."""
    told: list[int] = []
    monkeypatch.setattr(
        run_job, "apply_async", lambda kwargs, **options: told.append(kwargs["job_id"])
    )
    return told


@pytest.fixture
def done(monkeypatch) -> list[str]:
    """The keys of the jobs that the handlers below were given."""
    given: list[str] = []

    def note(job: Job) -> None:
        given.append(job.key)

    def fail(job: Job) -> None:
        audit.record(actor=None, verb="half.done", subject=Contract.objects.get(), at=job.due_at)
        raise LookupError("Acme's secret")

    monkeypatch.setitem(jobs._kinds, "test.note", jobs.Kind(note, None))
    monkeypatch.setitem(jobs._kinds, "test.fail", jobs.Kind(fail, None))
    monkeypatch.setitem(jobs._kinds, "test.again", jobs.Kind(note, timedelta(minutes=5)))
    monkeypatch.setitem(jobs._kinds, "test.fail_again", jobs.Kind(fail, timedelta(minutes=5)))
    return given


def _job(tenant, kind="test.note", key="k", **columns) -> Job:
    jobs.enqueue(kind, tenant_id=tenant.pk, key=key)
    Job.objects.filter(kind=kind, key=key, tenant=tenant).update(**columns)
    return Job.objects.get(kind=kind, key=key, tenant=tenant)


def _stale(**columns) -> dict:
    """A running job without a sign of life: its worker was killed."""
    long_ago = timezone.now() - jobs.STALE_AFTER - timedelta(seconds=5)
    return {"state": JobState.RUNNING, "attempts": 1, "heartbeat_at": long_ago} | columns


def _now_due(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(due_at=timezone.now())


class TestEnqueue:
    def test_writes_one_job_a_kind_a_tenant_and_a_key(self, acme, globex):
        for tenant in (acme, acme, globex):
            jobs.enqueue("test.note", tenant_id=tenant.pk, key="k", ticket_id=7)
        jobs.enqueue("test.note", tenant_id=acme.pk, key="other")
        jobs.enqueue("test.again", tenant_id=acme.pk, key="k")

        assert Job.objects.count() == 4
        assert Job.objects.get(tenant=globex).payload == {"ticket_id": 7}

    def test_a_second_call_leaves_the_first_ones_job_alone(self, acme):
        jobs.enqueue("test.note", tenant_id=acme.pk, key="k", ticket_id=7)
        jobs.enqueue("test.note", tenant_id=acme.pk, key="k", ticket_id=8)

        assert Job.objects.get().payload == {"ticket_id": 7}

    def test_rings_on_commit_and_not_before(self, acme, rung, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            jobs.enqueue("test.note", tenant_id=acme.pk, key="k")
            assert rung == []

        assert rung == [Job.objects.get().pk]

    def test_rings_only_for_its_own_tenants_job(
        self, acme, globex, rung, django_capture_on_commit_callbacks
    ):
        _job(globex)
        with django_capture_on_commit_callbacks(execute=True):
            jobs.enqueue("test.note", tenant_id=acme.pk, key="k")

        assert rung == [Job.objects.get(tenant=acme).pk]

    def test_does_not_ring_for_what_is_due_later(
        self, acme, rung, django_capture_on_commit_callbacks
    ):
        later = timezone.now() + timedelta(hours=1)
        with django_capture_on_commit_callbacks(execute=True):
            jobs.enqueue("test.note", tenant_id=acme.pk, key="k", due_at=later)

        assert rung == []
        assert jobs.ring_due() == 0

    @pytest.mark.django_db(transaction=True)
    def test_a_rollback_takes_the_job_and_the_bell(self, acme, rung):
        with transaction.atomic():
            jobs.enqueue("test.note", tenant_id=acme.pk, key="k")
            transaction.set_rollback(True)

        assert (Job.objects.count(), rung) == (0, [])

    def test_starts_the_recurring_ones_once(self, acme, done, monkeypatch):
        monkeypatch.setattr(
            jobs, "_kinds", {k: v for k, v in jobs._kinds.items() if k.startswith("test.")}
        )
        for _ in range(2):
            jobs.start_recurring(acme.pk)

        assert set(Job.objects.values_list("kind", flat=True)) == {"test.again", "test.fail_again"}
        assert Job.objects.count() == 2

    def test_gives_clients_of_before_what_a_release_brought(self, acme, globex, done, monkeypatch):
        known = {k: v for k, v in jobs._kinds.items() if k.startswith("test.")}
        monkeypatch.setattr(jobs, "_kinds", known)
        jobs.enqueue("test.again", tenant_id=acme.pk, key="recurring")

        assert jobs.start_missing() == 3
        assert jobs.start_missing() == 0
        assert Job.objects.filter(tenant=globex).count() == 2


class TestRun:
    def test_does_the_job_once(self, acme, done):
        job = _job(acme)

        assert jobs.run(job.pk) is True
        assert jobs.run(job.pk) is False

        job.refresh_from_db()
        assert done == ["k"]
        assert (job.state, job.attempts, job.progress, job.error) == ("done", 1, 100, "")
        assert job.finished_at is not None

    def test_the_task_is_the_same_run(self, acme, done):
        job = _job(acme)

        run_job(job_id=job.pk)

        assert done == ["k"]

    def test_a_job_that_never_was_is_nothing_to_do(self, done):
        assert jobs.run(10**9) is False

    def test_is_in_its_own_tenants_scope(self, acme, globex, monkeypatch):
        for tenant in (acme, globex):
            ContractFactory(tenant=tenant, number=tenant.code)
        seen = []
        monkeypatch.setitem(
            jobs._kinds,
            "test.look",
            jobs.Kind(lambda job: seen.extend([active_tenants(), *Contract.objects.all()]), None),
        )

        assert jobs.run(_job(globex, "test.look").pk)

        assert seen[0] == {globex.pk}
        assert [contract.number for contract in seen[1:]] == ["GLOBEX"]
        assert active_tenants() is None

    def test_does_not_widen_a_scope_that_is_open(self, acme, globex, done):
        job = _job(globex)

        with tenant_scope(acme):
            assert jobs.run(job.pk) is False

        job.refresh_from_db()
        assert (done, job.error) == ([], "OutsideTenantScope")

    def test_is_not_early(self, acme, done):
        job = _job(acme, due_at=timezone.now() + timedelta(minutes=1))

        assert jobs.run(job.pk) is False
        assert done == []

    def test_a_kind_that_nobody_knows_is_a_failure(self, acme, done):
        job = _job(acme, "test.unknown")

        assert jobs.run(job.pk) is False

        job.refresh_from_db()
        assert (job.state, job.error) == ("waiting", "KeyError")


class TestFailure:
    def test_is_recorded_without_its_words_and_undone(self, acme, done):
        ContractFactory(tenant=acme)
        job = _job(acme, "test.fail")
        before = timezone.now()

        assert jobs.run(job.pk) is False

        job.refresh_from_db()
        assert (job.state, job.attempts, job.error) == ("waiting", 1, "LookupError")
        assert job.due_at >= before + timedelta(minutes=1)
        with tenant_scope(acme):
            assert not AuditEvent.objects.exists()

    def test_is_tried_again_later_and_later_and_the_fifth_is_the_last(self, acme, done):
        ContractFactory(tenant=acme)
        job, waits = _job(acme, "test.fail"), []
        for _ in range(5):
            _now_due(job)
            before = timezone.now()
            assert jobs.run(job.pk) is False
            job.refresh_from_db()
            waits.append(round((job.due_at - before) / timedelta(minutes=1)))

        assert waits[:4] == [1, 4, 9, 16]
        assert (job.state, job.attempts) == ("dead", 5)
        _now_due(job)
        assert jobs.ring_due() == 0
        assert jobs.run(job.pk) is False

    def test_a_job_that_comes_back_never_dies(self, acme, done):
        """Clock warnings must go on after an outage longer than five attempts."""
        ContractFactory(tenant=acme)
        job = _job(acme, "test.fail_again", attempts=9)
        before = timezone.now()

        assert jobs.run(job.pk) is False

        job.refresh_from_db()
        assert (job.state, job.error) == ("waiting", "LookupError")
        assert timedelta(minutes=16) <= job.due_at - before < timedelta(minutes=17)

    def test_success_forgets_the_failures_before(self, acme, done):
        job = _job(acme, "test.again", attempts=4, error="LookupError")

        assert jobs.run(job.pk)

        job.refresh_from_db()
        assert (job.attempts, job.error) == (0, "")


class TestRecurring:
    def test_comes_back_after_each_run(self, acme, done):
        job = _job(acme, "test.again")
        before = timezone.now()

        assert jobs.run(job.pk)

        job.refresh_from_db()
        assert job.state == "waiting"
        assert job.due_at >= before + timedelta(minutes=5)
        assert jobs.run(job.pk) is False
        _now_due(job)
        assert jobs.run(job.pk)
        assert done == ["k", "k"]


class TestAKilledWorker:
    def test_its_job_is_taken_up_again(self, acme, done, rung):
        job = _job(acme, **_stale())

        assert jobs.ring_due() == 1
        assert rung == [job.pk]
        assert jobs.run(job.pk)

        job.refresh_from_db()
        assert (done, job.state, job.attempts) == (["k"], "done", 2)

    def test_a_sign_of_life_is_respected(self, acme, done):
        job = _job(acme, **_stale(heartbeat_at=timezone.now()))

        assert jobs.ring_due() == 0
        assert jobs.run(job.pk) is False
        assert done == []

    def test_a_job_that_took_five_workers_down_is_dead(self, acme, done):
        job = _job(acme, **_stale(attempts=5))

        assert jobs.run(job.pk) is False

        job.refresh_from_db()
        assert (done, job.state, job.error) == ([], "dead", "WorkerLost")

    def test_a_recurring_one_rests_and_comes_back(self, acme, done):
        job = _job(acme, "test.again", **_stale(attempts=5))

        assert jobs.run(job.pk) is False

        job.refresh_from_db()
        assert (done, job.state, job.error) == ([], "waiting", "WorkerLost")
        _now_due(job)
        assert jobs.run(job.pk)


@pytest.mark.django_db(transaction=True)
class TestTwoWorkers:
    def test_whoever_holds_the_lock_runs_it_alone(self, acme, done):
        job = _job(acme, **_stale())
        with psycopg.connect(**connection.get_connection_params()) as other:
            other.execute("SELECT pg_advisory_lock(%s, %s)", [jobs.LOCK_SPACE, job.pk])
            assert jobs.run(job.pk) is False
            job.refresh_from_db()
            assert (done, job.attempts) == ([], 1)
            other.execute("SELECT pg_advisory_unlock_all()")

        assert jobs.run(job.pk)

    def test_the_same_bell_rung_many_times_at_once_is_one_run(self, acme, monkeypatch):
        runs, together = [], threading.Barrier(4)
        monkeypatch.setitem(
            jobs._kinds, "test.count", jobs.Kind(lambda job: runs.append(job.pk), None)
        )
        job = _job(acme, "test.count")

        def work():
            try:
                together.wait()
                jobs.run(job.pk)
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert runs == [job.pk]
        job.refresh_from_db()
        assert (job.state, job.attempts) == ("done", 1)

    def test_a_late_second_bell_does_not_stop_the_first_run(self, acme, done, monkeypatch):
        """It looks between the first one's two transactions, and must not hold the lock then."""
        job, do = _job(acme), jobs.do
        looked, go_on = threading.Event(), threading.Event()

        def look():
            try:
                with transaction.atomic():
                    jobs.begin(job.pk)
                    looked.set()
                    go_on.wait(5)
            finally:
                connection.close()

        def do_while_another_looks(job_id):
            thread = threading.Thread(target=look)
            thread.start()
            looked.wait(5)
            try:
                return do(job_id)
            finally:
                go_on.set()
                thread.join()

        monkeypatch.setattr(jobs, "do", do_while_another_looks)

        assert jobs.run(job.pk) is True
        assert done == ["k"]

    def test_killed_between_its_two_transactions_it_is_not_lost(self, acme, done, monkeypatch):
        job = _job(acme)
        monkeypatch.setattr(jobs, "do", _killed)
        with pytest.raises(SystemExit):
            jobs.run(job.pk)
        monkeypatch.undo()
        job.refresh_from_db()
        assert (job.state, job.attempts) == ("running", 1)

    def test_the_effect_and_its_record_are_one(self, acme, monkeypatch):
        """Killed after the effect and before the commit, neither is there; then both are."""
        ContractFactory(tenant=acme)

        def rename(job: Job) -> None:
            assert Contract.objects.update(title="Renamed") == 1

        monkeypatch.setitem(jobs._kinds, "test.rename", jobs.Kind(rename, None))
        job = _job(acme, "test.rename")
        with monkeypatch.context() as patch:
            patch.setattr(jobs, "finish", _killed)
            with pytest.raises(SystemExit):
                jobs.run(job.pk)
        with tenant_scope(acme), transaction.atomic():
            assert not Contract.objects.filter(title="Renamed").exists()

        Job.objects.update(**_stale())
        assert jobs.run(job.pk)
        with tenant_scope(acme), transaction.atomic():
            assert Contract.objects.filter(title="Renamed").exists()


def _killed(*_args) -> None:
    raise SystemExit


class TestTheBroker:
    @pytest.fixture
    def away(self, monkeypatch):
        def refuse(kwargs, **options):
            raise run_job.OperationalError("Connection refused")

        monkeypatch.setattr(run_job, "apply_async", refuse)
        monkeypatch.setattr(jobs, "_quiet_until", 0.0)

    def test_away_it_is_asked_once_and_not_again_before_the_tick(self, acme, monkeypatch, away):
        asked = []
        refuse = run_job.apply_async

        def count(kwargs, **options):
            asked.append(kwargs["job_id"])
            refuse(kwargs, **options)

        monkeypatch.setattr(run_job, "apply_async", count)
        ids = [_job(acme, key=key).pk for key in "abc"]

        assert [jobs.ring(pk) for pk in ids] == [False, False, False]
        assert asked == ids[:1]
        assert jobs.ring_due() == 3  # the tick tries again, and no further than the first refusal
        assert asked == [ids[0], ids[0]]

    def test_away_it_loses_nothing(self, acme, away, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            jobs.enqueue("test.note", tenant_id=acme.pk, key="k")

        assert Job.objects.get().state == "waiting"

    def test_the_next_tick_rings(
        self, acme, monkeypatch, away, rung, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            jobs.enqueue("test.note", tenant_id=acme.pk, key="k")
        tick()
        assert rung == []

        monkeypatch.setattr(
            run_job, "apply_async", lambda kwargs, **options: rung.append(kwargs["job_id"])
        )
        tick()

        assert rung == [Job.objects.get().pk]

    def test_a_tick_rings_for_all_tenants_oldest_first(self, rung):
        now = timezone.now()
        for age in (1, 3, 2):
            _job(TenantFactory(), due_at=now - timedelta(hours=age))

        assert jobs.ring_due() == 3
        assert list(Job.objects.order_by("due_at").values_list("pk", flat=True)) == rung

    def test_a_tick_does_not_ring_for_the_dead_and_the_done(self, acme, rung):
        _job(acme, key="dead", state=JobState.DEAD)
        _job(acme, key="done", state=JobState.DONE)

        assert (jobs.ring_due(), rung) == (0, [])


def test_an_audit_event_needs_the_scope_of_its_subject(acme):
    contract = ContractFactory(tenant=acme)

    with pytest.raises(TenantScopeMissing):
        audit.record(actor=None, verb="x", subject=contract, at=timezone.now())
    with tenant_scope(acme):
        audit.record(actor=None, verb="x", subject=contract, at=timezone.now(), why="because")
        event = AuditEvent.objects.get()
    assert (event.subject_type, event.subject_id) == ("contracts.contract", contract.pk)
    assert (event.tenant_id, event.data) == (acme.pk, {"why": "because"})


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_while_the_work_is_not_committed(acme, monkeypatch):
    seen = []

    def half(job: Job) -> None:
        jobs.show_progress(job, 50)
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT progress, state FROM tenants_job WHERE id = %s", [job.pk])
            seen.append(cursor.fetchone())
        other.close()

    monkeypatch.setitem(jobs._kinds, "test.half", jobs.Kind(half, None))
    jobs.enqueue("test.half", tenant_id=acme.pk, key="once")

    assert jobs.run(Job.objects.get(kind="test.half").pk)
    assert seen == [(50, "running")]
    assert Job.objects.get(kind="test.half").progress == 100
