"""
The flowchart of a contract as one SVG: for a page, a print, or a file.

No inline styles (strict CSP): colours are presentation attributes that read the page's custom
properties and fall back to ink on paper, so a dark page and a print both stay readable. Every
outcome is named in words; colour only repeats it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from contracts.contract_words import phrase, word
from contracts.domain.flowchart import START, Branch, Edge, Flowchart, Lane, Node, NodeKind
from contracts.domain.terms import Outcome, text_in
from contracts.flowchart_layout import (
    PAD,
    SIZE,
    Box,
    Layout,
    Line,
    Way,
    Writer,
    height,
    labels,
    narrow,
    wide,
)

INK, SOFT = "currentColor", "var(--p-ink-soft, #51616b)"
CARD, RULE = "var(--p-card, #ffffff)", "var(--p-line-strong, #8b9aa3)"
PATH, PATH_SOFT = "var(--p-accent, #0b6276)", "var(--p-accent-soft, #e3f0f3)"
FONT = (
    "var(--bs-body-font-family, system-ui, 'Noto Sans', 'Noto Sans JP', 'Noto Sans CJK JP',"
    " sans-serif)"
)
TONES = {
    Outcome.INCLUDED: ("good", "#1b6a3a", "#e5f3e9"),
    Outcome.POOL: ("accent", "#0b6276", "#e3f0f3"),
    Outcome.PREAPPROVED: ("accent", "#0b6276", "#e3f0f3"),
    Outcome.ESTIMATE: ("soon", "#7f4d00", "#fdf1da"),
    Outcome.NOT_PROVIDED: ("late", "#a8231b", "#fcebe9"),
    Outcome.UNDECIDED: ("ask", "#5a3f8f", "#f0ebf9"),
}


def svg(
    chart: Flowchart,
    language: str,
    highlight: Sequence[Edge] | None = None,
    counts: Mapping[Edge, int] | None = None,
    *,
    compact: bool = False,
    money: bool = False,
    prefix: str = "flow",
) -> str:
    """
    Return the chart as an SVG element in `language`.

    `highlight` is a walk of the chart (`chart.walk_of(decision)`), `counts` tickets by edge.
    `compact` is for a phone; `money` shows caps, which not every reader may see; `prefix` keeps
    ids apart where a page has several charts.
    """
    writer = Writer(chart, language, money=money)
    layout = narrow(chart, writer) if compact else wide(chart, writer)
    drawing = Drawing(layout, frozenset(highlight or ()), prefix)
    body = "".join(drawing.parts(labels(layout.ways, counts, language)))
    described = escape(description(chart, writer, highlight, counts))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flowchart" role="img"'
        f" lang={quoteattr(language)} width={quoteattr('100%')}"
        f' viewBox="0 0 {layout.width:g} {layout.height:g}"'
        f' aria-labelledby="{prefix}-title {prefix}-desc" font-family="{FONT}"'
        f' fill="{INK}" font-size="{SIZE:g}">'
        f'<title id="{prefix}-title">{escape(word("flowchart", language))}</title>'
        f'<desc id="{prefix}-desc">{described}</desc>{body}</svg>'
    )


class Drawing:
    """Turns a layout into SVG elements, the path's over the others."""

    def __init__(self, layout: Layout, taken: frozenset[Edge], prefix: str) -> None:
        self.layout, self.taken, self.prefix = layout, taken, prefix
        self.visited = {key for edge in taken for key in (edge.source, edge.target)}

    def parts(self, labelled: Iterable[tuple[Way, str]]) -> Iterator[str]:
        yield f"<defs>{self.arrow('arrow', RULE)}{self.arrow('taken', PATH)}</defs>"
        for x, y, w, h in self.layout.bands:
            yield (
                f'<rect class="lane" x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="8"'
                f' fill="{INK}" fill-opacity="0.045"/>'
            )
        for way, label in sorted(labelled, key=lambda pair: pair[0].edge in self.taken):
            yield self.way(way, label)
        for box in self.layout.boxes.values():
            yield self.box(box)
        for note in self.layout.notes:
            yield text(note.x, note.y, note.line)

    def arrow(self, name: str, colour: str) -> str:
        return (
            f'<marker id="{self.prefix}-{name}" viewBox="0 0 8 8" refX="7.5" refY="4"'
            f' markerUnits="userSpaceOnUse" markerWidth="9" markerHeight="9" orient="auto">'
            f'<path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
        )

    def way(self, way: Way, label: str) -> str:
        taken = way.edge in self.taken
        colour, marker = (PATH, "taken") if taken else (RULE, "arrow")
        line = " ".join(f"{x:g},{y:g}" for x, y in way.points)
        drawn = (
            f'<polyline class="way{" taken" if taken else ""}" points="{line}" fill="none"'
            f' stroke="{colour}" stroke-width="{3 if taken else 1.4}" stroke-linejoin="round"'
            f' marker-end="url(#{self.prefix}-{marker})"/>'
        )
        if way.edge.source == START:
            x, y = way.points[0]
            drawn += f'<circle cx="{x:g}" cy="{y:g}" r="4" fill="{colour}"/>'
        style = Line(label, 12, "path" if taken else "soft")
        return drawn + (text(*way.label, style) if label else "")

    def box(self, box: Box) -> str:
        taken = box.node.key in self.visited
        kind = box.node.kind.value
        fill, stroke, ink = CARD, RULE, INK
        if box.node.outcome:
            tone, strong, soft = TONES[box.node.outcome]
            fill, stroke = f"var(--p-{tone}-soft, {soft})", f"var(--p-{tone}, {strong})"
            ink = stroke
        elif taken:
            fill, stroke = PATH_SOFT, PATH
        corner = box.h / 2 if kind == "end" and box.h < 50 else 18 if kind == "end" else 7
        drawn = (
            f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.w:g}" height="{box.h:g}"'
            f' rx="{corner:g}" fill="{fill}" stroke="{stroke}"'
            f' stroke-width="{3 if taken else 1.2}"/>'
        )
        y, lines = box.y + PAD - 2, []
        for line in box.lines:
            y += height(line)
            lines.append(text(*self.start(box, line, y - 5), ink, centred=kind == "end"))
        names = " ".join(["node", kind, *(["taken"] if taken else [])])
        return f'<g class="{names}">{drawn}{"".join(lines)}</g>'

    def start(self, box: Box, line: Line, y: float) -> tuple[float, float, Line]:
        return (box.x + box.w / 2 if box.node.kind is NodeKind.END else box.x + PAD), y, line


def text(x: float, y: float, line: Line, ink: str = INK, *, centred: bool = False) -> str:
    colour = {"soft": SOFT, "path": PATH}.get(line.weight, ink)
    weight = ' font-weight="600"' if line.weight in ("strong", "path") else ""
    anchor = ' text-anchor="middle"' if centred else ""
    size = "" if line.size == SIZE else f' font-size="{line.size:g}"'
    return f'<text x="{x:g}" y="{y:g}" fill="{colour}"{size}{weight}{anchor}>{escape(line.text)}</text>'


def description(
    chart: Flowchart,
    writer: Writer,
    highlight: Sequence[Edge] | None,
    counts: Mapping[Edge, int] | None,
) -> str:
    """Return what the chart shows, in sentences for a reader who does not see it."""
    said = [" ".join(_of_lane(lane, writer, counts, chart)) for lane in chart.lanes]
    if highlight:
        steps = [_name(chart.nodes[edge.target], writer) for edge in highlight]
        said.insert(0, phrase("this_path", writer.language, "; ".join(steps)) + ".")
    return "\n".join(said)


def _of_lane(
    lane: Lane, writer: Writer, counts: Mapping[Edge, int] | None, chart: Flowchart
) -> Iterator[str]:
    number = {(e.source, e.branch): n for e, n in (counts or {}).items()}
    if lane.question:
        asked = text_in(lane.question.texts, writer.language)
        yield f"{asked} {writer.word('yes')}{_counted(number.get((lane.key, Branch.YES)))}:"
    yield f"{writer.heading(lane)}."
    for step in lane.steps:
        outcome = ", ".join(filter(None, [writer.outcome(step.end), writer.source_of(step.end)]))
        if step.clause:
            count = _counted(number.get((step.clause.key, Branch.YES)))
            yield f"{_name(step.clause, writer)} ({writer.when(step.clause)}): {outcome}{count}."
        else:
            yield f"{writer.word('otherwise')}: {outcome}."


def _counted(number: int | None) -> str:
    return "" if number is None else f" ({number:,})"


def _name(node: Node, writer: Writer) -> str:
    if node.kind is NodeKind.END:
        return writer.outcome(node)
    text = text_in(node.texts, writer.language)
    return f"{node.clause_id} {text}".strip()
