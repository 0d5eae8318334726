"""Scalars of the terms: how each is written in the document and held in Python."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)

from contracts.domain.durations import Length, minutes_of, parse_length
from contracts.domain.money import WHOLE

MOST_MONEY = 10**15
MOST_MINUTES = 366 * 24 * 60
MOST_BUSINESS_DAYS = 400
T = TypeVar("T")


class Part(BaseModel):
    """A piece of the terms: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )


def _unique(values: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(values)) < len(values):
        raise ValueError("names something twice: keep it once")
    return values


def _clean(text: str) -> str:
    if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t" for sign in text):
        raise ValueError("contains control characters: remove them")
    return text


def _read_length(value: Any) -> Length:
    if isinstance(value, Length):
        return value
    if not isinstance(value, str):
        raise ValueError("is not a length of time: write 15m, 4h, 90d or 5bd")
    length = parse_length(value)
    if (length.business_days or 0) > MOST_BUSINESS_DAYS:
        raise ValueError(f"is too long: at most {MOST_BUSINESS_DAYS}bd")
    if length.duration is not None and minutes_of(length.duration) > MOST_MINUTES:
        raise ValueError("is too long: at most 366d")
    return length


def _read_minutes(value: Any) -> int:
    length = _read_length(value)
    if length.duration is None:
        raise ValueError("counts business days: write a duration such as 15m or 4h")
    return minutes_of(length.duration)


def write_minutes(minutes: int) -> str:
    """Return minutes as effort is written: in hours when they are whole, else in minutes."""
    return f"{minutes // 60}h" if minutes and minutes % 60 == 0 else f"{minutes}m"


def _read_decimal(value: Any, fix: str) -> Decimal:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(fix) from None
    if not number.is_finite() or len(str(value)) > 12:
        raise ValueError(fix)
    return number


def _basis_points(number: Decimal, fix: str) -> int:
    if (points := number * WHOLE) != points.to_integral_value():
        raise ValueError(fix)
    return int(points)


def _read_percent(value: Any) -> int:
    fix = "is not a percentage: write 0% to 100%, with at most two decimals"
    if not isinstance(value, str) or not value.strip().endswith("%"):
        raise ValueError(fix)
    number = _read_decimal(value.strip()[:-1], fix)
    if not 0 <= number <= 100:
        raise ValueError(fix)
    return _basis_points(number / 100, fix)


def _write_decimal(points: int, whole: int) -> str:
    return format((Decimal(points) / whole).normalize(), "f")


def _write_percent(points: int) -> str:
    return f"{_write_decimal(points, 100)}%"


def _read_multiplier(value: Any) -> int:
    fix = "is not a multiplier: write 1 to 10, for example 1.25"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(fix)
    number = _read_decimal(value, fix)
    if not 1 <= number <= 10:
        raise ValueError(fix)
    return _basis_points(number, fix)


def _write_multiplier(points: int) -> str:
    return _write_decimal(points, WHOLE)


_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)


def _read_window(value: Any) -> tuple[str, str]:
    fix = "is not a window: write 09:00-18:00; 24:00 is the end of the day"
    if not isinstance(value, str) or not _WINDOW.fullmatch(value):
        raise ValueError(fix)
    opens, closes = value.split("-")
    if opens == closes:
        raise ValueError("opens and closes at once: a whole day is 00:00-24:00")
    return opens, closes


def _write_window(window: tuple[str, str]) -> str:
    return "-".join(window)


def _as_string(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


Span = Annotated[
    Length,
    PlainValidator(_read_length),
    PlainSerializer(str, return_type=str),
    _as_string(r"^\d{1,6}(m|h|d|bd)$"),
]
Minutes = Annotated[
    int,
    PlainValidator(_read_minutes),
    PlainSerializer(write_minutes, return_type=str),
    _as_string(r"^\d{1,6}(m|h|d)$"),
]
Percent = Annotated[
    int,
    PlainValidator(_read_percent),
    PlainSerializer(_write_percent, return_type=str),
    _as_string(r"^\d{1,3}(\.\d{1,2})?%$"),
]
Multiplier = Annotated[
    int,
    PlainValidator(_read_multiplier),
    PlainSerializer(_write_multiplier, return_type=str),
    WithJsonSchema({"type": ["string", "number"]}),
]
Window = Annotated[
    tuple[str, str],
    PlainValidator(_read_window),
    PlainSerializer(_write_window, return_type=str),
    _as_string(r"^\d\d:\d\d-\d\d:\d\d$"),
]
Amount = Annotated[int, Field(strict=True, ge=0, le=MOST_MONEY)]
Count = Annotated[int, Field(strict=True, ge=1, le=100_000)]
Flag = Annotated[bool, Field(strict=True)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", strict=True)]
ClauseId = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,19}$", strict=True)
]
Phrase = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=1000),
    AfterValidator(_clean),
]
Texts = Annotated[dict[str, Phrase], Field(min_length=1, max_length=8)]
Some = Annotated[tuple[T, ...], Field(min_length=1, max_length=100), AfterValidator(_unique)]
