"""A wrong purchase of hours is taken back while none of it was drawn; the pool never owes any."""

import json
from datetime import date

import pytest
from django.core.management import call_command

from contracts.models import BoughtHours
from contracts.services import buy_hours
from reports.services.issue import issue_report
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.tickets.factories import Client, after
from tests.tickets.test_pool_room import QUESTION, TEN, log, terms
from tickets.services.purchases import reverse_bought_hours

pytestmark = pytest.mark.allow_n_plus_one

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
EVENING, IN_MAY, IN_JUNE = after(hours=9), after(days=30), after(days=60)


@pytest.fixture
def client(db):
    made = Client("ACME", terms())
    with tenant_scope(made.tenant):
        yield made


def buy(client, minutes=300) -> BoughtHours:
    return buy_hours(
        contract=client.contract,
        actor=client.account_manager,
        pool="support",
        minutes=minutes,
        price=60_000,
        bought_on=TEN.date(),
        expires_on=None,
        reference="PO-7",
        now=EVENING,
    )


def take_back(client, bought, now=EVENING, **given) -> BoughtHours:
    said = {"actor": client.account_manager, "reason": "Ordered twice."} | given
    return reverse_bought_hours(bought=bought, now=now, **said)


def cost_of(client, month, now) -> dict:
    return json.loads(issue_report(client.contract, month, now=now).facts)["cost"]


def bought_lines(cost) -> list[tuple[int, int]]:
    return [(x["quantity_minutes"], x["amount"]) for x in cost["lines"] if x["kind"] == "bought"]


def test_in_its_own_month_price_and_hours_are_gone(client):
    take_back(client, buy(client))

    cost = cost_of(client, APRIL, IN_MAY)

    assert sorted(bought_lines(cost)) == [(-300, -60_000), (300, 60_000)]
    (pool,) = cost["pools"]
    assert (pool["brought"], pool["base"], pool["carried"]) == (0, 120, 0)
    assert cost["subtotal"] == 800_000
    assert AuditEvent.objects.filter(verb="contract.hours_reversed").count() == 1


def test_of_a_closed_month_the_price_comes_back_in_the_open_one(client):
    bought = buy(client)
    april = cost_of(client, APRIL, IN_MAY)
    take_back(client, bought, now=IN_MAY)

    may = cost_of(client, MAY, IN_JUNE)

    assert (bought_lines(april), april["pools"][0]["carried"]) == ([(300, 60_000)], 300)
    assert (bought_lines(may), may["subtotal"]) == ([(-300, -60_000)], 740_000)
    assert may["pools"][0]["brought"] == 0


def test_hours_that_were_drawn_are_not_taken_back(client):
    bought = buy(client)
    log(client, client.open(facts=QUESTION), TEN, 121)  # one minute more than the month's base

    with pytest.raises(Refused, match="drawn already"):
        take_back(client, bought)
    assert not BoughtHours.objects.exclude(reverses=None).exists()


def test_hours_that_were_drawn_in_a_closed_month_neither(client):
    bought = buy(client)
    log(client, client.open(facts=QUESTION), TEN, 121)
    cost_of(client, APRIL, IN_MAY)

    with pytest.raises(Refused, match="drawn already"):
        take_back(client, bought, now=IN_MAY)


def test_once(client):
    reversal = take_back(client, bought := buy(client))

    for again in (bought, reversal):
        with pytest.raises(Refused, match="taken back already"):
            take_back(client, again)


def test_with_a_reason_by_an_account_manager(client):
    bought = buy(client)

    with pytest.raises(Invalid):
        take_back(client, bought, reason=" ")
    with pytest.raises(NotPermitted):
        take_back(client, bought, actor=client.bridge_se)


def test_by_console(client, capsys):
    buy(client)
    email = client.account_manager.user.email

    call_command(
        "reverse_hours", "--tenant", "ACME", "--number", client.contract.number,
        "--on", TEN.date().isoformat(), "--reference", "PO-7", "--reason", "Twice.", "--as", email,
    )  # fmt: skip

    assert "300 minutes of support are taken back, and 60000 JPY" in capsys.readouterr().out
    assert BoughtHours.objects.exclude(reverses=None).count() == 1
