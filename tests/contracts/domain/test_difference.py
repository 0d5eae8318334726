"""The difference of two versions: by names, complete, and readable."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.difference_words import sentence
from contracts.domain.difference import Change, _moved, difference
from contracts.domain.terms import parse
from tests.contracts.domain.sample import document

OLD = parse(document())


def changes(**changed) -> list[Change]:
    return list(difference(OLD, parse(document(**changed))))


def test_equal_terms_differ_in_nothing():
    assert changes() == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"scope__clauses__1__quota__count": 8}, "changed: clause S2, quota.count: 5 -> 8"),
        ({"scope__clauses__1__quota": None}, "changed: clause S2, quota: per: month, count: 5 is gone"),
        ({"scope__clauses__0__then": "estimate"}, "changed: clause S1, then: included -> estimate"),
        ({"scope__clauses__0__when__environment": ["production", "staging"]},
         "changed: clause S1, when.environment: production -> production, staging"),
        ({"time__targets__0__within": "3h"}, "changed: target restore P1, within: 4h -> 3h"),
        ({"time__targets__3": None}, "removed: target handoff: within: 2h, default_owner: bridge_se"),
        ({"cost__monthly_fee": 900_000}, "changed: cost.monthly_fee: 800,000 -> 900,000"),
        ({"cost__budget": None}, "changed: cost.budget: 12,000,000 is gone"),
        ({"cost__rates__L3": 8500}, "changed: cost.rates.L3: 8000 -> 8500"),
        ({"cost__rates__PMO": 9000}, "changed: cost.rates.PMO: 9000 is new"),
        ({"cost__pools__0__per_month": "30h"}, "changed: hour pool support, per_month: 20h -> 30h"),
        ({"systems__0__revenue_critical": False}, "changed: system ec-site, revenue_critical: yes -> no"),
        ({"hours__office__holidays": "VN"}, "changed: hours office, holidays: JP -> VN"),
        ({"responsibilities__0__tier": "L2"}, "changed: responsibility for service_desk, tier: L1 -> L2"),
        ({"scope__classify__3__ask": {"en": "Better?"}},
         "changed: question to perfective, ask.en: An improvement? -> Better?"),
        ({"time__credits__1": None}, "removed: credit restore below 80%: minimum_count: 5, credit: 10%"),
    ],
)  # fmt: skip
def test_a_change_is_one_line_with_before_and_after(changed, said):
    assert [sentence(change) for change in changes(**changed)] == [said]


def test_a_clause_that_moved_is_told_once():
    clauses = deepcopy(document()["scope"]["clauses"])
    clauses.append(clauses.pop(1))

    assert [sentence(change) for change in changes(scope__clauses=clauses)] == [
        "moved: clause S2, from place 2 to 6"
    ]


def test_a_new_clause_is_told_with_its_place_text_and_conditions():
    clauses = deepcopy(document()["scope"]["clauses"])
    clauses.insert(
        1, {"id": "S7", "text": {"en": "New", "ja": "新"}, "when": {"priority": ["P4"]}, "then": "estimate"}
    )  # fmt: skip

    (change,) = changes(scope__clauses=clauses)

    assert change.code == "clause_added"
    assert sentence(change, "ja") == (
        "added: clause S7, at place 2: '新' (when: {priority: P4}, then: estimate)"
    )


def test_both_directions_tell_the_same_story():
    new = parse(document(scope__clauses__1__quota__count=8, cost__budget=None))

    there, back = difference(OLD, new), difference(new, OLD)

    assert [(c.before, c.after) for c in there] == [(c.after, c.before) for c in back]


@given(st.permutations(range(6)))
def test_only_as_many_move_as_must(order):
    moved = set(_moved(order))
    stayed = [place for position, place in enumerate(order) if position not in moved]

    assert stayed == sorted(stayed)
    clauses = document()["scope"]["clauses"]
    found = changes(scope__clauses=[clauses[place] for place in order])
    assert len(found) == len(moved)
