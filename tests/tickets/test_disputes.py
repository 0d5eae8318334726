"""The client says no, the account manager answers under a clock, and agreement binds."""

from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from contracts.domain.scope import Facts
from contracts.services import close_period, period_at
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.factories import MembershipFactory
from tests.tickets.factories import TEN, Client, after, clock_of, running, two_clients
from tests.tickets.races import at_once
from tests.tickets.test_effort import log
from tests.tickets.test_overrides import NOON, UNNAMED, WISH, override, rule
from tests.tickets.test_resolution import MAY
from tickets import services
from tickets.domain.lifecycle import RoleNotAllowed
from tickets.models import Dispute, Obligation, Settlement, TimeEntry
from tickets.services.disputes import dispute_until

pytestmark = pytest.mark.allow_n_plus_one

EVENING, NIGHT = after(hours=6), after(hours=7)
TWO_DAYS_LATER = datetime(2026, 4, 17, 9, tzinfo=UTC)  # the close of the second business day


def dispute(client, ticket, now=NOON, actor=None, reason="It worked before your release."):
    return services.open_dispute(
        ticket=ticket, actor=actor or client.requester, reason=reason, now=now
    )


def answer(client, opened, ruling="change", now=EVENING, actor=None, **given):
    told = {
        "reason": "The release broke it.",
        **({"outcome": "included"} if ruling == "change" else {}),
    }
    return services.answer_dispute(
        dispute=opened,
        actor=actor or client.account_manager,
        ruling=ruling,
        now=now,
        **{**told, **given},
    )


def agree(client, opened, now=NIGHT, actor=None):
    return services.agree_to_ruling(dispute=opened, actor=actor or client.service_owner, now=now)


def issued(client, at, month=TEN):
    """Write what reports write into the audit trail when they issue a month."""
    period = period_at(client.contract, month)
    AuditEvent.objects.create(
        tenant=client.tenant,
        at=at,
        verb="report.issued",
        subject_type="reports.monthlyreport",
        subject_id=period.pk,
        data={"period": period.pk, "revision": 1},
    )


class TestOpenDispute:
    @pytest.mark.parametrize("desk", ["requester", "service_owner"])
    def test_names_the_verdict_and_starts_the_ruling_clock(self, client, desk):
        ticket = client.improvement(facts=WISH)

        opened = dispute(client, ticket, actor=client.people[desk])

        assert opened.decision == ticket.stage.decision
        assert clock_of(ticket, "ruling").due_at == TWO_DAYS_LATER
        assert "ruling" in running(ticket)
        assert AuditEvent.objects.filter(verb="dispute.opened", subject_id=ticket.pk).exists()

    def test_is_the_clients(self, client):
        with pytest.raises(RoleNotAllowed):
            dispute(client, client.open(), actor=client.bridge_se)

    def test_says_why(self, client):
        with pytest.raises(Invalid) as refusal:
            dispute(client, client.open(), reason="")

        assert refusal.value.field == "reason"

    @pytest.mark.parametrize("facts", [UNNAMED, Facts()])
    def test_needs_a_verdict(self, client, facts):
        with pytest.raises(Refused):
            dispute(client, client.open(facts=facts))

    def test_is_open_once(self, client):
        ticket = client.improvement(facts=WISH)
        first = dispute(client, ticket)

        with pytest.raises(Refused):
            dispute(client, ticket, actor=client.service_owner)
        again = {
            name: getattr(first, name)
            for name in ("tenant_id", "ticket", "stage", "decision", "opened_by", "opened_at")
        }
        with pytest.raises(IntegrityError, match="one_open_dispute"), transaction.atomic():
            Dispute.objects.create(**again, reason="Twice.")

    def test_runs_its_clock_on_a_closed_ticket_too(self, client):
        ticket = client.resolve(client.working(), after(hours=1))
        services.close_ticket(ticket=ticket, actor=client.requester, now=after(hours=1))

        dispute(client, ticket)

        ticket.refresh_from_db()
        assert (running(ticket), ticket.next_due_at) == ({"ruling"}, TWO_DAYS_LATER)

    @pytest.mark.parametrize("end", ["cancel", "clients"])
    def test_is_owed_a_ruling_whatever_becomes_of_the_work(self, client, end):
        ticket = client.improvement(facts=WISH)
        dispute(client, ticket)

        if end == "cancel":
            services.cancel_ticket(ticket=ticket, actor=client.requester, reason="No.", now=EVENING)
        else:
            changes = {"activity": "routine_task"}
            services.confirm_facts(
                ticket=ticket, actor=client.bridge_se, changes=changes, now=EVENING
            )

        assert running(ticket) == {"ruling"}

    def test_stops_the_vendor_from_changing_the_verdict_otherwise(self, client):
        ticket = client.improvement(facts=WISH)
        dispute(client, ticket)

        with pytest.raises(Refused):
            override(client, ticket, now=EVENING)


class TestUntilWhen:
    def test_is_open_before_the_months_report(self, client):
        ticket = client.improvement(facts=WISH)

        assert dispute_until(ticket, ticket.stage.decision) is None

    def test_counts_from_the_report_on_the_hours_of_the_contract(self, client):
        ticket = client.improvement(facts=WISH)
        issued(client, MAY)
        last = datetime(2026, 5, 26, 9, tzinfo=UTC)  # ten business days later, at closing

        assert dispute_until(ticket, ticket.stage.decision) == last
        with pytest.raises(Refused):
            dispute(client, ticket, now=last.replace(second=1))
        dispute(client, ticket, now=last)

    def test_counts_from_the_last_month_whose_report_shows_minutes_under_it(self, client):
        ticket = client.improvement(facts=WISH)
        issued(client, MAY)
        close_period(period=period_at(client.contract, TEN), actor=None, now=MAY)

        log(client, ticket, now=MAY)  # late for April: the report of May shows it

        assert dispute_until(ticket, ticket.stage.decision) is None

    def test_of_another_contract_is_its_own(self, client):
        ticket = client.improvement(facts=WISH)
        with two_clients(client) as globex:
            issued(globex, MAY)

        assert dispute_until(ticket, ticket.stage.decision) is None


class TestAnswerDispute:
    def test_changes_the_verdict_stops_the_clock_and_reaches_back(self, client):
        ticket = client.improvement(facts=WISH)
        log(client, ticket, now=after(hours=1))
        opened = dispute(client, ticket)

        ticket = answer(client, opened)

        opened.refresh_from_db()
        decision = ticket.stage.decision
        assert (decision.kind, decision.outcome) == ("ruling", "included")
        assert (opened.ruling, opened.is_open) == (decision, True)
        assert clock_of(ticket, "ruling").state == "met"
        assert Settlement.objects.get().authority == "included"  # the client was right

    def test_upholds_what_is_in_force(self, client):
        ticket = client.improvement(facts=WISH)

        ticket = answer(client, dispute(client, ticket), "uphold")

        assert (ticket.stage.decision.kind, ticket.stage.decision.outcome) == ("ruling", "estimate")

    def test_is_about_the_stage_that_was_disputed(self, client):
        ticket, handoff = client.offered(after(hours=1), system="office")
        opened = dispute(client, ticket)
        ticket = services.accept_handoff(
            handoff=handoff,
            actor=client.maintenance_engineer,
            activity="corrective",
            now=after(hours=3),
        )

        ticket = answer(client, opened)

        opened.refresh_from_db()
        assert opened.ruling.stage_id == opened.stage_id != ticket.stage_id
        assert ticket.stage.decision.kind == "rule"

    def test_of_an_earlier_stage_leaves_the_clock_of_one_that_nobody_decided(self, client):
        ticket, handoff = client.offered(after(hours=1), system="office")
        opened = dispute(client, ticket)
        ticket = services.accept_handoff(
            handoff=handoff,
            actor=client.maintenance_engineer,
            activity="corrective",
            now=after(hours=3),
        )
        ticket = services.confirm_facts(
            ticket=ticket,
            actor=client.bridge_se,
            changes={"system": "shop", "activity": "security_operation"},
            now=after(hours=4),
        )
        assert ticket.stage.decision.outcome == "undecided"

        ticket = answer(client, opened)

        clock = clock_of(ticket, "ruling")
        assert ticket.stage.decision.outcome == "undecided"
        assert ("ruling" in running(ticket), clock.stage_id) == (True, ticket.stage_id)
        assert Obligation.objects.filter(ticket=ticket, kind="ruling").running().count() == 1

    def test_is_the_account_managers(self, client):
        opened = dispute(client, client.improvement(facts=WISH))

        with pytest.raises(RoleNotAllowed):
            answer(client, opened, actor=client.bridge_se)

    def test_is_never_ones_own(self, client):
        opened = dispute(client, client.improvement(facts=WISH))
        both = MembershipFactory(
            tenant=client.tenant, user=client.requester.user, role="account_manager"
        )

        with pytest.raises(NotPermitted):
            answer(client, opened, actor=both)

    @pytest.mark.parametrize(
        "given",
        [
            {"reason": ""},
            {"outcome": "estimate"},
            {"outcome": ""},
            {"ruling": "perhaps"},
        ],
    )
    def test_is_a_whole_answer(self, client, given):
        opened = dispute(client, client.improvement(facts=WISH))

        with pytest.raises(Invalid):
            answer(client, opened, **given)

    def test_is_given_once(self, client):
        opened = dispute(client, client.improvement(facts=WISH))
        answer(client, opened)

        with pytest.raises(Refused):
            answer(client, opened, "uphold")

    def test_on_two_disputes_has_two_whole_clocks(self, client):
        ticket = client.improvement(facts=WISH)
        answer(client, dispute(client, ticket), "uphold")
        services.confirm_facts(
            ticket=ticket,
            actor=client.bridge_se,
            changes={"activity": "service_desk"},
            now=after(hours=7),
        )

        dispute(client, ticket, now=after(hours=8))

        second = clock_of(ticket, "ruling")
        assert (second.attempt, second.within, second.due_at) == (2, "2bd", TWO_DAYS_LATER)


class TestAgreement:
    def test_binds_and_ends_the_dispute(self, client):
        opened = dispute(client, client.improvement(facts=WISH))
        answer(client, opened)

        agree(client, opened)

        opened.refresh_from_db()
        assert (opened.agreed_by, opened.is_open) == (client.service_owner, False)
        assert not Dispute.objects.open().exists()

    def test_is_the_service_owners(self, client):
        opened = dispute(client, client.improvement(facts=WISH))
        answer(client, opened)

        with pytest.raises(RoleNotAllowed):
            agree(client, opened, actor=client.requester)

    def test_needs_a_ruling_and_happens_once(self, client):
        opened = dispute(client, client.improvement(facts=WISH))
        with pytest.raises(Refused):
            agree(client, opened)
        answer(client, opened)
        agree(client, opened)

        with pytest.raises(Refused):
            agree(client, opened)

    def test_is_not_that_of_who_ruled(self, client):
        opened = dispute(client, client.improvement(facts=WISH))
        answer(client, opened)
        both = MembershipFactory(
            tenant=client.tenant, user=client.account_manager.user, role="service_owner"
        )

        with pytest.raises(NotPermitted):
            agree(client, opened, actor=both)

    def test_leaves_nothing_to_dispute_again(self, client):
        ticket = client.improvement(facts=WISH)
        opened = dispute(client, ticket)
        answer(client, opened, "uphold")

        with pytest.raises(Refused):
            dispute(client, ticket, now=after(hours=7))
        agree(client, opened)
        with pytest.raises(Refused):
            dispute(client, ticket, now=after(hours=8))

    def test_is_kept_when_the_facts_are_confirmed_again(self, client):
        ticket = client.improvement(facts=WISH)
        opened = dispute(client, ticket)
        answer(client, opened)
        agree(client, opened)

        ticket = services.confirm_facts(
            ticket=ticket, actor=client.service_desk, changes={}, now=after(hours=8)
        )

        assert ticket.stage.decision.kind == "ruling"
        with pytest.raises(Refused):
            dispute(client, ticket, now=after(hours=9))

    def test_a_ruling_changes_only_in_the_clients_favour(self, client):
        ticket = client.improvement(facts=WISH)
        answer(client, dispute(client, ticket), outcome="pool", pool="support")

        with pytest.raises(NotPermitted):
            override(client, ticket, "estimate", actor=client.account_manager, now=after(hours=8))
        with pytest.raises(NotPermitted):
            override(client, ticket, "included", now=after(hours=8))
        ticket = override(client, ticket, actor=client.account_manager, now=after(hours=8))
        assert ticket.stage.decision.verdict["goodwill"] is True


def test_an_undecided_verdict_that_was_ruled_may_be_disputed(client):
    ticket = rule(client, client.open(facts=UNNAMED), "estimate", "S6")

    assert dispute(client, ticket, now=EVENING).decision == ticket.stage.decision


def test_opened_while_a_month_closed_counts_after_its_closing(client):
    ticket = client.improvement(facts=WISH)
    close_period(period=period_at(client.contract, TEN), actor=None, now=MAY)

    opened = dispute(client, ticket, now=MAY.replace(minute=0, hour=0))

    assert opened.opened_at == MAY
    assert period_at(client.contract, TEN).month == date(2026, 4, 1)


@pytest.mark.django_db(transaction=True)
def test_of_ten_disputes_at_once_one_is_open_and_has_one_clock(transactional_db):
    acme = Client()
    with tenant_scope(acme.tenant):
        ticket = acme.improvement(facts=WISH)

    outcomes = at_once([lambda: dispute(acme, ticket)] * 10, tenant=acme.tenant)

    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert len(refused) == 9
    with tenant_scope(acme.tenant), transaction.atomic():
        assert Dispute.objects.count() == 1
        assert Obligation.objects.filter(kind="ruling").count() == 1


@pytest.mark.django_db(transaction=True)
def test_minutes_logged_while_a_verdict_is_overridden_are_all_treated_alike(transactional_db):
    acme = Client()
    with tenant_scope(acme.tenant):
        ticket = acme.improvement(facts=WISH)

    def write():
        return log(acme, ticket, now=EVENING)

    outcomes = at_once(
        [*[write] * 4, lambda: override(acme, ticket, now=EVENING), *[write] * 4],
        tenant=acme.tenant,
    )

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    with tenant_scope(acme.tenant), transaction.atomic():
        assert set(TimeEntry.objects.values_list("authority", flat=True)) == {"held"}
        assert Settlement.objects.count() == TimeEntry.objects.count() == 8


def test_an_agreed_dispute_is_never_changed(client):
    opened = dispute(client, client.improvement(facts=WISH))
    answer(client, opened)
    agree(client, opened)

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Dispute.objects.filter(pk=opened.pk).update(reason="Never mind.")


@pytest.mark.parametrize("desk", ["requester", "bridge_se"])
def test_the_tickets_page_tells_both_sides_the_same(client, client_of, desk):
    ticket = client.open(system="office", actor=client.service_desk)
    services.declare_emergency(
        ticket=ticket, actor=client.bridge_se, told_at=TEN, now=after(hours=1)
    )
    opened = dispute(client, ticket)
    answer(client, opened)
    agree(client, opened)
    override(client, client.open(), "estimate")

    page = client_of(client.people[desk]).get(f"/tickets/{ticket.key}/").content.decode()

    for told in ("Emergency: worked at once", "The client disputes the verdict", "binds"):
        assert told in page
    assert "The release broke it." in page  # the reason of the ruling
    assert "verdict overridden" not in page
