"""What becomes of money after a person decided: given back, outside the amount due, never backward."""

import json
from copy import deepcopy
from datetime import date

import pytest
from django.urls import reverse

from reports.models import MonthlyReport
from reports.services.issue import draft_facts, issue_report
from reports.services.verify import verify_report
from tenants.errors import Refused
from tests.reports.factories import APRIL, MAY, TERMS, Desk, make_desk, tokyo
from tickets import services
from tickets.models import Ticket
from tickets.services.disputes import dispute_until
from tickets.services.sweep import sweep_emergencies

pytestmark = pytest.mark.allow_n_plus_one

CLOSED, CLOSED_MAY = tokyo("2026-05-12 10:00"), tokyo("2026-06-10 10:00")
LATER = tokyo("2026-05-13 10:00")


def issued(desk: Desk, month: date, now) -> dict:
    return json.loads(issue_report(desk.contract, month, now=now).facts)["cost"]


def overdrawn(desk: Desk) -> Ticket:
    """Three hours on a question: two of the pool, one for 12,000."""
    ticket = desk.open("2026-04-06 10:00", activity="service_desk", type="service_request")
    desk.work(ticket, "2026-04-06 10:00", "2026-04-06 13:00", role="service_desk")
    return ticket


def give(desk: Desk, ticket: Ticket, now) -> None:
    services.override_verdict(
        ticket=ticket,
        actor=desk.people["account_manager"],
        outcome="included",
        reason="Our manual was wrong.",
        now=now,
    )


def dispute(desk: Desk, ticket: Ticket, now):
    return services.open_dispute(
        ticket=ticket, actor=desk.people["requester"], reason="Your manual is wrong.", now=now
    )


def kinds(cost: dict) -> dict[str, int]:
    found: dict[str, int] = {}
    for piece in cost["charged"]:
        found[piece["kind"]] = found.get(piece["kind"], 0) + piece["raw_minutes"]
    return found


def nothing_wrong() -> bool:
    return not [
        w for pk in MonthlyReport.objects.values_list("pk", flat=True) for w in verify_report(pk)
    ]


class TestGivenBack:
    def test_in_its_own_month_is_not_charged_at_all(self, desk):
        give(desk, overdrawn(desk), tokyo("2026-04-20 10:00"))

        cost = issued(desk, APRIL, CLOSED)

        assert kinds(cost) == {"goodwill": 180}
        assert (cost["subtotal"], cost["goodwill_minutes"]) == (800_000, 180)
        assert cost["pools"][0]["used"] == 0

    def test_after_the_month_closed_is_an_adjustment_and_the_month_stands(self, desk):
        ticket = overdrawn(desk)
        april = issued(desk, APRIL, CLOSED)
        give(desk, ticket, LATER)

        may = issued(desk, MAY, CLOSED_MAY)

        assert april["subtotal"] == 812_000
        (line,) = [line for line in may["lines"] if line["kind"] == "adjustment"]
        assert (line["key"], line["amount"], line["tickets"]) == ("2026-04", -12_000, [ticket.key])
        assert [(g["origin"], g["amount"]) for g in may["given_back"]] == [("2026-04", -12_000)]
        assert may["subtotal"] == 788_000
        assert nothing_wrong()

    def test_hours_that_no_money_stands_for_are_a_lot_of_the_open_month(self, desk):
        ticket = desk.open("2026-04-06 10:00", activity="service_desk", type="service_request")
        desk.work(ticket, "2026-04-06 10:00", "2026-04-06 11:30", role="service_desk")
        april = issued(desk, APRIL, CLOSED)
        give(desk, ticket, LATER)

        may = issued(desk, MAY, CLOSED_MAY)

        (left,) = april["pools"]
        (pool,) = may["pools"]
        assert (left["used"], left["carried"]) == (90, 30)
        assert (pool["brought"], pool["base"], pool["used"]) == (30 + 90, 120, 0)
        assert may["given_back"] == [
            {
                "origin": "2026-04",
                "amount": 0,
                "hours": [{"pool": "support", "minutes": 90}],
                "tickets": [ticket.key],
            }
        ]
        assert nothing_wrong()

    def test_is_money_for_what_was_billed_and_hours_for_the_rest(self, desk):
        ticket = overdrawn(desk)  # two hours of the pool, one billed
        issued(desk, APRIL, CLOSED)
        give(desk, ticket, LATER)

        (back,) = issued(desk, MAY, CLOSED_MAY)["given_back"]

        assert (back["amount"], back["hours"]) == (
            -12_000,
            [{"pool": "support", "minutes": 120}],
        )

    def test_is_given_once(self, desk):
        ticket = overdrawn(desk)
        issued(desk, APRIL, CLOSED)
        give(desk, ticket, LATER)
        issued(desk, MAY, CLOSED_MAY)

        june = issued(desk, date(2026, 6, 1), tokyo("2026-07-10 10:00"))

        assert june["given_back"] == []
        assert june["subtotal"] == 800_000

    def test_of_a_late_entry_leaves_nothing_to_pay_for_it(self, desk):
        ticket = overdrawn(desk)
        issued(desk, APRIL, CLOSED)
        desk.work(
            ticket,
            "2026-04-07 10:00",
            "2026-04-07 11:00",
            role="service_desk",
            written="2026-05-13 09:00",
        )
        give(desk, ticket, LATER)

        may = issued(desk, MAY, CLOSED_MAY)

        assert may["subtotal"] == 788_000
        assert nothing_wrong()

    def test_of_held_minutes_costs_and_gives_no_money(self, desk):
        ticket = desk.open("2026-04-06 10:00", activity="perfective", type="change_request")
        desk.work(ticket, "2026-04-06 10:00", "2026-04-06 13:00", role="maintenance_engineer")
        issued(desk, APRIL, CLOSED)
        give(desk, ticket, LATER)

        may = issued(desk, MAY, CLOSED_MAY)

        assert may["given_back"] == []  # nobody had asked for an estimate: goodwill since April
        assert not [line for line in may["lines"] if line["kind"] == "adjustment"]


class TestInDispute:
    def test_is_outside_the_amount_due(self, desk):
        ticket = overdrawn(desk)
        dispute(desk, ticket, tokyo("2026-04-20 10:00"))

        cost = issued(desk, APRIL, CLOSED)

        assert cost["total"] == 893_200  # 812,000 and a tenth
        assert cost["disputed"] == {
            "amount": 13_200,
            "due": 880_000,
            "tickets": [ticket.key],
            "earlier": [],
        }
        assert nothing_wrong()

    def test_without_a_dispute_is_nothing(self, desk):
        overdrawn(desk)

        cost = issued(desk, APRIL, CLOSED)

        assert cost["disputed"] == {
            "amount": 0,
            "due": cost["total"],
            "tickets": [],
            "earlier": [],
        }
        assert cost["disputes"] == []

    def test_stays_open_in_every_report_until_the_client_agrees(self, desk):
        ticket = overdrawn(desk)
        issued(desk, APRIL, CLOSED)
        opened = dispute(desk, ticket, LATER)
        services.answer_dispute(
            dispute=opened,
            actor=desk.people["account_manager"],
            ruling="uphold",
            reason="The manual says so on page 3.",
            now=LATER,
        )

        may = issued(desk, MAY, CLOSED_MAY)
        services.agree_to_ruling(
            dispute=opened, actor=desk.people["service_owner"], now=tokyo("2026-06-11 10:00")
        )
        june = issued(desk, date(2026, 6, 1), tokyo("2026-07-10 10:00"))

        assert [(d["ticket"], d["clause"], d["ruled"]) for d in may["disputes"]] == [
            (ticket.key, "S2", True)
        ]
        assert [may["disputed"][name] for name in ("amount", "due")] == [0, 880_000]
        assert may["disputed"]["earlier"] == [
            {"origin": "2026-04", "amount": 13_200, "tickets": [ticket.key]}
        ]
        assert (june["disputes"], june["disputed"]["earlier"]) == ([], [])
        assert nothing_wrong()

    def test_is_shown_in_a_draft_as_it_is_now(self, desk):
        dispute(desk, overdrawn(desk), tokyo("2026-04-20 10:00"))

        cost = draft_facts(desk.contract, APRIL, now=tokyo("2026-04-21 10:00"))["cost"]

        assert cost["disputed"]["amount"] == 13_200


def test_a_verdict_may_be_disputed_until_some_days_after_its_report(desk):
    ticket = overdrawn(desk)
    issued(desk, APRIL, CLOSED)
    last = tokyo("2026-05-26 18:00")  # ten business days later

    assert dispute_until(ticket, ticket.stage.decision) == last
    with pytest.raises(Refused):
        dispute(desk, ticket, last.replace(second=1))
    dispute(desk, ticket, last)


def with_emergency() -> dict:
    document = deepcopy(TERMS)
    document["scope"]["emergency"] = {"priorities": ["P1"], "cap": "2h", "estimate_within": "30d"}
    document["scope"]["clauses"].insert(
        0,
        {
            "id": "S0",
            "text": {"en": "The core system is not ours"},
            "when": {"system": ["core"]},
            "then": "not_provided",
        },
    )
    return document


def test_an_emergency_is_billed_to_its_cap_and_given_back_when_its_estimate_is_late(acme, in_scope):
    desk = make_desk(tenant=acme, document=with_emergency())
    with in_scope(acme):
        ticket = desk.open("2026-04-20 10:00", system="core", impact=1, urgency=1)
        services.declare_emergency(
            ticket=ticket,
            actor=desk.people["operations_engineer"],
            told_at=tokyo("2026-04-20 10:10"),
            now=tokyo("2026-04-20 10:10"),
        )
        desk.work(ticket, "2026-04-20 10:00", "2026-04-20 13:00")  # two hours of L2, one held

        april = issued(desk, APRIL, CLOSED)
        sweep_emergencies(tokyo("2026-05-21 10:00"))
        may = issued(desk, MAY, CLOSED_MAY)

        assert nothing_wrong()

    assert kinds(april) == {"emergency": 120, "held": 60}
    assert april["subtotal"] == 812_000
    assert [(g["origin"], g["amount"]) for g in may["given_back"]] == [("2026-04", -12_000)]


def test_the_page_shows_what_is_due_and_what_is_not(desk, client_of):
    ticket = overdrawn(desk)
    dispute(desk, ticket, tokyo("2026-04-20 10:00"))
    report = issue_report(desk.contract, APRIL, now=CLOSED)

    url = reverse("reports:page", args=[report.public_id])
    page = client_of(desk.people["service_owner"]).get(url).content.decode()

    assert "In dispute, not due" in page
    assert "880,000" in page
    assert f"{ticket.key} S2" in page
