"""
The monthly run at scale: `make prove-reports`, on PostgreSQL and Redis.

One client lives its month through the real commands; its tickets, and then the client, are copied by SQL.
Two workers make the reports; one is killed with -9 midway, Redis is restarted once. Every report is there
once, its figures are those of SQL that knows nothing of the project, and no worker's memory grew with the
number of contracts.

PROVE_ADMIN_DSN names a superuser of the server of DATABASE_URL (copying puts triggers to rest).
PROVE_CONTRACTS (300) and PROVE_TICKETS (1000000) may be made smaller.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
import redis
from django.db import connections, transaction
from django.utils import timezone

from contracts.services import period_of
from reports.services.plan import plan_next
from tenants.models import Job
from tenants.scoping import tenant_scope
from tests.bench.bench_report import live
from tests.bench.multiply import multiply
from tests.processes import environment, running, wait_for
from tests.prove.clones import DISTANCE, biggest_id, clone
from tests.reports.factories import APRIL, make_desk
from tickets.services.sweep import sweep_misses

ADMIN = os.environ.get("PROVE_ADMIN_DSN", "")
CONTRACTS = int(os.environ.get("PROVE_CONTRACTS", "300"))
TICKETS = int(os.environ.get("PROVE_TICKETS", "1000000"))
LIVED = int(os.environ.get("PROVE_LIVED", "101"))  # tickets that live through the real commands
PORT = 6399
URL = f"redis://127.0.0.1:{PORT}/0"
WORKER = [
    *("celery", "-A", "portal", "worker", "--concurrency", "1", "--loglevel", "ERROR"),
    *("--without-gossip", "--without-mingle"),
]
MOST_MEMORY = 400 * 1024  # KiB
HOURS = 3

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(not ADMIN, reason="names no superuser: `make prove-reports`"),
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
    pytest.mark.allow_n_plus_one,
]

DONE = "SELECT count(*) FROM reports_monthlyreport"
ONCE = """
SELECT count(*), count(DISTINCT period_id), count(DISTINCT contract_id), max(revision)
FROM reports_monthlyreport
"""
# What the reports say, added up, and what the rows say: neither side imports the project.
SAID = """
WITH told AS MATERIALIZED (SELECT facts::jsonb -> 'summary' AS summary FROM reports_monthlyreport)
SELECT sum((summary ->> 'received')::bigint), sum((summary ->> 'minutes')::bigint),
       sum((summary ->> 'missed')::bigint)
FROM told
"""
COUNTED = """
WITH april AS (SELECT id, contract_id, starts_at, ends_at FROM contracts_period WHERE month = '2026-04-01')
SELECT (SELECT count(*) FROM tickets_ticket t JOIN april USING (contract_id)
        WHERE t.received_at >= starts_at AND t.received_at < ends_at),
       (SELECT sum(minutes) FROM tickets_timeentry e JOIN april ON april.id = e.period_id),
       (SELECT count(*) FROM tickets_obligation o JOIN april USING (contract_id)
        WHERE o.missed_at >= starts_at AND o.missed_at < ends_at)
"""
LINES = """
WITH told AS MATERIALIZED (SELECT facts::jsonb -> 'cost' AS cost FROM reports_monthlyreport)
SELECT count(*) FROM told WHERE (cost ->> 'total')::bigint
    <> (SELECT sum((line ->> 'amount')::bigint) FROM jsonb_array_elements(cost -> 'lines') line)
       + (cost ->> 'tax')::bigint
"""


def ask(sql: str) -> tuple:
    """Ask as the owner, who sees every client."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # a gigabyte of reports is read here
        cursor.execute(sql)
        return cursor.fetchone()


@pytest.fixture
def clients() -> None:
    """As many clients as asked for, each with one ended contract and a month of tickets."""
    with transaction.atomic():
        desk = make_desk("BENCH")
        with tenant_scope(desk.tenant):
            live(desk, LIVED)
            desk.contract.ends_on = date(2026, 5, 1)
            desk.contract.save(update_fields=["ends_on"])
            period_of(desk.contract, APRIL)
            while sweep_misses(timezone.now()):
                pass
    began = time.monotonic()
    rows = multiply(desk.tenant, -(-TICKETS // (CONTRACTS * LIVED)))
    with transaction.atomic(), tenant_scope(desk.tenant):
        assert biggest_id() < DISTANCE
    rows += clone(admin_dsn(), desk.tenant, CONTRACTS - 1)
    say(f"{rows:,} rows copied in {time.monotonic() - began:.0f} s")
    now = timezone.now()
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT id FROM tenants_tenant ORDER BY id")
        tenants = [pk for (pk,) in cursor.fetchall()]
    from contracts.models import Contract

    for pk in tenants:
        with transaction.atomic(), tenant_scope(pk):
            plan_next(Contract.objects.get(), now)


def admin_dsn() -> str:
    name = connections["default"].settings_dict["NAME"]
    return f"{ADMIN.rsplit('/', 1)[0]}/{name}"


@contextmanager
def broker(folder: Path) -> Iterator[subprocess.Popen]:
    """Run a Redis of our own that forgets everything when it dies."""
    program = shutil.which("redis-server")
    assert program, "redis-server is not installed"
    command = [program, "--port", str(PORT), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_for(lambda: answers(), 20)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def answers() -> bool:
    try:
        return bool(redis.Redis.from_url(URL).ping())
    except redis.exceptions.ConnectionError:
        return False


def beat(log: Path):
    return running(["celery", "-A", "portal", "beat", "--loglevel", "ERROR", "--pidfile=",
                    "--schedule", str(log.with_suffix(".beat"))], log, REDIS_URL=URL)  # fmt: skip


def peak(process: subprocess.Popen) -> int:
    """Return the highest resident memory of a worker's processes so far, in KiB; 0 when gone."""
    seen = 0
    for pid in [process.pid, *children(process.pid)]:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for line in status.splitlines():
            if line.startswith("VmHWM"):
                seen = max(seen, int(line.split()[1]))
    return seen


def children(pid: int) -> list[int]:
    try:
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def kill_whole(process: subprocess.Popen) -> None:
    """Kill a worker and the process that does its work, as a host that loses its power does."""
    for pid in [*children(process.pid), process.pid]:
        os.kill(pid, signal.SIGKILL)
    process.wait()


def say(line: str) -> None:
    sys.__stdout__.write(f"\n{line}")
    sys.__stdout__.flush()


def test_every_report_is_made_once_whatever_dies(clients, tmp_path, capsys):
    began, memory = time.monotonic(), 0

    def made(wanted: int, *workers: subprocess.Popen) -> None:
        def so_many() -> bool:
            nonlocal memory
            memory = max([memory, *map(peak, workers)])
            return ask(DONE)[0] >= wanted

        wait_for(so_many, HOURS * 3600)

    with capsys.disabled(), beat(tmp_path / "beat.log"):
        with broker(tmp_path), running(WORKER, tmp_path / "a.log", REDIS_URL=URL) as first:
            with running(WORKER, tmp_path / "b.log", REDIS_URL=URL) as second:
                made(CONTRACTS // 4, first, second)
                kill_whole(second)
                say(f"killed a worker after {ask(DONE)[0]} reports")
            with running(WORKER, tmp_path / "c.log", REDIS_URL=URL) as third:
                made(CONTRACTS // 2, first, third)
        say(f"stopped Redis and the workers after {ask(DONE)[0]} reports")
        with (
            broker(tmp_path),
            running(WORKER, tmp_path / "d.log", REDIS_URL=URL) as fourth,
            running(WORKER, tmp_path / "e.log", REDIS_URL=URL) as fifth,
        ):
            made(CONTRACTS, fourth, fifth)
        took = time.monotonic() - began
        say(f"{CONTRACTS} reports of {ask(COUNTED)[0]:,} tickets in {took:.0f} s,"
            f" {memory // 1024} MiB at most in a worker's process")  # fmt: skip

    assert ask(ONCE) == (CONTRACTS, CONTRACTS, CONTRACTS, 1)
    assert ask(SAID) == ask(COUNTED)
    assert ask(LINES) == (0,)
    assert not Job.objects.filter(state="dead").exists()
    assert 0 < memory < MOST_MEMORY
    verified = subprocess.run(
        [sys.executable, "manage.py", "verify_reports", "--tenant", "B1"],
        env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stdout + verified.stderr
