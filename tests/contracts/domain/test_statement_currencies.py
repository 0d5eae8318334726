"""One month in three currencies: integers of minor units, each rounding once and in its place."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.domain.cost import (
    Adjustment,
    Bought,
    FixedCharge,
    MonthFacts,
    SlaResult,
    in_force,
    statement,
)
from contracts.domain.cost import AuthorityKind as Kind
from contracts.domain.money import Money
from contracts.domain.terms import ObligationKind, Priority, Tier
from tests.contracts.domain.sample import DOCUMENT
from tests.contracts.domain.test_cost import (
    APRIL,
    HOLIDAYS,
    PLAIN,
    in_april,
    terms_of,
    work,
    works,
)

# What a contract costs in each currency, in minor units: yen and dong as they are, dollars in cents.
PRICES = {
    "JPY": {"fee": 800_001, "rate": 4001, "overage": 12_001, "tax": "10%"},
    "VND": {"fee": 90_000_001, "rate": 350_001, "overage": 900_001, "tax": "8%"},
    "USD": {"fee": 833_333, "rate": 3333, "overage": 9999, "tax": "7.25%"},
}


def priced(currency: str, **tax):
    prices = PRICES[currency]
    pool = {**DOCUMENT["cost"]["pools"][0], "overage_rate": prices["overage"]}
    taxed = {"rate": prices["tax"], "round": "half_up", "on": "total", **tax}
    return {
        **PLAIN,
        "currency": currency,
        "cost__monthly_fee": prices["fee"],
        "cost__pools": [pool],
        "cost__rates": dict.fromkeys(("L1", "L2", "L3"), prices["rate"]),
        "cost__tax": taxed,
    }


def a_month(currency: str, *, started=date(2026, 4, 11), **tax) -> MonthFacts:
    """Return a month with a line of every kind, of a contract that began in it."""
    terms = terms_of(**priced(currency, **tax))
    made = [
        work("W1", Kind.POOL, 1207, key="support", at=(12, 0, 0)),  # 7 minutes beyond the pool
        work("W2", Kind.PREAPPROVED, 50, limit=10**9, clause="S5", ticket="ACME-2", at=(13, 9, 0)),
        work("W3", Kind.ESTIMATE, 50, key="E1", limit=10**9, ticket="ACME-3", at=(13, 9, 0)),
        work("W4", Kind.EMERGENCY, 50, clause="S6", ticket="ACME-4", at=(13, 9, 0)),
    ]
    return in_april(
        terms,
        made,
        versions=(in_force(terms, started, HOLIDAYS),),
        starts_on=started,
        results=(SlaResult(ObligationKind.RESTORE, 1, 9, Priority.P1, ("ACME-4", "ACME-8")),),
        charges=(FixedCharge("E2", 99_999, ("ACME-5",)),),
        adjustments=(Adjustment("2026-03", -1234, ("ACME-6",), 30),),
        bought=(Bought("care", 60, 55_555, date(2026, 4, 30)),),
    )


@pytest.mark.parametrize(
    ("currency", "amounts", "on_total", "on_lines"),
    [
        (
            "JPY",
            [533_334, 0, 55_555, 1400, 3334, 3334, 99_999, 3334, -53_333, -1234],
            64_572,
            64_572,
        ),
        (
            "VND",
            [60_000_001, 0, 55_555, 105_000, 291_668, 291_668, 99_999, 291_668, -6_000_000, -1234],
            4_410_746,
            4_410_744,
        ),
        (
            "USD",
            [555_555, 0, 55_555, 1167, 2778, 2778, 99_999, 2778, -55_556, -1234],
            48_127,
            48_127,
        ),
    ],
)
def test_a_line_of_every_kind(currency, amounts, on_total, on_lines):
    result = statement(a_month(currency))

    kinds = [line.kind for line in result.lines]
    assert kinds == [
        "fee", "pool", "bought", "overage", "preapproved", "estimate", "estimate", "emergency",
        "credit", "adjustment",
    ]  # fmt: skip
    assert [line.amount for line in result.lines] == amounts
    assert (result.currency, result.tax) == (currency, on_total)
    assert result.total == sum(amounts) + on_total
    assert statement(a_month(currency, on="line")).tax == on_lines


def test_a_dollar_is_shown_with_its_cents_and_a_yen_with_none():
    shown = {
        currency: Money(statement(a_month(currency)).lines[0].amount, currency).decimal()
        for currency in PRICES
    }

    assert shown == {
        "JPY": Decimal("533334"),
        "VND": Decimal("60000001"),
        "USD": Decimal("5555.55"),
    }


def test_every_line_but_the_fee_names_its_tickets():
    lines = statement(a_month("JPY")).lines

    named = {line.kind: line.tickets for line in lines}
    assert named["credit"] == ("ACME-4", "ACME-8")
    assert named["adjustment"] == ("ACME-6",)
    assert [kind for kind, tickets in named.items() if not tickets] == ["fee", "bought"]


class TestAnAmendedFee:
    def amended(self, currency, fees_from, **facts):
        versions = tuple(
            in_force(terms_of(**{**priced(currency), "cost__monthly_fee": fee}), on, HOLIDAYS)
            for on, fee in fees_from
        )
        facts = MonthFacts(APRIL, versions, versions[0].from_on, **facts)
        return statement(facts).lines[0].amount

    @pytest.mark.parametrize("currency", PRICES)
    def test_in_a_month_with_both_ends_is_rounded_once(self, currency):
        """7 days of 1,000 and 5 days of 2,000, in a month of 30 days: 566.67."""
        fee = self.amended(
            currency,
            [(date(2026, 4, 6), 1000), (date(2026, 4, 13), 2000)],
            ends_on=date(2026, 4, 18),
        )

        assert fee == 567  # each part rounded by itself: 233 + 333

    def test_that_starts_after_the_end_never_counts(self):
        fee = self.amended(
            "JPY",
            [(date(2026, 4, 1), 3000), (date(2026, 4, 20), 9000)],
            ends_on=date(2026, 4, 16),
        )

        assert fee == 1500


class TestAlwaysTrue:
    @given(
        st.sampled_from(sorted(PRICES)),
        works(),
        st.sampled_from(["total", "line"]),
        st.sampled_from(["down", "up", "half_up"]),
        st.randoms(use_true_random=False),
    )
    @settings(max_examples=60, deadline=None)
    def test_totals_are_sums_in_every_currency(self, currency, made, on, mode, random):
        facts = a_month(currency, started=date(2026, 1, 1), on=on, round=mode)
        facts = replace(facts, work=tuple(made))
        shuffled = replace(facts, work=tuple(random.sample(made, len(made))))

        result = statement(facts)

        assert result == statement(shuffled)
        assert result.subtotal == sum(line.amount for line in result.lines)
        assert result.total == result.subtotal + result.tax
        assert result.tax == sum(line.tax for line in result.lines) or on == "total"
        for entry in result.charged:
            assert type(entry.amount) is int
            exact = entry.charged_minutes * (entry.rate or 0) * entry.multiplier
            assert abs(exact - entry.amount * 600_000) <= 300_000  # half a unit at most
        assert all(entry.tier in Tier for entry in result.charged)
