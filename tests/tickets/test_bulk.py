"""Import of another tool's file: shown before it is done, done once, resumed where it stopped."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tenants.errors import Refused
from tenants.models import Job, JobState
from tenants.services import jobs
from tests.portal.desk import browser_of
from tests.tickets.factories import Client, two_clients
from tickets.models import BulkImport, BulkRow, Notification, Ticket, TimeEntry
from tickets.services import bulk as importer
from tickets.services.bulk_check import check, fingerprint

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
BACKLOG = (
    "キー,件名,種別,状態,優先度,登録日,更新日\r\n"
    "SHOP-1,カートが開かない,バグ,完了,高,2026/04/15 10:00:00,2026/04/16 09:30:00\r\n"
    "SHOP-2,使い方の質問,質問,未対応,低,2026/04/15 11:00:00,2026/04/15 11:00:00\r\n"
    "SHOP-3,画面の改善,要望,処理中,中,2026/04/15 12:00:00,2026/04/15 12:00:00\r\n"
).encode("cp932")


def uploaded(client: Client, data: bytes = BACKLOG, kind="tickets", source="backlog") -> BulkImport:
    return importer.upload_bulk(
        contract=client.contract, actor=client.bridge_se, kind=kind, source=source, system="shop",
        environment="production", upload=SimpleUploadedFile("issues.csv", data), now=NOW,
    )  # fmt: skip


def confirm(client: Client, bulk: BulkImport) -> BulkImport:
    shown = fingerprint(bulk, check(bulk, NOW))
    return importer.confirm_bulk(bulk=bulk, actor=client.bridge_se, shown=shown, now=NOW)


def work(times: int = 9) -> None:
    """Run the jobs of imports until none waits, at most so many."""
    for _time in range(times):
        job = Job.objects.filter(kind=importer.KIND, state=JobState.WAITING).first()
        if job is None:
            return
        jobs.run(job.pk)


class TestTickets:
    def test_are_imported_by_the_real_commands_as_they_were(self, client):
        confirm(client, uploaded(client))
        work()

        closed, asked, improved = Ticket.objects.order_by("source_key")
        assert (closed.status, closed.priority, closed.channel) == ("closed", "P2", "import")
        assert closed.title == "カートが開かない"
        assert closed.received_at == datetime(2026, 4, 15, 1, tzinfo=UTC)
        assert closed.closed_at == datetime(2026, 4, 16, 0, 30, tzinfo=UTC)
        assert closed.received_reason == "Imported from Backlog: issues.csv"
        assert closed.stage.decision.clause_id == "S2"
        assert (asked.status, improved.status) == ("new", "in_progress")
        assert not Notification.objects.exists()
        bulk = BulkImport.objects.get()
        assert bulk.finished_at is not None
        assert [row.outcome for row in bulk.outcomes.all()] == ["created"] * 3

    def test_are_not_imported_again_by_a_second_file(self, client):
        confirm(client, uploaded(client))
        work()
        again = uploaded(client)

        assert [row.outcome for row in check(again, NOW)] == ["skipped"] * 3
        confirm(client, again)
        work()
        assert Ticket.objects.count() == 3

    def test_confirmed_twice_are_imported_once(self, client):
        bulk = uploaded(client)
        shown = fingerprint(bulk, check(bulk, NOW))
        for _time in range(2):
            importer.confirm_bulk(bulk=bulk, actor=client.bridge_se, shown=shown, now=NOW)
        work()

        assert Ticket.objects.count() == 3
        assert Job.objects.filter(kind=importer.KIND).count() == 1

    def test_go_on_after_a_worker_died_in_the_middle(self, client, monkeypatch):
        monkeypatch.setattr(importer, "AT_ONCE", 2)
        confirm(client, uploaded(client))
        work(1)
        assert Ticket.objects.count() == 2
        bring, brought = importer.bring_ticket, []

        def dies(*args):
            brought.append(bring(*args))
            raise RuntimeError("The machine is gone.")

        monkeypatch.setattr(importer, "bring_ticket", dies)
        work(1)
        assert (Ticket.objects.count(), BulkRow.objects.count(), len(brought)) == (2, 2, 1)
        monkeypatch.setattr(importer, "bring_ticket", bring)
        Job.objects.filter(kind=importer.KIND, state=JobState.WAITING).update(
            due_at=datetime(2026, 1, 1, tzinfo=UTC)
        )
        work()

        assert sorted(Ticket.objects.values_list("source_key", flat=True)) == [
            "SHOP-1", "SHOP-2", "SHOP-3",
        ]  # fmt: skip
        assert BulkImport.objects.get().finished_at is not None

    def test_with_one_wrong_row_are_not_confirmed_at_all(self, client):
        bulk = uploaded(client, BACKLOG.replace(b"2026/04/15 11", b"1999/04/15 11"))

        rows = check(bulk, NOW)
        assert [row.outcome for row in rows] == ["created", "wrong", "created"]
        assert [(w.column, w.fault) for w in rows[1].wrong] == [("登録日", "no_version")]
        with pytest.raises(Refused, match="Some rows are wrong"):
            confirm(client, bulk)
        assert not Job.objects.filter(kind=importer.KIND).exists()

    def test_that_changed_since_they_were_shown_are_read_again(self, client):
        bulk = uploaded(client)
        shown = fingerprint(bulk, check(bulk, NOW))
        confirm(client, uploaded(client))
        work()

        with pytest.raises(Refused, match="changed since"):
            importer.confirm_bulk(bulk=bulk, actor=client.bridge_se, shown=shown, now=NOW)

    def test_of_the_same_key_at_another_client_are_another_ticket(self, client):
        confirm(client, uploaded(client))
        work()
        with two_clients(client) as second:
            assert [row.outcome for row in check(uploaded(second), NOW)] == ["created"] * 3


class TestTime:
    def file(self, client: Client, person: str) -> bytes:
        return (
            "キー,メールアドレス,作業日,実績時間,件名\r\n"
            f"SHOP-1,{person},2026/04/15 13:00,1.5,ログの調査\r\n"
            f"SHOP-1,{person},2026/04/15 15:00,0.5,=cmd|calc\r\n"
        ).encode("cp932")

    def test_is_logged_once_on_the_imported_ticket(self, client):
        confirm(client, uploaded(client))
        work()
        engineer = client.operations_engineer
        for _time in range(2):
            bulk = uploaded(client, self.file(client, engineer.user.email.upper()), kind="time")
            confirm(client, bulk)
            work()

        entries = TimeEntry.objects.order_by("starts_at")
        assert [(e.person, e.minutes, e.ticket.source_key) for e in entries] == [
            (engineer, 90, "SHOP-1"), (engineer, 30, "SHOP-1"),
        ]  # fmt: skip
        assert entries[0].starts_at == datetime(2026, 4, 15, 4, tzinfo=UTC)
        assert BulkRow.objects.filter(kind="time", outcome="skipped").count() == 2

    def test_of_a_client_or_of_nobody_and_on_no_ticket_is_wrong(self, client):
        bulk = uploaded(client, self.file(client, client.requester.user.email), kind="time")

        assert {w.fault for row in check(bulk, NOW) for w in row.wrong} == {
            "no_person", "no_ticket",
        }  # fmt: skip


class TestPages:
    def send(self, client: Client, data: bytes = BACKLOG, who: str = "bridge_se", **told):
        told = {"kind": "tickets", "source": "backlog", "place": "shop/production", **told}
        file = SimpleUploadedFile("issues.csv", data)
        browser = browser_of(client.people[who])
        address = f"/tickets/import/new/{client.contract.public_id}/"
        return browser, browser.post(address, {**told, "file": file})

    def test_lead_from_the_file_to_the_tickets(self, client):
        browser, answer = self.send(client)
        page = browser.get(answer.url)
        assert "Import 3 rows" in page.text
        assert not Ticket.objects.exists()

        told = {"shown": page.context["shown"]}
        assert browser.post(f"{answer.url}confirm/", told).status_code == 302
        work()

        assert "3 of 3 rows" in browser.get(answer.url).text
        report = browser.get(f"{answer.url}report/").getvalue().decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(report)))
        assert [(row["Key in the other tool"], row["Outcome"]) for row in rows] == [
            (f"SHOP-{n}", "Created") for n in (1, 2, 3)
        ]
        assert all(row["Ticket"].startswith("ACME-") for row in rows)

    def test_ask_for_the_columns_that_no_preset_knows(self, client):
        data = b"ID?,What,When\n1,Slow,2026-04-15 10:00\n"
        browser, answer = self.send(client, data, source="csv")
        assert "Some columns are not known yet" in browser.get(answer.url).text

        told = {"source_key": "ID?", "title": "What"}
        assert browser.post(f"{answer.url}columns/", told).status_code == 422
        browser.post(f"{answer.url}columns/", {**told, "received_at": "When"})

        assert "Import 1 row" in browser.get(answer.url).text

    def test_name_row_column_value_and_the_way_out(self, client):
        browser, answer = self.send(client, BACKLOG.replace(b"2026/04/15 11:00:00", b"soon"))

        page = browser.get(answer.url).text

        assert "Row 3" in page
        assert "登録日: soon – This is no date." in page
        assert "Import 2 rows" not in page

    def test_name_the_setting_of_a_limit(self, client, settings):
        settings.BULK_MOST_ROWS = 2
        _browser, answer = self.send(client)

        assert answer.status_code == 422
        assert "BULK_MOST_ROWS" in answer.text

    @pytest.mark.parametrize("who", ["requester", "service_owner", "operations_engineer"])
    def test_are_for_leads_only(self, client, who):
        assert browser_of(client.people[who]).get("/tickets/import/").status_code == 403
        assert self.send(client, who=who)[1].status_code == 403

    def test_of_another_client_are_not_there(self, client):
        bulk = uploaded(client)
        with two_clients(client) as second:
            browser = browser_of(second.bridge_se)
            for address in ("", "report/"):
                assert browser.get(f"/tickets/import/{bulk.public_id}/{address}").status_code == 404
            for address in ("columns/", "confirm/"):
                answer = browser.post(f"/tickets/import/{bulk.public_id}/{address}")
                assert answer.status_code == 404
            assert "issues.csv" not in browser.get("/tickets/import/").text


def test_a_closed_month_takes_imported_work_as_an_adjustment(client):
    confirm(client, uploaded(client))
    work()
    person = client.operations_engineer.user.email
    data = f"ticket,person,start,hours\nSHOP-1,{person},2026-04-15 13:00,1\n".encode()
    ticket = Ticket.objects.get(source_key="SHOP-1")
    Ticket.objects.filter(pk=ticket.pk).update(source="csv")
    from contracts.services import close_period, period_at

    period = period_at(client.contract, ticket.received_at)
    close_period(
        period=period, actor=client.account_manager, now=period.ends_at + timedelta(days=30)
    )
    confirm(client, uploaded(client, data, kind="time", source="csv"))
    work()

    entry = TimeEntry.objects.get()
    assert entry.adjusts == period
    assert entry.period != period
