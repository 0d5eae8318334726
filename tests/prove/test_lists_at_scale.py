"""
Ten thousand and a million tickets over 200 clients, the same 10,000 of them open: PROVE_TICKETS=1000000.

Prints both tables. A list of open tickets must not get longer with the years: its statements stay the
same, and its p95 within a fifth of what it was, beside a floor that is measured in the same minute.
"""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.bench.machine import machine, table

FEW, MANY = 10_000, int(os.environ.get("PROVE_TICKETS", "1000000"))
LISTS = ("list, API", "list, HTML", "queue, API", "queue, HTML")
WITHIN = 1.2

pytestmark = pytest.mark.prove


def measured(tickets: int) -> list[dict[str, Any]]:
    """Measure in a process and a database of its own."""
    command = [sys.executable, "-m", "tests.bench.bench_api", str(tickets), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_a_list_of_open_tickets_is_as_fast_among_a_million(capsys):
    few, many = measured(FEW), measured(MANY)

    with capsys.disabled():
        print(f"\n{machine()}, load {os.getloadavg()}\n{table([*few, *many])}")
    before, after = ({row["name"]: row for row in rows} for rows in (few, many))
    for name in LISTS:
        assert after[name]["statements"] == before[name]["statements"]
        slower = after[name]["p95 ms"] / before[name]["p95 ms"]
        machine_slower = after[name]["floor ms"] / before[name]["floor ms"]
        assert slower / max(1, machine_slower) <= WITHIN, name
