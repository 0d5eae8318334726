"""
Does the database really hold the walls? Read from its catalogue, not from our own memory.

`findings()` is the sweep of the tests and of `check --deploy`: it compares the catalogue with the
model registry and names every difference. It writes nothing.
"""

from collections.abc import Iterator

from django.conf import settings
from django.db import connections

from tenants import searching, walls

POLICY_SQL = """
SELECT tablename, policyname, permissive, cmd, roles::text, qual, with_check FROM pg_policies
WHERE schemaname = 'public'
"""
CONSTRAINT_SQL = """
SELECT conrelid::regclass::text, conname, contype::text, condeferrable, convalidated,
       pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""
TABLE_SQL = """
SELECT c.relname, c.relrowsecurity, pg_get_userbyid(c.relowner),
       has_table_privilege(%(app)s, c.oid, 'SELECT'), has_table_privilege(%(app)s, c.oid, 'INSERT'),
       has_table_privilege(%(app)s, c.oid, 'UPDATE'), has_table_privilege(%(app)s, c.oid, 'DELETE'),
       has_table_privilege(%(app)s, c.oid, 'TRUNCATE')
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""
TRIGGER_SQL = """
SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
"""
FLAGS = ("SUPERUSER", "BYPASSRLS", "CREATEROLE")
ROLE_SQL = "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = %(app)s"
VIEW_SQL = """
SELECT c.relname FROM pg_class c WHERE c.relkind IN ('v', 'm')
AND c.relnamespace = 'public'::regnamespace AND c.relowner <> 10
AND NOT coalesce(c.reloptions::text LIKE '%%security_invoker=true%%', false)
"""
FUNCTION_SQL = "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = to_regnamespace('app')"
DEFINER_SQL = """
SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prosecdef AND n.nspname IN ('public', 'app')
"""


def findings(using: str = "default") -> list[str]:
    """Return every hole in the walls as one sentence each; an empty list means they stand."""
    with connections[using].cursor() as cursor:
        return list(_role(cursor)) + list(_tables(cursor)) + list(_elsewhere(cursor))


def _rows(cursor, sql: str) -> list[tuple]:
    cursor.execute(sql, {"app": settings.DATABASES["default"]["USER"]})
    return cursor.fetchall()


def _role(cursor) -> Iterator[str]:
    app = settings.DATABASES["default"]["USER"]
    for flag, name in zip(_rows(cursor, ROLE_SQL)[0], FLAGS, strict=True):
        if flag:
            yield f"The app's role {app} has {name}."


def _tables(cursor) -> Iterator[str]:
    app = settings.DATABASES["default"]["USER"]
    tables = {row[0]: row[1:] for row in _rows(cursor, TABLE_SQL)}
    policies = {(row[0], row[1]): row[2:] for row in _rows(cursor, POLICY_SQL)}
    constraints = {(row[0].strip('"'), row[1]): row[2:] for row in _rows(cursor, CONSTRAINT_SQL)}
    triggers = {(row[0].strip('"'), row[1]): row[2] for row in _rows(cursor, TRIGGER_SQL)}
    models = walls.tenant_models()
    for name, (_secured, owner, *_privileges) in sorted(tables.items()):
        if owner == app:
            yield f"{name}: the app's role owns it."
    for model in models:
        table = model._meta.db_table
        if table not in tables:
            yield f"{table}: the table is missing; run migrate."
            continue
        yield from _security(model, tables[table][0], policies)
        yield from _keys(model, constraints)
        yield from _guards(model, triggers, tables[table][2:])
    known = {m._meta.db_table for m in models} | set(walls.directory_tables())
    for name in sorted(tables.keys() - known - walls.READ_ONLY):
        yield f"{name}: no model of the registry knows this table."


def _security(model, secured: bool, policies: dict) -> Iterator[str]:
    table = model._meta.db_table
    if not secured:
        yield f"{table}: row security is off."
    expected = {
        policy.name: (policy.kind, policy.command, "{public}", policy.using, policy.check)
        for policy in walls.policies_of(model)
    }
    for name, policy in expected.items():
        if policies.get((table, name)) != policy:
            yield f"{table}: the policy {name} is missing or altered."
    for of, name in policies:
        if of == table and name not in expected:
            yield f"{table}: nobody knows the policy {name}."


def _keys(model, constraints: dict) -> Iterator[str]:
    table = model._meta.db_table
    if (table, f"{table}_tenant_key"[:63]) not in constraints:
        yield f"{table}: the key (tenant_id, id) is missing."
    for key in walls.composite_keys(model):
        kind, deferrable, valid, definition = constraints.get(
            (table, key.name), ("", True, False, "")
        )
        if kind != "f" or deferrable or not valid or "(tenant_id, " not in definition:
            yield f"{table}: the composite key of {key.column} is missing or weak."


def _guards(model, triggers: dict, privileges: tuple) -> Iterator[str]:
    table = model._meta.db_table
    for name in walls.guards_of(model):
        if triggers.get((table, name)) != "O":
            yield f"{table}: the guard {name} is missing or off."
    select, insert, update, delete, truncate = privileges
    if not (select and insert) or truncate or (update, delete) != (not model.append_only,) * 2:
        yield f"{table}: the grants of the app's role are not the ones it needs."


def _elsewhere(cursor) -> Iterator[str]:
    written = dict(_rows(cursor, FUNCTION_SQL))
    for name, source in walls.functions().items():
        if written.get(name) != source:
            yield f"{name}: the function of the walls is missing or altered."
    for (name,) in _rows(cursor, VIEW_SQL):
        yield f"{name}: a view without security_invoker reads with its owner's eyes."
    known = {searching.finder(model) for model in searching.searched()}
    for name in sorted({name for (name,) in _rows(cursor, DEFINER_SQL)} - known):
        yield f"{name}: nobody knows this SECURITY DEFINER function."
