"""What was once settled about a clause is found again: by clause, by words, by this client only."""

import pytest

from tests.tickets.factories import two_clients
from tests.tickets.test_disputes import agree, answer, dispute
from tests.tickets.test_overrides import WISH
from tickets.services.precedents import precedent_counts, precedents

pytestmark = pytest.mark.allow_n_plus_one


def settled(client, why="The release broke it.", **ruling):
    opened = dispute(client, client.improvement(facts=WISH, title="Cart rounds 100% down"))
    answer(client, opened, reason=why, **ruling)
    agree(client, opened)
    return opened


def test_a_ruling_is_a_precedent_once_the_client_agreed(client):
    opened = dispute(client, client.improvement(facts=WISH))
    assert not precedents(client.contract, "S6")
    answer(client, opened)
    assert not precedents(client.contract, "S6")
    agree(client, opened)

    assert list(precedents(client.contract, "S6")) == [opened]


def test_they_are_counted_by_the_clause_that_was_ruled(client):
    settled(client), settled(client), settled(client, clause_id="S2")

    assert precedent_counts(client.contract) == {"S2": 1, "S6": 2}
    assert precedents(client.contract, "S6").count() == 2
    assert precedents(client.contract).count() == 3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RELEASE", True),
        ("worked before", True),
        ("100%", True),
        ("migration", False),
        ("1_0%", False),
    ],
)
def test_words_are_found_as_they_stand(client, text, found):
    settled(client)

    assert precedents(client.contract, text=text).exists() is found


def test_another_client_has_its_own(client):
    mine = settled(client)
    with two_clients(client) as globex:
        theirs = settled(globex)

        assert list(precedents(client.contract)) == [mine]
        assert list(precedents(globex.contract, text="release")) == [theirs]
