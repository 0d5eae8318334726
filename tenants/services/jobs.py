"""
Background work: the row is the record, the broker only a bell (ADR 3).

A job is written in the business transaction and rung on commit. Whoever runs it holds an advisory
lock for the length of the run, in the transaction that also holds the effect: a second delivery
finds the lock or the finished row, and a killed worker lets go of the lock with its connection.
"""

import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.errors import Refused
from tenants.models import Job, JobState, Membership, Tenant
from tenants.origin import coming_from
from tenants.scoping import tenant_scope
from tenants.services import audit

log = logging.getLogger(__name__)

Handler = Callable[[Job], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of job is done, and for a recurring one, how long after a run the next is due."""

    do: Handler
    every: timedelta | None


_kinds: dict[str, Kind] = {}

MOST_ATTEMPTS = 5
STALE_AFTER = timedelta(seconds=60)
MOST_RUNG = 2_000  # a tick: 400 jobs a second, more than ten thousand clients have due
QUIET_SECONDS = 5.0  # after a broker that is away: the beat's tick
_quiet_until = 0.0  # of this process, on its monotonic clock
LOCK_SPACE = 0x0A0B  # the first half of the advisory lock's key; the second is the job's id


def handles(kind: str, *, every: timedelta | None = None) -> Callable[[Handler], Handler]:
    """
    Register the function that does jobs of `kind`; it runs in one transaction and one tenant.

    With `every` each tenant has one such job, which comes back that long after each run.
    """

    def register(handler: Handler) -> Handler:
        _kinds[kind] = Kind(handler, every)
        return handler

    return register


def start_recurring(tenant_id: int) -> None:
    """Give a tenant the jobs that come back by themselves; safe to call again."""
    for kind, how in _kinds.items():
        if how.every:
            enqueue(kind, tenant_id=tenant_id, key="recurring")


def start_missing() -> int:
    """Give every tenant the recurring jobs that a newer release brought; return how many there were."""
    kinds = [kind for kind, how in _kinds.items() if how.every]
    rows = Job.objects.filter(kind__in=kinds, key="recurring")
    known = set(rows.values_list("tenant_id", "kind"))
    tenants = Tenant.objects.values_list("pk", flat=True)
    missing = [(t, k) for t in tenants for k in kinds if (t, k) not in known]
    now = timezone.now()
    Job.objects.bulk_create(
        (Job(kind=k, key="recurring", tenant_id=t, payload={}, due_at=now) for t, k in missing),
        batch_size=1000,
        ignore_conflicts=True,
    )
    return len(missing)


def enqueue(kind: str, *, tenant_id: int | None, key: str, due_at=None, **payload: object) -> None:
    """
    Write a job unless one with this kind, tenant and key exists; ring for it on commit.

    Without a tenant it is the portal's own and runs in no scope.
    """
    job = Job(
        kind=kind, key=key, tenant_id=tenant_id, payload=payload, due_at=due_at or timezone.now()
    )
    Job.objects.bulk_create([job], ignore_conflicts=True)
    transaction.on_commit(lambda: ring_for(kind, tenant_id, key), robust=True)


def ring_for(kind: str, tenant_id: int | None, key: str) -> None:
    job = Job.objects.filter(kind=kind, tenant_id=tenant_id, key=key, state=JobState.WAITING)
    for pk in job.filter(due_at__lte=timezone.now()).values_list("pk", flat=True):
        ring(pk)


def ring(job_id: int) -> bool:
    """
    Tell a worker, and return whether the broker took it. One that is away costs a tick, not the job.

    After it did not answer nobody waits for it again until the next tick is due.
    """
    global _quiet_until
    from tenants.tasks import run_job

    if time.monotonic() < _quiet_until:
        return False
    try:
        run_job.apply_async(kwargs={"job_id": job_id}, retry=False)
    except run_job.OperationalError as error:
        _quiet_until = time.monotonic() + QUIET_SECONDS
        log.warning("The broker did not take job %s: %s. The next tick tries again.", job_id, error)
        return False
    return True


def ring_due() -> int:
    """Ring for every due or stale job and return how many; safe to run twice at once."""
    global _quiet_until
    _quiet_until = 0.0
    now = timezone.now()
    due = Job.objects.due(now, now - STALE_AFTER).order_by("due_at").values_list("pk", flat=True)
    due = list(due[:MOST_RUNG])
    all(ring(job_id) for job_id in due)  # what one job is refused, the others would be too
    return len(due)


def run(job_id: int) -> bool:
    """
    Do the job if it is there to be done, and return whether it was done now.

    A failure is recorded and tried again later, after 1, 4, 9 and 16 minutes; the fifth makes the
    job dead. One that comes back by itself is tried every 16 minutes from then on.
    """
    with transaction.atomic():
        if not begin(job_id):
            return False
    try:
        with transaction.atomic():
            return do(job_id)
    except Exception as error:
        log.exception("Job %s failed", job_id)
        with transaction.atomic():
            note_failure(job_id, error)
        return False


def begin(job_id: int) -> bool:
    """
    Count the attempt where the job is due, or stale with nobody holding its lock.

    Only a stale job is asked for its lock: a late second delivery must not hold it in the moment
    between the first one's `begin` and `do`. A job that took its worker down five times has failed:
    it must not take down a sixth.
    """
    now = timezone.now()
    due = Job.objects.due(now, now - STALE_AFTER).filter(pk=job_id)
    job = due.select_for_update(skip_locked=True).first()
    if job is None:
        return False
    if job.state == JobState.RUNNING:
        if not try_lock(job_id):
            return False
        if job.attempts >= MOST_ATTEMPTS:
            put_off(job, "WorkerLost")
            return False
    job.state, job.attempts, job.heartbeat_at = JobState.RUNNING, job.attempts + 1, now
    job.save(update_fields=["state", "attempts", "heartbeat_at"])
    return True


def do(job_id: int) -> bool:
    if not try_lock(job_id):
        return False
    job = Job.objects.get(pk=job_id)
    if job.state != JobState.RUNNING:
        return False
    scope = tenant_scope(job.tenant_id) if job.tenant_id else nullcontext()
    with scope, coming_from(f"job {job.kind}"):
        _kinds[job.kind].do(job)
    finish(job, _kinds[job.kind].every)
    return True


def finish(job: Job, every: timedelta | None) -> None:
    now = timezone.now()
    job.finished_at, job.error = now, ""
    if every:
        job.state, job.attempts, job.due_at = JobState.WAITING, 0, now + every
    else:
        job.state, job.progress = JobState.DONE, 100
    job.save(update_fields=["finished_at", "error", "state", "attempts", "due_at", "progress"])


def try_lock(job_id: int) -> bool:
    """Take the job's advisory lock until the transaction ends; False where another has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_SPACE, job_id % 2_147_483_647]
        )
        return cursor.fetchone()[0]


def note_failure(job_id: int, error: Exception) -> None:
    job = Job.objects.select_for_update().get(pk=job_id)
    put_off(job, type(error).__name__)  # the message may quote a client's data: it is in the log


def put_off(job: Job, error: str) -> None:
    """Try again later; the fifth time never, unless the job comes back by itself anyway."""
    comes_back = job.kind in _kinds and _kinds[job.kind].every
    job.error = error
    job.state = JobState.WAITING
    if job.attempts >= MOST_ATTEMPTS and not comes_back:
        job.state = JobState.DEAD
    job.due_at = timezone.now() + timedelta(minutes=min(job.attempts, MOST_ATTEMPTS - 1) ** 2)
    job.save(update_fields=["error", "state", "due_at"])


def show_progress(job: Job, percent: int) -> None:
    """
    Say how far the job is, at once: on a connection of its own, while the work is not committed.

    It only ever grows. The run itself writes its row at the very end, so nobody waits for it here.
    """
    aside = connection.copy()
    try:
        with aside.cursor() as cursor:
            cursor.execute(
                "UPDATE tenants_job SET progress = %s, heartbeat_at = now()"
                " WHERE id = %s AND state = %s AND progress < %s",
                [percent, job.pk, JobState.RUNNING, percent],
            )
    finally:
        aside.close()


@transaction.atomic
def retry(*, job: Job, actor: Membership | None, now: datetime) -> None:
    """
    Give a dead job its five attempts again, from now; the audit of its client says who.

    :raises Refused: if it is not dead any more.
    """
    job = Job.objects.select_for_update(of=["self"]).get(pk=job.pk)
    if job.state != JobState.DEAD:
        raise Refused(_("This job is not dead any more."))
    job.state, job.attempts, job.due_at = JobState.WAITING, 0, now
    job.save(update_fields=["state", "attempts", "due_at"])
    if job.tenant_id:
        audit.record(
            actor=actor, verb="job.retried", subject=job, at=now, kind=job.kind, error=job.error
        )
    transaction.on_commit(lambda: ring(job.pk), robust=True)
