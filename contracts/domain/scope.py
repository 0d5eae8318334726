"""
Scope: which activity a piece of work is, which clause it falls under, and what is still to ask.

A clause answers yes, no or unknown. The first yes decides, unless an unknown clause before it could
still lead to another outcome: then nothing is guessed and the next question is named.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from contracts.domain.term_types import write_minutes
from contracts.domain.terms import Activity, Clause, Effort, Outcome, Terms, When
from contracts.domain.verdict import (
    Answer,
    Because,
    Classified,
    Decision,
    Facts,
    Parameter,
    PathStep,
    Question,
    QuotaUse,
    Usage,
)

__all__ = [
    "Answer",
    "Because",
    "Classified",
    "Decision",
    "Facts",
    "PathStep",
    "Question",
    "QuotaUse",
    "Usage",
    "classify",
    "decide",
]

NO_USAGE = Usage()
_MEASURED = frozenset({"in_hours"})
_ALWAYS = Because("always_applies")


class _Reply(NamedTuple):
    """A clause's answer, the reason, the fact it misses, and whether it rests on a mere claim."""

    answer: Answer
    because: Because
    missing: str | None = None
    claimed: bool = False


def classify(terms: Terms, facts: Facts, skip: int = 0) -> Classified:
    """
    Return the activity that the answers name, or the question to ask next.

    An activity among the facts stands without questions. `skip` leaves out the first questions: the
    second stage of a restored incident is classified with `skip=1`.
    """
    if facts.activity is not None:
        because = Because("activity_given", {"activity": facts.activity})
        step = PathStep("question", "activity", Answer.YES, because)
        return Classified(Activity(facts.activity), None, (step,))
    if not terms.scope.classify:
        return Classified(None, Question("activity"), ())
    return _ask(terms, facts, skip)


def _ask(terms: Terms, facts: Facts, skip: int) -> Classified:
    path: list[PathStep] = []
    for index, question in enumerate(terms.scope.classify[skip:], start=skip):
        answer = facts.answers.get(index)
        path.append(_answered(index, answer, question.then))
        if answer is None:
            return Classified(None, Question("answers", index), tuple(path))
        if answer:
            return Classified(question.then, None, tuple(path))
    return Classified(None, None, tuple(path))


def _answered(index: int, answer: bool | None, activity: Activity) -> PathStep:
    if answer is None:
        return PathStep("question", str(index), Answer.UNKNOWN, Because("not_answered"))
    if answer:
        because = Because("answer_names", {"activity": activity.value})
        return PathStep("question", str(index), Answer.YES, because)
    return PathStep("question", str(index), Answer.NO, Because("answered_no"))


def decide(terms: Terms, facts: Facts, usage: Usage = NO_USAGE, skip: int = 0) -> Decision:
    """
    Return the verdict on work with these facts: its outcome and clause, or the question to ask.

    `usage` is the contract's month without this work; an empty pool does not change the outcome.
    `skip` is that of `classify`. A decision without activity is pending, or undecided when every
    question was answered no and no clause takes work of any activity.
    """
    classified = classify(terms, facts, skip)
    if classified.question is not None:
        return Decision(
            Outcome.UNDECIDED,
            pending=True,
            question=classified.question,
            provisional=_claims_activity(facts, classified.path),
            path=classified.path,
        )
    settled = replace(facts, activity=classified.activity)
    if _claims_activity(facts, classified.path):
        settled = replace(settled, confirmed=facts.confirmed - {"activity"})
    else:
        settled = replace(settled, confirmed=facts.confirmed | {"activity"})
    return _first_clause(terms, settled, usage, classified)


def _claims_activity(facts: Facts, path: tuple[PathStep, ...]) -> bool:
    if "activity" in facts.confirmed:
        return False
    asked = (step for step in path if step.answer is not Answer.UNKNOWN)
    return facts.activity is not None or any(
        f"answers.{step.ref}" not in facts.confirmed for step in asked
    )


def _first_clause(terms: Terms, facts: Facts, usage: Usage, classified: Classified) -> Decision:
    steps = list(classified.path)
    unknown: list[tuple[Clause, _Reply]] = []
    claimed = False
    for clause in terms.scope.clauses:
        reply = _reply(clause, facts, usage)
        steps.append(PathStep("clause", clause.id, reply.answer, reply.because))
        claimed = claimed or reply.claimed
        if reply.answer is Answer.UNKNOWN:
            unknown.append((clause, reply))
        if reply.answer is Answer.YES:
            rivals = [entry for entry in unknown if entry[0].then != clause.then]
            return _verdict(clause, rivals, classified, claimed, tuple(steps))
    return _verdict(None, unknown, classified, claimed, tuple(steps))


def _verdict(
    clause: Clause | None,
    rivals: list[tuple[Clause, _Reply]],
    classified: Classified,
    claimed: bool,
    path: tuple[PathStep, ...],
) -> Decision:
    activity = classified.activity
    if rivals:
        rival, reply = rivals[0]
        question = Question(reply.missing or "activity", clause_id=rival.id)
        return Decision(
            Outcome.UNDECIDED,
            activity=activity,
            pending=True,
            question=question,
            provisional=claimed,
            path=path,
        )
    if clause is None:
        return Decision(Outcome.UNDECIDED, activity=activity, provisional=claimed, path=path)
    then = clause.then
    return Decision(
        then.outcome,
        clause.id,
        activity,
        pool=then.pool,
        cap=then.cap,
        provisional=claimed,
        path=path,
    )


def _reply(clause: Clause, facts: Facts, usage: Usage) -> _Reply:
    missing, no = None, None
    matched: dict[str, Parameter] = {}
    for fact, value, holds, wanted in _conditions(clause.when, facts):
        if value is None and fact != "activity":
            missing = missing or fact
        elif holds:
            matched[fact] = value
        elif no is None or (no.claimed and _sure(fact, facts)):
            because = Because("differs", {"fact": fact, "value": value, "wanted": wanted})
            no = _Reply(Answer.NO, because, claimed=not _sure(fact, facts))
    if no is not None:
        return no
    if (used_up := _quota_used_up(clause, facts, usage)) is not None:
        return _Reply(Answer.NO, used_up)
    if missing is not None:
        return _Reply(Answer.UNKNOWN, Because("missing", {"fact": missing}), missing=missing)
    claimed = any(not _sure(fact, facts) for fact in matched)
    return _Reply(Answer.YES, Because("applies", matched) if matched else _ALWAYS, claimed=claimed)


def _sure(fact: str, facts: Facts) -> bool:
    return fact in facts.confirmed or fact in _MEASURED


def _conditions(
    when: When, facts: Facts
) -> Iterator[tuple[str, str | int | bool | None, bool, Parameter]]:
    """Yield each named condition as fact, its value, whether it holds, and what was wanted."""
    for name, wanted in when.named:
        value = getattr(facts, name)
        yield name, value, value == wanted if isinstance(wanted, bool) else value in wanted, wanted
    if when.effort is not None:
        minutes = facts.effort_minutes
        holds = minutes is not None and when.effort.holds(minutes)
        yield "effort_minutes", minutes, holds, _bounds(when.effort)


def _bounds(effort: Effort) -> tuple[str, ...]:
    bounds = (("above", effort.above), ("at_most", effort.at_most))
    return tuple(f"{name} {write_minutes(bound)}" for name, bound in bounds if bound is not None)


def _quota_used_up(clause: Clause, facts: Facts, usage: Usage) -> Because | None:
    """Return why the month's quota has no room for this work, or None while it has."""
    quota, used = clause.quota, usage.quotas.get(clause.id, QuotaUse())
    if quota is None:
        return None
    if quota.count is not None and used.count >= quota.count:
        return Because("quota_used", {"used": used.count, "of": quota.count})
    if quota.effort is not None:
        wanted = max(facts.effort_minutes or 0, 1)
        if used.minutes + wanted > quota.effort:
            return Because("quota_minutes_used", {"used": used.minutes, "of": quota.effort})
    return None
