"""
Many clients from one that was lived: its rows copied by SQL, every id moved by the same distance.

The copies are made by a superuser with triggers and foreign keys at rest: what they would check was
checked when the first client lived, and its copies differ by nothing but their ids.
"""

from collections.abc import Iterator

import psycopg
from django.apps import apps
from django.db import models
from psycopg import sql

from tenants.models import AuditEvent, AuditLink, Job, Tenant, TenantOwned
from tenants.walls import tenant_models

DISTANCE = 1_000_000  # between the ids of one client and the next; more than any table held


def clone(dsn: str, tenant: Tenant, copies: int) -> int:
    """Copy everything of `tenant` `copies` times and return how many rows that were."""
    with psycopg.connect(dsn) as connection:
        connection.execute("SET session_replication_role = replica")
        rows = connection.execute(
            "INSERT INTO tenants_tenant SELECT (jsonb_populate_record(NULL::tenants_tenant,"
            " to_jsonb(t) || jsonb_build_object('id', t.id + k * %(far)s, 'code', 'B' || k))).*"
            " FROM tenants_tenant t, generate_series(1, %(copies)s) k WHERE t.id = %(tenant)s",
            {"far": DISTANCE, "copies": copies, "tenant": tenant.pk},
        ).rowcount
        for model in tenant_models():
            if model is not AuditLink:  # its hashes are of the first client's ids
                rows += copied(connection, model, tenant, copies)
        for model in (Tenant, *tenant_models(), Job):
            table = model._meta.db_table
            connection.execute(
                sql.SQL(
                    "SELECT setval(pg_get_serial_sequence({name}, 'id'),"
                    " (SELECT coalesce(max(id), 1) FROM {table}))"
                ).format(name=sql.Literal(table), table=sql.Identifier(table))
            )
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    return rows


def copied(
    connection: psycopg.Connection, model: type[TenantOwned], tenant: Tenant, copies: int
) -> int:
    columns = dict(values_of(model))
    statement = sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {values} FROM {table} t,"
        " generate_series(1, {copies}) k WHERE t.tenant_id = {tenant}"
    ).format(
        table=sql.Identifier(model._meta.db_table),
        names=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(map(sql.SQL, columns.values())),
        copies=sql.Literal(copies),
        tenant=sql.Literal(tenant.pk),
    )
    return connection.execute(statement).rowcount


def values_of(model: type[TenantOwned]) -> Iterator[tuple[str, str]]:
    """Yield each column with what a copy holds in it: ids move, public ones are drawn anew."""
    owned = {*tenant_models(), Tenant}
    for field in model._meta.local_concrete_fields:
        if getattr(field, "generated", False):
            continue
        column = f't."{field.column}"'
        refers = field.is_relation and field.related_model in owned
        if field.primary_key or refers or (model is AuditEvent and field.name == "subject_id"):
            yield field.column, f"{column} + k * {DISTANCE}"
        elif field.unique and isinstance(field, models.CharField):
            yield field.column, "substr(md5(random()::text || k || t.id), 1, 16)"
        else:
            yield field.column, column


def biggest_id() -> int:
    """Return the highest id of any tenant's table; it must be below DISTANCE."""
    return max(
        model._base_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
        for model in apps.get_models()
        if issubclass(model, TenantOwned)
    )
