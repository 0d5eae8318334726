"""
The second and third wall, derived from the model registry after every migrate (ADR 2).

For each tenant's table: row security with a permissive policy and a restrictive floor, the key
(tenant_id, id), a composite foreign key for each reference to another tenant's table, a guard that
`tenant_id` never changes, and guards of append-only tables and of rows that froze. The grants
of the app's role come last, so a table without walls is unreadable.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.db import connections, models

from tenants import audit_chain, searching
from tenants.models.owned import TenantOwned

IN_SCOPE = "(tenant_id = ANY ((( SELECT app.current_tenants() AS current_tenants))::bigint[]))"
OWN_OR_IN_SCOPE = (
    "((tenant_id = ANY ((( SELECT app.tenants_or_none() AS tenants_or_none))::bigint[]))"
    " OR (user_id = ( SELECT app.acting_user() AS acting_user)))"
)
READ_ONLY = {"django_migrations"}  # the app may look whether it is up to date

FUNCTIONS = """
CREATE SCHEMA IF NOT EXISTS app;
CREATE OR REPLACE FUNCTION app.current_tenants() RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE told text := current_setting('app.tenants', true);
BEGIN
    IF told IS NULL OR told = '' THEN
        RAISE EXCEPTION 'No tenant scope in this transaction.' USING ERRCODE = 'PT001';
    END IF;
    RETURN told;
END $$;
CREATE OR REPLACE FUNCTION app.tenants_or_none() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(nullif(current_setting('app.tenants', true), ''), '{}') $$;
CREATE OR REPLACE FUNCTION app.acting_user() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.user', true), '')::bigint $$;
CREATE OR REPLACE FUNCTION app.refuse_change() RETURNS trigger LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '% rows are never changed or deleted.', TG_TABLE_NAME USING ERRCODE = 'PT002';
END $$;
CREATE OR REPLACE FUNCTION app.refuse_move() RETURNS trigger LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'A row of % never changes its tenant.', TG_TABLE_NAME USING ERRCODE = 'PT003';
END $$;
"""
FUNCTIONS += audit_chain.FUNCTIONS


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule of row security, in the words that the catalogue gives back."""

    name: str
    kind: str
    command: str
    using: str
    check: str | None

    def sql(self, table: str) -> str:
        check = f" WITH CHECK ({self.check})" if self.check else ""
        return (
            f'DROP POLICY IF EXISTS {self.name} ON "{table}";'
            f' CREATE POLICY {self.name} ON "{table}" AS {self.kind} FOR {self.command}'
            f" TO PUBLIC USING ({self.using}){check};"
        )


@dataclass(frozen=True, slots=True)
class CompositeKey:
    """`column` of `table` points to `target` of the same tenant."""

    table: str
    column: str
    target: str

    @property
    def name(self) -> str:
        return f"{self.table}_{self.column}_wall"[:63]


def tenant_models() -> list[type[TenantOwned]]:
    return [m for m in apps.get_models() if issubclass(m, TenantOwned)]


def directory_tables() -> list[str]:
    """Return the tables that belong to no tenant: people, tenants, sessions, jobs, Django's own."""
    owned = set(tenant_models())
    return [
        m._meta.db_table
        for m in apps.get_models(include_auto_created=True)
        if m not in owned and m._meta.managed
    ]


def composite_keys(model: type[TenantOwned]) -> Iterator[CompositeKey]:
    for field in model._meta.local_fields:
        if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TenantOwned):
            yield CompositeKey(
                model._meta.db_table, field.column, field.related_model._meta.db_table
            )


def policies_of(model: type[TenantOwned]) -> list[Policy]:
    """
    Return the table's policies: rows of the scope, and a floor that no careless policy can lift.

    A person may always read their own memberships: the scope is made from them. Writing them
    stays inside the scope, as everywhere.
    """
    own = model._meta.label == "tenants.Membership"
    seen = OWN_OR_IN_SCOPE if own else IN_SCOPE
    policies = [
        Policy("tenant_rows", "PERMISSIVE", "ALL", seen, IN_SCOPE),
        Policy("tenant_floor", "RESTRICTIVE", "ALL", seen, IN_SCOPE),
    ]
    if own:
        policies += [
            Policy("tenant_update", "RESTRICTIVE", "UPDATE", IN_SCOPE, None),
            Policy("tenant_delete", "RESTRICTIVE", "DELETE", IN_SCOPE, None),
        ]
    return policies


def functions() -> dict[str, str]:
    """Return the body of each function of the walls, by name."""
    own = dict(re.findall(r"FUNCTION app\.(\w+)\(\).*?AS \$\$(.*?)\$\$", FUNCTIONS, re.DOTALL))
    return (
        own
        | searching.bodies()
        | {guard.name: guard.body for model in tenant_models() for guard in model.guards}
    )


def guards_of(model: type[TenantOwned]) -> list[str]:
    """Return the names of the triggers that the table must have."""
    names = ["tenant_stays"]
    if model.append_only:
        names.append("append_only")
    if model.frozen_once:
        names.append("frozen")
    if own := audit_chain.TRIGGERS.get(model._meta.label):
        names.append(own[0])
    return names + [guard.name for guard in model.guards]


def build(sender=None, using: str = "owner", **kwargs) -> None:
    """Raise the walls around every table that exists; running it again changes nothing."""
    if using != "owner":
        return
    app_role = settings.DATABASES["default"]["USER"]
    with connections[using].cursor() as cursor:
        existing = set(connections[using].introspection.table_names(cursor))
        cursor.execute(FUNCTIONS)
        cursor.execute(guard_functions())
        cursor.execute(searching.build(existing))
        cursor.execute(f'GRANT USAGE ON SCHEMA app, public TO "{app_role}"')
        cursor.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA app FROM PUBLIC")
        cursor.execute(f'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA app TO "{app_role}"')
        walled = [m for m in tenant_models() if m._meta.db_table in existing]
        for model in walled:
            cursor.execute(key_of(model._meta.db_table))
        for model in walled:
            cursor.execute(wall_around(model, existing))
        cursor.execute(grants(walled, existing, app_role))


def key_of(table: str) -> str:
    return add_constraint(table, f"{table}_tenant_key"[:63], "UNIQUE (tenant_id, id)")


def wall_around(model: type[TenantOwned], existing: set[str]) -> str:
    table = model._meta.db_table
    statements = [f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY;']
    statements += [policy.sql(table) for policy in policies_of(model)]
    for key in composite_keys(model):
        if key.target in existing:
            statements.append(
                add_constraint(
                    table,
                    key.name,
                    f'FOREIGN KEY (tenant_id, "{key.column}")'
                    f' REFERENCES "{key.target}" (tenant_id, id)',
                )
            )
    moved = "WHEN (OLD.tenant_id IS DISTINCT FROM NEW.tenant_id)"
    statements.append(
        trigger(table, "tenant_stays", "UPDATE OF tenant_id", "app.refuse_move", moved)
    )
    if model.append_only:
        statements.append(trigger(table, "append_only", "UPDATE OR DELETE", "app.refuse_change"))
    if model.frozen_once:
        condition = f"WHEN (OLD.{model.frozen_once} IS NOT NULL)"
        statements.append(
            trigger(table, "frozen", "UPDATE OR DELETE", "app.refuse_change", condition)
        )
    if own := audit_chain.TRIGGERS.get(model._meta.label):
        name, create = own
        statements.append(f'DROP TRIGGER IF EXISTS {name} ON "{table}"; {create}')
    for guard in model.guards:
        statements.append(trigger(table, guard.name, guard.event, f"app.{guard.name}"))
    return "\n".join(statements)


def guard_functions() -> str:
    """Return the functions of the models' own guards; they look at the tables when they are called."""
    guards = {guard.name: guard for model in tenant_models() for guard in model.guards}
    return "\n".join(
        f"CREATE OR REPLACE FUNCTION app.{guard.name}() RETURNS trigger LANGUAGE plpgsql"
        f" AS $${guard.body}$$;"
        for guard in guards.values()
    )


def trigger(table: str, name: str, event: str, function: str, when: str = "") -> str:
    return (
        f'CREATE OR REPLACE TRIGGER {name} BEFORE {event} ON "{table}" FOR EACH ROW {when}'
        f" EXECUTE FUNCTION {function}();"
    )


def add_constraint(table: str, name: str, definition: str) -> str:
    return (
        "DO $do$ BEGIN IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid ="
        f" '\"{table}\"'::regclass AND conname = '{name}') THEN"
        f' ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}; END IF; END $do$;'
    )


def grants(walled: list[type[TenantOwned]], existing: set[str], app_role: str) -> str:
    statements = []
    for model in walled:
        verbs = "SELECT, INSERT" if model.append_only else "SELECT, INSERT, UPDATE, DELETE"
        statements.append(f'GRANT {verbs} ON "{model._meta.db_table}" TO "{app_role}";')
        # Rows that point to each other know their ids before they are written (services/at_once.py).
        statements.append(
            f'GRANT USAGE ON SEQUENCE "{model._meta.db_table}_id_seq" TO "{app_role}";'
        )
    for table in existing & set(directory_tables()):
        statements.append(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO "{app_role}";')
    for table in existing & READ_ONLY:
        statements.append(f'GRANT SELECT ON "{table}" TO "{app_role}";')
    return "\n".join(statements)
