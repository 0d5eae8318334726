"""
Querysets whose SQL is written once a process: what every request asks costs no writing of SQL.

Django writes the SQL of a queryset anew at each use, which costs more than a small answer does. A
prepared one keeps it, one for a scope of one tenant and one for a scope of several; what changes
from use to use is a `Slot`.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from django.db import connection, models
from django.db.models.query import ModelIterable, get_related_populators

from tenants import scoping


class Slot(models.Expression):
    """A value that is told at each use: `filter(number=Slot("number", models.TextField()))`."""

    def __init__(self, name: str, output_field: models.Field) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler, connection) -> tuple[str, list[object]]:
        return "%s", [self]


class Plan:
    """The SQL of a queryset with its parameters, and how its rows are read."""

    def __init__(self, rows: models.QuerySet) -> None:
        self.compiler = rows.query.get_compiler(connection=connection)
        with scoping.preparing():
            self.sql, self.params = self.compiler.as_sql()
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
        return [
            values[param.name] if isinstance(param, Slot)
            else scope if param is scoping.TOLD
            else param
            for param in self.params
        ]  # fmt: skip

    def read(self, rows: Sequence[tuple]) -> list[Any]:
        if self.converters:
            rows = list(self.compiler.apply_converters(rows, self.converters))
        return [self.made(row) for row in rows] if self.makes_models else list(rows)

    def made(self, row: Sequence[Any]) -> models.Model:
        found = self.model.from_db(connection.alias, self.names, row[self.begin : self.end])
        for populator in self.related:
            populator.populate(row, found)
        return found


def fetch(plan: Plan, values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(plan.sql, plan.told(values))
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

    def all(self, words: Hashable, make: Callable[[], models.QuerySet]) -> list[Any]:
        """Return the rows of `make()`, which depends on `words` and the scope and nothing else."""
        key = (words, scoping.is_one())
        if (plan := self.plans.get(key)) is None:
            plan = self.plans[key] = Plan(make())
            if len(self.plans) > self.most:
                self.plans.popitem(last=False)
        return fetch(plan, {})
