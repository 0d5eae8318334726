"""The one table of steps."""

import pytest

from contracts.domain.vocabulary import CLIENT_ROLES, VENDOR_ROLES, Role
from tickets.domain.lifecycle import (
    LIFECYCLE,
    OPEN,
    Action,
    RoleNotAllowed,
    Status,
    TransitionNotAllowed,
    after,
    steps_for,
)
from tickets.domain.priority import priority_of
from tickets.models import choices


def test_each_status_and_action_has_one_arrow():
    assert len({(step.source, step.action) for step in LIFECYCLE}) == len(LIFECYCLE)


def test_every_status_is_reached_and_every_action_taken():
    assert {step.target for step in LIFECYCLE} | {Status.NEW} == set(Status)
    assert {step.action for step in LIFECYCLE} == set(Action)


def test_every_open_status_leads_to_the_end():
    for status in OPEN:
        assert Action.CANCEL in {step.action for step in LIFECYCLE if step.source == status}


@pytest.mark.parametrize("status", list(Status))
def test_what_is_on_offer_can_be_taken_and_nothing_else(status):
    for role in Role:
        offered = {step.action: step.target for step in steps_for(status, role)}
        for action in Action:
            if action in offered:
                assert after(status, action, role=role) == offered[action]
            else:
                with pytest.raises((TransitionNotAllowed, RoleNotAllowed)):
                    after(status, action, role=role)


def test_clients_ask_and_accept_and_never_do_the_work():
    asks = {
        *(Action.COMMENT, Action.WATCH, Action.CLOSE, Action.REOPEN, Action.CANCEL),
        Action.DISPUTE_VERDICT,
    }
    binds = {Role.REQUESTER: set(), Role.SERVICE_OWNER: {Action.AGREE_TO_RULING}}
    for role in CLIENT_ROLES:
        actions = {step.action for step in LIFECYCLE if role in step.by}
        assert actions == asks | binds[role]


def test_only_the_account_manager_rules():
    rulings = (Action.RULE_UNDECIDED, Action.ANSWER_DISPUTE)
    by = {step.by for step in LIFECYCLE if step.action in rulings}
    assert by == {frozenset({Role.ACCOUNT_MANAGER})}


def test_a_handoff_is_answered_by_the_other_side():
    answers = (Action.ACCEPT_HANDOFF, Action.DISPUTE_HANDOFF)
    by = {step.by for step in LIFECYCLE if step.action in answers}
    assert by == {frozenset({Role.MAINTENANCE_ENGINEER, Role.BRIDGE_SE, Role.ACCOUNT_MANAGER})}


def test_every_vendor_desk_may_log_time_in_every_status():
    for status in Status:
        for role in VENDOR_ROLES:
            assert after(status, Action.LOG_TIME, role=role) == status


def test_nothing_follows_a_cancelled_ticket_but_words_minutes_and_what_they_cost():
    actions = {step.action for step in LIFECYCLE if step.source == Status.CANCELLED}
    cost = {Action.DISPUTE_VERDICT, Action.ANSWER_DISPUTE, Action.AGREE_TO_RULING}
    words = {Action.COMMENT, Action.TRANSLATE, Action.WATCH, Action.LINK}
    assert actions == words | {Action.LOG_TIME, Action.CORRECT_TIME} | cost


def test_only_the_portal_reminds_and_closes_what_nobody_answers():
    by = {step.by for step in LIFECYCLE if step.action in (Action.REMIND, Action.AUTO_CLOSE)}
    assert by == {frozenset()}
    assert after("on_hold", Action.AUTO_CLOSE, role=None) == Status.CLOSED


def test_the_portal_itself_takes_any_step_that_there_is():
    assert after("new", Action.ACCEPT_HANDOFF, role=None) == Status.NEW
    with pytest.raises(TransitionNotAllowed):
        after("closed", Action.ACCEPT_HANDOFF, role=None)


def test_the_tables_know_the_same_statuses():
    assert set(choices.Status.values) == set(Status)


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [(1, 1, "P1"), (1, 2, "P2"), (2, 1, "P2"), (2, 2, "P3"), (3, 1, "P3"), (3, 3, "P4")],
)
def test_priority_is_impact_times_urgency(impact, urgency, priority):
    assert priority_of(impact, urgency) == priority
