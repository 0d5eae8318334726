"""
How fast the facts of a month are made: `make bench ARGS=report` prints a table.

A month is lived through the real commands in a database of its own, its tickets are copied by SQL to
100, 1,000 and 10,000, and everything goes away afterwards. The floor of the facts is ONE SQL aggregate
over the same rows: every ticket, verdict, assignment, step, promise, ledger entry and time entry of the
month, counted and summed by what the report breaks down. The streamed CSV of the time entries stands
beside the raw fetch of their rows. All are asked in turns. `cpu_ms` is what this process and its
database server worked, `ratio` compares that: another program on the machine changes neither.
"""

import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from tests.bench.machine import beside

SIZES, LIVED = (100, 1_000, 10_000), 100
ROUNDS = {100: 9, 1_000: 7, 10_000: 5}
FLOOR = """
WITH month AS MATERIALIZED (
    SELECT id, stage_id, type, system, priority, title, symptom, key FROM tickets_ticket
    WHERE contract_id = %(contract)s AND received_at < %(end)s
      AND (closed_at IS NULL OR closed_at >= %(start)s))
SELECT 'tickets', type, system || priority, count(*), sum(length(title) + length(symptom) + length(key))
  FROM month GROUP BY 2, 3
UNION ALL
SELECT 'verdicts', d.outcome || d.activity, d.clause_id || (d.facts ->> 'priority'), count(*),
       count(DISTINCT d.ticket_id)
  FROM tickets_decision d JOIN month m ON m.id = d.ticket_id WHERE d.at < %(end)s GROUP BY 2, 3
UNION ALL
SELECT 'holders', a.tier, a.team, count(*), count(DISTINCT a.ticket_id)
  FROM tickets_assignment a JOIN month m ON m.id = a.ticket_id WHERE a.at < %(end)s GROUP BY 2, 3
UNION ALL
SELECT 'steps', e.verb, e.data ->> 'cause', count(*), count(DISTINCT e.subject_id)
  FROM tenants_auditevent e JOIN month m ON m.id = e.subject_id
 WHERE e.subject_type = 'tickets.ticket' AND e.at < %(end)s GROUP BY 2, 3
UNION ALL
SELECT 'promises', o.kind || o.priority, o.state, count(*), count(DISTINCT o.ticket_id)
  FROM tickets_obligation o JOIN month m ON m.id = o.ticket_id WHERE o.started_at < %(end)s GROUP BY 2, 3
UNION ALL
SELECT 'ledger', l.event || l.hours, l.within || l.cause, count(*),
       sum(extract(epoch FROM l.at - o.started_at)::bigint)
  FROM tickets_ledgerentry l JOIN tickets_obligation o ON o.id = l.obligation_id
  JOIN month m ON m.id = o.ticket_id WHERE l.at < %(end)s GROUP BY 2, 3
UNION ALL
SELECT 'work', s.stream || e.tier, e.authority || e.clause_id, count(*), sum(e.minutes)
  FROM tickets_timeentry e JOIN tickets_stage s ON s.id = e.stage_id WHERE e.period_id = %(period)s
 GROUP BY 2, 3
"""
RAW = """
SELECT e.id, t.key, e.starts_at, e.ends_at, e.minutes, e.tier, e.place, e.authority, e.authority_key,
       e.clause_id, s.stream
FROM tickets_timeentry e JOIN tickets_ticket t ON t.id = e.ticket_id JOIN tickets_stage s ON s.id = e.stage_id
WHERE e.period_id = %(period)s ORDER BY e.starts_at, e.id
"""


def run(sizes: tuple[int, ...] = SIZES, lived: int = LIVED) -> list[dict[str, Any]]:
    """Return a row for each thing measured, with its floor and their ratio."""
    set_up()
    return [row for tickets in sizes for row in of_month(tickets, min(lived, tickets))]


def of_month(tickets: int, lived: int) -> list[dict[str, Any]]:
    rounds = ROUNDS.get(tickets, 3)
    with lived_month(lived, tickets // lived) as (facts, document, floor, raw):
        size = f"{tickets} tickets, {len(document) // 1024} KiB"
        frozen = json.loads(document)
        return [
            beside("facts of a month", size, facts, floor, rounds),
            beside("read a stored report", size, lambda: json.loads(document), floor, rounds),
            beside("csv of the time entries", size, csv_from(document), raw, rounds),
            beside("csv, facts at hand", size, csv_of_facts(frozen), raw, rounds),
        ]


def csv_from(document: str) -> Callable[[], object]:
    return lambda: csv_of_facts(json.loads(document))()


def csv_of_facts(facts: dict[str, Any]) -> Callable[[], object]:
    from reports.renderers.csv import csv_of
    from reports.renderers.edition import Edition

    edition = Edition(facts, "en", "0" * 64)
    return lambda: sum(len(piece) for piece in csv_of(edition, "time-entries"))


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
def lived_month(lived: int, times: int = 1) -> Iterator[tuple[Callable, str, Callable, Callable]]:
    """Yield what makes the facts, their text, the floor and the raw fetch of the time entries."""
    from django.db import connection, connections, transaction

    from contracts.services import period_of
    from reports.services.facts import facts_of, text_of
    from tenants.scoping import tenant_scope
    from tests.bench.multiply import multiply
    from tests.reports.factories import APRIL, make_desk

    with own_database():
        with transaction.atomic():
            desk = make_desk("BENCH")
            with tenant_scope(desk.tenant):
                live(desk, lived)
                period_of(desk.contract, APRIL)
        multiply(desk.tenant, times)
        with connections["owner"].cursor() as cursor:
            cursor.execute("ANALYZE")
        with transaction.atomic(), tenant_scope(desk.tenant):
            period = period_of(desk.contract, APRIL)
            window = {
                "contract": desk.contract.pk,
                "period": period.pk,
                "start": period.starts_at,
                "end": period.ends_at,
            }

            def asking(sql: str) -> Callable[[], None]:
                def ask() -> None:
                    with connection.cursor() as cursor:
                        cursor.execute(sql, window)
                        cursor.fetchall()

                return ask

            document = text_of(facts_of(period))
            yield lambda: facts_of(period), document, asking(FLOOR), asking(RAW)


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
