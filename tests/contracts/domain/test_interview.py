"""What intake asks: as long as the verdict needs it, and nothing that another answer made idle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.domain.interview import interview, with_answers
from contracts.domain.scope import Facts, QuotaUse, Usage, decide
from contracts.domain.terms import Cause, Priority
from tests.contracts.domain.test_scope import demo

HOSHINO = demo("hoshino")
WORK = Facts(system="ec-site", environment="production", priority="P2", in_hours=True)
DOWN_TO_IMPROVEMENT = {f"answers.{n}": False for n in range(7)} | {"answers.7": True}


def asked(told, known=WORK, **usage) -> list[str]:
    return [question.key for question in interview(HOSHINO, known, told, **usage).asked]


def test_stops_at_the_first_question_without_an_answer():
    reply = interview(HOSHINO, WORK, {"answers.0": False, "answers.2": True})

    assert [question.key for question in reply.asked] == ["answers.0"]
    assert reply.decision.question.key == "answers.1"
    assert reply.facts.answers == {0: False}  # nobody asked for the third


def test_asks_for_the_effort_only_where_a_clause_looks_at_it():
    told = {**DOWN_TO_IMPROVEMENT, "effort_minutes": 60, "cause": "third_party"}

    assert asked(told)[-1] == "effort_minutes"
    assert "effort_minutes" not in asked({"answers.0": True, "effort_minutes": 60})


def test_asks_no_effort_of_a_quota_that_is_used_up():
    full = Usage(quotas={"H11": QuotaUse(count=5)})
    reply = interview(HOSHINO, WORK, DOWN_TO_IMPROVEMENT, full)

    assert (reply.decision.clause_id, reply.decision.question) == ("H12", None)


TOLD = st.fixed_dictionaries(
    {},
    optional={
        **{f"answers.{n}": st.booleans() for n in range(8)},
        "effort_minutes": st.integers(0, 600),
        "warranty": st.booleans(),
        "cause": st.sampled_from([cause.value for cause in Cause]),
    },
)
PLACES = st.builds(
    Facts,
    system=st.sampled_from(["ec-site", "back-office"]),
    environment=st.sampled_from(["production", "staging"]),
    priority=st.sampled_from([priority.value for priority in Priority]),
    in_hours=st.booleans(),
)


@pytest.mark.parametrize("name", ["hoshino", "lotus", "minato"])
@given(told=TOLD, known=PLACES)
def test_every_question_was_needed_and_what_was_not_asked_changes_nothing(name, told, known):
    terms = demo(name)
    reply = interview(terms, known, told)

    assert reply.facts == with_answers(known, reply.asked, told)
    assert decide(terms, reply.facts) == reply.decision
    for index, question in enumerate(reply.asked):  # each was the open one when it was asked
        before = with_answers(known, reply.asked[:index], told)
        assert decide(terms, before).question == question
    keys = {question.key for question in reply.asked}
    assert interview(terms, known, {key: told[key] for key in keys}) == reply
