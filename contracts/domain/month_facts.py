"""Everything a month's statement is made from, and what follows from the versions in force."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from contracts.domain.charging import InForce, version_on
from contracts.domain.cost_terms import Pool
from contracts.domain.pools import PoolAccount, open_accounts, without
from contracts.domain.statement import (
    Adjustment,
    Bought,
    Carried,
    FixedCharge,
    Month,
    SlaResult,
    Work,
)
from contracts.domain.terms import AtRenewal, TakesEffect, Terms


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """
    Everything a statement is made from.

    `versions` are sorted by `from_on`; the contract runs [starts_on, ends_on) and was renewed on
    each of `renewals`. `work` starts in the month; `carried` is what the month before left;
    `overage` are the minutes that were agreed beyond a pool that asks when it is empty, by its key.
    """

    month: Month
    versions: tuple[InForce, ...]
    starts_on: date
    ends_on: date | None = None
    work: tuple[Work, ...] = ()
    carried: Carried = field(default_factory=Carried)
    results: tuple[SlaResult, ...] = ()
    charges: tuple[FixedCharge, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    bought: tuple[Bought, ...] = ()
    renewals: tuple[date, ...] = ()
    overage: Mapping[str, int] = field(default_factory=dict)

    def check(self) -> None:
        """:raises ValueError: if a fact is not of the month, stands twice, or currencies differ."""
        if not self.versions:
            raise ValueError("a statement needs terms")
        if len({version.terms.currency for version in self.versions}) > 1:
            raise ValueError("the versions of one month have different currencies")
        if list(self.versions) != sorted(self.versions, key=lambda version: version.from_on):
            raise ValueError("the versions are not sorted by from_on")
        refs = [work.ref for work in self.work]
        if len(set(refs)) < len(refs):
            raise ValueError("two entries have one id")
        starts_at, ends_at = self.month.starts_at, self.month.ends_at
        for work in self.work:
            if not starts_at <= work.starts_at < ends_at:
                raise ValueError(f"{work.ref} starts outside {self.month}")
        for bought in self.bought:
            if not self.month.first_on <= bought.bought_on < self.month.next_on:
                raise ValueError(f"hours bought on {bought.bought_on} are not of {self.month}")
            if bought.minutes <= 0 or bought.amount < 0:
                raise ValueError(f"hours bought on {bought.bought_on} are none, or have no price")

    @property
    def begins_on(self) -> date:
        """Return the first day of the month on which the contract can run."""
        return max(self.month.first_on, self.starts_on)

    def governing(self) -> Terms:
        """Return the terms of pools, rounding, credits and tax: those of the month's first day."""
        return version_on(self.versions, self.begins_on).terms

    def runs(self) -> bool:
        """Return whether the contract runs on any day of the month."""
        ends_on = self.ends_on or date.max
        return self.starts_on < self.month.next_on and ends_on > self.month.first_on

    def amendments(self) -> list[Terms]:
        """Return the terms that came into force in the month, after its first day."""
        ends_on = min(self.month.next_on, self.ends_on or date.max)
        return [v.terms for v in self.versions if self.begins_on < v.from_on < ends_on]

    def pools(self) -> list[Pool]:
        """
        Return the month's pools: those of its first day.

        An amendment in the month adds a new one; it changes one that stands only if it says
        `at_once`, and never to fewer hours: work that was done had the larger pool behind it.
        """
        if not self.runs():
            return []
        pools = {pool.key: pool for pool in self.governing().cost.pools}
        for terms in self.amendments():
            for pool in terms.cost.pools:
                stands = pools.get(pool.key)
                at_once = pool.takes_effect is TakesEffect.AT_ONCE
                if stands is None or (at_once and pool.per_month >= stands.per_month):
                    pools[pool.key] = pool
        return list(pools.values())

    def expiring(self) -> dict[str, date]:
        """
        Return the pools whose rolled-over hours expire at a renewal of this month, and its day.

        The terms of the day before decide: the hours were earned under them. A renewal on the next
        first is of this month, one on this first was of the month before.
        """
        days: dict[str, date] = {}
        for renewed_on in sorted(self.renewals, reverse=True):
            if not self.month.first_on < renewed_on <= self.month.next_on:
                continue
            terms = version_on(self.versions, renewed_on - timedelta(days=1)).terms
            for pool in terms.cost.pools:
                if pool.at_renewal is AtRenewal.EXPIRE:
                    days[pool.key] = renewed_on
        return days

    def accounts(self) -> dict[str, PoolAccount]:
        """Return the pools of the month with their lots, ready to be drawn on."""
        lots = [*self.carried.lots, *(each.lot() for each in self.bought if not each.reverses)]
        for each in self.bought:
            lots = list(without(lots, each.lot())) if each.reverses else lots
        month = self.month
        return open_accounts(self.pools(), lots, month.first_on, month.next_on, self.expiring())
