"""
Rows that point to each other, written by one statement.

PostgreSQL checks foreign keys at the end of a statement, so a circle of rows (a ticket, its stage,
the decision that the stage carries) is written whole where its ids are known before: `next_id` and
`next_ids` take them from the tables' sequences.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby

from django.db import connection, models

from tenants.scoping import require_in_scope

Statement = tuple[str, list[object]]


def next_id(model: type[models.Model]) -> str:
    """Return the SQL of the next id of a table."""
    return f"nextval('{model._meta.db_table}_id_seq')"


def next_ids(model: type[models.Model], number: int) -> str:
    """Return the SQL of an array of the next ids of a table."""
    return f"ARRAY(SELECT {next_id(model)} FROM generate_series(1, {number}))"  # noqa: S608


def insert_all(rows: Sequence[models.Model]) -> list[Statement]:
    """Return an INSERT for each run of rows of one table; each row that is pointed to has its id."""
    require_in_scope(row.tenant_id for row in rows)
    runs = groupby(rows, key=lambda row: (type(row), row.pk is None))
    return [inserting(list(run)) for _kind, run in runs]


def inserting(rows: list[models.Model]) -> Statement:
    head, fields = columns_of(type(rows[0]), rows[0].pk is not None)
    one = f"({', '.join(['%s'] * len(fields))})"
    params = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for row in rows
        for field in fields
    ]
    return f"{head} VALUES {', '.join([one] * len(rows))}", params


@cache
def columns_of(model: type[models.Model], knows_id: bool) -> tuple[str, list[models.Field]]:
    """Return the beginning of the INSERT of a table, and its fields with or without the id."""
    fields = [f for f in model._meta.local_concrete_fields if knows_id or not f.primary_key]
    names = ", ".join(f'"{field.column}"' for field in fields)
    return f'INSERT INTO "{model._meta.db_table}" ({names})', fields


def in_one(parts: Mapping[str, Statement], answer: str) -> Statement:
    """Return the statement that does all parts, each under its name, and then answers."""
    named = ", ".join(f"{name} AS ({sql})" for name, (sql, _params) in parts.items())
    return f"WITH {named} {answer}", [value for _sql, values in parts.values() for value in values]


def insert(rows: Sequence[models.Model]) -> None:
    """Write the rows; each that another points to has its id."""
    parts = {f"row_{number}": part for number, part in enumerate(insert_all(rows))}
    with connection.cursor() as cursor:
        cursor.execute(*in_one(parts, "SELECT 1"))
    written(rows)


def written(rows: Sequence[models.Model]) -> None:
    """Note on the rows that they are in the database now."""
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
