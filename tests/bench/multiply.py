"""
A month with many tickets from one that was lived: its rows copied by SQL inside the same client.

All tables are filled in one statement, so the foreign keys are checked when every row is there; only the
triggers that guard append-only tables rest. The copies differ from the tickets that were lived by their
ids, numbers and keys, and nothing else.
"""

from collections.abc import Iterator

from django.db import connections, models, transaction

from tenants.models import AuditEvent, Tenant, TenantOwned
from tenants.walls import tenant_models
from tickets.models import Ticket

TOLD_OF = ("tickets.ticket",)  # whose audit events are copied with them


def multiply(tenant: Tenant, times: int) -> int:
    """Give each ticket of `tenant` `times` - 1 copies of all that hangs on it; return the rows made."""
    if times < 2:
        return 0
    copied = hanging()
    tables = [model._meta.db_table for model in copied]
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        for table in tables:
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
        cursor.execute(_statement(copied), {"copies": times - 1, "tenant": tenant.pk})
        (rows,) = cursor.fetchone()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # Django's own keys wait for the commit
        for table in tables:
            cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'),"
                f' (SELECT coalesce(max(id), 1) FROM "{table}"))',
                [table],
            )
        cursor.execute(
            "UPDATE tickets_ticketcounter SET last = (SELECT max(number) FROM tickets_ticket t"
            " WHERE t.tenant_id = %(tenant)s) WHERE tenant_id = %(tenant)s",
            {"tenant": tenant.pk},
        )
    return rows


def hanging() -> list[type[TenantOwned]]:
    """Return the tables whose rows belong to a ticket, whatever other table they lead through."""
    found: list[type[TenantOwned]] = [Ticket]
    while grown := [
        model
        for model in tenant_models()
        if model not in found and any(field.related_model in found for field in _links(model))
    ]:
        found += grown
    return [*found, AuditEvent]


def _links(model: type[models.Model]) -> Iterator[models.Field]:
    return (field for field in model._meta.local_concrete_fields if field.is_relation)


def _statement(copied: list[type[TenantOwned]]) -> str:
    """Return one statement that fills all the tables and counts what it made."""
    made = [
        f"m{n} AS (INSERT INTO {model._meta.db_table} ({names}) SELECT {values}"
        f" FROM {model._meta.db_table} t, generate_series(1, %(copies)s) k"
        f" WHERE t.tenant_id = %(tenant)s{_only(model)} RETURNING 1)"
        for n, model in enumerate(copied)
        for names, values in [_columns(model, copied)]
    ]
    far = (f"(SELECT max(id) FROM {model._meta.db_table})" for model in copied)
    distance = f"far AS MATERIALIZED (SELECT greatest({', '.join(far)}) AS ids,"
    distance += " (SELECT max(number) FROM tickets_ticket WHERE tenant_id = %(tenant)s) AS numbers)"
    counted = " + ".join(f"(SELECT count(*) FROM m{n})" for n in range(len(copied)))
    return f"WITH {', '.join([distance, *made])} SELECT {counted}"


def _only(model: type[TenantOwned]) -> str:
    if model is not AuditEvent:
        return ""
    kinds = ", ".join(f"'{kind}'" for kind in TOLD_OF)
    return f" AND t.subject_type IN ({kinds})"


def _columns(model: type[TenantOwned], copied: list[type[TenantOwned]]) -> tuple[str, str]:
    pairs = list(_values(model, copied))
    return ", ".join(f'"{name}"' for name, _ in pairs), ", ".join(value for _, value in pairs)


def _values(model: type[TenantOwned], copied: list[type[TenantOwned]]) -> Iterator[tuple[str, str]]:
    moved = "k * (SELECT ids FROM far)"
    for field in model._meta.local_concrete_fields:
        column = f't."{field.column}"'
        if getattr(field, "generated", False):
            continue
        is_told = model is AuditEvent and field.name == "subject_id"
        refers = field.is_relation and field.related_model in copied
        if field.primary_key or refers or is_told:
            yield field.column, f"{column} + {moved}"
        elif model is Ticket and field.name == "number":
            yield field.column, f"{column} + k * (SELECT numbers FROM far)"
        elif model is Ticket and field.name == "key":
            number = "(t.number + k * (SELECT numbers FROM far))"
            yield field.column, f"regexp_replace({column}, '[0-9]+$', '') || {number}"
        elif field.unique and isinstance(field, models.CharField):
            yield field.column, "substr(md5(random()::text || k || t.id), 1, 16)"
        else:
            yield field.column, column
