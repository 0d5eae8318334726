"""A person decides otherwise than the rule: in the open, and never backward against the client."""

import pytest
from django.db import IntegrityError, transaction

from contracts.domain.scope import Facts
from contracts.services import close_period, period_at
from tenants.errors import Invalid, NotPermitted, Refused
from tenants.models import AuditEvent
from tests.tickets.factories import TEN, after, clock_of, running
from tests.tickets.test_effort import log
from tests.tickets.test_resolution import MAY
from tickets import services
from tickets.domain.favour import Side, favours
from tickets.domain.lifecycle import RoleNotAllowed
from tickets.models import Decision, Settlement, TimeEntry

pytestmark = pytest.mark.allow_n_plus_one

NOON = after(hours=2)
WISH = Facts(activity="adaptive")
UNNAMED = Facts(activity="security_operation")  # no clause takes it: undecided
QUESTION = Facts(activity="service_desk")


def override(client, ticket, outcome="included", now=NOON, actor=None, **given):
    return services.override_verdict(
        ticket=ticket,
        actor=actor or client.bridge_se,
        outcome=outcome,
        now=now,
        **{"reason": "We told them so in May.", **given},
    )


def rule(client, ticket, outcome="included", clause_id="S2", now=NOON, actor=None, **given):
    return services.rule_undecided(
        ticket=ticket,
        actor=actor or client.account_manager,
        outcome=outcome,
        clause_id=clause_id,
        now=now,
        **{"reason": "Like the outage of March.", **given},
    )


class TestOverride:
    def test_is_a_new_decision_that_names_who_why_and_what_the_rule_said(self, client):
        ticket = override(client, client.improvement(facts=WISH))

        old, new = Decision.objects.filter(ticket=ticket).select_related("by")
        assert (old.kind, old.outcome) == ("rule", "estimate")
        assert (new.kind, new.outcome, new.clause_id) == ("override", "included", "S6")
        assert (new.by, new.reason) == (client.bridge_se, "We told them so in May.")
        assert new.verdict["overrules"] == {"outcome": "estimate", "clause_id": "S6"}
        assert ticket.stage.decision == new
        assert AuditEvent.objects.filter(verb="verdict.overridden", subject_id=ticket.pk).exists()

    def test_lets_the_clocks_follow(self, client):
        ticket = override(client, client.improvement(facts=WISH))

        assert running(ticket) == {"acknowledge", "resolve"}

    @pytest.mark.parametrize("desk", ["service_desk", "operations_engineer", "service_owner"])
    def test_needs_authority(self, client, desk):
        with pytest.raises(RoleNotAllowed):
            override(client, client.open(), "estimate", actor=client.people[desk])

    @pytest.mark.parametrize("outcome", ["estimate", "included"])
    def test_needs_a_reason_that_the_client_reads(self, client, outcome):
        with pytest.raises(Invalid) as refusal:
            override(client, client.improvement(facts=WISH), outcome, reason=" ")

        assert refusal.value.field == "reason"

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"outcome": "undecided"}, "outcome"),
            ({"outcome": "free"}, "outcome"),
            ({"outcome": "included", "clause_id": "S99"}, "clause_id"),
            ({"outcome": "pool"}, "pool"),
            ({"outcome": "pool", "pool": "other"}, "pool"),
            ({"outcome": "preapproved"}, "cap"),
            ({"outcome": "preapproved", "cap": 0}, "cap"),
        ],
    )
    def test_is_a_whole_verdict(self, client, given, field):
        with pytest.raises(Invalid) as refusal:
            override(client, client.improvement(facts=WISH), **given)

        assert refusal.value.field == field

    def test_takes_what_is_left_out_from_its_clause(self, client):
        ticket = override(client, client.open(), "pool", clause_id="S3")

        assert ticket.stage.decision.verdict["pool"] == "support"

    def test_changes_something(self, client):
        with pytest.raises(Refused):
            override(client, client.open(), "included")

    def test_is_not_for_what_is_undecided(self, client):
        with pytest.raises(Refused):
            override(client, client.open(facts=UNNAMED), actor=client.account_manager)

    def test_is_possible_when_the_ticket_is_closed_and_starts_no_clock(self, client):
        ticket = client.resolve(client.working(), after(hours=1))
        services.close_ticket(ticket=ticket, actor=client.requester, now=after(hours=1))

        ticket = override(client, ticket, "estimate")

        assert (ticket.stage.decision.outcome, running(ticket)) == ("estimate", set())


class TestGoodwill:
    def test_is_what_the_contract_does_not_give(self, client):
        ticket = override(client, client.improvement(facts=WISH))

        log(client, ticket, starts_at=NOON, ends_at=after(hours=3))

        assert ticket.stage.decision.verdict["goodwill"] is True
        assert TimeEntry.objects.get().authority == "goodwill"

    def test_is_not_a_favour_taken_back(self, client):
        ticket = override(client, client.open(), "estimate")

        ticket = override(client, ticket, "included", now=after(hours=3))

        assert ticket.stage.decision.verdict["goodwill"] is False

    def test_leaves_the_quota_to_others(self, client):
        client.improvement(), client.improvement()
        third = client.improvement()
        assert third.stage.decision.outcome == "estimate"

        third = override(client, third, "included", clause_id="S5")

        assert not third.stage.decision.uses_quota


class TestMinutesOfBefore:
    def test_become_goodwill_by_a_row_of_their_own(self, client):
        ticket = client.improvement(facts=WISH)
        log(client, ticket, now=after(hours=1))

        ticket = override(client, ticket)

        entry, settled = TimeEntry.objects.get(), Settlement.objects.get()
        assert (entry.authority, settled.entry, settled.authority) == ("held", entry, "goodwill")
        assert (settled.decision, settled.period) == (ticket.stage.decision, entry.period)

    def test_stay_when_the_verdict_goes_against_the_client(self, client):
        ticket = client.open()
        log(client, ticket, now=after(hours=1))

        override(client, ticket, "estimate")

        assert TimeEntry.objects.get().authority == "included"
        assert not Settlement.objects.exists()

    def test_stay_held_when_later_ones_draw_on_a_pool(self, client):
        ticket = client.improvement(facts=WISH)
        log(client, ticket, now=after(hours=1))

        override(client, ticket, "pool", pool="support")

        assert not Settlement.objects.exists()

    def test_of_a_pool_are_given_back(self, client):
        ticket = client.open(facts=QUESTION)
        log(client, ticket, now=after(hours=1))

        override(client, ticket)

        assert Settlement.objects.get().authority == "goodwill"

    def test_written_late_are_treated_like_those_that_were_there(self, client):
        ticket = client.improvement(facts=WISH)
        override(client, ticket)

        log(client, ticket)

        assert TimeEntry.objects.get().authority == "held"
        assert Settlement.objects.get().authority == "goodwill"

    def test_of_a_closed_month_are_settled_in_the_open_one(self, client):
        ticket = client.improvement(facts=WISH)
        log(client, ticket)
        close_period(period=period_at(client.contract, TEN), actor=None, now=MAY)

        override(client, ticket, now=MAY)

        settled = Settlement.objects.select_related("period", "entry__period").get()
        assert (settled.entry.period.month.month, settled.period.month.month) == (4, 5)

    def test_become_included_when_the_missing_fact_says_so(self, client):
        ticket = client.open(facts=Facts())
        log(client, ticket, now=after(hours=1))

        services.confirm_facts(
            ticket=ticket,
            actor=client.bridge_se,
            changes={"activity": "incident_response"},
            now=NOON,
        )

        assert Settlement.objects.get().authority == "included"

    def test_are_never_settled_against_the_client_nor_twice(self, client):
        ticket = client.improvement(facts=WISH)
        log(client, ticket, now=after(hours=1))
        override(client, ticket)
        done = Settlement.objects.values("tenant_id", "entry_id", "period_id", "at").get()

        for authority in ("goodwill", "pool"):
            with pytest.raises(IntegrityError), transaction.atomic():
                Settlement.objects.create(**done, authority=authority)


class TestWhatAPersonSaidStands:
    def confirm(self, client, ticket, **changes):
        return services.confirm_facts(
            ticket=ticket, actor=client.service_desk, changes=changes, now=after(hours=3)
        )

    def test_while_the_rule_would_give_the_answer_that_was_overruled(self, client):
        ticket = override(client, client.improvement(facts=WISH))

        ticket = self.confirm(client, ticket, impact=2)

        decision = ticket.stage.decision
        assert (decision.kind, decision.outcome, decision.by) == (
            "override",
            "included",
            client.bridge_se,
        )
        assert decision.verdict["goodwill"] is True
        assert decision.facts["priority"] == ticket.priority

    def test_until_the_rule_gives_another(self, client):
        ticket = override(client, client.improvement(facts=WISH))

        ticket = self.confirm(client, ticket, activity="service_desk")

        assert (ticket.stage.decision.kind, ticket.stage.decision.outcome) == ("rule", "pool")

    def test_when_the_ticket_is_taken_up_again(self, client):
        ticket = override(client, client.improvement(facts=WISH))
        client.resolve(
            ticket := services.start_work(
                ticket=ticket, actor=client.bridge_se, now=after(hours=3)
            ),
            after(hours=3),
        )
        services.close_ticket(ticket=ticket, actor=client.requester, now=after(hours=3))

        ticket = services.reopen_ticket(
            ticket=ticket, actor=client.requester, reason="Again.", now=after(hours=4)
        )

        assert (ticket.stage.sequence, ticket.stage.decision.outcome) == (2, "included")


class TestRuleUndecided:
    def test_names_the_clause_it_rests_on_and_is_no_goodwill(self, client):
        ticket = rule(client, client.open(facts=UNNAMED))

        decision = ticket.stage.decision
        assert (decision.kind, decision.outcome, decision.clause_id) == ("ruling", "included", "S2")
        assert decision.verdict["goodwill"] is False

    def test_includes_the_minutes_that_waited_for_it(self, client):
        ticket = client.open(facts=UNNAMED)
        log(client, ticket, now=after(hours=1))

        rule(client, ticket)

        assert Settlement.objects.get().authority == "included"

    def test_takes_from_the_quota_of_its_clause(self, client):
        client.improvement()
        rule(client, client.open(facts=UNNAMED), clause_id="S5")

        assert client.improvement().stage.decision.outcome == "estimate"

    def test_is_the_account_managers(self, client):
        with pytest.raises(RoleNotAllowed):
            rule(client, client.open(facts=UNNAMED), actor=client.bridge_se)

    def test_needs_a_clause(self, client):
        with pytest.raises(Invalid) as refusal:
            rule(client, client.open(facts=UNNAMED), clause_id="")

        assert refusal.value.field == "clause_id"

    def test_is_not_for_what_is_decided(self, client):
        with pytest.raises(Refused):
            rule(client, client.open())

    def test_works_while_an_answer_is_missing(self, client):
        assert rule(client, client.open(facts=Facts())).stage.decision.outcome == "included"

    def test_may_be_overridden_like_a_rule(self, client):
        ticket = rule(client, client.open(facts=UNNAMED), "estimate", "S6")

        ticket = override(client, ticket, now=after(hours=3))

        assert ticket.stage.decision.verdict["goodwill"] is True


def test_another_clients_person_overrides_nothing(client):
    from tests.tickets.factories import two_clients

    ticket = client.open()
    with two_clients(client) as globex, pytest.raises(NotPermitted):
        override(client, ticket, "estimate", actor=globex.bridge_se)


def test_a_cancelled_ticket_gives_its_quota_back(client):
    tickets = [client.improvement(), client.improvement()]
    assert client.improvement().stage.decision.outcome == "estimate"

    services.cancel_ticket(
        ticket=tickets[0], actor=client.requester, reason="Not needed.", now=after(hours=1)
    )

    assert client.improvement().stage.decision.clause_id == "S5"


@pytest.mark.parametrize(
    ("before", "then", "side"),
    [
        ("estimate", "included", Side.CLIENT),
        ("pool", "included", Side.CLIENT),
        ("included", "not_provided", Side.VENDOR),
        ("pool", "preapproved", Side.VENDOR),
        ("pool", "pool", Side.NEITHER),
        ("undecided", "estimate", Side.NEITHER),
    ],
)
def test_a_change_takes_a_side(before, then, side):
    assert favours(before, then) is side


class TestTheRulingClock:
    def test_runs_while_no_clause_decides(self, client):
        ticket = client.open(facts=UNNAMED)

        assert "ruling" in running(ticket)
        assert "ruling" not in running(client.open(facts=Facts()))  # an answer is missing
        assert "ruling" not in running(client.open())

    def test_stops_when_a_person_rules_after_the_work_is_done_too(self, client):
        open_one = client.open(facts=UNNAMED)
        done = client.resolve(client.working(facts=UNNAMED), after(hours=1))
        assert "ruling" in running(done)

        for ticket in (open_one, done):
            rule(client, ticket)

            assert clock_of(ticket, "ruling").state == "met"
            assert "ruling" not in running(ticket)

    def test_is_void_where_the_facts_decide_and_runs_again_where_they_do_not(self, client):
        ticket = client.open(facts=UNNAMED)

        confirm(client, ticket, activity="adaptive")
        assert clock_of(ticket, "ruling").state == "void"

        confirm(client, ticket, activity="security_operation")
        assert (clock_of(ticket, "ruling").attempt, "ruling" in running(ticket)) == (2, True)

    def test_is_void_with_a_cancelled_ticket(self, client):
        ticket = client.open(facts=UNNAMED)

        services.cancel_ticket(ticket=ticket, actor=client.requester, reason="No.", now=NOON)

        assert running(ticket) == set()

    def test_of_a_dispute_runs_on_when_the_facts_decide_otherwise(self, client):
        ticket = client.improvement(facts=WISH)
        services.open_dispute(ticket=ticket, actor=client.requester, reason="No.", now=NOON)

        confirm(client, ticket, activity="security_operation")
        confirm(client, ticket, activity="perfective")

        assert (clock_of(ticket, "ruling").attempt, "ruling" in running(ticket)) == (1, True)


def confirm(client, ticket, **changes):
    services.confirm_facts(ticket=ticket, actor=client.bridge_se, changes=changes, now=NOON)
