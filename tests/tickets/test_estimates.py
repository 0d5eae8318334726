"""An estimate is written, approved by others, sent, answered, worked, delivered: and each no."""

from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent
from tenants.scoping import tenant_scope
from tests.factories import MembershipFactory
from tests.tickets.estimates import DELIVERY, NEXT_DAY, TEN_HOURS, Money, fresh
from tests.tickets.factories import after, clock_of, running
from tests.tickets.races import at_once
from tickets import services
from tickets.domain.lifecycle import RoleNotAllowed, TransitionNotAllowed
from tickets.models import (
    Comment,
    Estimate,
    EstimateAcceptance,
    EstimateApproval,
    EstimateRevision,
    LedgerEntry,
)
from tickets.services.sweep import sweep_estimates

pytestmark = pytest.mark.allow_n_plus_one

TWO_DAYS = after(hours=48)
BIG = [{"text": "A new back office", "tier": "L3", "minutes": 9_000}]  # 1,200,000


@pytest.fixture
def client(db):
    acme = Money()
    with tenant_scope(acme.tenant):
        yield acme


def verbs(estimate) -> list[str]:
    rows = AuditEvent.objects.filter(data__estimate=estimate.public_id).order_by("pk")
    return [verb.removeprefix("estimate.") for verb in rows.values_list("verb", flat=True)]


class TestDraft:
    def test_is_priced_at_the_contracts_rates(self, client):
        estimate = client.draft(
            lines=[*TEN_HOURS, {"text": "A licence", "amount": 12_345}], delivery_on=DELIVERY
        )

        revision = fresh(estimate).revision
        assert (revision.amount, revision.currency) == (92_345, "JPY")
        assert [line.rate for line in revision.parts] == [8_000, None]
        assert (estimate.status, estimate.number, revision.number) == ("draft", 1, 1)
        assert verbs(estimate) == ["drafted"]

    def test_time_and_material_has_a_limit_of_its_own(self, client):
        estimate = client.draft(pricing="time_and_material", not_to_exceed=100_000)
        assert (estimate.amount, estimate.revision.not_to_exceed) == (100_000, 100_000)

    @pytest.mark.parametrize(
        ("told", "field"),
        [
            ({"lines": []}, "lines"),
            ({"lines": [{"text": "", "tier": "L3", "minutes": 60}]}, "lines"),
            ({"lines": [{"text": "x", "tier": "L9", "minutes": 60}]}, "lines"),
            ({"lines": [{"text": "x", "tier": "L3", "place": "moon", "minutes": 60}]}, "lines"),
            ({"lines": [{"text": "x", "tier": "L3", "minutes": 0}]}, "lines"),
            ({"lines": [{"text": "x", "tier": "L3", "minutes": 1.5}]}, "lines"),
            ({"lines": [{"text": "x", "tier": "L3", "minutes": True}]}, "lines"),
            ({"lines": [{"text": "x", "amount": -1}]}, "lines"),
            ({"lines": [{"text": "x", "amount": 10**30}]}, "lines"),
            ({"lines": [{"text": "x", "amount": 10**12}] * 2}, "lines"),
            ({"lines": [{"text": "x", "amount": 5}], "pricing": "time_and_material"}, "lines"),
            ({"pricing": "guess"}, "pricing"),
            ({"pricing": "time_and_material", "not_to_exceed": 79_999}, "not_to_exceed"),
            ({"delivery_on": date(2026, 4, 15)}, "delivery_on"),
            ({"language": "tlh"}, "language"),
            ({"assumptions": "x" * 4001}, "assumptions"),
        ],
    )
    def test_names_the_field_that_cannot_be(self, client, told, field):
        with pytest.raises(Invalid) as refusal:
            client.draft(**told)
        assert refusal.value.field == field

    def test_is_for_work_that_needs_one(self, client):
        with pytest.raises(Refused):
            client.draft(client.open())

    def test_is_the_only_one_alive_on_its_ticket(self, client):
        first = client.draft()
        with pytest.raises(Refused):
            client.draft(first.ticket)
        services.withdraw_estimate(
            estimate=first, actor=client.bridge_se, reason="Too early.", now=after(hours=2)
        )
        assert client.draft(first.ticket, now=after(hours=3)).number == 2

    def test_is_the_vendors(self, client):
        with pytest.raises(RoleNotAllowed):
            client.draft(actor=client.service_owner)

    def test_of_another_client_is_not_touched(self, client):
        estimate = client.draft()
        from tests.tickets.factories import two_clients

        with two_clients(client) as globex, pytest.raises(NotPermitted):
            services.submit_estimate(estimate=estimate, actor=globex.bridge_se, now=after(hours=2))


class TestEdit:
    def test_changes_what_it_names_and_keeps_the_rest(self, client):
        estimate = client.draft(assumptions="Data is clean.")
        before = estimate.revision.sha256

        services.edit_estimate(
            estimate=estimate, actor=client.bridge_se, now=after(hours=2), exclusions="Training"
        )

        revision = fresh(estimate).revision
        assert (revision.number, revision.assumptions) == (1, "Data is clean.")
        assert (revision.exclusions, revision.edited_by) == ("Training", client.bridge_se)
        assert revision.sha256 != before

    def test_of_what_somebody_else_changed_is_refused(self, client):
        estimate = client.draft()
        seen = estimate.version
        services.edit_estimate(
            estimate=estimate, actor=client.bridge_se, now=after(hours=2), exclusions="Training"
        )
        with pytest.raises(Refused):
            services.edit_estimate(
                estimate=estimate,
                actor=client.maintenance_engineer,
                now=after(hours=2),
                version=seen,
            )

    def test_of_what_was_refused_is_the_next_revision(self, client):
        estimate = client.submitted()
        services.refuse_estimate(
            estimate=estimate, actor=client.account_manager, reason="Too much.", now=after(hours=3)
        )
        with pytest.raises(Refused):  # as it is, it was refused
            services.submit_estimate(
                estimate=estimate, actor=client.maintenance_engineer, now=after(hours=4)
            )

        services.edit_estimate(
            estimate=estimate,
            actor=client.maintenance_engineer,
            now=after(hours=4),
            lines=[{"text": "The form", "tier": "L3", "minutes": 300}],
        )

        estimate = fresh(estimate)
        assert (estimate.revision.number, estimate.amount) == (2, 40_000)
        assert [r.amount for r in estimate.revisions.all()] == [80_000, 40_000]
        assert verbs(estimate) == ["drafted", "submitted", "refused", "edited"]

    @pytest.mark.parametrize("how", ["orm", "sql"])
    def test_of_a_submitted_revision_is_refused_by_the_database(self, client, how):
        revision = client.submitted().revision
        rows = EstimateRevision.objects.filter(pk=revision.pk)
        change = {
            "orm": lambda: rows.update(amount=1),
            "sql": lambda: run("UPDATE tickets_estimaterevision SET amount = 1"),
        }
        with pytest.raises(DatabaseError), transaction.atomic():
            change[how]()


def run(sql: str, *values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


class TestApprove:
    def test_records_the_amount_that_was_seen(self, client):
        estimate = client.approve(client.submitted())

        approval = EstimateApproval.objects.get()
        assert fresh(estimate).status == "approved"
        assert (approval.amount, approval.cumulative, approval.limit) == (80_000, 80_000, 1_000_000)
        assert approval.sha256 == estimate.revision.sha256
        event = AuditEvent.objects.get(verb="estimate.approved")
        assert (event.data["complete"], event.data["amount"], event.data["revision"]) == (
            True,
            80_000,
            1,
        )

    def test_of_another_amount_or_revision_is_refused_and_says_what_is_there(self, client):
        estimate = client.submitted()
        for seen in ({"amount": 79_999}, {"revision": 2}):
            with pytest.raises(Refused, match="¥80,000"):
                client.approve(estimate, **seen)
        assert not EstimateApproval.objects.exists()

    def test_of_an_edit_between_view_and_approval_is_refused(self, client):
        estimate = client.submitted()
        services.revise_estimate(
            estimate=estimate, actor=client.maintenance_engineer, now=after(hours=3), lines=BIG
        )
        services.submit_estimate(
            estimate=estimate, actor=client.maintenance_engineer, now=after(hours=3)
        )
        with pytest.raises(Refused, match="revision 2"):
            client.approve(estimate, revision=1, amount=80_000, now=after(hours=4))

    @pytest.mark.parametrize("part", ["author", "editor", "submitter"])
    def test_of_ones_own_is_refused_and_names_the_next(self, client, part):
        mine = client.account_manager
        estimate = client.draft(actor=mine if part == "author" else client.maintenance_engineer)
        if part == "editor":
            services.edit_estimate(estimate=estimate, actor=mine, now=after(hours=2))
        services.submit_estimate(
            estimate=estimate,
            actor=mine if part == "submitter" else client.maintenance_engineer,
            now=after(hours=2),
        )
        with pytest.raises(NotPermitted, match=client.second_manager.user.name):
            client.approve(fresh(estimate), mine)

    def test_of_ones_own_from_another_desk_is_refused(self, client):
        desk = MembershipFactory(
            tenant=client.tenant, user=client.maintenance_engineer.user, role="account_manager"
        )
        with pytest.raises(NotPermitted):
            client.approve(client.submitted(), desk)

    def test_a_bridge_se_approves_within_the_limit_of_the_role(self, client):
        assert client.approve(client.submitted(), client.bridge_se).status == "approved"

    def test_a_bridge_se_above_it_is_told_who_may(self, client):
        estimate = client.submitted(lines=[{"text": "More", "amount": 100_001}])
        with pytest.raises(NotPermitted, match=client.account_manager.user.name):
            client.approve(estimate, client.bridge_se)

    def test_a_desk_without_a_limit_approves_nothing(self, client):
        with pytest.raises(NotPermitted):
            client.approve(client.submitted(), client.operations_engineer)

    def test_above_the_limit_two_account_managers_approve(self, client):
        estimate = client.approve(client.submitted(lines=BIG))
        assert fresh(estimate).status == "submitted"
        with pytest.raises(Refused, match=client.second_manager.user.name):
            client.approve(estimate, now=after(hours=4))

        client.approve(estimate, client.second_manager, now=after(hours=4))

        assert fresh(estimate).status == "approved"
        events = AuditEvent.objects.filter(verb="estimate.approved").order_by("pk")
        assert [event.data["complete"] for event in events] == [False, True]

    def test_a_persons_own_limit_goes_before_the_roles(self, client):
        services.set_amount_limit(
            member=client.account_manager,
            actor=client.second_manager,
            amount=2_000_000,
            now=after(),
        )
        assert client.approve(client.submitted(lines=BIG)).status == "approved"

    def test_nobody_sets_their_own_limit(self, client):
        mine = client.account_manager
        with pytest.raises(NotPermitted):
            services.set_amount_limit(member=mine, actor=mine, amount=1, now=after())
        with pytest.raises(NotPermitted):
            services.set_amount_limit(member=mine, actor=client.bridge_se, amount=1, now=after())

    def test_the_limit_is_held_against_all_extra_work_of_the_ticket(self, client):
        first = client.accepted(lines=[{"text": "One", "amount": 600_000}])
        services.deliver_estimate(
            estimate=first, actor=client.maintenance_engineer, now=after(hours=48)
        )
        services.accept_delivery(estimate=first, actor=client.service_owner, now=after(hours=49))
        second = client.submitted(
            first.ticket, now=after(hours=50), lines=[{"text": "Two", "amount": 400_001}]
        )
        client.approve(second, now=after(hours=51))
        assert fresh(second).status == "submitted"  # 1,000,001 needs another one

    def test_refusing_gives_it_back_with_a_reason(self, client):
        estimate = client.submitted()
        with pytest.raises(Invalid):
            services.refuse_estimate(
                estimate=estimate, actor=client.account_manager, reason=" ", now=after(hours=3)
            )
        with pytest.raises(NotPermitted):
            services.refuse_estimate(
                estimate=estimate, actor=client.service_desk, reason="No.", now=after(hours=3)
            )

    @pytest.mark.parametrize("how", ["orm", "sql", "bulk"])
    def test_of_ones_own_is_refused_by_the_database(self, client, how):
        estimate = client.submitted()
        values = approval_of(estimate, client.maintenance_engineer)
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            write(EstimateApproval, values, how)
        named = error.value.__cause__.diag.constraint_name
        assert named == "nobody_decides_their_own_estimate"

    def test_from_another_desk_is_refused_by_the_database_too(self, client):
        desk = MembershipFactory(
            tenant=client.tenant, user=client.maintenance_engineer.user, role="account_manager"
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            write(EstimateApproval, approval_of(client.submitted(), desk), "sql")

    @pytest.mark.parametrize("wrong", [{"amount": 1}, {"sha256": "0" * 64}])
    def test_of_another_amount_is_refused_by_the_database(self, client, wrong):
        values = approval_of(client.submitted(), client.account_manager) | wrong
        with pytest.raises(IntegrityError), transaction.atomic():
            write(EstimateApproval, values, "sql")

    def test_twice_is_refused_by_the_database(self, client):
        estimate = client.submitted(lines=BIG)
        client.approve(estimate)
        with pytest.raises(IntegrityError), transaction.atomic():
            write(EstimateApproval, approval_of(estimate, client.account_manager), "sql")

    @pytest.mark.parametrize("status", ["approved", "sent"])
    @pytest.mark.parametrize("how", ["orm", "sql"])
    def test_no_statement_makes_an_approved_estimate_without_an_approval(self, client, status, how):
        estimate = client.submitted()
        rows = Estimate.objects.filter(pk=estimate.pk)
        sql = "UPDATE tickets_estimate SET status = %s, sent_at = now(), expires_at = now()"
        change = {
            "orm": lambda: rows.update(status=status, sent_at=NEXT_DAY, expires_at=NEXT_DAY),
            "sql": lambda: run(sql, status),
        }
        with pytest.raises(IntegrityError), transaction.atomic():
            change[how]()


def approval_of(estimate, by) -> dict:
    return {
        "tenant_id": estimate.tenant_id,
        "estimate_id": estimate.pk,
        "revision_id": estimate.revision_id,
        "by_id": by.pk,
        "at": after(hours=3),
        "amount": estimate.revision.amount,
        "cumulative": estimate.revision.amount,
        "sha256": estimate.revision.sha256,
    }


def write(model, values: dict, how: str) -> None:
    if how == "orm":
        model.objects.create(**values)
    elif how == "bulk":
        model.objects.bulk_create([model(**values)])
    else:
        columns, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        run(f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({marks})", *values.values())


class TestSend:
    def test_stops_the_estimate_clock_and_starts_the_clients(self, client):
        ticket = client.extra()
        assert "estimate" in running(ticket)

        estimate = client.sent(ticket)

        assert clock_of(ticket, "estimate").state == "met"
        assert "client_decision" in running(ticket)
        assert fresh(estimate).expires_at == datetime(2026, 4, 29, 9, tzinfo=UTC)  # 10bd

    def test_measures_the_clients_decision_where_the_terms_promise_nothing(self, db):
        from tests.tickets.estimates import MONEY_TERMS

        targets = [
            t for t in MONEY_TERMS["time"]["targets"] if t["obligation"] != "client_decision"
        ]
        terms = {**MONEY_TERMS, "time": {**MONEY_TERMS["time"], "targets": targets}}
        acme = Money(terms=terms)
        with tenant_scope(acme.tenant):
            ticket = acme.sent().ticket
            assert clock_of(ticket, "client_decision").due_at is None
            assert "client_decision" in running(ticket)

    def test_with_words_is_a_public_reply(self, client):
        estimate = client.approve(client.submitted())
        client.send(estimate, message="Please have a look.")
        assert Comment.objects.get().lane == "public"
        assert clock_of(estimate.ticket, "acknowledge").state in ("met", "missed")

    def test_waits_for_the_approval(self, client):
        with pytest.raises(Refused):
            client.send(client.submitted())

    def test_with_a_delivery_date_in_the_past_is_refused(self, client):
        estimate = client.approve(client.submitted(delivery_on=date(2026, 4, 16)))
        with pytest.raises(Refused):
            client.send(estimate, now=after(days=2))


class TestAccept:
    def test_keeps_who_when_authority_and_the_revisions_hash(self, client):
        estimate = client.accepted()

        row = EstimateAcceptance.objects.get()
        estimate = fresh(estimate)
        assert (estimate.status, estimate.accepted, estimate.accepted_at) == (
            "accepted",
            estimate.revision,
            NEXT_DAY,
        )
        assert (row.by, row.at, row.authority) == (client.service_owner, NEXT_DAY, "service_owner")
        assert (row.amount, row.limit, row.sha256) == (80_000, 2_000_000, estimate.revision.sha256)
        assert clock_of(estimate.ticket, "client_decision").state == "met"

    def test_makes_the_delivery_date_the_deadline_of_the_fix(self, client):
        ticket = client.accepted(delivery_on=DELIVERY).ticket

        clock = clock_of(ticket, "resolve")
        assert clock.due_at == datetime(2026, 4, 28, 9, tzinfo=UTC)
        entry = LedgerEntry.objects.filter(obligation=clock, event="retarget").get()
        assert (entry.cause, entry.reason) == (
            "delivery_date",
            "Delivery date of the accepted estimate: 2026-04-28",
        )

    def test_of_an_incident_it_is_the_permanent_fix(self, client):
        ticket = client.open(facts=Money.extra.__globals__["EXTRA"])
        client.accepted(ticket, delivery_on=DELIVERY)
        assert clock_of(ticket, "permanent_fix").due_at == datetime(2026, 4, 28, 9, tzinfo=UTC)

    def test_the_deadline_outlives_confirmed_facts_and_another_priority(self, client):
        ticket = client.accepted(delivery_on=DELIVERY).ticket
        services.confirm_facts(
            ticket=ticket,
            actor=client.bridge_se,
            changes={"impact": 2, "urgency": 2},
            now=after(hours=30),
        )
        clock = clock_of(ticket, "resolve")
        assert (clock.state, clock.due_at) == ("running", datetime(2026, 4, 28, 9, tzinfo=UTC))

    def test_a_change_order_moves_the_deadline(self, client):
        estimate = client.accepted(delivery_on=DELIVERY)
        change(client, estimate, delivery_on=date(2026, 5, 12))
        assert clock_of(estimate.ticket, "resolve").due_at == datetime(2026, 5, 12, 9, tzinfo=UTC)

    def test_of_another_amount_than_seen_is_refused(self, client):
        with pytest.raises(Refused):
            client.accept(client.sent(), amount=79_999)

    def test_above_the_authority_names_the_ways_out(self, client):
        services.set_amount_limit(
            member=client.service_owner, actor=client.account_manager, amount=50_000, now=after()
        )
        other = MembershipFactory(tenant=client.tenant, service_owner=True)
        with pytest.raises(NotPermitted) as refusal:
            client.accept(client.sent())
        assert other.user.name in str(refusal.value.message)
        assert "purchase order" in str(refusal.value.message)

    def test_by_purchase_order_is_recorded_by_an_account_manager(self, client):
        estimate = client.sent()
        with pytest.raises(Invalid):
            client.accept(estimate, client.account_manager)

        client.accept(estimate, client.account_manager, purchase_order="PO-7781")

        row = EstimateAcceptance.objects.get()
        assert (row.authority, row.purchase_order) == ("purchase_order", "PO-7781")

    def test_of_ones_own_is_refused_by_command_and_database(self, client):
        estimate = client.draft(actor=client.account_manager)
        services.submit_estimate(
            estimate=estimate, actor=client.account_manager, now=after(hours=2)
        )
        client.send(client.approve(fresh(estimate), client.second_manager))
        estimate = fresh(estimate)
        with pytest.raises(NotPermitted):
            client.accept(estimate, client.account_manager, purchase_order="PO-1")

        from contracts.services import period_at

        values = approval_of(estimate, client.account_manager) | {
            "authority": "purchase_order",
            "purchase_order": "PO-1",
            "period_id": period_at(client.contract, NEXT_DAY).pk,
        }
        with pytest.raises(IntegrityError), transaction.atomic():
            write(EstimateAcceptance, values, "sql")

    def test_no_statement_makes_an_accepted_estimate_without_an_acceptance(self, client):
        estimate = client.sent()
        with pytest.raises(IntegrityError), transaction.atomic():
            Estimate.objects.filter(pk=estimate.pk).update(
                status="accepted", accepted=estimate.revision, accepted_at=NEXT_DAY
            )

    def test_is_not_the_requesters(self, client):
        with pytest.raises(RoleNotAllowed):
            client.accept(client.sent(), client.requester)

    def test_after_it_expired_is_refused(self, client):
        with pytest.raises(Refused):
            client.accept(client.sent(), now=after(days=30))


class TestNo:
    def test_declined_with_a_reason_ends_it(self, client):
        estimate = client.sent()
        with pytest.raises(Invalid):
            services.decline_estimate(
                estimate=estimate, actor=client.service_owner, reason="", now=NEXT_DAY
            )
        services.decline_estimate(
            estimate=estimate, actor=client.service_owner, reason="Too dear.", now=NEXT_DAY
        )
        estimate = fresh(estimate)
        assert (estimate.status, estimate.ended_at) == ("declined", NEXT_DAY)
        assert "client_decision" not in running(estimate.ticket)

    def test_the_sweep_lets_it_expire_once(self, client):
        estimate = client.sent()
        sweep_estimates(datetime(2026, 4, 29, 9, tzinfo=UTC))
        assert fresh(estimate).status == "sent"  # the last instant still counts

        for _run in range(2):
            sweep_estimates(datetime(2026, 4, 29, 9, 0, 1, tzinfo=UTC))

        assert fresh(estimate).status == "expired"
        assert verbs(estimate).count("expired") == 1
        assert clock_of(estimate.ticket, "client_decision").state in ("void", "missed")

    def test_a_new_revision_takes_back_what_was_sent(self, client):
        estimate = client.sent()
        services.revise_estimate(
            estimate=estimate, actor=client.bridge_se, now=after(hours=5), lines=BIG
        )
        estimate = fresh(estimate)
        assert (estimate.status, estimate.revision.number, estimate.amount) == (
            "draft",
            2,
            1_200_000,
        )
        with pytest.raises(Refused):
            client.accept(estimate, revision=1, amount=80_000)
        first, second = estimate.revisions.all()
        assert (first.status_in(estimate), second.status_in(estimate)) == ("superseded", "draft")

    def test_an_accepted_revision_keeps_its_authority_until_another_is_accepted(self, client):
        estimate = client.accepted()
        services.revise_estimate(
            estimate=estimate, actor=client.maintenance_engineer, now=after(hours=30), lines=BIG
        )
        estimate = fresh(estimate)
        assert estimate.is_change_order
        assert (estimate.status, estimate.accepted.number, estimate.has_authority) == (
            "draft",
            1,
            True,
        )
        services.withdraw_estimate(
            estimate=estimate, actor=client.bridge_se, reason="Not needed.", now=after(hours=31)
        )
        estimate = fresh(estimate)
        assert (estimate.status, estimate.ended_at) == ("accepted", None)

    def test_a_change_order_keeps_how_the_price_is_made(self, client):
        estimate = client.accepted()
        with pytest.raises(Invalid) as refusal:
            services.revise_estimate(
                estimate=estimate,
                actor=client.bridge_se,
                now=after(hours=30),
                pricing="time_and_material",
            )
        assert refusal.value.field == "pricing"

    def test_a_cancelled_ticket_ends_its_estimate(self, client):
        on_the_table, at_work = client.sent(), client.accepted()
        for estimate in (on_the_table, at_work):
            services.cancel_ticket(
                ticket=estimate.ticket,
                actor=client.requester,
                reason="Not needed.",
                now=after(hours=50),
            )
        assert fresh(on_the_table).status == "withdrawn"
        assert fresh(at_work).status == "cancelled"


def change(client, estimate, now=TWO_DAYS, **content):
    """Put a change order through."""
    services.revise_estimate(
        estimate=estimate, actor=client.maintenance_engineer, now=now, **content
    )
    services.submit_estimate(estimate=estimate, actor=client.maintenance_engineer, now=now)
    estimate = fresh(estimate)
    client.send(client.approve(estimate, now=now), now=now)
    return client.accept(fresh(estimate), now=now)


class TestDelivery:
    def delivered(self, client, now=TWO_DAYS):
        return services.deliver_estimate(
            estimate=client.accepted(), actor=client.maintenance_engineer, now=now
        )

    def test_is_accepted_by_the_service_owner(self, client):
        estimate = self.delivered(client)
        with pytest.raises(RoleNotAllowed):
            services.accept_delivery(
                estimate=estimate, actor=client.account_manager, now=after(hours=49)
            )
        services.accept_delivery(estimate=estimate, actor=client.service_owner, now=after(hours=49))
        estimate = fresh(estimate)
        assert (estimate.status, estimate.ended_at) == ("delivery_accepted", after(hours=49))
        assert verbs(estimate)[-2:] == ["delivered", "delivery_accepted"]

    def test_silence_is_acceptance_where_the_terms_say_so(self, client):
        estimate = self.delivered(client)
        due = datetime(2026, 4, 24, 9, tzinfo=UTC)  # five business days after Friday the 17th
        assert fresh(estimate).deemed_at == due

        for _run in range(2):
            sweep_estimates(datetime(2026, 4, 27, 9, tzinfo=UTC))

        estimate = fresh(estimate)
        assert (estimate.status, estimate.ended_at) == ("delivery_accepted", due)
        assert AuditEvent.objects.get(verb="estimate.delivery_accepted").data["deemed"] is True
        assert estimate.charges.get().ground == "deemed"

    def test_a_no_lets_the_work_go_on(self, client):
        estimate = self.delivered(client)
        services.refuse_delivery(
            estimate=estimate,
            actor=client.service_owner,
            reason="The total is missing.",
            now=after(hours=49),
        )
        assert fresh(estimate).status == "accepted"
        sweep_estimates(datetime(2026, 4, 27, 9, tzinfo=UTC))
        assert fresh(estimate).status == "accepted"


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_ten_approvers_make_one_approval_for_the_amount_seen(self, transactional_db):
        acme = Money()
        with tenant_scope(acme.tenant):
            with transaction.atomic():
                managers = [
                    MembershipFactory(tenant=acme.tenant, account_manager=True) for _n in range(10)
                ]
                estimates = [acme.submitted() for _n in range(3)]
            for estimate in estimates:
                answers = at_once(
                    [lambda m=m, e=estimate: acme.approve(e, m) for m in managers], acme.tenant
                )
                assert sum(isinstance(a, Estimate) for a in answers) == 1
                assert sum(isinstance(a, Refused) for a in answers) == 9
            with transaction.atomic():
                rows = EstimateApproval.objects.values_list("estimate_id", "amount")
                assert sorted(rows) == [(e.pk, 80_000) for e in estimates]

    def test_approve_refuse_and_withdraw_at_once_leave_one_end(self, transactional_db):
        acme = Money()
        with tenant_scope(acme.tenant):
            with transaction.atomic():
                estimate = acme.submitted()
            answers = at_once(
                [
                    lambda: acme.approve(estimate),
                    lambda: services.refuse_estimate(
                        estimate=estimate,
                        actor=acme.second_manager,
                        reason="No.",
                        now=after(hours=3),
                        revision=1,
                    ),
                    lambda: services.revise_estimate(
                        estimate=estimate,
                        actor=acme.maintenance_engineer,
                        now=after(hours=3),
                        lines=BIG,
                    ),
                ],
                acme.tenant,
            )
            with transaction.atomic():
                after_all = fresh(estimate)
                approvals = EstimateApproval.objects.filter(estimate=estimate).count()
        assert all(isinstance(a, (Estimate, Refused, TransitionNotAllowed)) for a in answers)
        assert approvals == (1 if isinstance(answers[0], Estimate) else 0)
        assert after_all.status in ("approved", "draft")
