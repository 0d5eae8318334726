"""The cost part of the terms: fee, pools, rates, rounding, tax and estimates."""

from typing import Annotated

from pydantic import Field

from contracts.domain.durations import Length
from contracts.domain.money import RoundingMode
from contracts.domain.term_types import Amount, Key, Minutes, Multiplier, Part, Percent, Span
from contracts.domain.vocabulary import (
    AtRenewal,
    FirstMonth,
    Place,
    Role,
    RoundingPer,
    TakesEffect,
    TaxOn,
    Tier,
    WhenEmpty,
)


class Rollover(Part):
    """Unused base minutes move on: `up_to` of `per_month`, for so many months, once."""

    up_to: Percent
    for_months: Annotated[int, Field(strict=True, ge=1, le=24)]


class Pool(Part):
    """
    Hours a month; on an empty pool work is billed, asks for approval, or stops.

    What is not written: an amended size takes effect next month, and a renewal keeps what was
    rolled over.
    """

    key: Key
    per_month: Minutes
    rollover: Rollover | None = None
    when_empty: WhenEmpty
    overage_rate: Amount | None = None
    takes_effect: TakesEffect | None = None
    at_renewal: AtRenewal | None = None


class Multipliers(Part):
    """In basis points, 10,000 being 1; of several that apply the highest applies alone."""

    out_of_hours: Multiplier | None = None
    holiday: Multiplier | None = None


class Rounding(Part):
    unit: Annotated[Minutes, Field(ge=1, le=24 * 60)] = 1
    minimum: Annotated[Minutes, Field(le=24 * 60)] = 0
    per: RoundingPer = RoundingPer.ENTRY
    mode: RoundingMode = RoundingMode.HALF_UP


class Tax(Part):
    rate: Percent
    round: RoundingMode = RoundingMode.DOWN
    on: TaxOn = TaxOn.TOTAL


class EstimateTerms(Part):
    """Limits of who approves and who accepts, by role; `deemed_after` silence is acceptance."""

    approval_limits: dict[Role, Amount] = {}
    client_authority: dict[Role, Amount] = {}
    valid_for: Span = Length(business_days=20)
    warn_at: Percent = 8000
    deemed_after: Span | None = None


class CostTerms(Part):
    """What is paid, and how it is reckoned; requesters see costs only where the terms say so."""

    monthly_fee: Amount
    first_month: FirstMonth = FirstMonth.PRORATED
    pools: Annotated[tuple[Pool, ...], Field(max_length=20)] = ()
    rates: dict[Tier, Amount | Annotated[dict[Place, Amount], Field(min_length=1)]] = {}
    multipliers: Multipliers = Multipliers()
    rounding: Rounding = Rounding()
    triage: Minutes = 0
    closing_grace: Span = Length(business_days=3)
    budget: Amount | None = None
    shown_to_requesters: bool = False
    tax: Tax | None = None
    estimates: EstimateTerms = EstimateTerms()
