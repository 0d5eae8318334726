"""
An event, what it tells of and the job that follows it, written by one statement: telling costs a
command nothing.
"""

from collections.abc import Sequence

from django.db import connection, models, transaction
from django.utils import timezone

from tenants.models import AuditEvent, Job
from tenants.services import jobs
from tenants.services.at_once import Statement, in_one, insert_all, written

OF_THE_EVENT = {  # what of the job is known once the event has its id
    "key": "event.id::text",
    "payload": "jsonb_build_object('event_id', event.id)",
}


def write(event: AuditEvent, kind: str = "", along: Sequence[models.Model] = ()) -> None:
    """
    Write the event, the rows that go `along` with it and, with a `kind`, its job (payload: event_id).

    The job is rung for on commit. The event and the rows with an id know afterwards that they stand.
    """
    parts = {f"row_{number}": insert for number, insert in enumerate(insert_all(along))}
    ((insert_event, told),) = insert_all([event])
    parts["event"] = f"{insert_event} RETURNING id", told
    answer = "SELECT event.id, NULL FROM event"
    if kind:
        parts["job"] = job_of_the_event(Job(kind=kind, tenant_id=event.tenant_id))
        answer = "SELECT event.id, job.id FROM event, job"
    with connection.cursor() as cursor:
        cursor.execute(*in_one(parts, answer))
        event.pk, job_id = cursor.fetchone()
    written([event, *along])
    if job_id is not None:
        transaction.on_commit(lambda: jobs.ring(job_id), robust=True)


def job_of_the_event(job: Job) -> Statement:
    columns, values, params = job_columns(job)  # table and columns are the model's own
    sql = f"INSERT INTO tenants_job ({columns}) SELECT {values} FROM event RETURNING id"  # noqa: S608
    return sql, params


def job_columns(job: Job) -> tuple[str, str, list[object]]:
    """Return the columns of a job, what stands for each in SQL, and the parameters."""
    job.due_at = timezone.now()
    names, values, params = [], [], []
    for field in Job._meta.local_concrete_fields:
        if field.primary_key:
            continue
        names.append(connection.ops.quote_name(field.column))
        values.append(OF_THE_EVENT.get(field.column, "%s"))
        if field.column not in OF_THE_EVENT:
            value = field.pre_save(job, add=True)
            params.append(field.get_db_prep_save(value, connection))
    return ", ".join(names), ", ".join(values), params
