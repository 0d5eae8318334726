"""Stretches of time [start, end) in UTC, and what two sets of them have in common or not."""

from collections.abc import Iterable
from datetime import datetime

Span = tuple[datetime, datetime]


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the same time in the fewest stretches, in order; empty ones are left out."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def common(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """Return the time that is in both; each is merged first."""
    mine, theirs = merged(spans), merged(others)
    found, i, k = [], 0, 0
    while i < len(mine) and k < len(theirs):
        start, end = max(mine[i][0], theirs[k][0]), min(mine[i][1], theirs[k][1])
        if start < end:
            found.append((start, end))
        if mine[i][1] < theirs[k][1]:
            i += 1
        else:
            k += 1
    return found


def without(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """Return the time of `spans` that is in none of `others`."""
    holes, found = merged(others), []
    for start, end in merged(spans):
        for opens, closes in holes:
            if closes <= start or opens >= end:
                continue
            if start < opens:
                found.append((start, opens))
            start = max(start, closes)
        if start < end:
            found.append((start, end))
    return found


def seconds(spans: Iterable[Span]) -> int:
    """Return the whole seconds of stretches that do not overlap, rounded down once."""
    return int(sum((end - start).total_seconds() for start, end in spans))
