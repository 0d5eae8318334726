"""
The first wall: which tenants this code may see (design.md section 11, ADR 2).

The scope is a set of tenant ids in a context variable. Every query of a tenant's table carries it
as an explicit predicate, read when the SQL is built, so a queryset made at import time is safe.
Without a scope the query raises; inside a scope, another can only be narrower.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Self

from django.apps import apps
from django.db import models

_active: ContextVar[frozenset[int] | None] = ContextVar("active_tenants", default=None)
_acting: ContextVar[int | None] = ContextVar("acting_user", default=None)
_one_by_one: ContextVar[str | None] = ContextVar("one_tenant_by_one", default=None)
_preparing: ContextVar[bool] = ContextVar("preparing_sql", default=False)


class TenantScopeMissing(RuntimeError):
    """A tenant's table was touched outside `tenant_scope(...)`."""


class OutsideTenantScope(RuntimeError):
    """Somebody reached for a tenant that the scope does not hold."""


def active_tenants() -> frozenset[int] | None:
    """Return the ids in scope; None where no scope is open."""
    return _active.get()


def is_one() -> bool:
    """Return whether one tenant is in scope: then SQL compares with it, else it looks in a list."""
    return len(_active.get() or ()) == 1


def acting_user() -> int | None:
    """Return the id of the signed-in user, who may read their own memberships; None for tasks."""
    return _acting.get()


@contextmanager
def tenant_scope(*tenants: "int | models.Model") -> Iterator[None]:
    """
    Open the given tenants (ids or rows) for the block; inside another scope only narrower.

    :raises OutsideTenantScope: if the surrounding scope does not hold one of them.
    """
    wanted = frozenset(t if isinstance(t, int) else t.pk for t in tenants)
    outer = _active.get()
    if outer is not None and not wanted <= outer:
        raise OutsideTenantScope("A scope can only be narrowed.")
    token = _active.set(wanted)
    try:
        yield
    finally:
        _active.reset(token)


@contextmanager
def unpeopled_scope(tenant: models.Model) -> Iterator[None]:
    """
    Open a client that nobody belongs to yet, whatever the surrounding scope: to seat its first person.

    The only way out of a scope. It leads nowhere where somebody is: such a client has its own people.

    :raises OutsideTenantScope: if the client has a seat already, or had one.
    """
    token = _active.set(frozenset({tenant.pk}))
    try:
        if apps.get_model("tenants.Membership").objects.exists():
            raise OutsideTenantScope("This client has its people.")
        yield
    finally:
        _active.reset(token)


@contextmanager
def acting_as(user_id: int | None) -> Iterator[None]:
    """Name the signed-in user for the block."""
    token = _acting.set(user_id)
    try:
        yield
    finally:
        _acting.reset(token)


def require_in_scope(tenant_ids: Iterable[int | None]) -> None:
    """
    Check that each tenant is in scope.

    :raises TenantScopeMissing: if no scope is open.
    :raises OutsideTenantScope: if one of them is not in it.
    """
    if (active := _active.get()) is None:
        raise TenantScopeMissing("Open tenant_scope(...) around this write.")
    if not active.issuperset(tenant_ids):
        raise OutsideTenantScope("This row belongs to a tenant outside the scope.")


TOLD = object()  # stands for the scope in SQL that is kept for other scopes (tenants.prepared)


@contextmanager
def preparing() -> Iterator[None]:
    """Let the SQL that is written in the block hold `TOLD` in place of the tenants in scope."""
    token = _preparing.set(True)
    try:
        yield
    finally:
        _preparing.reset(token)


def told() -> int | list[int]:
    """
    Return the scope as a parameter of SQL: one id, or several.

    :raises TenantScopeMissing: if no scope is open.
    """
    if (active := _active.get()) is None:
        raise TenantScopeMissing("Open tenant_scope(...) around this query.")
    return next(iter(active)) if len(active) == 1 else sorted(active)


class InScope(models.Func):
    """The tenants in scope as SQL, `tenant_id = 7` or `tenant_id = ANY('{7,9}')`."""

    output_field = models.BooleanField()
    arity = 1

    def as_sql(self, compiler, connection, **context):
        if (active := _active.get()) is None:
            raise TenantScopeMissing("Open tenant_scope(...) around this query.")
        column, params = compiler.compile(self.source_expressions[0])
        if outer := _one_by_one.get():
            return f"{column} = {outer}", params
        value = TOLD if _preparing.get() else told()
        if len(active) == 1:
            return f"{column} = %s", [*params, value]
        return f"{column} = ANY(%s::bigint[])", [*params, value]


class FirstOfEach(models.Subquery):
    """
    The ids of a page, a slice of an ordered list: `filter(pk__in=FirstOfEach(rows.order_by(...)[:9]))`.

    Each tenant in scope is asked by itself for as many rows as it can give to the page. So an index
    that begins with the tenant gives its rows in their order, the search stops at the last one
    wanted, and of these come the page's.
    """

    template = (
        "(SELECT its.pk FROM unnest(%%s::bigint[]) AS each(tenant)"
        " CROSS JOIN LATERAL (%(subquery)s) AS its ORDER BY %(order)s LIMIT %(limit)s OFFSET %(low)s)"
    )

    def __init__(self, page: models.QuerySet) -> None:
        query = page.query
        order = [ordering(by) for by in query.order_by]
        whole = page.all()
        whole.query.clear_limits()
        sorted_by = {f"by_{place}": by.expression for place, by in enumerate(order)}
        rows = whole.order_by(*order).values("pk").annotate(**sorted_by)[: query.high_mark]
        super().__init__(
            rows,
            order=", ".join(
                written(by, f"its.{name}") for name, by in zip(sorted_by, order, strict=True)
            ),
            limit=query.high_mark - query.low_mark,
            low=query.low_mark,
        )

    def as_sql(self, compiler, connection, template=None, **context):
        token = _one_by_one.set("each.tenant")
        try:
            sql, params = super().as_sql(compiler, connection, template, **context)
        finally:
            _one_by_one.reset(token)
        tenants = TOLD if _preparing.get() else sorted(_active.get() or ())
        return sql, (tenants, *params)


def ordering(by: str | models.F | models.expressions.OrderBy) -> models.expressions.OrderBy:
    """Return an argument of `order_by` as what it stands for."""
    if isinstance(by, str):
        field = models.F(by.removeprefix("-"))
        return field.desc() if by.startswith("-") else field.asc()
    return by if isinstance(by, models.expressions.OrderBy) else by.asc()


def written(by: models.expressions.OrderBy, column: str) -> str:
    """Return the order as SQL over another column that holds its values."""
    nulls = " NULLS LAST" if by.nulls_last else " NULLS FIRST" if by.nulls_first else ""
    return f"{column} {'DESC' if by.descending else 'ASC'}{nulls}"


class TenantQuerySet(models.QuerySet):
    def bulk_create(self, objs, *args, **kwargs):
        objs = list(objs)
        require_in_scope(row.tenant_id for row in objs)
        return super().bulk_create(objs, *args, **kwargs)

    def update(self, **kwargs) -> int:
        if kwargs.keys() & {"tenant", "tenant_id"}:
            raise OutsideTenantScope("A row never changes its tenant.")
        return super().update(**kwargs)


class TenantManager(models.Manager.from_queryset(TenantQuerySet)):
    def get_queryset(self) -> TenantQuerySet:
        return super().get_queryset().filter(InScope(models.F("tenant_id")))

    @classmethod
    def of(cls, queryset_class: type[TenantQuerySet]) -> Self:
        """Return a manager that speaks the words of `queryset_class`."""
        return cls.from_queryset(queryset_class)()
