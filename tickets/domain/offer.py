"""What an estimate offers: lines, price, assumptions, dates; and the bytes that are hashed."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from contracts.domain.canonical import canonical, sha256_of
from contracts.domain.charging import amount_of

MOST = 10**12  # minor units
MOST_LINES = 60
MOST_MINUTES = 10_000 * 60


class Pricing(StrEnum):
    """A fixed price, or time and material as worked up to a not-to-exceed."""

    FIXED = "fixed"
    TIME_AND_MATERIAL = "time_and_material"


@dataclass(frozen=True, slots=True)
class Line:
    """
    A part of the offer: `minutes` of a tier at `rate` minor units an hour, or a fixed `amount`.

    A line of work has a tier, and its amount follows from its minutes.
    """

    text: str
    tier: str = ""
    place: str = ""
    minutes: int = 0
    rate: int | None = None
    amount: int = 0

    @classmethod
    def of_work(cls, text: str, tier: str, place: str, minutes: int, rate: int) -> "Line":
        return cls(text, tier, place, minutes, rate, amount_of(minutes, rate))

    @property
    def is_work(self) -> bool:
        return bool(self.tier)


@dataclass(frozen=True, slots=True)
class Offer:
    """One revision's content; amounts in minor units, before tax."""

    pricing: Pricing
    currency: str
    lines: tuple[Line, ...]
    not_to_exceed: int | None = None
    assumptions: str = ""
    exclusions: str = ""
    date_effect: str = ""
    delivery_on: date | None = None
    language: str = "en"

    @property
    def lines_total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def minutes(self) -> int:
        return sum(line.minutes for line in self.lines)

    @property
    def amount(self) -> int:
        """Return what is asked for: the fixed price, or the not-to-exceed."""
        if self.pricing is Pricing.TIME_AND_MATERIAL and self.not_to_exceed is not None:
            return self.not_to_exceed
        return self.lines_total

    def columns(self) -> dict[str, Any]:
        """Return the columns of the revision that hold the offer."""
        return {
            "pricing": self.pricing.value,
            "currency": self.currency,
            "lines": [asdict(line) for line in self.lines],
            "amount": self.amount,
            "assumptions": self.assumptions,
            "exclusions": self.exclusions,
            "date_effect": self.date_effect,
            "delivery_on": self.delivery_on,
            "language": self.language,
        }

    def sha256(self, **of: Any) -> str:
        """Return the hash of the offer as canonical JSON; `of` says which revision of what it is."""
        document = {**self.columns(), **of}
        document["delivery_on"] = self.delivery_on.isoformat() if self.delivery_on else None
        return sha256_of(canonical(document))


def lines_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Line, ...]:
    """Return the lines that a revision has stored."""
    return tuple(Line(**row) for row in rows)
