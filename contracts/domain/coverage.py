"""
Coverage: what decides each case of a contract, and the gaps that nothing decides.

It walks the grid activity x system x environment x priority x cause x in or out of hours x warranty
x effort, effort and quotas cut at the clauses' own thresholds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from contracts.domain.canonical import canonical, sha256_of
from contracts.domain.gaps import Hole, holes
from contracts.domain.grid import FACTS, PLACED, Band, Bits, Box, Grid, Value, each
from contracts.domain.terms import Activity, Outcome, Terms

__all__ = ["Band", "Coverage", "Facet", "Gap", "Place", "Share", "coverage", "coverage_of"]


SEAL = 12  # letters


class Place(NamedTuple):
    system: str
    environment: str


class Share(NamedTuple):
    """A clause that decides some cases of a cell; without one they are undecided."""

    outcome: Outcome
    clause_id: str | None


class Facet(NamedTuple):
    """What a gap says of one fact: it is one of `values`, and of no `others`."""

    fact: str
    values: tuple[Value, ...]
    others: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """
    Cases that nothing decides. A fact without a facet may be anything.

    With `spent`, nothing decides once the month's quotas of these clauses are used up.
    """

    facets: tuple[Facet, ...]
    spent: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the gap fit for canonical JSON; an effort is a pair of bounds in minutes."""
        return {
            "facets": [
                {"fact": facet.fact, "values": [_plain(value) for value in facet.values]}
                for facet in self.facets
            ],
            "spent": list(self.spent),
        }

    def facet(self, fact: str) -> Facet | None:
        return next((facet for facet in self.facets if facet.fact == fact), None)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The matrix: for each activity and place, the clauses that decide there, in their order."""

    places: tuple[Place, ...]
    cells: Mapping[tuple[Activity, Place], tuple[Share, ...]]
    gaps: tuple[Gap, ...]
    reached: frozenset[str]

    def seal(self) -> str:
        """
        Return a short name of exactly these gaps, empty where there are none.

        Who accepts it has seen this list: one gap more or less has another one.
        """
        if not self.gaps:
            return ""
        return sha256_of(canonical([gap.to_dict() for gap in self.gaps]))[:SEAL]

    def cell(self, activity: str, system: str, environment: str) -> tuple[Share, ...]:
        return self.cells[Activity(activity), Place(system, environment)]

    def outcomes_of(self, activity: str) -> frozenset[Outcome]:
        """Return every outcome that work of `activity` may have on some system."""
        return frozenset(
            share.outcome
            for (cell_activity, _place), shares in self.cells.items()
            if cell_activity == activity
            for share in shares
        )


def coverage(terms: Terms) -> Coverage:
    """Return what decides where in `terms`, and the gaps in the fewest descriptions found."""
    return coverage_of(terms, Grid(terms))


def coverage_of(terms: Terms, grid: Grid) -> Coverage:
    places = tuple(Place(s.key, name) for s in terms.systems for name in s.environments)
    where = {values: _shares(grid, bits) for values, bits in _cells(grid).items()}
    cells = {
        (activity, place): where[activity.value, place.system, place.environment]
        for activity in Activity
        for place in places
    }
    gaps = tuple(_gap(grid, hole) for hole in holes(grid))
    return Coverage(places, cells, gaps, frozenset(grid.ids(grid.deciders())))


def _cells(grid: Grid) -> dict[tuple[Value, Value, Value], Bits]:
    """Return the deciders of each combination of activity, system and environment."""
    activities, systems, environments = (d.groups for d in grid.dimensions[:PLACED])
    rest = grid.whole[PLACED:]
    cells: dict[tuple[Value, Value, Value], Bits] = {}
    for (a, alike), (s, twins), (e, names) in product(
        enumerate(activities), enumerate(systems), enumerate(environments)
    ):
        bits = grid.deciders((1 << a, 1 << s, 1 << e, *rest))
        cells |= dict.fromkeys(product(alike, twins, names), bits)
    return cells


def _shares(grid: Grid, bits: Bits) -> tuple[Share, ...]:
    decided = [
        Share(clause.then.outcome, clause.id)
        for i, clause in enumerate(grid.clauses)
        if bits >> i & 1
    ]
    if bits & grid.nothing:
        decided.append(Share(Outcome.UNDECIDED, None))
    return tuple(decided)


def _gap(grid: Grid, hole: Hole) -> Gap:
    facets = tuple(
        _facet(grid, hole.box, level)
        for level in range(len(FACTS))
        if hole.box[level] != grid.whole[level]
    )
    return Gap(facets, grid.ids(hole.spent))


def _facet(grid: Grid, box: Box, level: int) -> Facet:
    dimension = grid.dimensions[level]
    values = tuple(value for i in each(box[level]) for value in dimension.groups[i])
    left_out = grid.whole[level] & ~box[level]
    others = tuple(value for i in each(left_out) for value in dimension.groups[i])
    return Facet(dimension.fact, values, others)


def _plain(value: Value) -> Any:
    return list(value) if isinstance(value, Band) else value
