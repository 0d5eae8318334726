"""Hours beyond a pool that asks: held until the client agrees, then billed as drawn, and no more."""

import json
from datetime import date

import pytest
from django.db import transaction

from contracts.models import AgreedOverage
from contracts.services import close_period, period_at
from reports.services.issue import draft_facts, issue_report
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.scoping import tenant_scope
from tests.api.client import Api
from tests.tickets.factories import TEN, Client, after
from tests.tickets.races import at_once
from tests.tickets.test_pool_room import APRIL, LATE, MAY, QUESTION, log, terms, written
from tickets.models import Settlement
from tickets.services.overage import agree_overage, beyond_pools, price_of

pytestmark = pytest.mark.allow_n_plus_one

LIMIT = {"client_authority": {"service_owner": 50_000}}


def asking(**said) -> dict:
    document = terms(when_empty="approve", **said)
    document["cost"]["estimates"] = LIMIT
    return document


@pytest.fixture
def client(db):
    made = Client("ACME", asking())
    with tenant_scope(made.tenant):
        yield made


def agree(client, minutes, *, by=None, now=None, **given):
    period = period_at(client.contract, TEN)
    price = price_of(period, "support", minutes)
    return agree_overage(
        **{
            "contract": client.contract,
            "actor": by or client.service_owner,
            "pool": "support",
            "month": APRIL,
            "minutes": minutes,
            "at_most": price,
            "now": now or after(hours=9),
            **given,
        }
    )


def held_three_hours(client):
    """Two hours are in the pool; of five that were worked, three wait."""
    ticket = client.open(type="service_request", facts=QUESTION, impact=3, urgency=3)
    log(client, ticket, TEN, 300)
    return ticket


def lines(client, month=APRIL, now=None) -> dict[str, int]:
    cost = draft_facts(client.contract, month, now=now or after(hours=9))["cost"]
    return {line["kind"]: line["amount"] for line in cost["lines"]}


class TestWhatWaits:
    def test_is_told_with_what_it_costs_at_most(self, client):
        ticket = held_three_hours(client)

        (beyond,) = beyond_pools([client.contract])

        assert (beyond.pool, beyond.period.month) == ("support", APRIL)
        assert (beyond.worked, beyond.needed, beyond.at_most) == (180, 180, 36_000)
        assert beyond.tickets == (ticket.key,)

    def test_is_nothing_where_the_pool_stops(self, db):
        stops = Client("STOPS", terms(when_empty="stop"))
        with tenant_scope(stops.tenant):
            held_three_hours(stops)
            assert beyond_pools([stops.contract]) == []

    def test_is_not_another_clients(self, db):
        mine, other = Client("ACME", asking()), Client("GLOBEX", asking())
        with tenant_scope(other.tenant):
            held_three_hours(other)

        with tenant_scope(mine.tenant):
            assert beyond_pools([mine.contract, other.contract]) == []


class TestAnAgreement:
    def test_bills_what_waited(self, client):
        held_three_hours(client)

        agree(client, 180)

        assert lines(client)["overage"] == 36_000
        assert beyond_pools([client.contract]) == []
        assert Settlement.objects.get().cause == "overage_agreed"

    def test_leaves_what_it_does_not_cover(self, client):
        ticket = client.open(type="service_request", facts=QUESTION, impact=3, urgency=3)
        log(client, ticket, TEN, 120)
        log(client, ticket, after(hours=2), 60)
        log(client, ticket, after(hours=3), 60)

        agree(client, 60)

        assert lines(client)["overage"] == 12_000
        (beyond,) = beyond_pools([client.contract])
        assert (beyond.worked, beyond.needed) == (60, 60)

    def test_lets_later_work_draw_on_the_rest(self, client):
        ticket = held_three_hours(client)
        agree(client, 240)

        log(client, ticket, after(hours=6), 90)

        assert written()[2:] == [("pool", "support", 60), ("held", "support", 30)]
        assert lines(client)["overage"] == 48_000

    def test_is_of_its_own_month_only(self, client):
        ticket = held_three_hours(client)
        agree(client, 600, by=client.account_manager, reference="PO-1")

        log(client, ticket, LATE, 180, now=after(days=31))

        assert written()[2:] == [("pool", "support", 120), ("held", "support", 60)]

    def test_after_the_month_closed_is_an_adjustment_of_the_next(self, client):
        held_three_hours(client)
        april = period_at(client.contract, TEN)
        close_period(period=april, actor=None, now=april.closes_at)
        issued = issue_report(client.contract, APRIL, now=april.closes_at)

        agree(client, 180, now=april.closes_at)

        assert AgreedOverage.objects.get().counts_in.month == MAY
        assert lines(client, MAY, april.closes_at)["adjustment"] == 36_000
        again = draft_facts(client.contract, APRIL, now=april.closes_at)
        assert again["cost"]["total"] == json.loads(issued.facts)["cost"]["total"]

    def test_is_written_down_for_all_to_read(self, client):
        held_three_hours(client)
        agree(client, 180)
        from tenants.models import AuditEvent

        event = AuditEvent.objects.get(verb="contract.overage_agreed")
        assert event.data["minutes"] == 180
        assert event.data["settled"] == 1


class TestRefused:
    @pytest.mark.parametrize("role", ["requester", "bridge_se", "maintenance_engineer"])
    def test_to_other_desks(self, client, role):
        with pytest.raises(NotPermitted):
            agree(client, 60, by=getattr(client, role))

    def test_above_the_authority_together_with_what_was_agreed_before(self, client):
        agree(client, 240)  # 48,000 of 50,000

        with pytest.raises(NotPermitted, match="purchase order"):
            agree(client, 60)
        agree(client, 60, by=client.account_manager, reference="PO-7")

    def test_an_account_manager_without_an_order(self, client):
        with pytest.raises(Invalid, match="order"):
            agree(client, 60, by=client.account_manager)

    @pytest.mark.parametrize("minutes", [0, -1, 60_001])
    def test_no_minutes_or_too_many(self, client, minutes):
        with pytest.raises(Invalid):
            agree(client, minutes, at_most=0)

    def test_another_price_than_was_seen(self, client):
        with pytest.raises(Refused, match="at most"):
            agree(client, 60, at_most=11_999)

    def test_a_pool_that_does_not_ask(self, db):
        bills = Client("BILLS", terms(when_empty="bill"))
        with tenant_scope(bills.tenant), pytest.raises(Invalid, match="does not ask"):
            agree(bills, 60)

    def test_a_month_to_come(self, client):
        with pytest.raises(Invalid, match="still to come"):
            agree(client, 60, month=date(2026, 7, 1))

    def test_another_clients_contract(self, db):
        mine, other = Client("ACME", asking()), Client("GLOBEX", asking())
        with tenant_scope(mine.tenant), pytest.raises(NotPermitted):
            agree(mine, 60, by=other.service_owner)


@pytest.mark.django_db(transaction=True)
def test_two_agreements_at_once_both_count_and_bill_nothing_twice():
    client = Client("ACME", asking())
    with tenant_scope(client.tenant):
        held_three_hours(client)

    def one():
        with transaction.atomic():
            return agree(client, 120, by=client.account_manager, reference="PO")

    results = at_once([one, one], client.tenant)

    with tenant_scope(client.tenant), transaction.atomic():
        assert [type(each) for each in results] == [AgreedOverage] * 2, results
        assert Settlement.objects.count() == 1
        assert lines(client)["overage"] == 36_000


class TestItsPages:
    def test_the_list_shows_ones_own_and_leads_to_the_agreement(self, client, client_of):
        held_three_hours(client)

        page = client_of(client.service_owner).get("/tickets/overage/")

        assert "¥36,000" in page.text
        assert f"/tickets/overage/{client.contract.public_id}/?pool=support" in page.text

    def test_an_agreement_that_was_seen_is_given(self, client, client_of):
        held_three_hours(client)
        browser = client_of(client.service_owner)
        url = f"/tickets/overage/{client.contract.public_id}/"
        page = browser.get(url, {"pool": "support", "month": "2026-04", "minutes": 240})
        assert "¥48,000" in page.text

        said = {"pool": "support", "month": "2026-04", "minutes": 180, "at_most": 36_000}
        answer = browser.post(url, said)

        assert answer.status_code == 302
        assert AgreedOverage.objects.get().minutes == 180

    def test_a_refusal_keeps_what_was_typed(self, client, client_of):
        held_three_hours(client)
        browser = client_of(client.account_manager)
        said = {"pool": "support", "month": "2026-04", "minutes": 180, "at_most": 36_000}

        answer = browser.post(f"/tickets/overage/{client.contract.public_id}/", said)

        assert answer.status_code == 422
        assert "you do not agree for them" in answer.text
        assert "¥36,000" in answer.text

    def test_a_requester_has_no_business_here(self, client, client_of):
        assert client_of(client.requester).get("/tickets/overage/").status_code == 403

    def test_the_api_lists_and_agrees_for_ones_own_client_only(self, client):
        held_three_hours(client)
        api = Api(client.service_owner)
        (row,) = api.get("overage/").json()
        assert (row["needed_minutes"], row["at_most"]) == (180, 36_000)
        said = {name: row[name] for name in ("contract", "pool", "month", "at_most")}

        made = api.post("overage/", said | {"minutes": 180}, HTTP_IDEMPOTENCY_KEY="once")
        again = api.post("overage/", said | {"minutes": 180}, HTTP_IDEMPOTENCY_KEY="once")

        assert (made.status_code, again.status_code) == (201, 201), made.text
        assert AgreedOverage.objects.count() == 1
        assert api.post("overage/", said | {"contract": "A" * 16, "minutes": 1}).status_code == 404
        assert Api(client.requester).get("overage/").json() == []

    def test_it_waits_in_the_inbox_of_both(self, client, client_of):
        held_three_hours(client)
        for desk in (client.service_owner, client.account_manager):
            assert "Hours beyond a pool wait" in client_of(desk).get("/tickets/inbox/").text
