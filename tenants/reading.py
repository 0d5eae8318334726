"""
Rows as plain tuples, tens of thousands of them, read as fast as the driver can.

Django reads an instant in Python, some fifteen times slower than the driver's own C does; a month of
ten thousand tickets holds a hundred thousand of them. They travel as the numbers that they are, not as
text. The SQL is the queryset's own, so the scope and row security hold as everywhere; the values are
those of the columns, no field converts them.
"""

from django.db import connection
from django.db.models import QuerySet
from psycopg import Cursor
from psycopg.pq import Format
from psycopg.types.datetime import TimestamptzBinaryLoader


def read(rows: QuerySet) -> list[tuple]:
    """Return the rows of a `values_list`; instants are aware, in UTC, the session's own zone."""
    sql, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        text = cursor.mogrify(sql, params)
        cursor.cursor = Cursor(connection.connection)  # Django's own one reads text only
        cursor.cursor.format = Format.BINARY
        cursor.cursor.adapters.register_loader("timestamptz", TimestamptzBinaryLoader)
        cursor.execute(text)
        return cursor.fetchall()
