"""Contracts, people and the dry run through the API; two clients in every list."""

from copy import deepcopy

import pytest

from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.api.client import Api
from tests.factories import TERMS
from tests.isolation.rows import every
from tests.portal.desk import Desk, desk_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(acme) -> Desk:
    return desk_of(acme)


@pytest.fixture
def other(globex) -> Desk:
    return desk_of(globex)


def everything(tenant) -> dict[str, int]:
    with tenant_scope(tenant):
        return {m._meta.label: m._default_manager.count() for m in every(lambda model: True)}


class TestContracts:
    def test_are_ones_own(self, desk, other):
        answer = Api(desk.people["requester"]).get("contracts/").json()

        assert [row["id"] for row in answer["results"]] == [desk.contract.public_id]
        assert "GLOBEX" not in str(answer)

    def test_say_which_version_is_in_force(self, desk):
        answer = Api(desk.people["requester"]).get(f"contracts/{desk.contract.public_id}/").json()

        assert answer["in_force"] == 1
        assert [row["number"] for row in answer["versions"]] == [1]

    def test_show_money_only_to_who_may_see_it(self, desk):
        address = f"contracts/{desk.contract.public_id}/versions/1/"
        requester, owner = (Api(desk.people[r]) for r in ("requester", "service_owner"))

        assert "cost" not in requester.get(address).json()["terms"]
        assert "monthly_fee" not in requester.get(f"{address}terms.yaml/").text
        assert owner.get(address).json()["terms"]["cost"]["monthly_fee"] == 800000
        assert "monthly_fee: 800000" in owner.get(f"{address}terms.yaml/").text

    def test_show_what_decides_where_and_what_the_lint_finds(self, desk):
        address = f"contracts/{desk.contract.public_id}/versions/1/"
        engineer, owner = (Api(desk.people[r]) for r in ("operations_engineer", "service_owner"))

        cells = owner.get(f"{address}coverage/").json()["cells"]
        cell = next(
            cell
            for cell in cells
            if (cell["activity"], cell["environment"]) == ("incident_response", "production")
        )
        assert cell["shares"] == [{"outcome": "included", "clause": "S1"}]
        assert engineer.get(f"{address}lint/").json()["version"] == 1
        assert owner.get(f"{address}lint/").status_code == 403


class TestDrafts:
    def test_an_amendment_is_begun_and_written_as_one_document(self, desk, other):
        manager, page = Api(desk.people["account_manager"]), f"contracts/{desk.contract.public_id}/"

        begun = manager.post(f"{page}amend/")

        assert begun.status_code == 201, begun.content
        number, seen = begun.json()["number"], begun.json()["sha256"]
        terms = manager.get(f"{page}versions/{number}/").json()["terms"]
        address = f"{page}versions/{number}/document/"
        terms["cost"]["monthly_fee"] = 900000
        told = {"document": terms, "seen": seen}
        assert manager.post(address, told).json()["sha256"] != seen
        assert manager.post(address, told).status_code == 409
        wrong = manager.post(address, {"document": {"terms": 1}, "seen": seen})
        assert (wrong.status_code, wrong.json()["errors"][0]["attr"]) in {
            (400, "document"),
            (409, None),
        }
        assert manager.post(f"{page}versions/1/document/", told).status_code == 404
        assert Api(desk.people["service_owner"]).post(f"{page}amend/").status_code == 404
        assert Api(other.people["account_manager"]).post(f"{page}amend/").status_code == 404

    def test_a_draft_is_put_in_force_by_who_read_exactly_this(self, desk, other):
        manager, page = Api(desk.people["account_manager"]), f"contracts/{desk.contract.public_id}/"
        draft = manager.post(f"{page}amend/").json()
        address = f"{page}versions/{draft['number']}/"
        covered = manager.get(f"{address}coverage/").json()
        told = {
            "seen": draft["sha256"],
            "effective_on": draft["effective_on"],
            "accept_gaps": covered["seal"],
        }
        assert covered["gaps"]
        for wrong in ({"seen": "0" * 64}, {"effective_on": "2026-05-05"}, {"accept_gaps": "x"}):
            assert manager.post(f"{address}activate/", told | wrong).status_code == 409, wrong
        assert Api(desk.people["bridge_se"]).post(f"{address}activate/", told).status_code == 404
        assert (
            Api(other.people["account_manager"]).post(f"{address}activate/", told).status_code
            == 404
        )

        answer = manager.post(f"{address}activate/", told)

        assert answer.status_code == 200, answer.content
        assert answer.json()["activated_at"]
        assert manager.post(f"{address}activate/", told).status_code == 404


class TestTheDryRun:
    def check(self, desk: Desk, **change):
        told = {
            "type": "incident", "system": "ec-site", "environment": "production",
            "impact": 1, "urgency": 1, "answers": {"0": True},
            "received_at": "2026-04-08T12:00:00+09:00",
        }  # fmt: skip
        api = Api(desk.people["requester"], **{"Accept-Language": "ja"})
        return api.post(f"contracts/{desk.contract.public_id}/check/", {**told, **change})

    def test_says_what_opening_would_decide_and_start(self, desk):
        said = self.check(desk).json()
        ticket = desk.open()
        opened = Api(desk.people["requester"]).get(f"tickets/{ticket.key}/").json()

        for name in ("outcome", "clause", "pending", "activity", "clause_text"):
            assert said["verdict"][name] == opened["verdict"][name], name
        assert said["verdict"]["path"] == opened["verdict"]["path"]
        assert {(c["kind"], c["due_at"]) for c in said["clocks"]} == {
            (c["kind"], c["due_at"]) for c in opened["clocks"]
        }
        assert said["clocks"][0]["due_at"] == "2026-04-08T03:15:00Z"

    def test_speaks_the_callers_language(self, acme):
        terms = deepcopy(TERMS)
        scope = terms["scope"]
        scope["classify"][1]["ask"]["ja"] = "仕様と違いますか"
        scope["clauses"][0]["text"]["ja"] = "障害対応と不具合"
        desk = desk_of(acme, terms=terms)

        covered = self.check(desk).json()["verdict"]
        asked = self.check(desk, answers={"0": False}).json()["verdict"]

        assert covered["clause_text"] == "障害対応と不具合"
        assert asked["question"]["text"] == "仕様と違いますか"

    def test_names_the_next_question(self, desk):
        said = self.check(desk, answers={"0": False}).json()["verdict"]

        assert said["pending"]
        assert said["question"] == {
            "key": "answers.1",
            "text": "Does it differ from the specification?",
            "clause": None,
        }

    def test_writes_nothing(self, desk):
        before = everything(desk.tenant)

        assert self.check(desk).status_code == 200
        assert everything(desk.tenant) == before
        with tenant_scope(desk.tenant):
            assert not AuditEvent.objects.exists()

    def test_refuses_what_opening_refuses(self, desk, other):
        assert self.check(desk, system="printer").json()["errors"][0]["attr"] == "system"
        assert self.check(desk, received_at="2099-01-01T00:00:00Z").status_code == 400
        theirs = f"contracts/{other.contract.public_id}/check/"
        assert Api(desk.people["requester"]).post(theirs, {}).status_code == 404


class TestPeople:
    def test_are_those_of_ones_own_clients_without_addresses(self, desk, other):
        answer = Api(desk.people["requester"]).get("members/")

        assert len(answer.json()["results"]) == 7
        assert "@" not in answer.text
        assert "GLOBEX" not in answer.text

    def test_are_chosen_by_role_and_client(self, desk, other):
        api = Api(desk.people["requester"])

        (found,) = api.get("members/?role=bridge_se&client=ACME").json()["results"]

        assert found["name"] == "ACME bridge_se"
        assert (
            api.get("members/?client=GLOBEX").content == api.get("members/?client=GLOBEX").content
        )
        assert api.get("members/?client=GLOBEX").status_code == 400

    def test_know_who_they_are(self, desk):
        said = Api(desk.people["bridge_se"]).get("me/").json()

        assert [row["role"] for row in said["desks"]] == ["bridge_se"]
        assert said["token"]["verbs"] == ["read", "write", "approve"]


class TestWhatHangsOnATicket:
    PARTS = ("comments", "stages", "decisions", "clocks", "disputes", "history")

    def test_is_read_by_everybody_who_sees_the_ticket(self, desk, other):
        ticket, theirs = desk.open(), other.open()
        api = Api(desk.people["requester"])

        for part in self.PARTS:
            assert api.get(f"tickets/{ticket.key}/{part}/").status_code == 200, part
            assert api.get(f"tickets/{theirs.key}/{part}/").status_code == 404, part

    def test_a_client_reads_neither_internal_words_nor_handoffs_nor_time_unless_it_pays(self, desk):
        ticket = desk.open()
        engineer = Api(desk.people["operations_engineer"])
        page = f"tickets/{ticket.key}/"
        for lane, body in (("public", "We look."), ("internal", "Again!"), ("handoff", "L3?")):
            assert engineer.post(f"{page}comment/", {"body": body, "lane": lane}).status_code == 200
        requester, owner = (Api(desk.people[r]) for r in ("requester", "service_owner"))

        assert len(engineer.get(f"{page}comments/").json()["results"]) == 3
        for client in (requester, owner):
            assert [c["body"] for c in client.get(f"{page}comments/").json()["results"]] == [
                "We look."
            ]
            assert client.get(f"{page}handoffs/").status_code == 403
        assert requester.get(f"{page}time-entries/").status_code == 403
        assert owner.get(f"{page}time-entries/").status_code == 200

    def test_its_history_is_told_in_words_and_to_a_client_without_the_vendors_own(self, desk):
        ticket, page = desk.open(), "tickets/ACME-1/history/"
        engineer, requester = (
            Api(desk.people[r], **{"Accept-Language": "ja"})
            for r in ("operations_engineer", "requester")
        )
        engineer.post(f"tickets/{ticket.key}/comment/", {"body": "Again!", "lane": "internal"})
        engineer.post(f"tickets/{ticket.key}/comment/", {"body": "We look."})

        ours, theirs = (api.get(page).json()["results"] for api in (engineer, requester))

        assert [row["verb"] for row in ours] == ["ticket.commented"] * 2 + ["ticket.opened"]
        assert [row["verb"] for row in theirs] == ["ticket.commented", "ticket.opened"]
        assert theirs[0]["what"] == "メッセージを書いた"
        assert theirs[0]["by"]["name"] == "ACME operations_engineer"

    def test_how_it_was_passed_around_is_counted_for_the_vendor(self, desk, other):
        ticket, theirs = desk.open(), other.open()
        engineer, page = Api(desk.people["operations_engineer"]), f"tickets/{ticket.key}/"
        engineer.post(f"{page}start/")
        engineer.post(f"{page}hand-over/", {"symptom": "Hangs."})

        figures = engineer.get(f"{page}passing/").json()

        assert figures["offers"] == 1
        assert (figures["disputes"], figures["returns"]) == (0, 0)
        assert engineer.get(f"tickets/{theirs.key}/passing/").status_code == 404
        assert Api(desk.people["service_owner"]).get(f"{page}passing/").status_code == 403

    def test_comes_in_pages(self, desk):
        ticket = desk.open()
        engineer, page = Api(desk.people["operations_engineer"]), f"tickets/{ticket.key}/"
        for number in range(3):
            engineer.post(f"{page}comment/", {"body": f"{number}"})

        first = engineer.get(f"{page}comments/?limit=2").json()
        second = engineer.get(first["next"].replace("http://testserver", "")).json()

        assert [c["body"] for c in first["results"] + second["results"]] == ["0", "1", "2"]
        assert second["next"] is None
