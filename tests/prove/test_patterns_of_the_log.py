"""
The failure patterns of the whole incident log: `make prove LOG=path`.

The rule runs in a process of its own, whose time and memory are told. What it finds is compared
with the groups of equal category, subcategory and symptom that a plain counter makes.
"""

import csv
import gzip
import json
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings

from tenants.scoping import tenant_scope
from tests.portal.desk import NOON, desk_of
from tickets.models import Occurrence, Ticket
from tickets.services.incident_import import NO_CATEGORY
from tickets.services.pattern_figures import MOST_PATTERNS, figures
from tickets.services.recurrence import recognise

LOG = os.environ.get("PORTAL_LOG", "")
MOST_MEMORY = 64 * 1024  # KiB beside the log itself
pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(not LOG, reason="names no log: `make prove LOG=path`"),
    pytest.mark.allow_n_plus_one,
]
FIND = """
import csv, gzip, json, sys, time, tracemalloc
from collections import Counter, defaultdict
from tickets.domain.recurrence import PATTERN_AT_LEAST, faults, told

opener = gzip.open if sys.argv[1].endswith(".gz") else open
last = {}
with opener(sys.argv[1], "rt", encoding="utf-8", newline="") as file:
    for row in csv.DictReader(file):
        known = last.get(row["number"])
        if known is None or int(row["sys_mod_count"]) >= int(known["sys_mod_count"]):
            last[row["number"]] = row
names = ("category", "subcategory", "u_symptom")
rows = [tuple("" if row[name] == "?" else row[name] for name in names) for row in last.values()]
words = lambda *parts: " / ".join(filter(None, parts))
def find():
    found = defaultdict(Counter)
    told_rows = ((c, told(words(c, s), words(s, y)), (c, s, y)) for c, s, y in rows)
    for fault, row in faults(told_rows):
        found[fault][row] += 1
    return found
began = time.monotonic()
found = find()
took = time.monotonic() - began
tracemalloc.start()
find()
kib = tracemalloc.get_traced_memory()[1] // 1024
right = {row: count for row, count in Counter(rows).items() if count >= PATTERN_AT_LEAST}
pure = {row: count for each in found.values() if len(each) == 1 for row, count in each.items()}
print(json.dumps({
    "incidents": len(rows), "seconds": took, "kib": kib,
    "patterns": sum(1 for each in found.values() if sum(each.values()) >= PATTERN_AT_LEAST),
    "right": len(right), "incidents_in_them": sum(right.values()),
    "found": sum(1 for row, count in right.items() if pure.get(row) == count),
}))
"""


def test_every_pattern_of_five_or_more_is_found_by_itself(capsys):
    done = subprocess.run(
        [sys.executable, "-c", FIND, LOG], cwd=settings.BASE_DIR, capture_output=True, text=True,
        check=True, env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR)},
    )  # fmt: skip
    told = json.loads(done.stdout)

    assert told["found"] == told["right"] > 0
    assert told["patterns"] == told["right"]
    assert told["kib"] < MOST_MEMORY
    with capsys.disabled():
        share = told["incidents_in_them"] / told["incidents"]
        sys.stdout.write(
            f"\n{told['found']} patterns hold {share:.0%} of {told['incidents']} incidents;"
            f" {told['seconds']:.1f} s, {told['kib'] / 1024:.0f} MiB\n"
        )


def rows_of_the_log() -> list[dict[str, str]]:
    """Return the last row of each incident."""
    last: dict[str, dict[str, str]] = {}
    opener = gzip.open if LOG.endswith(".gz") else open
    with opener(LOG, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            known = last.get(row["number"])
            if known is None or int(row["sys_mod_count"]) >= int(known["sys_mod_count"]):
                last[row["number"]] = {n: "" if v == "?" else v for n, v in row.items()}
    return list(last.values())


def words(*parts: str) -> str:
    return " / ".join(filter(None, parts))


@pytest.mark.django_db
def test_the_portal_holds_each_pattern_of_the_log_by_itself(acme, capsys):
    desk = desk_of(acme)
    first = desk.open("The first", type="service_request")
    names = [field.attname for field in Ticket._meta.concrete_fields if not field.primary_key]
    plain = {name: getattr(first, name) for name in names}
    tickets = []
    for place, row in enumerate(rows_of_the_log(), start=10):
        told = {
            "type": "incident", "number": place, "key": f"ACME-{place}",
            "title": words(row["category"], row["subcategory"]) or NO_CATEGORY,
            "symptom": words(row["subcategory"], row["u_symptom"]),
        }  # fmt: skip
        tickets.append(Ticket(**{**plain, **told}))
    with tenant_scope(acme):
        Ticket.objects.bulk_create(tickets, batch_size=2_000)
        began = time.monotonic()
        while recognise(NOON):
            pass
        took = time.monotonic() - began
        held = Counter(Occurrence.objects.values_list("pattern_id", flat=True))
        right = Counter((ticket.title, ticket.symptom) for ticket in tickets)

        assert sorted(n for n in held.values() if n >= 5) == sorted(
            n for n in right.values() if n >= 5
        )
        began = time.monotonic()
        assert len(figures([desk.contract], NOON - timedelta(days=1))) == MOST_PATTERNS
        shown = time.monotonic() - began
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(tickets)} tickets recognised in {took:.1f} s;"
            f" their page's figures in {shown:.2f} s\n"
        )
