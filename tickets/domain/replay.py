"""
Replay: past tickets held against other terms, as if those had been in force when they came.

Nothing is asked again: the facts are those that were recorded. A person's ruling stays what it was.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from contracts.domain.scope import Decision, Facts, QuotaUse, Usage, decide
from contracts.domain.service_hours import ServiceHours
from contracts.domain.terms import Outcome, Terms

PENDING = "pending"
_ANSWER = "answers."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided on a stage; two that ask different questions are equally pending."""

    outcome: Outcome
    clause: str = ""
    pool: str = ""
    cap: int | None = None
    pending: bool = False
    question: str = field(default="", compare=False)

    @classmethod
    def of(cls, decision: Decision) -> "Verdict":
        return cls(
            decision.outcome,
            decision.clause_id or "",
            decision.pool or "",
            decision.cap,
            decision.pending,
            decision.question.key if decision.question else "",
        )

    @property
    def name(self) -> str:
        """Return the outcome under which it is counted; pending and undecided are apart."""
        return PENDING if self.pending else self.outcome.value

    def to_dict(self) -> dict[str, Any]:
        return {
            "outcome": self.name,
            "clause": self.clause,
            "pool": self.pool,
            "cap": self.cap,
            "question": self.question,
        }


@dataclass(frozen=True, slots=True)
class PastStage:
    """
    A stage with the facts last known and the verdict that stands; `key` is unique.

    `follows_operation` says that it was classified from the second question. `overrules` is outcome
    and clause of the rule's answer where a person decided; then `takes_quota` says whether that
    counts as the clause's use.
    """

    key: int
    sequence: int
    facts: Facts
    before: Verdict
    follows_operation: bool = False
    overrules: tuple[str, str] | None = None
    takes_quota: bool = True


@dataclass(frozen=True, slots=True)
class PastTicket:
    """
    A ticket with its stages in their order; a cancelled one takes no quota.

    `moves` is that of `moves_between`.
    """

    key: str
    received_at: datetime
    stages: tuple[PastStage, ...]
    moves: Mapping[int, int] | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Replayed:
    """One stage before and after; `by_rule` is what the terms say where a person had ruled."""

    ticket: str
    stage: PastStage
    activity: str
    by_rule: Verdict

    @property
    def before(self) -> Verdict:
        return self.stage.before

    @property
    def after(self) -> Verdict:
        return self.by_rule if self.stage.overrules is None else self.stage.before

    @property
    def changed(self) -> bool:
        return self.after != self.before

    @property
    def asks_ruling_again(self) -> bool:
        """Return whether a person overruled another answer than the new terms give."""
        overruled, by_rule = self.stage.overrules, self.by_rule
        return overruled is not None and overruled != (by_rule.outcome.value, by_rule.clause)

    @property
    def is_new_gap(self) -> bool:
        """Return whether the new terms leave open what was decided."""
        undecided = self.after.outcome is Outcome.UNDECIDED and not self.after.pending
        return undecided and self.before.outcome is not Outcome.UNDECIDED

    def to_dict(self) -> dict[str, Any]:
        return {
            "ticket": self.ticket,
            "stage": self.stage.sequence,
            "before": self.before.to_dict(),
            "after": self.by_rule.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class NewGap:
    """Tickets that were decided and no longer are, by what they have in common."""

    activity: str
    system: str
    environment: str
    priority: str
    tickets: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "activity": self.activity,
            "system": self.system,
            "environment": self.environment,
            "priority": self.priority,
            "tickets": list(self.tickets),
        }


def replay(terms: Terms, hours: ServiceHours, tickets: Iterable[PastTicket]) -> Iterator[Replayed]:
    """
    Yield each stage of `tickets`, decided by `terms`.

    Quotas are counted in the order of receipt in each calendar month of the terms' zone; a ticket
    counts once a clause, and never against itself. In or out of hours is measured again on `hours`.

    :raises ValueError: if the tickets are not in the order of their receipt.
    """
    zone, quotas = ZoneInfo(terms.timezone), _Quotas(terms)
    last: datetime | None = None
    for ticket in tickets:
        if last is not None and ticket.received_at < last:
            raise ValueError(f"{ticket.key} was received before the ticket ahead of it")
        last = ticket.received_at
        local = last.astimezone(zone)
        month = local.year, local.month
        done = list(_decided(ticket, terms, hours, quotas.usage(month)))
        if not ticket.cancelled:
            quotas.count(month, done)
        yield from done


def _decided(
    ticket: PastTicket, terms: Terms, hours: ServiceHours, usage: Usage
) -> Iterator[Replayed]:
    for stage in ticket.stages:
        facts = moved(stage.facts, ticket.moves)
        if facts.in_hours is not None:
            facts = replace(facts, in_hours=hours.is_open(ticket.received_at))
        decision = decide(terms, facts, usage, 1 if stage.follows_operation else 0)
        activity = decision.activity or facts.activity or ""
        yield Replayed(ticket.key, stage, str(activity), Verdict.of(decision))


class _Quotas:
    """What was used of each clause's quota, month by month."""

    def __init__(self, terms: Terms) -> None:
        self.limited = {clause.id for clause in terms.scope.clauses if clause.quota}
        self.used: defaultdict[tuple[int, int], dict[str, QuotaUse]] = defaultdict(dict)

    def usage(self, month: tuple[int, int]) -> Usage:
        return Usage(quotas=self.used[month])

    def count(self, month: tuple[int, int], stages: Iterable[Replayed]) -> None:
        """Count a ticket once a clause, with the effort of its last stage there."""
        last = {
            done.after.clause: done.stage.facts.effort_minutes or 0
            for done in stages
            if done.after.clause in self.limited and done.stage.takes_quota
        }
        used = self.used[month]
        for clause, minutes in last.items():
            so_far = used.get(clause, QuotaUse())
            used[clause] = QuotaUse(so_far.count + 1, so_far.minutes + minutes)


# --- answers given to the questions of other terms ---


def moves_between(old: Terms, new: Terms) -> dict[int, int] | None:
    """
    Return where each question of `old` stands in `new`, or None where all stand as they did.

    A question is the same when its words are, in one language at least.
    """
    asked = [question.ask.items() for question in new.scope.classify]
    moves: dict[int, int] = {}
    for index, question in enumerate(old.scope.classify):
        mine = question.ask.items()
        same = (place for place, theirs in enumerate(asked) if mine & theirs)
        if (place := next(same, None)) is not None:
            moves[index] = place
    unmoved = all(moves.get(index) == index for index in range(len(old.scope.classify)))
    return None if unmoved else moves


def moved(facts: Facts, moves: Mapping[int, int] | None) -> Facts:
    """Return the facts with each answer at its question; one that is no longer asked is dropped."""
    if moves is None or not facts.answers:
        return facts
    answers = {moves[old]: value for old, value in facts.answers.items() if old in moves}
    names = {f"{_ANSWER}{old}": f"{_ANSWER}{new}" for old, new in moves.items()}
    kept = {name for name in facts.confirmed if not name.startswith(_ANSWER)}
    confirmed = kept | {names[name] for name in facts.confirmed if name in names}
    return replace(facts, answers=answers, confirmed=frozenset(confirmed))


# --- what is told of it ---


def transitions(stages: Iterable[Replayed]) -> list[dict[str, Any]]:
    """Return how many changed from which outcome to which, the most frequent first."""
    pairs = Counter((done.before.name, done.after.name) for done in stages if done.changed)
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return [
        {"before": before, "after": after, "stages": count} for (before, after), count in ordered
    ]


def new_gaps(stages: Iterable[Replayed]) -> list[NewGap]:
    """Return what nothing decides any more, the most frequent first."""
    found: defaultdict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for done in stages:
        if done.is_new_gap:
            facts = done.stage.facts
            place = (facts.system or "", facts.environment or "", facts.priority or "")
            found[done.activity, *place].append(done.ticket)
    gaps = [NewGap(*key, tuple(dict.fromkeys(tickets))) for key, tickets in found.items()]
    return sorted(gaps, key=lambda gap: (-len(gap.tickets), gap.activity, gap.system, gap.priority))
