"""
Querysets whose SQL is written once a process: what every request asks costs no writing of SQL.

Django writes the SQL of a queryset anew at each use, which costs more than a small answer does. A
prepared one keeps it, one for a scope of one tenant and one for a scope of several; what changes
from use to use is a `Slot`. From its second use the server keeps its plan too, where the session is
ours alone (`keep_plans`): planning a list takes longer than reading it.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from django.db import NotSupportedError, connection, models
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models.query import ModelIterable, get_related_populators

from tenants import scoping


class Slot(models.Expression):
    """A value that is told at each use: `filter(number=Slot("number", models.TextField()))`."""

    def __init__(self, name: str, output_field: models.Field) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler, connection) -> tuple[str, list[object]]:
        return "%s", [self]


@models.ForeignKey.register_lookup
class Among(models.Lookup):
    """`owner__among=Slot(...)`: in a list of ids that is told, in SQL that fits a list of any length."""

    lookup_name = "among"

    def as_sql(self, compiler, connection) -> tuple[str, list[object]]:
        column, params = self.process_lhs(compiler, connection)
        told, more = self.process_rhs(compiler, connection)
        return f"{column} = ANY({told}::bigint[])", [*params, *more]


def counted(rows: models.QuerySet, **counts: models.Aggregate) -> models.QuerySet:
    """Return a queryset of one row with these counts, in their order: `aggregate`, but not asked yet."""
    whole = rows.order_by().annotate(whole=models.Value(1)).values("whole")
    return whole.annotate(**counts).values_list(*counts)


class Plan:
    """The SQL of a queryset, what it must be told at each use, and how its rows are read."""

    def __init__(self, rows: models.QuerySet) -> None:
        self.uses = 0
        self.compiler = rows.query.get_compiler(connection=connection)
        with scoping.preparing():
            self.sql, self.params = with_constants(*self.compiler.as_sql())
        self.in_scope = any(param is scoping.TOLD for param in self.params)
        select = self.compiler.select
        self.converters = self.compiler.get_converters(
            [part[0] for part in select[: self.compiler.col_count]]
        )
        self.makes_models = issubclass(rows._iterable_class, ModelIterable)
        if self.makes_models:
            info = self.compiler.klass_info
            self.begin, end = info["select_fields"][0], info["select_fields"][-1]
            self.end, self.model = end + 1, info["model"]
            self.names = [part[0].target.attname for part in select[self.begin : self.end]]
            self.related = get_related_populators(info, select, connection.alias)

    def told(self, values: dict[str, Any]) -> list[object]:
        scope = scoping.told() if self.in_scope else None
        return [values[param.name] if isinstance(param, Slot) else scope for param in self.params]

    def read(self, rows: Sequence[tuple]) -> list[Any]:
        if self.converters:
            rows = [tuple(row) for row in self.compiler.apply_converters(rows, self.converters)]
        return [self.made(row) for row in rows] if self.makes_models else list(rows)

    def made(self, row: Sequence[Any]) -> models.Model:
        found = self.model.from_db(connection.alias, self.names, row[self.begin : self.end])
        for populator in self.related:
            populator.populate(row, found)
        return found


def with_constants(sql: str, params: Sequence[object]) -> tuple[str, list[object]]:
    """Write what never changes into the SQL: a plan that is kept may then use a partial index."""
    told, left = iter(params), []

    def written(found: re.Match) -> str:
        if found[0] == "%%":
            return found[0]
        param = next(told)
        if isinstance(param, Slot) or param is scoping.TOLD:
            left.append(param)
            return found[0]
        return connection.ops.compose_sql("%s", [param]).replace("%", "%%")

    return re.sub("%[%s]", written, sql), left


class Keeping(ServerBindingCursor):
    """A cursor whose statements the server plans once a session."""

    def _send_query_prepared(self, name: bytes, pgq: Any, **options: Any) -> None:
        self._query = pgq  # Django's log of statements reads it; psycopg notes it of others only
        super()._send_query_prepared(name, pgq, **options)


def keep_plans(sender: Any, connection: Any, **kwargs: Any) -> None:
    """
    Let a new session keep plans, if it is ours alone.

    A pooler lends another session to each transaction, which would not know them; it also gives a
    process number of its own making instead of the server's.
    """
    raw = connection.connection
    (server,) = raw.execute("SELECT pg_backend_pid()").fetchone()
    raw.prepare_threshold = 0 if server == raw.info.backend_pid else None


def fetch(plan: Plan, values: dict[str, Any]) -> list[Any]:
    plan.uses += 1
    with connection.cursor() as cursor:
        if plan.uses > 1 and connection.connection.prepare_threshold is not None:
            cursor.cursor = Keeping(connection.connection)
        try:
            cursor.execute(plan.sql, plan.told(values))
        except NotSupportedError:
            connection.close()  # a migration gave a column another type: the next request plans anew
            raise
        return plan.read(cursor.fetchall())


class Prepared:
    """A queryset that is made, and its SQL written, when it is first asked."""

    def __init__(self, make: Callable[[], models.QuerySet]) -> None:
        self.make = make
        self.plans: dict[bool, Plan] = {}

    def all(self, **values: Any) -> list[Any]:
        """Return the rows, with these values in the slots; models, or tuples of `values_list`."""
        one = scoping.is_one()
        if (plan := self.plans.get(one)) is None:
            plan = self.plans[one] = Plan(self.make())
        return fetch(plan, values)

    def first(self, **values: Any) -> Any | None:
        return next(iter(self.all(**values)), None)


class Lists:
    """Lists that are asked again and again in the same words: the SQL of the latest is kept."""

    def __init__(self, most: int = 256) -> None:
        self.most = most
        self.plans: OrderedDict[tuple[Hashable, bool], Plan] = OrderedDict()

    def all(
        self, words: Hashable | None, make: Callable[[], models.QuerySet], **values: Any
    ) -> list[Any]:
        """
        Return the rows of `make()`, with these values in the slots.

        It depends on `words` and the scope and nothing else; where it depends on more, words are None.
        """
        if words is None:
            return fetch(Plan(make()), values)
        key = (words, scoping.is_one())
        if (plan := self.plans.get(key)) is None:
            plan = self.plans[key] = Plan(make())
            if len(self.plans) > self.most:
                self.plans.popitem(last=False)
        return fetch(plan, values)


LISTS = Lists()
