"""How a ticket ends, and how it comes back."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.services import close_period, period_at
from tenants.errors import Invalid, Refused
from tenants.models import Membership
from tests.tickets.factories import CLOSE, TEN, after, clock_of, running
from tests.tickets.test_progress import statements
from tickets import services
from tickets.domain.lifecycle import TransitionNotAllowed
from tickets.models import Decision, Obligation, Stage, Ticket

pytestmark = pytest.mark.allow_n_plus_one
MAY = datetime(2026, 5, 12, 1, tzinfo=UTC)  # Tuesday, 10:00 in Tokyo


def reopen(client, ticket, now, **given):
    return services.reopen_ticket(
        ticket=ticket, actor=client.requester, reason="It hangs again.", now=now, **given
    )


def close(client, ticket, now):
    return services.close_ticket(ticket=ticket, actor=client.requester, now=now)


def close_april(client):
    close_period(period=period_at(client.contract, TEN), actor=client.account_manager, now=MAY)


class TestResolve:
    def test_stops_the_clocks_and_tells_the_client(self, client):
        ticket = client.resolve(client.working(), after(hours=2))

        assert (ticket.status, ticket.resolved_at) == ("resolved", after(hours=2))
        assert running(ticket) == set()
        assert ticket.next_due_at is None
        assert ticket.comments.get().body == "Restarted."
        assert clock_of(ticket, "resolve").state == "met"
        assert clock_of(ticket, "acknowledge").missed_at == after(minutes=15)

    def test_restores_what_was_not_restored_before(self, client):
        ticket = client.resolve(client.working(), after(hours=2))

        assert ticket.restored_at == clock_of(ticket, "restore").stopped_at == after(hours=2)

    def test_without_a_fix_voids_the_permanent_fix_for_a_reason(self, client):
        ticket = client.working()
        services.restore_service(ticket=ticket, actor=client.bridge_se, now=after(hours=1))

        with pytest.raises(Invalid) as refusal:
            client.resolve(ticket, after(hours=2), fix_reason="")
        assert refusal.value.field == "fix_reason"
        client.resolve(ticket, after(hours=2))
        fix = clock_of(ticket, "permanent_fix")
        assert (fix.state, fix.ledger.last().reason) == ("void", "It was a full disk.")

    def test_by_maintenance_delivers_the_fix(self, client):
        ticket, handoff = client.offered(after(hours=1))
        services.accept_handoff(
            handoff=handoff, actor=client.maintenance_engineer, now=after(hours=2)
        )

        client.resolve(ticket, after(hours=3), fix_reason="")

        assert clock_of(ticket, "permanent_fix").state == "met"

    def test_during_a_pause_ends_the_pause_there(self, client):
        ticket = services.pause_ticket(
            ticket=client.working(), actor=client.bridge_se, cause="client_access", now=after()
        )

        client.resolve(ticket, after(hours=7))

        restore = clock_of(ticket, "restore")
        assert (restore.state, restore.used_seconds, restore.paused_seconds) == ("met", 0, 7 * 3600)

    def test_says_how_or_not_at_all(self, client):
        with pytest.raises(Invalid):
            client.resolve(client.working(), after(), resolution=" ")
        with pytest.raises(TransitionNotAllowed):
            client.resolve(client.open(), after())

    def test_costs_ten_statements(self, client):
        ticket = client.working()

        with CaptureQueriesContext(connection) as queries:
            client.resolve(ticket, after(hours=1))

        assert len(told := statements(queries)) == 10, told


class TestClose:
    def test_ends_the_stage(self, client):
        ticket = close(client, client.resolve(client.working(), after()), after(hours=1))

        assert (ticket.status, ticket.closed_at) == ("closed", after(hours=1))
        assert Stage.objects.get(ticket=ticket).ended_at == after(hours=1)


class TestCancel:
    def test_voids_the_open_clocks_and_keeps_a_miss(self, client):
        ticket = services.cancel_ticket(
            ticket=client.open(), actor=client.requester, reason="By mistake.", now=after(hours=1)
        )

        assert running(ticket) == set()
        assert clock_of(ticket, "restore").state == "void"
        assert clock_of(ticket, "acknowledge").state == "missed"
        assert Stage.objects.get(ticket=ticket).ended_at == after(hours=1)

    def test_needs_a_reason(self, client):
        with pytest.raises(Invalid):
            services.cancel_ticket(
                ticket=client.open(), actor=client.requester, reason="", now=after()
            )


class TestReopen:
    def test_lets_the_same_clocks_run_on(self, client):
        ticket = client.resolve(client.working(), after(hours=2))

        ticket = reopen(client, ticket, after(hours=24))

        assert (ticket.status, ticket.reopened, ticket.restored_at) == ("in_progress", 1, None)
        restore = clock_of(ticket, "restore")
        assert (restore.attempt, restore.due_at) == (1, after(hours=26))
        assert {"restore", "resolve", "update"} == running(ticket)

    def test_leaves_service_that_was_back_before(self, client):
        ticket = client.working()
        services.restore_service(ticket=ticket, actor=client.bridge_se, now=after(hours=1))
        ticket = client.resolve(ticket, after(hours=2))

        ticket = reopen(client, ticket, after(hours=3))

        assert ticket.restored_at == after(hours=1)
        assert running(ticket) == {"resolve", "permanent_fix"}
        fix = clock_of(ticket, "permanent_fix")
        assert (fix.attempt, fix.started_at) == (2, after(hours=3))

    def test_begins_a_stage_with_a_verdict_where_the_last_had_ended(self, client):
        ticket = close(client, client.resolve(client.working(), after()), after(hours=1))

        ticket = reopen(client, ticket, after(hours=2))

        first, second = Stage.objects.filter(ticket=ticket)
        assert ticket.stage == second
        assert (second.owner, second.ended_at) == (first.owner, None)
        assert Decision.objects.filter(stage=second).exists()

    def test_finds_an_owner_where_the_last_one_has_left(self, client):
        ticket = close(client, client.resolve(client.working(), after()), after(hours=1))
        Membership.objects.filter(pk=ticket.stage.owner_id).update(is_active=False)

        assert reopen(client, ticket, after(hours=2)).stage.owner == client.bridge_se

    def test_classifies_maintenance_from_its_own_first_question(self, client):
        ticket = client.improvement()
        ticket = services.start_work(ticket=ticket, actor=client.bridge_se, now=after())
        ticket = close(client, client.resolve(ticket, after()), after())

        stage = reopen(client, ticket, after(hours=1)).stage

        assert (stage.stream, stage.decision.clause_id) == ("maintenance", "S5")

    def test_after_its_month_closed_is_a_new_attempt_with_the_time_left(self, client):
        ticket = client.resolve(client.working(), after(hours=3))
        close_april(client)

        reopen(client, ticket, MAY)

        old, new = Obligation.objects.filter(ticket=ticket, kind="restore").order_by("pk")
        assert (old.state, old.decided_at) == ("met", after(hours=3))
        assert (new.attempt, new.within) == (2, "1h")
        old, new = Obligation.objects.filter(ticket=ticket, kind="resolve").order_by("pk")
        assert old.state == "met"
        assert new.due_at == MAY.replace(day=13, hour=9)  # due the next day, as it was

    def test_after_its_month_ended_is_a_new_attempt_though_nobody_closed_it_yet(self, client):
        ticket = client.resolve(client.working(), after(hours=3))

        reopen(client, ticket, MAY)

        old, new = Obligation.objects.filter(ticket=ticket, kind="restore").order_by("pk")
        assert (old.state, old.decided_at, new.attempt) == ("met", after(hours=3), 2)

    def test_after_its_month_closed_leaves_a_miss_where_it_was(self, client):
        ticket = client.resolve(client.working(), after(hours=5))
        close_april(client)

        reopen(client, ticket, MAY)

        restore = Obligation.objects.get(ticket=ticket, kind="restore")
        assert (restore.state, restore.missed_at) == ("missed", after(hours=4))
        assert restore.decided_at == restore.missed_at

    def test_comes_too_late_after_the_contracts_limit(self, client):
        ticket = client.resolve(client.working(), after(hours=1))
        limit = services.reopen_until(ticket)
        assert limit == CLOSE.replace(month=6, day=10)

        with pytest.raises(Refused, match="new ticket"):
            reopen(client, ticket, limit.replace(hour=10))
        assert reopen(client, ticket, limit.replace(hour=10), late=True).status == "in_progress"

    def test_needs_a_reason(self, client):
        ticket = client.resolve(client.working(), after(hours=1))

        with pytest.raises(Invalid):
            services.reopen_ticket(ticket=ticket, actor=client.requester, reason="", now=after())
        assert Ticket.objects.get(pk=ticket.pk).status == "resolved"
