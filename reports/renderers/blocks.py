"""The blocks that paper is made of, as the template reads them; text only."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from reports.renderers.table import Column, Kind, Table, first_of, shown

Block = dict[str, Any]
WHOLE = 10_000  # bars and splits are drawn in ten-thousandths


def words(text: str, tone: str = "") -> Block:
    return {"type": "words", "text": text, "tone": tone}


def pairs(rows: Iterable[tuple[str, str]]) -> Block:
    """Names with what stands for them."""
    return {"type": "pairs", "rows": list(rows)}


def counts(
    title: str, rows: Iterable[tuple[str, str]], total: tuple[str, str] | None = None
) -> Block:
    """Names with a figure at the right edge, and a total under a line."""
    return {"type": "counts", "title": title, "rows": list(rows), "total": total}


def figures(items: Iterable[tuple[str, str, str, str]]) -> Block:
    """The strip of great figures: label, value, note, tone."""
    return {"type": "figures", "items": list(items)}


def beside(left: list[Block], right: list[Block]) -> Block:
    return {"type": "beside", "left": left, "right": right}


def bars(title: str, rows: Sequence[tuple[str, int]], said: Callable[[int], str]) -> Block:
    """One bar a row, the longest over the whole width; `said` writes the value beside it."""
    top = max((value for _label, value in rows), default=0) or 1
    drawn = [(label, value * WHOLE // top, said(value)) for label, value in rows]
    return {"type": "bars", "title": title, "rows": drawn}


def stacked(
    title: str, rows: Sequence[tuple[str, int, int, str]], legend: tuple[str, str]
) -> Block:
    """One bar a row of two parts, good and bad, each row as long as its share of the highest sum."""
    top = max((good + bad for _label, good, bad, _said in rows), default=0) or 1
    drawn = [
        (label, good * WHOLE // top, bad * WHOLE // top, said) for label, good, bad, said in rows
    ]
    return {"type": "stacked", "title": title, "rows": drawn, "legend": legend}


def split(title: str, parts: Sequence[tuple[str, int, str]], note: str) -> Block:
    """One bar of the whole width in parts: label, basis points, text; marks at 40 and 60 %."""
    return {"type": "split", "title": title, "parts": list(parts), "note": note}


def trend(title: str, points: Sequence[tuple[str, int]]) -> Block:
    """A line over months: label and value of each point; the scale begins at 0."""
    top = max((value for _label, value in points), default=0) or 1
    drawn = [(label, value * WHOLE // top, str(value)) for label, value in points]
    return {"type": "trend", "title": title, "points": drawn}


def table(of: Table) -> Block:
    """A table with all its rows; columns `under` another become its small print."""
    standing = [i for i, column in enumerate(of.columns) if not column.under]
    below = {
        i: [n for n, column in enumerate(of.columns) if column.under == of.columns[i].key]
        for i in standing
    }
    layout = [(i, below[i]) for i in standing]
    return {
        "type": "table",
        "title": of.title,
        "note": of.note,
        "empty": of.empty,
        "columns": [_head(of.columns, i, under) for i, under in layout],
        "cells": list(_cells(of, of.rows, layout)),
        "foot": list(_cells(of, of.foot, layout)),
    }


def _head(columns: Sequence[Column], at: int, under: list[int]) -> Block:
    column = columns[at]
    small = " · ".join(columns[i].label for i in under)
    return {"label": column.label, "small": small, "share": column.share, "right": column.is_number}


def _cells(of: Table, rows: Iterable[tuple], layout: list[tuple[int, list[int]]]) -> Iterator[Any]:
    for row in rows:
        for at, under in layout:
            yield _cell(of, row, at, under)


def _cell(of: Table, row: tuple, at: int, under: list[int]) -> str | tuple[str, list[str], str]:
    """Return the text, or text, lines of small print and tone."""
    column, value = of.columns[at], row[at]
    text = _said(value, column, of.currency)
    small = [_said(row[i], of.columns[i], of.currency) for i in under]
    small = [each for each in small if each]
    tone = column.tone(value) if column.tone else ""
    return (text, small, tone) if small or tone else text


def _said(value: Any, column: Column, currency: str) -> str:
    return first_of(value) if column.kind is Kind.KEYS else shown(value, column.kind, currency)
