"""
The grid of cases: every combination of the facts that clauses look at, by the rules of `decide`.

A case is a value of each dimension. Values that no clause tells apart share a group, and a set of
clauses is an int with a bit a clause, so a walk over the grid is a walk over a few sets of clauses.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias

from contracts.domain.scope import decide
from contracts.domain.terms import Activity, Cause, Clause, Priority, Terms
from contracts.domain.verdict import Answer, Facts

FACTS = (
    "activity",
    "system",
    "environment",
    "priority",
    "cause",
    "in_hours",
    "warranty",
    "effort_minutes",
)
SYSTEM, ENVIRONMENT, PLACED = 1, 2, 3  # positions in FACTS; from PLACED on every case exists

Bits: TypeAlias = int
Box: TypeAlias = tuple[Bits, ...]  # a set of groups for each dimension


class Band(NamedTuple):
    """Efforts that no clause tells apart, in minutes: `above` is left out, `at_most` is in."""

    above: int | None
    at_most: int | None

    @property
    def minutes(self) -> int:
        """Return an effort inside the band."""
        return (self.above or 0) + 1 if self.at_most is None else self.at_most


Value: TypeAlias = str | bool | Band


class Dimension(NamedTuple):
    """One fact: its values in groups, and for each group the clauses that do not refuse it."""

    fact: str
    groups: tuple[tuple[Value, ...], ...]
    masks: tuple[Bits, ...]

    @property
    def full(self) -> Bits:
        return (1 << len(self.groups)) - 1


class Grid:
    """The cases of a contract, ready to be walked."""

    def __init__(self, terms: Terms) -> None:
        self.clauses = terms.scope.clauses
        self.nothing = 1 << len(self.clauses)  # the bit for: no clause decides
        self.dimensions = tuple(_dimensions(terms))
        self.quotas = bits_of(i for i, clause in enumerate(self.clauses) if clause.quota)
        self._free = tuple(self._free_from(level) for level in range(len(FACTS) + 1))
        self._valid = self._places(terms)
        self._known: dict[tuple[int, Bits, Bits], Bits] = {}

    @cached_property
    def whole(self) -> Box:
        return tuple(dimension.full for dimension in self.dimensions)

    @cached_property
    def taken(self) -> tuple[Box, ...]:
        """Return for each clause the cases that it does not refuse, which are a box."""
        return tuple(
            tuple(
                bits_of(g for g, mask in enumerate(dimension.masks) if mask >> i & 1)
                for dimension in self.dimensions
            )
            for i in range(len(self.clauses))
        )

    def ids(self, bits: Bits) -> tuple[str, ...]:
        """Return the ids of a set of clauses, in their order."""
        return tuple(clause.id for i, clause in enumerate(self.clauses) if bits >> i & 1)

    def box(self, named: Mapping[str, Sequence[Value]]) -> Box:
        """Return the cases with one of these values for each fact named, any for the others."""
        return tuple(
            bits_of(
                i
                for i, group in enumerate(dimension.groups)
                if dimension.fact not in named or set(group) & set(named[dimension.fact])
            )
            for dimension in self.dimensions
        )

    def deciders(self, box: Box | None = None) -> Bits:
        """
        Return the clauses that decide some case of `box`, with `nothing` where none does.

        A clause with a quota decides while the quota lasts, and then the next one does.
        """
        within = self.whole if box is None else box
        known = self._known if within == self.whole else {}
        return self._deciders(0, self.nothing - 1, within[ENVIRONMENT], within, known)

    def flat(self, box: Box) -> Bits:
        """Return the groups of every dimension as one set, so that `&` compares whole boxes."""
        flat = 0
        for groups, dimension in zip(box, self.dimensions, strict=True):
            flat = flat << len(dimension.groups) | groups
        return flat

    def only_gaps(self, box: Box, spent: Bits = 0) -> bool:
        """Return whether nothing decides any case of `box` once these quotas are used up."""
        for i, taken in enumerate(self.taken):
            if spent >> i & 1 or any(not a & b for a, b in zip(taken, box, strict=True)):
                continue
            if self.has_cases([a & b for a, b in zip(taken, box, strict=True)]):
                return False
        return True

    def has_cases(self, box: Sequence[Bits]) -> bool:
        """Return whether some system of `box` has one of its environments."""
        return any(self._valid[i] & box[ENVIRONMENT] for i in each(box[SYSTEM]))

    def cut(self, level: int, mask: Bits) -> Bits:
        """Return `mask` without the clauses behind one that surely applies from `level` on."""
        sure = mask & self._free[level] & ~self.quotas
        return mask & ((sure & -sure) << 1) - 1 if sure else mask

    def branches(
        self, level: int, mask: Bits, places: Bits, within: Box
    ) -> Iterator[tuple[Bits, Bits, Bits]]:
        """Yield groups of the dimension with the clauses and places they leave, equal ones once."""
        found: dict[tuple[Bits, Bits], Bits] = {}
        dimension = self.dimensions[level]
        allowed = within[level] & places if level == ENVIRONMENT else within[level]
        for i in each(allowed):
            left = places & self._valid[i] if level == SYSTEM else places
            if level == ENVIRONMENT:
                left = 0
            if level != SYSTEM or left:
                key = self.cut(level + 1, mask & dimension.masks[i]), left
                found[key] = found.get(key, 0) | 1 << i
        for (child, left), groups in found.items():
            yield groups, child, left

    def _deciders(
        self,
        level: int,
        mask: Bits,
        places: Bits,
        within: Box,
        known: dict[tuple[int, Bits, Bits], Bits],
    ) -> Bits:
        if level >= PLACED and (not mask or (mask & -mask) & self._free[level] & ~self.quotas):
            return mask & -mask or self.nothing
        if level == len(FACTS):
            return mask if mask & ~self.quotas else mask | self.nothing
        if (found := known.get((level, mask, places))) is None:
            found = 0
            for _groups, child, left in self.branches(level, mask, places, within):
                found |= self._deciders(level + 1, child, left, within, known)
            known[level, mask, places] = found
        return found

    def _free_from(self, level: int) -> Bits:
        """Return the clauses that no dimension from `level` on can refuse."""
        free = self.nothing - 1
        for dimension in self.dimensions[level:]:
            for mask in dimension.masks:
                free &= mask
        return free

    def _places(self, terms: Terms) -> tuple[Bits, ...]:
        """Return for each group of systems the groups of environments that one of them has."""
        environments = self.dimensions[ENVIRONMENT].groups
        have = {system.key: set(system.environments) for system in terms.systems}
        return tuple(
            bits_of(
                i
                for i, group in enumerate(environments)
                if any(have[str(key)] & set(group) for key in systems)
            )
            for systems in self.dimensions[SYSTEM].groups
        )


def each(bits: Bits) -> Iterator[int]:
    """Yield the positions of the bits that are set, lowest first."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def bits_of(positions: Iterable[int]) -> Bits:
    return sum(1 << position for position in set(positions))


def bands_of(clauses: Sequence[Clause]) -> list[Band]:
    """Return the efforts cut at every bound and quota that a clause names."""
    bounds: set[int | None] = set()
    for clause in clauses:
        if clause.when.effort:
            bounds |= {clause.when.effort.at_most, clause.when.effort.above}
        if clause.quota:
            bounds.add(clause.quota.effort)
    cuts = sorted(bound for bound in bounds if bound is not None)
    return [Band(*edges) for edges in zip([None, *cuts], [*cuts, None], strict=True)]


def _values(terms: Terms) -> dict[str, list[Value]]:
    return {
        "activity": [activity.value for activity in Activity],
        "system": list(terms.system_keys()),
        "environment": list(terms.environments_of()),
        "priority": [priority.value for priority in Priority],
        "cause": [cause.value for cause in Cause],
        "in_hours": [True, False],
        "warranty": [True, False],
        "effort_minutes": list(bands_of(terms.scope.clauses)),
    }


def _dimensions(terms: Terms) -> Iterator[Dimension]:
    alone = [(clause, _alone(terms, clause)) for clause in terms.scope.clauses]
    for fact, values in _values(terms).items():
        looking = [
            (i, clause, single)
            for i, (clause, single) in enumerate(alone)
            if _looks_at(clause, fact)
        ]
        others = (1 << len(alone)) - 1 - sum(1 << i for i, _clause, _single in looking)
        groups: dict[Bits, list[Value]] = {}
        for value in values:
            mask = others + sum(
                1 << i for i, clause, single in looking if _takes(single, clause, fact, value)
            )
            groups.setdefault(mask, []).append(value)
        yield Dimension(fact, tuple(tuple(group) for group in groups.values()), tuple(groups))


def _alone(terms: Terms, clause: Clause) -> Terms:
    """Return the terms with this clause alone and no questions, so that `decide` speaks of it."""
    scope = terms.scope.model_copy(update={"clauses": (clause,), "classify": ()})
    return terms.model_copy(update={"scope": scope})


def _looks_at(clause: Clause, fact: str) -> bool:
    if fact == "effort_minutes":
        return clause.when.effort is not None or bool(
            clause.quota and clause.quota.effort is not None
        )
    return getattr(clause.when, fact) is not None


def _takes(alone: Terms, clause: Clause, fact: str, value: Value) -> bool:
    """Return whether the clause, asked with this fact alone, does not say no."""
    activity = clause.when.activity[0].value if clause.when.activity else Activity.CORRECTIVE.value
    known = {"activity": activity, fact: value.minutes if isinstance(value, Band) else value}
    return decide(alone, Facts(**known)).path[-1].answer is not Answer.NO  # type: ignore[arg-type]
