"""
What can be wrong with a file of another tool; `tickets.bulk_words` says it and the way out.

Nothing is guessed twice: a value that cannot be read is a `Wrong` with its column and its fault.
"""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What is wrong with a file or a value."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_ROWS = "too_many_rows"
    CELL_TOO_LONG = "cell_too_long"
    TOO_MANY_COLUMNS = "too_many_columns"
    ENCODING = "encoding"
    NOT_CSV = "not_csv"
    HEAD_TWICE = "head_twice"
    RAGGED = "ragged"
    MISSING = "missing"
    NOT_A_MOMENT = "not_a_moment"
    NOT_HOURS = "not_hours"
    UNKNOWN_WORD = "unknown_word"
    ORDER = "order"
    TOO_LONG = "too_long"
    TWICE = "twice"
    NO_PERSON = "no_person"
    NO_TICKET = "no_ticket"
    NO_VERSION = "no_version"
    NO_PLACE = "no_place"
    FUTURE = "future"
    REFUSED = "refused"


class Unreadable(Exception):
    """The whole file cannot be read."""

    def __init__(self, fault: Fault, value: str = "", row: int = 0) -> None:
        super().__init__(fault.value)
        self.fault, self.value, self.row = fault, value, row


@dataclass(frozen=True, slots=True)
class Wrong:
    """One value that cannot be used: heading, value as it stands there, and what is wrong."""

    column: str
    value: str
    fault: Fault
