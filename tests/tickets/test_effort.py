"""Every minute worked is recorded; what may be charged is what was decided then."""

import pytest
from django.db import transaction

from contracts.domain.scope import Facts
from contracts.services import close_period, period_at, period_of
from tenants.errors import Invalid
from tenants.scoping import tenant_scope
from tests.tickets.factories import TEN, Client, after
from tests.tickets.races import at_once
from tests.tickets.test_resolution import MAY
from tickets import services
from tickets.models import TimeEntry

pytestmark = pytest.mark.allow_n_plus_one


ELEVEN, EVENING = after(hours=1), after(hours=9)


def log(client, ticket, starts_at=TEN, ends_at=ELEVEN, now=EVENING, **given):
    return services.log_time(
        ticket=ticket,
        actor=client.operations_engineer,
        starts_at=starts_at,
        ends_at=ends_at,
        now=now,
        **given,
    )


class TestLogTime:
    @pytest.mark.parametrize(
        ("facts", "authority", "key"),
        [
            (Facts(activity="incident_response"), "included", "S2"),
            (Facts(activity="service_desk"), "pool", "support"),
            (Facts(activity="adaptive"), "held", "S6"),
            (Facts(answers={0: False}), "held", ""),
        ],
    )
    def test_stands_on_the_verdict_of_its_stage(self, client, facts, authority, key):
        log(client, client.open(facts=facts))

        entry = TimeEntry.objects.get()
        assert (entry.authority, entry.authority_key) == (authority, key)
        assert (entry.minutes, entry.tier) == (60, "L2")

    def test_takes_whole_minutes(self, client):
        log(client, client.open(), ends_at=after(minutes=7, seconds=59))

        assert TimeEntry.objects.get().minutes == 7

    def test_written_late_stands_on_the_verdict_of_then(self, client):
        ticket = client.open(facts=Facts(activity="service_desk"))
        services.confirm_facts(
            ticket=ticket,
            actor=client.bridge_se,
            changes={"activity": "adaptive"},
            now=after(hours=2),
        )

        log(client, ticket, starts_at=after(hours=1), ends_at=after(hours=3))
        log(client, ticket, starts_at=after(hours=2), ends_at=after(hours=3))

        assert [e.authority for e in TimeEntry.objects.order_by("pk")] == ["pool", "held"]

    def test_written_late_belongs_to_the_stage_of_then(self, client):
        ticket, handoff = client.offered(after(hours=1))
        services.accept_handoff(
            handoff=handoff, actor=client.maintenance_engineer, now=after(hours=2)
        )

        log(client, ticket)

        assert TimeEntry.objects.select_related("stage").get().stage.stream == "operation"

    def test_is_possible_after_the_ticket_is_closed(self, client):
        ticket = client.resolve(client.working(), after(hours=1))
        services.close_ticket(ticket=ticket, actor=client.requester, now=after(hours=2))

        log(client, ticket)

        assert TimeEntry.objects.exists()

    @pytest.mark.parametrize(
        ("given", "field"),
        [({"ends_at": after(seconds=59)}, "ends_at"), ({"now": after()}, "ends_at")],
    )
    def test_refuses_what_cannot_have_been(self, client, given, field):
        with pytest.raises(Invalid) as refusal:
            log(client, client.open(), **given)

        assert refusal.value.field == field

    def test_is_the_vendors_work(self, client):
        with pytest.raises(Invalid):
            log(client, client.open(), person=client.requester)


class TestClosedMonth:
    def test_a_late_entry_counts_in_the_open_month_and_names_its_own(self, client):
        ticket = client.open()
        close_period(period=period_at(client.contract, TEN), actor=None, now=MAY)

        log(client, ticket, now=MAY)

        entry = TimeEntry.objects.select_related("period", "adjusts").get()
        assert (entry.period.month.month, entry.adjusts.month.month) == (5, 4)

    @pytest.mark.django_db(transaction=True)
    def test_two_closers_and_ten_entries_lose_nothing(self, transactional_db):
        acme = Client()
        with tenant_scope(acme.tenant):
            ticket = acme.open()
            with transaction.atomic():
                april = period_at(acme.contract, TEN)

        def close():
            with transaction.atomic():
                april = period_of(acme.contract, TEN.date().replace(day=1))
                return close_period(period=april, actor=None, now=MAY)

        def write():
            return log(acme, ticket, now=MAY)

        outcomes = at_once([*[write] * 5, close, close, *[write] * 5], tenant=acme.tenant)

        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        with tenant_scope(acme.tenant), transaction.atomic():
            closed_at = period_of(acme.contract, april.month).closed_at
            entries = list(TimeEntry.objects.all())
        assert closed_at == MAY
        assert len(entries) == 10
        assert all((e.period_id == april.pk) is (e.adjusts_id is None) for e in entries)
