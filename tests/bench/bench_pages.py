"""
How fast every page is among many tickets: `python -m tests.bench.bench_pages [tickets]`.

The pages come from the resolver, so a new one is measured without anybody thinking of it. They are
asked by two people of one client, which has a row of each table beside its tickets (`bench_api`),
and by a bridge SE of fifty clients, of Django itself in this process; the quickest of a few times.
"""

import json
import os
import sys
import time
from typing import Any

from tests.bench.bench_api import populate
from tests.bench.bench_report import own_database, set_up

TICKETS = 10_000
ROUNDS = 5
SLOWEST = 15  # shown by `make bench`


def run(tickets: int = TICKETS, most: int | None = SLOWEST) -> list[dict[str, Any]]:
    """Return a row for each page, the slowest first: who asked, milliseconds, statements."""
    set_up()
    with own_database():
        populate(tickets)
        browsers = people()
        rows = [measure(page, browsers) for page in pages()]
    found = sorted((row for row in rows if row), key=lambda row: -row["ms"])
    return [row | {"tickets": tickets} for row in found[:most]]


def people() -> dict[str, Any]:
    """Return the browsers of those who may ask, by what they are."""
    from django.db import transaction
    from django.test import Client

    from tenants.models import Membership, User
    from tenants.scoping import tenant_scope

    browsers = {}
    with transaction.atomic(), tenant_scope(first_client()):
        for role in ("account_manager", "service_owner"):
            browsers[role] = Client()
            browsers[role].force_login(
                Membership.objects.get(role=role, user__name__startswith="B0 ").user
            )
    browsers["bridge_se"] = Client()
    browsers["bridge_se"].force_login(User.objects.get(email="queue@bench.example"))
    return browsers


def first_client():
    from tenants.models import Tenant

    return Tenant.objects.get(code="B0")


def pages() -> list[tuple[str, str]]:
    """Return the template and the address of everything that a browser or a token may get."""
    from django.db import transaction

    from tenants.scoping import tenant_scope
    from tenants.walls import tenant_models
    from tests.isolation.routes import MEANINGS, routes
    from tests.isolation.rows import World
    from tickets.models import Ticket

    world = World(first_client())
    with transaction.atomic(), tenant_scope(world.tenant):
        for model in tenant_models():  # what the client has already is what its pages show
            if pk := model._default_manager.order_by("pk").values_list("pk", flat=True).first():
                world.ids[model] = pk
        world.made["ticket"] = Ticket.objects.order_by("pk").last().pk
    world.whole()
    found = [route for route in routes() if not route.template.startswith(("api/", "hooks/"))]
    named = {name: MEANINGS[name][0](world) for route in found for name in route.names}
    return [(route.template, route.filled(named)) for route in found]


def measure(page: tuple[str, str], browsers: dict[str, Any]) -> dict[str, Any] | None:
    """Return the figures of a page for the one who waits longest; None where nobody gets it."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    template, address = page
    rows = []
    for who, browser in browsers.items():
        browser.raise_request_exception = False
        if browser.get(address).status_code != 200:
            continue
        taken = []
        for _round in range(ROUNDS):
            begun = time.perf_counter()
            answer = browser.get(address)
            getattr(answer, "getvalue", lambda: b"")()  # a file is made while it is sent
            taken.append(time.perf_counter() - begun)
        with CaptureQueriesContext(connection) as asked:
            browser.get(address)
        rows.append(
            {
                "page": template or "/",
                "who": who,
                "ms": round(min(taken) * 1000, 1),
                "statements": len(asked),
            }
        )
    return max(rows, key=lambda row: row["ms"], default=None)


def main() -> None:
    from tests.bench.machine import machine, table

    numbers = [word for word in sys.argv[1:] if word.isdecimal()]
    rows = run(int(numbers[0]) if numbers else TICKETS, most=None)
    if "--json" in sys.argv:
        print(json.dumps(rows))
    else:
        print(f"{machine()}, load {os.getloadavg()}\n{table(rows)}")


if __name__ == "__main__":
    main()
