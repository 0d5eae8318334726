"""What happens when nobody does anything."""

from threading import Event

import pytest
from django.db import transaction

from contracts.domain.scope import Facts
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.tickets.factories import Client, after, clock_of, two_clients
from tests.tickets.races import at_once
from tickets import services
from tickets.models import Obligation
from tickets.services.guard import lock
from tickets.services.sweep import sweep_misses

pytestmark = pytest.mark.allow_n_plus_one


class TestSweep:
    def test_records_a_miss_at_its_deadline_whenever_it_runs(self, client):
        ticket = client.open()

        assert sweep_misses(after(hours=20)) == 3

        missed = dict(Obligation.objects.exclude(missed_at=None).values_list("kind", "missed_at"))
        assert missed == {
            "acknowledge": after(minutes=15),
            "update": after(hours=1),
            "restore": after(hours=4),
        }
        restore = clock_of(ticket, "restore")
        assert (restore.state, restore.decided_at, restore.stopped_at) == (
            "missed",
            after(hours=4),
            None,
        )

    def test_twice_changes_nothing(self, client):
        client.open()
        sweep_misses(after(hours=2))
        events = AuditEvent.objects.filter(verb="clock.missed").count()

        assert sweep_misses(after(hours=2)) == 0
        assert AuditEvent.objects.filter(verb="clock.missed").count() == events == 2

    def test_waits_for_the_second_after_the_deadline(self, client):
        client.open(facts=Facts(activity="incident_response"))

        assert sweep_misses(after(minutes=15)) == 0
        assert sweep_misses(after(minutes=15, seconds=1)) == 1

    def test_leaves_paused_clocks(self, client):
        ticket = services.pause_ticket(
            ticket=client.open(), actor=client.bridge_se, cause="client_access", now=after()
        )
        services.comment(ticket=ticket, actor=client.bridge_se, body="We wait.", now=after())

        assert sweep_misses(after(days=9)) == 0

    def test_a_miss_outlives_everything_that_follows(self, client):
        ticket = client.working()
        sweep_misses(after(hours=5))
        people = {"ticket": ticket, "actor": client.bridge_se}
        services.confirm_facts(
            **people, changes={"impact": 3, "urgency": 3}, now=after(hours=4, seconds=0)
        )
        services.restore_service(**people, now=after(hours=3))  # read the time long before
        client.resolve(ticket, after(hours=6))
        services.reopen_ticket(**people, reason="Again.", now=after(hours=7))
        services.cancel_ticket(**people, reason="Enough.", now=after(hours=8))

        assert clock_of(ticket, "restore").missed_at == after(hours=4)
        assert clock_of(ticket, "restore").state == "missed"

    def test_sees_its_own_client_only(self, client):
        with two_clients(client) as globex:
            client.open()
            globex.open()
            with tenant_scope(client.tenant):
                sweep_misses(after(hours=20))

            missed = Obligation.objects.exclude(missed_at=None)
            assert {row.tenant_id for row in missed} == {client.tenant.pk}

    @pytest.mark.django_db(transaction=True)
    def test_waits_for_nobody_and_comes_back(self, transactional_db):
        acme = Client()
        with tenant_scope(acme.tenant):
            ticket = acme.open()
        locked, swept = Event(), Event()

        def work():
            with transaction.atomic():
                lock(ticket.pk)
                locked.set()
                assert swept.wait(10)

        def sweep():
            assert locked.wait(10)
            try:
                with transaction.atomic():
                    return sweep_misses(after(hours=2))
            finally:
                swept.set()

        assert at_once([work, sweep], tenant=acme.tenant) == [None, 0]
        with tenant_scope(acme.tenant), transaction.atomic():
            assert sweep_misses(after(hours=2)) == 2
