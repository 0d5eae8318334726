"""Hour pools: lots of minutes with an expiry, drawn in a fixed order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from contracts.domain.cost_terms import Pool
from contracts.domain.money import WHOLE


class LotKind(StrEnum):
    """In the order of drawing: rolled over first, then the month's base, then bought hours."""

    ROLLED = "rolled"
    BASE = "base"
    BOUGHT = "bought"


_ORDER = list(LotKind)


@dataclass(frozen=True, slots=True)
class Lot:
    """Minutes of a pool that may be drawn before `expires_on`; None never expires."""

    pool: str
    kind: LotKind
    minutes: int
    granted_on: date
    expires_on: date | None = None

    def to_dict(self) -> dict[str, Any]:
        expires = self.expires_on and self.expires_on.isoformat()
        return {
            **asdict(self),
            "kind": self.kind.value,
            "granted_on": self.granted_on.isoformat(),
            "expires_on": expires,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Lot":
        expires = document["expires_on"]
        read = {
            "kind": LotKind(document["kind"]),
            "granted_on": date.fromisoformat(document["granted_on"]),
            "expires_on": expires and date.fromisoformat(expires),
        }
        return cls(**{**document, **read})

    def order(self) -> tuple[int, date, date]:
        return _ORDER.index(self.kind), self.expires_on or date.max, self.granted_on

    def is_like(self, other: "Lot") -> bool:
        """Return whether both are of one pool, kind, day and expiry."""
        return replace(self, minutes=0) == replace(other, minutes=0)

    def outlives(self, on: date) -> bool:
        """Return whether minutes are left that may still be drawn on `on`."""
        return self.minutes > 0 and (self.expires_on is None or self.expires_on > on)


@dataclass(frozen=True, slots=True)
class PoolUse:
    """
    A pool's month in minutes: brought + base = used + carried + expired.

    `brought` is what earlier months left and what was bought in this one.
    """

    key: str
    brought: int
    base: int
    used: int
    carried: int
    expired: int


@dataclass(slots=True)
class PoolAccount:
    """
    One pool during one month.

    On `renewed_on` the contract was renewed under terms that let what was rolled over expire.
    """

    key: str
    pool: Pool | None
    first_on: date
    next_on: date
    lots: list[Lot]
    base: int = 0
    renewed_on: date | None = None
    used: int = 0
    brought: int = field(init=False)

    def __post_init__(self) -> None:
        self.brought = sum(lot.minutes for lot in self.lots)
        self.lots = [self._renewed(lot) for lot in self.lots]
        if self.base:
            self.lots.append(Lot(self.key, LotKind.BASE, self.base, self.first_on, self.next_on))
        self.lots.sort(key=Lot.order)

    def _renewed(self, lot: Lot) -> Lot:
        if self.renewed_on is None or lot.kind is not LotKind.ROLLED:
            return lot
        return replace(lot, expires_on=min(lot.expires_on or date.max, self.renewed_on))

    def draw(self, minutes: int, on: date) -> int:
        """Take up to `minutes` on a day from the lots in their order; return how many there were."""
        drawn = 0
        for index, lot in enumerate(self.lots):
            if not lot.outlives(on):
                continue
            taken = min(lot.minutes, minutes - drawn)
            self.lots[index] = replace(lot, minutes=lot.minutes - taken)
            drawn += taken
        self.used += drawn
        return drawn

    def carried(self) -> list[Lot]:
        """Return the lots of the next month; unused base rolls over once, up to its cap."""
        kept = [
            lot for lot in self.lots if lot.kind is not LotKind.BASE and lot.outlives(self.next_on)
        ]
        unused = sum(lot.minutes for lot in self.lots if lot.kind is LotKind.BASE)
        rollover = self.pool.rollover if self.pool and self.renewed_on != self.next_on else None
        if self.pool is not None and rollover is not None:
            rolled = min(unused, self.pool.per_month * rollover.up_to // WHOLE)
            expires_on = months_after(self.next_on, rollover.for_months)
            lot = Lot(self.key, LotKind.ROLLED, rolled, self.next_on, expires_on)
            kept += [lot] if rolled else []
        return sorted(kept, key=Lot.order)

    def summary(self) -> PoolUse:
        carried = sum(lot.minutes for lot in self.carried())
        expired = self.brought + self.base - self.used - carried
        return PoolUse(self.key, self.brought, self.base, self.used, carried, expired)


def without(lots: Iterable[Lot], taken: Lot) -> Iterator[Lot]:
    """Yield the lots less the minutes of `taken` in those like it; never below zero."""
    left = taken.minutes
    for lot in lots:
        if lot.is_like(taken):
            less = min(left, lot.minutes)
            left, lot = left - less, replace(lot, minutes=lot.minutes - less)
        yield lot


def open_accounts(
    pools: Iterable[Pool],
    lots: Iterable[Lot],
    first_on: date,
    next_on: date,
    renewed: Mapping[str, date] | None = None,
) -> dict[str, PoolAccount]:
    """
    Return the month's accounts by key: those of the terms, and those that only have other lots.

    `renewed` names the pools whose rolled-over hours expire at a renewal, and its day.
    """
    alive = [lot for lot in lots if lot.outlives(first_on)]
    known = {pool.key: pool for pool in pools}
    keys = [*known, *sorted({lot.pool for lot in alive} - set(known))]
    return {
        key: PoolAccount(
            key,
            known.get(key),
            first_on,
            next_on,
            [lot for lot in alive if lot.pool == key],
            known[key].per_month if key in known else 0,
            (renewed or {}).get(key),
        )
        for key in keys
    }


def months_after(first_on: date, months: int) -> date:
    """Return the first day of the month that is `months` after that of `first_on`."""
    years, month = divmod(first_on.month - 1 + months, 12)
    return date(first_on.year + years, month + 1, 1)
