"""An event and the job that follows it, written by one statement: telling costs a command nothing."""

from django.db import connection, transaction
from django.db.models.sql import InsertQuery
from django.utils import timezone

from tenants.models import AuditEvent, Job
from tenants.scoping import require_in_scope
from tenants.services import jobs

OF_THE_EVENT = {  # what of the job is known once the event has its id
    "key": "event.id::text",
    "payload": "jsonb_build_object('event_id', event.id)",
}


def write_with_job(event: AuditEvent, kind: str) -> None:
    """Write the event and its job of `kind` (payload: event_id), and ring for the job on commit."""
    require_in_scope([event.tenant_id])
    insert_event, told = inserting(event)
    columns, values, more = job_columns(Job(kind=kind, tenant_id=event.tenant_id))
    statement = (  # table and columns are the models' own
        f"WITH event AS ({insert_event} RETURNING id) INSERT INTO tenants_job ({columns})"  # noqa: S608
        f" SELECT {values} FROM event RETURNING id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*told, *more])
        job_id = cursor.fetchone()[0]
    transaction.on_commit(lambda: jobs.ring(job_id), robust=True)


def inserting(event: AuditEvent) -> tuple[str, tuple]:
    query = InsertQuery(AuditEvent)
    fields = [field for field in AuditEvent._meta.local_concrete_fields if not field.primary_key]
    query.insert_values(fields, [event])
    return query.get_compiler(connection=connection).as_sql()[0]


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
