"""The time part of the terms: named service hours, targets and credits."""

import re
from datetime import date
from typing import Annotated, Any, TypeAlias

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Tag,
    WithJsonSchema,
)

from contracts.domain.durations import Length
from contracts.domain.term_types import Key, Part, Percent, Some, Span, Window
from contracts.domain.vocabulary import (
    Activity,
    Commitment,
    FindingSeverity,
    ObligationKind,
    Priority,
    Role,
)

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Windows: TypeAlias = Annotated[tuple[Window, ...], Field(max_length=12)]
_COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)
_DAY_FIX = "is not a day or a range of days: write mon, sat-sun or mon-fri"


def days_of(text: str) -> list[str]:
    """
    Return the days that `text` writes: `sat`, or `mon-fri`, or `sat-mon` over the weekend.

    :raises ValueError: if `text` is anything else.
    """
    first, dash, last = text.partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        raise ValueError(f"'{text[:20]}' {_DAY_FIX}")
    start, end = DAYS.index(first), DAYS.index(last or first)
    return [DAYS[(start + step) % 7] for step in range((end - start) % 7 + 1)]


def _read_week(value: Any) -> Any:
    if not isinstance(value, dict) or not 1 <= len(value) <= 7:
        raise ValueError('is not a week: write for example {mon-fri: ["09:00-18:00"]}')
    week: dict[str, Any] = {}
    for written, windows in value.items():
        for day in days_of(str(written)):
            if day in week:
                raise ValueError(f"'{day}' is named twice: keep it once")
            week[day] = windows
    return {day: week[day] for day in DAYS if day in week}


def _read_countries(value: Any) -> tuple[str, ...]:
    codes = (value,) if isinstance(value, str) else value
    if not isinstance(codes, list | tuple) or len(codes) > 10:
        raise ValueError("is not a country: write JP, or a list such as [JP, VN]")
    for code in codes:
        if not isinstance(code, str) or not _COUNTRY.fullmatch(code):
            raise ValueError(f"'{str(code)[:20]}' is not a country: write its code, such as JP")
    return tuple(codes)


def _write_countries(codes: tuple[str, ...]) -> str | list[str]:
    return codes[0] if len(codes) == 1 else list(codes)


Countries = Annotated[
    tuple[str, ...],
    PlainValidator(_read_countries),
    PlainSerializer(_write_countries),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}}),
]


class Calendar(Part):
    """Named service hours: windows of each weekday, minus holidays, with special days."""

    timezone: str
    week: Annotated[dict[str, Windows], BeforeValidator(_read_week)]
    holidays: Countries = ()
    special: Annotated[dict[date, Windows], Field(max_length=400)] = {}


class Joint(Part):
    """Service hours that are open only when all the named ones are."""

    intersect: Annotated[Some[Key], Field(min_length=2, max_length=10)]


def _kind_of_hours(value: Any) -> str:
    if isinstance(value, Joint) or (isinstance(value, dict) and "intersect" in value):
        return "joint"
    return "calendar"


Hours: TypeAlias = Annotated[
    Annotated[Calendar, Tag("calendar")] | Annotated[Joint, Tag("joint")],
    Discriminator(_kind_of_hours),
]


class Target(Part):
    """A promise: an obligation kept within a length, on hours that default to `time.hours`."""

    obligation: ObligationKind
    activity: Some[Activity] | None = None
    priority: Some[Priority] | None = None
    system: Some[Key] | None = None
    within: Span
    hours: Key | None = None
    default_owner: Role | None = None

    def covers(
        self, obligation: str, activity: str | None, priority: str | None, system: str | None
    ) -> bool:
        """Return whether the target speaks of these; a condition not named always holds."""
        return (
            self.obligation == obligation
            and (self.activity is None or activity in self.activity)
            and (self.priority is None or priority in self.priority)
            and (self.system is None or system in self.system)
        )


class Credit(Part):
    """A share of the monthly fee given back when too few were met in a month."""

    obligation: ObligationKind
    priority: Some[Priority] | None = None
    below: Percent
    minimum_count: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 1
    credit: Percent


class TimeTerms(Part):
    """
    What is promised in time; `findings` says how long a security finding may stay, by severity.

    Nothing named there has no due date.
    """

    hours: Key | None = None
    targets: Annotated[tuple[Target, ...], Field(max_length=200)] = ()
    commitment: Commitment = Commitment.GOAL
    credits: Annotated[tuple[Credit, ...], Field(max_length=50)] = ()
    reopen_within: Span = Length(business_days=10)
    auto_close: Span = Length(business_days=10)
    findings: Annotated[dict[FindingSeverity, Span], Field(max_length=4)] | None = None
