"""
What intake asks: one question after the other, and no more than the verdict still needs.

A question is asked when `decide` names it. An answer that no question asked for is left aside, so a
changed answer takes back what followed from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

from contracts.domain.scope import decide
from contracts.domain.terms import Terms
from contracts.domain.verdict import Decision, Facts, Question, Usage

Told: TypeAlias = Mapping[str, str | int | bool]  # by the key of the question

NO_USAGE = Usage()


class Interview(NamedTuple):
    """The questions that were answered, in their order, the facts then, and the verdict on them."""

    asked: tuple[Question, ...]
    facts: Facts
    decision: Decision


def interview(terms: Terms, known: Facts, told: Told, usage: Usage = NO_USAGE) -> Interview:
    """Return how far the answers lead; where one is missing the decision names its question."""
    asked: list[Question] = []
    decision = decide(terms, known, usage)
    while (question := decision.question) is not None and question.key in told:
        asked.append(question)
        known = answered(known, question, told[question.key])
        decision = decide(terms, known, usage)
    return Interview(tuple(asked), known, decision)


def with_answers(facts: Facts, asked: Iterable[Question], told: Told) -> Facts:
    """Return the facts with the answers to the questions that were asked."""
    for question in asked:
        facts = answered(facts, question, told[question.key])
    return facts


def answered(facts: Facts, question: Question, value: str | int | bool) -> Facts:
    if question.index is not None:
        return replace(facts, answers={**facts.answers, question.index: bool(value)})
    changes: dict[str, Any] = {question.fact: value}
    return replace(facts, **changes)
