"""Twelve months side by side. A month's point is frozen in its report, and later ones copy it."""

from collections.abc import Mapping, Sequence
from typing import Any

MONTHS = 12
Point = dict[str, Any]


def trend(earlier: Sequence[Mapping[str, Any]], point: Mapping[str, Any]) -> list[Point]:
    """Return the points of the last twelve months, oldest first, `point` last."""
    before = [dict(each) for each in earlier if each["month"] < point["month"]]
    return [*before[-(MONTHS - 1) :], dict(point)]


def recent(earlier: Sequence[Mapping[str, Any]], name: str, months: int = 3) -> list[int]:
    """Return a figure of the last months before this one, oldest first."""
    return [each[name] for each in earlier[-months:]]
