import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.domain.cost import (
    Adjustment,
    Authority,
    Carried,
    FixedCharge,
    Lot,
    LotKind,
    Month,
    MonthFacts,
    RateMissing,
    SlaResult,
    Work,
    in_force,
    late_adjustment,
    rounded,
    statement,
)
from contracts.domain.cost import AuthorityKind as Kind
from contracts.domain.terms import ObligationKind, Place, Priority, Rounding, Tier, parse
from tests.contracts.domain.sample import document

TOKYO = ZoneInfo("Asia/Tokyo")
HOLIDAYS = {"JP": [date(2026, 4, 29)]}
APRIL = Month(2026, 4, "Asia/Tokyo")
START = date(2026, 1, 1)
PLAIN = {  # no rounding, no triage, no multipliers, no tax: one rule at a time
    "cost__rounding": {"unit": "1m"},
    "cost__triage": "0m",
    "cost__multipliers": {},
    "cost__tax": None,
    "cost__monthly_fee": 0,
}


def terms_of(**changes):
    return parse(document(**{**PLAIN, **changes}))


def in_april(terms, work=(), **facts):
    versions = facts.pop("versions", None) or (in_force(terms, START, HOLIDAYS),)
    return MonthFacts(APRIL, versions, facts.pop("starts_on", START), work=tuple(work), **facts)


def work(ref, kind, minutes, *, at=(1, 10, 0), ticket="ACME-1", key="", **more):
    day, hour, minute = at
    starts_at = datetime(2026, 4, day, hour, minute, tzinfo=TOKYO)
    limit, clause = more.pop("limit", None), more.pop("clause", "S4")
    return Work(
        ref,
        ticket,
        starts_at,
        starts_at + timedelta(minutes=minutes),
        more.pop("tier", Tier.L1),
        Authority(kind, key, clause, limit),
        **more,
    )


def kinds(result):
    return [(entry.kind, entry.raw_minutes, entry.amount) for entry in result.charged]


class TestTheWorkedExample:
    def test_hours_roll_over_once_and_an_entry_is_split_at_the_limit(self):
        versions = (in_force(terms_of(), START, HOLIDAYS),)

        def month_of(number, hours, carried):
            month = Month(2026, number, "Asia/Tokyo")
            starts_at = datetime(2026, number, 2, 0, 0, tzinfo=TOKYO)
            works, used = [], 0
            for index, minutes in enumerate(int(hour * 60) for hour in hours):
                opens = starts_at + timedelta(minutes=used)
                closes = opens + timedelta(minutes=minutes)
                pool = Authority(Kind.POOL, "support", "S4")
                works.append(Work(f"W{index}", "ACME-1", opens, closes, Tier.L1, pool))
                used += minutes
            facts = MonthFacts(month, versions, START, work=tuple(works), carried=carried)
            return statement(facts)

        january = month_of(1, [8], Carried())
        assert [(lot.kind, lot.minutes) for lot in january.lots] == [(LotKind.ROLLED, 600)]

        february = month_of(2, [14], january.carried)
        assert [(lot.minutes, lot.expires_on) for lot in february.lots] == [(600, date(2026, 4, 1))]
        assert (february.pools[0].used, february.pools[0].expired) == (840, 360)

        march = month_of(3, [28.5, 3], february.carried)
        last = [entry for entry in march.charged if entry.ref == "W1"]
        assert [(entry.kind, entry.charged_minutes) for entry in last] == [
            ("pool", 90),
            ("overage", 90),
        ]
        overage = next(line for line in march.lines if line.kind == "overage")
        assert (overage.amount, overage.rate, overage.tickets) == (18_000, 12_000, ("ACME-1",))
        assert march.lots == ()


class TestPools:
    def test_the_lot_that_expires_first_is_drawn_first_and_bought_hours_last(self):
        lots = (
            Lot("support", LotKind.BOUGHT, 300, date(2026, 3, 1), date(2026, 5, 1)),
            Lot("support", LotKind.BOUGHT, 300, date(2026, 3, 1), None),
            Lot("support", LotKind.ROLLED, 60, date(2026, 3, 1), date(2026, 6, 1)),
            Lot("support", LotKind.ROLLED, 60, date(2026, 2, 1), date(2026, 5, 1)),
            Lot("support", LotKind.ROLLED, 60, date(2026, 2, 1), date(2026, 4, 1)),
        )
        drawn = [work("W1", Kind.POOL, 1350, key="support", at=(1, 0, 0))]

        result = statement(in_april(terms_of(), drawn, carried=Carried(lots)))

        assert [(lot.kind, lot.minutes) for lot in result.lots] == [(LotKind.BOUGHT, 300)]
        pool = result.pools[0]
        assert (pool.brought, pool.base, pool.used, pool.expired) == (720, 1200, 1350, 270)

    @pytest.mark.parametrize("when_empty", ["approve", "stop"])
    def test_an_empty_pool_holds_what_it_does_not_bill(self, when_empty):
        pools = [{"key": "support", "per_month": "1h", "when_empty": when_empty}]
        drawn = [work("W1", Kind.POOL, 100, key="support")]

        result = statement(in_april(terms_of(cost__pools=pools), drawn))

        assert kinds(result) == [("pool", 60, 0), ("held", 40, 0)]
        assert (result.held_minutes, result.total) == (40, 0)

    def test_a_pool_without_overage_rate_bills_the_tier(self):
        pools = [{"key": "support", "per_month": "1h", "when_empty": "bill"}]
        drawn = [work("W1", Kind.POOL, 120, key="support", tier=Tier.L3)]

        assert statement(in_april(terms_of(cost__pools=pools), drawn)).total == 8000

    def test_a_pool_that_nobody_agreed_holds(self):
        result = statement(in_april(terms_of(), [work("W1", Kind.POOL, 30, key="care")]))

        assert kinds(result) == [("held", 30, 0)]

    def test_lots_survive_json(self):
        carried = Carried(
            (Lot("support", LotKind.BOUGHT, 300, date(2026, 3, 1), None),), {"ACME-1": 30}
        )

        assert Carried.from_dict(json.loads(json.dumps(carried.to_dict()))) == carried


class TestLimits:
    def test_a_preapproval_is_billed_to_the_minute_and_then_held(self):
        works = [
            work("W1", Kind.PREAPPROVED, 60, limit=10_000, tier=Tier.L3),
            work("W2", Kind.PREAPPROVED, 60, limit=10_000, tier=Tier.L3, at=(2, 10, 0)),
        ]

        result = statement(in_april(terms_of(), works))

        assert kinds(result) == [
            ("preapproved", 60, 8000),
            ("preapproved", 15, 2000),
            ("held", 45, 0),
        ]
        assert result.carried.preapproved == {"S4/ACME-1": 10_000}
        again = in_april(terms_of(), works[:1], carried=result.carried)
        assert statement(again).held_minutes == 60

    def test_a_cap_of_the_terms_stands_in(self):
        result = statement(in_april(terms_of(), [work("W1", Kind.PREAPPROVED, 60, clause="S5")]))
        assert result.total == 4000

        result = statement(in_april(terms_of(), [work("W1", Kind.PREAPPROVED, 60, clause="S1")]))
        assert result.held_minutes == 60

    def test_an_emergency_is_billed_up_to_its_cap(self):
        result = statement(in_april(terms_of(), [work("W1", Kind.EMERGENCY, 300)]))

        assert kinds(result) == [("emergency", 240, 16_000), ("held", 60, 0)]

    def test_an_estimate_bills_time_up_to_not_to_exceed_or_a_fixed_price_once(self):
        works = [
            work("W1", Kind.ESTIMATE, 120, key="E1", limit=6000, ticket="ACME-1"),
            work("W2", Kind.ESTIMATE, 600, key="E2", ticket="ACME-2", at=(2, 8, 0)),
        ]
        charges = (FixedCharge("E2", 150_000, ("ACME-2",)),)

        result = statement(in_april(terms_of(), works, charges=charges))

        assert [(line.key, line.amount, line.tickets) for line in result.lines[1:]] == [
            ("E1", 6000, ("ACME-1",)),
            ("E2", 150_000, ("ACME-2",)),
        ]
        assert (result.held_minutes, result.total) == (30, 156_000)

    def test_triage_is_included_up_to_its_allowance(self):
        terms = terms_of(cost__triage="30m")
        works = [
            work("W1", Kind.PREAPPROVED, 20, limit=10**6, triage=True),
            work("W2", Kind.HELD, 30, at=(2, 10, 0)),
            work("W3", Kind.PREAPPROVED, 60, limit=10**6, at=(3, 10, 0)),
        ]

        result = statement(in_april(terms, works))

        assert kinds(result) == [
            ("triage", 20, 0),
            ("triage", 10, 0),
            ("held", 20, 0),
            ("preapproved", 60, 4000),
        ]
        assert result.carried.triage == {"ACME-1": 30}

    def test_goodwill_is_seen_and_free(self):
        result = statement(in_april(terms_of(), [work("W1", Kind.GOODWILL, 45)]))

        assert (result.goodwill_minutes, result.total) == (45, 0)


class TestRounding:
    def test_rounds_to_units_with_a_minimum(self):
        rounding = Rounding(unit="15m", minimum="30m")

        assert [rounded(minutes, rounding) for minutes in (0, 1, 37, 38, 60)] == [
            0,
            30,
            30,
            45,
            60,
        ]

    def test_each_entry_or_the_day_of_a_ticket(self):
        works = [
            work(f"W{index}", Kind.PREAPPROVED, 5, limit=10**6, at=(1, 10, 10 * index))
            for index in range(3)
        ]
        unit = {"unit": "15m", "minimum": "15m"}

        by_entry = terms_of(cost__rounding={**unit, "per": "entry"})
        by_day = terms_of(cost__rounding={**unit, "per": "ticket_day"})

        assert statement(in_april(by_entry, works)).total == 3000
        assert statement(in_april(by_day, works)).total == 1000

    def test_raw_and_charged_minutes_are_both_kept(self):
        terms = terms_of(cost__rounding={"unit": "30m", "mode": "up"})

        entry = statement(in_april(terms, [work("W1", Kind.INCLUDED, 31)])).charged[0]

        assert (entry.raw_minutes, entry.charged_minutes) == (31, 60)


class TestRates:
    def test_a_rate_that_is_missing_is_an_error_and_never_zero(self):
        with pytest.raises(RateMissing, match="no rate for PMO on 2026-04-01"):
            statement(in_april(terms_of(), [work("W1", Kind.EMERGENCY, 5, tier=Tier.PMO)]))

    def test_the_place_counts_where_the_terms_say_so(self):
        far = work("W1", Kind.EMERGENCY, 60, tier=Tier.L2, place=Place.OFFSHORE)

        assert statement(in_april(terms_of(), [far])).total == 6000

    def test_an_entry_is_cut_at_closing_and_the_highest_multiplier_applies_alone(self):
        terms = terms_of(cost__multipliers={"out_of_hours": 1.25, "holiday": 1.5})
        evening = work("W1", Kind.EMERGENCY, 60, at=(1, 17, 30))
        holiday = work("W2", Kind.EMERGENCY, 60, at=(29, 22, 0), ticket="ACME-2")

        result = statement(in_april(terms, [evening, holiday]))

        assert kinds(result) == [
            ("emergency", 30, 2000),
            ("emergency", 30, 2500),
            ("emergency", 60, 6000),
        ]

    def test_the_rate_is_that_of_the_day_of_work(self):
        old, new = terms_of(), terms_of(cost__rates={"L1": 8000})
        versions = (in_force(old, START, HOLIDAYS), in_force(new, date(2026, 4, 2), HOLIDAYS))
        overnight = work("W1", Kind.EMERGENCY, 120, at=(1, 23, 0))

        result = statement(in_april(old, [overnight], versions=versions))

        assert kinds(result) == [("emergency", 60, 4000), ("emergency", 60, 8000)]


class TestFee:
    @pytest.mark.parametrize(
        ("first_month", "starts_on", "ends_on", "fee"),
        [
            ("prorated", date(2026, 4, 11), None, 533_333),
            ("full", date(2026, 4, 11), None, 800_000),
            ("full", date(2026, 4, 11), date(2026, 4, 21), 533_333),
            ("prorated", date(2026, 1, 1), date(2026, 4, 16), 400_000),
            ("full", date(2026, 1, 1), date(2026, 4, 16), 400_000),
            ("prorated", date(2026, 1, 1), date(2026, 5, 1), 800_000),
        ],
    )
    def test_is_prorated_at_the_ends(self, first_month, starts_on, ends_on, fee):
        terms = terms_of(cost__monthly_fee=800_000, cost__first_month=first_month)
        versions = (in_force(terms, starts_on, HOLIDAYS),)

        facts = in_april(terms, versions=versions, starts_on=starts_on, ends_on=ends_on)

        assert statement(facts).lines[0].amount == fee

    def test_an_amendment_in_the_month_counts_by_days_and_rounds_once(self):
        versions = tuple(
            in_force(terms_of(cost__monthly_fee=fee), on, HOLIDAYS)
            for fee, on in ((100, START), (200, date(2026, 4, 8)), (301, date(2026, 4, 15)))
        )

        facts = in_april(None, versions=versions)

        assert statement(facts).total == round((100 * 7 + 200 * 7 + 301 * 16) / 30)

    def test_outside_the_contract_there_is_none(self):
        facts = in_april(terms_of(cost__monthly_fee=5), starts_on=date(2026, 5, 1))

        assert statement(facts).lines == ()


class TestCredits:
    def results(self, met, missed):
        return (SlaResult(ObligationKind.RESTORE, met, missed, Priority.P1),)

    @pytest.mark.parametrize(
        ("met", "missed", "credit"),
        [(95, 5, 0), (94, 6, -40_000), (79, 21, -80_000), (0, 4, 0), (4, 1, -40_000)],
    )
    def test_of_several_the_highest_applies(self, met, missed, credit):
        terms = terms_of(cost__monthly_fee=800_000)

        result = statement(in_april(terms, results=self.results(met, missed)))

        assert sum(line.amount for line in result.lines if line.kind == "credit") == credit

    def test_a_goal_pays_none(self):
        terms = terms_of(cost__monthly_fee=800_000, time__commitment="goal")

        assert statement(in_april(terms, results=self.results(0, 9))).total == 800_000

    def test_credits_never_pass_the_fee(self):
        credits = [
            {"obligation": kind, "below": "95%", "credit": "80%"} for kind in ("restore", "resolve")
        ]
        results = (
            SlaResult(ObligationKind.RESTORE, 0, 1),
            SlaResult(ObligationKind.RESOLVE, 0, 1),
        )
        terms = terms_of(cost__monthly_fee=1000, time__credits=credits)

        assert statement(in_april(terms, results=results)).total == 0


class TestTax:
    def test_is_rounded_on_the_total_or_on_each_line(self):
        charges = tuple(FixedCharge(f"E{index}", 15, (f"ACME-{index}",)) for index in range(3))
        on_total = terms_of(cost__tax={"rate": "10%", "round": "down", "on": "total"})
        on_lines = terms_of(cost__tax={"rate": "10%", "round": "down", "on": "line"})

        assert statement(in_april(on_total, charges=charges)).tax == 4
        assert statement(in_april(on_lines, charges=charges)).tax == 3


class TestLateEntries:
    def test_cost_what_they_would_have_cost_on_time(self):
        terms = terms_of(cost__rounding={"unit": "15m", "minimum": "15m", "per": "ticket_day"})
        on_time = [work("W2", Kind.PREAPPROVED, 10, limit=10**6)]
        late = work("W1", Kind.PREAPPROVED, 5, limit=10**6, at=(1, 9, 0))
        closed = statement(in_april(terms, on_time))

        adjusted = late_adjustment(closed, statement(in_april(terms, [*on_time, late])))

        assert adjusted == Adjustment("2026-04", 0, ("ACME-1",), 5)
        assert late_adjustment(closed, closed) is None

    def test_are_a_line_of_the_open_month_that_names_its_origin(self):
        late = Adjustment("2026-03", 4000, ("ACME-9",), 60)

        line = statement(in_april(terms_of(), adjustments=(late,))).lines[-1]

        assert (line.kind, line.key, line.amount) == ("adjustment", "2026-03", 4000)


class TestRefusals:
    def test_an_entry_of_another_month(self):
        early = datetime(2026, 3, 31, 14, 59, tzinfo=UTC)
        entry = work("W1", Kind.HELD, 5)._replace(starts_at=early)

        with pytest.raises(ValueError, match="W1 starts outside 2026-04"):
            statement(in_april(terms_of(), [entry]))

    def test_two_entries_with_one_id(self):
        with pytest.raises(ValueError, match="one id"):
            statement(in_april(terms_of(), [work("W1", Kind.HELD, 5)] * 2))

    def test_mixed_currencies(self):
        versions = (
            in_force(terms_of(), START, HOLIDAYS),
            in_force(terms_of(currency="VND"), date(2026, 4, 2), HOLIDAYS),
        )
        with pytest.raises(ValueError, match="currencies"):
            statement(in_april(None, versions=versions))


authorities = st.sampled_from(
    [
        Authority(Kind.INCLUDED, "", "S1"),
        Authority(Kind.POOL, "support", "S4"),
        Authority(Kind.PREAPPROVED, "", "S5", 20_000),
        Authority(Kind.ESTIMATE, "E1", "S6", 30_000),
        Authority(Kind.ESTIMATE, "E2", "S6"),
        Authority(Kind.EMERGENCY, "", "S6"),
        Authority(Kind.GOODWILL),
        Authority(Kind.HELD, "E3"),
    ]
)


@st.composite
def works(draw):
    first = datetime(2026, 4, 1, tzinfo=TOKYO)
    made = []
    for index in range(draw(st.integers(0, 12))):
        starts_at = first + timedelta(minutes=draw(st.integers(0, 30 * 1440 - 1)))
        minutes = draw(st.integers(0, 900))
        made.append(
            Work(
                f"W{index}",
                f"ACME-{draw(st.integers(1, 3))}",
                starts_at,
                starts_at + timedelta(minutes=minutes),
                draw(st.sampled_from([Tier.L1, Tier.L2, Tier.L3])),
                draw(authorities),
                Place.ONSHORE,
                draw(st.booleans()),
            )
        )
    return made


roundings = st.sampled_from(
    [
        {"unit": unit, "minimum": minimum, "per": per, "mode": mode}
        for unit in ("1m", "15m")
        for minimum in ("0m", "20m")
        for per in ("entry", "ticket_day")
        for mode in ("half_up", "up", "down")
    ]
)
settled = settings(max_examples=60, deadline=None)


def months(rounding, made, on="total"):
    terms = parse(document(cost__rounding=rounding, cost__tax={"rate": "10%", "on": on}))
    results = (SlaResult(ObligationKind.RESTORE, 1, 9),)
    return in_april(terms, made, results=results)


class TestAlwaysTrue:
    @given(roundings, works(), st.sampled_from(["total", "line"]))
    @settled
    def test_totals_are_the_sum_of_their_lines_and_lines_of_their_entries(self, rounding, made, on):
        result = statement(months(rounding, made, on))

        assert result.subtotal == sum(line.amount for line in result.lines)
        assert result.total == result.subtotal + result.tax
        billed = {"pool", "overage", "preapproved", "estimate", "emergency"}
        assert sum(entry.amount for entry in result.charged) == sum(
            line.amount for line in result.lines if line.kind in billed
        )
        for line in result.lines:
            assert set(line.tickets) <= {entry.ticket for entry in result.charged}

    @given(roundings, works())
    @settled
    def test_minutes_in_are_minutes_out(self, rounding, made):
        result = statement(months(rounding, made))

        for entry in made:
            pieces = [piece for piece in result.charged if piece.ref == entry.ref]
            worked = (entry.ends_at - entry.starts_at) // timedelta(minutes=1)
            assert sum(piece.raw_minutes for piece in pieces) == worked
            assert all(piece.raw_minutes >= 0 <= piece.charged_minutes for piece in pieces)

    @given(roundings, works(), st.integers(0, 2000))
    @settled
    def test_a_pool_is_never_negative_and_loses_nothing(self, rounding, made, rolled):
        lot = Lot("support", LotKind.ROLLED, rolled, date(2026, 3, 1), date(2026, 5, 1))

        result = statement(replace(months(rounding, made), carried=Carried((lot,))))

        pool = result.pools[0]
        assert min(pool.used, pool.carried, pool.expired) >= 0
        assert pool.brought + pool.base == pool.used + pool.carried + pool.expired
        assert pool.used == sum(e.charged_minutes for e in result.charged if e.kind == "pool")
        assert all(lot.minutes > 0 for lot in result.lots)

    @given(roundings, works(), st.randoms(use_true_random=False))
    @settled
    def test_the_order_of_entries_does_not_change_the_month(self, rounding, made, random):
        shuffled = random.sample(made, len(made))

        first, second = (statement(months(rounding, order)) for order in (made, shuffled))

        assert json.dumps(first.to_dict(), sort_keys=True) == json.dumps(
            second.to_dict(), sort_keys=True
        )

    @given(roundings, works())
    @settled
    def test_limits_hold(self, rounding, made):
        result = statement(months(rounding, made))

        assert all(used <= 20_000 for used in result.carried.preapproved.values())
        assert all(used <= 30_000 for used in result.carried.estimates.values())
        assert all(used <= 240 for used in result.carried.emergency.values())
        assert all(used <= 30 for used in result.carried.triage.values())
