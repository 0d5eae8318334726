"""Requests are counted over all processes, told in shares, and cost a request nothing."""

import pytest
from django.db import OperationalError

from tenants.models import Throttle
from tenants.services.rates import Rates

pytestmark = pytest.mark.django_db
MOST, MINUTE = 100, 60


class Clock:
    now = 1_000_000_060.0  # 20 seconds before a minute ends

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def ask(process: Rates, times: int, who: str = "token:1") -> int:
    """Return how many of so many requests got through, each told as the middleware does."""
    through = 0
    for _time in range(times):
        through += not process.spend(who, MOST, MINUTE)
        process.tell(who, MOST)
    return through


def test_one_process_lets_the_limit_through_and_says_when_to_come_back(clock):
    alone = Rates(clock)

    assert ask(alone, 150) == MOST
    assert alone.spend("token:1", MOST, MINUTE) == 20
    assert ask(alone, 1, who="token:2") == 1
    clock.now += MINUTE
    assert ask(alone, 1) == 1


def test_two_processes_let_a_share_more_through_at_most(clock):
    one, two = Rates(clock), Rates(clock)

    through = sum(ask(one, 1) + ask(two, 1) for _time in range(150))

    assert MOST <= through <= MOST + MOST // 50
    assert Throttle.objects.count() == 1


def test_a_process_that_starts_late_hears_of_the_others_at_its_first_share(clock):
    ask(Rates(clock), MOST)

    assert ask(Rates(clock), 50) == MOST // 50


def test_telling_costs_a_statement_every_fiftieth(clock, django_assert_num_queries):
    process = Rates(clock)

    with django_assert_num_queries(10 // (MOST // 50)):
        ask(process, 10)


def test_a_count_of_the_window_before_is_not_added(clock):
    ask(Rates(clock), 90)
    clock.now += MINUTE

    assert ask(Rates(clock), 150) == MOST


def test_a_database_that_is_away_takes_no_answer_back(clock, monkeypatch):
    def refuse(*_told):
        raise OperationalError

    monkeypatch.setattr("tenants.services.rates.tell", refuse)

    assert ask(Rates(clock), 150) == MOST
