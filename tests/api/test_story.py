"""
An incident's whole story, told through the API only.

Wednesday, 15 April 2026, Tokyo. The contract promises 15 minutes to acknowledge, four hours to
restore, two office hours to answer a handoff; corrections to law are outside of it, by estimate.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from tenants.scoping import tenant_scope
from tests.api.client import Api
from tests.tickets.estimates import Money
from tests.tickets.factories import after
from tickets import services

pytestmark = pytest.mark.django_db

TOKYO = ZoneInfo("Asia/Tokyo")
FEE, PRICE = 800_000, 80_000  # yen: the month, and ten hours of L3 at 8,000


def tokyo(wall: str) -> datetime:
    return datetime.fromisoformat(f"2026-04-{wall}").replace(tzinfo=TOKYO)


class Story:
    """Each person with a token of their own; `at` moves everybody's clock."""

    def __init__(self, client: Money, time_machine: Any) -> None:
        self.apis = {role: Api(member) for role, member in client.people.items()}
        self.time_machine = time_machine
        self.ticket = ""

    def at(self, wall: str) -> None:
        self.time_machine.move_to(tokyo(wall), tick=False)

    def does(self, role: str, step: str, status: int = 200, **told: Any) -> dict[str, Any]:
        answer = self.apis[role].post(f"tickets/{self.ticket}/{step}/", told)
        assert answer.status_code == status, answer.text
        return answer.json()

    def decides(self, role: str, estimate: str, step: str, **told: Any) -> dict[str, Any]:
        answer = self.apis[role].post(f"estimates/{estimate}/{step}/", told)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def reads(self, role: str, part: str = "") -> dict[str, Any]:
        return self.apis[role].get(f"tickets/{self.ticket}/{part}").json()

    def clock(self, kind: str) -> tuple[str, str | None]:
        """Return state and deadline of the last clock of a kind, in Tokyo's time."""
        found = [
            clock
            for clock in self.reads("bridge_se", "clocks/")["results"]
            if clock["kind"] == kind
        ]
        last = max(found, key=lambda clock: clock["attempt"])
        due = last["due_at"]
        wall = datetime.fromisoformat(due).astimezone(TOKYO) if due else None
        return last["state"], wall and f"{wall:%d %H:%M}"


@pytest.fixture
def client(db) -> Money:
    return Money()


@pytest.fixture
def story(client, time_machine) -> Story:
    return Story(client, time_machine)


def test_an_incident_from_the_first_call_to_the_last_yen(story, client):
    # The shop is down. The client says so, and the contract answers at once.
    story.at("15 10:00")
    opened = story.apis["requester"].post(
        "tickets/",
        {
            "contract": client.contract.public_id,
            "type": "incident",
            "title": "The cart does not open",
            "system": "shop",
            "environment": "production",
            "impact": 1,
            "urgency": 1,
            "answers": {"0": True},
        },
    )
    assert opened.status_code == 201, opened.text
    story.ticket = opened.json()["key"]
    verdict = opened.json()["verdict"]
    assert (verdict["outcome"], verdict["clause"], verdict["provisional"]) == (
        "included",
        "S2",
        True,
    )
    assert story.clock("acknowledge") == ("running", "15 10:15")
    assert story.clock("restore") == ("running", "15 14:00")
    assert story.clock("update") == ("running", "15 11:00")

    # Five minutes later a person answers: acknowledged, and the next word is due in an hour.
    story.at("15 10:05")
    story.does("operations_engineer", "start")
    story.does("operations_engineer", "comment", body="We are on it.")
    assert story.clock("acknowledge") == ("met", "15 10:15")
    assert story.clock("update") == ("running", "15 11:05")

    # Service is back within the hour. The permanent fix has five business days from here.
    story.at("15 10:50")
    story.does("operations_engineer", "restore", note="Restarted the cart.")
    assert story.clock("restore") == ("met", "15 14:00")
    assert story.clock("update")[0] == "void"
    assert story.clock("permanent_fix") == ("running", "22 18:00")

    # Operation offers it to maintenance, which sends it back: the giver stays accountable.
    story.at("15 11:00")
    offer = story.does("operations_engineer", "hand-over", symptom="Hangs on the new tax rate.")
    assert story.clock("handoff") == ("running", "15 13:00")
    story.at("15 11:30")
    back = story.does(
        "maintenance_engineer", f"handoffs/{offer['handoff']}/dispute", reason="Which request?"
    )
    assert back["stage"]["owner"]["id"] == client.operations_engineer.public_id
    assert story.clock("handoff") == ("running", "15 13:00")

    # With the logs it is accepted. A new tax rate is no fault: the fix is outside the scope.
    story.at("15 12:00")
    again = story.does(
        "operations_engineer", "hand-over", symptom="Hangs on the new tax rate.", logs="cart.log"
    )
    story.at("15 12:20")
    taken = story.does(
        "maintenance_engineer", f"handoffs/{again['handoff']}/accept", activity="adaptive"
    )
    assert (taken["stage"]["stream"], taken["stage"]["tier"]) == ("maintenance", "L3")
    assert taken["stage"]["owner"]["id"] == client.maintenance_engineer.public_id
    assert (taken["verdict"]["outcome"], taken["verdict"]["clause"]) == ("estimate", "S6")
    assert story.clock("handoff")[0] == "met"
    assert story.clock("permanent_fix")[0] == "void"
    assert story.clock("estimate") == ("running", "22 18:00")
    states = [row["state"] for row in story.reads("bridge_se", "handoffs/")["results"]]
    assert states == ["disputed", "accepted"]

    # Half an hour of triage is in the fee; an hour of work before anybody agreed is held.
    story.at("15 14:00")
    story.does(
        "maintenance_engineer", "time", triage=True,
        starts_at="2026-04-15T12:30:00+09:00", ends_at="2026-04-15T13:00:00+09:00",
    )  # fmt: skip
    story.does(
        "maintenance_engineer", "time",
        starts_at="2026-04-15T13:00:00+09:00", ends_at="2026-04-15T14:00:00+09:00",
    )  # fmt: skip
    worked = story.reads("service_owner", "time-entries/")["results"]
    assert [(row["minutes"], row["authority"], row["triage"]) for row in worked] == [
        (30, "held", True),
        (60, "held", False),
    ]

    # Ten hours of L3 are offered, approved as seen by another, and sent to the client.
    story.at("15 15:00")
    made = story.apis["maintenance_engineer"].post(
        f"tickets/{story.ticket}/estimates/",
        {"lines": [{"text": "The new tax rate", "tier": "L3", "minutes": 600}]},
    )
    assert made.status_code == 201, made.text
    estimate, seen = made.json()["id"], {"revision": 1, "amount": made.json()["amount"]}
    assert seen["amount"] == PRICE
    assert story.apis["service_owner"].get(f"estimates/{estimate}/").status_code == 404
    story.decides("maintenance_engineer", estimate, "submit")
    own = story.apis["maintenance_engineer"].post(f"estimates/{estimate}/approve/", seen)
    assert own.status_code == 403
    other = {"revision": 1, "amount": PRICE - 1}
    assert (
        story.apis["account_manager"].post(f"estimates/{estimate}/approve/", other).status_code
        == 409
    )
    story.decides("account_manager", estimate, "approve", **seen)
    story.at("15 16:00")
    story.decides("bridge_se", estimate, "send")
    assert story.clock("estimate")[0] == "met"

    # The service owner accepts: the held hour has its authority, and so has what comes.
    story.at("16 10:00")
    accepted = story.decides("service_owner", estimate, "accept", **seen)
    assert (accepted["status"], accepted["accepted"]) == ("accepted", seen)
    story.at("16 15:00")
    story.does(
        "maintenance_engineer", "time",
        starts_at="2026-04-16T10:00:00+09:00", ends_at="2026-04-16T15:00:00+09:00",
    )  # fmt: skip
    _triage, held, last = story.reads("service_owner", "time-entries/")["results"]
    assert (held["authority"], held["settled"]) == ("held", "estimate")
    assert (last["minutes"], last["authority"], last["clause"]) == (300, "estimate", "S6")

    # It is released, delivered, resolved and closed.
    story.at("17 10:00")
    story.does(
        "maintenance_engineer", "release",
        kind="patch", name="shop 4.2.1", released_at="2026-04-17T09:30:00+09:00",
    )  # fmt: skip
    story.decides("maintenance_engineer", estimate, "deliver")
    story.decides("service_owner", estimate, "accept-delivery")
    story.at("17 11:00")
    story.does("maintenance_engineer", "resolve", resolution="The new rate is in.", fix="delivered")
    story.at("17 12:00")
    closed = story.does("requester", "close")
    assert (closed["status"], closed["actions"]) == (
        "closed",
        ["comment", "reopen", "dispute_verdict", "watch"],
    )
    open_clocks = [c["kind"] for c in closed["clocks"] if c["stopped_at"] is None]
    assert open_clocks == []
    assert story.clock("restore") == ("met", "15 14:00")

    # And this is the month so far: the fee, the price that was agreed on, and nothing else.
    story.at("17 13:00")
    draft = story.apis["service_owner"].get(f"reports/draft/{client.contract.public_id}/2026-04/")
    assert draft.status_code == 200, draft.text
    money = draft.json()["cost"]
    assert money["total"] == FEE + PRICE, money


def test_a_client_never_reads_what_is_the_vendors_own(story, client):
    story.at("15 10:00")
    with tenant_scope(client.tenant):
        story.ticket = client.open().key
    story.at("15 10:05")
    story.does("operations_engineer", "comment", body="SECRET", lane="internal")
    offer = story.does("operations_engineer", "hand-over", symptom="SECRET")

    for role in ("requester", "service_owner"):
        for part in ("", "comments/", "stages/", "decisions/", "clocks/", "disputes/", "handoffs/"):
            said = story.apis[role].get(f"tickets/{story.ticket}/{part}").text
            assert "SECRET" not in said, (role, part)
            assert offer["handoff"] not in said, (role, part)


@pytest.mark.parametrize("part", ["author", "submitter"])
def test_an_account_manager_approves_their_own_estimate_no_more_than_anybody(story, client, part):
    story.at("15 16:00")
    mine, other = client.account_manager, client.maintenance_engineer
    with tenant_scope(client.tenant), transaction.atomic():
        estimate = client.draft(actor=mine if part == "author" else other)
        submitter = mine if part == "submitter" else other
        services.submit_estimate(estimate=estimate, actor=submitter, now=after(hours=2))
    seen = {"revision": 1, "amount": PRICE}

    own = story.apis["account_manager"].post(f"estimates/{estimate.public_id}/approve/", seen)

    assert own.status_code == 403
    assert client.second_manager.user.name in own.json()["errors"][0]["detail"]
    story.decides("second_manager", estimate.public_id, "approve", **seen)
