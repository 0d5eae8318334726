"""The end of a term: who is reminded when, and what becomes of unused hours."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.domain.cost import AuthorityKind as Kind
from contracts.domain.cost import (
    Bought,
    Carried,
    Lot,
    LotKind,
    Month,
    MonthFacts,
    in_force,
    statement,
)
from contracts.domain.renewal import STEPS, Term, due_on
from contracts.domain.terms import dump, parse
from tests.contracts.domain.sample import DOCUMENT, document
from tests.contracts.domain.test_cost import HOLIDAYS, START, in_april, terms_of, work, works

END = date(2027, 4, 1)
POOL = DOCUMENT["cost"]["pools"][0]


class TestTerm:
    @pytest.mark.parametrize(
        ("left", "step"),
        [(91, None), (90, 90), (61, 90), (60, 60), (30, 30), (8, 30), (7, 7), (1, 7), (0, None)],
    )
    def test_the_last_step_that_was_reached_is_the_one_to_tell(self, left, step):
        assert Term(START, END).step_on(END - timedelta(days=left)) == step

    def test_a_step_is_reached_on_its_day(self):
        days = [due_on(END, step) for step in STEPS]

        assert [Term(START, END).step_on(day) for day in days] == list(STEPS)

    def test_the_last_day_is_the_one_before_the_end(self):
        term = Term(START, END)

        assert [term.holds(END - timedelta(days=1)), term.holds(END)] == [True, False]
        assert not term.holds(START - timedelta(days=1))

    def test_open_ended_is_never_over_and_never_reminds(self):
        term = Term(START)

        assert term.holds(date(2099, 1, 1))
        assert term.step_on(date(2099, 1, 1)) is None

    def test_closed_months_are_not_changed_any_more(self):
        term = Term(date(2026, 4, 10), END)

        assert term.first_open_day(None) == date(2026, 4, 10)
        assert term.first_open_day(date(2026, 12, 1)) == date(2027, 1, 1)


def at_renewal(rule: str | None):
    pool = {**POOL, "rollover": {"up_to": "50%", "for_months": 3}}
    return terms_of(cost__pools=[{**pool, "at_renewal": rule} if rule else pool])


ROLLED = Lot("support", LotKind.ROLLED, 300, date(2026, 3, 1), date(2026, 6, 1))
BOUGHT = Lot("support", LotKind.BOUGHT, 120, date(2026, 1, 1), None)


class TestPoolsAtRenewal:
    @pytest.mark.parametrize(
        ("rule", "left"),
        [
            (None, [("rolled", 300), ("rolled", 600), ("bought", 120)]),
            ("keep", [("rolled", 300), ("rolled", 600), ("bought", 120)]),
            ("expire", [("bought", 120)]),  # paid for by themselves: they keep their own expiry
        ],
    )
    def test_the_terms_decide_and_without_a_word_hours_are_kept(self, rule, left):
        facts = in_april(
            at_renewal(rule), carried=Carried((ROLLED, BOUGHT)), renewals=(date(2026, 5, 1),)
        )

        result = statement(facts)

        assert [(lot.kind, lot.minutes) for lot in result.lots] == left
        pool = result.pools[0]
        assert pool.brought + pool.base == pool.used + pool.carried + pool.expired

    def test_in_the_middle_of_a_month_they_can_be_drawn_until_that_day(self):
        early = work("W1", Kind.POOL, 100, key="support", at=(14, 10, 0))
        late = work("W2", Kind.POOL, 1250, key="support", at=(15, 0, 0))
        facts = in_april(
            at_renewal("expire"),
            [early, late],
            carried=Carried((ROLLED,)),
            renewals=(date(2026, 4, 15),),
        )

        result = statement(facts)

        assert [(e.kind, e.charged_minutes) for e in result.charged] == [
            ("pool", 100),
            ("pool", 1200),  # the month's base is of the month
            ("overage", 50),
        ]
        assert result.pools[0].expired == 200

    def test_what_the_new_term_leaves_rolls_over_again(self):
        facts = in_april(
            at_renewal("expire"), carried=Carried((ROLLED,)), renewals=(date(2026, 4, 15),)
        )

        assert [(lot.granted_on, lot.minutes) for lot in statement(facts).lots] == [
            (date(2026, 5, 1), 600)
        ]

    def test_the_terms_under_which_the_hours_were_earned_decide(self):
        versions = (
            in_force(at_renewal("keep"), START, HOLIDAYS),
            in_force(at_renewal("expire"), date(2026, 4, 15), HOLIDAYS),
        )
        facts = in_april(
            None, versions=versions, carried=Carried((ROLLED,)), renewals=(date(2026, 4, 15),)
        )

        assert statement(facts).pools[0].expired == 600  # half of the base, as every month

    def test_a_renewal_on_the_first_was_of_the_month_before(self):
        facts = in_april(
            at_renewal("expire"), carried=Carried((ROLLED,)), renewals=(date(2026, 4, 1),)
        )

        assert statement(facts).pools[0].brought == 300


class TestBoughtHours:
    def test_come_last_have_a_price_and_last(self):
        bought = Bought("support", 600, 90_000, date(2026, 4, 20), tickets=("ACME-9",))
        drawn = work("W1", Kind.POOL, 1300, key="support", at=(1, 0, 0))

        result = statement(in_april(terms_of(), [drawn], bought=(bought,)))

        line = next(line for line in result.lines if line.kind == "bought")
        assert (line.key, line.amount, line.quantity_minutes, line.tickets) == (
            "support", 90_000, 600, ("ACME-9",),
        )  # fmt: skip
        assert result.total == 90_000  # no overage: the month's hours are one
        assert result.lots == (Lot("support", LotKind.BOUGHT, 500, date(2026, 4, 20), None),)

    def test_expire_on_their_day(self):
        bought = Bought("care", 60, 0, date(2026, 4, 1), expires_on=date(2026, 4, 10))
        works = [
            work("W1", Kind.POOL, 20, key="care", at=(9, 10, 0)),
            work("W2", Kind.POOL, 20, key="care", at=(10, 10, 0)),
        ]

        result = statement(in_april(terms_of(), works, bought=(bought,)))

        assert [(e.kind, e.charged_minutes) for e in result.charged] == [("pool", 20), ("held", 20)]

    @pytest.mark.parametrize(
        "bought",
        [
            Bought("support", 60, 1, date(2026, 5, 1)),
            Bought("support", 0, 1, date(2026, 4, 1)),
            Bought("support", 60, -1, date(2026, 4, 1)),
        ],
    )
    def test_of_another_month_or_none_are_refused(self, bought):
        with pytest.raises(ValueError, match="hours bought on"):
            statement(in_april(terms_of(), bought=(bought,)))


def amended(**change):
    return terms_of(cost__pools=[{**POOL, **change}])


class TestPoolsAmendedInTheMonth:
    def base(self, new, key="support", month=4):
        versions = (
            in_force(terms_of(), START, HOLIDAYS),
            in_force(new, date(2026, 4, 15), HOLIDAYS),
        )
        facts = MonthFacts(Month(2026, month, "Asia/Tokyo"), versions, START)
        if month > 4:
            facts = replace(facts, versions=versions[1:])
        return {pool.key: pool.base for pool in statement(facts).pools}.get(key)

    def test_change_on_the_next_first(self):
        new = amended(per_month="40h")

        assert (self.base(new), self.base(new, month=5)) == (1200, 2400)

    def test_unless_the_amendment_says_at_once(self):
        assert self.base(amended(per_month="40h", takes_effect="at_once")) == 2400

    def test_are_never_smaller_in_a_month_that_began_with_more(self):
        smaller = amended(per_month="10h", takes_effect="at_once")

        assert (self.base(smaller), self.base(smaller, month=5)) == (1200, 600)

    def test_a_new_pool_begins_with_its_amendment(self):
        pools = [POOL, {"key": "care", "per_month": "5h", "when_empty": "stop"}]

        assert self.base(terms_of(cost__pools=pools), "care") == 300

    def test_a_pool_that_is_dropped_lasts_to_the_end_of_the_month(self):
        dropped = parse(document(cost__pools=[{**POOL, "key": "other"}], scope__clauses=[{
            "id": "S1", "text": {"en": "All"}, "then": {"pool": "other"}}]))  # fmt: skip

        assert (self.base(dropped), self.base(dropped, month=5)) == (1200, None)


def test_what_is_not_written_stays_unwritten():
    once = dump(parse(document()))
    said = dump(amended(at_renewal="expire", takes_effect="at_once"))

    assert not {"at_renewal", "takes_effect"} & set(once["cost"]["pools"][0])
    assert said["cost"]["pools"][0]["at_renewal"] == "expire"
    assert dump(parse(once)) == once
    assert dump(parse(said)) == said


class TestAlwaysTrue:
    @given(
        works(),
        st.sampled_from(["keep", "expire", None]),
        st.lists(st.dates(date(2026, 3, 25), date(2026, 5, 5)), max_size=2),
        st.integers(0, 2000),
        st.integers(1, 2000),
        st.randoms(use_true_random=False),
    )
    @settings(max_examples=60, deadline=None)
    def test_pools_lose_nothing_and_order_changes_nothing(
        self, made, rule, renewals, rolled, minutes, random
    ):
        carried = Carried((replace(ROLLED, minutes=rolled), BOUGHT))
        bought = Bought("support", minutes, 60, date(2026, 4, 9), date(2026, 4, 20))
        facts = in_april(
            at_renewal(rule), made, carried=carried, bought=(bought,), renewals=tuple(renewals)
        )
        shuffled = replace(facts, work=tuple(random.sample(made, len(made))))

        result = statement(facts)

        assert result == statement(shuffled)
        for pool in result.pools:
            assert min(pool.brought, pool.base, pool.used, pool.carried, pool.expired) >= 0
            assert pool.brought + pool.base == pool.used + pool.carried + pool.expired
        drawn = sum(e.charged_minutes for e in result.charged if e.kind == "pool")
        assert drawn == sum(pool.used for pool in result.pools)
        assert result.subtotal == sum(line.amount for line in result.lines)
        worked = sum((w.ends_at - w.starts_at) // timedelta(minutes=1) for w in made)
        assert sum(entry.raw_minutes for entry in result.charged) == worked
