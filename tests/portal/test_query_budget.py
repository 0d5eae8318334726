"""No page asks the database more often than it may, whoever looks at it."""

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reports.services.issue import issue_report
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tenants.walls import tenant_models
from tests.isolation.routes import MEANINGS, routes
from tests.isolation.rows import World
from tests.reports.factories import APRIL, MAY, Desk, make_desk, tokyo
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]

DESKS = ("bridge_se", "account_manager", "service_owner")
BUDGET = 14  # statements, with those that say who asks and what they may see
MORE = {
    "": 18,  # a desk's whole day
    "tickets/<key>/": 38,  # what it is, who holds it, each clock, verdict, time, estimates, files
    "tickets/<key>/now/": 36,
    "reports/draft/<contract>/<month>/": 48,  # the facts of a month, made now
    "reports/draft/<contract>/<month>/so-far/": 48,
}
MADE_UP = {"reports/incidents/<key>/", "reports/incidents/<key>/pdf/"}  # of facts that say nothing
BROKEN = 500  # statements that no budget holds
FEWEST = 100  # pages: fewer means that the sweep was lost


@pytest.fixture
def desk(db) -> Desk:
    """Return a client with two reports, seven tickets, and a row of every other table."""
    desk = make_desk("ACME")
    with transaction.atomic(), tenant_scope(desk.tenant):
        for day in range(1, 8):
            ticket = desk.open(f"2026-04-{day + 5:02} 10:00", title="Slow")
        desk.reply(ticket, "2026-04-12 12:00")
        desk.work(ticket, "2026-04-12 10:30", "2026-04-12 11:30")
        issue_report(desk.contract, APRIL, now=tokyo("2026-05-12 10:00"))
        issue_report(desk.contract, MAY, now=tokyo("2026-06-10 10:00"))
    return desk


def addresses(tenant: Tenant) -> dict[str, str]:
    """Return the address of each page by its template, of real rows where the client has some."""
    world = World(tenant)
    with transaction.atomic(), tenant_scope(tenant):
        for model in tenant_models():
            if pk := model._default_manager.order_by("pk").values_list("pk", flat=True).first():
                world.ids[model] = pk
        world.made["ticket"] = Ticket.objects.order_by("pk").last().pk
    world.whole()
    pages = [r for r in routes() if not r.template.startswith(("api/", "hooks/"))]
    return {
        page.template: page.filled({name: MEANINGS[name][0](world) for name in page.names})
        for page in pages
        if page.template not in MADE_UP
    }


def asked(browser: Client, address: str) -> int | None:
    """Return how many statements the page takes once it is warm; None where it is no page for them."""
    answer = browser.get(address)
    if answer.status_code == 500:
        return BROKEN
    if answer.status_code != 200:
        return None
    with CaptureQueriesContext(connection) as found:
        browser.get(address)
    told = [query["sql"] or "" for query in found.captured_queries]
    return sum(not sql.startswith(("SAVEPOINT", "RELEASE")) for sql in told)


def test_every_page_keeps_to_its_budget(desk, client_of):
    taken: dict[str, int] = {}
    pages = addresses(desk.tenant)
    for name in DESKS:
        browser = client_of(desk.people[name])
        browser.raise_request_exception = False
        for template, address in pages.items():
            if (count := asked(browser, address)) is not None:
                taken[template] = max(count, taken.get(template, 0))

    assert len(taken) >= FEWEST
    assert {page: n for page, n in taken.items() if n > MORE.get(page, BUDGET)} == {}
    assert {page for page in MORE if taken[page] <= BUDGET} == set(), "these need no more"
