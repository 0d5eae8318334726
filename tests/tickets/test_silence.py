"""A client who says nothing: reminded twice, then closed with notice, and never against them."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.domain.durations import parse_length
from contracts.domain.service_hours import ServiceHours
from tenants.models import AuditEvent
from tests.tickets.factories import after, clock_of, running
from tickets import services
from tickets.domain.silence import Silence
from tickets.models import Ticket
from tickets.services.silence import heed_silence

pytestmark = pytest.mark.allow_n_plus_one
# ten business days from Wednesday 15 April 2026; the reminders after four and seven
FIRST, SECOND, END = (datetime(2026, 4, day, 9, tzinfo=UTC) for day in (21, 24, 29))
A_SECOND = timedelta(seconds=1)


def paused(client, cause="client_information", **given):
    ticket = client.working(**given)
    return services.pause_ticket(
        ticket=ticket, actor=client.bridge_se, cause=cause, reason="Which shop?", now=after()
    )


def verbs(ticket):
    rows = AuditEvent.objects.filter(subject_id=ticket.pk, actor=None).order_by("pk")
    return [row.verb for row in rows]


def heed(*instants):
    return [heed_silence(now) for now in instants]


class TestSilence:
    def test_is_reminded_of_twice_and_then_ends_the_ticket(self, client):
        ticket = paused(client)

        assert heed(FIRST - A_SECOND, FIRST, FIRST, SECOND, END - A_SECOND, END, END) == [
            *(0, 1, 0, 1, 0, 1, 0)
        ]

        assert verbs(ticket) == ["ticket.reminded", "ticket.reminded", "ticket.auto_closed"]
        ticket = Ticket.objects.get(pk=ticket.pk)
        assert (ticket.status, ticket.closed_at, ticket.next_due_at) == ("closed", END, None)

    def test_says_in_each_reminder_when_it_ends(self, client):
        paused(client)
        heed(FIRST, SECOND)

        rows = AuditEvent.objects.filter(verb="ticket.reminded").order_by("pk")
        assert [(r.data["number"], r.data["closes_at"]) for r in rows] == [
            (1, END.isoformat()),
            (2, END.isoformat()),
        ]

    def test_voids_the_clocks_that_were_open(self, client):
        ticket = paused(client)
        heed(FIRST, SECOND, END)

        restore = clock_of(ticket, "restore")
        assert (restore.state, restore.ledger.last().cause) == ("void", "auto_closed")
        assert running(ticket) == set()

    def test_ends_with_a_word_of_the_client_and_begins_anew(self, client):
        ticket = paused(client)
        heed(FIRST)
        services.comment(ticket=ticket, actor=client.requester, body="The first.", now=FIRST)

        assert heed(SECOND) == [0]
        assert verbs(ticket) == ["ticket.reminded"]

    def test_of_ours_does_not_count_as_the_clients(self, client):
        ticket = paused(client)
        services.comment(ticket=ticket, actor=client.bridge_se, body="Well?", now=FIRST - A_SECOND)

        assert heed(FIRST) == [1]

    def test_gives_notice_also_when_the_job_was_away(self, client):
        ticket = paused(client)
        late = END + timedelta(days=7)

        assert heed(late, late, late) == [1, 1, 0]
        assert heed(late + timedelta(days=2)) == [1]
        assert verbs(ticket)[-1] == "ticket.auto_closed"

    def test_closes_a_resolution_that_nobody_contradicts(self, client):
        ticket = client.resolve(client.working(), after())
        heed(FIRST, SECOND, END)

        ticket = Ticket.objects.get(pk=ticket.pk)
        assert ticket.status == "closed"
        assert clock_of(ticket, "restore").state == "met"

    @pytest.mark.parametrize("kind", ["window", "working", "imported", "resumed"])
    def test_is_none_where_nobody_waits_for_the_client(self, client, kind):
        if kind == "window":
            paused(client, cause="agreed_window")
        elif kind == "working":
            client.working()
        elif kind == "imported":
            paused(client, source="backlog", source_key="1")
        else:
            services.resume_ticket(
                ticket=paused(client), actor=client.bridge_se, now=after(hours=1)
            )

        assert heed(END, END, END) == [0, 0, 0]

    def test_that_closed_a_ticket_lets_the_client_reopen_it(self, client):
        ticket = paused(client)
        heed(FIRST, SECOND, END)

        ticket = services.reopen_ticket(
            ticket=ticket, actor=client.requester, reason="Here I am.", now=END + timedelta(hours=1)
        )

        assert ticket.status == "in_progress"
        assert {"restore", "resolve"} <= running(ticket)


def test_a_short_limit_still_gives_a_days_notice():
    week = {key: [["09:00", "18:00"]] for key in ("mon", "tue", "wed", "thu", "fri")}
    hours = ServiceHours.from_dict({"timezone": "Asia/Tokyo", "week": week})
    silence = Silence(after(), parse_length("1bd"), hours)
    assert silence.next_reminder_at() == datetime(2026, 4, 16, 9, tzinfo=UTC)
    assert silence.closes_at() == datetime(2026, 4, 17, 9, tzinfo=UTC)


def test_a_limit_in_hours_is_cut_in_thirds():
    silence = Silence(after(), parse_length("72h"), ServiceHours.always())
    assert silence.next_reminder_at() == after(hours=24)
