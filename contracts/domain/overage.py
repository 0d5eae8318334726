"""What hours beyond a pool can cost at most, told before anybody agrees to them."""

from collections.abc import Sequence

from contracts.domain.charging import InForce, amount_of
from contracts.domain.money import WHOLE
from contracts.domain.terms import Terms


def at_most(minutes: int, pool: str, versions: Sequence[InForce]) -> int:
    """
    Return the highest price of `minutes` beyond `pool`, in minor units before tax.

    It takes the dearest tier and the highest multiplier of any version in force in the month, so
    what is billed in the end is never more than what was seen.
    """
    dearest = (amount_of(minutes, _rate(v.terms, pool), _multiplier(v.terms)) for v in versions)
    return max(dearest, default=0)


def _rate(terms: Terms, key: str) -> int:
    pool = terms.pool(key)
    if pool is not None and pool.overage_rate is not None:
        return pool.overage_rate
    rates = terms.cost.rates.values()
    every = [r for rate in rates for r in (rate.values() if isinstance(rate, dict) else (rate,))]
    return max(every, default=0)


def _multiplier(terms: Terms) -> int:
    said = terms.cost.multipliers
    return max(said.out_of_hours or WHOLE, said.holiday or WHOLE, WHOLE)
