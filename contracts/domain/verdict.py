"""What goes into a verdict and what comes out: plain values that can be stored and shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from contracts.domain.terms import Activity, Outcome, Terms

Parameter: TypeAlias = str | int | bool | tuple[str, ...] | None


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What is known of a piece of work; None is not known.

    `answers` are keyed by the index of the classify question. `confirmed` names the facts that a
    vendor person confirmed (`activity`, `cause`, `answers.0`); `in_hours` is measured, not claimed.
    """

    answers: Mapping[int, bool] = field(default_factory=dict)
    activity: str | None = None
    system: str | None = None
    environment: str | None = None
    priority: str | None = None
    cause: str | None = None
    in_hours: bool | None = None
    effort_minutes: int | None = None
    warranty: bool | None = None
    confirmed: frozenset[str] = frozenset()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able form without what is not known."""
        plain = {name.name: getattr(self, name.name) for name in fields(self)[1:-1]}
        document = {name: value for name, value in plain.items() if value is not None}
        if self.answers:
            document["answers"] = {str(key): self.answers[key] for key in sorted(self.answers)}
        if self.confirmed:
            document["confirmed"] = sorted(self.confirmed)
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Facts":
        answers = {int(key): value for key, value in document.get("answers", {}).items()}
        confirmed = frozenset(document.get("confirmed", ()))
        return cls(**{**document, "answers": answers, "confirmed": confirmed})


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """What of a clause's quota was used in the month, without the work being decided."""

    count: int = 0
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """The month so far: quota use by clause id, minutes left by pool key."""

    quotas: Mapping[str, QuotaUse] = field(default_factory=dict)
    pools: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Because:
    """A reason as code and parameters, so that any language can say it."""

    code: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        parameters = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self.parameters.items()
        }
        return {"code": self.code, "parameters": parameters}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Because":
        parameters = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in document["parameters"].items()
        }
        return cls(document["code"], parameters)


@dataclass(frozen=True, slots=True)
class PathStep:
    """One question or clause on the way to the verdict; `ref` is the index or the clause id."""

    kind: Literal["question", "clause"]
    ref: str
    answer: Answer
    because: Because

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "ref": self.ref,
            "answer": self.answer.value,
            "because": self.because.to_dict(),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "PathStep":
        because = Because.from_dict(document["because"])
        return cls(document["kind"], document["ref"], Answer(document["answer"]), because)


@dataclass(frozen=True, slots=True)
class Question:
    """The next thing to ask: a classify question by its index, or a fact that a clause misses."""

    fact: str
    index: int | None = None
    clause_id: str | None = None

    @property
    def key(self) -> str:
        """Return the name under which the answer is confirmed, such as `answers.2` or `cause`."""
        return self.fact if self.index is None else f"{self.fact}.{self.index}"

    def texts(self, terms: Terms) -> Mapping[str, str]:
        """Return the words of a classify question; a fact has its words in the portal."""
        return {} if self.index is None else terms.scope.classify[self.index].ask

    def to_dict(self) -> dict[str, Any]:
        return {"fact": self.fact, "index": self.index, "clause_id": self.clause_id}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Question":
        return cls(document["fact"], document["index"], document["clause_id"])


@dataclass(frozen=True, slots=True)
class Classified:
    """The activity, or the question that would tell; neither when every answer was no."""

    activity: Activity | None
    question: Question | None
    path: tuple[PathStep, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """
    The verdict on a piece of work.

    A `pending` one has outcome undecided and a `question`. `cap` is in minor units, for the ticket.
    `provisional` says that it rests on a claim nobody confirmed. `contracts` names those between
    which nobody decided yet; there is no clause then.
    """

    outcome: Outcome
    clause_id: str | None = None
    activity: Activity | None = None
    pool: str | None = None
    cap: int | None = None
    pending: bool = False
    question: Question | None = None
    provisional: bool = False
    path: tuple[PathStep, ...] = ()
    contracts: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        between = {"contracts": list(self.contracts)} if self.contracts else {}
        return between | {
            "outcome": self.outcome.value,
            "clause_id": self.clause_id,
            "activity": self.activity and self.activity.value,
            "pool": self.pool,
            "cap": self.cap,
            "pending": self.pending,
            "question": self.question and self.question.to_dict(),
            "provisional": self.provisional,
            "path": [step.to_dict() for step in self.path],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Decision":
        question, activity = document["question"], document["activity"]
        read = {
            "outcome": Outcome(document["outcome"]),
            "activity": activity and Activity(activity),
            "question": question and Question.from_dict(question),
            "path": tuple(PathStep.from_dict(step) for step in document["path"]),
            "contracts": tuple(document.get("contracts", ())),
        }
        return cls(**{**document, **read})
