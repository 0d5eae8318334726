"""
Where the boxes and ways of a flowchart stand, in the chart's own units.

Wide: three aligned columns: questions, clauses, outcomes. Narrow (a phone): one column, the clauses
set in, each outcome under its clause.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from contracts.contract_words import duration, phrase, word
from contracts.domain.flowchart import START, Branch, Edge, Flowchart, Lane, Node, NodeKind, Step
from contracts.domain.money import EXPONENTS
from contracts.domain.terms import text_in
from contracts.svg_text import wrap

SIZE, SMALL = 14.0, 12.0
LINE, SMALL_LINE = 20.0, 17.0
PAD = 11.0


class Line(NamedTuple):
    """One line of text in a box; `strong` and `soft` are the ways it may stand out."""

    text: str
    size: float
    weight: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    node: Node
    x: float
    y: float
    w: float
    lines: tuple[Line, ...]

    @property
    def h(self) -> float:
        return sum(height(line) for line in self.lines) + 2 * PAD - 4

    @property
    def bottom(self) -> float:
        return self.y + self.h


class Way(NamedTuple):
    """An edge as a line through points, its arrow at the last, and where its label begins."""

    edge: Edge
    points: tuple[tuple[float, float], ...]
    label: tuple[float, float]


class Note(NamedTuple):
    """Text without a box."""

    x: float
    y: float
    line: Line


@dataclass(slots=True)
class Layout:
    width: float
    height: float = 0.0
    bands: list[tuple[float, float, float, float]] = field(default_factory=list)
    boxes: dict[str, Box] = field(default_factory=dict)
    ways: list[Way] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def height(line: Line) -> float:
    return LINE if line.size == SIZE else SMALL_LINE


class Writer:
    """Puts nodes into lines of one language."""

    def __init__(self, chart: Flowchart, language: str, *, money: bool) -> None:
        self.chart, self.language, self.money = chart, language, money

    def word(self, code: str) -> str:
        return word(code, self.language)

    def names(self, codes: Sequence[str]) -> str:
        return self.word("list").join(self.word(code) for code in codes)

    def heading(self, lane: Lane) -> str:
        if not lane.activities:
            return self.word("none_of_these")
        said = self.names(lane.activities)
        return said[:1].upper() + said[1:]

    def lines(self, node: Node, w: float) -> tuple[Line, ...]:
        return tuple(self._lines(node, w - 2 * PAD))

    def _lines(self, node: Node, w: float) -> Iterator[Line]:
        if node.kind is NodeKind.END:
            yield from (
                Line(text, SIZE, "strong") for text in wrap(self.outcome(node), SIZE, w, bold=True)
            )
            if source := self.source_of(node):
                yield from (Line(text, SMALL) for text in wrap(source, SMALL, w))
            return
        text = text_in(node.texts, self.language)
        text = f"{node.clause_id}  {text}" if node.kind is NodeKind.CLAUSE else text
        yield from (Line(part, SIZE, "strong") for part in wrap(text, SIZE, w, bold=True))
        if node.kind is NodeKind.CLAUSE:
            yield from (Line(part, SMALL, "soft") for part in wrap(self.when(node), SMALL, w))

    def outcome(self, node: Node) -> str:
        return self.word(node.outcome.value) if node.outcome else ""

    def source_of(self, node: Node) -> str:
        if node.pool:
            return node.pool
        if node.cap is not None and self.money:
            digits = EXPONENTS.get(self.chart.currency, 0)
            return f"{node.cap / 10**digits:,.{digits}f} {self.chart.currency}"
        return ""

    def when(self, node: Node) -> str:
        return " · ".join(self._conditions(node)) or self.word("any_case")

    def _conditions(self, node: Node) -> Iterator[str]:
        say = self.language
        if (when := node.when) is None:
            return
        if when.system:
            names = self.chart.system_names
            yield self.word("list").join(text_in(names[key], say) for key in when.system)
        for codes in (when.environment, when.priority):
            if codes:
                yield self.names(codes)
        if when.cause:
            yield phrase("cause", say, self.names(when.cause))
        if when.in_hours is not None:
            yield self.word("in_hours" if when.in_hours else "out_of_hours")
        if when.warranty is not None:
            yield self.word("warranty" if when.warranty else "no_warranty")
        if when.effort:
            for code, bound in (("above", when.effort.above), ("at_most", when.effort.at_most)):
                if bound is not None:
                    yield phrase(code, say, duration(bound, say))
        if node.quota and node.quota.count is not None:
            yield phrase("a_month", say, node.quota.count)
        if node.quota and node.quota.effort is not None:
            yield phrase("minutes_a_month", say, duration(node.quota.effort, say))


def wide(chart: Flowchart, writer: Writer) -> Layout:
    """Return the chart in three columns, 980 wide."""
    layout = Layout(width=980)
    left, middle, right = (10.0, 248.0), (350.0, 352.0), (778.0, 192.0)
    for (x, _w), code in zip((left, middle, right), _TITLES, strict=True):
        layout.notes.append(Note(x + 2, 16, Line(writer.word(code), SMALL, "soft")))
    y = 30.0
    for lane in chart.lanes:
        top, y = y, y + 38
        if lane.question:
            layout.boxes[lane.key] = _box(writer, lane.question, left, y)
        elif lane.activities:
            given = enumerate(wrap(writer.word("given"), SMALL, left[1] - 30))
            for row, said in given:
                at = y + 18 + row * SMALL_LINE
                layout.notes.append(Note(left[0] + 2, at, Line(said, SMALL, "soft")))
        layout.notes.append(Note(middle[0], top + 25, Line(writer.heading(lane), SIZE, "strong")))
        for step in lane.steps:
            clause = step.clause and _box(writer, step.clause, middle, y)
            end = _box(writer, step.end, right if clause else middle, y)
            row = max(end.h, clause.h if clause else 0)
            if clause:
                layout.boxes[clause.node.key] = clause
                end = _box(writer, step.end, right, y + max((clause.h - end.h) / 2, 0))
            layout.boxes[end.node.key] = end
            y += row + 30
        y -= 30 - 14
        if lane.question:
            y = max(y, layout.boxes[lane.key].bottom + 14)
        layout.bands.append((middle[0] - 18, top, 980 - middle[0] + 18, y - top))
        y += 16
    layout.height = y
    _wide_ways(chart, layout, left)
    return layout


_TITLES = ("questions", "clauses", "outcomes")


def _wide_ways(chart: Flowchart, layout: Layout, left: tuple[float, float]) -> None:
    spine = left[0] + 34
    for edge in chart.edges:
        source, target = layout.boxes.get(edge.source), layout.boxes[edge.target]
        mid = target.y + min(target.h / 2, 22)
        if source is None:
            points = ((left[0] + left[1], mid), (target.x, mid))
            layout.ways.append(Way(edge, points, (left[0] + left[1] + 8, mid - 6)))
        elif edge.branch is Branch.YES and source.node.kind is NodeKind.QUESTION:
            points = ((source.x + source.w, mid), (target.x, mid))
            layout.ways.append(Way(edge, points, (source.x + source.w + 8, mid - 6)))
        elif edge.branch is Branch.YES:
            centre = target.y + target.h / 2
            points = ((source.x + source.w, centre), (target.x, centre))
            layout.ways.append(Way(edge, points, (source.x + source.w + 8, centre - 6)))
        elif source.node.kind is NodeKind.QUESTION and target.x == source.x:
            points = ((spine, source.bottom), (spine, target.y))
            layout.ways.append(Way(edge, points, (spine + 9, source.bottom + 18)))
        elif source.node.kind is NodeKind.QUESTION:
            points = ((spine, source.bottom), (spine, mid), (target.x, mid))
            layout.ways.append(Way(edge, points, (spine + 9, source.bottom + 18)))
        else:
            x = source.x + 34
            points = ((x, source.bottom), (x, target.y))
            layout.ways.append(Way(edge, points, (x + 9, source.bottom + 19)))


def narrow(chart: Flowchart, writer: Writer) -> Layout:
    """Return the chart in one column, 380 wide."""
    layout = Layout(width=380)
    left, middle, right = (6.0, 368.0), (34.0, 334.0), (96.0, 272.0)
    y = 8.0
    for lane in chart.lanes:
        if lane.question:
            layout.boxes[lane.key] = box = _box(writer, lane.question, left, y)
            y = box.bottom + 16
        elif lane.activities:
            layout.notes.append(Note(left[0] + 2, y + 8, Line(writer.word("given"), SMALL, "soft")))
            y += 16
        top, y = y, y + 34
        layout.notes.append(
            Note(middle[0] + 84, top + 22, Line(writer.heading(lane), SIZE, "strong"))
        )
        for step in lane.steps:
            y = _stacked(layout, writer, step, middle, right, y)
        y += 4
        layout.bands.append((middle[0] - 10, top, 380 - middle[0] + 8, y - top - 16))
        y += 12
    layout.height = y
    _narrow_ways(chart, layout, left)
    return layout


def _stacked(
    layout: Layout,
    writer: Writer,
    step: Step,
    middle: tuple[float, float],
    right: tuple[float, float],
    y: float,
) -> float:
    if step.clause:
        layout.boxes[step.clause.key] = clause = _box(writer, step.clause, middle, y)
        y = clause.bottom + 24
    layout.boxes[step.end.key] = end = _box(writer, step.end, right if step.clause else middle, y)
    return end.bottom + 22


def _narrow_ways(chart: Flowchart, layout: Layout, left: tuple[float, float]) -> None:
    spine, inner = left[0] + 10, left[0] + 54
    for edge in chart.edges:
        source, target = layout.boxes.get(edge.source), layout.boxes[edge.target]
        if source is None:
            points = ((inner, target.y - 28), (inner, target.y))
            label = (inner + 9, target.y - 12)
        elif edge.branch is Branch.YES and source.node.kind is NodeKind.CLAUSE:
            x = target.x + 24
            points = ((x, source.bottom), (x, target.y))
            label = (x + 9, source.bottom + 17)
        elif source.node.kind is NodeKind.QUESTION and edge.branch is Branch.YES:
            points = ((inner, source.bottom), (inner, target.y))
            label = (inner + 9, source.bottom + 13)
        elif source.node.kind is NodeKind.QUESTION and target.x == source.x:
            points = ((spine, source.bottom), (spine, target.y))
            label = (spine + 7, target.y - 6)
        elif source.node.kind is NodeKind.QUESTION:
            at = target.y + 16
            points = ((spine, source.bottom), (spine, at), (target.x, at))
            label = (spine + 7, target.y - 12)
        else:
            points = ((inner, source.bottom), (inner, target.y))
            label = (inner + 9, target.y - 6)
        layout.ways.append(Way(edge, points, label))


def _box(writer: Writer, node: Node, column: tuple[float, float], y: float) -> Box:
    x, w = column
    return Box(node, x, y, w, writer.lines(node, w))


def labels(
    ways: Sequence[Way], counts: Mapping[Edge, int] | None, language: str
) -> Iterator[tuple[Way, str]]:
    """Yield each way with its answer, and with its number of tickets where they are counted."""
    for way in ways:
        answer = "" if way.edge.source == START else word(way.edge.branch.value, language)
        if counts is not None:
            number = f"{counts.get(way.edge, 0):,}"
            answer = f"{answer} · {number}" if answer else number
        yield way, answer
