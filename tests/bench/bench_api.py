"""
How fast the API and the lists are: `python -m tests.bench.bench_api [tickets] [--json]`.

Each request goes over HTTP to one gunicorn process, in turns with bare Django in the same process
(`api_app`), so that a slow minute of the machine slows both. Statements are counted apart, on the
same rows. The tickets lie over 200 clients; a list is that of one client, the queue that of a bridge
SE of fifty. Fifty of a client's tickets are open, all others are history: with the years a list of
open tickets gets no longer, only its table does.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from tests.bench.bench_report import own_database, set_up

TICKETS, TENANTS, QUEUE, OPEN = 10_000, 200, 50, 50
ROUNDS, WARM = 150, 20
CLONE = """
INSERT INTO tickets_{table} ({columns}) SELECT {values}
FROM tickets_{table} AS r CROSS JOIN generate_series(1, %(copies)s) AS n
"""


@dataclass(frozen=True)
class Asked:
    """One request: which floor it is held against, and what it must answer."""

    name: str
    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any] | None
    floor: str
    status: int = 200


def run(tickets: int = TICKETS, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Return a row for each request: per second, p50 and p95 in ms, statements, ratio to its floor."""
    set_up()
    with own_database():
        asked, cookie = populate(tickets)
        statements = {each.name: counted(each) for each in asked}
        with served() as port:
            return [measure(each, tickets, cookie, statements, port, rounds) for each in asked]


# --- the rows ---


def populate(tickets: int) -> tuple[list[Asked], str]:
    from django.db import connections, transaction

    from tenants.models import Tenant
    from tests.factories import MembershipFactory, UserFactory
    from tests.portal.desk import desk_of

    bridge = UserFactory(email="queue@bench.example", name="Bridge", timezone="Asia/Tokyo")
    desks = []
    for number in range(TENANTS):
        with transaction.atomic():
            desk = desk_of(Tenant.objects.create(code=f"B{number}", name=f"Bench {number}"))
            if number < QUEUE:
                MembershipFactory(tenant=desk.tenant, user=bridge, bridge_se=True)
            desk.open(received_at=datetime.now(UTC) - timedelta(minutes=5))
            desks.append(desk)
    with connections["owner"].cursor() as cursor:
        clone(cursor, tickets // TENANTS - 1)
        bare(cursor, tickets)
        cursor.execute("ANALYZE")
    return requests_of(desks[0], bridge), session_of(desks[0].people["bridge_se"].user)


def clone(cursor, copies: int) -> None:
    """Copy each client's one ticket with its stage and verdict, each with a number of its own."""
    from tenants import walls

    if copies < 1:
        return
    cursor.execute("SET statement_timeout = 0")
    cursor.execute("DROP INDEX IF EXISTS tickets_ticket_grams")  # the walls make it again, at once
    keys = [key for table in TABLES for key in foreign_keys(cursor, table)]
    for table, name, _definition in keys:  # checked for all rows at once afterwards
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    parts = [part(cursor, table) for table in TABLES]
    names = [f"made_{number} AS ({sql})" for number, sql in enumerate(parts)]
    cursor.execute(f"WITH {', '.join(names)} SELECT 1", {"copies": copies})
    cursor.execute("UPDATE tickets_ticketcounter SET last = last + %s", [copies])
    for table, name, definition in keys:
        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    walls.build()
    for table in TABLES:
        cursor.execute(f"SELECT setval('tickets_{table}_id_seq', 1000000000000)")


def foreign_keys(cursor, table: str) -> list[tuple[str, str, str]]:
    cursor.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype = 'f'",
        [f"tickets_{table}"],
    )
    return cursor.fetchall()


def part(cursor, table: str) -> str:
    """Return the INSERT that copies the rows of one table."""
    cursor.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = %s AND table_schema = 'public'",
        [f"tickets_{table}"],
    )
    names = [row[0] for row in cursor.fetchall()]
    return CLONE.format(
        table=table,
        columns=", ".join(f'"{name}"' for name in names),
        values=", ".join(CHANGED.get((table, name), f'r."{name}"') for name in names),
    )


TABLES = ("ticket", "stage", "decision")
CHANGED = {
    ("ticket", "id"): "r.id + n * 100000",
    ("ticket", "number"): "r.number + n",
    ("ticket", "key"): "split_part(r.key, '-', 1) || '-' || (r.number + n)",
    ("ticket", "stage_id"): "r.stage_id + n * 100000",
    ("ticket", "status"): f"CASE WHEN n < {OPEN} THEN r.status ELSE 'closed' END",
    ("ticket", "closed_at"): f"CASE WHEN n < {OPEN} THEN NULL ELSE r.received_at END",
    (
        "ticket",
        "next_due_at",
    ): f"CASE WHEN n < {OPEN} THEN r.next_due_at + n * interval '7 min' END",
    ("stage", "ended_at"): f"CASE WHEN n < {OPEN} THEN NULL ELSE r.began_at END",
    ("stage", "id"): "r.id + n * 100000",
    ("stage", "ticket_id"): "r.ticket_id + n * 100000",
    ("stage", "decision_id"): "r.decision_id + n * 100000",
    ("decision", "id"): "r.id + n * 100000",
    ("decision", "stage_id"): "r.stage_id + n * 100000",
    ("decision", "ticket_id"): "r.ticket_id + n * 100000",
}


def bare(cursor, rows: int) -> None:
    from django.conf import settings

    app = settings.DATABASES["default"]["USER"]
    cursor.execute(
        "CREATE TABLE bare (id bigserial PRIMARY KEY, key varchar(32), title varchar(200),"
        " status varchar(12), priority varchar(2), owner varchar(60), received_at timestamptz,"
        " next_due_at timestamptz)"
    )
    cursor.execute("CREATE INDEX ON bare (next_due_at)")
    cursor.execute(
        "INSERT INTO bare (key, title, status, priority, owner, received_at, next_due_at)"
        " SELECT 'B-' || n, 'The shop is down', 'new', 'P1', 'Somebody', now(),"
        " now() + n * interval '1 minute' FROM generate_series(1, %s) AS n",
        [rows],
    )
    cursor.execute(f'GRANT ALL ON bare, bare_id_seq TO "{app}"')


def session_of(user) -> str:
    from django.test import Client

    browser = Client()
    browser.force_login(user)
    return f"sessionid={browser.cookies['sessionid'].value}"


def requests_of(desk, bridge) -> list[Asked]:
    from tests.api.client import token_of

    seat, requester = desk.people["bridge_se"], desk.people["requester"]
    one = {"Authorization": f"Bearer {token_of(seat)[1]}"}
    asks = {"Authorization": f"Bearer {token_of(requester)[1]}"}
    page = {"Cookie": session_of(seat.user)}
    queue = {"Cookie": session_of(bridge)}
    told = {
        "contract": desk.contract.public_id, "type": "incident", "title": "The shop is down",
        "system": "ec-site", "environment": "production", "answers": {"0": True},
        "impact": 1, "urgency": 1,
    }  # fmt: skip
    wide = {"Authorization": f"Bearer {token_of(_seat(bridge), tenants=_tenants(bridge))[1]}"}
    return [
        Asked("create", "POST", "/api/v1/tickets/", asks, told, "/bare/insert/", 201),
        Asked("list, API", "GET", "/api/v1/tickets/?status=open", one, None, "/bare/page/"),
        Asked("list, HTML", "GET", "/tickets/?status=open", page, None, "/bare/html/"),
        Asked("queue, API", "GET", "/api/v1/tickets/?status=open", wide, None, "/bare/page/"),
        Asked("queue, HTML", "GET", "/", queue, None, "/bare/html/"),
    ]


def _seats(user) -> list:
    from django.db import transaction

    from tenants.models import Membership
    from tenants.scoping import acting_as

    with transaction.atomic(), acting_as(user.pk):
        return list(Membership.own.select_related("user").order_by("pk"))


def _seat(user):
    return _seats(user)[0]


def _tenants(user) -> list[int]:
    return [seat.tenant_id for seat in _seats(user)]


# --- asking ---


def counted(asked: Asked) -> int:
    """Return the statements of the request, with BEGIN, COMMIT and savepoints; after a first one."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    kwargs = {"content_type": "application/json"} if asked.body else {}
    for _round in range(2):
        with CaptureQueriesContext(connection) as found:
            browser = Client(headers={k: v for k, v in asked.headers.items() if k != "Cookie"})
            browser.cookies.load(asked.headers.get("Cookie", ""))
            answer = browser.generic(
                asked.method, asked.path, json.dumps(asked.body) if asked.body else b"", **kwargs
            )
            assert answer.status_code == asked.status, answer.content
    return len([q for q in found.captured_queries if is_statement(q["sql"])])


def is_statement(sql: str) -> bool:
    return not sql.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))


@contextmanager
def served() -> Iterator[int]:
    """Run one gunicorn process over the bench's database."""
    from tests.processes import environment

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["-w", "1", "-k", "gthread", "--threads", "1", "--keep-alive", "60"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", *options,
         "--log-level", "error", "tests.bench.api_app:application"],
        env=environment(LOG_LEVEL="ERROR") | {"PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    try:
        wait_until_open(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_open(port: int) -> None:
    for _try in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("gunicorn did not start")


def measure(
    asked: Asked, tickets: int, cookie: str, statements: dict[str, int], port: int, rounds: int
) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    floor = Asked("floor", "GET", asked.floor, {"Cookie": cookie}, None, "", 0)
    taken: list[float] = []
    floors: list[float] = []
    for number in range(rounds + WARM):
        for each, into in ((asked, taken), (floor, floors)):
            seconds = ask(connection, each)
            if number >= WARM:
                into.append(seconds * 1000)
    cuts = quantiles(taken, n=20)
    return {
        "name": asked.name,
        "tickets": tickets,
        "a second": round(1000 / median(taken)),
        "p50 ms": round(median(taken), 2),
        "p95 ms": round(cuts[18], 2),
        "floor ms": round(median(floors), 2),
        "ratio": round(median(taken) / median(floors), 2),
        "statements": statements[asked.name],
    }


def ask(connection: http.client.HTTPConnection, asked: Asked) -> float:
    body = json.dumps(asked.body) if asked.body else None
    headers = {**asked.headers, **({"Content-Type": "application/json"} if body else {})}
    begun = time.perf_counter()
    connection.request(asked.method, asked.path, body, headers)
    answer = connection.getresponse()
    said = answer.read()
    taken = time.perf_counter() - begun
    assert asked.status in {0, answer.status}, said[:500]
    return taken


def main() -> None:
    from tests.bench.machine import machine, table

    numbers = [word for word in sys.argv[1:] if word.isdecimal()]
    rows = run(int(numbers[0]) if numbers else TICKETS)
    if "--json" in sys.argv:
        print(json.dumps(rows))
    else:
        print(f"{machine()}, load {os.getloadavg()}\n{table(rows)}")


if __name__ == "__main__":
    main()
