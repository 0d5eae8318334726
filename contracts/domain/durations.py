"""Lengths of time as contracts write them: `15m`, `4h`, `90d` on the clock, `5bd` in business days."""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

_MINUTE = timedelta(minutes=1)
_UNITS = {"m": _MINUTE, "h": timedelta(hours=1), "d": timedelta(days=1)}
_LENGTH = re.compile(r"(\d{1,6})(m|h|d|bd)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Length:
    """Either a duration in real time or a count of business days; the other is None."""

    duration: timedelta | None = None
    business_days: int | None = None

    def __str__(self) -> str:
        if self.business_days is not None:
            return f"{self.business_days}bd"
        minutes = minutes_of(self.duration or timedelta())
        for unit, size in (("d", 1440), ("h", 60)):
            if minutes and minutes % size == 0:
                return f"{minutes // size}{unit}"
        return f"{minutes}m"


@lru_cache(1024)  # contracts write a few dozen of them, ledgers repeat them
def parse_length(text: str) -> Length:
    """
    Return the length that `text` writes, for example `15m`, `4h`, `90d` or `5bd`.

    :raises ValueError: if `text` is anything else; the message says what to write.
    """
    if (match := _LENGTH.fullmatch(text.strip())) is None:
        raise ValueError(f"'{text}' is not a length of time: write 15m, 4h, 90d or 5bd")
    amount, unit = int(match[1]), match[2]
    if unit == "bd":
        return Length(business_days=amount)
    return Length(duration=amount * _UNITS[unit])


def minutes_of(duration: timedelta) -> int:
    """Return whole minutes, rounded down."""
    return duration // _MINUTE
