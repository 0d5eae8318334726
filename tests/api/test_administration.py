"""Oneself, and what account managers administer, through the API."""

import pytest

from tenants.models import AuditEvent, Job, JobState
from tenants.scoping import tenant_scope
from tests.api.client import Api, token_of
from tests.portal.desk import NOON, Desk, desk_of

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def desk(acme) -> Desk:
    return desk_of(acme)


@pytest.fixture
def other(globex) -> Desk:
    return desk_of(globex)


class TestMe:
    def test_changes_what_is_said_and_nothing_else(self, desk):
        api = Api(desk.people["requester"])

        said = api.patch("/api/v1/me/", {"language": "vi"}, content_type=JSON).json()

        assert (said["language"], said["name"]) == ("vi", "ACME requester")
        nowhere = api.patch("/api/v1/me/", {"timezone": "Mars/Base"}, content_type=JSON)
        assert nowhere.json()["errors"][0]["attr"] == "timezone"

    def test_a_token_takes_itself_back(self, desk):
        token, secret = token_of(desk.people["requester"])
        api = Api(secret=secret)

        assert api.delete("/api/v1/me/token/").status_code == 204

        assert api.get("me/").status_code == 401
        with tenant_scope(desk.tenant):
            assert AuditEvent.objects.get(verb="token.revoked").data["token"] == token.public_id


class TestClients:
    def test_settings_are_changed_by_their_account_manager(self, desk, other):
        manager = Api(desk.people["account_manager"])

        changed = manager.post("clients/ACME/change/", {"requesters_see_all": False})

        assert changed.json()["requesters_see_all"] is False
        assert manager.get("clients/ACME/").json() == changed.json()
        assert manager.get("clients/GLOBEX/").status_code == 404
        assert Api(desk.people["bridge_se"]).get("clients/ACME/").status_code == 403

    def test_changing_them_takes_a_token_that_approves(self, desk):
        secret = token_of(desk.people["account_manager"], verbs=["read", "write"])[1]

        answer = Api(secret=secret).post("clients/ACME/change/", {"name": "Acme"})

        assert answer.status_code == 403

    def test_nobody_sets_their_own_limit(self, desk, other):
        mine, owner = desk.people["account_manager"], desk.people["service_owner"]
        manager = Api(mine)

        assert manager.post(f"members/{owner.public_id}/limit/", {"amount": 500}).json() == {
            "member": owner.public_id,
            "amount": 500,
        }
        assert manager.post(f"members/{mine.public_id}/limit/", {"amount": 1}).status_code == 403
        theirs = other.people["service_owner"].public_id
        assert manager.post(f"members/{theirs}/limit/", {"amount": 1}).status_code == 404


class TestJobs:
    def test_a_dead_one_is_tried_again_by_its_account_manager(self, desk, other):
        rows = [
            Job.objects.create(
                kind="tests.none", key="1", tenant=tenant, due_at=NOON, state=JobState.DEAD,
                error="ValueError",
            )
            for tenant in (desk.tenant, other.tenant)
        ]  # fmt: skip
        manager = Api(desk.people["account_manager"])

        listed = manager.get("jobs/?state=dead").json()["results"]
        assert [(row["id"], row["error"]) for row in listed] == [(rows[0].public_id, "ValueError")]
        tried = manager.post(f"jobs/{rows[0].public_id}/retry/")
        assert (tried.status_code, tried.json()["state"]) == (200, "waiting")
        assert manager.post(f"jobs/{rows[0].public_id}/retry/").status_code == 409
        assert manager.post(f"jobs/{rows[1].public_id}/retry/").status_code == 404
        assert Api(desk.people["bridge_se"]).get("jobs/").status_code == 403
