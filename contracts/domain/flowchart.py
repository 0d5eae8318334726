"""
The flowchart of a contract as data: the questions name the work, the clauses what becomes of it.

Each question's yes leads into a lane: the clauses that can decide such work, in their order, each
with its outcome. Work whose activity is known from the start, and work that no question catches,
have lanes of their own. A branch is an edge with its answer; a decision's path is a walk over them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple

from contracts.domain.grid import Grid
from contracts.domain.terms import Activity, Clause, Outcome, Quota, Terms, When
from contracts.domain.verdict import Answer, Decision, PathStep

START = "start"


class NodeKind(StrEnum):
    QUESTION = "question"
    CLAUSE = "clause"
    END = "end"


class Branch(StrEnum):
    YES = "yes"
    NO = "no"


class Edge(NamedTuple):
    """A way from one node to another; counts and highlights are kept by edge."""

    source: str
    branch: Branch
    target: str


@dataclass(frozen=True, slots=True)
class Node:
    """`texts` are the contract's own words; an end has its outcome and the pool or cap of it."""

    key: str
    kind: NodeKind
    texts: Mapping[str, str]
    clause_id: str = ""
    when: When | None = None
    quota: Quota | None = None
    outcome: Outcome | None = None
    pool: str | None = None
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A clause of a lane with its end; without a clause it is what is left over, undecided."""

    clause: Node | None
    end: Node


@dataclass(frozen=True, slots=True)
class Lane:
    """The clauses that work of these activities meets; without a question it enters by itself."""

    key: str
    activities: tuple[Activity, ...]
    question: Node | None
    steps: tuple[Step, ...]

    @property
    def entry(self) -> str:
        """Return the key of the first node inside the lane."""
        first = self.steps[0]
        return first.clause.key if first.clause else first.end.key


@dataclass(frozen=True, slots=True)
class Flowchart:
    lanes: tuple[Lane, ...]
    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    system_names: Mapping[str, Mapping[str, str]]
    currency: str

    def walk(self, path: Sequence[PathStep], clause_id: str | None = None) -> tuple[Edge, ...]:
        """
        Return the edges that a decision's path takes, as far as this chart has them.

        With `clause_id` the walk ends there: at the clause that decided, or whose question waits.
        """
        return tuple(_walk(self, path, clause_id))

    def walk_of(self, decision: Decision) -> tuple[Edge, ...]:
        waits_at = decision.question.clause_id if decision.question else None
        return self.walk(decision.path, waits_at)

    def count(self, decisions: Iterable[Decision]) -> Counter[Edge]:
        """Return how many of these decisions took each edge."""
        return Counter(edge for decision in decisions for edge in self.walk_of(decision))


def flowchart(terms: Terms) -> Flowchart:
    """Return the chart of `terms`: a lane for each question, and for what comes without one."""
    grid = Grid(terms)
    lanes = tuple(_lanes(terms, grid))
    nodes = {node.key: node for lane in lanes for node in _nodes(lane)}
    names = {system.key: system.name for system in terms.systems}
    return Flowchart(lanes, nodes, tuple(_edges(lanes)), names, terms.currency)


def _lanes(terms: Terms, grid: Grid) -> Iterator[Lane]:
    asked: list[Activity] = []
    for index, question in enumerate(terms.scope.classify):
        key, asked = f"q{index}", [*asked, question.then]
        node = Node(key, NodeKind.QUESTION, question.ask)
        yield Lane(key, (question.then,), node, _steps(terms, grid, key, question.then))
    if terms.scope.classify:
        yield Lane("rest", (), None, _steps(terms, grid, "rest", None))
    alike: dict[tuple[str, ...], list[Activity]] = {}
    for activity in Activity:
        if activity not in asked and (ids := _deciding(terms, grid, activity)):
            alike.setdefault(ids, []).append(activity)
    for activities in alike.values():
        key = activities[0].value
        yield Lane(key, tuple(activities), None, _steps(terms, grid, key, activities[0]))


def _steps(terms: Terms, grid: Grid, lane: str, activity: Activity | None) -> tuple[Step, ...]:
    steps = []
    ids = _deciding(terms, grid, activity)
    for clause in terms.scope.clauses:
        if clause.id in ids:
            key = f"{lane}:{clause.id}"
            when = clause.when.model_copy(update={"activity": None})
            node = Node(key, NodeKind.CLAUSE, clause.text, clause.id, when, clause.quota)
            steps.append(Step(node, _end(f"{key}:end", clause)))
    if _leaves_a_gap(terms, grid, activity):
        steps.append(Step(None, Node(f"{lane}:end", NodeKind.END, {}, outcome=Outcome.UNDECIDED)))
    return tuple(steps)


def _end(key: str, clause: Clause) -> Node:
    then = clause.then
    return Node(
        key, NodeKind.END, {}, clause.id, outcome=then.outcome, pool=then.pool, cap=then.cap
    )


def _deciding(terms: Terms, grid: Grid, activity: Activity | None) -> tuple[str, ...]:
    """Return the clauses that decide some work of this activity, or of none of the activities."""
    if activity is not None:
        return grid.ids(grid.deciders(grid.box({"activity": (activity.value,)})))
    open_to_all = [clause for clause in terms.scope.clauses if clause.when.activity is None]
    sure = next((i for i, clause in enumerate(open_to_all) if _is_sure(clause)), len(open_to_all))
    return tuple(clause.id for clause in open_to_all[: sure + 1])


def _leaves_a_gap(terms: Terms, grid: Grid, activity: Activity | None) -> bool:
    if activity is None:
        return not any(_is_sure(clause) for clause in terms.scope.clauses)
    return bool(grid.deciders(grid.box({"activity": (activity.value,)})) & grid.nothing)


def _is_sure(clause: Clause) -> bool:
    return clause.when == When() and clause.quota is None


def _nodes(lane: Lane) -> Iterator[Node]:
    if lane.question:
        yield lane.question
    for step in lane.steps:
        if step.clause:
            yield step.clause
        yield step.end


def _edges(lanes: Sequence[Lane]) -> Iterator[Edge]:
    asked = [lane for lane in lanes if lane.question]
    for lane, following in zip_longest(asked, asked[1:]):
        yield Edge(lane.key, Branch.YES, lane.entry)
        rest = next(lane for lane in lanes if lane.key == "rest")
        yield Edge(lane.key, Branch.NO, following.key if following else rest.entry)
    for lane in lanes:
        if lane.question is None and lane.key != "rest":
            yield Edge(START, Branch.YES, lane.entry)
        for step, after in zip_longest(lane.steps, lane.steps[1:]):
            if step.clause:
                yield Edge(step.clause.key, Branch.YES, step.end.key)
                if after:
                    target = after.clause or after.end
                    yield Edge(step.clause.key, Branch.NO, target.key)


def _walk(chart: Flowchart, path: Sequence[PathStep], waits_at: str | None) -> Iterator[Edge]:
    """Yield the edges from step to step; a clause that the lane leaves out is passed over."""
    out = {(edge.source, edge.branch): edge for edge in chart.edges}
    lane, asked = _entered(chart, path)
    for step in asked:
        yield out[f"q{step.ref}", Branch(step.answer.value)]
    if lane is None:
        return
    if not asked and lane.question is None:
        yield from (edge for edge in chart.edges if edge[::2] == (START, lane.entry))
    for step in path:
        if step.kind == "clause" and (key := f"{lane.key}:{step.ref}") in chart.nodes:
            if step.ref == waits_at:
                return
            branch = Branch.YES if step.answer is Answer.YES else Branch.NO
            if (key, branch) in out:
                yield out[key, branch]


def _entered(chart: Flowchart, path: Sequence[PathStep]) -> tuple[Lane | None, list[PathStep]]:
    """Return the lane that a path is in, and the questions it answered on the way there."""
    lanes = {lane.key: lane for lane in chart.lanes}
    steps = [step for step in path if step.kind == "question" and step.answer is not Answer.UNKNOWN]
    given = next((step for step in steps if step.ref == "activity"), None)
    if given is not None:
        activity = given.because.parameters.get("activity")
        return next((lane for lane in chart.lanes if activity in lane.activities), None), []
    asked = [step for step in steps if f"q{step.ref}" in lanes]
    if asked and asked[-1].answer is Answer.YES:
        return lanes[f"q{asked[-1].ref}"], asked
    done = len(asked) == len([step for step in path if step.kind == "question"])
    return lanes.get("rest") if asked and done else None, asked
