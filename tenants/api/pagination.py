"""
Pages by cursor: the next page begins after the last row of this one, however deep.

A cursor holds what the list is sorted by and the row's public name, never an internal id. No total
is counted: it would cost more than the page.
"""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from tenants.moments import as_instant

Rows = Callable[[], QuerySet]
USUAL, MOST = 25, 100
MOST_CURSOR = 400


@dataclass(frozen=True, slots=True)
class Order:
    """An order on offer: a column of instants (NULLs last) or none, then a unique name."""

    name: str
    column: str = ""
    descending: bool = False
    unique: str = "public_id"

    def of(self, rows: QuerySet) -> QuerySet:
        if not self.column:
            return rows.order_by(f"-{self.unique}" if self.descending else self.unique)
        by = F(self.column)
        first = by.desc(nulls_last=True) if self.descending else by.asc(nulls_last=True)
        return rows.order_by(first, self.unique)

    def after(self, value: datetime | None, name: str) -> Q:
        """Return the condition of the rows that follow one with this value and name."""
        follows = Q(**{f"{self.unique}__gt": name})
        if not self.column:
            return Q(**{f"{self.unique}__lt": name}) if self.descending else follows
        if value is None:
            return Q(**{self.column: None}) & follows
        beyond = Q(**{f"{self.column}__{'lt' if self.descending else 'gt'}": value})
        same = Q(**{self.column: value}) & follows
        return beyond | same | Q(**{self.column: None})


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[dict[str, Any]]
    next: str | None

    def answer(self, results: list[dict[str, Any]]) -> dict[str, Any]:
        return {"next": self.next, "results": results}


def page_of(
    request: Request, rows: Rows, orders: tuple[Order, ...], load: Callable[[Rows], list]
) -> Page:
    """
    Return the page that the request asks for.

    `rows` makes the list; `load` is given what makes the page of it, and returns mappings. Each
    mapping holds the order's column and its unique name.

    :raises ValidationError: if `limit`, `ordering` or `cursor` is none.
    """
    limit, order = limit_of(request), order_of(request, orders)
    cursor = request.query_params.get("cursor")
    after = read_cursor(cursor, order) if cursor else None

    def sliced() -> QuerySet:
        ordered = order.of(rows())
        following = ordered.filter(order.after(*after)) if after else ordered
        return following[: limit + 1]

    found = load(sliced)
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], next_address(request, order, last) if last else None)


def limit_of(request: Request) -> int:
    said = request.query_params.get("limit", str(USUAL))
    if not (said.isascii() and said.isdecimal() and len(said) <= 4 and 1 <= int(said) <= MOST):
        raise wrong("limit", _("Write a number from 1 to %d.") % MOST)
    return int(said)


def order_of(request: Request, orders: tuple[Order, ...]) -> Order:
    said = request.query_params.get("ordering", orders[0].name)
    found = next((order for order in orders if order.name == said), None)
    if found is None:
        names = ", ".join(order.name for order in orders)
        raise wrong("ordering", _("Choose one of these: %s.") % names)
    return found


def next_address(request: Request, order: Order, last: dict[str, Any]) -> str:
    value = last[order.column] if order.column else None
    said = json.dumps([order.name, value and value.isoformat(), last[order.unique]])
    cursor = base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")
    return replace_query_param(request.build_absolute_uri(), "cursor", cursor)


def read_cursor(cursor: str, order: Order) -> tuple[datetime | None, str]:
    """
    Return value and name of the row that a cursor stands after.

    :raises ValidationError: if it is no cursor of this order.
    """
    try:
        if len(cursor) > MOST_CURSOR:
            raise ValueError("too long")
        said = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        name, value, unique = said
        at = parse_datetime(value) if value is not None else None
        if name != order.name or not isinstance(unique, str) or "\0" in unique:
            raise ValueError("another order")
        unique.encode()  # half a surrogate pair is no text
        if value is not None and (at is None or at.tzinfo is None):
            raise ValueError("no instant")
        at = at and as_instant(at)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise wrong("cursor", _("Take the cursor from `next`, with the same ordering.")) from None
    return at, unique


def wrong(name: str, said: str) -> ValidationError:
    return ValidationError({name: [ErrorDetail(said, "invalid")]})


def paged(of: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """Return the serializer of a page of these, for the schema."""
    name = f"{of.__name__.removesuffix('Serializer')}PageSerializer"
    last = "The next page; null: the last."
    fields = {
        "next": serializers.URLField(allow_null=True, help_text=last),
        "results": of(many=True),
    }
    page = type(name, (serializers.Serializer,), fields)
    return extend_schema_serializer(many=False)(page)


def part_of(
    request: Request, rows: QuerySet | list, show: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """
    Return a page of what hangs on one thing, in the order of `rows`; its cursor counts rows.

    :raises ValidationError: if `limit` or `cursor` is none.
    """
    limit, said = limit_of(request), request.query_params.get("cursor", "0")
    if not (said.isascii() and said.isdecimal() and len(said) <= 6):
        raise wrong("cursor", _("Take the cursor from `next`, with the same ordering."))
    begin = int(said)
    found = list(rows[begin : begin + limit + 1])
    more = len(found) > limit
    address = request.build_absolute_uri()
    following = replace_query_param(address, "cursor", begin + limit) if more else None
    return {"next": following, "results": [show(row) for row in found[:limit]]}
