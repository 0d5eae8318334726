"""The minutes worked in the month, by stream, tier and charge."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contracts.domain.vocabulary import WorkStream
from reports.domain.shares import share


@dataclass(frozen=True, slots=True)
class Effort:
    """Minutes worked, summed by the database over (stream, tier)."""

    stream: str
    tier: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Minutes:
    key: str
    minutes: int


@dataclass(frozen=True, slots=True)
class StreamEffort:
    """Minutes and charged money of a work stream, and its share of all minutes."""

    stream: str
    minutes: int
    amount: int
    basis_points: int | None


@dataclass(frozen=True, slots=True)
class EffortFigures:
    """
    Each breakdown adds up to `minutes`; `by_charge` says what the charging made of them.

    Minutes for closed months (`adjusting_minutes`) are charged there and stand as `adjustment`. Those
    that were worked in a closed month and found wrong in this one go off as `corrected`, below zero.
    """

    minutes: int
    by_stream: tuple[StreamEffort, ...]
    by_tier: tuple[Minutes, ...]
    by_charge: tuple[Minutes, ...]
    adjusting_minutes: int
    corrected_minutes: int


def effort_figures(
    rows: Iterable[Effort],
    charged: Iterable[tuple[str, int]],
    amounts: Mapping[str, int],
    adjusting_minutes: int,
    corrected_minutes: int = 0,
) -> EffortFigures:
    """Return the split of `charged` (kind, raw minutes) and `amounts` (minor units by stream)."""
    rows = list(rows)
    total = sum(row.minutes for row in rows)
    streams = Counter[str]()
    for row in rows:
        streams[row.stream] += row.minutes
    late = [("adjustment", adjusting_minutes)] if adjusting_minutes else []
    late += [("corrected", -corrected_minutes)] if corrected_minutes else []
    return EffortFigures(
        minutes=total,
        by_stream=tuple(
            StreamEffort(
                stream, streams[stream], amounts.get(stream, 0), share(streams[stream], total)
            )
            for stream in WorkStream
        ),
        by_tier=_minutes((row.tier, row.minutes) for row in rows),
        by_charge=_minutes([*charged, *late]),
        adjusting_minutes=adjusting_minutes,
        corrected_minutes=corrected_minutes,
    )


def _minutes(pairs: Iterable[tuple[str, int]]) -> tuple[Minutes, ...]:
    count = Counter[str]()
    for key, minutes in pairs:
        count[key] += minutes
    return tuple(Minutes(key, count[key]) for key in sorted(count))
