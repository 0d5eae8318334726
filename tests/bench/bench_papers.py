"""
How fast a report is drawn: `make bench ARGS=papers` prints a table.

Months of 100, 1,000 and 10,000 tickets: some lived through the real commands, and copied by SQL. The
floor is reading the same frozen text, in turns with it: what every renderer must do first. For the
streamed CSV beside the raw fetch of its rows see `bench_report`.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tests.bench.bench_report import lived_month, set_up
from tests.bench.machine import beside

LIVED, SIZES = 100, (100, 1_000, 10_000)
ISSUED = datetime(2026, 5, 12, 1, tzinfo=UTC)
ROUNDS = {100: 7, 1_000: 5, 10_000: 3}


def run(lived: int = LIVED, sizes: tuple[int, ...] = SIZES) -> list[dict[str, Any]]:
    set_up()
    rows = []
    for size in sizes:
        with lived_month(min(lived, size), size // min(lived, size)) as (_facts, document, *_):
            named = f"{size} tickets, {len(document) // 1024} KiB"
            read = partial(json.loads, document)
            for name, draw in drawers(json.loads(document)).items():
                rows.append(beside(name, named, draw, read, ROUNDS[size]))
    return rows


def drawers(facts: dict[str, Any]) -> dict[str, Callable[[], object]]:
    from reports.renderers.edition import Edition
    from reports.renderers.pdf import pdf_of
    from reports.renderers.xlsx import xlsx_of

    edition = Edition(facts, "ja", "0" * 64, ISSUED)
    return {"pdf": lambda: pdf_of(edition), "xlsx": lambda: xlsx_of(edition)}
