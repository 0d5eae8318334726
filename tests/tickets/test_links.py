"""What one ticket is to another, and duplicates that go into the ticket that was there."""

from datetime import timedelta

import pytest
from django.db import transaction

from tenants.errors import Invalid, Refused
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.factories import MembershipFactory
from tests.tickets.factories import Client, after, clock_of, running, two_clients
from tests.tickets.races import at_once
from tickets import services
from tickets.domain.lifecycle import TransitionNotAllowed
from tickets.models import LedgerEntry, Link, Ticket, Watcher
from tickets.services.verify import Difference, verify_clocks

pytestmark = pytest.mark.allow_n_plus_one


def merge(client, ticket, into, now):
    return services.merge_ticket(ticket=ticket, into=into, actor=client.bridge_se, now=now)


class TestLink:
    def test_stands_once_with_an_event_at_both_ends(self, client):
        one, two = client.open(), client.open()
        for _twice in range(2):
            services.link_tickets(
                ticket=one, other=two, kind="blocks", actor=client.bridge_se, now=after()
            )

        link = Link.objects.get()
        assert (link.ticket, link.kind, link.other) == (one, "blocks", two)
        rows = AuditEvent.objects.filter(verb="ticket.linked").order_by("pk")
        assert [(row.subject_id, row.data["back"]) for row in rows] == [
            (one.pk, False),
            (two.pk, True),
        ]

    def test_is_taken_back(self, client):
        one, two = client.open(), client.open()
        link = services.link_tickets(
            ticket=one, other=two, kind="relates", actor=client.bridge_se, now=after()
        )
        services.unlink_tickets(link=link, actor=client.bridge_se, now=after())

        assert not Link.objects.exists()

    def test_is_not_to_itself_nor_to_another_clients(self, client):
        ticket = client.open()
        with two_clients(client) as globex:
            foreign = globex.open()
            for other in (ticket, foreign):
                with pytest.raises(Invalid):
                    services.link_tickets(
                        ticket=ticket,
                        other=other,
                        kind="relates",
                        actor=client.bridge_se,
                        now=after(),
                    )


class TestMerge:
    def test_ends_the_duplicate_and_says_where_it_went(self, client):
        first, second = client.open(), client.open(after(minutes=5))

        duplicate = merge(client, second, first, after(minutes=7))

        assert (duplicate.status, duplicate.closed_at) == ("cancelled", after(minutes=7))
        assert running(duplicate) == set()
        link = Link.objects.get()
        assert (link.ticket, link.kind, link.other) == (second, "duplicate_of", first)
        assert AuditEvent.objects.get(verb="ticket.merged").data["into"] == first.key

    def test_keeps_the_earlier_clocks_of_the_duplicate(self, client):
        older, newer = client.open(), client.open(after(minutes=10))

        merge(client, older, newer, after(minutes=12))

        acknowledge, restore = clock_of(newer, "acknowledge"), clock_of(newer, "restore")
        assert (acknowledge.due_at, restore.due_at) == (after(minutes=15), after(hours=4))
        assert (acknowledge.state, acknowledge.started_at) == ("running", after())
        first = LedgerEntry.objects.filter(obligation=acknowledge).first()
        assert (first.event, first.cause) == ("start", "merged")
        own = newer.obligations.get(kind="acknowledge", attempt=1)
        assert (own.state, own.ledger.last().cause) == ("void", "merged")
        assert Ticket.objects.get(pk=newer.pk).next_due_at == after(minutes=15)
        found = verify_clocks(after(minutes=12))
        assert not [one for one in found if isinstance(one, Difference)]

    def test_keeps_its_own_clocks_where_they_are_the_earlier(self, client):
        older, newer = client.open(), client.open(after(minutes=10))

        merge(client, newer, older, after(minutes=12))

        assert clock_of(older, "acknowledge").due_at == after(minutes=15)
        assert clock_of(older, "acknowledge").attempt == 1

    def test_after_a_merge_a_corrected_fact_counts_from_the_earlier_start(self, client):
        older, newer = client.open(), client.open(after(hours=1))
        merge(client, older, newer, after(hours=1))

        services.confirm_facts(
            ticket=newer,
            actor=client.bridge_se,
            changes={"impact": 1, "urgency": 2},
            now=after(hours=2),
        )

        assert clock_of(newer, "restore").due_at == after(hours=8)  # P2: eight hours, from ten

    def test_a_miss_of_the_duplicate_stays_and_is_not_hidden(self, client):
        older, newer = client.open(), client.open(after(hours=1))

        merge(client, older, newer, after(hours=1, minutes=1))

        assert clock_of(older, "acknowledge").missed_at == after(minutes=15)
        assert clock_of(newer, "acknowledge").missed_at == after(minutes=15)

    def test_what_was_answered_is_answered(self, client):
        older, newer = client.open(), client.open(after(minutes=5))
        services.comment(
            ticket=newer, actor=client.service_desk, body="We look.", now=after(minutes=6)
        )

        merge(client, older, newer, after(minutes=7))

        assert clock_of(newer, "acknowledge").state == "met"

    @pytest.mark.parametrize(
        ("held", "due_at"),
        [("older", after(hours=4, minutes=30)), ("newer", after(hours=5))],
    )
    def test_a_wait_counts_where_it_was(self, client, held, due_at):
        older, newer = client.open(), client.open(after(minutes=30))
        services.pause_ticket(
            ticket={"older": older, "newer": newer}[held],
            actor=client.bridge_se,
            cause="client_access",
            now=after(hours=1),
        )

        merge(client, older, newer, after(hours=2))
        if held == "newer":
            assert clock_of(newer, "restore").state == "paused"
            services.resume_ticket(ticket=newer, actor=client.bridge_se, now=after(hours=3))

        restore = clock_of(newer, "restore")
        assert (restore.state, restore.due_at) == ("running", due_at)

    def test_moves_the_people_over(self, client):
        older = client.open()
        newer = client.open(after(minutes=1), requester=MembershipFactory(tenant=client.tenant))
        services.watch_ticket(ticket=newer, actor=client.service_owner, now=after(minutes=2))

        merge(client, newer, older, after(minutes=3))

        members = {row.member for row in Watcher.objects.filter(ticket=older)}
        assert members == {newer.requester, client.service_owner}

    def test_lets_a_requester_who_sees_only_their_own_see_where_it_went(self, client):
        client.tenant.requesters_see_all = False
        client.tenant.save()
        other = MembershipFactory(tenant=client.tenant)
        older, newer = client.open(), client.open(after(minutes=1), requester=other)
        assert older not in Ticket.objects.visible_to([other])

        merge(client, newer, older, after(minutes=2))

        assert set(Ticket.objects.visible_to([other])) == {older, newer}

    def test_refuses_what_is_no_pair(self, client):
        ticket, done = client.open(), client.resolve(client.working(), after(hours=1))
        disputed = client.open()
        services.open_dispute(
            ticket=disputed, actor=client.requester, reason="Not ours.", now=after()
        )

        for pair, refusal in (
            ((ticket, ticket), Invalid),
            ((ticket, done), Invalid),
            ((done, ticket), TransitionNotAllowed),
            ((disputed, ticket), Refused),
        ):
            with pytest.raises(refusal):
                merge(client, *pair, after(hours=2))
        with two_clients(client) as globex, pytest.raises(Invalid):
            merge(client, ticket, globex.open(), after())
        assert not Link.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_that_are_merged_into_each_other_at_once_leave_one(transactional_db):
    acme = Client()
    with tenant_scope(acme.tenant):
        one, two = acme.open(), acme.open(after(minutes=1))
    now = after() + timedelta(minutes=5)

    outcomes = at_once(
        [lambda: merge(acme, one, two, now), lambda: merge(acme, two, one, now)], acme.tenant
    )

    assert sum(isinstance(outcome, Ticket) for outcome in outcomes) == 1
    with tenant_scope(acme.tenant), transaction.atomic():
        assert Ticket.objects.open().count() == 1
