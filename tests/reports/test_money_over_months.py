"""Money over several months of a contract: limits billed once, hours at a renewal."""

import json
from copy import deepcopy
from datetime import date

import pytest

from contracts.models import Contract
from contracts.services import renew_contract
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
