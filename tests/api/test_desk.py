"""The desk's daily work through the API: each as its page does it, and nobody else's in any list."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import MULTIPART_CONTENT

from tenants.models import Job
from tenants.scoping import tenant_scope
from tenants.services import jobs
from tenants.tasks import run_job
from tests.api.client import Api
from tests.portal.desk import NOON, Desk, desk_of
from tests.tickets.test_notice_pages import tell
from tickets.models import Attachment

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path, settings) -> None:
    monkeypatch.setattr(run_job, "apply_async", lambda **options: None)
    settings.ATTACHMENTS_DIR = tmp_path


@pytest.fixture
def desk(acme) -> Desk:
    return desk_of(acme)


@pytest.fixture
def other(globex) -> Desk:
    return desk_of(globex)


def as_(desk: Desk, role: str, **headers: str) -> Api:
    return Api(desk.people[role], **headers)


def form(api: Api, path: str, **fields):
    return api.post(path, fields, content_type=MULTIPART_CONTENT)


def file(name: str = "trace.log", content: bytes = b"09:00 it hangs") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


class TestWaiting:
    def test_is_what_the_inbox_shows_and_nobody_elses(self, desk, other):
        ticket = desk.open()
        other.open()
        engineer, requester = as_(desk, "operations_engineer"), as_(desk, "requester")

        found = {one["rule"]: one for one in engineer.get("waiting/").json()}

        assert found.keys() == {"about_to_miss", "replies"}
        assert [row["key"] for row in found["replies"]["tickets"]] == [ticket.key]
        assert found["replies"]["label"] == "Replies owed to the client"
        assert found["replies"]["tickets"] == engineer.get("tickets/").json()["results"]
        assert requester.get("waiting/").json() == []
        japanese = as_(desk, "operations_engineer", **{"Accept-Language": "ja"})
        assert japanese.get("waiting/").json()[1]["label"] == "お客様への返信待ち"

    def test_is_few_statements_however_many_wait(self, desk, django_assert_max_num_queries):
        for _number in range(3):
            desk.open()
        engineer = as_(desk, "operations_engineer")

        with django_assert_max_num_queries(7):
            assert engineer.get("waiting/").status_code == 200


class TestNotices:
    def test_are_read_unread_and_all_read_by_their_person(self, desk, other):
        ticket, theirs = desk.open(), other.open()
        for key in ("one", "two"):
            tell(desk, "requester", ticket, key=key)
        tell(desk, "service_owner", ticket)
        tell(other, "requester", theirs)
        api = as_(desk, "requester", **{"Accept-Language": "ja"})

        told = [n for n in api.get("notices/").json()["results"] if n["code"] == "comment.public"]
        assert len(told) == 2
        assert (told[0]["headline"], told[0]["ticket"]) == (
            "新しいメッセージがあります",
            ticket.key,
        )
        assert api.post(f"notices/{told[0]['id']}/read/").json()["read_at"]
        assert len(api.get("notices/?unread=true").json()["results"]) == 1
        assert api.post(f"notices/{told[0]['id']}/unread/").json()["read_at"] is None
        assert api.post("notices/read-all/").json() == {"read": 2}
        assert api.get("notices/?unread=true").json()["results"] == []
        assert as_(desk, "service_owner").get("notices/?unread=true").json()["results"]
        assert as_(desk, "bridge_se").post(f"notices/{told[0]['id']}/read/").status_code == 404

    def test_come_as_their_person_chooses(self, desk):
        vendor, client = as_(desk, "bridge_se"), as_(desk, "requester")

        chosen = vendor.patch(
            "/api/v1/me/channels/", {"missed": "portal"}, content_type="application/json"
        )

        assert chosen.json()["missed"] == "portal"
        assert vendor.get("me/channels/").json()["missed"] == "portal"
        assert "missed" not in client.get("me/channels/").json()
        refused = client.patch(
            "/api/v1/me/channels/", {"missed": "off"}, content_type="application/json"
        )
        assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (400, "missed")


class TestFiles:
    def test_are_sent_listed_and_downloaded_by_who_may_read_their_message(self, desk, other):
        page = f"tickets/{desk.open().key}/"
        engineer, requester = as_(desk, "operations_engineer"), as_(desk, "requester")

        sent = form(engineer, f"{page}attach/", files=[file(), file("b.txt")], body="See.")
        assert sent.status_code == 200, sent.content
        form(engineer, f"{page}attach/", files=[file("plan.txt")], lane="internal")

        seen = requester.get(f"{page}attachments/").json()["results"]
        assert [row["name"] for row in seen] == ["trace.log", "b.txt"]
        everything = engineer.get(f"{page}attachments/").json()["results"]
        inside = next(row for row in everything if row["name"] == "plan.txt")
        answer = requester.get(
            f"attachments/{seen[0]['id']}/", headers={"Accept": "application/octet-stream"}
        )
        assert b"".join(answer.streaming_content) == b"09:00 it hangs"
        assert answer["Content-Disposition"].startswith("attachment")
        assert requester.get(f"attachments/{inside['id']}/").status_code == 404
        assert as_(other, "bridge_se").get(f"attachments/{seen[0]['id']}/").status_code == 404

    def test_are_sent_once_under_one_key_and_refused_by_type(self, desk):
        page = f"tickets/{desk.open().key}/attach/"
        api = as_(desk, "requester", **{"Idempotency-Key": "log-1"})

        first, second = (form(api, page, files=[file()]) for _time in range(2))
        other_file = form(api, page, files=[file(content=b"another")])

        assert (first.status_code, second.status_code) == (200, 200)
        assert second["Idempotency-Replayed"] == "true"
        assert other_file.status_code == 409
        with tenant_scope(desk.tenant):
            assert Attachment.objects.count() == 1
        wrong = form(as_(desk, "requester"), page, files=[file("run.exe")])
        assert (wrong.status_code, wrong.json()["errors"][0]["attr"]) == (400, "files")


class TestTime:
    def test_a_timer_becomes_an_entry_that_can_be_put_right(self, desk, other):
        ticket, engineer = desk.open(), as_(desk, "operations_engineer")
        page = f"tickets/{ticket.key}/"
        with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
            engineer.post(f"{page}start/")
            assert engineer.post(f"{page}timer/").status_code == 200
            assert engineer.get("timer/").json()["timer"]["ticket"] == ticket.key
            assert as_(desk, "bridge_se").get("timer/").json() == {"timer": None}
        with time_machine.travel(NOON + timedelta(minutes=35), tick=False):
            assert engineer.post(f"{page}timer/stop/", {"note": "Restarted."}).status_code == 200
            assert engineer.post(f"{page}timer/stop/").status_code == 404
            (entry,) = engineer.get(f"{page}time-entries/").json()["results"]
            assert (entry["minutes"], entry["number"], entry["corrected"]) == (30, 1, None)
            corrected = {
                "reason": "Lunch.",
                "starts_at": "2026-04-08T03:05:00Z",
                "ends_at": "2026-04-08T03:20:00Z",
            }
            desk_lead = as_(desk, "maintenance_engineer")
            assert desk_lead.post(f"{page}time/1/correct/", corrected).status_code == 403
            assert engineer.post(f"{page}time/1/correct/", corrected).status_code == 200
            assert engineer.post(f"{page}time/1/correct/", corrected).status_code == 409
        rows = engineer.get(f"{page}time-entries/").json()["results"]
        assert [(r["number"], r["minutes"], r["corrected"]) for r in rows] == [
            (1, 30, "Lunch."), (2, 15, None),
        ]  # fmt: skip
        theirs = as_(other, "account_manager")
        assert theirs.post(f"{page}time/1/correct/", corrected).status_code == 404


class TestWords:
    def test_a_message_is_translated_beside_itself(self, desk):
        bridge, page = as_(desk, "bridge_se"), f"tickets/{desk.open().key}/"
        as_(desk, "requester").post(
            f"{page}comment/", {"body": "カートが開かない", "language": "ja"}
        )
        bridge.post(f"{page}comment/", {"body": "Ours.", "lane": "internal"})
        said, ours = bridge.get(f"{page}comments/").json()["results"]

        told = {"language": "en", "body": "The cart does not open"}
        assert bridge.post(f"comments/{said['id']}/translate/", told).status_code == 200
        again = bridge.get(f"{page}comments/").json()["results"][0]
        assert again["translations"] == {"en": "The cart does not open"}
        client = as_(desk, "service_owner")
        assert client.post(f"comments/{ours['id']}/translate/", told).status_code == 404

    def test_the_glossary_is_kept_by_the_vendor(self, desk, other):
        bridge = as_(desk, "bridge_se")
        as_(other, "bridge_se").post("glossary/GLOBEX/", {"ja": "在庫", "en": "stock"})

        made = bridge.post("glossary/ACME/", {"ja": "納品", "en": "delivery"})
        assert made.status_code == 201
        address = f"terms/{made.json()['id']}/"
        changed = bridge.post(f"{address}change/", {"ja": "納品", "en": "handover"})
        assert changed.json()["en"] == "handover"
        assert [t["en"] for t in bridge.get("glossary/ACME/").json()["results"]] == ["handover"]
        assert as_(desk, "requester").get("glossary/ACME/").status_code == 404
        assert bridge.get("glossary/GLOBEX/").status_code == 404
        assert bridge.post(f"{address}remove/").status_code == 204
        assert bridge.get("glossary/ACME/").json()["results"] == []


class TestLinks:
    def test_are_made_listed_from_both_ends_and_taken_back(self, desk):
        one, two = desk.open(), desk.open("Another")
        engineer = as_(desk, "operations_engineer")
        engineer.post(f"tickets/{one.key}/link/", {"other": two.key, "kind": "blocks"})

        (ahead,) = engineer.get(f"tickets/{one.key}/links/").json()["results"]
        (back,) = engineer.get(f"tickets/{two.key}/links/").json()["results"]
        assert (ahead["ticket"], ahead["back"]) == (two.key, False)
        assert (back["ticket"], back["back"]) == (one.key, True)
        assert as_(desk, "requester").post(f"links/{ahead['id']}/remove/").status_code == 403
        assert engineer.post(f"links/{ahead['id']}/remove/").status_code == 204
        assert engineer.get(f"tickets/{one.key}/links/").json()["results"] == []

    def test_watchers_are_named_to_the_client_without_the_vendors_people(self, desk):
        page = f"tickets/{desk.open().key}/"
        for role in ("operations_engineer", "service_owner"):
            assert as_(desk, role).post(f"{page}watch/").status_code == 200

        def watchers(role: str) -> list[str]:
            rows = as_(desk, role).get(f"{page}watchers/").json()["results"]
            return [row["person"]["name"] for row in rows]

        assert watchers("service_owner") == ["ACME service_owner"]
        assert len(watchers("bridge_se")) == 2


ISSUES = (
    "Key,Title,Type,Status,Priority,Received\r\nA-1,The cart,incident,new,P2,2026-04-08 10:00\r\n"
)


class TestImports:
    def test_a_file_is_shown_confirmed_and_done_by_its_job(self, desk, other):
        bridge = as_(desk, "bridge_se")
        told = {
            "kind": "tickets",
            "source": "csv",
            "system": "ec-site",
            "environment": "production",
        }
        address = f"contracts/{desk.contract.public_id}/imports/"

        sent = form(bridge, address, file=file("issues.csv", ISSUES.encode()), **told)

        assert sent.status_code == 201, sent.content
        bulk = sent.json()
        assert (bulk["rows"], bulk["counts"]["created"], bulk["missing"]) == (1, 1, [])
        page = f"imports/{bulk['id']}/"
        (row,) = bridge.get(f"{page}rows/").json()["results"]
        assert (row["source_key"], row["outcome"]) == ("A-1", "created")
        mapped = bridge.patch(
            f"/api/v1/{page}columns/",
            {"mapping": {"source_key": "Key", "title": "Title", "received_at": "Received"}},
            content_type="application/json",
        )
        assert mapped.json()["mapping"]["title"] == "Title"
        assert bridge.post(f"{page}confirm/", {"shown": "0" * 64}).status_code == 409
        shown = mapped.json()["fingerprint"]
        assert bridge.post(f"{page}confirm/", {"shown": shown}).status_code == 202
        jobs.run(Job.objects.get(kind="tickets.bulk_import").pk)
        after = bridge.get(page).json()
        assert (after["done"], after["rows"], bool(after["finished_at"])) == (1, 1, True)
        assert bridge.get(f"{page}rows/").json()["results"][0]["ticket"].startswith("ACME-")
        assert as_(desk, "operations_engineer").get(page).status_code == 403
        assert as_(other, "bridge_se").get(page).status_code == 404
        assert as_(other, "bridge_se").get("imports/").json()["results"] == []


class TestReplays:
    def test_are_asked_for_done_and_read(self, desk, other):
        with time_machine.travel(NOON + timedelta(hours=2), tick=False):
            desk.open()
            manager = as_(desk, "account_manager")
            address = f"contracts/{desk.contract.public_id}/replays/"

            asked = manager.post(address, {"version": 1, "from_on": "2026-04-01"})

            assert asked.status_code == 202, asked.content
            assert (asked.json()["state"], asked.json()["result"]) == ("waiting", None)
            jobs.run(Job.objects.get(kind="tickets.replay").pk)
            page = f"replays/{asked.json()['id']}/"
            done = manager.get(page).json()
        assert (done["state"], done["progress"], done["result"]["tickets"]) == ("finished", 100, 1)
        assert len(manager.get(address).json()["results"]) == 1
        for nobody in (as_(desk, "service_owner"), as_(other, "account_manager")):
            assert nobody.get(page).status_code == 404
            assert nobody.post(address, {"version": 1}).status_code == 404
        assert manager.post(address, {"version": 9}).status_code == 400


class TestReleases:
    def test_are_recorded_and_listed(self, desk, other):
        told = {
            "system": "ec-site", "kind": "patch", "name": "2.4.1", "documents": ["Design 3"],
            "released_at": "2026-04-08T00:00:00Z",
        }  # fmt: skip
        address = f"contracts/{desk.contract.public_id}/releases/"
        engineer = as_(desk, "maintenance_engineer")

        made = engineer.post(address, told)

        assert made.status_code == 201, made.content
        page = f"releases/{made.json()['id']}/"
        assert as_(desk, "requester").get(page).json()["documents"] == ["Design 3"]
        assert as_(desk, "requester").post(address, told).status_code == 403
        assert engineer.post(address, told).json()["errors"][0]["attr"] == "name"
        assert as_(other, "bridge_se").get(page).status_code == 404
        assert as_(other, "bridge_se").get("releases/").json()["results"] == []


class TestRoutines:
    PLAN = {
        "kind": "backup", "title": "Nightly backup", "system": "ec-site", "every": "day",
        "opens": "01:00", "closes": "09:00",
        "checklist": [{"text": "GB", "evidence": "number"}, {"text": "Log", "evidence": "file"}],
    }  # fmt: skip

    def test_are_agreed_done_with_evidence_changed_and_ended(self, desk, other):
        bridge = as_(desk, "bridge_se")
        address = f"contracts/{desk.contract.public_id}/routines/"
        with time_machine.travel(NOON, tick=False):
            made = bridge.post(address, {**self.PLAN, "starts_on": "2026-04-09"})
            assert made.status_code == 201, made.content
            refused = as_(desk, "service_desk").post(
                address, {**self.PLAN, "starts_on": "2026-04-09"}
            )
            assert refused.status_code == 403
        run = bridge.get("routine-runs/?waiting=true").json()["results"][0]
        page = f"routine-runs/{run['id']}/"
        engineer = as_(desk, "operations_engineer")
        with time_machine.travel(NOON + timedelta(hours=14), tick=False):  # 02:00 in Tokyo
            kept = form(engineer, f"{page}files/", file=file("backup.log")).json()["file"]
            lines = [{"line": 0, "value": "12.5"}, {"line": 1, "file": kept}]
            assert engineer.post(f"{page}complete/", {"lines": lines[:1]}).status_code == 400
            wrong = [{"line": 9}, *lines]
            assert engineer.post(f"{page}complete/", {"lines": wrong}).status_code == 400
            done = engineer.post(f"{page}complete/", {"lines": lines})
            assert done.status_code == 200, done.content
        assert (done.json()["state"], done.json()["answers"][0]["value"]) == ("done", "12.5")
        proof = engineer.get(f"routine-proofs/{done.json()['proofs'][0]['id']}/")
        assert b"".join(proof.streaming_content) == b"09:00 it hangs"
        task = f"routines/{made.json()['id']}/"
        with time_machine.travel(NOON + timedelta(hours=15), tick=False):
            changed = bridge.post(f"{task}change/", {**self.PLAN, "title": "Backup"})
            assert changed.json()["title"] == "Backup"
            assert bridge.post(f"{task}end/", {"reason": "Moved."}).json()["ended_on"]
        for path in ("routines/", "routine-runs/"):
            assert as_(other, "bridge_se").get(path).json()["results"] == []
        assert as_(other, "bridge_se").get(task).status_code == 404


class TestAlerts:
    def test_maintenance_is_agreed_and_ended_early_by_a_lead(self, desk, other):
        told = {
            "system": "ec-site", "starts_at": "2026-04-08T04:00:00Z",
            "ends_at": "2026-04-08T06:00:00Z", "reason": "Database patch.",
        }  # fmt: skip
        address = f"contracts/{desk.contract.public_id}/alert-windows/"
        with time_machine.travel(NOON, tick=False):
            bridge = as_(desk, "bridge_se")
            made = bridge.post(address, told)
            assert made.status_code == 201, made.content
            assert as_(desk, "operations_engineer").post(address, told).status_code == 403
            assert as_(other, "bridge_se").get("alert-windows/").json()["results"] == []
            assert as_(desk, "requester").get("alert-windows/").status_code == 403
            page = f"alert-windows/{made.json()['id']}/cancel/"
            assert bridge.post(page).json()["cancelled_at"]
            assert bridge.post(page).status_code == 409
