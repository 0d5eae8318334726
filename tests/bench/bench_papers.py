"""
How fast a report is drawn: `python -m tests.bench.bench_papers` prints a table.

A month of tickets is lived through the real commands; its frozen facts are then made as long as those
of months of 100, 1,000 and 10,000 tickets by repeating their rows. The floor is reading the same frozen
text, in turns with it: what every renderer must do first. For CSV it is the raw fetch of the month's
time entries from the database.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tests.bench.bench_report import lived_month, measure, set_up

LIVED, SIZES = 100, (100, 1_000, 10_000)
ISSUED = datetime(2026, 5, 12, 1, tzinfo=UTC)
ROUNDS = {100: 7, 1_000: 5, 10_000: 3}


def run(lived: int = LIVED, sizes: tuple[int, ...] = SIZES) -> list[dict[str, Any]]:
    set_up()
    from django.db import connection

    from tickets.models import TimeEntry

    rows = []
    with lived_month(lived) as (_facts, document, _floor):
        for size in sizes:
            facts = longer(json.loads(document), size // lived)
            text = json.dumps(facts)
            named = f"{size} tickets, {len(text) // 1024} KiB"
            for name, draw in drawers(facts).items():
                rows.append(measure(name, named, draw, partial(json.loads, text), ROUNDS[size]))
            raw = fetch(connection, TimeEntry, size // lived)
            rows.append(measure("csv beside a raw fetch", named, csv(facts), raw, ROUNDS[size]))
    return rows


def drawers(facts: dict[str, Any]) -> dict[str, Callable[[], object]]:
    from reports.renderers.edition import Edition
    from reports.renderers.pdf import pdf_of
    from reports.renderers.xlsx import xlsx_of

    edition = Edition(facts, "ja", "0" * 64, ISSUED)
    return {"pdf": lambda: pdf_of(edition), "xlsx": lambda: xlsx_of(edition), "csv": csv(facts)}


def csv(facts: dict[str, Any]) -> Callable[[], object]:
    from reports.renderers.csv import csv_of
    from reports.renderers.edition import Edition

    edition = Edition(facts, "ja", "0" * 64, ISSUED)
    return lambda: sum(len(piece) for piece in csv_of(edition, "time-entries"))


def fetch(connection, model, times: int) -> Callable[[], object]:
    """Return what reads the month's time entries as often as the facts were repeated."""
    columns = "t.id, t.starts_at, t.minutes, t.tier, t.authority, t.clause_id, t.ticket_id"
    sql = f"SELECT {columns} FROM {model._meta.db_table} t, generate_series(1, %s)"

    def raw() -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, [times])
            cursor.fetchall()

    return raw


def longer(value: Any, times: int) -> Any:
    """Return facts whose lists of rows are `times` as long; words and single figures stay."""
    if times == 1:
        return value
    for section, names in (
        ("sla", ("misses", "void", "open")),
        ("scope", ("tickets",)),
        ("hot_potato", ("tickets",)),
        ("cost", ("charged",)),
    ):
        for name in names:
            value[section][name] = value[section][name] * times
    for line in value["cost"]["lines"]:
        line["tickets"] = line["tickets"] * times
    if "open_items" in value:
        value["open_items"] = value["open_items"] * times
    return value


def main() -> None:
    for row in run():
        print(
            f"{row['name']:24} {row['size']:28} {row['median_us'] / 1000:10.1f} ms"
            f"  floor {row['floor_us'] / 1000:8.2f} ms  ratio {row['ratio']:6.1f}"
        )


if __name__ == "__main__":
    main()
