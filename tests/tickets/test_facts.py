"""A vendor person corrects what is known: the verdict, the clocks and the owner follow."""

import pytest

from contracts.domain.scope import Facts
from tenants.errors import Invalid
from tenants.scoping import tenant_scope
from tests.tickets.factories import TEN, Client, after, clock_of, running
from tests.tickets.races import at_once
from tickets import services
from tickets.domain.lifecycle import RoleNotAllowed
from tickets.models import Decision, Ticket

pytestmark = pytest.mark.allow_n_plus_one


ELEVEN = after(hours=1)


def confirm(client, ticket: Ticket, now=ELEVEN, **changes) -> Ticket:
    return services.confirm_facts(
        ticket=ticket, actor=client.service_desk, changes=changes, now=now
    )


class TestVerdict:
    def test_stands_on_confirmed_facts_and_the_old_one_stays(self, client):
        ticket = confirm(client, client.open())

        old, new = Decision.objects.filter(ticket=ticket)
        assert (old.provisional, new.provisional) == (True, False)
        assert ticket.stage.decision == new

    def test_joins_new_answers_to_the_old_ones(self, client):
        ticket = client.open(facts=Facts(answers={0: False}))

        ticket = confirm(client, ticket, answers={1: True})

        assert ticket.stage.decision.clause_id == "S4"
        assert Facts.from_dict(ticket.stage.facts).answers == {0: False, 1: True}

    def test_names_owner_and_stream_once_the_activity_is_known(self, client):
        ticket = client.open(facts=Facts(answers={0: False}))
        assert ticket.stage.owner == client.service_desk

        ticket = confirm(client, ticket, activity="corrective")

        assert ticket.stage.owner == client.maintenance_engineer
        assert ticket.stage.stream == "maintenance"
        assert [a.owner for a in ticket.assignments.select_related("owner")] == [
            client.service_desk,
            client.maintenance_engineer,
        ]

    def test_leaves_the_owner_who_works_on_it(self, client):
        ticket = services.assign(
            ticket=client.open(), actor=client.bridge_se, owner=client.bridge_se, now=TEN
        )

        ticket = confirm(client, ticket, environment="staging")

        assert ticket.stage.owner == client.bridge_se

    @pytest.mark.parametrize("fact", ["in_hours", "confirmed", "mood"])
    def test_refuses_facts_that_nobody_can_tell(self, client, fact):
        with pytest.raises(Invalid, match=fact):
            confirm(client, client.open(), **{fact: True})

    def test_refuses_a_system_outside_the_contract(self, client):
        with pytest.raises(Invalid):
            confirm(client, client.open(), system="mainframe")

        assert Decision.objects.count() == 1

    def test_is_not_for_the_client_to_confirm(self, client):
        with pytest.raises(RoleNotAllowed):
            services.confirm_facts(
                ticket=client.open(), actor=client.service_owner, changes={}, now=TEN
            )


class TestPriority:
    def test_follows_from_impact_and_urgency_and_carries_the_time_used(self, client):
        ticket = confirm(client, client.open(), impact=2, urgency=2)

        restore = clock_of(ticket, "restore")
        assert (ticket.priority, restore.priority) == ("P3", "P3")
        assert restore.due_at == after(hours=8)
        assert not restore.reclassified

    def test_that_leaves_no_time_is_a_miss_now(self, client):
        ticket = client.open(impact=2, urgency=2)

        ticket = confirm(client, ticket, now=after(hours=5), impact=1, urgency=1)

        restore = clock_of(ticket, "restore")
        assert (restore.state, restore.reclassified) == ("missed", True)
        assert restore.missed_at == after(hours=5)

    def test_that_falls_removes_no_miss(self, client):
        ticket = confirm(client, client.open(), now=after(hours=5), impact=3, urgency=3)

        restore = clock_of(ticket, "restore")
        assert (restore.missed_at, restore.reclassified) == (after(hours=4), False)

    def test_without_a_promise_leaves_the_clock_measuring(self, client):
        ticket = confirm(client, client.open(), impact=3, urgency=3)

        restore = clock_of(ticket, "restore")
        assert (restore.state, restore.due_at, restore.within) == ("running", None, "")

    def test_that_rises_starts_what_was_not_promised_before(self, client):
        ticket = client.open(impact=3, urgency=3)
        assert "restore" not in running(ticket)

        ticket = confirm(client, ticket, impact=1, urgency=1)

        assert clock_of(ticket, "restore").due_at == after(hours=5)
        assert "update" in running(ticket)


class TestClocks:
    def test_of_work_that_turns_out_to_be_outside_end_without_a_verdict(self, client):
        ticket = confirm(client, client.open(), system="office")

        assert running(ticket) == {"acknowledge", "restore"}
        assert clock_of(ticket, "resolve").state == "void"
        assert not clock_of(ticket, "restore").creditable

    def test_of_work_that_turns_out_to_be_inside_start_then(self, client):
        ticket = client.improvement(facts=Facts(activity="adaptive"))

        ticket = confirm(client, ticket, activity="corrective")

        assert running(ticket) == {"acknowledge", "resolve"}
        assert clock_of(ticket, "estimate").state == "void"
        assert clock_of(ticket, "resolve").started_at == after(hours=1)

    def test_all_end_when_the_work_is_the_clients(self, client):
        ticket = confirm(client, client.open(), activity="routine_task")

        assert running(ticket) == set()
        assert ticket.stage.owner == client.service_owner
        assert ticket.next_due_at is None

    def test_keep_a_miss_when_they_become_void(self, client):
        ticket = confirm(client, client.open(), now=after(hours=1), activity="routine_task")

        acknowledge = clock_of(ticket, "acknowledge")
        assert (acknowledge.state, acknowledge.missed_at) == ("missed", after(minutes=15))

    def test_do_not_move_when_nothing_changed(self, client):
        ticket = client.open()
        before = clock_of(ticket, "restore").ledger.count()

        confirm(client, ticket)

        assert clock_of(ticket, "restore").ledger.count() == before


@pytest.mark.django_db(transaction=True)
def test_ten_confirmed_at_once_cannot_both_take_the_last_of_a_quota(transactional_db):
    acme = Client()
    with tenant_scope(acme.tenant):
        acme.improvement()  # one of two is left
        asked = [acme.improvement(facts=Facts()) for _ in range(10)]

    outcomes = at_once(
        [
            lambda ticket=ticket: confirm(acme, ticket, activity="perfective", effort_minutes=60)
            for ticket in asked
        ],
        tenant=acme.tenant,
    )

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    clauses = sorted(ticket.stage.decision.clause_id for ticket in outcomes)
    assert clauses == ["S5"] + ["S6"] * 9
