"""The walk of one incident through the rows of a service desk's log, and its steps on the way."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from tickets.domain.log_moves import (
    BEFORE_CHANGES,
    MOVES,
    NO_STATE,
    PHASES,
    RUNNING_WAITS,
    SETTLED,
    STAYS,
    Move,
    Phase,
    StepKind,
)
from tickets.domain.log_rows import Row

_UNKNOWN_ASSIGNEE = {
    True: "unknown_assignee_keeps_the_last",
    False: "new_group_clears_the_assignee",
}


@dataclass(frozen=True, slots=True)
class Step:
    """
    One thing that happened to an incident, at a UTC instant never before the step in front of it.

    `group` and `assignee` hold it from this step on; None is unknown. `implied` is the code of the
    rule that added the step where its row shows only a later one. The values below that are what a
    step sets: `prioritise` the three grades, `link_problem` the two links.
    """

    kind: StepKind
    at: datetime
    by: str | None
    group: str | None
    assignee: str | None
    line: int
    implied: str = ""
    impact: int | None = None
    urgency: int | None = None
    priority: str | None = None
    problem_id: str | None = None
    rfc: str | None = None


class Grades(NamedTuple):
    impact: int | None
    urgency: int | None
    priority: str | None


_NO_GRADES = Grades(None, None, None)


@dataclass(slots=True)
class Tally:
    rules: Counter[str] = field(default_factory=Counter)
    transitions: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Walk:
    """One incident on its way through its rows: where it stands, who has it, its steps so far."""

    tally: Tally
    at: datetime
    grades: Grades
    phase: Phase = Phase.ABSENT
    state: str = ""
    group: str | None = None
    assignee: str | None = None
    problem_id: str | None = None
    rfc: str | None = None
    steps: list[Step] = field(default_factory=list)

    def take(self, row: Row, is_first: bool) -> None:
        """Add the steps of one row: reopen or resume, then what changed, then where it went."""
        self._clamp(row, is_first)
        before, move = self.phase, self._move(row)
        implied = dict.fromkeys(move.kinds[:-1], move.rule)
        self._add_all(row, [kind for kind in move.kinds if kind in BEFORE_CHANGES], implied)
        self._assign(row, is_settled={before, self.phase} <= SETTLED)
        self._prioritise(row)
        self._link(row)
        self._add_all(row, [kind for kind in move.kinds if kind not in BEFORE_CHANGES], implied)

    def _clamp(self, row: Row, is_first: bool) -> None:
        if row.at < self.at:
            self._count("before_opening_is_clamped" if is_first else "backward_time_is_clamped")
        self.at = max(self.at, row.at)

    def _move(self, row: Row) -> Move:
        if row.state == NO_STATE:
            self._count("state_minus_100_keeps_the_state")
            return STAYS
        if row.state != self.state:
            self._enter(row.state)
        if (target := PHASES[row.state]) is self.phase:
            return STAYS
        move = MOVES[self.phase, target]
        self._count(move.rule)
        self.phase = move.arrives or target
        return move

    def _enter(self, state: str) -> None:
        if self.state:
            self.tally.transitions[f"{self.state} > {state}"] += 1
        self._count(RUNNING_WAITS.get(state, ""))
        self.state = state

    def _assign(self, row: Row, is_settled: bool) -> None:
        group, assignee = row.group or self.group, row.assignee
        if row.group is None and group:
            self._count("unknown_group_keeps_the_last")
        if assignee is None and self.assignee:
            is_same_group = group == self.group
            assignee = self.assignee if is_same_group else None
            self._count(_UNKNOWN_ASSIGNEE[is_same_group])
        if (group, assignee) != (self.group, self.assignee):
            self._count("assigned_after_resolution" if is_settled else "")
            self.group, self.assignee = group, assignee
            self._add(StepKind.ASSIGN, row)

    def _prioritise(self, row: Row) -> None:
        impact = row.impact or self.grades.impact
        urgency = row.urgency or self.grades.urgency
        grades = Grades(impact, urgency, row.priority or self.grades.priority)
        if grades != self.grades:
            self.grades = grades
            self._add(StepKind.PRIORITISE, row, grades=grades)

    def _link(self, row: Row) -> None:
        old = (self.problem_id, self.rfc)
        new = (row.problem_id or self.problem_id, row.rfc or self.rfc)
        if (row.problem_id, row.rfc) != new:
            self._count("lost_link_keeps_its_step")
        if new == old:
            return
        if any(was and was != now for was, now in zip(old, new, strict=True)):
            self._count("changed_link_links_again")
        self.problem_id, self.rfc = new
        self._add(StepKind.LINK_PROBLEM, row, links=new)

    def _add_all(self, row: Row, kinds: list[StepKind], implied: dict[StepKind, str]) -> None:
        for kind in kinds:
            self._add(kind, row, implied.get(kind, ""))

    def _add(
        self,
        kind: StepKind,
        row: Row,
        implied: str = "",
        grades: Grades = _NO_GRADES,
        links: tuple[str | None, str | None] = (None, None),
    ) -> None:
        holder = (row.by, self.group, self.assignee)
        self.steps.append(Step(kind, self.at, *holder, row.line, implied, *grades, *links))

    def _count(self, rule: str) -> None:
        if rule:
            self.tally.rules[rule] += 1
