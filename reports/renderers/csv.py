"""The tables of a report as CSV: UTF-8 with BOM, one file a table, written as it is read."""

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from io import StringIO
from itertools import islice
from typing import Any

from contracts.domain.money import WHOLE, exponent_of
from reports.renderers import availability, insight, listing, monitoring, tables
from reports.renderers.edition import Edition
from reports.renderers.table import Column, Kind, Table
from tenants.exports import BOM, harmless

AT_ONCE = 500  # rows a piece
TABLES: dict[str, Callable[[Edition], Table]] = {
    "service-levels": tables.levels,
    "misses": tables.misses,
    "open-clocks": tables.open_clocks,
    "out-of-scope": tables.outside,
    "passed-on": tables.passed_on,
    "failure-patterns": tables.patterns,
    "availability": availability.systems,
    "downtime": availability.downtime,
    "maintenance": availability.maintenance,
    "alerts": monitoring.alerts,
    "alert-tickets": monitoring.alert_tickets,
    "alerts-held-back": monitoring.held_back,
    "findings": monitoring.findings,
    "routines": insight.routines,
    "releases": insight.releases,
    "open-items": insight.open_items,
    "tickets": listing.tickets,
    "statement": tables.lines,
    "time-entries": tables.entries,
    "late-entries": listing.late_work,
    "audit-chain": listing.chain_heads,
}
WITH_MONEY = {"statement", "time-entries", "late-entries"}
WITH_FINDINGS = {"findings"}


def csv_of(edition: Edition, name: str) -> Iterator[str]:
    """
    Yield the table `name` of TABLES in pieces of many rows.

    Numbers are plain, money in major units, times in minutes or seconds, days and instants as ISO
    8601, instants in the contract's zone with its offset. Language and zone are set only while a
    piece is made: nothing leaks into what else the thread does between two pieces.
    """
    with edition.speaking():
        table = TABLES[name](edition)
        rows = iter(table.rows)
        yielded = BOM + _written([[_head(column, table.currency) for column in table.columns]])
    while yielded:
        yield yielded
        with edition.speaking():
            piece = islice(rows, AT_ONCE)
            yielded = _written(_cells(table, row, edition) for row in piece)


def _written(rows: Iterable[Iterable[Any]]) -> str:
    out = StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _head(column: Column, currency: str) -> str:
    units = {Kind.MONEY: currency, Kind.MINUTES: "min", Kind.SECONDS: "s", Kind.EXACT: "s"}
    unit = units.get(column.kind)
    return f"{column.label} [{unit}]" if unit else column.label


def _cells(table: Table, row: tuple, edition: Edition) -> list[Any]:
    return [
        _cell(column, value, table.currency, edition)
        for column, value in zip(table.columns, row, strict=True)
    ]


def _cell(column: Column, value: Any, currency: str, edition: Edition) -> Any:
    if value is None:
        return ""
    match column.kind:
        case Kind.TEXT:
            return harmless(value)
        case Kind.KEYS:
            return harmless(", ".join(value))
        case Kind.MONEY:
            return Decimal(value).scaleb(-exponent_of(currency))
        case Kind.SHARE:
            return Decimal(value) / WHOLE
        case Kind.MOMENT if isinstance(value, datetime):
            return value.astimezone(edition.zone).isoformat(timespec="minutes")
    return value
