"""On call by the API: the same steps as its pages, and nobody of another client."""

import json
from datetime import date, time, timedelta

import pytest
import time_machine
from django.utils.dateparse import parse_datetime

from tenants.scoping import tenant_scope
from tests.api.client import V1, Api
from tests.factories import MembershipFactory
from tests.portal.desk import NOON, desk_of
from tests.tickets.test_paging import work
from tickets.models import Absence, Page, Roster, Swap
from tickets.services import rosters
from tickets.services.rosters import RosterPlan

pytestmark = [pytest.mark.django_db, pytest.mark.allow_n_plus_one]
LATER, LATEST = NOON + timedelta(hours=6), NOON + timedelta(hours=30)
WEEKLY = {
    "timezone": "Asia/Tokyo", "turns": "week", "weekday": 0, "hands_over": "09:00",
    "starts_on": "2026-04-06", "step_minutes": 5,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def desk(acme):
    return staffed(acme)


@pytest.fixture
def other(globex):
    return staffed(globex)


def staffed(tenant):
    """Return a desk with two more engineers, An and Binh, on a daily roster of L2."""
    desk = desk_of(tenant)
    for name in ("An", "Binh"):
        desk.people[name] = MembershipFactory(
            tenant=tenant, role="operations_engineer", user__name=f"{tenant.code} {name}"
        )
    plan = RosterPlan(
        tier="L2", timezone="Asia/Tokyo", turns="day", hands_over=time(9),
        starts_on=date(2026, 4, 8), seats=((desk.people["An"], "JP"), (desk.people["Binh"], "")),
    )  # fmt: skip
    with tenant_scope(tenant):
        desk.roster, _secret = rosters.write_roster(
            tenant=tenant, actor=desk.people["bridge_se"], plan=plan, now=NOON
        )
    return desk


def put(api: Api, path: str, body: dict):
    return api.put(V1 + path, json.dumps(body), content_type="application/json")


def span(person, starts_at=LATER, ends_at=LATEST) -> dict[str, str]:
    return {
        "person": person.public_id,
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
    }


class TestRosters:
    def test_are_listed_with_their_seats_and_no_other_clients(self, desk, other):
        (found,) = Api(desk.people["An"]).get("rosters/").json()["results"]

        assert (found["client"]["code"], found["tier"], found["turns"]) == ("ACME", "L2", "day")
        assert [(s["person"]["name"], s["country"]) for s in found["seats"]] == [
            ("ACME An", "JP"), ("ACME Binh", "")
        ]  # fmt: skip
        assert "GLOBEX" not in json.dumps(found)

    def test_tell_whose_turn_it_is(self, desk):
        told = Api(desk.people["An"]).get(f"rosters/{desk.roster.public_id}/").json()

        first, second = told["week"][:2]
        assert [p["name"] for p in first["people"]] == ["ACME An", "ACME Binh"]
        assert [p["name"] for p in second["people"]] == ["ACME Binh", "ACME An"]
        assert parse_datetime(second["starts_at"]) - NOON == timedelta(hours=21)

    def test_are_written_by_a_lead_and_keep_their_webhook(self, desk):
        with tenant_scope(desk.tenant):
            Roster.objects.update(hook_url="https://hooks.example", hook_sealed="sealed")
        binh = {"person": desk.people["Binh"].public_id, "country": "VN"}
        body = {**WEEKLY, "seats": [binh]}
        path = "clients/ACME/rosters/L2/"

        assert put(Api(desk.people["An"]), path, body).status_code == 403
        answer = put(Api(desk.people["bridge_se"]), path, body)

        told = answer.json()
        assert (told["turns"], told["step_minutes"], told["has_webhook"]) == ("week", 5, True)
        assert [(s["person"]["name"], s["country"]) for s in told["seats"]] == [("ACME Binh", "VN")]
        with tenant_scope(desk.tenant):
            row = Roster.objects.get()
        assert (row.pk, row.hook_url, row.hook_sealed) == (
            desk.roster.pk, "https://hooks.example", "sealed"
        )  # fmt: skip

    def test_seat_nobody_of_another_client(self, desk, other):
        lead = Api(desk.people["bridge_se"])
        answers = [
            put(lead, "clients/ACME/rosters/L2/", {**WEEKLY, "seats": [{"person": name}]})
            for name in (other.people["An"].public_id, "A" * 16)
        ]

        assert [a.status_code for a in answers] == [400, 400]
        assert answers[0].json() == answers[1].json()
        assert put(lead, "clients/GLOBEX/rosters/L2/", WEEKLY).status_code == 404
        assert put(lead, "clients/ACME/rosters/L9/", WEEKLY).status_code == 404

    @pytest.mark.parametrize("path", ["rosters/", "swaps/", "absences/", "pages/"])
    def test_and_all_of_on_call_are_not_for_a_client(self, desk, path):
        for role in ("requester", "service_owner"):
            assert Api(desk.people[role]).get(path).status_code == 403


class TestSwapsAndAbsences:
    def test_one_takes_a_turn_oneself_and_takes_it_back(self, desk):
        api = Api(desk.people["Binh"])
        path = f"rosters/{desk.roster.public_id}/swap/"

        refused = api.post(path, span(desk.people["An"]))
        made = api.post(path, span(desk.people["Binh"]))

        assert (refused.status_code, made.status_code) == (403, 201)
        (found,) = api.get("swaps/").json()["results"]
        assert found == made.json()
        assert (found["person"]["name"], found["roster"]) == ("ACME Binh", desk.roster.public_id)
        assert api.post(f"swaps/{found['id']}/remove/").status_code == 204
        with tenant_scope(desk.tenant):
            assert not Swap.objects.exists()

    def test_a_lead_notes_that_somebody_is_away(self, desk):
        api = Api(desk.people["bridge_se"])
        made = api.post("absences/", span(desk.people["An"]))

        assert made.status_code == 201
        (found,) = Api(desk.people["Binh"]).get("absences/").json()["results"]
        assert found == made.json()
        assert (found["person"]["name"], found["by"]["name"]) == ("ACME An", "ACME bridge_se")
        assert Api(desk.people["Binh"]).post(f"absences/{found['id']}/remove/").status_code == 403
        assert api.post(f"absences/{found['id']}/remove/").status_code == 204

    def test_one_that_is_over_or_of_nobody_here_is_refused(self, desk, other):
        api = Api(desk.people["An"])
        over = span(desk.people["An"], NOON - timedelta(hours=2), NOON - timedelta(hours=1))

        assert api.post("absences/", over).status_code == 400
        answers = [
            api.post("absences/", span(desk.people["An"]) | {"person": name})
            for name in (other.people["An"].public_id, "A" * 16)
        ]
        assert [a.status_code for a in answers] == [400, 400]
        assert answers[0].json() == answers[1].json()
        with tenant_scope(desk.tenant):
            assert not Absence.objects.exists()


class TestPages:
    def test_are_read_with_their_calls_and_taken(self, desk, other):
        key = desk.open().key
        other.open()
        work(NOON)
        api = Api(desk.people["Binh"])

        (waiting,) = api.get("pages/?waiting=true").json()["results"]
        assert (waiting["ticket"], waiting["tier"], waiting["in_vain"]) == (key, "L2", False)
        assert [(c["number"], c["person"]["name"]) for c in waiting["calls"]] == [(1, "ACME An")]

        assert api.post(f"tickets/{key}/have-it/").status_code == 200

        assert api.get("pages/?waiting=true").json()["results"] == []
        (taken,) = api.get("pages/").json()["results"]
        assert taken["taken_by"]["name"] == "ACME Binh"
        assert api.post(f"tickets/{key}/have-it/").status_code == 409

    def test_are_not_taken_by_a_client(self, desk):
        key = desk.open().key
        work(NOON)

        assert Api(desk.people["service_owner"]).post(f"tickets/{key}/have-it/").status_code == 403
        with tenant_scope(desk.tenant):
            assert Page.objects.waiting().exists()
