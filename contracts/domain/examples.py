"""
Contract test cases: a request as it might come, and the outcome that was agreed for it.

They stand in the YAML beside the terms under `examples`, are kept with the version, and are asked
again before it is put in force.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

from contracts.domain.scope import decide
from contracts.domain.scope_terms import Then
from contracts.domain.term_errors import TermsInvalid, from_validation, not_one_of
from contracts.domain.term_types import ClauseId, Flag, Key, Minutes, Part, Phrase
from contracts.domain.terms import Activity, Cause, Outcome, Priority, Terms
from contracts.domain.verdict import Decision, Facts, QuotaUse, Usage

KEY = "examples"
PENDING = "pending"
_OPEN = (Outcome.UNDECIDED.value, PENDING)
_FIX = "write an outcome as a clause does, undecided or pending"
_SPENT = QuotaUse(count=10**9, minutes=10**9)


def _read_expect(value: Any) -> Then | str:
    if value in _OPEN or isinstance(value, Then):
        return value  # type: ignore[no-any-return]
    try:
        return Then.model_validate(value)
    except ValidationError:
        raise ValueError(f"is not what a verdict can be: {_FIX}") from None


def _write_expect(value: Then | str) -> Any:
    return value if isinstance(value, str) else value.model_dump()


Expect = Annotated[
    Then | str,
    PlainValidator(_read_expect),
    PlainSerializer(_write_expect),
    WithJsonSchema({"type": ["string", "object"]}),
]


class Given(Part):
    """What is known of the request. `answers` are those of the questions, in their order."""

    answers: Annotated[tuple[Flag, ...], Field(max_length=30)] = ()
    activity: Activity | None = None
    system: Key | None = None
    environment: Key | None = None
    priority: Priority | None = None
    cause: Cause | None = None
    in_hours: Flag | None = None
    warranty: Flag | None = None
    effort: Minutes | None = None
    used_up: Annotated[tuple[ClauseId, ...], Field(max_length=200)] = ()

    def facts(self) -> Facts:
        return Facts(
            answers=dict(enumerate(self.answers)),
            activity=self.activity,
            system=self.system,
            environment=self.environment,
            priority=self.priority,
            cause=self.cause,
            in_hours=self.in_hours,
            warranty=self.warranty,
            effort_minutes=self.effort,
        )

    def usage(self) -> Usage:
        """Return the month in which the quotas of `used_up` have no room left."""
        return Usage(dict.fromkeys(self.used_up, _SPENT))


class Example(Part):
    """`expect` is an outcome as clauses write it, or `undecided`, or `pending` with what it asks."""

    title: Phrase
    given: Given
    expect: Expect
    clause: ClauseId | None = None
    asks: Annotated[str, Field(pattern=r"^[a-z_]+(\.\d+)?$", max_length=40)] | None = None

    @property
    def expected(self) -> "Verdict":
        if isinstance(self.expect, Then):
            then = self.expect
            return Verdict(then.outcome, self.clause, then.pool, then.cap)
        return Verdict(self.expect, self.clause, asks=self.asks)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an example says of a verdict; a clause or question that is None was not said."""

    outcome: str
    clause: str | None = None
    pool: str | None = None
    cap: int | None = None
    asks: str | None = None

    @classmethod
    def of(cls, decision: Decision) -> "Verdict":
        question = decision.question.key if decision.question else None
        outcome = PENDING if decision.pending else decision.outcome.value
        return cls(outcome, decision.clause_id, decision.pool, decision.cap, question)

    def is_met_by(self, other: "Verdict") -> bool:
        return (
            (self.outcome, self.pool, self.cap) == (other.outcome, other.pool, other.cap)
            and self.clause in (None, other.clause)
            and self.asks in (None, other.asks)
        )


@dataclass(frozen=True, slots=True)
class Differs:
    """An example whose verdict is another than was agreed."""

    index: int
    title: str
    expected: Verdict
    found: Verdict


_EXAMPLES = TypeAdapter(Annotated[tuple[Example, ...], Field(max_length=500)])


def split(document: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """Return the document without its examples, and the examples as they are written."""
    terms = {key: value for key, value in document.items() if key != KEY}
    written = document.get(KEY) or []
    return terms, written if isinstance(written, list) else [written]


def parse_examples(written: Sequence[Any], terms: Terms | None) -> tuple[Example, ...]:
    """
    Return the examples that a list (read from YAML or JSON) writes.

    Without `terms` (where they have errors themselves) names are taken as they are.

    :raises TermsInvalid: if anything is wrong; it lists all errors with their paths and fixes.
    """
    try:
        examples = _EXAMPLES.validate_python(list(written))
    except ValidationError as error:
        raise TermsInvalid(f"{KEY}{line}" for line in from_validation(error).errors) from None
    if terms is not None:
        found = ((i, error) for i, each in enumerate(examples) for error in _unknown(each, terms))
        if errors := [f"{KEY}[{i}].{error}" for i, error in found]:
            raise TermsInvalid(errors)
    return examples


def dump_examples(examples: Iterable[Example]) -> list[dict[str, Any]]:
    """Return the examples fit for JSON; `parse_examples` reads them back unchanged."""
    return [
        example.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        for example in examples
    ]


def differing(examples: Sequence[Example], terms: Terms) -> list[Differs]:
    """Return the examples that `terms` decide in another way than they expect."""
    found: list[Differs] = []
    for index, example in enumerate(examples):
        verdict = Verdict.of(decide(terms, example.given.facts(), example.given.usage()))
        if not example.expected.is_met_by(verdict):
            found.append(Differs(index, example.title, example.expected, verdict))
    return found


def _unknown(example: Example, terms: Terms) -> Iterable[str]:
    given, clauses = example.given, [clause.id for clause in terms.scope.clauses]
    known = terms.environments_of((given.system,) if given.system in terms.system_keys() else None)
    names = (
        ("given.system", given.system, "systems", terms.system_keys()),
        ("given.environment", given.environment, "environments", known),
        ("clause", example.clause, "clauses", clauses),
        *(("given.used_up", clause_id, "clauses", clauses) for clause_id in given.used_up),
    )
    for path, value, what, allowed in names:
        if value is not None and value not in allowed:
            yield f"{path}: {not_one_of(value, what, allowed)}"
    if len(given.answers) > len(terms.scope.classify):
        yield f"given.answers: answers {len(given.answers)} of {len(terms.scope.classify)} questions"
    if example.asks is not None and example.expect != PENDING:
        yield "asks: is only for an example that expects pending: remove it"
    if example.expect == Outcome.UNDECIDED and example.clause is not None:
        yield "clause: no clause decides what is undecided: remove it"
