"""Late work, cancelled work, held work: what is known only after the month."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.domain.afterwards import cancelled, charge_late, settled
from contracts.domain.cost import (
    Adjustment,
    Authority,
    Carried,
    FixedCharge,
    Month,
    MonthFacts,
    in_force,
    late_adjustment,
    statement,
)
from contracts.domain.cost import AuthorityKind as Kind
from contracts.domain.terms import Tier
from tests.contracts.domain.test_cost import (
    HOLIDAYS,
    START,
    in_april,
    months,
    roundings,
    terms_of,
    work,
    works,
)


def in_may(terms, made=(), **facts):
    versions = (in_force(terms, START, HOLIDAYS),)
    may = Month(2026, 5, "Asia/Tokyo")
    return MonthFacts(may, versions, START, work=tuple(made), **facts)


def may_work(ref, kind, minutes, **more):
    april = work(ref, kind, minutes, **more)
    return april._replace(
        starts_at=april.starts_at + timedelta(days=30),
        ends_at=april.ends_at + timedelta(days=30),
    )


class TestLateWork:
    def test_costs_what_it_would_have_cost_on_time(self):
        closed = in_april(terms_of(), [work("W1", Kind.POOL, 1200, key="support", at=(1, 0, 0))])
        late = [work("W2", Kind.POOL, 60, key="support", ticket="ACME-2", at=(9, 10, 0))]

        found = charge_late(closed, late, statement(closed).carried)

        assert found.adjustment == Adjustment("2026-04", 12_000, ("ACME-2",), 60)

    def test_names_each_ticket_whose_charge_it_changes(self):
        closed = in_april(terms_of(), [work("W1", Kind.POOL, 1200, key="support", at=(2, 0, 0))])
        earlier = [work("W2", Kind.POOL, 60, key="support", ticket="ACME-2")]

        found = charge_late(closed, earlier, statement(closed).carried)

        assert found.adjustment == Adjustment("2026-04", 12_000, ("ACME-1", "ACME-2"), 60)

    def test_never_bills_a_cap_that_later_months_used_up(self):
        terms, limit = terms_of(), {"limit": 10_000, "tier": Tier.L3}
        april = in_april(terms, [work("W1", Kind.PREAPPROVED, 30, **limit)])  # 4,000
        may = in_may(
            terms,
            [may_work("W2", Kind.PREAPPROVED, 30, **limit)],  # 4,000 more
            carried=statement(april).carried,
        )
        late = [work("W3", Kind.PREAPPROVED, 60, at=(3, 10, 0), **limit)]

        found = charge_late(april, late, statement(may).carried)

        assert found.adjustment.amount == 2000
        assert found.carried.preapproved == {"S4/ACME-1": 10_000}
        assert (
            late_adjustment(
                statement(april), statement(replace(april, work=(*april.work, *late)))
            ).amount
            == 6000
        )  # what April alone would have said

    def test_gives_triage_as_if_on_time_and_counts_it_once(self):
        terms = terms_of(cost__triage="30m")
        april = in_april(terms)
        late = [work("W1", Kind.PREAPPROVED, 60, limit=10**6, triage=True)]

        found = charge_late(april, late, Carried(triage={"ACME-1": 30}))

        assert (found.adjustment.amount, found.carried.triage) == (2000, {"ACME-1": 60})

    def test_a_second_batch_counts_what_the_first_one_used(self):
        terms, limit = terms_of(), {"limit": 10_000, "tier": Tier.L3}
        april, opens = in_april(terms), Carried(preapproved={"S4/ACME-1": 6000})
        first = [work("W1", Kind.PREAPPROVED, 60, **limit)]
        second = [work("W2", Kind.PREAPPROVED, 60, at=(2, 10, 0), **limit)]

        one = charge_late(april, first, opens)
        two = charge_late(replace(april, work=tuple(first)), second, one.carried)

        assert (one.adjustment.amount, two.adjustment.amount) == (4000, 0)

    def test_that_changes_nothing_is_no_adjustment(self):
        closed = in_april(terms_of())

        assert charge_late(closed, [], Carried()).adjustment is None

    @given(roundings, works(), st.integers(0, 20_000), st.randoms(use_true_random=False))
    @settings(max_examples=60, deadline=None)
    def test_never_costs_more_than_on_time(self, rounding, made, later, random):
        late = {made_work.ref for made_work in made if random.random() < 0.5}
        on_time = tuple(each for each in made if each.ref not in late)
        closed = replace(months(rounding, made), work=on_time)
        before = statement(closed)
        keys = [f"S5/{each.ticket}" for each in made]
        used = {key: before.carried.preapproved.get(key, 0) for key in keys}
        opens = replace(
            before.carried,
            preapproved={key: min(20_000, amount + later) for key, amount in used.items()},
        )

        found = charge_late(closed, [each for each in made if each.ref in late], opens)

        on_time_too = statement(months(rounding, made)).subtotal - before.subtotal
        amount = found.adjustment.amount if found.adjustment else 0
        assert amount <= on_time_too
        assert all(used <= 20_000 for used in found.carried.preapproved.values())
        assert all(used <= 30_000 for used in found.carried.estimates.values())
        assert all(used <= 240 for used in found.carried.emergency.values())


class TestCancelled:
    def test_costs_the_work_done_at_its_rates_up_to_the_price(self):
        terms = terms_of()
        april = in_april(terms, [work("W1", Kind.ESTIMATE, 60, key="E1", clause="S6")])
        may = in_may(
            terms,
            [
                may_work("W2", Kind.ESTIMATE, 120, key="E1", clause="S6", ticket="ACME-2"),
                may_work("W3", Kind.ESTIMATE, 600, key="E2", clause="S6"),
            ],
        )

        assert cancelled([april, may], "E1", 100_000) == FixedCharge(
            "E1", 12_000, ("ACME-1", "ACME-2"), "S6"
        )
        assert cancelled([april, may], "E1", 9000).amount == 9000
        assert cancelled([april], "E9", 9000) == FixedCharge("E9", 0, ())


@pytest.mark.parametrize(
    ("kind", "key", "declined", "closing", "becomes"),
    [
        (Kind.HELD, "E1", (), True, Kind.HELD),
        (Kind.HELD, "E1", ("E1",), False, Kind.GOODWILL),
        (Kind.HELD, "", (), False, Kind.HELD),
        (Kind.HELD, "", (), True, Kind.GOODWILL),
        (Kind.POOL, "E1", ("E1",), True, Kind.POOL),
    ],
)
def test_held_minutes_wait_for_their_answer(kind, key, declined, closing, becomes):
    assert settled(Authority(kind, key), declined, closing=closing).kind is becomes
