"""A ticket between the desks: offers, disputes, returns, and when nothing moved."""

from datetime import UTC, datetime, timedelta

from tickets.domain.passing import Happened, Holding, Step, potato_of

MONDAY = datetime(2026, 4, 6, 1, tzinfo=UTC)


def on(days: float) -> datetime:
    return MONDAY + timedelta(days=days)


def held(days: float, desk: str, stage: int = 1) -> Holding:
    return Holding(on(days), stage, desk, "")


def test_one_that_went_to_maintenance_and_back_is_a_return():
    happened = [Happened(Step.OFFERED, on(0.2)), Happened(Step.ACCEPTED, on(0.3))]
    holdings = [held(0, "L2"), held(0.3, "L3", stage=2), held(0.4, "L2", stage=2)]

    found = potato_of(MONDAY, happened, holdings, [], on(1))

    assert (found.offers, found.disputes) == (1, 0)
    assert (found.reassignments, found.returns) == (1, 1)


def test_a_gap_of_more_than_a_day_stands_still_in_full():
    found = potato_of(MONDAY, [], [held(0, "L2")], [on(1), on(2.5)], on(3))

    assert found.still_minutes == 36 * 60


def test_a_step_or_work_in_between_is_movement():
    found = potato_of(MONDAY, [Happened(Step.OFFERED, on(1))], [held(0, "L2")], [on(2)], on(3))

    assert found.still_minutes == 0


def test_waiting_for_the_client_and_what_is_done_do_not_stand_still():
    happened = [
        Happened(Step.PAUSED, on(0.5), "client_information"),
        Happened(Step.RESUMED, on(9)),
        Happened(Step.RESOLVED, on(9.5)),
    ]

    assert potato_of(MONDAY, happened, [held(0, "L2")], [], on(30)).still_minutes == 0


def test_one_that_nobody_passed_on_is_not_worth_a_word():
    assert not potato_of(MONDAY, [], [held(0, "L2")], [], on(1)).is_noteworthy
