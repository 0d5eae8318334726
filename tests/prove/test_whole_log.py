"""
The whole incident log in one contract: `make prove LOG=path`.

The import runs as its own process. What the portal then holds is compared with the counter that
shares nothing with the importer, and the monthly reports with SQL that shares nothing with them.
"""

import json
import os
import subprocess
import sys
import time
from datetime import date, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from contracts.domain.months import next_month
from contracts.models import Contract, Period
from contracts.services import period_of
from reports.services.issue import issue_report
from tenants.scoping import tenant_scope
from tests.processes import environment
from tests.tickets.logs import NUMBER, client_of, held_by_the_portal, rows_of_everything
from tickets.models import Obligation, Ticket
from tickets.services.sweep import sweep_misses
from tickets.services.verify import verify_clocks

LOG = os.environ.get("PORTAL_LOG", "")
MOST_MEMORY = 300 * 1024  # KiB
COMPARED = ("incidents", "client_waits", "reassignments", "reopenings")
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print("KIB", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""
pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(not LOG, reason="names no log: `make prove LOG=path`"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.allow_n_plus_one,
]

# Each says in SQL of its own what a report says of a month, given contract, start, end.
INDEPENDENT = {
    "received": """
        SELECT count(*) FROM tickets_ticket
        WHERE contract_id = %(contract)s AND received_at >= %(starts)s AND received_at < %(ends)s
    """,
    "missed": """
        SELECT count(*) FROM tickets_obligation
        WHERE contract_id = %(contract)s AND missed_at >= %(starts)s AND missed_at < %(ends)s
    """,
    "met": """
        WITH last AS (
            SELECT DISTINCT ON (obligation_id) obligation_id, event, at
            FROM tickets_ledgerentry WHERE at < %(ends)s
            ORDER BY obligation_id, id DESC
        ), aim AS (
            SELECT DISTINCT ON (obligation_id) obligation_id, within
            FROM tickets_ledgerentry WHERE at < %(ends)s AND event IN ('start', 'retarget')
            ORDER BY obligation_id, id DESC
        )
        SELECT count(*) FROM tickets_obligation o
        JOIN last ON last.obligation_id = o.id JOIN aim ON aim.obligation_id = o.id
        WHERE o.contract_id = %(contract)s AND last.event = 'stop' AND last.at >= %(starts)s
            AND aim.within <> '' AND (o.missed_at IS NULL OR o.missed_at >= %(ends)s)
    """,
    "minutes": """
        SELECT coalesce(sum(minutes), 0) FROM tickets_timeentry e
        JOIN contracts_period p ON p.id = e.period_id
        WHERE e.contract_id = %(contract)s AND p.starts_at = %(starts)s AND p.ends_at = %(ends)s
    """,
}


def import_whole(contract: Contract) -> tuple[str, int]:
    """Import the log in a process of its own; return what it printed and its peak memory in KiB."""
    command = [
        *(sys.executable, "manage.py", "import_incidents", LOG, "--no-progress"),
        *("--tenant", contract.tenant.code, "--contract", NUMBER),
    ]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        cwd=settings.BASE_DIR,
        env=environment(PORTAL_MODE="local"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout, int(done.stdout.split("KIB")[-1])


def counted() -> dict[str, int]:
    script = Path(settings.BASE_DIR) / "tests" / "prove" / "count_incident_log.py"
    done = subprocess.run([sys.executable, script, LOG], capture_output=True, check=True)
    return json.loads(done.stdout)


def independent(contract: Contract, period: Period) -> dict[str, int]:
    names = {"contract": contract.pk, "starts": period.starts_at, "ends": period.ends_at}
    with transaction.atomic(), connection.cursor() as cursor:
        found = {}
        for figure, sql in INDEPENDENT.items():
            cursor.execute(sql, names)
            found[figure] = cursor.fetchone()[0]
    return found


def test_the_whole_log_is_held_once_and_reported_as_it_is(transactional_db, capsys):
    contract = client_of("WHOLE", "hoshino")
    started = time.monotonic()
    _printed, kib = import_whole(contract)
    took = time.monotonic() - started
    assert kib < MOST_MEMORY

    with tenant_scope(contract.tenant):
        held, right = held_by_the_portal(contract), counted()
        assert {name: held[name] for name in COMPARED} == {name: right[name] for name in COMPARED}
        before = rows_of_everything()
        import_whole(contract)
        assert rows_of_everything() == before
        prove_clocks(timezone.now())
        months = prove_reports(contract)
    with capsys.disabled():
        rate = held["incidents"] / took
        sys.stdout.write(
            f"\n{held} in {took:.0f} s ({rate:.1f} incidents a second), {kib // 1024} MiB;"
            f" reports: {months}\n"
        )


def prove_clocks(now: datetime) -> None:
    while True:
        with transaction.atomic():
            if not sweep_misses(now):
                break
    assert not [found for found in verify_clocks(now) if not isinstance(found, int)]
    with transaction.atomic():
        assert Obligation.objects.exists()


def prove_reports(contract: Contract) -> dict[str, dict[str, int]]:
    """Issue every month from the first to the one after the last and compare its figures."""
    with transaction.atomic():
        last = Ticket.objects.latest("received_at").received_at
    month, told = date(2016, 2, 1), {}
    while month <= next_month(contract.local_date(last).replace(day=1)):
        with transaction.atomic():
            report = issue_report(contract, month, now=timezone.now())
            period = period_of(contract, month)
        facts = json.loads(report.facts)
        summary = {
            name: facts["summary"][name] for name in ("received", "missed", "met", "minutes")
        }
        assert summary == independent(contract, period), month
        assert add_up(facts["cost"])
        told[f"{month:%Y-%m}"] = summary
        month = next_month(month)
    assert sum(each["received"] for each in told.values()) > 0
    return told


def add_up(cost: dict) -> bool:
    """Return whether the total is the sum of its lines and the tax."""
    return sum(line["amount"] for line in cost["lines"]) + cost["tax"] == cost["total"]
