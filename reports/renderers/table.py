"""A table of a report: typed columns and raw values, which each renderer shows in its own way."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from contracts import formats

BIDI = dict.fromkeys(
    map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)

BLANKS = " \t\r\n\f\v"
HIDDEN = ("Cc", "Cs")
MOST_KEYS = 40  # tickets that a cell of paper names
SPACES = re.compile(f"[{BLANKS}]+")  # a space that keeps words together stays


class Kind(StrEnum):
    """What the values of a column are; None is always an empty cell."""

    TEXT = "text"
    KEYS = "keys"  # of tickets; paper names the first of them
    NUMBER = "number"
    SHARE = "share"  # basis points
    MONEY = "money"  # minor units
    MINUTES = "minutes"
    SECONDS = "seconds"
    EXACT = "exact"  # seconds of which none is rounded away
    DAY = "day"
    MOMENT = "moment"  # an aware datetime


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column: `key` is its name in files, `label` its name for people.

    On paper it takes `share` of the width, or stands in small print below the column `under`.
    """

    key: str
    label: str
    kind: Kind = Kind.TEXT
    share: float = 1
    under: str = ""
    tone: Callable[[Any], str] | None = None

    @property
    def is_number(self) -> bool:
        return self.kind not in (Kind.TEXT, Kind.KEYS, Kind.DAY, Kind.MOMENT)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows are tuples of raw values in the order of the columns; `foot` holds totals like them."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: Iterable[tuple]
    foot: tuple[tuple, ...] = ()
    currency: str = ""
    note: str = ""
    empty: str = ""


def shown(value: Any, kind: Kind, currency: str = "") -> str:
    """Return a raw value as text in the active language and zone."""
    if value is None:
        return ""
    match kind:
        case Kind.TEXT:
            return value
        case Kind.KEYS:
            return ", ".join(value)
        case Kind.MONEY:
            return formats.money(value, currency)
        case Kind.DAY:
            return formats.day_text(value)
    plain = {
        Kind.NUMBER: formats.number,
        Kind.SHARE: formats.percent,
        Kind.MINUTES: formats.minutes,
        Kind.SECONDS: formats.length,
        Kind.EXACT: formats.exact,
        Kind.MOMENT: formats.at_text,
    }
    return plain[kind](value)


def first_of(keys: Sequence[str], most: int = MOST_KEYS) -> str:
    """Return ticket keys in a line; beyond `most` it says how many more the spreadsheet lists."""
    if len(keys) <= most:
        return ", ".join(keys)
    more = _("and %d more, in the spreadsheet") % (len(keys) - most)
    return ", ".join([*keys[:most], more])


def legible(text: str) -> str:
    """Return what people wrote in one line, without what would hide or turn its order around."""
    seen = (c for c in text.translate(BIDI) if c in BLANKS or unicodedata.category(c) not in HIDDEN)
    return SPACES.sub(" ", "".join(seen)).strip()
