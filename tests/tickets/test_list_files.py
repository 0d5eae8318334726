"""What waits at the desk, as files: the rows of the page, one's own clients' only, no formula."""

import csv
import io
from collections.abc import Callable

import pytest
from openpyxl import load_workbook

from tenants.models import Membership
from tenants.scoping import tenant_scope
from tests.portal.desk import browser_of
from tests.tickets.factories import Client
from tests.tickets.test_overage import asking, held_three_hours

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]


def rows_of(who: Membership, address: str, kind: str) -> list[dict[str, object]]:
    """Return the file's rows by heading; of a workbook without the zone that it names."""
    joint = "&" if "?" in address else "?"
    body = browser_of(who).get(f"{address}{joint}format={kind}").getvalue()
    if kind == "csv":
        return list(csv.DictReader(io.StringIO(body.decode()[1:], newline="")))
    heads, *rows = load_workbook(io.BytesIO(body)).active.values
    names = [head.partition(" [")[0] for head in heads]
    return [dict(zip(names, row, strict=True)) for row in rows]


def overage() -> Membership:
    """Let hours wait beyond the pools of two clients."""
    ours, theirs = Client("ACME", asking()), Client("GLOBEX", asking())
    for client in (ours, theirs):
        with tenant_scope(client.tenant):
            held_three_hours(client)
    return ours.account_manager


LISTS: dict[str, tuple[Callable[[], Membership], str, object]] = {
    # the address: how rows of two clients are made, a column, and what it holds
    "/tickets/overage/": (overage, "At most", 36_000),
}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("address", LISTS)
def test_a_list_is_a_file_of_ones_own_clients_only(address, kind):
    make, column, told = LISTS[address]
    who = make()

    rows = rows_of(who, address, kind)

    assert str(told) in {str(row[column]) for row in rows}
    assert {row["Client"] for row in rows} == {who.tenant.name}
    assert "GLOBEX" not in str(rows).upper()


@pytest.mark.parametrize("address", LISTS)
def test_its_page_leads_to_both_files(address):
    make, _column, _told = LISTS[address]

    page = browser_of(make()).get(address).text

    assert {f"format={kind}" in page for kind in ("csv", "xlsx")} == {True}
