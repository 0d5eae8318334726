"""
What changed between two versions of the terms, told by the names people use, not by positions.

Clauses are followed by their id, systems and pools by their key, targets by what they promise to
whom, responsibilities by activity; everything else by its path.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from contracts.domain.terms import Terms, dump

Kind: TypeAlias = Literal["added", "removed", "changed", "moved"]
Document: TypeAlias = Mapping[str, Any]
Items: TypeAlias = dict[str, Any]  # what a list holds, by name
Named: TypeAlias = Callable[[Any], Items]


@dataclass(frozen=True, slots=True)
class Change:
    """
    One change: of a `subject` (`clause`, `target`, `system`, ..., `value`), by its `name`.

    `part` says what of it changed, as a path inside it; `before` and `after` are as the document
    writes them, None where there was nothing. What moved has its places in its list, from 1.
    """

    kind: Kind
    subject: str
    name: str
    part: str = ""
    before: Any = None
    after: Any = None

    @property
    def code(self) -> str:
        return f"{self.subject}_{self.kind}"


def difference(old: Terms, new: Terms) -> tuple[Change, ...]:
    """
    Return every change from `old` to `new`; none where both say the same.

    Order counts where the first match decides: of questions, clauses and targets.
    """
    before, after = dump(old), dump(new)
    changes: list[Change] = []
    for subject, steps, named in _LISTS:
        changes += _of_list(subject, named(_pop(before, steps)), named(_pop(after, steps)))
    return (*changes, *_of_parts("value", "", before, after))


def _by(field: str) -> Named:
    return lambda items: {item[field]: _without(item, field) for item in items}


def _questions(items: Sequence[Document]) -> Items:
    """Return the questions by the activity they name, a second one for the same as `name 2`."""
    return _numbered((item["then"], {"ask": item["ask"]}) for item in items)


def _targets(items: Sequence[Document]) -> Items:
    """Return the targets by what they promise to whom."""
    whom = ("activity", "priority", "system")
    return _numbered(
        (
            " ".join([item["obligation"], *(",".join(item[key]) for key in whom if key in item)]),
            _without(item, "obligation", *whom),
        )
        for item in items
    )


def _credits(items: Sequence[Document]) -> Items:
    return _numbered(
        (
            " ".join(
                [
                    item["obligation"],
                    *([",".join(item["priority"])] if "priority" in item else []),
                    f"below {item['below']}",
                ]
            ),
            _without(item, "obligation", "priority", "below"),
        )
        for item in items
    )


def _activities(items: Sequence[Document]) -> Items:
    return {
        activity: _without(item, "activities") for item in items for activity in item["activities"]
    }


def _hours(items: Any) -> Items:
    return dict(items or {})


_LISTS: tuple[tuple[str, str, Named], ...] = (
    ("system", "systems", _by("key")),
    ("hours", "hours", _hours),
    ("responsibility", "responsibilities", _activities),
    ("question", "scope.classify", _questions),
    ("clause", "scope.clauses", _by("id")),
    ("target", "time.targets", _targets),
    ("credit", "time.credits", _credits),
    ("pool", "cost.pools", _by("key")),
)
_ORDERED = frozenset({"question", "clause", "target"})  # where the first match decides


def _of_list(subject: str, before: Items, after: Items) -> Iterator[Change]:
    for name in before:
        if name not in after:
            yield Change("removed", subject, name, before=before[name])
    kept = [name for name in before if name in after]
    if subject in _ORDERED:
        moved = _moved([list(after).index(name) for name in kept])
        for position in moved:
            name = kept[position]
            places = list(before).index(name) + 1, list(after).index(name) + 1
            yield Change("moved", subject, name, before=places[0], after=places[1])
    for name, item in after.items():
        if name in before:
            yield from _of_parts(subject, name, before[name], item)
        else:
            place = list(after).index(name) + 1
            yield Change("added", subject, name, part=str(place), after=item)


def _of_parts(subject: str, name: str, before: Any, after: Any, path: str = "") -> Iterator[Change]:
    """Yield a change for each leaf that differs; a list is a leaf."""
    if before == after:
        return
    if not (isinstance(before, dict) and isinstance(after, dict)):
        yield Change("changed", subject, name, path, before, after)
        return
    for key in dict.fromkeys([*before, *after]):
        inner = f"{path}.{key}" if path else str(key)
        yield from _of_parts(subject, name, before.get(key), after.get(key), inner)


def _moved(places: Sequence[int]) -> list[int]:
    """Return the positions outside a longest rising run: the fewest that must have moved."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for position, place in enumerate(places):
        at = bisect_left(tails, place)
        before.append(ends[at - 1] if at else -1)
        tails[at : at + 1], ends[at : at + 1] = [place], [position]
    stayed = set()
    position = ends[-1] if ends else -1
    while position >= 0:
        stayed.add(position)
        position = before[position]
    return [position for position in range(len(places)) if position not in stayed]


def _numbered(named: Iterator[tuple[str, Any]]) -> Items:
    """Return the items by name; a name that comes again is followed by its number."""
    items: Items = {}
    for name, item in named:
        number, unique = 1, name
        while unique in items:
            number += 1
            unique = f"{name} {number}"
        items[unique] = item
    return items


def _without(item: Document, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key not in keys}


def _pop(document: dict[str, Any], steps: str) -> Any:
    *parents, last = steps.split(".")
    for step in parents:
        document = document[step]
    return document.pop(last, ())
