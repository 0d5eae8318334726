"""What waits for whom: each rule from the real commands, and never another client's."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.domain.scope import Facts
from tenants.scoping import tenant_scope
from tests.tickets.estimates import Money
from tests.tickets.factories import Client, after, two_clients
from tickets import services
from tickets.waiting import RULES, desks_of, heaps, with_tickets

pytestmark = pytest.mark.allow_n_plus_one
SEEN_AT = after(hours=1)


def waits(*members, now=SEEN_AT) -> dict[str, list[str]]:
    """Return the keys of the tickets that wait for a person at these desks, by rule."""
    found = with_tickets(heaps(members, now))
    return {one["heap"].rule.code: [t.key for t in one["tickets"]] for one in found}


class TestTheVendor:
    def test_owes_a_reply_until_somebody_has_spoken(self, client):
        ticket = client.working()
        owner = client.operations_engineer
        assert waits(owner)["replies"] == ["ACME-1"]

        services.comment(ticket=ticket, actor=owner, body="We look.", now=after(minutes=1))
        assert "replies" not in waits(owner)
        services.comment(ticket=ticket, actor=client.requester, body="And?", now=after(minutes=2))
        assert waits(owner)["replies"] == ["ACME-1"]
        services.comment(
            ticket=ticket, actor=owner, body="Mutter.", now=after(minutes=3), lane="internal"
        )
        assert waits(owner)["replies"] == ["ACME-1"]

    def test_sees_that_the_client_answered_what_it_waits_for(self, client):
        ticket = client.working()
        owner = client.operations_engineer
        services.comment(ticket=ticket, actor=owner, body="Which till?", now=after(minutes=1))
        services.pause_ticket(
            ticket=ticket, actor=owner, cause="client_information", now=after(minutes=2)
        )
        assert "answers" not in waits(owner)
        assert waits(client.requester) == waits(client.service_owner) == {"you": ["ACME-1"]}

        services.comment(ticket=ticket, actor=client.requester, body="Two.", now=after(minutes=3))
        assert waits(owner)["answers"] == ["ACME-1"]

    def test_hears_of_deadlines_within_two_hours_the_bridge_se_of_all(self, client):
        client.open()
        client.improvement()

        assert waits(client.operations_engineer)["about_to_miss"] == ["ACME-1"]
        assert waits(client.bridge_se)["about_to_miss"] == ["ACME-1", "ACME-2"]
        assert "about_to_miss" not in waits(client.service_desk)

    def test_answers_handoffs_but_not_its_own(self, client):
        client.offered(after(minutes=5))

        assert waits(client.maintenance_engineer)["handoffs"] == ["ACME-1"]
        assert waits(client.bridge_se)["handoffs"] == ["ACME-1"]
        assert "handoffs" not in waits(client.operations_engineer)

    def test_rules_where_no_clause_does_and_on_disputes(self, client):
        client.open(facts=Facts(activity="monitoring"))
        ticket = client.improvement(facts=Facts(activity="adaptive"))
        dispute = services.open_dispute(
            ticket=ticket, actor=client.requester, reason="A defect.", now=after(minutes=5)
        )
        assert waits(client.account_manager) == {"no_clause": ["ACME-1"], "disputes": ["ACME-2"]}
        assert "rulings" not in waits(client.service_owner)

        services.answer_dispute(
            dispute=dispute,
            actor=client.account_manager,
            ruling="uphold",
            reason="S6.",
            now=after(minutes=6),
        )
        assert waits(client.account_manager) == {"no_clause": ["ACME-1"]}
        assert waits(client.service_owner)["rulings"] == ["ACME-2"]
        services.agree_to_ruling(dispute=dispute, actor=client.service_owner, now=SEEN_AT)
        assert "rulings" not in waits(client.service_owner)


class TestEstimates:
    @pytest.fixture
    def money(self, db):
        money = Money()
        with tenant_scope(money.tenant):
            yield money

    def test_wait_for_one_after_the_other(self, money):
        estimate = money.submitted()
        assert waits(money.account_manager)["approve"] == ["ACME-1"]
        estimate = money.approve(estimate)
        assert "approve" not in waits(money.account_manager)
        assert waits(money.bridge_se)["send"] == ["ACME-1"]
        estimate = money.send(estimate)
        assert "send" not in waits(money.bridge_se)
        assert waits(money.service_owner)["accept"] == ["ACME-1"]
        estimate = money.accept(estimate)
        assert "accept" not in waits(money.service_owner)

    def test_never_wait_for_who_submitted_them(self, money):
        estimate = money.draft()
        services.submit_estimate(estimate=estimate, actor=money.account_manager, now=SEEN_AT)

        assert "approve" not in waits(money.account_manager)
        assert waits(money.second_manager)["approve"] == ["ACME-1"]


class TestAllOfIt:
    def test_is_one_statement_and_one_for_the_tickets(self, client):
        client.open()
        client.improvement()
        everyone = list(client.people.values())

        with CaptureQueriesContext(connection) as queries:
            with_tickets(heaps(everyone, SEEN_AT))

        assert len([q for q in queries if "set_config" not in q["sql"]]) == 2

    def test_is_of_the_desks_clients_only(self, client):
        with two_clients(client) as globex:
            globex.open()
            client.open()

            assert waits(client.bridge_se)["about_to_miss"] == ["ACME-1"]
            both = waits(client.bridge_se, globex.bridge_se)["about_to_miss"]
            assert sorted(both) == ["ACME-1", "GLOBEX-1"]

    def test_says_that_there_is_more(self, client):
        for _ in range(3):
            client.open()

        heap = next(h for h in heaps([client.bridge_se], SEEN_AT, each=2))
        assert (heap.count, heap.more) == (2, True)

    def test_every_rule_can_be_asked(self, client):
        client.open()
        everyone = list(client.people.values())
        assert [rule.code for rule in RULES if not desks_of(rule, everyone)] == []

        together = {h.rule.code for h in heaps(everyone, SEEN_AT)}
        apart = {h.rule.code for one in everyone for h in heaps([one], SEEN_AT)}

        assert together == apart == {"about_to_miss", "replies"}

    def test_is_nothing_for_who_has_no_desk(self, client):
        assert heaps([], SEEN_AT) == []


def test_a_requester_who_sees_only_their_own_is_shown_no_more(db):
    client = Client()
    client.tenant.requesters_see_all = False
    client.tenant.save()
    with tenant_scope(client.tenant):
        ticket = client.working()
        services.pause_ticket(
            ticket=ticket, actor=client.bridge_se, cause="client_access", now=after(minutes=1)
        )
        assert waits(client.requester) == {"you": ["ACME-1"]}
