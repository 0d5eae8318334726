"""A ticket is assigned, paused for the client, and its service comes back."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.domain.scope import Facts
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership
from tests.factories import MembershipFactory
from tests.tickets.factories import Client, after, clock_of, running, two_clients
from tickets import services
from tickets.domain.lifecycle import TransitionNotAllowed
from tickets.models import Assignment, Stage

pytestmark = pytest.mark.allow_n_plus_one


def statements(queries) -> list[str]:
    return [q["sql"][:120] for q in queries if "SAVEPOINT" not in q["sql"]]


def pause(client, ticket, now, cause="client_information"):
    return services.pause_ticket(
        ticket=ticket, actor=client.service_desk, cause=cause, reason="Which till?", now=now
    )


class TestAssign:
    def test_makes_another_person_accountable_and_keeps_who_was(self, client):
        ticket = services.assign(
            ticket=client.open(),
            actor=client.service_desk,
            owner=client.maintenance_engineer,
            team="Tills",
            now=after(minutes=5),
        )

        assert Stage.objects.get(ticket=ticket).owner == client.maintenance_engineer
        assert [(a.owner.role, a.team, a.tier) for a in Assignment.objects.all()] == [
            ("operations_engineer", "", "L2"),
            ("maintenance_engineer", "Tills", "L3"),
        ]

    def test_refuses_a_client_and_who_has_left(self, client):
        left = MembershipFactory(tenant=client.tenant, service_desk=True, is_active=False)
        for owner in (client.service_owner, left):
            with pytest.raises(Invalid):
                services.assign(
                    ticket=client.open(), actor=client.bridge_se, owner=owner, now=after()
                )

    def test_gives_the_clients_own_work_to_a_client_only(self, client):
        ticket = client.open(facts=Facts(activity="routine_task"))
        people = {"ticket": ticket, "actor": client.bridge_se, "now": after()}

        with pytest.raises(Invalid):
            services.assign(**people, owner=client.service_desk)
        assert services.assign(**people, owner=client.requester).stage.owner == client.requester

    def test_refuses_a_person_and_an_owner_of_another_client(self, client):
        with two_clients(client) as globex:
            ticket, stranger = client.open(), globex.bridge_se

            with pytest.raises(NotPermitted):
                services.assign(ticket=ticket, actor=stranger, owner=stranger, now=after())
            with pytest.raises(Invalid):
                services.assign(ticket=ticket, actor=client.bridge_se, owner=stranger, now=after())

    def test_costs_five_statements(self, client):
        ticket = client.open()

        with CaptureQueriesContext(connection) as queries:
            services.assign(
                ticket=ticket, actor=client.bridge_se, owner=client.bridge_se, now=after()
            )

        assert len(told := statements(queries)) == 5, told


class TestPause:
    def test_stops_every_clock_but_the_acknowledgement(self, client):
        ticket = pause(client, client.open(), after(minutes=10))

        assert ticket.status == "on_hold"
        assert ticket.next_due_at == after(minutes=15)  # acknowledge
        states = dict(ticket.obligations.values_list("kind", "state"))
        assert states.pop("acknowledge") == "running"
        assert set(states.values()) == {"paused"}

    def test_moves_the_deadline_by_what_the_client_took(self, client):
        ticket = pause(client, client.open(), after(minutes=10))
        services.resume_ticket(ticket=ticket, actor=client.service_desk, now=after(hours=30))

        restore = clock_of(ticket, "restore")
        assert restore.due_at == after(hours=33, minutes=50)
        assert restore.paused_seconds == 29 * 3600 + 50 * 60

    def test_knows_only_what_the_client_causes(self, client):
        with pytest.raises(Invalid):
            pause(client, client.open(), after(), cause="awaiting_vendor")

    def test_does_not_undo_a_miss(self, client):
        ticket = pause(client, client.open(), after(hours=5))

        assert clock_of(ticket, "restore").missed_at == after(hours=4)

    def test_holds_what_begins_while_the_client_is_waited_for(self, client):
        ticket = pause(client, client.working(), after(hours=1), cause="client_approval")
        services.restore_service(ticket=ticket, actor=client.bridge_se, now=after(hours=2))

        assert clock_of(ticket, "permanent_fix").state == "paused"

    def test_is_never_before_what_another_has_just_written(self, client):
        ticket = pause(client, client.open(), after(minutes=10))

        services.resume_ticket(ticket=ticket, actor=client.bridge_se, now=after(minutes=9))

        assert clock_of(ticket, "restore").paused_seconds == 0

    def test_costs_six_statements(self, client):
        ticket = client.open()

        with CaptureQueriesContext(connection) as queries:
            pause(client, ticket, after())

        assert len(told := statements(queries)) == 6, told

    def test_twice_is_refused(self, client):
        ticket = pause(client, client.open(), after())
        with pytest.raises(TransitionNotAllowed):
            pause(client, ticket, after())


class TestRestore:
    def test_stops_the_restore_clock_and_starts_the_permanent_fix(self, client):
        ticket = client.working()
        services.restore_service(ticket=ticket, actor=client.bridge_se, now=after(hours=3))

        restore, fix = clock_of(ticket, "restore"), clock_of(ticket, "permanent_fix")
        assert (restore.state, restore.stopped_at) == ("met", after(hours=3))
        assert fix.started_at == after(hours=3)
        assert "resolve" in running(ticket)  # back is not done

    def test_starts_no_fix_for_what_is_out_of_scope(self, client):
        ticket = client.working(system="office")
        services.restore_service(ticket=ticket, actor=client.bridge_se, now=after(hours=3))

        assert clock_of(ticket, "permanent_fix") is None

    def test_happens_once_and_to_incidents(self, client):
        ticket = client.working()
        services.restore_service(ticket=ticket, actor=client.bridge_se, now=after())
        with pytest.raises(Refused, match="already"):
            services.restore_service(ticket=ticket, actor=client.bridge_se, now=after())
        with pytest.raises(Refused, match="incident"):
            services.restore_service(
                ticket=client.improvement(), actor=client.bridge_se, now=after()
            )


def test_a_person_of_one_client_is_nobodys_fallback_at_another(client):
    with two_clients(client) as globex:
        Membership.objects.filter(tenant=globex.tenant, role="operations_engineer").update(
            is_active=False
        )

        assert isinstance(globex, Client)
        assert globex.open().stage.owner == globex.bridge_se
