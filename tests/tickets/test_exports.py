"""Any list as a file: the filters hold, nobody gets more than on the page, nothing is a formula."""

import csv
import io
import tempfile
import tracemalloc
from datetime import datetime, timedelta
from functools import partial

import pytest
from openpyxl import load_workbook

from contracts.models import Contract
from reports.models import MonthlyReport
from tenants.scoping import tenant_scope
from tests.factories import MembershipFactory
from tests.isolation.rows import World
from tests.portal.desk import browser_of, desk_of
from tests.tickets.estimates import Money
from tests.tickets.factories import TEN, Client, after, two_clients
from tests.tickets.races import at_once
from tickets import services
from tickets.models import Alert, FaqText, GlossaryTerm, SecurityFinding, Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]
EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1+1", "＠SUM", '=HYPERLINK("http://evil")']


def csv_of(who, address: str) -> list[dict[str, str]]:
    text = browser_of(who).get(address).getvalue().decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def sheet_of(who, address: str):
    answer = browser_of(who).get(address)
    assert answer.headers["Content-Type"].endswith("spreadsheetml.sheet")
    return load_workbook(io.BytesIO(answer.getvalue())).active


class TestTickets:
    def test_are_exported_as_they_are_filtered(self, client):
        first = client.open(title="The cart does not open")
        client.open(title="A question", impact=3, urgency=3)

        rows = csv_of(client.bridge_se, "/tickets/?priority=P1&format=csv")

        assert [(row["Ticket"], row["Title"]) for row in rows] == [(first.key, first.title)]
        assert rows[0]["Received"].startswith("2026-04-15T01:00:00")

    def test_of_another_client_are_not_in_the_file(self, client):
        client.open(title="Ours")
        with two_clients(client) as second, tenant_scope(second.tenant):
            second.open(title="Theirs")

        assert [row["Title"] for row in csv_of(client.bridge_se, "/tickets/?format=csv")] == [
            "Ours"
        ]
        values = list(sheet_of(client.bridge_se, "/tickets/?format=xlsx").values)
        assert "Theirs" not in str(values)

    def test_of_two_clients_are_both_in_the_file_of_who_works_for_both(self, client):
        client.open(title="Ours")
        with two_clients(client) as second:
            with tenant_scope(second.tenant):
                second.open(title="Theirs")
                MembershipFactory(
                    tenant=second.tenant, user=client.bridge_se.user, role="bridge_se"
                )
            rows = csv_of(client.bridge_se, "/tickets/?format=csv")

        assert {row["Title"] for row in rows} == {"Ours", "Theirs"}

    def test_of_a_requester_who_sees_their_own_only(self, client):
        client.tenant.requesters_see_all = False
        client.tenant.save()
        other = MembershipFactory(tenant=client.tenant, role="requester")
        client.open(title="Mine")
        client.open(title="Not mine", requester=other, actor=other)

        assert [r["Title"] for r in csv_of(client.requester, "/tickets/?format=csv")] == ["Mine"]

    @pytest.mark.parametrize("evil", EVIL)
    def test_hold_no_formula(self, client, evil):
        client.open(title=evil)

        assert csv_of(client.bridge_se, "/tickets/?format=csv")[0]["Title"] == f"'{evil}"
        cell = sheet_of(client.bridge_se, "/tickets/?format=xlsx")["C2"]
        assert cell.data_type == "s"
        assert cell.quotePrefix
        assert cell.value.replace("_x000D_", "\r") == evil

    def test_have_real_dates_a_frozen_head_and_filters(self, client):
        client.open()

        sheet = sheet_of(client.bridge_se, "/tickets/?format=xlsx")

        heads = [cell.value for cell in sheet[1]]
        received = sheet.cell(2, next(n for n, h in enumerate(heads, 1) if "Received" in h))
        assert isinstance(received.value, datetime)
        assert heads[received.column - 1] == "Received [UTC]"
        assert received.value == datetime(2026, 4, 15, 1)
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == "A1:R2"

    def test_take_the_same_few_queries_however_many(self, client, django_assert_max_num_queries):
        for _number in range(4):
            client.open()
        browser = browser_of(client.bridge_se)
        with django_assert_max_num_queries(7):
            browser.get("/tickets/?format=csv").getvalue()

    def test_of_an_unknown_format_are_the_page(self, client):
        assert browser_of(client.bridge_se).get("/tickets/?format=exe").templates

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_leave_memory_flat_by_the_thousand(self, client, kind):
        copies(client.open(), 3_000)
        browser = browser_of(client.bridge_se)
        tracemalloc.start()
        answer = browser.get(f"/tickets/?format={kind}")
        size = sum(len(piece) for piece in answer.streaming_content)
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert size > (500_000 if kind == "csv" else 100_000)  # a workbook is packed
        assert peak < 24_000_000

    def test_of_more_rows_than_allowed_say_which_setting(self, client, settings):
        settings.EXPORT_MOST_ROWS = 1
        client.open()
        client.open()

        answer = browser_of(client.bridge_se).get("/tickets/?format=csv")

        assert answer.status_code == 422
        assert "EXPORT_MOST_ROWS" in answer.text


def copies(ticket: Ticket, number: int) -> None:
    """Write as many more tickets, each like the one."""
    row = Ticket.objects.filter(pk=ticket.pk).values().get()
    del row["id"]
    Ticket.objects.bulk_create(
        (
            Ticket(**row | {"number": n, "key": f"ACME-{n}", "title": f"Ticket {n} " + "x" * 100})
            for n in range(1000, 1000 + number)
        ),
        batch_size=1000,
    )


class TestReleasesAndRoutines:
    @pytest.mark.parametrize("address", ["/tickets/releases/", "/tickets/routines/"])
    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_are_files_for_every_desk(self, client, address, kind):
        for desk in (client.requester, client.bridge_se):
            assert browser_of(desk).get(f"{address}?format={kind}").status_code == 200

    def test_tell_a_release_once_and_no_other_clients(self, client):
        record(client, "2.4.1")
        with two_clients(client) as second, tenant_scope(second.tenant):
            record(second, "9.9.9")

        rows = csv_of(client.requester, "/tickets/releases/?format=csv")

        assert [(r["Release"], r["System"], r["Tickets fixed"]) for r in rows] == [
            ("2.4.1", "shop", "0")
        ]


def record(client: Client, name: str):
    return services.record_release(
        contract=client.contract, actor=client.maintenance_engineer, system="shop",
        kind="version", name=name, released_at=TEN, now=after(hours=1),
    )  # fmt: skip


class TestTimeOfAMonth:
    def address(self, client, kind: str = "csv") -> str:
        return f"/tickets/time/{client.contract.public_id}/?month=2026-04&format={kind}"

    def log(self, client: Client) -> None:
        ticket = client.working()
        services.log_time(
            ticket=ticket, actor=client.operations_engineer, note="=cmd|' /C calc'!A0",
            starts_at=TEN, ends_at=after(minutes=45), now=after(hours=1),
        )  # fmt: skip

    def test_tells_minutes_as_numbers_in_the_contracts_zone(self, client):
        self.log(client)

        rows = list(sheet_of(client.service_owner, self.address(client, "xlsx")).values)

        told = dict(zip(rows[0], rows[1], strict=True))
        assert told["Minutes"] == 45
        assert told["From [Asia/Tokyo]"] == datetime(2026, 4, 15, 10)
        assert told["What was done"] == "=cmd|' /C calc'!A0"
        assert csv_of(client.service_owner, self.address(client))[0]["What was done"][0] == "'"

    def test_is_not_for_requesters(self, client):
        assert browser_of(client.requester).get(self.address(client)).status_code == 403

    def test_of_another_client_is_not_there(self, client):
        with two_clients(client) as second:
            assert browser_of(client.account_manager).get(self.address(second)).status_code == 404


class TestEstimates:
    @pytest.fixture
    def money(self, db):
        acme = Money()
        with tenant_scope(acme.tenant):
            yield acme

    def test_of_the_vendor_are_all_and_of_a_client_what_was_sent(self, money):
        money.draft()
        sent = money.sent()

        ours = csv_of(money.account_manager, "/tickets/estimates/?format=csv")
        theirs = csv_of(money.service_owner, "/tickets/estimates/?format=csv")

        assert len(ours) == 2
        assert [row["Estimate"] for row in theirs] == [f"{sent.ticket.key} E{sent.number}"]
        assert (theirs[0]["Amount"], theirs[0]["Hours"]) == ("80000", "10.00")
        page = browser_of(money.service_owner).get("/tickets/estimates/").text
        assert page.count("/tickets/estimates/" + sent.public_id) == 1

    def test_are_not_for_requesters_and_not_for_another_client(self, money):
        money.sent()
        with two_clients(money) as second:
            assert csv_of(second.account_manager, "/tickets/estimates/?format=csv") == []
        assert browser_of(money.requester).get("/tickets/estimates/").status_code == 403


KEPT = (  # the address, who asks, the model of its rows, and the column that tells them apart
    ("/tickets/security/?state=all&", "bridge_se", SecurityFinding, "Client"),
    ("/tickets/alerts/?", "bridge_se", Alert, "Client"),
    ("/tickets/faq/?", "bridge_se", FaqText, "Client"),
    ("/contracts/?", "requester", Contract, "Client"),
    ("/reports/?", "requester", MonthlyReport, "Client"),
)


class TestWhatElseIsKept:
    @pytest.mark.parametrize(("address", "role", "model", "column"), KEPT)
    def test_is_a_file_of_ones_own_clients_only(self, acme, globex, address, role, model, column):
        desk = desk_of(acme)
        for tenant in (acme, globex):
            World(tenant).id_of(model)

        rows = csv_of(desk.people[role], f"{address}format=csv")

        assert {row[column] for row in rows} == {"Acme"}
        assert "Globex" not in str(
            list(sheet_of(desk.people[role], f"{address}format=xlsx").values)
        )

    def test_of_findings_and_alerts_is_not_for_requesters(self, acme):
        requester = browser_of(desk_of(acme).people["requester"])

        for address in ("/tickets/security/", "/tickets/alerts/"):
            assert requester.get(f"{address}?format=csv").status_code == 403

    def test_of_findings_is_as_filtered(self, acme):
        desk = desk_of(acme)
        World(acme).id_of(SecurityFinding)

        assert csv_of(desk.people["bridge_se"], "/tickets/security/?state=fixed&format=csv") == []

    def test_the_glossary_is_one_clients(self, acme, globex):
        desk = desk_of(acme)
        for tenant in (acme, globex):
            World(tenant).id_of(GlossaryTerm)

        (row,) = csv_of(desk.people["bridge_se"], "/tickets/glossary/ACME/?format=csv")

        assert row.keys() >= {"日本語", "English", "Tiếng Việt"}
        lead = browser_of(desk.people["bridge_se"])
        assert lead.get("/tickets/glossary/GLOBEX/?format=csv").status_code == 404

    def test_the_people_of_a_client_are_for_its_account_manager(self, acme, globex):
        desk, _theirs = desk_of(acme), desk_of(globex)

        rows = csv_of(desk.people["account_manager"], "/administration/clients/ACME/?format=csv")

        assert {row["Name"] for row in rows} == {f"ACME {role}" for role in desk.people}
        assert {row["Active"] for row in rows} == {"Yes"}
        owner = browser_of(desk.people["service_owner"])
        assert owner.get("/administration/clients/ACME/?format=csv").status_code == 403


def test_the_audit_is_a_workbook_too(client):
    client.open(now=TEN + timedelta(minutes=5))

    rows = list(sheet_of(client.account_manager, "/administration/audit.csv?format=xlsx").values)

    assert rows[0][:2] == ("at (UTC)", "client")
    assert isinstance(rows[1][0], datetime)


@pytest.mark.django_db(transaction=True)
def test_five_at_once_one_given_up_are_whole_and_leave_no_file(tmp_path, monkeypatch):
    acme = Client()
    with tenant_scope(acme.tenant):
        for number in range(30):
            acme.open(title=f"Trouble {number}")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    browsers = [browser_of(acme.bridge_se) for _each in range(5)]

    def ask(number: int) -> bytes:
        answer = browsers[number].get(f"/tickets/?format={'csv' if number % 2 else 'xlsx'}")
        if number == 3:  # nobody waited for the end
            next(iter(answer.streaming_content))
            answer.close()
            return b""
        return answer.getvalue()

    answers = at_once([partial(ask, number) for number in range(5)], None)

    assert [type(answer) for answer in answers] == [bytes] * 5
    assert answers[1].count(b"Trouble") == 30
    for number in (0, 2, 4):
        assert load_workbook(io.BytesIO(answers[number])).active.max_row == 31
    assert list(tmp_path.iterdir()) == []
