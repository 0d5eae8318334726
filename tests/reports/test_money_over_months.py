"""Money over several months of a contract: limits billed once, hours at a renewal."""

import json
from copy import deepcopy
from datetime import date

import pytest

from contracts.models import Contract
from contracts.services import buy_hours, renew_contract
from reports.services.facts import Cover, facts_of, text_of
from reports.services.issue import issue_report
from tests.reports.factories import APRIL, MAY, TERMS, make_desk, tokyo

pytestmark = pytest.mark.allow_n_plus_one

CLOSED = tokyo("2026-05-12 10:00")
CLOSED_MAY = tokyo("2026-06-10 10:00")


def with_cap() -> dict:
    document = deepcopy(TERMS)
    document["scope"]["clauses"][1]["then"] = {"preapproved": {"cap": 10_000}}
    return document


def issued(desk, month: date, now) -> dict:
    return json.loads(issue_report(desk.contract, month, now=now).facts)["cost"]


def test_a_cap_is_not_billed_twice_by_a_late_entry(acme, in_scope):
    desk = make_desk(tenant=acme, document=with_cap())
    with in_scope(acme):
        ticket = desk.open("2026-04-06 10:00", activity="service_desk", type="service_request")
        issued(desk, APRIL, CLOSED)
        desk.work(ticket, "2026-05-13 10:00", "2026-05-13 12:00", role="service_desk")  # 8,000
        desk.work(
            ticket,
            "2026-04-07 10:00",
            "2026-04-07 11:00",  # 4,000 on time: it goes first
            role="service_desk",
            written="2026-05-14 10:00",
        )

        may = issued(desk, MAY, CLOSED_MAY)
        june = issued(desk, date(2026, 6, 1), tokyo("2026-07-10 10:00"))

    assert [(line["kind"], line["amount"]) for line in may["lines"][1:]] == [
        ("preapproved", 6000),
        ("adjustment", 4000),
    ]
    assert may["held_minutes"] == 30
    assert list(june["carried"]["preapproved"].values()) == [10_000]


@pytest.mark.parametrize(("rule", "carried"), [("keep", 60), ("expire", 0)])
def test_unused_hours_at_a_renewal_follow_the_terms(acme, in_scope, rule, carried):
    document = deepcopy(TERMS)
    document["cost"]["pools"][0]["at_renewal"] = rule
    desk = make_desk(tenant=acme, document=document)
    with in_scope(acme):
        Contract.objects.update(ends_on=MAY)
        renew_contract(
            contract=desk.contract,
            actor=desk.people["account_manager"],
            until=date(2027, 5, 1),
            now=tokyo("2026-04-20 10:00"),
        )
        desk.contract.refresh_from_db()

        (pool,) = issued(desk, APRIL, CLOSED)["pools"]
        (next_pool,) = issued(desk, MAY, CLOSED_MAY)["pools"]

    assert (pool["carried"], pool["expired"]) == (carried, 120 - carried)
    assert next_pool["brought"] == carried


def bought(desk, on: date, **given) -> None:
    told = {"minutes": 120, "price": 15_000, "expires_on": None, "reference": "PO-17"}
    buy_hours(
        contract=desk.contract,
        actor=desk.people["account_manager"],
        pool="support",
        bought_on=on,
        now=tokyo(f"{on} 12:00"),
        **{**told, **given},
    )


def billed(cost: dict) -> list[tuple]:
    """Return the lines after the fee: kind, minutes, amount."""
    return [(one["kind"], one["quantity_minutes"], one["amount"]) for one in cost["lines"][1:]]


class TestBoughtHours:
    @pytest.fixture
    def desk(self, acme, globex, in_scope):
        """A desk that answers questions for three hours in April; the pool's base is two."""
        other = make_desk(tenant=globex)
        with in_scope(globex):
            bought(other, date(2026, 4, 2), minutes=6000, price=1)
        made = make_desk(tenant=acme)
        with in_scope(acme):
            self.ask(made, "2026-04-06", "10:00", "13:00")
            yield made

    def ask(self, desk, day: str, start: str, end: str) -> None:
        ticket = desk.open(f"{day} {start}", activity="service_desk", type="service_request")
        desk.work(ticket, f"{day} {start}", f"{day} {end}", role="service_desk")

    def test_have_a_line_and_are_drawn_after_the_base(self, desk):
        bought(desk, date(2026, 4, 20))

        april = issued(desk, APRIL, CLOSED)

        assert billed(april) == [("pool", 180, 0), ("bought", 120, 15_000)]
        (pool,) = april["pools"]
        assert (pool["base"], pool["brought"], pool["used"], pool["carried"]) == (120, 120, 180, 60)
        assert april["subtotal"] == sum(line["amount"] for line in april["lines"]) == 815_000

    def test_last_until_they_expire(self, desk):
        bought(desk, date(2026, 4, 20), expires_on=date(2026, 5, 10))
        issued(desk, APRIL, CLOSED)
        self.ask(desk, "2026-05-09", "10:00", "12:30")  # the base, and 30 of the 60 that are left
        self.ask(desk, "2026-05-11", "10:00", "11:00")

        may = issued(desk, MAY, CLOSED_MAY)

        assert billed(may) == [("pool", 150, 0), ("overage", 60, 12_000)]
        (pool,) = may["pools"]
        assert (pool["brought"], pool["expired"], pool["carried"]) == (60, 30, 0)

    def test_of_a_later_month_change_nothing_in_this_one(self, desk):
        bought(desk, MAY)

        april = issued(desk, APRIL, CLOSED)
        may = issued(desk, MAY, CLOSED_MAY)

        assert billed(april) == [("pool", 120, 0), ("overage", 60, 12_000)]
        assert billed(may) == [("bought", 120, 15_000)]

    def test_stand_in_the_same_report_when_it_is_told_again(self, desk):
        bought(desk, date(2026, 4, 20))
        report = issue_report(desk.contract, APRIL, now=CLOSED)
        bought(desk, date(2026, 5, 20))

        again = facts_of(report.period, Cover.from_facts(json.loads(report.facts)))
        assert text_of(again) == report.facts

    def test_take_a_late_question_as_if_on_time(self, desk):
        bought(desk, date(2026, 4, 20))
        issued(desk, APRIL, CLOSED)
        ticket = desk.open("2026-05-13 09:00", activity="service_desk", type="service_request")
        desk.work(ticket, "2026-05-13 10:00", "2026-05-13 11:00", role="service_desk")

        assert billed(issued(desk, MAY, CLOSED_MAY)) == [("pool", 60, 0)]
