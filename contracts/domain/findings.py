"""A finding of the lint: what is wrong and where, as codes that any language can say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from contracts.domain.coverage import Gap

Parameter: TypeAlias = str | int | bool | tuple[str, ...] | Gap


class Severity(StrEnum):
    """A refusal keeps a version from being activated; a warning does not."""

    REFUSAL = "refusal"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a path, as code and parameters; `contracts.lint_words` says it."""

    severity: Severity
    code: str
    path: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


def refusal(code: str, path: str, **parameters: Parameter) -> Finding:
    return Finding(Severity.REFUSAL, code, path, parameters)


def warning(code: str, path: str, **parameters: Parameter) -> Finding:
    return Finding(Severity.WARNING, code, path, parameters)
