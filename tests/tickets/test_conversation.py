"""The first public words of a vendor person acknowledge."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.errors import Invalid, NotPermitted
from tenants.models import AuditEvent
from tests.tickets.factories import after, clock_of
from tickets import services
from tickets.models import Comment, LedgerEntry

pytestmark = pytest.mark.allow_n_plus_one


SOON = after(minutes=5)


def say(ticket, actor, now=SOON, **given):
    return services.comment(ticket=ticket, actor=actor, body="Looking.", now=now, **given)


class TestAcknowledge:
    def test_stops_at_the_first_public_words_of_the_vendor(self, client):
        ticket = say(client.open(), client.service_desk)
        say(ticket, client.service_desk, now=after(minutes=40))

        acknowledge = clock_of(ticket, "acknowledge")
        assert (acknowledge.state, acknowledge.stopped_at) == ("met", after(minutes=5))
        assert [c.body for c in Comment.objects.all()] == ["Looking.", "Looking."]

    @pytest.mark.parametrize("lane", ["internal", "handoff"])
    def test_runs_on_through_notes(self, client, lane):
        ticket = say(client.open(), client.service_desk, lane=lane)

        assert clock_of(ticket, "acknowledge").stopped_at is None

    def test_runs_on_through_words_of_the_client_and_through_a_status(self, client):
        ticket = say(client.open(), client.requester)
        ticket = services.start_work(ticket=ticket, actor=client.service_desk, now=after(minutes=6))

        assert clock_of(ticket, "acknowledge").stopped_at is None

    def test_is_missed_at_its_deadline_when_the_words_come_late(self, client):
        ticket = say(client.open(), client.service_desk, now=after(minutes=20))

        acknowledge = clock_of(ticket, "acknowledge")
        assert acknowledge.state == "missed"
        assert acknowledge.missed_at == acknowledge.decided_at == after(minutes=15)
        assert acknowledge.stopped_at == after(minutes=20)

    def test_is_met_at_the_very_second(self, client):
        ticket = say(client.open(), client.service_desk, now=after(minutes=15, milliseconds=900))

        assert clock_of(ticket, "acknowledge").state == "met"


class TestUpdate:
    def test_each_word_starts_the_next_round(self, client):
        ticket = say(client.open(), client.service_desk, now=after(minutes=30))

        first, second = ticket.obligations.filter(kind="update").order_by("pk")
        assert (first.state, first.attempt) == ("met", 1)
        assert (second.due_at, second.attempt) == (after(minutes=90), 2)

    def test_stands_still_while_the_client_is_waited_for(self, client):
        ticket = services.pause_ticket(
            ticket=client.open(),
            actor=client.service_desk,
            cause="client_access",
            now=after(minutes=30),
        )
        services.resume_ticket(ticket=ticket, actor=client.service_desk, now=after(hours=5))

        assert clock_of(ticket, "update").due_at == after(hours=5, minutes=30)

    def test_a_round_that_begins_in_a_wait_stands_still_too(self, client):
        ticket = services.pause_ticket(
            ticket=client.open(), actor=client.service_desk, cause="agreed_window", now=after()
        )
        ticket = say(ticket, client.service_desk, now=after(hours=9))

        update = clock_of(ticket, "update")
        assert (update.state, update.started_at) == ("paused", after(hours=9))
        assert LedgerEntry.objects.filter(obligation=update).last().cause == "agreed_window"

    def test_ends_at_the_restoration(self, client):
        ticket = client.working()
        services.restore_service(ticket=ticket, actor=client.bridge_se, now=after(minutes=10))
        say(ticket, client.bridge_se, now=after(minutes=20))

        update = clock_of(ticket, "update")
        assert (update.state, update.stopped_at) == ("void", after(minutes=10))


class TestComment:
    def test_wakes_nothing_up(self, client):
        ticket = client.resolve(client.working(), after(hours=1))

        assert say(ticket, client.requester, now=after(hours=2)).status == "resolved"

    def test_refuses_a_client_in_the_vendors_lanes_and_silence(self, client):
        with pytest.raises(NotPermitted):
            say(client.open(), client.service_owner, lane="internal")
        with pytest.raises(Invalid):
            services.comment(ticket=client.open(), actor=client.bridge_se, body=" ", now=after())

        assert not AuditEvent.objects.filter(verb="ticket.commented").exists()

    @pytest.mark.parametrize(("desk", "statements"), [("requester", 3), ("service_desk", 8)])
    def test_costs_few_statements(self, client, desk, statements):
        ticket = client.open()

        with CaptureQueriesContext(connection) as queries:
            say(ticket, client.people[desk])

        told = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
        assert len(told) == statements, "\n".join(sql[:120] for sql in told)
