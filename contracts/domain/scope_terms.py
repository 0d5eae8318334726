"""The scope part of the terms: questions, clauses, and what follows from them."""

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, model_serializer, model_validator
from pydantic_core import CoreSchema

from contracts.domain.durations import Length
from contracts.domain.term_types import (
    Amount,
    ClauseId,
    Count,
    Flag,
    Key,
    Minutes,
    Part,
    Some,
    Span,
    Texts,
    write_minutes,
)
from contracts.domain.vocabulary import Activity, Cause, Outcome, Priority

_THEN = "write included, estimate, not_provided, {pool: key} or {preapproved: {cap: amount}}"
_PLAIN = (Outcome.INCLUDED, Outcome.ESTIMATE, Outcome.NOT_PROVIDED)


class ClassifyQuestion(Part):
    """A question of the intake; its first yes names the activity."""

    ask: Texts
    then: Activity


class Effort(Part):
    """Bounds of the expected effort in minutes: `above` is left out, `at_most` is in."""

    at_most: Minutes | None = None
    above: Minutes | None = None

    @model_validator(mode="after")
    def _bounded(self) -> "Effort":
        if self.at_most is None and self.above is None:
            raise ValueError("has no bound: write at_most, above or both")
        if self.at_most is not None and self.above is not None and self.above >= self.at_most:
            raise ValueError(f"no effort is above {write_minutes(self.above)} and at most less")
        return self

    def holds(self, minutes: int) -> bool:
        """Return whether `minutes` lies in (above, at_most]."""
        return (self.at_most is None or minutes <= self.at_most) and (
            self.above is None or minutes > self.above
        )


class When(Part):
    """Conditions of a clause: all that are named must hold; none named always holds."""

    activity: Some[Activity] | None = None
    system: Some[Key] | None = None
    environment: Some[Key] | None = None
    priority: Some[Priority] | None = None
    cause: Some[Cause] | None = None
    in_hours: Flag | None = None
    warranty: Flag | None = None
    effort: Effort | None = None

    @cached_property
    def named(self) -> tuple[tuple[str, tuple[str, ...] | bool], ...]:
        """Return the conditions on facts that are named, in their order; effort is not one."""
        names = [name for name in type(self).model_fields if name != "effort"]
        return tuple(
            (name, getattr(self, name)) for name in names if getattr(self, name) is not None
        )


class Quota(Part):
    """How often, and for how many minutes, a clause may be used in one calendar month."""

    per: Literal["month"] = "month"
    count: Count | None = None
    effort: Minutes | None = None

    @model_validator(mode="after")
    def _bounded(self) -> "Quota":
        if self.count is None and self.effort is None:
            raise ValueError("has no bound: write count, effort or both")
        return self


class Then(Part):
    """The outcome of a clause, with its pool key, or its cap in minor units for each ticket."""

    outcome: Outcome
    pool: Key | None = None
    cap: Amount | None = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, Then):
            return value
        if isinstance(value, str) and value in _PLAIN:
            return {"outcome": value}
        if isinstance(value, dict) and set(value) == {"pool"}:
            return {"outcome": Outcome.POOL, "pool": value["pool"]}
        if isinstance(value, dict) and set(value) == {"preapproved"}:
            inner = value["preapproved"]
            if isinstance(inner, dict) and set(inner) == {"cap"}:
                return {"outcome": Outcome.PREAPPROVED, "cap": inner["cap"]}
        raise ValueError(f"is not an outcome: {_THEN}")

    @model_validator(mode="after")
    def _complete(self) -> "Then":
        if self.outcome is Outcome.POOL and self.pool is None:
            raise ValueError("names no pool: write {pool: key}")
        if self.outcome is Outcome.PREAPPROVED and self.cap is None:
            raise ValueError("has no cap: write {preapproved: {cap: amount}}")
        return self

    @model_serializer
    def _write(self) -> Any:
        if self.outcome is Outcome.POOL:
            return {"pool": self.pool}
        if self.outcome is Outcome.PREAPPROVED:
            return {"preapproved": {"cap": self.cap}}
        return self.outcome.value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        cap = {"type": "object", "properties": {"cap": {"type": "integer"}}, "required": ["cap"]}
        return {
            "oneOf": [
                {"type": "string", "enum": [outcome.value for outcome in _PLAIN]},
                {
                    "type": "object",
                    "properties": {"pool": {"type": "string"}},
                    "required": ["pool"],
                    "additionalProperties": False,
                },
                {
                    "type": "object",
                    "properties": {"preapproved": {**cap, "additionalProperties": False}},
                    "required": ["preapproved"],
                    "additionalProperties": False,
                },
            ]
        }


class Clause(Part):
    """One line of the scope; the first whose conditions hold decides."""

    id: ClauseId
    text: Texts
    when: When = When()
    quota: Quota | None = None
    then: Then


class Warranty(Part):
    """How long after a release its defects are the vendor's."""

    length: Annotated[Span, Field(alias="for")]


class Emergency(Part):
    """Work outside the scope that is done at once: `cap` minutes for each ticket."""

    priorities: Some[Priority]
    cap: Minutes
    estimate_within: Span


class ScopeTerms(Part):
    classify: Annotated[tuple[ClassifyQuestion, ...], Field(max_length=30)] = ()
    clauses: Annotated[tuple[Clause, ...], Field(min_length=1, max_length=200)]
    warranty: Warranty | None = None
    emergency: Emergency | None = None
    dispute_within: Span = Length(business_days=10)
