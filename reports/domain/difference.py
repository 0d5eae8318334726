"""Where two documents differ, each place by its path."""

from collections.abc import Iterator
from typing import Any

_ABSENT = object()


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Yield one line for each leaf that differs: `cost.lines[2].amount: 4000 -> 8000`."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            deeper = f"{path}.{key}" if path else key
            yield from differences(before.get(key, _ABSENT), after.get(key, _ABSENT), deeper)
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            yield from differences(_at(before, index), _at(after, index), f"{path}[{index}]")
    elif type(before) is not type(after) or before != after:
        yield f"{path}: {_short(before)} -> {_short(after)}"


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else _ABSENT


def _short(value: Any) -> str:
    if value is _ABSENT:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
