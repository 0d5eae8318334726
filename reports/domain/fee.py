"""What the fixed fee bought: the work it covered, by the rate card, beside the fee."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from contracts.domain.money import WHOLE
from reports.domain.worth import Worked, Worth, added, total
from tickets.domain.recurrence import MINUTES_OF_AN_HOUR

COVERED = ("included", "triage", "pool")  # what the fee pays for; overage and the rest is billed
FEE = "fee"


@dataclass(frozen=True, slots=True)
class Covered:
    """Part of the covered work, under the name of its tier or of what it counted against."""

    key: str
    minutes: int
    worth: int


@dataclass(frozen=True, slots=True)
class FeeValue:
    """
    Money in minor units; rates an hour, `effective_rate` is what an hour cost through the fee.

    `basis_points` is the worth of the fee: 10000 is worth its price. Without a fee, or without work,
    what cannot be said is None.
    """

    fee: int
    minutes: int
    worth: int
    effective_rate: int | None
    card_rate: int | None
    basis_points: int | None
    unrated_minutes: int
    by_tier: tuple[Covered, ...]
    by_kind: tuple[Covered, ...]


def fee_value(lines: Iterable[Mapping[str, Any]], pieces: Iterable[Worked]) -> FeeValue:
    """Return what the fee lines of a statement bought."""
    fee = sum(line["amount"] for line in lines if line["kind"] == FEE)
    covered = [piece for piece in pieces if piece.kind in COVERED]
    parts = added(covered, attrgetter("tier", "kind"))
    minutes, worth = total(parts.values())
    return FeeValue(
        fee=fee,
        minutes=minutes,
        worth=worth,
        effective_rate=_hourly(fee, minutes),
        card_rate=_hourly(worth, minutes),
        basis_points=worth * WHOLE // fee if fee else None,
        unrated_minutes=sum(piece.minutes for piece in covered if not piece.rated),
        by_tier=_parts(parts, 0),
        by_kind=_parts(parts, 1),
    )


def _hourly(money: int, minutes: int) -> int | None:
    return money * MINUTES_OF_AN_HOUR // minutes if minutes else None


def _parts(parts: Mapping[tuple[str, str], Worth], place: int) -> tuple[Covered, ...]:
    """Return the parts by tier, or by kind, as `place` says."""
    keys = sorted({names[place] for names in parts})
    sums = (total(part for names, part in parts.items() if names[place] == key) for key in keys)
    return tuple(Covered(key, *each) for key, each in zip(keys, sums, strict=True))
