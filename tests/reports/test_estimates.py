"""Minutes of extra work: held for their estimate, under it once it is accepted, given when it ends."""

import json
from datetime import UTC, date, datetime

import pytest

from contracts.services import close_period, period_at
from reports.services.issue import draft_facts, issue_report
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.tickets.estimates import NEXT_DAY, TEN_HOURS, Money, fresh
from tests.tickets.factories import after
from tests.tickets.test_estimates import change
from tickets import services
from tickets.models import Settlement, TimeEntry
from tickets.services.estimate_burn import burn_of

pytestmark = pytest.mark.allow_n_plus_one

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
MAY_CLOSING = datetime(2026, 5, 12, 1, tzinfo=UTC)
TWO_DAYS = after(hours=48)
MATERIAL = {"pricing": "time_and_material"}


@pytest.fixture
def client(db):
    acme = Money()
    with tenant_scope(acme.tenant):
        yield acme


def stands(entry: TimeEntry) -> str:
    last = Settlement.objects.filter(entry=entry).order_by("-pk").first()
    return last.authority if last else entry.authority


def cost(client, month=APRIL, now=MAY_CLOSING) -> dict:
    return draft_facts(client.contract, month, now=now)["cost"]


def extra(cost: dict) -> int:
    return sum(line["amount"] for line in cost["lines"] if line["kind"] == "estimate")


class TestHeld:
    def test_minutes_name_the_estimate_they_wait_for(self, client):
        estimate = client.sent()
        client.work(estimate.ticket, after(hours=5), 60)

        entry = TimeEntry.objects.get()
        assert (entry.authority, entry.authority_key) == ("held", estimate.public_id)
        assert extra(cost(client)) == 0

    def test_they_come_under_it_when_it_is_accepted_less_the_triage(self, client):
        estimate = client.sent(**MATERIAL)
        client.work(estimate.ticket, after(hours=5), 90)
        client.accept(fresh(estimate))

        assert stands(TimeEntry.objects.get()) == "estimate"
        assert extra(cost(client)) == 8_000  # an hour of L3: thirty minutes were triage
        assert burn_of(fresh(estimate)).used == 8_000

    def test_what_was_worked_before_the_draft_comes_under_it_too(self, client):
        ticket = client.extra()
        client.work(ticket, after(minutes=10), 40)
        client.accepted(ticket, **MATERIAL)

        assert stands(TimeEntry.objects.get()) == "estimate"

    @pytest.mark.parametrize("how", ["declined", "withdrawn"])
    def test_they_are_goodwill_when_it_ends_without_a_yes(self, client, how):
        estimate = client.sent()
        client.work(estimate.ticket, after(hours=5), 90)
        if how == "declined":
            services.decline_estimate(
                estimate=estimate, actor=client.service_owner, reason="No.", now=NEXT_DAY
            )
        else:
            services.withdraw_estimate(
                estimate=estimate, actor=client.bridge_se, reason="No.", now=NEXT_DAY
            )

        assert stands(TimeEntry.objects.get()) == "goodwill"
        stated = cost(client)
        assert (extra(stated), stated["held_minutes"]) == (0, 0)

    def test_written_late_they_are_what_they_would_have_been(self, client):
        estimate = client.accepted(**MATERIAL)
        client.work(estimate.ticket, after(hours=5), 60, now=TWO_DAYS)  # worked before the yes
        refused = client.sent()
        services.decline_estimate(
            estimate=refused, actor=client.service_owner, reason="No.", now=NEXT_DAY
        )
        client.work(refused.ticket, after(hours=5), 60, now=TWO_DAYS)

        assert [stands(e) for e in TimeEntry.objects.order_by("pk")] == ["estimate", "goodwill"]

    def test_no_minute_of_another_ticket_is_touched(self, client):
        mine, other = client.sent(), client.sent()
        client.work(other.ticket, after(hours=5), 60)
        client.accept(fresh(mine))

        assert stands(TimeEntry.objects.get()) == "held"

    def test_of_a_closed_month_they_are_an_adjustment_of_the_open_one(self, client):
        estimate = client.sent(**MATERIAL)
        client.work(estimate.ticket, after(hours=5), 90)
        change_date = datetime(2026, 5, 12, 2, tzinfo=UTC)
        services.revise_estimate(estimate=estimate, actor=client.bridge_se, now=after(hours=9))
        april = json.loads(issue_report(client.contract, APRIL, now=MAY_CLOSING).facts)["cost"]
        assert (extra(april), april["held_minutes"]) == (0, 60)

        services.submit_estimate(
            estimate=estimate, actor=client.maintenance_engineer, now=change_date
        )
        client.send(client.approve(fresh(estimate), now=change_date), now=change_date)
        client.accept(fresh(estimate), now=change_date)

        may = cost(client, MAY, datetime(2026, 6, 12, 1, tzinfo=UTC))
        adjusted = [line for line in may["lines"] if line["kind"] == "adjustment"]
        assert [(line["key"], line["amount"]) for line in adjusted] == [("2026-04", 8_000)]


class TestBurn:
    def test_work_after_the_yes_is_under_it_up_to_the_limit(self, client):
        estimate = client.accepted(**MATERIAL)  # 80,000
        client.work(estimate.ticket, TWO_DAYS, 11 * 60)

        entry = TimeEntry.objects.get()
        assert (entry.authority, entry.authority_key) == ("estimate", estimate.public_id)
        stated = cost(client)
        assert (extra(stated), stated["held_minutes"]) == (80_000, 60)
        burn = burn_of(fresh(estimate))
        assert (burn.used, burn.is_over) == (88_000, True)

    def test_a_change_order_that_is_accepted_lets_the_rest_be_charged(self, client):
        estimate = client.accepted(**MATERIAL)
        client.work(estimate.ticket, TWO_DAYS, 11 * 60)
        change(client, fresh(estimate), now=after(hours=72), not_to_exceed=120_000)

        stated = cost(client)
        assert (extra(stated), stated["held_minutes"]) == (88_000, 0)

    def test_at_four_fifths_a_change_order_is_proposed_once(self, client):
        estimate = client.accepted(**MATERIAL)
        client.work(estimate.ticket, TWO_DAYS, 7 * 60)
        told = AuditEvent.objects.filter(verb="estimate.change_proposed")
        assert not told.exists()

        client.work(estimate.ticket, after(hours=72), 60)
        client.work(estimate.ticket, after(hours=74), 30)

        event = told.get()
        assert (event.data["estimate"], event.data["used"]) == (estimate.public_id, 64_000)


class TestFixedPrice:
    def test_falls_due_when_the_delivery_is_accepted_and_only_then(self, client):
        estimate = client.accepted()
        client.work(estimate.ticket, TWO_DAYS, 6 * 60)
        assert extra(cost(client)) == 0

        services.deliver_estimate(
            estimate=estimate, actor=client.maintenance_engineer, now=after(hours=60)
        )
        services.accept_delivery(estimate=estimate, actor=client.service_owner, now=after(hours=72))

        stated = cost(client)
        assert extra(stated) == 80_000
        assert stated["held_minutes"] == 0

    @pytest.mark.parametrize(("hours", "due"), [(3, 24_000), (12, 80_000)])
    def test_cancelled_it_is_the_work_done_up_to_the_price(self, client, hours, due):
        estimate = client.accepted(lines=TEN_HOURS)
        client.work(estimate.ticket, TWO_DAYS, hours * 60)
        services.cancel_estimate(
            estimate=estimate, actor=client.bridge_se, reason="Stopped.", now=after(hours=72)
        )
        assert extra(cost(client)) == due

    def test_of_a_closed_month_it_falls_due_in_the_open_one(self, client):
        estimate = client.accepted()
        services.deliver_estimate(
            estimate=estimate, actor=client.maintenance_engineer, now=after(hours=60)
        )
        close_period(period=period_at(client.contract, after()), actor=None, now=MAY_CLOSING)
        services.accept_delivery(estimate=estimate, actor=client.service_owner, now=MAY_CLOSING)
        assert estimate.charges.select_related("period").get().period.month == MAY
