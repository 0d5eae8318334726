"""What a month's statement is made from and what it says: plain values, minor units, minutes."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from contracts.domain.pools import Lot, LotKind, PoolUse
from contracts.domain.terms import ObligationKind, Place, Priority, Tier


class AuthorityKind(StrEnum):
    """What stands behind minutes; `held` ones wait, `goodwill` ones are given."""

    INCLUDED = "included"
    POOL = "pool"
    PREAPPROVED = "preapproved"
    ESTIMATE = "estimate"
    EMERGENCY = "emergency"
    GOODWILL = "goodwill"
    HELD = "held"


class LineKind(StrEnum):
    """Kinds of lines, in the order of the statement."""

    FEE = "fee"
    POOL = "pool"
    BOUGHT = "bought"
    OVERAGE = "overage"
    PREAPPROVED = "preapproved"
    ESTIMATE = "estimate"
    EMERGENCY = "emergency"
    CREDIT = "credit"
    ADJUSTMENT = "adjustment"


class Authority(NamedTuple):
    """
    What may be charged for minutes.

    `key` is the pool, the estimate or what held minutes wait for. `limit` is that of the ticket's
    own version: minor units for `preapproved`, and for an `estimate` by time and material (without
    one it has a fixed price); minutes for `emergency`. A missing cap is that of the month's terms.
    """

    kind: AuthorityKind
    key: str = ""
    clause_id: str = ""
    limit: int | None = None


class Work(NamedTuple):
    """A stretch of work [starts_at, ends_at), aware, cut to whole minutes; `ref` is unique."""

    ref: str
    ticket: str
    starts_at: datetime
    ends_at: datetime
    tier: Tier
    authority: Authority
    place: Place | None = None
    triage: bool = False


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month [starts_at, ends_at) in the contract's zone."""

    year: int
    month: int
    zone: str

    @property
    def first_on(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def days(self) -> int:
        return monthrange(self.year, self.month)[1]

    @property
    def next_on(self) -> date:
        """Return the first day of the next month."""
        return self.first_on + timedelta(days=self.days)

    @property
    def starts_at(self) -> datetime:
        return self.midnight(self.first_on)

    @property
    def ends_at(self) -> datetime:
        return self.midnight(self.next_on)

    def midnight(self, on: date) -> datetime:
        """Return the UTC instant at which the day `on` begins in the zone."""
        return _midnight(on, self.zone)

    def day_of(self, at: datetime) -> date:
        """Return the day of the zone on which an instant is, of whatever month."""
        return at.astimezone(ZoneInfo(self.zone)).date()

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@lru_cache(1024)  # a month has thirty of them, and ten thousand entries that ask
def _midnight(on: date, zone: str) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class SlaResult:
    """How many of an obligation were met and missed in the month; `tickets` missed it."""

    obligation: ObligationKind
    met: int
    missed: int
    priority: Priority | None = None
    tickets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FixedCharge:
    """An accepted estimate's fixed price that falls due, or the part a cancelled one worked."""

    key: str
    amount: int
    tickets: tuple[str, ...]
    clause_id: str = ""


@dataclass(frozen=True, slots=True)
class Bought:
    """
    Minutes bought for a pool in the month, at a price; all of the month's work may draw them.

    One that `reverses` what was bought on that day gives back its price, and takes its minutes away.
    """

    pool: str
    minutes: int
    amount: int
    bought_on: date
    expires_on: date | None = None
    tickets: tuple[str, ...] = ()
    reverses: date | None = None

    @property
    def sign(self) -> int:
        return -1 if self.reverses else 1

    def lot(self) -> Lot:
        """Return the lot that it makes, or takes away."""
        granted_on = self.reverses or self.bought_on
        return Lot(self.pool, LotKind.BOUGHT, self.minutes, granted_on, self.expires_on)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a closed month `origin` (`2026-03`) would have charged more, or less, with late news."""

    origin: str
    amount: int
    tickets: tuple[str, ...] = ()
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Carried:
    """
    What one month hands to the next: pool lots, and by key what limits have used up.

    `triage` and `emergency` are minutes, `preapproved` and `estimates` minor units. Triage is keyed
    by ticket, the others by `cap_key` of the work.
    """

    lots: tuple[Lot, ...] = ()
    triage: Mapping[str, int] = field(default_factory=dict)
    preapproved: Mapping[str, int] = field(default_factory=dict)
    emergency: Mapping[str, int] = field(default_factory=dict)
    estimates: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {
            "lots": [lot.to_dict() for lot in self.lots],
            "triage": dict(sorted(self.triage.items())),
            "preapproved": dict(sorted(self.preapproved.items())),
            "emergency": dict(sorted(self.emergency.items())),
            "estimates": dict(sorted(self.estimates.items())),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Carried":
        return cls(**{**document, "lots": tuple(Lot.from_dict(lot) for lot in document["lots"])})


class ChargedEntry(NamedTuple):
    """
    A piece of an entry that one rate and one authority cover.

    `kind` is an authority's, or `overage`, or `triage`. Raw minutes were worked; charged ones are
    rounded. `rate` is minor units an hour, `multiplier` basis points; held pieces have no amount.
    """

    ref: str
    ticket: str
    on: date
    tier: Tier
    kind: str
    key: str
    clause_id: str
    raw_minutes: int
    charged_minutes: int
    rate: int | None
    multiplier: int
    amount: int

    def to_dict(self) -> dict[str, Any]:
        return {  # field by field: a month has ten thousand of them
            "ref": self.ref,
            "ticket": self.ticket,
            "on": self.on.isoformat(),
            "tier": self.tier.value,
            "kind": self.kind,
            "key": self.key,
            "clause_id": self.clause_id,
            "raw_minutes": self.raw_minutes,
            "charged_minutes": self.charged_minutes,
            "rate": self.rate,
            "multiplier": self.multiplier,
            "amount": self.amount,
        }


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the statement; `tax` is set only where the terms tax each line."""

    kind: LineKind
    key: str
    clause: str
    quantity_minutes: int | None
    rate: int | None
    multiplier: int | None
    amount: int
    tickets: tuple[str, ...]
    tax: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "kind": self.kind.value, "tickets": list(self.tickets)}


@dataclass(frozen=True, slots=True)
class Statement:
    """One month's money: `subtotal` is the sum of the lines, `total` adds the tax."""

    month: str
    currency: str
    lines: tuple[Line, ...]
    subtotal: int
    tax: int
    total: int
    charged: tuple[ChargedEntry, ...]
    pools: tuple[PoolUse, ...]
    carried: Carried
    held_minutes: int
    goodwill_minutes: int
    budget: int | None

    @property
    def lots(self) -> tuple[Lot, ...]:
        """Return the pool lots that are left for the next month."""
        return self.carried.lots

    def to_dict(self) -> dict[str, Any]:
        """Return the statement fit for canonical JSON: whole numbers, strings and lists only."""
        return self.heads() | {"charged": [entry.to_dict() for entry in self.charged]}

    def heads(self) -> dict[str, Any]:
        """Return the statement without the pieces of work that were charged."""
        return {
            "month": self.month,
            "currency": self.currency,
            "lines": [line.to_dict() for line in self.lines],
            "subtotal": self.subtotal,
            "tax": self.tax,
            "total": self.total,
            "pools": [asdict(pool) for pool in self.pools],
            "carried": self.carried.to_dict(),
            "held_minutes": self.held_minutes,
            "goodwill_minutes": self.goodwill_minutes,
            "budget": self.budget,
        }
