"""A request is held against the contract when it is asked for."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from contracts.domain.scope import Facts
from tenants.errors import Invalid, Refused
from tenants.models import AuditEvent, Membership
from tenants.scoping import tenant_scope
from tests.tickets.factories import (
    CLOSE,
    TEN,
    Client,
    after,
    clock_of,
    running,
    two_clients,
)
from tests.tickets.races import at_once
from tickets import services
from tickets.models import Assignment, Decision, Link, Ticket

pytestmark = pytest.mark.allow_n_plus_one  # a command again is the same SQL again
QUESTION = {"type": "service_request", "impact": 3, "urgency": 3}


class TestOpenTicket:
    def test_names_the_clause_the_owner_and_the_version(self, client):
        ticket = client.open()

        assert (ticket.key, ticket.priority, ticket.status) == ("ACME-1", "P1", "new")
        assert ticket.version == client.contract.versions.get()
        assert ticket.stage.owner == client.operations_engineer
        assert (ticket.stage.stream, ticket.stage.tier) == ("operation", "L2")
        decision = ticket.stage.decision
        assert (decision.outcome, decision.clause_id) == ("included", "S2")
        assert decision.provisional  # the requester claims it
        assert AuditEvent.objects.get(verb="ticket.opened").data["clause"] == "S2"
        assert Assignment.objects.get(ticket=ticket).owner == client.operations_engineer

    def test_starts_what_the_contract_promises(self, client):
        ticket = client.open()

        assert running(ticket) == {"acknowledge", "restore", "resolve", "update"}
        assert clock_of(ticket, "acknowledge").due_at == after(minutes=15)
        assert clock_of(ticket, "restore").due_at == after(hours=4)
        assert clock_of(ticket, "resolve").due_at == CLOSE.replace(day=16)
        assert ticket.next_due_at == after(minutes=15)

    def test_believes_a_vendor_person(self, client):
        assert not client.open(actor=client.service_desk).stage.decision.provisional

    def test_promises_no_resolution_out_of_scope_and_only_measures_the_restoration(self, client):
        ticket = client.improvement(facts=Facts(activity="adaptive"))
        incident = client.open(system="office")

        assert running(ticket) == {"acknowledge", "estimate"}
        assert running(incident) == {"acknowledge", "restore"}
        assert not clock_of(incident, "restore").creditable

    def test_gives_the_clients_own_work_to_its_service_owner_without_a_vendor_clock(self, client):
        ticket = client.open(**QUESTION, facts=Facts(activity="routine_task"))

        assert ticket.stage.owner == client.service_owner
        assert running(ticket) == set()
        assert ticket.next_due_at is None

    def test_asks_the_next_question_while_the_clocks_run(self, client):
        ticket = client.open(facts=Facts(answers={0: False}))

        decision = ticket.stage.decision
        assert (decision.outcome, decision.pending) == ("undecided", True)
        assert decision.verdict["question"]["index"] == 1
        assert ticket.stage.owner == client.service_desk
        assert {"acknowledge", "resolve"} <= running(ticket)

    def test_says_undecided_where_no_clause_speaks(self, client):
        ticket = client.open(environment="staging")

        decision = ticket.stage.decision
        assert (decision.outcome, decision.pending, decision.clause_id) == ("undecided", False, "")

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"system": "mainframe"}, "system"),
            ({"environment": "moon"}, "environment"),
            ({"now": after(hours=-1)}, "received_at"),
            ({"received_at": TEN.replace(year=2025)}, "contract"),
        ],
    )
    def test_refuses_what_the_contract_does_not_know(self, client, given, field):
        with pytest.raises(Invalid) as refusal:
            client.open(**given)

        assert refusal.value.field == field
        assert not Ticket.objects.exists()

    def test_refuses_work_after_the_contracts_end(self, client):
        client.contract.ends_on = TEN.date()
        client.contract.save()

        with pytest.raises(Invalid, match="in force"):
            client.open()

    def test_refuses_a_vendor_person_as_requester(self, client):
        with pytest.raises(Invalid) as refusal:
            client.open(requester=client.bridge_se)

        assert refusal.value.field == "requester"

    def test_falls_back_to_the_account_manager_and_to_nobody_at_last(self, client):
        team = Membership.objects.filter(role__in=["operations_engineer", "bridge_se"])
        team.update(is_active=False)
        assert client.open().stage.owner == client.account_manager

        Membership.objects.filter(role="account_manager").update(is_active=False)
        with pytest.raises(Refused, match="bridge SE"):
            client.open()

    def test_asks_the_database_five_times(self, client):
        client.open()

        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            client.open()

        told = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
        assert len(told) == 5, "\n".join(sql[:120] for sql in told)


class TestTwoClients:
    def test_number_their_tickets_apart_and_keep_to_their_own_team(self, client):
        with two_clients(client) as globex:
            first, other, second = client.open(), globex.open(), client.open()

            assert [first.key, second.key, other.key] == ["ACME-1", "ACME-2", "GLOBEX-1"]
            assert other.stage.owner == globex.operations_engineer

    def test_count_their_quotas_apart(self, client):
        with two_clients(client) as globex:
            globex.improvement()
            globex.improvement()

            assert client.improvement().stage.decision.clause_id == "S5"
            assert globex.improvement().stage.decision.clause_id == "S6"


class TestQuota:
    def test_the_third_small_improvement_of_a_month_needs_an_estimate(self, client):
        verdicts = [client.improvement().stage.decision.clause_id for _ in range(3)]

        assert verdicts == ["S5", "S5", "S6"]
        assert client.improvement(at=TEN.replace(month=5)).stage.decision.clause_id == "S5"

    def test_a_ticket_taken_up_again_counts_once(self, client):
        ticket = client.improvement()
        client.improvement()
        people = {"ticket": ticket, "actor": client.bridge_se}
        services.start_work(**people, now=TEN)
        services.resolve_ticket(
            **people, resolution="Done.", no_release="Text only.", now=after(hours=1)
        )
        services.close_ticket(**people, now=after(hours=2))
        again = services.reopen_ticket(**people, reason="Not done.", now=after(hours=3))

        assert again.stage.decision.clause_id == "S5"
        assert client.improvement().stage.decision.clause_id == "S6"

    @pytest.mark.django_db(transaction=True)
    def test_twenty_at_once_cannot_both_take_the_last_one(self, transactional_db):
        acme = Client()
        with tenant_scope(acme.tenant):
            acme.improvement()  # one of two is left

        at_once([lambda: acme.improvement() for _ in range(20)], tenant=acme.tenant)

        with tenant_scope(acme.tenant), transaction.atomic():
            clauses = list(Decision.objects.values_list("clause_id", flat=True))
            numbers = list(Ticket.objects.order_by("number").values_list("number", flat=True))
        assert sorted(clauses) == ["S5"] * 2 + ["S6"] * 19
        assert numbers == list(range(1, 22))


class TestOnBehalf:
    """A bridge SE writes down what a client asked for by telephone."""

    def call(self, client, **given):
        told = {
            "actor": client.bridge_se,
            "channel": "phone",
            "received_at": TEN,
            "now": after(minutes=40),
            "received_reason": "Told on the night call.",
        }
        return client.open(**{**told, **given})

    def test_counts_from_when_it_came_and_answers_nothing(self, client):
        ticket = self.call(client)

        acknowledge = clock_of(ticket, "acknowledge")
        assert (acknowledge.started_at, acknowledge.stopped_at) == (TEN, None)
        assert (ticket.channel, ticket.registered_at) == ("phone", after(minutes=40))
        assert ticket.received_reason == "Told on the night call."
        event = AuditEvent.objects.get(verb="ticket.opened")
        assert event.data["reason"] == "Told on the night call."

    def test_needs_a_reason_once_it_is_not_just_now(self, client):
        self.call(client, received_reason="", now=after(minutes=9))
        with pytest.raises(Invalid) as refusal:
            self.call(client, received_reason=" ")

        assert refusal.value.field == "received_reason"

    def test_is_never_later_and_never_a_clients_own_to_say(self, client):
        for given in ({"received_at": after(hours=1)}, {"actor": client.requester}):
            with pytest.raises(Invalid) as refusal:
                self.call(client, **given)
            assert refusal.value.field == "received_at"

    def test_follows_a_ticket_that_can_be_reopened_no_more(self, client):
        before = client.open()
        ticket = client.open(follows=before)

        link = Link.objects.get()
        assert (link.ticket, link.kind, link.other) == (ticket, "relates", before)
