"""
How fast a report is made: `python -m tests.bench.bench_report` prints a table.

A month of about 300 tickets is lived through the real commands in a database of its own, which goes
away afterwards. The floor is the plain SQL counts that the report is made from, asked in turns with
it. The server is the one of DATABASE_URL and DATABASE_OWNER_URL, or the private one.
"""

import gc
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Any

SIZES, ROUNDS = (100, 1_000), 9
FLOOR = (
    "SELECT count(*) FROM tickets_ticket WHERE contract_id = %(contract)s"
    " AND received_at >= %(start)s AND received_at < %(end)s",
    "SELECT kind, priority, state, count(*) FROM tickets_obligation WHERE contract_id = %(contract)s"
    " AND decided_at >= %(start)s AND decided_at < %(end)s GROUP BY 1, 2, 3",
    "SELECT d.outcome, d.activity, count(*) FROM tickets_ticket t JOIN tickets_stage s"
    " ON s.id = t.stage_id JOIN tickets_decision d ON d.id = s.decision_id"
    " WHERE t.contract_id = %(contract)s GROUP BY 1, 2",
    "SELECT s.stream, e.tier, e.authority, sum(e.minutes) FROM tickets_timeentry e"
    " JOIN tickets_stage s ON s.id = e.stage_id WHERE e.contract_id = %(contract)s GROUP BY 1, 2, 3",
    "SELECT a.verb, count(*) FROM tenants_auditevent a JOIN tickets_ticket t ON t.id = a.subject_id"
    " WHERE a.subject_type = 'tickets.ticket' AND t.contract_id = %(contract)s"
    " AND a.at >= %(start)s AND a.at < %(end)s GROUP BY 1",
    "SELECT count(*) FROM tickets_assignment a JOIN tickets_ticket t ON t.id = a.ticket_id"
    " WHERE t.contract_id = %(contract)s AND a.at >= %(start)s AND a.at < %(end)s",
)


def run(sizes: tuple[int, ...] = SIZES, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Return a row for each thing measured: name, size, median_us, spread_us, floor_us, ratio."""
    set_up()
    return [row for tickets in sizes for row in of_month(tickets, rounds)]


def of_month(tickets: int, rounds: int) -> list[dict[str, Any]]:
    with lived_month(tickets) as (facts, document, floor):
        size = f"{tickets} tickets, {len(document) // 1024} KiB"
        return [
            measure("facts of a month", size, facts, floor, rounds),
            measure("read a stored report", size, lambda: json.loads(document), floor, rounds),
        ]


def set_up() -> None:
    import django

    os.environ.setdefault("PORTAL_MODE", "test")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()


@contextmanager
def own_database() -> Iterator[None]:
    """Make an empty database beside the named one; drop it afterwards."""
    from django.conf import settings
    from django.db import connections
    from django.test.utils import setup_databases, teardown_databases

    if settings.EMBEDDED_SERVER is not None:
        settings.EMBEDDED_SERVER.ensure(stop_at_exit=True)
    for alias in ("default", "owner"):
        connections[alias].settings_dict["TEST"]["NAME"] = f"test_bench_report_{os.getpid()}"
    made = setup_databases(
        verbosity=0, interactive=False, aliases={"default", "owner"}, serialized_aliases=set()
    )
    try:
        yield
    finally:
        connections.close_all()
        teardown_databases(made, verbosity=0)


@contextmanager
def lived_month(tickets: int) -> Iterator[tuple[Callable, str, Callable]]:
    """Yield what makes the facts, their text, and the floor."""
    from django.db import connection, connections, transaction

    from contracts.services import period_of
    from reports.services.facts import facts_of, text_of
    from tenants.scoping import tenant_scope
    from tests.reports.factories import APRIL, make_desk

    with own_database():
        with transaction.atomic():
            desk = make_desk("BENCH")
            with tenant_scope(desk.tenant):
                live(desk, tickets)
        with connections["owner"].cursor() as cursor:
            cursor.execute("ANALYZE")
        with transaction.atomic(), tenant_scope(desk.tenant):
            period = period_of(desk.contract, APRIL)
            window = {
                "contract": desk.contract.pk,
                "start": period.starts_at,
                "end": period.ends_at,
            }

            def floor() -> None:
                with connection.cursor() as cursor:
                    for sql in FLOOR:
                        cursor.execute(sql, window)
                        cursor.fetchall()

            yield lambda: facts_of(period), text_of(facts_of(period)), floor


def live(desk, tickets: int) -> None:
    """Open tickets over the month, work on each, and end most."""
    rng = random.Random(1)
    for number in range(tickets):
        at = datetime(2026, 4, 1, 9) + timedelta(minutes=number * 40_000 // tickets)
        walls = iter([str(at + timedelta(minutes=20 * step)) for step in range(12)])
        first = next(walls)
        activity = rng.choice(["incident_response", "service_desk", "corrective", "perfective"])
        ticket = desk.open(
            first,
            activity=activity,
            type="incident" if activity == "incident_response" else "service_request",
            symptom=rng.choice(["slow", "down", "wrong"]),
            impact=rng.randrange(1, 4),
        )
        desk.reply(ticket, next(walls))
        desk.start(ticket, next(walls))
        if rng.random() < 0.3:
            desk.pause(ticket, next(walls))
            desk.resume(ticket, next(walls))
        if rng.random() < 0.3:
            desk.assign(ticket, next(walls), "maintenance_engineer")
        start, end = next(walls), next(walls)
        desk.work(ticket, start, end)
        if rng.random() < 0.8:
            desk.resolve(ticket, next(walls))


def measure(
    name: str, size: str, call: Callable[[], object], floor: Callable[[], object], rounds: int
) -> dict[str, Any]:
    """Time `call` and `floor` in turns, so that a slow minute of the machine slows both."""
    call(), floor()
    taken: list[float] = []
    floors: list[float] = []
    gc.collect()
    for _round in range(rounds):
        for what, into in ((call, taken), (floor, floors)):
            began = time.perf_counter()
            what()
            into.append((time.perf_counter() - began) * 1e6)
    low, _middle, high = quantiles(taken, n=4)
    return {
        "name": name,
        "size": size,
        "median_us": round(median(taken)),
        "spread_us": round(high - low),
        "floor_us": round(median(floors)),
        "ratio": round(median(taken) / median(floors), 1),
    }


def main() -> None:
    rows = run()
    print(
        f"{'what':24} {'size':24} {'median ms':>10} {'spread ms':>10} {'floor ms':>9} {'ratio':>6}"
    )
    for row in rows:
        print(
            f"{row['name']:24} {row['size']:24} {row['median_us'] / 1000:10.2f}"
            f" {row['spread_us'] / 1000:10.2f} {row['floor_us'] / 1000:9.2f} {row['ratio']:6.1f}"
        )


if __name__ == "__main__":
    main()
