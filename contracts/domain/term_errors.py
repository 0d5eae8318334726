"""What is wrong with a document of terms, said as `path: value and fix`."""

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

MOST_ERRORS = 100
_NOT_PATH = frozenset({"calendar", "joint", "int", "[key]"})
_FIXES = {
    "missing": "is missing: add it",
    "extra_forbidden": "is not a key here: remove it or correct its spelling",
    "int_type": "is not a whole number: write digits only",
    "bool_type": "is not true or false",
    "string_type": "is not text: put it in quotes",
    "tuple_type": "is not a list: write [a, b]",
    "dict_type": "is not a mapping: write key: value",
    "model_type": "is not a mapping: write key: value",
    "date_from_datetime_parsing": "is not a date: write 2026-12-29",
    "string_pattern_mismatch": "is not a key: small letters, digits, - and _, at most 40",
}


class TermsInvalid(ValueError):
    """The document is not a set of terms; `errors` lists everything that is wrong."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)[:MOST_ERRORS]
        super().__init__("; ".join(self.errors[:5]))


def path_of(steps: Iterable[str | int]) -> str:
    """Return a path as people write it, for example `scope.clauses[3].when.system`."""
    path = ""
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)[:60]
    return path or "terms"


def not_one_of(value: object, what: str, names: Iterable[str]) -> str:
    """Return the sentence for a name that refers to nothing."""
    known = ", ".join(names) or "none are named"
    return f"'{str(value)[:60]}' is not one of the {what}: {known}"


def from_validation(error: ValidationError) -> TermsInvalid:
    """Return the errors that pydantic found, in our words, each once."""
    details = error.errors(include_url=False, include_context=True)
    return TermsInvalid(dict.fromkeys(_sentence(detail) for detail in details))


def _sentence(detail: ErrorDetails) -> str:
    steps = [step for step in detail["loc"] if step not in _NOT_PATH]
    value, kind = detail["input"], detail["type"]
    if steps and isinstance(steps[-1], int) and kind == "enum":
        steps = steps[:-1]
    if kind == "missing":
        return f"{path_of(steps)}: {_FIXES[kind]}"
    return f"{path_of(steps)}: {_shown(value)}{_fix(detail)}"


def _shown(value: Any) -> str:
    if isinstance(value, str | int | float | bool):
        return f"'{str(value)[:60]}' "
    return ""


def _fix(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "enum":
        return f"is not one of: {str(context['expected']).replace(chr(39), '').replace(' or', ',')}"
    if kind == "value_error":
        sentence = str(context["error"])
        shown = _shown(detail["input"])
        return sentence.removeprefix(shown) if shown else sentence
    return _FIXES.get(kind) or f"is refused: {detail['msg'][:1].lower()}{detail['msg'][1:]}"
