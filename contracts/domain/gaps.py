"""Gaps: the cases that nothing decides, merged into a few descriptions of a few words."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from contracts.domain.grid import ENVIRONMENT, FACTS, Bits, Box, Grid, each

Tail: TypeAlias = tuple[Bits, Box]  # the quotas used up on the way, and the groups from a level on
Tails: TypeAlias = tuple[tuple[Bits, Box], ...]

_WIDEN_FIRST = (
    (6, 5, 7, 4, 3, 2, 1, 0),  # forget the details first, then where, then what
    (6, 5, 7, 4, 3, 1, 0, 2),
    (0, 1, 2, 3, 4, 5, 6, 7),
)


class Hole(NamedTuple):
    """Cases that nothing decides, or not once the quotas of the clauses `spent` are used up."""

    box: Box
    spent: Bits
    flat: Bits  # the box as one set, to compare boxes quickly

    @classmethod
    def of(cls, grid: Grid, box: Box, spent: Bits) -> "Hole":
        return cls(box, spent, grid.flat(box))

    def holds(self, piece: "Hole") -> bool:
        return self.spent == piece.spent and not piece.flat & ~self.flat


def holes(grid: Grid) -> list[Hole]:
    """Return few and short holes that together are exactly the cases nothing decides."""
    pieces = sorted(_pieces(grid), key=lambda piece: (piece.spent.bit_count(), -_size(piece.box)))
    chosen: list[Hole] = []
    for piece in pieces:
        if not any(hole.holds(piece) for hole in chosen):
            wide = dict.fromkeys(_widened(grid, piece, order) for order in _WIDEN_FIRST)
            chosen.append(max(wide, key=lambda hole: _worth(grid, hole, pieces)))
    kept = _needed(chosen, pieces)
    return [_shortened(grid, hole, kept) for hole in kept]


def _pieces(grid: Grid) -> list[Hole]:
    """Return the holes as the walk over the grid finds them: without overlaps, but cut small."""
    known: dict[tuple[int, Bits, Bits], Tails] = {}
    first = _tails(grid, 0, grid.nothing - 1, grid.whole[ENVIRONMENT], known)
    return [Hole.of(grid, box, spent) for spent, box in first]


def _tails(
    grid: Grid, level: int, mask: Bits, places: Bits, known: dict[tuple[int, Bits, Bits], Tails]
) -> Tails:
    if level == len(FACTS):
        return () if mask & ~grid.quotas else ((mask, ()),)
    if (found := known.get((level, mask, places))) is None:
        merged: dict[Tail, Bits] = {}
        for groups, child, left in grid.branches(level, mask, places, grid.whole):
            for tail in _tails(grid, level + 1, child, left, known):
                merged[tail] = merged.get(tail, 0) | groups
        found = tuple((spent, (groups, *box)) for (spent, box), groups in merged.items())
        known[level, mask, places] = found
    return found


def _widened(grid: Grid, piece: Hole, order: Sequence[int]) -> Hole:
    """Return the hole with every dimension let go, and every group added, that can be."""
    box = piece.box
    for level in order:
        added = grid.whole[level] & ~box[level]
        if added and grid.only_gaps(_with(box, level, added), piece.spent):
            box = _with(box, level, grid.whole[level])
    for level in order:
        for group in each(grid.whole[level] & ~box[level]):
            if grid.only_gaps(_with(box, level, 1 << group), piece.spent):
                box = _with(box, level, box[level] | 1 << group)
    return Hole.of(grid, box, piece.spent)


def _worth(grid: Grid, hole: Hole, pieces: Sequence[Hole]) -> tuple[int, int]:
    """Return how many pieces the hole covers, then how few words it takes."""
    return sum(hole.holds(piece) for piece in pieces), -_words(grid, hole.box)


def _words(grid: Grid, box: Box) -> int:
    return sum(
        box[level].bit_count() for level in range(len(FACTS)) if box[level] != grid.whole[level]
    )


def _needed(chosen: Sequence[Hole], pieces: Sequence[Hole]) -> list[Hole]:
    """Return the holes without those whose pieces the others cover."""
    kept = list(chosen)
    for hole in reversed(chosen):
        others = [other for other in kept if other is not hole]
        mine = [piece for piece in pieces if hole.holds(piece)]
        if all(any(other.holds(piece) for other in others) for piece in mine):
            kept = others
    return kept


def _shortened(grid: Grid, hole: Hole, kept: list[Hole]) -> Hole:
    """Return the hole without the values that another hole tells, or that no system has."""
    short = hole
    for level in reversed(range(len(FACTS))):
        if short.box[level] == grid.whole[level]:
            continue
        for group in each(short.box[level]):
            part = _with(short.box, level, 1 << group)
            slice_ = Hole.of(grid, part, short.spent)
            told = any(other.holds(slice_) for other in kept if other is not hole)
            left = short.box[level] & ~(1 << group)
            if left and (told or not grid.has_cases(part)):
                short = Hole.of(grid, _with(short.box, level, left), short.spent)
    kept[kept.index(hole)] = short
    return short


def _with(box: Box, level: int, groups: Bits) -> Box:
    return (*box[:level], groups, *box[level + 1 :])


def _size(box: Box) -> int:
    size = 1
    for groups in box:
        size *= groups.bit_count()
    return size
