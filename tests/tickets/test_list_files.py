"""What waits at the desk, as files: the rows of the page, one's own clients' only, no formula."""

import csv
import io
from collections.abc import Callable

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from tenants.models import Job, Membership, TenantOwned
from tenants.scoping import tenant_scope
from tests.factories import TenantFactory
from tests.isolation.rows import World
from tests.portal.desk import browser_of, desk_of
from tests.tickets.factories import Client
from tests.tickets.test_overage import asking, held_three_hours
from tickets.models import BulkImport, Letter, LetterState, Mailbox, Notification, RosterSeat

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


def told_as(text: str, kind: str) -> str:
    """Return how a file of that kind holds the text: as CSV no formula begins with its sign."""
    return f"'{text}" if kind == "csv" and text.startswith("=") else text


def overage() -> Membership:
    """Let hours wait beyond the pools of two clients."""
    ours, theirs = Client("ACME", asking()), Client("GLOBEX", asking())
    for client in (ours, theirs):
        with tenant_scope(client.tenant):
            held_three_hours(client)
    return ours.account_manager


def rows_with(model: type[TenantOwned], role: str) -> Callable[[], Membership]:
    """Return what makes a row of two clients, named so that a spreadsheet would calculate."""

    def make() -> Membership:
        acme, globex = TenantFactory(code="ACME", name="=Acme"), TenantFactory(code="GLOBEX")
        ours, theirs = (desk_of(tenant).people[role] for tenant in (acme, globex))
        for member in (ours, theirs):
            world = World(member.tenant)
            world.ids[Membership] = member.pk
            world.id_of(model)
        return ours

    return make


def jobs() -> Membership:
    """Let a job of each of two clients die."""
    ours, theirs = (desk_of(TenantFactory(code=code)) for code in ("ACME", "GLOBEX"))
    told = {"kind": "report.issue", "due_at": timezone.now(), "error": "OperationalError"}
    for desk in (ours, theirs):
        Job.objects.create(tenant=desk.tenant, key=f"of {desk.tenant.code}", state="dead", **told)
        Job.objects.create(tenant=desk.tenant, key="was done", state="done", **told)
    return ours.people["account_manager"]


LISTS: dict[str, tuple[Callable[[], Membership], str, object]] = {
    # the address: how rows of two clients are made, a column, and what it holds
    "/tickets/overage/": (overage, "At most", 36_000),
    "/tickets/mail/": (rows_with(Letter, "bridge_se"), "State", "Waits for the desk"),
    "/tickets/mail/?list=mailboxes": (rows_with(Mailbox, "bridge_se"), "Active", "Yes"),
    "/notices/": (rows_with(Notification, "bridge_se"), "Notification", "New message"),
    "/tickets/import/": (rows_with(BulkImport, "bridge_se"), "State", "Being imported"),
    "/tickets/on-call/": (rows_with(RosterSeat, "bridge_se"), "On call", "ACME bridge_se"),
    "/administration/jobs/?state=dead": (jobs, "Last failure", "OperationalError"),
}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("address", LISTS)
def test_a_list_is_a_file_of_ones_own_clients_only(address, kind):
    make, column, told = LISTS[address]
    who = make()

    rows = rows_of(who, address, kind)

    assert str(told) in {str(row[column]) for row in rows}
    assert {row["Client"] for row in rows} == {told_as(who.tenant.name, kind)}
    assert "GLOBEX" not in str(rows).upper()


@pytest.mark.parametrize("address", LISTS)
def test_its_page_leads_to_both_files(address):
    make, _column, _told = LISTS[address]

    page = browser_of(make()).get(address).text

    assert {f"format={kind}" in page for kind in ("csv", "xlsx")} == {True}


def test_letters_in_quarantine_are_in_the_file_of_a_lead_only(acme):
    desk = desk_of(acme)
    letter = World(acme).id_of(Letter)
    with tenant_scope(acme):
        Letter.objects.filter(pk=letter).update(state=LetterState.QUARANTINED)

    kept = [rows_of(desk.people[r], "/tickets/mail/", "csv") for r in ("bridge_se", "service_desk")]

    assert [len(rows) for rows in kept] == [1, 0]


def test_letters_and_mailboxes_are_not_for_the_client(acme):
    owner = browser_of(desk_of(acme).people["service_owner"])

    for asked in ("", "list=mailboxes&"):
        assert owner.get(f"/tickets/mail/?{asked}format=csv").status_code == 403


def test_notifications_are_as_filtered_and_nobody_elses(acme):
    desk, world = desk_of(acme), World(acme)
    reader = desk.people["bridge_se"]
    world.ids[Membership] = reader.pk
    notice = world.id_of(Notification)
    assert len(rows_of(reader, "/notices/?show=unread", "csv")) == 1
    with tenant_scope(acme):
        Notification.objects.filter(pk=notice).update(read_at=timezone.now())

    assert rows_of(reader, "/notices/?show=unread", "csv") == []
    assert len(rows_of(reader, "/notices/", "csv")) == 1
    assert rows_of(desk.people["account_manager"], "/notices/", "csv") == []


def test_jobs_are_as_filtered_with_the_portals_own():
    manager = jobs()
    Job.objects.create(kind="tick", key="portal", state="done", due_at=timezone.now())

    rows = rows_of(manager, "/administration/jobs/?state=done", "csv")

    assert {(row["Job"], row["Client"]) for row in rows} == {
        ("report.issue was done", manager.tenant.name),
        ("tick portal", "The portal itself"),
    }
