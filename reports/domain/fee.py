"""What the fixed fee bought: the work it covered, by the rate card, beside the fee."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from contracts.domain.money import WHOLE
from reports.domain.worth import Worked, added
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
    minutes, worth = sum(p.minutes for p in covered), sum(p.worth for p in covered)
    return FeeValue(
        fee=fee,
        minutes=minutes,
        worth=worth,
        effective_rate=_hourly(fee, minutes),
        card_rate=_hourly(worth, minutes),
        basis_points=worth * WHOLE // fee if fee else None,
        unrated_minutes=sum(piece.minutes for piece in covered if not piece.rated),
        by_tier=_parts(covered, "tier"),
        by_kind=_parts(covered, "kind"),
    )


def _hourly(money: int, minutes: int) -> int | None:
    return money * MINUTES_OF_AN_HOUR // minutes if minutes else None


def _parts(covered: Sequence[Worked], name: str) -> tuple[Covered, ...]:
    found = added(covered, attrgetter(name))
    return tuple(Covered(key, found[key].minutes, found[key].worth) for key in sorted(found))
