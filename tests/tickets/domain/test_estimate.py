"""The table of an estimate's steps, who must approve it, and the bytes of an offer."""

from datetime import date

import pytest

from contracts.domain.vocabulary import CLIENT_ROLES, Role
from tickets.domain.estimate import (
    ENDED,
    ON_THE_TABLE,
    STEPS,
    UNLIMITED,
    Approver,
    EstimateAction,
    EstimateStatus,
    after,
    limit_of,
    next_approvers,
    revision_status,
    steps_for,
    suffices,
)
from tickets.domain.lifecycle import RoleNotAllowed, TransitionNotAllowed
from tickets.domain.offer import Line, Offer, Pricing
from tickets.models import choices

MANAGER, BRIDGE = Role.ACCOUNT_MANAGER, Role.BRIDGE_SE
AYA, BEN, CHI = (
    Approver(1, MANAGER, 1_000_000, "Aya"),
    Approver(2, MANAGER, 1_000_000, "Ben"),
    Approver(3, BRIDGE, 100_000, "Chi"),
)


class TestSteps:
    def test_each_status_and_action_has_one_arrow(self):
        assert len({(step.source, step.action) for step in STEPS}) == len(STEPS)

    def test_every_action_is_taken_and_every_status_but_superseded_reached(self):
        reached = {step.target for step in STEPS} | {EstimateStatus.DRAFT}
        assert {step.action for step in STEPS} == set(EstimateAction)
        assert reached == set(EstimateStatus) - {EstimateStatus.SUPERSEDED}

    def test_nothing_follows_an_end(self):
        assert not {step.source for step in STEPS} & set(ENDED)

    def test_the_client_answers_and_the_vendor_writes(self):
        answers = {"accept", "decline", "accept_delivery", "refuse_delivery", "cancel"}
        of_clients = {step.action for step in STEPS if step.by & CLIENT_ROLES}
        assert of_clients == {EstimateAction(name) for name in answers}

    def test_a_requester_takes_no_step(self):
        assert not [step for status in EstimateStatus for step in steps_for(status, Role.REQUESTER)]

    def test_only_an_approved_one_is_sent_and_only_a_sent_one_accepted(self):
        sources = {
            action: {step.source for step in STEPS if step.action == action}
            for action in (EstimateAction.SEND, EstimateAction.ACCEPT, EstimateAction.RECORD_ORDER)
        }
        assert sources[EstimateAction.SEND] == {EstimateStatus.APPROVED}
        assert sources[EstimateAction.ACCEPT] == {EstimateStatus.SENT}
        assert sources[EstimateAction.RECORD_ORDER] == {EstimateStatus.SENT}

    @pytest.mark.parametrize("action", ["withdraw", "decline", "expire"])
    def test_what_was_accepted_stands_again_when_its_change_order_ends(self, action):
        action = EstimateAction(action)
        assert after("sent", action, role=None) in ENDED
        assert after("sent", action, role=None, has_authority=True) == EstimateStatus.ACCEPTED

    def test_a_step_of_another_desk_or_status_is_refused(self):
        with pytest.raises(RoleNotAllowed):
            after("sent", EstimateAction.ACCEPT, role=Role.REQUESTER)
        with pytest.raises(TransitionNotAllowed):
            after("draft", EstimateAction.APPROVE, role=MANAGER)

    def test_the_names_of_the_choices_are_the_rules_codes(self):
        assert set(choices.EstimateStatus.values) == {str(s) for s in EstimateStatus}
        assert set(choices.Pricing.values) == {str(p) for p in Pricing}

    @pytest.mark.parametrize(
        ("number", "accepted", "expected"),
        [(3, 0, "sent"), (2, 2, "accepted"), (1, 2, "superseded"), (2, 0, "superseded")],
    )
    def test_of_the_revisions_one_is_on_the_table_and_one_accepted(
        self, number, accepted, expected
    ):
        assert "sent" in ON_THE_TABLE
        assert revision_status(number, current=3, accepted=accepted, status="sent") == expected


class TestApproval:
    @pytest.mark.parametrize(
        ("approvers", "amount", "enough"),
        [
            ([], 1, False),
            ([AYA], 1_000_000, True),
            ([AYA], 1_000_001, False),
            ([AYA, BEN], 1_000_001, True),
            ([AYA, AYA], 1_000_001, False),
            ([CHI], 100_000, True),
            ([CHI], 100_001, False),
            ([CHI, AYA], 1_000_001, False),
        ],
    )
    def test_one_within_the_limit_or_two_account_managers(self, approvers, amount, enough):
        assert suffices(approvers, amount) is enough

    def test_the_same_person_at_two_desks_is_one(self):
        assert not suffices([AYA, Approver(1, MANAGER, 5, "Aya")], 2_000_000)

    @pytest.mark.parametrize(
        ("role", "own", "limits", "expected"),
        [
            (MANAGER, None, {MANAGER: 500}, 500),
            (MANAGER, 900, {MANAGER: 500}, 900),
            (MANAGER, 0, {MANAGER: 500}, 0),
            (MANAGER, None, {}, UNLIMITED),
            (BRIDGE, None, {MANAGER: 500}, None),
            (BRIDGE, None, {BRIDGE: 100}, 100),
        ],
    )
    def test_a_limit_is_the_persons_own_or_that_of_the_role(self, role, own, limits, expected):
        assert limit_of(role, own, limits) == expected

    def test_next_are_those_who_need_nobody_else_then_the_account_managers(self):
        dai = Approver(4, MANAGER, UNLIMITED, "Dai")
        team = [AYA, BEN, CHI, dai]

        assert next_approvers(team, [], {2}, 50_000) == [AYA, CHI, dai]
        assert next_approvers(team, [], {2}, 2_000_000) == [dai, AYA]
        assert next_approvers(team, [AYA], {2}, 2_000_000) == [dai]
        assert next_approvers([AYA, CHI], [AYA], set(), 2_000_000) == []


class TestOffer:
    def offer(self, **told) -> Offer:
        lines = (
            Line.of_work("Form", "L3", "onshore", 600, 12_000),
            Line("Licence", amount=30_000),
        )
        plain = {"pricing": Pricing.FIXED, "currency": "JPY", "lines": lines}
        return Offer(**{**plain, **told})

    def test_work_is_priced_by_the_minute_and_a_half_rounds_up(self):
        assert Line.of_work("", "L3", "", 95, 8_000).amount == 12_667
        assert self.offer().amount == 120_000 + 30_000

    def test_time_and_material_asks_for_its_not_to_exceed(self):
        told = self.offer(pricing=Pricing.TIME_AND_MATERIAL, not_to_exceed=200_000)
        assert (told.lines_total, told.amount) == (150_000, 200_000)

    def test_the_hash_tells_apart_whatever_is_offered(self):
        same = {"ticket": "ACME-7", "estimate": "x", "revision": 1}
        hashes = {
            self.offer().sha256(**same),
            self.offer().sha256(**{**same, "revision": 2}),
            self.offer(exclusions="Training").sha256(**same),
            self.offer(delivery_on=date(2026, 5, 1)).sha256(**same),
            self.offer(currency="USD").sha256(**same),
        }
        assert len(hashes) == 5
        assert self.offer().sha256(**same) in hashes
