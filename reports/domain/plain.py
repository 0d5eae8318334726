"""Figures as JSON says them: whole numbers, text and lists; instants in UTC with a Z."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from operator import attrgetter
from typing import Any

_NAMES: dict[type, tuple[str, ...]] = {}
_VALUES: dict[type, Callable[[Any], tuple[Any, ...]]] = {}  # of a dataclass, in that order
PLAIN = frozenset({str, int, bool, type(None)})  # as they are; most of the values of a month


class Plain(list[Any]):
    """A list that is plain as it was made: ten thousand rows of a month are not gone through again."""


def instant(at: datetime) -> str:
    """Return `at` to the second, as `2026-10-31T15:00:00Z`."""
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat("T", "seconds")[:19] + "Z"


def plain(value: Any) -> Any:
    """
    Return `value` fit for canonical JSON; a dataclass, or a named tuple, becomes a dict of its fields.

    :raises TypeError: if it holds a float or anything else that JSON would not say exactly.
    """
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind is datetime:
        return instant(value)
    if names := named(kind):
        held_in = value if issubclass(kind, tuple) else _VALUES[kind](value)
        return {
            name: held if type(held) in PLAIN else plain(held)
            for name, held in zip(names, held_in, strict=True)
        }
    if kind is dict:
        return {
            key if type(key) is str else str(key): held if type(held) in PLAIN else plain(held)
            for key, held in value.items()
        }
    if kind is list or kind is tuple:
        return [held if type(held) in PLAIN else plain(held) for held in value]
    return _seldom(value)


def named(kind: type) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass or a named tuple; none for any other type."""
    if kind not in _NAMES:
        is_data = is_dataclass(kind)
        names = tuple(f.name for f in fields(kind)) if is_data else _tuple_names(kind)
        if is_data and names:
            _VALUES[kind] = attrgetter(*names) if len(names) > 1 else _only(*names)
        _NAMES[kind] = names
    return _NAMES[kind]


def _only(name: str) -> Callable[[Any], tuple[Any, ...]]:
    return lambda value: (getattr(value, name),)


def _tuple_names(kind: type) -> tuple[str, ...]:
    return getattr(kind, "_fields", ())


def _seldom(value: Any) -> Any:
    if isinstance(value, Plain):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(held) for key, held in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [plain(held) for held in value]
    if isinstance(value, int | str):
        return value
    raise TypeError(f"{value!r} has no place in a report")
