"""Hour pools that hold what is beyond them: counted when work is written, and the month agrees."""

import json
from copy import deepcopy
from datetime import date

import pytest
from django.db import transaction

from contracts.domain.scope import Facts
from contracts.services import close_period, period_at
from reports.services.issue import draft_facts, issue_report
from tenants.scoping import tenant_scope
from tests.tickets.factories import TEN, TERMS, Client, after
from tests.tickets.races import at_once
from tickets import services
from tickets.models import TimeEntry

pytestmark = pytest.mark.allow_n_plus_one

QUESTION = Facts(activity="service_desk")
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
LATE = after(days=30)  # in May, April is closed


def terms(per_month="2h", when_empty="stop", rounding=None) -> dict:
    document = deepcopy(TERMS)
    (pool,) = document["cost"]["pools"]
    pool |= {"per_month": per_month, "when_empty": when_empty}
    if rounding:
        document["cost"]["rounding"] = rounding
    return document


@pytest.fixture
def acme(db):
    def begin(**said) -> Client:
        return Client("ACME", terms(**said))

    return begin


@pytest.fixture
def client(acme):
    made = acme()
    with tenant_scope(made.tenant):
        yield made


def log(client, ticket, starts_at, minutes, now=None, **given):
    ends_at = starts_at + (after(minutes=minutes) - TEN)
    return services.log_time(
        ticket=ticket,
        actor=client.service_desk,
        starts_at=starts_at,
        ends_at=ends_at,
        now=now or max(ends_at, after(hours=9)),
        **given,
    )


def written() -> list[tuple[str, str, int]]:
    rows = TimeEntry.objects.order_by("pk")
    return list(rows.values_list("authority", "authority_key", "minutes"))


def held_on_the_pool(client, month=APRIL, now=LATE) -> int:
    """Return the minutes that the month holds of work that was written as drawing on the pool."""
    cost = draft_facts(client.contract, month, now=now)["cost"]
    on_pool = {
        str(pk) for pk in TimeEntry.objects.filter(authority="pool").values_list("pk", flat=True)
    }
    return sum(
        piece["charged_minutes"]
        for piece in cost["charged"]
        if piece["kind"] == "held" and piece["ref"] in on_pool
    )


class TestWhenThePoolIsEmpty:
    @pytest.mark.parametrize("when_empty", ["stop", "approve"])
    def test_what_is_beyond_it_is_held_and_names_the_pool(self, acme, when_empty):
        client = acme(when_empty=when_empty)
        with tenant_scope(client.tenant):
            log(client, client.open(facts=QUESTION), TEN, 200)

            assert written() == [("pool", "support", 120), ("held", "support", 80)]
            assert held_on_the_pool(client) == 0

    def test_a_pool_that_bills_goes_on(self, acme):
        client = acme(when_empty="bill")
        with tenant_scope(client.tenant):
            log(client, client.open(facts=QUESTION), TEN, 200)

            assert written() == [("pool", "support", 200)]

    def test_work_of_an_earlier_hour_that_is_written_later_finds_it_empty(self, client):
        ticket = client.open(facts=QUESTION)
        log(client, ticket, after(hours=3), 120)
        log(client, ticket, TEN, 30)

        assert written() == [("pool", "support", 120), ("held", "support", 30)]
        assert held_on_the_pool(client) == 0

    def test_minutes_decided_in_the_clients_favour_give_their_hours_back(self, client):
        ticket, other = client.open(facts=QUESTION), client.open(facts=QUESTION)
        log(client, ticket, TEN, 120)
        services.override_verdict(
            ticket=ticket,
            actor=client.account_manager,
            outcome="included",
            reason="Our manual was wrong.",
            now=after(hours=9),
        )

        log(client, other, after(hours=4), 90, now=after(hours=10))

        assert written()[1:] == [("pool", "support", 90)]


class TestTheMonthAgrees:
    @pytest.mark.parametrize("mode", ["up", "half_up", "down"])
    @pytest.mark.parametrize("per", ["ticket_day", "entry"])
    def test_however_it_rounds_and_in_whichever_order_work_comes(self, acme, per, mode):
        rounding = {"unit": "15m", "minimum": "15m", "per": per, "mode": mode}
        client = acme(per_month="100m", rounding=rounding)
        with tenant_scope(client.tenant):
            first, second = client.open(facts=QUESTION), client.open(facts=QUESTION)
            lengths = [(300, first, 7), (0, second, 22), (60, first, 13), (120, second, 44)]
            for start, ticket, minutes in [*lengths, (200, first, 31), (420, second, 8)]:
                log(client, ticket, after(minutes=start), minutes)

            pool = draft_facts(client.contract, APRIL, now=LATE)["cost"]["pools"][0]
            assert held_on_the_pool(client) == 0
            assert sum(minutes for _kind, _key, minutes in written()) == 125
            assert {kind for kind, *_ in written()} == {"pool", "held"}
            assert 100 - 15 < pool["used"] <= 100

    def test_late_work_for_the_month_before_takes_no_hours_that_were_given_since(self, acme):
        document = terms()
        document["cost"]["pools"][0]["rollover"] = {"up_to": "100%", "for_months": 1}
        document["cost"]["closing_grace"] = "10bd"
        client = Client("ACME", document)
        with tenant_scope(client.tenant):
            old = client.open(facts=QUESTION)
            may = after(days=20)
            new = client.open(may, facts=QUESTION)
            log(client, new, may, 200)  # April's two hours rolled over, and some of May's
            log(client, old, TEN, 60, now=after(days=21))

            assert written() == [("pool", "support", 200), ("pool", "support", 40),
                                 ("held", "support", 20)]  # fmt: skip
            assert held_on_the_pool(client, MAY, after(days=21)) == 0

    def test_late_work_for_a_closed_month_finds_what_that_had_left(self, client):
        ticket = client.open(facts=QUESTION)
        log(client, ticket, TEN, 100)
        close_period(period=period_at(client.contract, TEN), actor=None, now=LATE)

        log(client, ticket, after(hours=3), 60, now=LATE)

        assert written()[1:] == [("pool", "support", 20), ("held", "support", 40)]
        assert TimeEntry.objects.filter(adjusts=None).count() == 1


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_cannot_both_take_the_last_hour(self, transactional_db):
        client = Client("ACME", terms(per_month="1h"))
        with tenant_scope(client.tenant):
            tickets = [client.open(facts=QUESTION) for _ in range(4)]

        outcomes = at_once(
            [lambda ticket=ticket: log(client, ticket, TEN, 60) for ticket in tickets],
            tenant=client.tenant,
        )

        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        with tenant_scope(client.tenant), transaction.atomic():
            by_kind = sorted(kind for kind, *_ in written())
            assert by_kind == ["held", "held", "held", "pool"]


def test_the_report_charges_what_was_written(client):
    log(client, client.open(facts=QUESTION), TEN, 200)

    cost = json.loads(issue_report(client.contract, APRIL, now=LATE).facts)["cost"]

    assert [pool["used"] for pool in cost["pools"]] == [120]
    assert (cost["held_minutes"], cost["goodwill_minutes"]) == (0, 80)  # nobody asked
