"""Points of a small line chart, in whole units of a fixed canvas, for page and paper."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 640, 160, 12


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int
    value: int


@dataclass(frozen=True, slots=True)
class Line:
    """One series on the canvas; `path` is what an SVG path draws."""

    points: tuple[Point, ...]
    path: str
    highest: int


def line(values: Sequence[int], highest: int | None = None) -> Line:
    """Return the series between the margins, 0 at the bottom; alone, a point stands on the right."""
    top = max(highest if highest is not None else max(values, default=0), 1)
    step = (WIDTH - 2 * MARGIN) // max(len(values) - 1, 1)
    first = MARGIN if len(values) > 1 else WIDTH - MARGIN
    points = tuple(
        Point(first + index * step, _y(value, top), value) for index, value in enumerate(values)
    )
    path = " ".join(f"{'L' if at else 'M'}{p.x} {p.y}" for at, p in enumerate(points))
    return Line(points, path, top)


def _y(value: int, top: int) -> int:
    return HEIGHT - MARGIN - value * (HEIGHT - 2 * MARGIN) // top
