"""Work while it goes on, and work that was written down wrong."""

import pytest
from django.db import transaction

from contracts.domain.scope import Facts
from contracts.services import close_period, period_at
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.tickets.factories import TEN, Client, after, two_clients
from tests.tickets.races import at_once
from tests.tickets.test_resolution import MAY
from tickets import services
from tickets.models import Correction, TimeEntry, Timer
from tickets.services.timers import running_of

pytestmark = pytest.mark.allow_n_plus_one


def start(client, ticket=None, at=TEN):
    return services.start_timer(
        ticket=ticket or client.open(), actor=client.operations_engineer, now=at
    )


def stop(client, timer, at, **given):
    return services.stop_timer(timer=timer, actor=client.operations_engineer, now=at, **given)


class TestTimer:
    def test_becomes_an_entry_of_its_whole_minutes(self, client):
        stop(client, start(client), after(minutes=25, seconds=50), note="Restarted it.")

        entry = TimeEntry.objects.get()
        assert (entry.starts_at, entry.minutes, entry.note) == (TEN, 25, "Restarted it.")
        assert entry.person == client.operations_engineer
        verbs = AuditEvent.objects.filter(verb__startswith="timer.").order_by("pk")
        assert list(verbs.values_list("verb", flat=True)) == ["timer.started", "timer.stopped"]
        assert running_of(client.operations_engineer.user) is None

    def test_under_a_minute_records_nothing(self, client):
        stop(client, start(client), after(seconds=59))

        assert not TimeEntry.objects.exists()

    def test_runs_once_a_person_over_all_their_clients(self, client):
        timer = start(client)
        with two_clients(client) as globex:
            theirs = globex.people["operations_engineer"]
            theirs.user = client.operations_engineer.user
            theirs.save()
            for ticket, actor in (
                (timer.ticket, client.operations_engineer),
                (globex.open(), theirs),
            ):
                with pytest.raises(Refused):
                    services.start_timer(ticket=ticket, actor=actor, now=after())

    def test_that_was_forgotten_asks_when_the_work_ended(self, client):
        timer = start(client)
        with pytest.raises(Invalid) as refusal:
            stop(client, timer, after(hours=13))
        assert refusal.value.field == "ended_at"

        stop(client, timer, after(hours=13), ended_at=after(hours=2))

        assert TimeEntry.objects.get().minutes == 120

    @pytest.mark.parametrize("ended_at", [after(hours=2), after(minutes=-1)])
    def test_did_not_end_before_it_began_nor_later_than_now(self, client, ended_at):
        with pytest.raises(Invalid):
            stop(client, start(client), after(hours=1), ended_at=ended_at)

    def test_is_stopped_once_and_by_its_own_person(self, client):
        timer = start(client)
        with pytest.raises(NotPermitted):
            services.stop_timer(timer=timer, actor=client.bridge_se, now=after(hours=1))
        stop(client, timer, after(hours=1))
        with pytest.raises(Refused):
            stop(client, timer, after(hours=1))

        assert TimeEntry.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_started_twice_at_once_runs_once(self, transactional_db):
        acme = Client()
        with tenant_scope(acme.tenant):
            tickets = [acme.open() for _two in range(2)]
        outcomes = at_once([lambda t=t: start(acme, t) for t in tickets], acme.tenant)

        assert sum(isinstance(outcome, Timer) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 1


class TestCorrection:
    def wrong(self, client, minutes=60, **given):
        ticket = client.open(facts=Facts(activity="service_desk"))
        services.log_time(
            ticket=ticket,
            actor=client.operations_engineer,
            starts_at=TEN,
            ends_at=after(minutes=minutes),
            now=after(hours=9),
            **given,
        )
        return TimeEntry.objects.latest("pk")

    def correct(self, client, entry, now=None, **given):
        told = {"actor": client.operations_engineer, "reason": "Wrong day.", **given}
        return services.correct_time(entry=entry, now=now or after(hours=10), **told)

    def test_leaves_the_entry_and_puts_another_in_its_place(self, client):
        entry = self.wrong(client)
        self.correct(client, entry, starts_at=TEN, ends_at=after(minutes=20))

        standing = TimeEntry.objects.standing().get()
        assert (standing.minutes, standing.replaces, standing.tier) == (20, entry, "L2")
        assert TimeEntry.objects.get(pk=entry.pk).minutes == 60
        assert Correction.objects.get().period == entry.period
        data = AuditEvent.objects.get(verb="time.corrected").data
        assert data["before"][0] == data["after"][0] == TEN.isoformat()

    def test_without_an_instead_says_it_was_no_work(self, client):
        self.correct(client, self.wrong(client))

        assert not TimeEntry.objects.standing().exists()

    def test_happens_once_for_a_reason_to_ones_own_or_by_a_lead(self, client):
        entry = self.wrong(client)
        for given, refusal in (
            ({"reason": " "}, Invalid),
            ({"starts_at": TEN}, Invalid),
            ({"actor": client.service_desk}, NotPermitted),
        ):
            with pytest.raises(refusal):
                self.correct(client, entry, **given)
        self.correct(client, entry, actor=client.bridge_se)
        with pytest.raises(Refused):
            self.correct(client, entry)

        assert Correction.objects.count() == 1

    def test_of_a_closed_month_leaves_it_and_counts_in_the_open_one(self, client):
        entry = self.wrong(client)
        close_period(period=period_at(client.contract, TEN), actor=None, now=MAY)

        self.correct(client, entry, now=MAY, starts_at=TEN, ends_at=after(minutes=20))

        standing = TimeEntry.objects.standing().select_related("period", "adjusts").get()
        assert (standing.period.month.month, standing.adjusts.month.month) == (5, 4)
        assert Correction.objects.select_related("period").get().period.month.month == 5

    @pytest.mark.django_db(transaction=True)
    def test_twice_at_once_is_once(self, transactional_db):
        acme = Client()
        with tenant_scope(acme.tenant), transaction.atomic():
            entry = self.wrong(acme)
        outcomes = at_once(
            [lambda: self.correct(acme, entry, starts_at=TEN, ends_at=after(minutes=5))] * 4,
            acme.tenant,
        )

        assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 3
        with tenant_scope(acme.tenant), transaction.atomic():
            assert TimeEntry.objects.standing().get().minutes == 5
