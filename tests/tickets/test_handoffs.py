"""From operation to maintenance: offered, accepted, disputed or defaulted, and never dropped."""

from functools import partial
from threading import Event
from time import sleep

import pytest
from django.db import transaction
from django.db.models import Count, Q

from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import Membership
from tenants.scoping import tenant_scope
from tests.factories import MembershipFactory
from tests.tickets.factories import Client, after, clock_of, running
from tests.tickets.races import at_once
from tickets import services
from tickets.domain.lifecycle import OPEN, RoleNotAllowed
from tickets.models import Assignment, Decision, Handoff, Stage, Ticket
from tickets.services.sweep import sweep_misses

pytestmark = pytest.mark.allow_n_plus_one
EVIDENCE = {"symptom": "Hangs."}


def accept(client, handoff, now, **given):
    return services.accept_handoff(
        handoff=handoff, actor=client.maintenance_engineer, now=now, **given
    )


def dispute(client, handoff, now):
    return services.dispute_handoff(
        handoff=handoff,
        actor=client.maintenance_engineer,
        reason="Looks like the network.",
        now=now,
    )


class TestOffer:
    def test_leaves_the_giver_accountable_and_starts_the_clocks(self, client):
        ticket, _handoff = client.offered(after(hours=1))

        assert Stage.objects.get(ticket=ticket).owner == client.operations_engineer
        assert clock_of(ticket, "handoff").due_at == after(hours=3)
        assert clock_of(ticket, "permanent_fix").started_at == after(hours=1)

    def test_before_the_restoration_starts_the_permanent_fix_once(self, client):
        ticket, _handoff = client.offered(after(hours=1))
        services.restore_service(ticket=ticket, actor=client.bridge_se, now=after(hours=2))

        fixes = ticket.obligations.filter(kind="permanent_fix")
        assert [fix.started_at for fix in fixes] == [after(hours=1)]

    def test_after_the_restoration_buys_no_time(self, client):
        ticket = client.working()
        services.restore_service(ticket=ticket, actor=client.bridge_se, now=after(hours=1))
        services.offer_handoff(
            ticket=ticket, actor=client.bridge_se, evidence=EVIDENCE, now=after(hours=9)
        )

        assert clock_of(ticket, "permanent_fix").started_at == after(hours=1)

    def test_needs_a_symptom_and_waits_for_its_answer(self, client):
        ticket, _handoff = client.offered(after())

        for evidence, refusal in (({}, Refused), (EVIDENCE, Refused)):
            with pytest.raises(refusal):
                services.offer_handoff(
                    ticket=ticket, actor=client.bridge_se, evidence=evidence, now=after()
                )
        with pytest.raises(Invalid):
            services.offer_handoff(
                ticket=client.open(), actor=client.bridge_se, evidence={}, now=after()
            )


class TestAccept:
    def test_begins_a_maintenance_stage_with_owner_and_verdict(self, client):
        ticket, handoff = client.offered(after(hours=1))

        ticket = accept(client, handoff, after(hours=2), activity="corrective")

        first, second = Stage.objects.filter(ticket=ticket)
        assert first.ended_at == second.began_at == after(hours=2)
        assert (second.stream, second.owner) == ("maintenance", client.maintenance_engineer)
        assert second.decision.clause_id == "S4"
        assert clock_of(ticket, "handoff").state == "met"
        assert {"restore", "resolve", "permanent_fix"} <= running(ticket)

    def test_asks_the_second_question_where_no_activity_is_named(self, client):
        _ticket, handoff = client.offered(after())

        stage = accept(client, handoff, after(hours=1)).stage

        assert stage.decision.verdict["question"]["index"] == 1

    def test_of_work_out_of_scope_waits_for_an_estimate_instead(self, client):
        ticket, handoff = client.offered(after(hours=1))

        accept(client, handoff, after(hours=2), activity="adaptive")

        assert {"resolve", "permanent_fix"}.isdisjoint(running(ticket))
        assert "estimate" in running(ticket)
        assert clock_of(ticket, "restore").creditable  # operation's promise stands

    def test_is_for_the_side_it_was_offered_to(self, client):
        _ticket, handoff = client.offered(after())

        with pytest.raises(RoleNotAllowed):
            services.accept_handoff(handoff=handoff, actor=client.service_desk, now=after())

    def test_confirms_nothing_that_the_client_claims(self, client):
        _ticket, handoff = client.offered(after())

        ticket = accept(client, handoff, after(hours=1), activity="corrective")

        assert ticket.stage.decision.provisional  # on production, says the requester


class TestDispute:
    def test_keeps_the_giver_and_lets_the_clock_run(self, client):
        ticket, handoff = client.offered(after(hours=1))

        dispute(client, handoff, after(hours=2))

        assert Stage.objects.get(ticket=ticket).owner == client.operations_engineer
        assert clock_of(ticket, "handoff").due_at == after(hours=3)

    def test_can_be_offered_again_under_the_same_clock(self, client):
        ticket, handoff = client.offered(after(hours=1))
        dispute(client, handoff, after(hours=2))

        again = services.offer_handoff(
            ticket=ticket, actor=client.bridge_se, evidence=EVIDENCE, now=after(hours=2)
        )
        accept(client, again, after(hours=4))

        handoff_clock = ticket.obligations.get(kind="handoff")
        assert (handoff_clock.started_at, handoff_clock.missed_at) == (
            after(hours=1),
            after(hours=3),
        )

    def test_needs_a_reason_and_comes_too_late_after_an_answer(self, client):
        _ticket, handoff = client.offered(after())
        with pytest.raises(Invalid):
            services.dispute_handoff(
                handoff=handoff, actor=client.bridge_se, reason=" ", now=after()
            )
        accept(client, handoff, after(hours=1))

        with pytest.raises(Refused, match="before"):
            dispute(client, handoff, after(hours=1))


class TestDefault:
    def test_falls_to_the_named_person_of_the_desk_in_the_terms(self, client):
        deputy = MembershipFactory(tenant=client.tenant, bridge_se=True, duty_order=500)
        ticket, handoff = client.offered(after(hours=1))

        sweep_misses(after(hours=3, minutes=1))

        ticket.refresh_from_db()
        assert deputy != ticket.stage.owner == client.bridge_se
        assert Handoff.objects.get(pk=handoff.pk).state == "defaulted"

    def test_falls_to_the_deputy_where_the_named_person_has_left(self, client):
        deputy = MembershipFactory(tenant=client.tenant, bridge_se=True, duty_order=500)
        Membership.objects.filter(pk=client.bridge_se.pk).update(is_active=False)
        ticket, _handoff = client.offered(after(hours=1))

        sweep_misses(after(hours=4))

        ticket.refresh_from_db()
        assert ticket.stage.owner == deputy

    def test_stays_with_the_giver_where_there_is_nobody(self, client):
        ticket, _handoff = client.offered(after(hours=1))
        Membership.objects.filter(role__in=["bridge_se", "account_manager"]).update(is_active=False)

        sweep_misses(after(hours=4))

        ticket.refresh_from_db()
        assert ticket.stage.owner == client.operations_engineer
        assert ticket.stage.stream == "maintenance"

    def test_is_assigned_by_the_bridge_se_only(self, client):
        ticket, _handoff = client.offered(after(hours=1))
        sweep_misses(after(hours=4))
        give = {"ticket": ticket, "owner": client.maintenance_engineer, "now": after(hours=5)}

        with pytest.raises(NotPermitted, match="bridge SE"):
            services.assign(**give, actor=client.service_desk)
        assert services.assign(**give, actor=client.bridge_se).stage.owner == give["owner"]

    def test_comes_even_when_another_command_saw_the_miss_first(self, client):
        ticket, handoff = client.offered(after(hours=1))
        services.confirm_facts(
            ticket=ticket, actor=client.bridge_se, changes={"system": "shop"}, now=after(hours=4)
        )
        services.confirm_facts(
            ticket=ticket,
            actor=client.bridge_se,
            changes={"impact": 2, "urgency": 2},
            now=after(hours=4),
        )

        sweep_misses(after(hours=4))

        assert Handoff.objects.get(pk=handoff.pk).state == "defaulted"


class TestResolution:
    def test_ends_an_offer_that_nobody_answered_and_reopening_offers_it_again(self, client):
        ticket, handoff = client.offered(after(hours=1))
        ticket = client.resolve(ticket, after(hours=2))
        assert clock_of(ticket, "handoff").state == "void"
        sweep_misses(after(hours=9))
        assert Handoff.objects.get(pk=handoff.pk).state == "offered"

        services.reopen_ticket(
            ticket=ticket, actor=client.requester, reason="Again.", now=after(hours=24)
        )

        assert clock_of(ticket, "handoff").due_at == after(hours=26)


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_two_accept_and_one_wins(self, transactional_db):
        acme = Client()
        with tenant_scope(acme.tenant):
            ticket, handoff = acme.offered(after(hours=1))
            second = MembershipFactory(tenant=acme.tenant, maintenance_engineer=True)
        people = [acme.maintenance_engineer, second]

        outcomes = at_once(
            [
                lambda person=person: services.accept_handoff(
                    handoff=handoff, actor=person, now=after(hours=2)
                )
                for person in people
            ],
            tenant=acme.tenant,
        )

        assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 1
        with tenant_scope(acme.tenant), transaction.atomic():
            stages = Stage.objects.filter(ticket=ticket)
            assert [stage.ended_at is None for stage in stages] == [False, True]
            assert Decision.objects.count() == 2

    def test_who_waited_for_the_lock_sees_the_new_stage(self, transactional_db):
        """A joined row would be shown as it was before the lock was waited for."""
        acme = Client()
        with tenant_scope(acme.tenant):
            ticket, handoff = acme.offered(after(hours=1))

        def accept_slowly():
            with transaction.atomic():
                accept(acme, handoff, after(hours=2), activity="corrective")
                at_the_same_time.set()
                sleep(0.5)

        def log_time():
            at_the_same_time.wait(10)
            return services.log_time(
                ticket=ticket,
                actor=acme.maintenance_engineer,
                starts_at=after(hours=2),
                ends_at=after(hours=3),
                now=after(hours=3),
            )

        at_the_same_time = Event()
        outcomes = at_once([accept_slowly, log_time], tenant=acme.tenant)

        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        with tenant_scope(acme.tenant), transaction.atomic():
            entry = ticket.time_entries.select_related("stage", "decision").get()
            assert (entry.stage.sequence, entry.decision.clause_id) == (2, "S4")

    def test_no_open_ticket_is_ever_without_exactly_one_accountable_owner(self, transactional_db):
        """Accepted, disputed, defaulted and assigned at once, while somebody looks all the time."""
        acme = Client()
        with tenant_scope(acme.tenant):
            offered = [acme.offered(after(hours=1)) for _number in range(3)]
        seen: list[list[int]] = []

        for ticket, handoff in offered:
            outcomes = at_once(answered_at_once(acme, ticket, handoff, seen), tenant=acme.tenant)

            wrong = [o for o in outcomes if isinstance(o, Exception) and not isinstance(o, Refused)]
            assert not wrong
            assert any(isinstance(outcome, Ticket) for outcome in outcomes)
            with tenant_scope(acme.tenant), transaction.atomic():
                seen.append(owners_of_open_tickets())
                stage = Stage.objects.select_related("owner").get(ticket=ticket, ended_at=None)
                last = Assignment.objects.filter(stage=stage).select_related("owner").last()
                assert last.owner == stage.owner
                assert stage.owner.is_active

        assert len(seen) > len(offered)
        assert all(owners == [1, 1, 1] for owners in seen)


def answered_at_once(acme, ticket, handoff, seen: list[list[int]]) -> list:
    """Return four answers to an offer, and somebody who counts owners until all four are given."""
    now, ended = after(hours=4), []
    assigned = {"ticket": ticket, "actor": acme.bridge_se, "owner": acme.service_desk}
    answers = [
        lambda: accept(acme, handoff, now),
        lambda: dispute(acme, handoff, now),
        lambda: services.default_handoff(handoff=handoff, now=now),
        lambda: services.assign(**assigned, now=now),
    ]

    def take(answer):
        try:
            return answer()
        finally:
            ended.append(answer)

    def look():
        while len(ended) < len(answers):
            with transaction.atomic():
                seen.append(owners_of_open_tickets())

    return [look, *(partial(take, answer) for answer in answers)]


def owners_of_open_tickets() -> list[int]:
    """Return for each open ticket how many people own an open stage of it, in one statement."""
    open_stage = Q(stages__ended_at=None, stages__owner__isnull=False)
    rows = Ticket.objects.filter(status__in=OPEN).order_by("pk")
    counted = rows.annotate(owners=Count("stages", filter=open_stage))
    return list(counted.values_list("owners", flat=True))
